"""Letters that wait for a person: held after a restored backup, and let go again."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Update, case, or_, update

from tracker.mail.letters import Letter, LetterState
from tracker.plumbing.db import db


def hold_all(at: datetime) -> int:
    """Sets every unsent letter to 保留, in the caller's transaction; returns how many.

    For a restored backup: what it calls unsent may have gone out since.  Letters whose hour
    had come by then are therefore flagged; who is sending one right now loses its lease.
    """
    unsent = (LetterState.PLANNED, LetterState.QUEUED, LetterState.SENDING, LetterState.RETRYING)
    return _change(
        update(Letter)
        .where(Letter.state.in_(unsent))
        .values(
            state=LetterState.HELD,
            lease_token=None,
            maybe_duplicate=or_(Letter.maybe_duplicate, Letter.send_at <= at),
        )
    )


def release(ids: Iterable[int], at: datetime) -> int:
    """Lets held letters go out, in the caller's transaction; returns how many were held."""
    return _change(
        update(Letter)
        .where(Letter.id.in_(list(ids)), Letter.state == LetterState.HELD)
        .values(
            state=LetterState.QUEUED,
            next_attempt_at=case((Letter.send_at > at, Letter.send_at), else_=at),
        )
    )


def give_up(ids: Iterable[int], at: datetime) -> int:
    """Held letters that will not go out (見送り), in the caller's transaction; returns how many."""
    return _change(
        update(Letter)
        .where(Letter.id.in_(list(ids)), Letter.state == LetterState.HELD)
        .values(state=LetterState.SKIPPED, next_attempt_at=at)
    )


def _change(statement: Update) -> int:
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    db.session.expire_all()
    return int(result.rowcount)  # type: ignore[attr-defined]
