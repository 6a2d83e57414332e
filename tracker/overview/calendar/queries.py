"""Reads which version of all data a calendar holds."""

from datetime import UTC, datetime

from sqlalchemy import select

from tracker.history.history import HistoryEntry
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept


def last_change() -> tuple[int, datetime]:
    """The version of all data, and when it came to be; before anything was done, 0 in year 1."""

    def read() -> tuple[int, datetime]:
        last = select(HistoryEntry.id, HistoryEntry.at).order_by(HistoryEntry.id.desc()).limit(1)
        row = db.session.execute(last).first()
        return (row[0], row[1]) if row else (0, datetime.min.replace(tzinfo=UTC))

    return kept("last change", None, read)
