"""Taking a letter out of the outbox and writing down how it ended, under a lease.

Effectively once (trust.md section 6): a letter is taken with a fresh token; just before
its text goes to the server, `phase=data` is committed only if the token still matches;
what the server said is recorded under the same token before anything else is said to the
server.  A crash before the mark can be sent again without risk; only a crash after it may
have sent twice, and is flagged.  A second such crash ends the letter: a person decides.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from flask import current_app
from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    Table,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.orm import Session

from tracker.history import history
from tracker.history.history import Subject
from tracker.mail import links
from tracker.mail.letters import OPEN, Letter, LetterState, SendAttempt
from tracker.mail.prepared import Prepared

# Minutes to wait after the first, second ... temporary failure; the last goes on.
RETRY_MINUTES = (1, 5, 15, 60, 240)
# How long a failing letter is tried at least, when nobody said how long it is useful.
USEFUL = timedelta(days=7)
# What should have been taken so long ago and was not needs a person's eye.
OVERDUE = timedelta(hours=1)

CUT_OFF = "送信の途中で通知係が止まりました。"
UNSURE = "送信できたか確認できないことが2度続いたため、送信をやめました。"
LINK_ENDED = "ご本人あてのリンクの期限が過ぎたか、新しいリンクに替わったため、送るのをやめました。"
TOO_LATE = "送り直しを続けましたが、お知らせの時期を過ぎたため、送信をやめました。"
# The columns that keep a server's words take so many characters, with a sentence of ours.
_WORDS = 400


class Claimed(NamedTuple):
    """What its sender needs of a letter, taken under a token that only its taker knows."""

    id: int
    message_id: str
    to_key: str
    to_name: str
    to_email: str
    subject: str
    # As it goes out: personal links stand in it.
    body: str
    has_secrets: bool
    calendar: str | None
    send_at: datetime
    useful_until: datetime | None
    attempts: int
    maybe_duplicate: bool
    token: str
    begun_at: datetime


# The first of them are columns of the letter.
_COLUMNS = Claimed._fields[:-2]


@dataclass(frozen=True)
class SendResult:
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


class _Ending(NamedTuple):
    """The state after a try, when the letter is looked at next, and why."""

    state: LetterState
    next_at: datetime
    words: str


_LETTER, _ATTEMPT = cast(Table, Letter.__table__), cast(Table, SendAttempt.__table__)
_IN_HAND = _LETTER.c.state == literal_column("'sending'")
_DUE = (
    select(_LETTER.c.id)
    .where(OPEN, ~_IN_HAND, _LETTER.c.next_attempt_at <= bindparam("at"))
    .order_by(_LETTER.c.next_attempt_at, _LETTER.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_TAKE = Prepared(
    update(_LETTER)
    .where(_LETTER.c.id == _DUE)
    .values(
        state=literal_column("'sending'"),
        lease_token=bindparam("token"),
        next_attempt_at=bindparam("until"),
        attempts=_LETTER.c.attempts + literal_column("1"),
        phase=bindparam("phase"),
    ),
    *("at", "token", "until", "phase"),
    returning=[_LETTER.c[name] for name in _COLUMNS],
)
_OURS = update(_LETTER).where(
    _LETTER.c.id == bindparam("letter"), _LETTER.c.lease_token == bindparam("token")
)
_MARK = Prepared(_OURS, "letter", "token", "phase", "next_attempt_at")
_END = Prepared(
    _OURS,
    *("letter", "token", "state", "lease_token", "next_attempt_at"),
    *("last_answer", "maybe_duplicate", "sent_at"),
)
_NOTE = Prepared(
    insert(_ATTEMPT).inline(),
    *("letter_id", "token", "begun_at", "ended_at", "phase", "code", "answer"),
)


def recover(on: Connection, at: datetime) -> int:
    """Puts back what was being sent when its lease ran out; returns how many letters are due.

    In the caller's transaction.  If the text may have been on its way, the letter is flagged
    and sent once more; the second time it is given up, because the server may have it twice.
    """
    found = on.execute(
        select(_LETTER)
        .where(OPEN, _IN_HAND, _LETTER.c.next_attempt_at <= at)
        .with_for_update(skip_locked=True)
    ).all()
    for letter in found:
        columns = (getattr(letter, name) for name in _COLUMNS)
        tried = Claimed._make([*columns, letter.lease_token, letter.next_attempt_at - _lease()])
        is_unsure = letter.phase == "data"
        result = SendResult(LetterState.RETRYING, None, CUT_OFF, is_unsure, letter.phase)
        ending = _Ending(LetterState.RETRYING, at, CUT_OFF)
        if is_unsure and letter.maybe_duplicate:
            ending = _Ending(LetterState.UNDELIVERABLE, at, UNSURE)
        _end(on, tried, result, ending)
        _note(on, tried, result, None)
    return on.scalar(count_due(at)) or 0


def take(on: Connection, at: datetime, *, is_marked: bool = False) -> Claimed | None:
    """Takes one due letter, in the caller's transaction; what others hold is left alone.

    Its personal links are filled in; one whose link is no longer good ends here (見送り).
    `is_marked`: its text goes out right after the commit (`mark`).
    """
    token = secrets.token_hex(16)
    values = {"at": at, "token": token, "until": at + _lease()}
    while row := _TAKE.one(on, {**values, "phase": "data" if is_marked else None}):
        claimed = Claimed._make([*row, token, at])
        if not claimed.has_secrets:
            return claimed
        body = links.filled(on, claimed.id, claimed.to_key, claimed.body, at)
        if body is not None:
            return claimed._replace(body=body)
        ended = SendResult(LetterState.SKIPPED, None, LINK_ENDED)
        _end(on, claimed, ended, _Ending(LetterState.SKIPPED, at, LINK_ENDED))
        _note(on, claimed, ended, at)
    return None


def mark(on: Connection, claimed: Claimed, at: datetime) -> bool:
    """Marks that the text goes out now, in the caller's transaction; whether it is still ours."""
    values = {"letter": claimed.id, "token": claimed.token, "phase": "data"}
    return bool(_MARK.count(on, {**values, "next_attempt_at": at + _lease()}))


