"""Home at twelve moments of a year, as each role reads it: golden files, a moment each.

After a wanted change `WRITE_GOLDEN=1 pytest tests/overview/test_home_golden.py` writes the files
anew; whoever reviews the change reads what people will read.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path

import pytest
import time_machine
from bs4 import NavigableString, Tag
from flask import Flask
from sqlalchemy import select

from tests.app_fixtures import copy_database, opened
from tests.pages import Page, PageClient
from tracker.cost_sharing.answers import actions as answers
from tracker.cost_sharing.models import CostCase
from tracker.demo import actions as demo
from tracker.demo import letters, year
from tracker.demo.moment import Moment, actor
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Role
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

GOLDEN = Path(__file__).with_name("golden")
WRITES = bool(os.environ.get("WRITE_GOLDEN"))
PEOPLE = (
    ("office", "aomori"),
    ("lead", "aomori"),
    ("officer", "imabetsu"),
    ("confirmer", "imabetsu"),
    ("reader", "aomori"),
    ("admin", "aomori"),
)
LOADED = date(2026, 11, 24)
BLOCKS = "h1, h2, h3, p, li, tr, dt, dd, div, section, caption, summary, form, button, article"
# More than a page may take once: every version of what it reads is new here.
MANY_QUERIES = 60


# --- what a reader sees -----------------------------------------------------------------------------


def lines(page: Page) -> Iterator[str]:
    """The page's own part line by line; behind each link where it leads."""
    main = page.one("main")
    for hidden in main.select("input, svg, .banner form"):
        hidden.decompose()
    for one in main.select("a[href]"):
        one.append(NavigableString(f" → {one['href']}　"))
    for one in main.select("button"):
        one.insert(0, NavigableString("［"))
        one.append(NavigableString("］"))
    for one in main.select("h1, h2, h3"):
        one.insert(0, NavigableString("#" * int(one.name[1]) + " "))
    for one in main.select("td, th + td, br"):
        one.insert_before(NavigableString("　"))
    _break(main.select(BLOCKS))
    for line in main.get_text().splitlines():
        if folded := re.sub(r"[ \t]+", " ", line).strip(" 　"):
            yield folded


def _break(blocks: list[Tag]) -> None:
    for one in blocks:
        one.insert_before(NavigableString("\n"))
        one.insert_after(NavigableString("\n"))


def read(app: Flask) -> str:
    """Every role's home, one after the other, under who it is and what the menu counts."""
    told = []
    for role, slug in PEOPLE:
        client = PageClient(app).enter(role, slug)
        page = client.get("/", most_queries=MANY_QUERIES)
        for text in page.one("main").find_all(string=True):
            text.replace_with(re.sub(r"\s+", " ", text))
        counts = [
            re.sub(r"\s+", "", one.get_text()) for one in page.all("nav.nav a:has(.nav-count)")
        ]
        told += [f"========== {role} {slug}　{' '.join(counts)}".rstrip(), *lines(page), ""]
    return "\n".join(told)


# --- the moments ------------------------------------------------------------------------------------


def go_to(now: time_machine.Traveller, day: date, hour: int = 10) -> datetime:
    """The clock of the tests, and the product's own, stand at that hour."""
    at = clock.at(day, time(hour))
    now.move_to(at)
    letters.set_clock(at)
    return at


def live(since: datetime, until: datetime) -> None:
    """What the people of the example do between two instants."""
    this = FiscalYear.containing(LOADED)
    for one in (this, this.next):
        for deed, at in year._instants(one):
            if since < at <= until:
                deed.do(Moment(one, at, False, one == this), *deed.args)
                letters.mark_sent()


def return_the_case(at: datetime) -> None:
    """今別町 returns the case that waits for it."""
    row = db.session.scalars(select(CostCase).filter_by(fiscal_year=2026, number=4)).one()
    opinion = "人口の基準を、住民基本台帳の数にできないか伺います。"
    answers.return_case(Act(actor(Role.CONFIRMER, "imabetsu"), at), row, opinion)
    letters.mark_sent()


def compare(name: str, app: Flask) -> None:
    """Writes or compares the moment's file."""
    path, found = GOLDEN / f"{name}.txt", read(app)
    if WRITES:
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


Do = Callable[[datetime], None]
# The example as it was loaded, and the days on which nothing more was done.
AS_LOADED: Mapping[str, tuple[date, Do]] = {
    "costs_awaiting": (LOADED, lambda _at: None),
    "poll_deadline_over": (date(2026, 11, 30), lambda _at: None),
    "round_late": (date(2026, 12, 8), lambda _at: None),
}
RETURNED: Mapping[str, tuple[date, Do]] = {"returned": (date(2026, 11, 25), return_the_case)}
# The year goes on from there, or begins in October.
WINTER = {
    "january": date(2027, 1, 4),
    "notice_sent": date(2027, 1, 7),
    "meeting_held": date(2027, 2, 2),
    "end_of_march": date(2027, 3, 30),
    "april_newcomer": date(2027, 4, 2),
}
AUTUMN = {
    "round_open": date(2026, 10, 8),
    "costs_consulting": date(2026, 11, 6),
    "poll_running": date(2026, 11, 19),
}


# Three moments in the quick run: two seconds, 18 people who sign in and read.
@pytest.mark.parametrize("moments", [AS_LOADED, pytest.param(RETURNED, marks=pytest.mark.slow)])
def test_home_where_nothing_was_done_since(
    demo_app: Flask, now: time_machine.Traveller, moments: Mapping[str, tuple[date, Do]]
) -> None:
    for name, (day, do) in moments.items():
        with demo_app.app_context():
            do(go_to(now, day))
            db.session.remove()
        compare(name, demo_app)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("template", "days"), [("demo", WINTER), ("empty", AUTUMN)], ids=["winter", "autumn"]
)
def test_home_in_the_course_of_the_year(
    template: str, days: Mapping[str, date], tmp_path: Path, now: time_machine.Traveller
) -> None:
    url = copy_database(template, "sqlite", tmp_path)
    since = clock.at(LOADED, time(10))
    with opened(url, tmp_path) as app:
        for name, day in days.items():
            with app.app_context():
                at = clock.at(day, time(10))
                now.move_to(at)
                if template == "empty" and name == next(iter(days)):
                    assert demo.load(at=at)
                else:
                    live(since, at)
                since = go_to(now, day)
                db.session.remove()
            compare(name, app)


def test_every_file_is_a_moment_s() -> None:
    moments = {*AS_LOADED, *RETURNED, *WINTER, *AUTUMN}
    assert len(moments) == 12
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.txt" for name in moments}
