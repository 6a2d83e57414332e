"""What is written down of each letter, on both databases."""

import time
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from tests.mail.faults.bad_server import BadServer, Trouble
from tests.mail.makers import (
    LEASE_AND_MORE,
    crash_after_the_mark,
    crash_before_the_mark,
    mark,
    states,
    take,
    write,
)
from tracker.history import history
from tracker.history.history import HistoryEntry
from tracker.mail import delivery, letters, outbox
from tracker.mail.letters import Letter, LetterState, SendAttempt
from tracker.plumbing import clock
from tracker.plumbing.db import db

pytestmark = pytest.mark.engines_by_turns


@pytest.fixture
def server(both: Flask) -> Iterator[BadServer]:
    """A mail server under the test's eyes."""
    with BadServer() as server:
        both.config.update(MAIL_SERVER="127.0.0.1", MAIL_COMMAND_SECONDS=5)
        both.extensions["mail"].server = "127.0.0.1"
        both.extensions["mail"].port = server.port
        yield server


def test_a_second_crash_with_the_text_on_its_way_leaves_it_to_a_person(both, now):
    write()
    crash_after_the_mark()
    now.shift(LEASE_AND_MORE)
    crash_after_the_mark()
    now.shift(LEASE_AND_MORE)
    assert delivery.deliver() == {}
    letter = db.session.scalars(select(Letter)).one()
    assert (letter.state, letter.maybe_duplicate) == (LetterState.UNDELIVERABLE, True)
    assert letter.last_answer == outbox.UNSURE
    entry = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
    assert entry is not None and entry.verb == "letter.undeliverable"
    assert history.verify() is None
    tries = db.session.execute(select(SendAttempt.phase, SendAttempt.answer)).all()
    assert [tuple(one) for one in tries] == [("data", outbox.CUT_OFF)] * 2


def test_a_crash_before_the_mark_may_happen_any_number_of_times(both, now):
    write()
    for _ in range(3):
        crash_before_the_mark()
        now.shift(LEASE_AND_MORE)
    assert delivery.deliver() == {LetterState.SENT: 1}
    assert db.session.scalar(select(Letter.attempts)) == 4


def test_each_refusal_of_many_goes_into_the_record_and_its_chain_holds(both, server):
    server.trouble = Trouble("rcpt", "550 no such user", times=99)
    for number in range(60):
        write(number)
    assert delivery.deliver(connections=4) == {LetterState.UNDELIVERABLE: 60}
    told = select(func.count()).where(HistoryEntry.verb == "letter.undeliverable")
    assert db.session.scalar(told) == 60
    assert history.verify() is None


def test_four_connections_send_each_letter_once(both, server):
    for number in range(120):
        write(number)
    heard: list[int] = []
    ended = delivery.deliver(
        connections=4, each=lambda counts: heard.append(counts.get(LetterState.SENT, 0))
    )
    assert ended == {LetterState.SENT: 120}
    assert len(server.accepted) == len(set(server.accepted)) == 120
    assert server.connections == 4
    assert heard == sorted(heard) and heard[-1] == 120


def test_a_few_letters_are_not_worth_a_second_connection(both, server):
    for number in range(10):
        write(number)
    delivery.deliver(connections=4)
    assert server.connections == 1


def test_a_server_that_takes_one_connection_gets_all_letters_over_it(both, server):
    lucky = []

    def watch(stage: str, _: str | None) -> None:
        if stage == "banner":
            lucky.append(stage)
            if len(lucky) > 1:
                server.trouble = Trouble("banner", "421 one at a time", times=99)

    server.watch = watch
    for number in range(120):
        write(number)
    ended = delivery.deliver(connections=4)
    assert ended == {LetterState.SENT: 117, LetterState.RETRYING: 3}


def test_no_more_than_asked_for_are_sent(both):
    for number in range(5):
        write(number)
    assert delivery.deliver(3) == {LetterState.SENT: 3}
    assert states().count(LetterState.QUEUED) == 2


