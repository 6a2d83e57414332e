/* What is wrong with the shape of a page, in words; nothing when all can be read and reached. */
() => {
  const faults = [];
  const hidden = ".vh, .symbols, .skip, details:not([open]) > :not(summary)";
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(hidden);
  const named = (one) => `<${one.tagName.toLowerCase()} class="${one.className}"> ${one.textContent.trim().slice(0, 24)}`;
  const outside = (inner, outer) =>
    inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1;

  // Text stays in its cell, and no cell is too small to be seen and pressed.
  for (const cell of document.querySelectorAll("main :is(td, th)")) {
    if (!seen(cell)) continue;
    const box = cell.getBoundingClientRect();
    if (box.width < 28 || box.height < 28) faults.push(`${Math.round(box.width)} x ${Math.round(box.height)}: ${named(cell)}`);
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (!text.data.trim() || !seen(text.parentElement)) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      if ([...range.getClientRects()].some((line) => line.width && outside(line, box))) {
        faults.push(`runs over its cell: ${named(cell)}`);
        break;
      }
    }
  }

  // Nothing is cut off; what moves inside its own region can be reached by the keyboard.
  for (const one of document.querySelectorAll("body *:not(svg *, input, select, textarea)")) {
    if (!one.clientWidth || !seen(one)) continue;
    const style = getComputedStyle(one);
    const wide = one.scrollWidth > one.clientWidth + 1, tall = one.scrollHeight > one.clientHeight + 1;
    if (!wide && !tall) continue;
    const moves = (way) => way === "auto" || way === "scroll";
    if ((wide && moves(style.overflowX)) || (tall && moves(style.overflowY))) {
      if (one.tabIndex < 0 && !one.querySelector("a[href], button, input, select, textarea"))
        faults.push(`cannot be reached: ${named(one)}`);
    } else if ((wide && style.overflowX !== "visible") || (tall && style.overflowY !== "visible")) {
      faults.push(`is cut off: ${named(one)}`);
    } else if (wide && style.display !== "inline") {
      faults.push(`runs over its edge: ${named(one)}`);
    }
  }
  const beyond = document.documentElement.scrollWidth - innerWidth;
  if (beyond > 0) faults.push(`${beyond} pixels wider than the window`);

  // One's own municipality stands first, where the region shows it without being moved.
  for (const table of document.querySelectorAll("main table:has(.own)")) {
    if (!seen(table)) continue;
    const own = table.querySelector(".own"), row = own.closest("tr");
    const cell = own.tagName === "TR" ? own.firstElementChild : own;
    const frame = (table.closest(".scroll") ?? document.documentElement).getBoundingClientRect();
    const box = cell.getBoundingClientRect();
    if (box.left < frame.left - 1 || box.right > frame.right + 1) faults.push(`one's own is out of sight: ${named(cell)}`);
    if (own.tagName === "TR" && row !== table.tBodies[0].rows[0]) faults.push(`one's own is not first: ${named(cell)}`);
  }
  return [...new Set(faults)].slice(0, 12);
}
