"""Taking a letter out of the outbox and writing down how it ended, under a lease.

Effectively once (trust.md section 6): a letter is claimed with a fresh token; just before
its text goes to the server, `phase=data` is committed only if the token still matches;
what the server said is recorded under the same token.  A crash before that mark can be
sent again without risk; only a crash after it may have sent twice, and is flagged.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import func, or_, select, update

from tracker.plumbing import history
from tracker.plumbing.db import db
from tracker.plumbing.history import Subject
from tracker.plumbing.letters import Letter, LetterState, SendAttempt

# Minutes to wait after the first, second ... temporary failure; then it is given up.
RETRY_MINUTES = (1, 5, 15, 60, 240, 720)
_OPEN = (LetterState.QUEUED, LetterState.RETRYING)


class LeaseLost(Exception):
    """Somebody else owns the letter by now: stop, and send nothing."""


@dataclass(frozen=True)
class Claimed:
    """A letter taken for sending, under a token that only its taker knows."""

    letter: Letter
    attempt_id: int
    token: str


@dataclass(frozen=True)
class Answer:
    """What is known after a try: the state that follows and the server's own words."""

    state: LetterState
    code: int | None = None
    text: str = ""
    is_ambiguous: bool = False


def claim(at: datetime) -> Claimed | None:
    """Takes one due letter, or one whose lease ran out, under a fresh token."""
    token = str(uuid.uuid4())
    due = (
        select(Letter.id)
        .where(
            or_(
                Letter.state.in_(_OPEN) & (Letter.next_attempt_at <= at),
                (Letter.state == LetterState.SENDING) & (Letter.lease_until < at),
            )
        )
        .order_by(Letter.next_attempt_at, Letter.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    lease = timedelta(seconds=current_app.config["LETTER_LEASE_SECONDS"])
    taken = db.session.execute(
        update(Letter)
        .where(Letter.id == due)
        .values(
            state=LetterState.SENDING,
            lease_token=token,
            lease_until=at + lease,
            attempts=Letter.attempts + 1,
            # Its last taker died with the text on the wire: the server may have it already.
            maybe_duplicate=or_(
                Letter.maybe_duplicate,
                (Letter.state == LetterState.SENDING) & (func.coalesce(Letter.phase, "") == "data"),
            ),
            phase=None,
        )
        .returning(Letter.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if taken is None:
        db.session.rollback()
        return None
    attempt = SendAttempt(letter_id=taken, token=token, begun_at=at)
    db.session.add(attempt)
    db.session.flush()
    letter = db.session.scalars(
        select(Letter).where(Letter.id == taken).execution_options(populate_existing=True)
    ).one()
    attempt_id = attempt.id
    db.session.commit()
    db.session.refresh(letter)
    db.session.expunge(letter)
    db.session.rollback()
    return Claimed(letter, attempt_id, token)


def mark_data(claimed: Claimed, at: datetime) -> None:
    """Commits that the text goes out now; raises LeaseLost when the letter is not ours."""
    lease = timedelta(seconds=current_app.config["LETTER_LEASE_SECONDS"])
    _change(claimed, {"phase": "data", "lease_until": at + lease}, {"phase": "data"})


def record(claimed: Claimed, answer: Answer, at: datetime) -> LetterState | None:
    """Writes down how the try ended and returns the letter's state.

    None when somebody else owns the letter by now.
    """
    letter = claimed.letter
    state, next_at = answer.state, at
    if state is LetterState.RETRYING:
        if letter.attempts > len(RETRY_MINUTES):
            state = LetterState.UNDELIVERABLE
        else:
            next_at = at + timedelta(minutes=RETRY_MINUTES[letter.attempts - 1])
    if state is LetterState.SENT and letter.maybe_duplicate:
        state = LetterState.RESENT
    values: dict[str, Any] = {
        "state": state,
        "lease_token": None,
        "lease_until": None,
        "next_attempt_at": next_at,
        "last_answer": answer.text[:500],
        "maybe_duplicate": letter.maybe_duplicate or answer.is_ambiguous,
    }
    if state in (LetterState.SENT, LetterState.RESENT):
        values["sent_at"] = at
    if state is LetterState.UNDELIVERABLE:
        history.record(
            None,
            "letter.undeliverable",
            Subject("letter", letter.id),
            f"{letter.to_name}あてのメールが届きませんでした。",
            at=at,
            after={"email": letter.to_email, "answer": answer.text[:500]},
        )
    try:
        _change(
            claimed,
            values,
            {"ended_at": at, "code": answer.code, "answer": answer.text[:500]},
        )
    except LeaseLost:
        return None
    return state


def _change(claimed: Claimed, letter: dict[str, Any], attempt: dict[str, Any]) -> None:
    changed = db.session.execute(
        update(Letter)
        .where(Letter.id == claimed.letter.id, Letter.lease_token == claimed.token)
        .values(**letter)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        db.session.rollback()
        raise LeaseLost
    db.session.execute(
        update(SendAttempt).where(SendAttempt.id == claimed.attempt_id).values(**attempt)
    )
    db.session.commit()