def settle(
    on: Connection, claimed: Claimed, result: SendResult, at: datetime
) -> LetterState | None:
    """Writes down how the try ended, in the caller's transaction; returns the letter's state.

    None when somebody else owns the letter by now.
    """
    ending = _ending(claimed, result, at)
    if not _end(on, claimed, result, ending):
        return None
    _note(on, claimed, result, at)
    return ending.state


def count_due(at: datetime | BindParameter[Any]) -> Select[int]:
    """Asks how many letters should have been taken by then and were not (trust.md 6)."""
    return select(func.count()).select_from(Letter).where(OPEN, Letter.next_attempt_at <= at)


def record_undelivered(
    letter: Letter | Claimed, answer: str, *, at: datetime, session: Session
) -> None:
    """Records that the letter did not arrive and why, in the session's transaction."""
    history.record(
        None,
        "letter.undeliverable",
        Subject("letter", letter.id),
        f"{letter.to_name}あてのメールが届きませんでした。",
        at=at,
        after={"email": letter.to_email, "answer": answer},
        rooms=("mail",),
        session=session,
    )


def _lease() -> timedelta:
    return timedelta(seconds=current_app.config["LETTER_LEASE_SECONDS"])


def _ending(claimed: Claimed, result: SendResult, at: datetime) -> _Ending:
    """What an answer means for this letter after its earlier tries."""
    state, words = result.state, result.text[:_WORDS]
    if state is LetterState.SENT and claimed.maybe_duplicate:
        return _Ending(LetterState.RESENT, at, words)
    if state is not LetterState.RETRYING:
        return _Ending(state, at, words)
    if result.is_ambiguous and claimed.maybe_duplicate:
        return _Ending(LetterState.UNDELIVERABLE, at, UNSURE + words)
    tries = min(claimed.attempts, len(RETRY_MINUTES))
    wait = _lease() if result.is_ambiguous else timedelta(minutes=RETRY_MINUTES[tries - 1])
    until = claimed.useful_until or claimed.send_at + USEFUL
    if at + wait > until and claimed.attempts > len(RETRY_MINUTES):
        return _Ending(LetterState.UNDELIVERABLE, at, TOO_LATE + words)
    return _Ending(state, at + wait, words)


def _end(on: Connection, claimed: Claimed, result: SendResult, ending: _Ending) -> bool:
    """Ends a try if the letter is still ours; what did not arrive goes into the record."""
    is_sent = ending.state in (LetterState.SENT, LetterState.RESENT)
    values = {
        "letter": claimed.id,
        "token": claimed.token,
        "state": ending.state,
        "lease_token": None,
        "next_attempt_at": ending.next_at,
        "last_answer": ending.words,
        "maybe_duplicate": claimed.maybe_duplicate or result.is_ambiguous,
        "sent_at": ending.next_at if is_sent else None,
    }
    if not _END.count(on, values):
        return False
    if ending.state is LetterState.UNDELIVERABLE:
        with Session(on) as session:
            record_undelivered(claimed, ending.words, at=ending.next_at, session=session)
    return True


def _note(on: Connection, claimed: Claimed, result: SendResult, ended_at: datetime | None) -> None:
    """Keeps the try; append-only."""
    values = {
        "letter_id": claimed.id,
        "token": claimed.token,
        "begun_at": claimed.begun_at,
        "ended_at": ended_at,
        "phase": result.phase,
        "code": result.code,
        "answer": result.text[:_WORDS],
    }
    _NOTE.count(on, values)
