"""The time, asked once and passed down.  Instants are UTC; days are Asia/Tokyo."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")
_offset: ContextVar[timedelta] = ContextVar("clock_offset", default=timedelta())


def now() -> datetime:
    """This instant in UTC."""
    return datetime.now(UTC) + _offset.get()


def today() -> date:
    """Today in Tokyo, whatever the server's zone."""
    return day(now())


def day(at: datetime) -> date:
    """The day in Tokyo on which the instant falls."""
    return at.astimezone(TOKYO).date()


def at(on: date, hour: time) -> datetime:
    """The instant of an hour of a Tokyo day, in UTC."""
    return datetime.combine(on, hour, TOKYO).astimezone(UTC)


@contextmanager
def moved_to(instant: datetime) -> Iterator[None]:
    """Runs what is inside as if it were `instant` now; the clock goes on from there."""
    token = _offset.set(instant - datetime.now(UTC))
    try:
        yield
    finally:
        _offset.reset(token)
