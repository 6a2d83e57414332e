"""Instants and days: what a day means is said in Tokyo, whatever the server's zone."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from tracker.kernel import wareki

TOKYO = ZoneInfo("Asia/Tokyo")


def day(at: datetime) -> date:
    """The day in Tokyo on which the instant falls."""
    return at.astimezone(TOKYO).date()


def at(on: date, hour: time) -> datetime:
    """The instant of an hour of a Tokyo day, in UTC."""
    return datetime.combine(on, hour, TOKYO).astimezone(UTC)


def moment(at: datetime) -> str:
    """「11月20日 15:02」."""
    local = at.astimezone(TOKYO)
    return f"{wareki.month_day(local.date())} {local:%H:%M}"


def long_moment(at: datetime) -> str:
    """「令和8年11月20日 15:02」."""
    local = at.astimezone(TOKYO)
    return f"{wareki.long(local.date())} {local:%H:%M}"
