"""Taking a letter out of the outbox and writing down how it ended, under a lease.

Effectively once (trust.md section 6): a letter is taken with a fresh token; just before
its text goes to the server, `phase=data` is committed only if the token still matches;
what the server said is recorded under the same token.  A crash before that mark can be
sent again without risk; only a crash after it may have sent twice, and is flagged.  A second
such crash of the same letter ends it: a person decides.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from flask import current_app
from sqlalchemy import (
    Connection,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    func,
    insert,
    select,
    update,
)

from tracker.plumbing import history
from tracker.plumbing.db import db
from tracker.plumbing.history import Subject
from tracker.plumbing.letters import OPEN, Letter, LetterState, SendAttempt

# Minutes to wait after the first, second ... temporary failure; the last goes on.
RETRY_MINUTES = (1, 5, 15, 60, 240)
# How long a failing letter is tried at least, when nobody said how long it is useful.
USEFUL = timedelta(days=7)
# What should have been taken so long ago and was not needs a person's eye.
OVERDUE = timedelta(hours=1)

CUT_OFF = "送信の途中で通知係が止まりました。"
UNSURE = "送信できたか確認できないことが2度続いたため、送信をやめました。"
TOO_LATE = "送り直しを続けましたが、お知らせの時期を過ぎたため、送信をやめました。"


# Both columns that keep a server's words take so many characters, with a sentence of ours.
_WORDS = 400


class LeaseLost(Exception):
    """Somebody else owns the letter by now: stop, and send nothing."""


@dataclass(frozen=True)
class Claimed:
    """A letter taken for sending, under a token that only its taker knows.

    `letter` holds the columns of its row as they were when it was taken.
    """

    letter: Any
    token: str
    attempts: int
    maybe_duplicate: bool
    begun_at: datetime


@dataclass(frozen=True)
class Answer:
    """What is known after a try: the state that follows and the server's own words.

    Ambiguous: the text went out and no answer came, so that it may have arrived.
    `phase` is "data" once the text was about to go out.
    """

    state: LetterState
    code: int | None = None
    text: str = ""
    is_ambiguous: bool = False
    phase: str | None = None

    @property
    def is_silence(self) -> bool:
        """Whether the server said nothing at all."""
        return self.state is LetterState.RETRYING and self.code is None


_LETTER, _ATTEMPT = cast(Table, Letter.__table__), cast(Table, SendAttempt.__table__)
# Whose second sending was cut off too is for a person to decide, see `sweep`.
_CUT_OFF_TWICE = and_(
    _LETTER.c.state == LetterState.SENDING,
    func.coalesce(_LETTER.c.phase, "") == "data",
    _LETTER.c.maybe_duplicate,
)
# Built once: building a statement costs more than running it.
_NEXT = (
    select(_LETTER)
    .where(OPEN, _LETTER.c.next_attempt_at <= bindparam("at"), ~_CUT_OFF_TWICE)
    .order_by(_LETTER.c.next_attempt_at, _LETTER.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_ANY = update(_LETTER).where(_LETTER.c.id == bindparam("letter"))
_OWN = _ANY.where(_LETTER.c.lease_token == bindparam("token"))
_TRY = insert(_ATTEMPT)


def claim(at: datetime, on: Connection | None = None) -> Claimed | None:
    """Takes one due letter, or one whose lease ran out, under a fresh token; commits.

    `on` is an idle connection kept for many letters; without it the session's is used.
    """
    with _transaction(on) as connection:
        return _take(connection, at)


def mark_data(
    claimed: Claimed, at: datetime, on: Connection | None = None, *, claim_next: bool = False
) -> Claimed | None:
    """Commits that the text goes out now; raises LeaseLost when the letter is not ours.

    On request the same commit takes the next letter: nothing has been sent of either yet,
    and what the server says to this one is still recorded at once and alone.
    """
    with _transaction(on) as connection:
        values = {"phase": "data", "next_attempt_at": at + _lease()}
        if not _change(connection, claimed, values):
            raise LeaseLost
        return _take(connection, at) if claim_next else None


def record(
    claimed: Claimed, answer: Answer, at: datetime, on: Connection | None = None
) -> LetterState | None:
    """Writes down how the try ended, commits, and returns the letter's state.

    None when somebody else owns the letter by now.
    """
    state, next_at, words = _outcome(claimed, answer, at)
    values = {
        "state": state,
        "lease_token": None,
        "next_attempt_at": next_at,
        "last_answer": words,
        "maybe_duplicate": claimed.maybe_duplicate or answer.is_ambiguous,
        "sent_at": at if state in (LetterState.SENT, LetterState.RESENT) else None,
    }
    is_lost = state is LetterState.UNDELIVERABLE
    # The audit record is written through the session: then all of it is.
    with _transaction(None if is_lost else on) as connection:
        if not _change(connection, claimed, values):
            return None
        _note_try(connection, claimed, at, answer.phase, answer.code, answer.text)
        if is_lost:
            _tell(claimed.letter, words, at)
    return state


def sweep(at: datetime) -> int:
    """Gives up letters whose second sending was cut off as well; returns how many.

    The server may have them twice by now, so a person decides; commits.
    """
    with _transaction(None) as connection:
        letters = connection.execute(
            select(_LETTER).where(OPEN, _CUT_OFF_TWICE, _LETTER.c.next_attempt_at <= at)
        ).all()
        values = {"state": LetterState.UNDELIVERABLE, "lease_token": None}
        for letter in letters:
            own = {"letter": letter.id, "token": letter.lease_token}
            ours = {**values, "next_attempt_at": at, "last_answer": UNSURE}
            if connection.execute(_OWN, {**own, **ours}).rowcount:
                _note_cut_off(connection, letter)
                _tell(letter, UNSURE, at)
    return len(letters)


def count_overdue(at: datetime) -> Select[int]:
    """Counts the letters that should have been taken an hour ago and still were not."""
    late = at - OVERDUE
    return select(func.count()).select_from(Letter).where(OPEN, Letter.next_attempt_at < late)


def overdue(at: datetime) -> int:
    """How many letters should have been taken an hour ago and still were not (trust.md 6)."""
    return db.session.scalar(count_overdue(at)) or 0


@contextmanager
def _transaction(on: Connection | None) -> Iterator[Connection]:
    if on is not None:
        with on.begin():
            yield on
        return
    try:
        yield db.session.connection()
        db.session.commit()
    finally:
        db.session.rollback()


def _lease() -> timedelta:
    return timedelta(seconds=current_app.config["LETTER_LEASE_SECONDS"])


def _take(connection: Connection, at: datetime) -> Claimed | None:
    letter = connection.execute(_NEXT, {"at": at}).first()
    if letter is None:
        return None
    was_cut_off = letter.state is LetterState.SENDING
    if was_cut_off:
        _note_cut_off(connection, letter)
    claimed = Claimed(
        letter,
        token=str(uuid.uuid4()),
        attempts=letter.attempts + 1,
        maybe_duplicate=letter.maybe_duplicate or (was_cut_off and letter.phase == "data"),
        begun_at=at,
    )
    values = {
        "letter": letter.id,
        "state": LetterState.SENDING,
        "lease_token": claimed.token,
        "next_attempt_at": at + _lease(),
        "attempts": claimed.attempts,
        "maybe_duplicate": claimed.maybe_duplicate,
        "phase": None,
    }
    connection.execute(_ANY, values)
    return claimed


def _outcome(claimed: Claimed, answer: Answer, at: datetime) -> tuple[LetterState, datetime, str]:
    """The state that follows, when the letter is looked at next, and why."""
    state, words = answer.state, answer.text[:_WORDS]
    if state is LetterState.SENT and claimed.maybe_duplicate:
        return LetterState.RESENT, at, words
    if state is not LetterState.RETRYING:
        return state, at, words
    if answer.is_ambiguous and claimed.maybe_duplicate:
        return LetterState.UNDELIVERABLE, at, UNSURE + words
    tries = min(claimed.attempts, len(RETRY_MINUTES))
    wait = _lease() if answer.is_ambiguous else timedelta(minutes=RETRY_MINUTES[tries - 1])
    until = claimed.letter.useful_until or claimed.letter.send_at + USEFUL
    if at + wait > until and claimed.attempts > len(RETRY_MINUTES):
        return LetterState.UNDELIVERABLE, at, TOO_LATE + words
    return state, at + wait, words


def _change(connection: Connection, claimed: Claimed, values: dict[str, Any]) -> bool:
    """Changes the letter if its token is still ours."""
    own = {"letter": claimed.letter.id, "token": claimed.token}
    return connection.execute(_OWN, {**own, **values}).rowcount == 1


def _note_cut_off(connection: Connection, letter: Row[Any]) -> None:
    """Writes down the try that nobody ended."""
    begun_at = letter.next_attempt_at - _lease()
    tried = Claimed(letter, letter.lease_token, letter.attempts, False, begun_at)
    _note_try(connection, tried, None, letter.phase, None, CUT_OFF)


def _note_try(
    connection: Connection,
    claimed: Claimed,
    ended_at: datetime | None,
    phase: str | None,
    code: int | None,
    words: str,
) -> None:
    values = {
        "letter_id": claimed.letter.id,
        "token": claimed.token,
        "begun_at": claimed.begun_at,
        "ended_at": ended_at,
        "phase": phase,
        "code": code,
        "answer": words[:_WORDS],
    }
    connection.execute(_TRY, values)


def _tell(letter: Row[Any], words: str, at: datetime) -> None:
    """Puts into the record that a letter did not arrive."""
    history.record(
        None,
        "letter.undeliverable",
        Subject("letter", letter.id),
        f"{letter.to_name}あてのメールが届きませんでした。",
        at=at,
        after={"email": letter.to_email, "answer": words},
    )
