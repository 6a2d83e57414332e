"""The feed behind its address: whose duties, for whom it opens, and for how long."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select

from tests import cast
from tests.accounts.makers import make_address
from tests.meetings.makers import make_answers, make_fixed, make_meeting
from tests.overview.ics import components, faults, text
from tests.overview.makers import enter, enter_case, save
from tests.pages import MOST_QUERIES, Page, PageClient
from tracker.accounts.models import Person, Post
from tracker.cost_sharing.rules import CaseState
from tracker.meetings import actions as meetings
from tracker.meetings.models import MeetingRow
from tracker.municipalities.models import Municipality
from tracker.overview.calendar.feed import OVERDUE
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

PEOPLE = [
    ("officer", "imabetsu"),
    ("officer", "yomogita"),
    ("confirmer", "imabetsu"),
    ("office", "aomori"),
    ("lead", "aomori"),
    ("reader", "aomori"),
]


@pytest.fixture
def year(app):
    """Something to do for nearly everybody."""
    with app.app_context():
        enter("農業研修事業", "○○△ ×")
        enter("地域医療事業", "○d-○○", "3(1)-1")
        enter("広域観光事業", "○○○-○")
        enter_case(CaseState.AWAITING, {"aomori": 1, "imabetsu": 2})
        make_answers(make_meeting())


def titles(page: Page) -> list[str]:
    """What the feed lists, in its order; the days without hours only."""
    events = components(page.response.data, "VEVENT")
    return [
        text(event.one("SUMMARY").value)
        for event in events
        if event.one("DTSTART").parameters.get("VALUE") == "DATE"
    ]


@pytest.mark.parametrize(("role", "slug"), PEOPLE)
def test_the_feed_lists_what_the_home_page_lists(browse, year, role, slug):
    person = browse(role, slug)
    feed = browse().get(make_address(person))
    assert faults(feed.response.data) == []
    assert titles(feed) == [task.h2.get_text() for task in person.get("/").all(".task")]


def test_nobody_reads_what_others_owe(browse, year):
    feeds = {who: browse().get(make_address(browse(*who))).response.data for who in PEOPLE}
    names = {
        who: {event.one("UID").value for event in components(data, "VEVENT")}
        for who, data in feeds.items()
    }
    assert {who: len(found) for who, found in names.items()} == {
        ("officer", "imabetsu"): 2,
        ("officer", "yomogita"): 1,
        ("confirmer", "imabetsu"): 1,
        ("office", "aomori"): 1,
        ("lead", "aomori"): 1,
        ("reader", "aomori"): 0,
    }
    assert len(set().union(*names.values())) == sum(map(len, names.values()))
    for who, data in feeds.items():
        is_theirs = who == ("officer", "imabetsu")
        assert ("今別町長" in data.decode().replace("\r\n ", "")) is is_theirs, who


def test_what_is_done_is_gone_and_what_is_late_says_so(browse, app, year, now):
    address = make_address(browse("officer", "imabetsu"))
    now.move_to("2026-12-02 10:00+09:00")
    assert all(title.endswith(OVERDUE) for title in titles(browse().get(address)))
    with app.app_context():
        make_answers(db.session.scalars(select(MeetingRow)).one(), {"imabetsu": "○○○○○"})
    [left] = titles(browse().get(address))
    assert left.startswith("上期（4月〜9月）の進捗を報告する")


def test_the_day_the_heads_meet_is_in_everybody_s_feed_until_it_is_called_off(browse, app):
    with app.app_context():
        make_fixed()
    for who in PEOPLE:
        page = browse().get(make_address(browse(*who)))
        found = [
            event
            for event in components(page.response.data, "VEVENT")
            if event.one("DTSTART").parameters.get("TZID") == "Asia/Tokyo"
        ]
        assert [event.one("DTSTART").value for event in found] == ["20270128T140000"], who
        assert text(found[0].one("LOCATION").value) == "青森市役所 本庁舎 庁議室"
    with app.app_context():
        meeting = db.session.scalars(select(MeetingRow)).one()
        meetings.cancel(Act(None, cast.NOW), meeting, "大雪の予報のため。")
    page = browse().get(make_address(browse("reader")))
    assert components(page.response.data, "VEVENT") == []


def test_a_meeting_of_last_year_is_not_in_the_feed(browse, app, now):
    with app.app_context():
        make_fixed()
    now.move_to("2027-04-01 10:00+09:00")
    page = browse().get(make_address(browse("reader")))
    assert b"20270128" not in page.response.data


def test_links_lead_where_the_municipality_reaches_the_pages(browse, app, year):
    with app.app_context():
        town = db.session.scalars(select(Municipality).where(Municipality.slug == "imabetsu")).one()
        town.base_url = "https://renkei.imabetsu.example"
        save()
    officer = browse("officer", "imabetsu")
    feed = browse()._ask("GET", make_address(officer), base_url="http://evil.example")
    events = components(feed.response.data, "VEVENT")
    assert len(events) == 2
    for event in events:
        url = event.one("URL").value
        assert url.startswith("https://renkei.imabetsu.example/")
        assert text(event.one("DESCRIPTION").value).endswith("\n" + url)
        assert event.one("UID").value.endswith("@renkei.example.lg.jp")
    assert b"evil" not in feed.response.data


def test_the_answer_says_what_it_is_and_how_long_it_is_good(browse, year):
    answer = browse().get(make_address(browse("officer", "imabetsu"))).response
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'inline; filename="renkei.ics"'
    assert answer.headers["Cache-Control"] == "private, max-age=600"


def test_who_holds_what_is_still_said_gets_no_second_copy(browse, app, year, now):
    address = make_address(browse("officer", "imabetsu"))

    def again(mark: str) -> Page:
        return browse()._ask("GET", address, headers={"If-None-Match": mark})

    mark = browse().get(address).response.headers["ETag"]
    assert (again(mark).status, again(mark).response.data) == (304, b"")
    assert again('W/"another"').status == 200
    # Somebody else's work changes nothing here, though the stamps move on.
    before = browse().get(address).response.data
    with app.app_context():
        make_answers(db.session.scalars(select(MeetingRow)).one(), {"sotogahama": "○○○○○"})
    assert browse().get(address).response.data != before
    assert again(mark).status == 304
    # The own day moves: the office asks for answers by another day.
    with app.app_context():
        db.session.scalars(select(MeetingRow)).one().reply_due_on = date(2026, 12, 1)
        save()
    assert again(mark).status == 200
    mark = again(mark).response.headers["ETag"]
    now.move_to("2026-12-02 00:01+09:00")
    assert again(mark).status == 200


def test_a_moved_day_keeps_its_name_for_the_calendar(browse, app, year):
    address = make_address(browse("officer", "imabetsu"))

    def asked():
        [event] = [
            one
            for one in components(browse().get(address).response.data, "VEVENT")
            if "予定を回答" in one.one("SUMMARY").value
        ]
        names = ("UID", "DTSTART", "SEQUENCE", "DTSTAMP")
        return {name: event.one(name).value for name in names}

    before = asked()
    with app.app_context():
        db.session.scalars(select(MeetingRow)).one().reply_due_on = date(2026, 12, 1)
        save()
    after = asked()
    assert (before["DTSTART"], after["DTSTART"]) == ("20261127", "20261201")
    assert before["UID"] == after["UID"]
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])
    assert after["DTSTAMP"] >= before["DTSTAMP"]


def test_a_new_day_makes_newer_stamps_without_any_change(browse, now, year):
    address = make_address(browse("officer", "imabetsu"))
    now.move_to("2026-12-02 10:00+09:00")
    [first, *_] = components(browse().get(address).response.data, "VEVENT")
    # Midnight in Tokyo.
    assert first.one("DTSTAMP").value == "20261201T150000Z"


def _close_account(person: Person, _post: Post) -> None:
    person.is_active = False


def _close_post(_person: Person, post: Post) -> None:
    post.strike("青森市 管理者", cast.NOW, "使わないため。")


@pytest.mark.parametrize("close", [_close_account, _close_post])
def test_the_feed_of_a_closed_account_or_post_is_not_found(
    browse, app, year, close: Callable[[Person, Post], None]
):
    address = make_address(browse("officer", "imabetsu"))
    assert len(titles(browse().get(address))) == 2
    with app.app_context():
        address_of = cast.email("officer", "imabetsu")
        person = db.session.scalars(select(Person).where(Person.email == address_of)).one()
        close(person, db.session.get_one(Post, person.post_id))
        save()
    browse().get(address, status=404)


def test_an_address_nobody_was_given_is_not_found(browse, year):
    address = make_address(browse("officer", "imabetsu"))
    token = address.removeprefix("/calendar/").removesuffix(".ics")
    stranger: PageClient = browse()
    for wrong in (token[:-1], token + "A", token.swapcase(), "x", "a" * 3000, "%00", "..", "🍎"):
        page = stranger.get(f"/calendar/{wrong}.ics", status=404)
        assert "お探しのページは見つかりませんでした" in page.text
    stranger.get(f"/calendar/{token}", status=404)
    stranger.get("/calendar/.ics", status=404)
    assert stranger._ask("POST", address).status == 405


def test_the_feed_takes_few_queries_whatever_is_in_it(browse, app, year):
    address = make_address(browse("officer", "imabetsu"))
    stranger = browse()

    def queries(*, remembered: bool) -> int:
        # A process that has just begun remembers nothing of what all pages share.
        if not remembered:
            app.extensions.pop("memo")
        return len(stranger.get(address).queries)

    before = queries(remembered=False)
    with app.app_context():
        for n in range(20):
            enter(f"事業{n}", "○○-○○")
    assert queries(remembered=False) == before
    # Who asks, and whether anything was changed.
    assert queries(remembered=True) == 2
    # After a change somebody else's page has read the duties: only the stamp is the feed's own.
    with app.app_context():
        save()
    browse("office").get("/costs")
    assert queries(remembered=True) <= MOST_QUERIES // 2


def test_midnight_is_that_of_tokyo(browse, now, year):
    address = make_address(browse("officer", "imabetsu"))
    [poll, *_] = titles(browse().get(address))
    for hour, is_late in (("2026-11-27 23:59", False), ("2026-11-28 00:01", True)):
        now.move_to(f"{hour}+09:00")
        assert (titles(browse().get(address))[0] == poll + OVERDUE) is is_late
