"""One deed's place in the example: its fiscal year and its instant."""

from dataclasses import dataclass
from datetime import date, datetime

from tracker.accounts import queries as accounts
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor, Role
from tracker.office_days import office_days

HUB = "aomori"


@dataclass(frozen=True)
class Moment:
    """When somebody does something; the example's years differ in figures and mishaps.

    `is_first`: no year was kept before it.  `is_present`: the year the example stands in.
    """

    year: FiscalYear
    at: datetime
    is_first: bool
    is_present: bool


def day_of(year: FiscalYear, month: int, day: int) -> date:
    """That day of the fiscal year: January to March lie in the next calendar year."""
    return date(year.year + (month < 4), month, day)


def open_day(year: FiscalYear, month: int, day: int) -> date:
    """That day of the fiscal year, or the open day before it."""
    return office_days.on_or_before(day_of(year, month, day))


def actor(role: Role, slug: str = HUB) -> Actor:
    """Who holds that role in that municipality."""
    return accounts.actor_of(f"{role.value}@{slug}.example")