def test_who_asked_hears_a_beat_while_the_server_thinks(both, server, monkeypatch):
    monkeypatch.setattr(delivery, "BEAT_SECONDS", 0.05)
    server.watch = lambda stage, _: time.sleep(0.5 if stage == "dot" else 0)
    write()
    beats: list[int] = []
    delivery.deliver(each=lambda counts: beats.append(sum(counts.values())))
    assert beats.count(0) >= 3 and beats[-1] == 1


def test_who_asked_may_use_the_database_at_a_beat(both, server, monkeypatch):
    monkeypatch.setattr(delivery, "BEAT_SECONDS", 0.0)

    def beat(_: object) -> None:
        db.session.execute(text("UPDATE municipality SET name = name"))
        db.session.commit()

    for number in range(10):
        write(number)
    assert delivery.deliver(each=beat) == {LetterState.SENT: 10}


def test_a_sender_that_slept_too_long_keeps_the_text_to_itself(both, server, now):
    """The lease ends between MAIL and DATA, and another sender has the letter by then."""

    def sleep(stage: str, _: str | None) -> None:
        if stage == "rcpt":
            now.shift(LEASE_AND_MORE)
            with both.app_context():
                crash_before_the_mark()

    server.watch = sleep
    write()
    assert delivery.deliver() == {}
    assert server.accepted == []
    assert states() == [LetterState.SENDING]


def test_a_mark_made_early_is_made_again_when_the_server_is_slow(both, server, monkeypatch, now):
    monkeypatch.setattr(delivery, "FRESH_SECONDS", 0.0)
    server.watch = lambda stage, _: now.shift(600) if stage == "rcpt" else None
    for number in range(3):
        write(number)
    # Three times ten minutes are more than one lease.
    assert delivery.deliver() == {LetterState.SENT: 3}
    assert len(server.accepted) == 3


# --- held letters, overdue letters -------------------------------------------------------------


def test_after_a_restore_nothing_goes_out_until_somebody_releases_it(both, now):
    write(1)
    delivery.deliver()
    for number in (2, 3, 4):
        write(number)
    crash_after_the_mark()
    assert letters.hold_all(clock.now()) == 3
    db.session.commit()
    now.shift(LEASE_AND_MORE)
    assert delivery.deliver() == {}
    assert states() == [LetterState.SENT] + [LetterState.HELD] * 3
    second = db.session.scalars(select(Letter.id).where(Letter.key == "letter:2")).one()
    assert letters.release([second], clock.now()) == 1
    db.session.commit()
    # It may have gone out before the restore.
    assert delivery.deliver() == {LetterState.RESENT: 1}
    assert states().count(LetterState.HELD) == 2


def test_who_was_sending_when_all_was_held_sends_nothing(both):
    write()
    claimed = take()
    assert claimed is not None
    letters.hold_all(clock.now())
    db.session.commit()
    assert not mark(claimed)
    assert states() == [LetterState.HELD]


def test_what_nobody_took_for_an_hour_is_overdue(both, now):
    write(1)
    write(2)
    crash_before_the_mark()
    assert db.session.scalar(outbox.count_due(clock.now() - outbox.OVERDUE)) == 0
    now.shift(61 * 60)
    assert db.session.scalar(outbox.count_due(clock.now() - outbox.OVERDUE)) == 1
    now.shift(LEASE_AND_MORE)
    assert db.session.scalar(outbox.count_due(clock.now() - outbox.OVERDUE)) == 2
    delivery.deliver()
    assert db.session.scalar(outbox.count_due(clock.now() - outbox.OVERDUE)) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_taking_a_letter_does_not_read_the_letters_of_former_years(both):
    plan = db.session.execute(
        text(
            "EXPLAIN QUERY PLAN SELECT id FROM letter WHERE state IN ('queued', 'retrying',"
            " 'sending') AND state != 'sending' AND next_attempt_at <= :at"
            " ORDER BY next_attempt_at, id LIMIT 1"
        ),
        {"at": "2026-11-24 01:00:00.000000"},
    ).all()
    assert [row.detail for row in plan] == [
        "SEARCH letter USING INDEX ix_letter_open (next_attempt_at<?)"
    ]
