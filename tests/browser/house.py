"""A served house: people at its pages, and its letters on their way to a real mail server."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from threading import Thread
from time import monotonic, sleep
from typing import Any

from flask import Flask
from playwright.sync_api import Locator, Page, expect
from werkzeug.serving import make_server

from tests import cast
from tests.sent import text_of
from tests.services import Pages, SmtpServer
from tracker.kernel.permissions import Role
from tracker.plumbing.db import db
from tracker.reminders import actions as reminders
from tracker.reminders.commands import start_clock

PATIENCE_SECONDS = 20
# A browser's width in pixels, and whether it runs JavaScript.
Kind = tuple[int, bool]

# Counts what a person presses, over all pages of one session; boxes and radio buttons are input.
COUNT_CLICKS = """addEventListener("click", (event) => {
    if (event.isTrusted && event.target.closest("a, button, summary"))
        sessionStorage.clicks = Number(sessionStorage.clicks || 0) + 1;
}, true)"""


def at_once(app: Flask) -> Callable[..., list[bytes]]:
    """The application, whose answers are read whole and closed before they are sent.

    The development server leaves a file open when its reader has gone to another page.
    """

    def answered(environ: Any, start: Any) -> list[bytes]:
        with closing(app(environ, start)) as answer:
            return [b"".join(answer)]

    return answered


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serves the application on a free port of this machine; letters carry its address."""
    server = make_server("127.0.0.1", 0, at_once(app), threaded=True)
    app.config["BASE_URL"] = address = f"http://127.0.0.1:{server.port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


class Visitor:
    """Somebody at the pages of the house, who reads words and not selectors."""

    def __init__(self, view: Page) -> None:
        self.view = view
        self.screens: list[str] = []

    def goes_to(self, path: str) -> int:
        """Types an address, or opens it from a letter; gives the status of the answer."""
        answer = self.view.goto(path)
        assert answer is not None and answer.status < 500, f"{path} answered {answer}"
        return answer.status

    def signs_in(self, role: Role | str, slug: str) -> None:
        """Fills in the sign-in page that stands before them."""
        self.fills({"メールアドレス": cast.email(role, slug), "パスワード": cast.PASSWORD})
        self.presses("ログイン")

    def presses(self, words: str, within: Locator | None = None) -> None:
        """Presses the button or follows the link with these words; how many or which one may follow."""
        place = within or self.view.locator("body")
        exactly = re.compile(rf"^\s*{re.escape(words)}(\d+件|（.*）)?\s*$")
        place.locator("a, button").filter(has_text=exactly).locator("visible=true").first.click()

    def fills(self, boxes: dict[str, str], within: Locator | None = None) -> None:
        """Types into boxes, or takes from a list what begins with these words."""
        place = within or self.view.locator("main")
        for label, words in boxes.items():
            box = place.get_by_label(label).first
            if box.evaluate("box => box.tagName") == "SELECT":
                option = box.locator("option", has_text=words).first
                box.select_option(value=option.get_attribute("value"))
            else:
                box.fill(words)

    def chooses(self, words: str, within: Locator | None = None) -> None:
        """Presses one of several answers, as a finger does: on its words."""
        (within or self.view.locator("main")).locator("label", has_text=words).first.click()

    def sees(self, *sentences: str) -> None:
        """The page shows each of these."""
        for sentence in sentences:
            expect(self.view.locator("main")).to_contain_text(sentence)

    def sees_title(self, title: str) -> None:
        """The page is the one with that heading."""
        expect(self.view.get_by_role("heading", level=1)).to_have_text(title)

    def box(self, label: str) -> Locator:
        """The box to type into under this label."""
        return self.view.locator("main").get_by_label(label).first

    def group(self, name: str) -> Locator:
        """The boxes that stand together under one name."""
        return self.view.get_by_role("group", name=name)

    def row(self, name: str, table: str = "table") -> Locator:
        """The line of a table that begins with this name."""
        head = self.view.get_by_role("rowheader", name=name)
        return self.view.locator(f"{table} tr").filter(has=head).first

    @property
    def clicks(self) -> int:
        """How many links and buttons were pressed since `starts_counting`."""
        return int(self.view.evaluate("Number(sessionStorage.clicks || 0)"))

    def starts_counting(self) -> None:
        """From here on clicks are counted, and the screens that come, this one first."""
        self.view.evaluate("sessionStorage.clicks = 0")
        self.screens = [self.view.url]
        self.view.on("framenavigated", lambda frame: self.screens.append(frame.url))


@dataclass
class House:
    """The application at its address, with a browser to visit it and the letters it sent."""

    app: Flask
    address: str
    pages: Pages
    mail: SmtpServer = field(default_factory=SmtpServer)
    present: list[tuple[Kind, Page]] = field(default_factory=list)
    idle: dict[Kind, list[Page]] = field(default_factory=lambda: defaultdict(list))

    def visitor(self, *, width: int = 1280, javascript: bool = True) -> Visitor:
        """Somebody who has just opened a browser."""
        kind = width, javascript
        view = self.idle[kind].pop() if self.idle[kind] else self._browser(*kind)
        self.present.append((kind, view))
        return Visitor(view)

    def _browser(self, width: int, javascript: bool) -> Page:
        view = self.pages(width=width, javascript=javascript, base_url=self.address)
        if javascript:
            view.context.add_init_script(COUNT_CLICKS)
        return view

    def everybody_leaves(self) -> None:
        """Their browsers forget them and wait for the next: to start one takes a second."""
        for kind, view in self.present:
            view.goto("about:blank")
            view.context.clear_cookies()
            self.idle[kind].append(view)
        self.present.clear()

    def signed_in(
        self,
        role: Role | str,
        slug: str = "aomori",
        *,
        width: int = 1280,
        javascript: bool = True,
    ) -> Visitor:
        """Somebody at their home page."""
        person = self.visitor(width=width, javascript=javascript)
        person.goes_to("/login")
        person.signs_in(role, slug)
        return person

    def sends_letters(self) -> list[str]:
        """Looks at the clock once, as the scheduler does; the addresses written to."""
        before = len(self.mail.recipients)
        with self.app.app_context():
            reminders.run_once()
        return self.mail.recipients[before:]

    def lets_the_clock_send(self, *addresses: str) -> None:
        """Runs the real clock until each of these has one more letter, and nobody else."""
        before = len(self.mail.recipients)
        clock = start_clock(self.app)
        deadline = monotonic() + PATIENCE_SECONDS
        while len(self.mail.recipients) - before < len(addresses) and monotonic() < deadline:
            sleep(0.05)
        clock.shutdown()
        assert sorted(self.mail.recipients[before:]) == sorted(addresses)

    def last_letter(self, address: str, subject: str = "") -> EmailMessage:
        """The newest letter to that address whose subject holds these words."""
        found = [one for one in self.mail.for_(address) if subject in one["Subject"]]
        assert found, f"{address} has no letter about {subject!r}"
        return found[-1]

    def link_for(self, address: str, subject: str = "") -> str:
        """The address that stands in their newest letter."""
        found = re.search(r"https?://\S+", text_of(self.last_letter(address, subject)))
        assert found is not None and found[0].startswith(self.address)
        return found[0]
