"""Nobody waits while the clock's pass reads and composes, and what happens meanwhile counts (trust.md P3)."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import time
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests import cast
from tests.mail.faults.harness import EVERYBODY
from tests.reminders.makers import make_round
from tests.reminders.test_outages import MINUTE, fall_asleep, nine
from tests.reminders.test_planning import lose
from tracker.accounts.queries import actor_of
from tracker.duty.kinds import Kind
from tracker.mail import letters
from tracker.mail.letters import Letter
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.reminders import actions, queries
from tracker.reminders.models import LetterItem
from tracker.reminders.notices import actions as notices
from tracker.reminders.schedule.actions import set_schedule
from tracker.storage.database import insert_many

DUE, LATER = nine(11, 27) + MINUTE, nine(11, 27) + 2 * MINUTE
# Whoever waits longer for the database is blocked.
PATIENCE = 5


@contextmanager
def composing(meanwhile: Callable[[], object]) -> Iterator[None]:
    """While the next letter is put into words, somebody else does something and is not blocked."""
    real = letters.compose

    def compose(*args: Any, **fields: Any) -> tuple[str, str]:
        letters.compose = real
        other = Thread(target=meanwhile, daemon=True)
        other.start()
        other.join(PATIENCE)
        assert not other.is_alive(), "the other writer waits"
        return real(*args, **fields)

    letters.compose = compose
    try:
        yield
    finally:
        assert letters.compose is real, "nothing was composed"
        letters.compose = real


def elsewhere(app: Flask, do: Callable[[], object]) -> Callable[[], None]:
    """The same with a session of its own, as another process would do it."""

    def run() -> None:
        with app.app_context():
            do()
            db.session.remove()

    return run


@pytest.fixture
def asleep(both: Flask) -> Flask:
    """Four officers are to be reminded at nine, and nothing is planned yet."""
    make_round()
    fall_asleep(cast.NOW)
    return both


def written() -> Counter[str]:
    """How many letters each address has."""
    db.session.rollback()
    return Counter(db.session.scalars(select(Letter.to_email)))


def office() -> Act:
    """An act of the office before the hour of the mentions."""
    return Act(actor_of(cast.email("office")), nine(11, 27) - MINUTE)


def test_another_writes_while_letters_are_composed_and_the_letters_go_as_they_were_due(asleep):
    kind = Kind.REPORT_UNSUBMITTED
    change = elsewhere(
        asleep,
        lambda: set_schedule(office(), kind, kind.rule.steps, time(15), True, "0"),
    )
    with composing(change):
        assert actions.plan(DUE) == (4, 0)
    assert queries.schedules()[kind].hour == time(15)
    assert set(written().values()) == {1}


def test_another_pass_meanwhile_doubles_nothing(asleep):
    with composing(elsewhere(asleep, lambda: actions.plan(DUE))):
        assert actions.plan(LATER) == (0, 0)
    assert len(written()) == 4
    assert set(written().values()) == {1}
    assert actions.plan(LATER + MINUTE) == (0, 0)


def test_what_is_called_off_meanwhile_goes_to_nobody(asleep):
    kind, step, on = "report_unsubmitted", "-3d", nine(11, 27).date()
    call_off = elsewhere(asleep, lambda: notices.skip(office(), kind, step, on))
    with composing(call_off):
        assert actions.plan(DUE) == (0, 0)
    assert actions.plan(LATER) == (0, 0)
    assert written() == {}


def test_what_was_left_to_the_next_pass_is_not_lost_after_an_outage(asleep):
    """One recipient's part is dealt with meanwhile: the others get theirs, the watermark waits."""
    fall_asleep(nine(11, 1))
    before = queries.watermark()
    town = "officer@imabetsu.example"

    def deal_with_one() -> None:
        found = queries.notices(nine(11, 1).date(), DUE.date(), DUE.date())
        own = [one for one in found if one.to.email == town and one.on == nine(11, 27).date()]
        insert_many(LetterItem, [actions.item(one) for one in own], ["duty_key", "step", "to_key"])
        db.session.commit()

    with composing(elsewhere(asleep, deal_with_one)):
        assert actions.plan(DUE)[0] == 3
    assert queries.watermark() == before
    db.session.rollback()
    assert actions.plan(LATER)[0] == 1
    assert queries.watermark() == LATER
    assert written() == dict.fromkeys(EVERYBODY, 1)


def test_the_office_hears_once_of_what_did_not_arrive_whoever_looks(asleep):
    actions.plan(DUE)
    lose("officer@imabetsu.example", DUE)
    with composing(elsewhere(asleep, lambda: actions.plan(LATER))):
        actions.plan(LATER + MINUTE)
    assert written()["office@aomori.example"] == 1
