"""The time, asked once and passed down.  Instants are UTC; days are Asia/Tokyo."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta

from tracker.kernel.tokyo import TOKYO, at, day

__all__ = ["TOKYO", "at", "day", "moved_to", "now", "today"]

_offset: ContextVar[timedelta] = ContextVar("clock_offset", default=timedelta())


def now() -> datetime:
    """This instant in UTC."""
    return datetime.now(UTC) + _offset.get()


def today() -> date:
    """Today in Tokyo, whatever the server's zone."""
    return day(now())


@contextmanager
def moved_to(instant: datetime) -> Iterator[None]:
    """Runs what is inside as if it were `instant` now; the clock goes on from there."""
    token = _offset.set(instant - datetime.now(UTC))
    try:
        yield
    finally:
        _offset.reset(token)
