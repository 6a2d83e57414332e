"""Asleep over the due time: each person gets one late letter, and never a storm (trust.md P5, P6)."""

import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from time import tzset

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from tests import cast
from tests.cost_sharing.makers import make_sent
from tests.meetings.makers import make_meeting
from tests.reminders.makers import make_round
from tracker.duty.kinds import Kind
from tracker.duty.steps import Step
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.mail.letters import Letter, LetterState
from tracker.mail.links import LetterSecret
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.reminders import actions, queries
from tracker.reminders.models import ClockState, LetterItem

TOWNS = ("hiranai", "imabetsu", "yomogita", "sotogahama")
AWAKE = datetime(2026, 12, 8, 3, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OUTAGES = (
    *(n * MINUTE for n in (1, 2, 5, 10, 11, 15, 30, 45)),
    *(n * HOUR for n in (1, 2, 3, 4, 6, 8, 12, 18, 21, 24, 36, 48)),
    *(
        n * DAY
        for n in (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 21, 30, 60, 90, 180, 270, 365, 400)
    ),
)


def nine(month: int, day: int) -> datetime:
    """Nine in the morning in Tokyo."""
    return clock.at(date(2026, month, day), time(9))


# What falls due before the clock wakes up: when, who hears of it, and of what.
DUE = (
    *(
        (nine(11, day), f"officer@{town}.example", "report_unsubmitted")
        for day in (16, 20, 27)
        for town in TOWNS
    ),
    (nine(11, 30), "office@aomori.example", "meeting_undated"),
    *((nine(12, 1), f"officer@{town}.example", "report_unsubmitted") for town in TOWNS),
    *(
        (nine(12, 2), f"confirmer@{town}.example", "cost_unconfirmed")
        for town in ("aomori", *TOWNS)
    ),
    (nine(12, 7), "office@aomori.example", "report_unsubmitted"),
)


@pytest.fixture
def busy(both: Flask) -> Iterator[Flask]:
    """Reports, a poll and a cost case are asked for; nobody does anything."""
    make_round()
    make_meeting()
    make_sent()
    yield both


def fall_asleep(at: datetime) -> None:
    """As if nothing had ever been planned, and the clock had stopped at this instant."""
    for table in (LetterItem, LetterSecret, Letter, ClockState):
        db.session.execute(delete(table))
    db.session.add(ClockState(id=1, watermark_at=at, heartbeat_at=at))
    db.session.commit()


def test_there_are_forty_lengths_from_a_minute_to_four_hundred_days():
    assert len(set(OUTAGES)) == 40
    assert (min(OUTAGES), max(OUTAGES)) == (MINUTE, 400 * DAY)


@pytest.mark.parametrize(
    "is_whole", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["by turns", "whole"]
)
def test_after_any_outage_each_person_gets_one_late_letter_and_the_rest_is_passed_over(
    busy, is_whole
):
    # In the quick run the engines share out the lengths.
    turn = int(db.engine.dialect.name == "postgresql")
    for length in OUTAGES if is_whole else OUTAGES[turn::2]:
        fall_asleep(AWAKE - length)
        planned, skipped = actions.plan(AWAKE)
        missed = [one for one in DUE if one[0] > AWAKE - length]
        every = db.session.scalars(select(Letter)).all()
        letters = [one for one in every if one.kind != "record_head"]
        assert Counter(one.to_email for one in letters) == dict.fromkeys(
            {address for _, address, _ in missed}, 1
        ), length
        heads = 5 * (AWAKE - length < nine(12, 1))
        assert planned == len(every) == len(letters) + heads
        for letter in letters:
            last = max(at for at, address, _ in missed if address == letter.to_email)
            assert ("遅延" in (letter.note or "")) == (AWAKE - last >= DAY), length
        mailed = {(address, kind) for _, address, kind in missed}
        # Four towns are late, and the office hears of each.
        towns = 3 * (("office@aomori.example", "report_unsubmitted") in mailed)
        assert _count(LetterState.QUEUED) == len(mailed) + towns, length
        polls = 5 * (AWAKE - length < nine(11, 26))
        assert skipped == _count(LetterState.SKIPPED) == len(missed) - len(mailed) + polls, length
        assert actions.plan(AWAKE + MINUTE) == (0, 0), "awake again, nothing is late any more"


def _count(state: LetterState) -> int:
    return db.session.scalar(select(func.count()).where(LetterItem.state == state)) or 0


def test_a_poll_whose_deadline_is_over_is_no_longer_asked_for(busy):
    fall_asleep(nine(11, 26) - MINUTE)
    actions.plan(nine(11, 28) + HOUR)
    assert not db.session.scalars(select(Letter).where(Letter.to_email.like("secretary%"))).all()
    passed = select(func.count()).where(
        LetterItem.duty_key.like("poll_unanswered%"), LetterItem.state == LetterState.SKIPPED
    )
    assert db.session.scalar(passed) == 5


@pytest.mark.engines_by_turns
def test_a_hundred_jumps_of_the_clock_send_nothing_twice(busy):
    chance = random.Random(2522)
    awake = nine(12, 1) + HOUR
    fall_asleep(nine(11, 26) - MINUTE)
    actions.plan(awake)
    before = set(db.session.scalars(select(Letter.key)))
    assert before
    for _ in range(100):
        seconds = chance.choice((1, 60, 299, 301, 3600, 86400, 40 * 86400, 315_576_000))
        at = awake - timedelta(seconds=seconds * chance.random() * 2)
        behind = awake - at > timedelta(minutes=5)
        try:
            actions.plan(at)
            assert not behind
        except Refusal:
            assert behind, at
    assert set(db.session.scalars(select(Letter.key))) == before
    assert queries.watermark() == awake


def test_a_clock_that_was_ahead_goes_on_when_somebody_says_it_is_right(busy, actor):
    from tracker.reminders.notices.actions import trust_clock

    fall_asleep(nine(11, 26) - MINUTE)
    actions.plan(nine(12, 1) + HOUR)
    told = db.session.scalar(select(func.count()).select_from(Letter))
    right = nine(11, 27) + HOUR
    with pytest.raises(Refusal, match="前に戻っています"):
        actions.plan(right)
    trust_clock(Act(actor("office"), right))
    actions.plan(nine(12, 1) + HOUR)
    assert db.session.scalar(select(func.count()).select_from(Letter)) == told
    with pytest.raises(Refusal, match="時計は合っています"):
        trust_clock(Act(actor("office"), nine(12, 1) + HOUR))
    actions.plan(nine(12, 2) + HOUR)
    assert db.session.scalar(select(func.count()).select_from(Letter)) > told


# --- days are Tokyo's, whatever the server's zone -------------------------------------------------

ZONES = ("UTC", "Asia/Tokyo", "America/New_York")


def due_days(apart: int) -> str:
    """A digest of the day of each step for due days from 2019 to 2060, and of its instant."""
    every = {(step.offset, step.unit) for kind in Kind for step in kind.rule.steps}
    steps = [Step(*one) for one in sorted(every)]
    seen = hashlib.sha256()
    for number in range(0, (date(2061, 1, 1) - date(2019, 1, 1)).days, apart):
        due_on = date(2019, 1, 1) + timedelta(days=number)
        days = [step.day(due_on, frozenset()) for step in steps]
        begins, nine_o_clock = clock.at(due_on, time.min), clock.at(due_on, time(9))
        assert clock.day(nine_o_clock) == clock.day(begins) == due_on
        before = clock.day(begins - timedelta(seconds=1))
        year = FiscalYear.containing(due_on).year
        seen.update(f"{days} {nine_o_clock.isoformat()} {before} {year}\n".encode())
    return seen.hexdigest()


# In the quick run every eleventh day: eleven has no part in weeks.
@pytest.mark.parametrize("apart", [11, pytest.param(1, marks=pytest.mark.slow)])
def test_days_until_2060_are_the_same_in_three_zones_of_the_server(monkeypatch, apart):
    answers = {}
    for zone in ZONES:
        with monkeypatch.context() as server:
            server.setenv("TZ", zone)
            tzset()
            answers[zone] = (datetime(2026, 11, 24, tzinfo=UTC).astimezone().hour, due_days(apart))
    tzset()
    assert [hour for hour, _ in answers.values()] == [0, 9, 19]
    assert len({digest for _, digest in answers.values()}) == 1


def test_the_fiscal_year_turns_at_midnight_in_tokyo():
    last, first = (datetime(2027, 3, 31, hour, 59, 59, tzinfo=UTC) for hour in (14, 15))
    assert FiscalYear.containing(clock.day(last)) == FiscalYear(2026)
    assert FiscalYear.containing(clock.day(first)) == FiscalYear(2027)
    assert clock.day(cast.NOW) == cast.TODAY
