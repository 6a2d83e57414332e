"""The example's letters: its own clock writes them, and nothing of it is ever mailed."""

from datetime import datetime, timedelta

from sqlalchemy import case, update

from tracker.mail.letters import Letter, LetterState
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.reminders import actions, queries
from tracker.reminders.models import ClockState
from tracker.storage.database import insert_missing

MADE_UP = "例示"


def remind(since: datetime, until: datetime) -> None:
    """Writes the reminders that fell due between two deeds, each on its own day."""
    first, last = clock.day(since), clock.day(until)
    due = {one.moment for one in queries.notices(first, last, last)}
    for instant in sorted(each for each in due if since < each <= until):
        set_clock(instant - timedelta(seconds=1))
        actions.plan(instant)


def mark_sent() -> None:
    """What was written belongs to the past: it counts as sent, and is marked as made up."""
    note = case((Letter.note.is_(None), MADE_UP), else_=Letter.note.concat(f"、{MADE_UP}"))
    db.session.execute(
        update(Letter)
        .where(Letter.state == LetterState.QUEUED)
        .values(state=LetterState.SENT, sent_at=Letter.send_at, attempts=1, note=note)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def set_clock(at: datetime) -> None:
    """From here on reminders are due; the clock itself has not run yet."""
    insert_missing(ClockState, [{"id": 1}], ["id"])
    db.session.execute(
        update(ClockState).where(ClockState.id == 1).values(watermark_at=at, heartbeat_at=None)
    )
    db.session.commit()
