"""The record's head goes out once a month, to who can check the record for each municipality."""

import re
from collections import Counter
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import delete, select, update

from tests import cast
from tests.reminders.test_outages import DAY, HOUR, MINUTE, TOWNS, fall_asleep, nine
from tracker.accounts.models import Person, Post, PostKind
from tracker.history import history
from tracker.history.history import Subject
from tracker.kernel import tokyo
from tracker.mail import letters as mail
from tracker.mail import wording
from tracker.mail.letters import Letter
from tracker.municipalities.models import CalendarEntry, EntryKind, Municipality
from tracker.office_days import office_days
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.record import queries
from tracker.reminders import actions, letters
from tracker.reminders.rules import head_due
from tracker.schema import append_only

pytestmark = pytest.mark.engines_by_turns

EVERYWHERE = ("aomori", *TOWNS)
NONE: frozenset[date] = frozenset()


def told() -> list[Letter]:
    """The letters with a head, oldest first."""
    found = select(Letter).where(Letter.kind == letters.HEAD).order_by(Letter.id)
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


def something_done(words: str = "何かをしました。") -> None:
    """One entry more."""
    with Act(None, cast.NOW).change("test.done", Subject("test", 1), words):
        pass


def moments(first: date, last: date, closed: frozenset[date] = NONE) -> list[datetime]:
    """Nine o'clock of each month's first open day, counted day by day."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    open_days = [one for one in days if office_days.is_open(one, closed)]
    firsts = {(one.year, one.month): one for one in reversed(open_days)}
    return sorted(tokyo.at(one, time(9)) for one in firsts.values())


def test_it_falls_due_on_the_first_open_day_of_each_month_and_after_an_outage_once():
    first, last = date(2026, 4, 1), date(2028, 3, 31)
    for closed in (NONE, frozenset({date(2026, 12, 1), date(2027, 6, 1), date(2027, 6, 2)})):
        due = moments(first, last, closed)
        assert len(due) == 24
        for length in (HOUR, DAY, 3 * DAY, 9 * DAY, 33 * DAY, 70 * DAY, 200 * DAY):
            since, end = tokyo.at(first, time(0)), tokyo.at(last, time(0))
            while (until := since + length) < end:
                missed = [one for one in due if since < one <= until]
                found = head_due(since, until, closed)
                assert (found and found[1]) == (missed[-1] if missed else None), (since, until)
                assert found is None or found[0] == tokyo.day(found[1]).replace(day=1)
                since = until


def test_each_confirmer_gets_the_head_once_a_month(both):
    something_done()
    fall_asleep(nine(11, 30))
    assert actions.plan(nine(12, 1) - MINUTE) == (0, 0)
    assert actions.plan(nine(12, 1) + MINUTE) == (5, 0)
    noted = history.head()
    for letter in told():
        assert letter.subject == "【お知らせ】監査記録の照合値（令和8年12月1日）"
        assert f"\n{noted}\n" in letter.body
        assert "記録の数　1件" in letter.body
        assert "https://renkei.example.lg.jp/audit" in letter.body
        assert (letter.note, letter.send_at) == (None, nine(12, 1))
    # What is done, and whoever looks again on that day or later, writes no second one.
    something_done()
    for at in (nine(12, 1) + HOUR, nine(12, 1) + 9 * HOUR, nine(12, 2), nine(12, 28)):
        actions.plan(at)
    assert Counter(one.to_email for one in told()) == {
        f"confirmer@{town}.example": 1 for town in EVERYWHERE
    }
    assert queries.verdict(noted).problems == []
    actions.plan(clock.at(date(2027, 1, 4), time(9, 1)))
    assert len(told()) == 10


def test_the_head_of_a_letter_finds_a_record_that_was_made_anew(both):
    for _ in range(3):
        something_done()
    fall_asleep(nine(11, 30))
    actions.plan(nine(12, 1) + MINUTE)
    noted = re.search(r"^[0-9]+-[0-9a-f]{64}$", told()[0].body, re.M)[0]
    append_only.lift(db.session.connection())
    db.session.execute(delete(history.HistoryEntry).where(history.HistoryEntry.number == 3))
    assert [one.kind for one in queries.verdict().problems] == []
    assert [one.kind for one in queries.verdict(noted).problems] == ["tail_cut"]


def test_two_clocks_that_write_at_once_write_one_letter_each(both):
    something_done()
    twice = [letters.about_head(nine(11, 30), nine(12, 1)) for _ in range(2)]
    assert [len(one) for one in twice] == [5, 5]
    for many in twice:
        mail.write_many(many)
    assert len(told()) == 5
    assert letters.about_head(nine(11, 30), nine(12, 1)) == []


def test_after_an_outage_of_months_there_is_one_late_letter(both):
    something_done()
    fall_asleep(nine(11, 30))
    awake = clock.at(date(2027, 2, 10), time(12))
    actions.plan(awake)
    actions.plan(awake + HOUR)
    assert Counter(one.to_email for one in told()) == {
        f"confirmer@{town}.example": 1 for town in EVERYWHERE
    }
    assert {(one.note, one.send_at, one.key[:12]) for one in told()} == {
        ("遅延", awake, "head:2027-02")
    }


def test_a_municipality_that_is_closed_gets_it_on_its_own_first_open_day(both):
    town_id = db.session.scalar(select(Municipality.id).where(Municipality.slug == "imabetsu"))
    day = date(2026, 12, 1)
    something_done()
    db.session.add(
        CalendarEntry(
            municipality_id=town_id, kind=EntryKind.CLOSURE, name="休み", begins_on=day, ends_on=day
        )
    )
    fall_asleep(nine(11, 30))
    actions.plan(nine(12, 1) + MINUTE)
    assert "confirmer@imabetsu.example" not in {one.to_email for one in told()}
    actions.plan(nine(12, 2) + MINUTE)
    assert (len(told()), told()[-1].to_email) == (5, "confirmer@imabetsu.example")


def without(slug: str, *kinds: PostKind) -> None:
    """Closes the accounts of those kinds of post."""
    town_id = db.session.scalar(select(Municipality.id).where(Municipality.slug == slug))
    posts = select(Post.id).where(Post.municipality_id == town_id, Post.kind.in_(kinds))
    db.session.execute(update(Person).where(Person.post_id.in_(posts)).values(is_active=False))


def test_without_a_confirmer_the_officer_gets_it_and_without_either_the_office_is_told(both):
    something_done()
    without("yomogita", PostKind.CONFIRMER)
    without("imabetsu", PostKind.CONFIRMER, PostKind.OFFICER)
    without("sotogahama", PostKind.CONFIRMER, PostKind.OFFICER)
    fall_asleep(nine(11, 30))
    actions.plan(nine(12, 1) + MINUTE)
    bodies = {one.to_email: one.body.replace("\n", "") for one in told()}
    assert set(bodies) == {
        "confirmer@aomori.example",
        "confirmer@hiranai.example",
        "officer@yomogita.example",
        "office@aomori.example",
    }
    assert {to for to, body in bodies.items() if "登録をお願いします" in body} == {
        "office@aomori.example"
    }
    assert (
        "今別町、外ヶ浜町には、確認者も町村担当も登録されていない"
        in bodies["office@aomori.example"]
    )


def test_the_preview_of_the_day_shows_it_and_writes_nothing(both):
    something_done()
    shown = actions.preview(date(2026, 12, 1))
    assert {new.row["to_email"] for new, items in shown if not items} == {
        f"confirmer@{town}.example" for town in EVERYWHERE
    }
    assert all(history.head() in new.row["body"] for new, _ in shown)
    assert actions.preview(date(2026, 12, 2)) == []
    assert told() == []


def test_a_head_of_a_long_record_stays_in_one_line():
    head = "2048576-" + "a" * 64
    assert wording.fill("〔照合値〕", {"照合値": head}) == head + "\n"
