"""Reads the annex and its periods, once for each version of the data (plumbing.memo)."""

from collections.abc import Mapping, Sequence
from datetime import date

from tracker.agreements import queries as agreements
from tracker.agreements.queries import MeasureRow
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.plumbing.memo import kept
from tracker.projects import queries as projects


def period_in_hand(year: FiscalYear) -> Period:
    """年度末 once its reports were asked for, before that 上期."""
    asked = {one.period for one in projects.rounds()}
    whole_year = Period(year.year, Half.FY)
    return whole_year if whole_year in asked else Period(year.year, Half.H1)


def measures() -> Sequence[MeasureRow]:
    """Every measure of the area in the order of the annex."""
    return kept("measures", ("agreements",), agreements.measures)


def coverage(day: date) -> Mapping[int, frozenset[str]]:
    """By measure id the municipalities (slugs) whose agreement in force on `day` has it."""
    rooms = ("agreements", "municipalities")
    return kept(("coverage", day), rooms, lambda: agreements.coverage(day))


def neighbours(period: Period) -> tuple[Period | None, Period | None]:
    """The nearest periods before and after that have a round, to step to in the annex table."""
    asked = sorted(one.period for one in projects.rounds())
    before = [one for one in asked if one < period]
    after = [one for one in asked if period < one]
    return before[-1] if before else None, after[0] if after else None
