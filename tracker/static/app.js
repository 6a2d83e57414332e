// Comfort only: every page does its work without this file.
(() => {
  "use strict";

  const all = (selector, act) => document.querySelectorAll(selector).forEach(act);

  all("[data-print]", (button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  all("textarea[data-count]", (area) => {
    const place = document.getElementById(`${area.id}-count`);
    const limit = Number(area.dataset.count);
    const show = () => {
      const length = [...area.value].length;
      place.textContent = `${length}字（${limit}字まで）`;
      place.classList.toggle("count-over", length > limit);
    };
    area.addEventListener("input", show);
    show();
  });

  const later = (act, wait) => {
    let timer;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(act, wait);
    };
  };

  const post = (url, body, signal) =>
    fetch(url, {
      method: "POST",
      body,
      headers: { "X-Fragment": "1" },
      redirect: "manual", // a redirect means the session has ended: it is no success
      signal,
    });

  const isOfType = (answer, type) => (answer.headers.get("Content-Type") || "").startsWith(type);

  const savedAt = () => {
    const now = new Date();
    return `${now.getHours()}時${String(now.getMinutes()).padStart(2, "0")}分 下書きを自動保存しました`;
  };

  // Attachments wait for the real submission.
  const withoutFiles = (form) => {
    const data = new FormData(form);
    for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
    return data;
  };

  // The server may answer with a sentence of its own (text/plain) and with what it is to be sent as seen next time (X-Seen).
  all("form[data-autosave]", (form) => {
    const place = document.querySelector("[data-autosave-status]");
    const typed = () => {
      const words = new URLSearchParams(withoutFiles(form));
      words.delete("seen");
      words.delete("once");
      return words.toString();
    };
    // What was typed before this script arrived stands only on this page, too.
    const isTouched = [...form.querySelectorAll("input, textarea")].some(
      (box) => box.value !== box.defaultValue || box.checked !== box.defaultChecked,
    );
    let kept = isTouched ? null : typed();
    let running = null;
    let isLost = false;

    const say = (text, failed) => {
      isLost = failed;
      place.classList.toggle("saved-failed", failed);
      if (place.textContent !== text) place.textContent = text; // the same minute is not read aloud twice
    };

    const send = async (words) => {
      try {
        const answer = await post(form.dataset.autosave, withoutFiles(form));
        const sentence = isOfType(answer, "text/plain") ? await answer.text() : "";
        if (!answer.ok) return say(sentence || "下書きを保存できませんでした。入力した内容はこの画面に残っています。", true);
        kept = words;
        const seen = answer.headers.get("X-Seen");
        if (seen && form.elements.seen) form.elements.seen.value = seen;
        say(sentence || savedAt(), false);
      } catch {
        say("通信ができないため、下書きを保存できませんでした。20秒後にもう一度試します。", true);
      }
    };

    const save = () => {
      const words = typed();
      if (running || words === kept) return;
      running = send(words).finally(() => {
        running = null;
      });
    };

    if (isTouched) save();
    setInterval(save, 20000);
    form.addEventListener("focusout", (event) => {
      if (event.relatedTarget?.type !== "submit") save();
    });

    // What was typed stands only on this page: the browser asks before it goes.
    addEventListener("beforeunload", (event) => {
      if (isLost && typed() !== kept) event.preventDefault();
    });
    form.addEventListener("submit", () => {
      isLost = false;
    });

    // A submission waits for the draft under way: otherwise it would carry what was seen before it and be refused.
    form.addEventListener("submit", (event) => {
      if (!running) return;
      event.preventDefault();
      running.finally(() => form.requestSubmit(event.submitter));
    });
  });

  // The result of a formula follows its figures; an older, slower answer never replaces a newer one.
  all("form[data-live]", (form) => {
    let running;
    let isOpen = false; // something was typed and not sent
    const note = () => all("[data-live-note]", (place) => (place.hidden = false));
    note();
    form.addEventListener("input", () => (isOpen = true));
    form.addEventListener("submit", () => (isOpen = false));
    addEventListener("beforeunload", (event) => {
      if (isOpen) event.preventDefault();
    });
    const refresh = async () => {
      running?.abort();
      running = new AbortController();
      try {
        const answer = await post(form.dataset.live, new FormData(form), running.signal);
        if (!isOfType(answer, "text/html")) return;
        document.getElementById(form.dataset.liveTarget).outerHTML = await answer.text();
        note();
        const sentence = document.getElementById(form.dataset.liveTarget).querySelector("[data-say]");
        const place = document.querySelector("[data-live-say]");
        if (sentence && place) place.textContent = sentence.textContent;
      } catch {
        // Aborted or offline: the figures on the page stay, and the button still works.
      }
    };
    form.addEventListener("input", later(refresh, 300));
  });

  // The weekday was of the day that stood there; of another one the next page says it.
  all(".weekday", (mark) => {
    mark.previousElementSibling?.addEventListener("input", () => (mark.textContent = ""));
  });

  // While letters go out, their counts move; without this the page says how they stood.
  all("[data-progress]", (place) => {
    const look = async () => {
      try {
        const answer = await fetch(place.dataset.progress, { headers: { "X-Fragment": "1" }, redirect: "manual" });
        if (!isOfType(answer, "text/html")) return;
        place.innerHTML = await answer.text();
        if (!place.querySelector("[data-left]") || place.querySelector("[data-left='0']")) return;
      } catch {
        // Offline: the next look may succeed.
      }
      setTimeout(look, 3000);
    };
    if (place.dataset.progress) setTimeout(look, 3000);
  });
})();
