"""Instants and days: what a day means is said in Tokyo, whatever the server's zone."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")


def day(at: datetime) -> date:
    """The day in Tokyo on which the instant falls."""
    return at.astimezone(TOKYO).date()


def at(on: date, hour: time) -> datetime:
    """The instant of an hour of a Tokyo day, in UTC."""
    return datetime.combine(on, hour, TOKYO).astimezone(UTC)
