"""Reads across the features, once for each version of the data (plumbing.memo)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlalchemy import String, and_, cast, func, or_, select

from tracker.agreements import queries as agreements
from tracker.agreements.queries import MeasureRow
from tracker.cost_sharing.models import CostCase, Share
from tracker.cost_sharing.rules import CaseState
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.kernel.permissions import Actor
from tracker.overview.rules import Part
from tracker.overview.year import RoundDue
from tracker.plumbing.db import db
from tracker.plumbing.history import HistoryEntry
from tracker.plumbing.memo import kept
from tracker.projects import queries as projects
from tracker.projects import round_queries
from tracker.projects.models import ProgressReport
from tracker.projects.rules import REPORTED
from tracker.projects.tallies import part_state

RECENT = 4
# What everybody in the area may hear of, and what only the municipality concerned does.
_OF_ALL = (
    "round.opened",
    "round.closed",
    "meeting.polled",
    "meeting.dates_added",
    "meeting.fixed",
    "meeting.noticed",
    "meeting.attended",
    "meeting.cancelled",
    "cost.sent",
    "cost.changed",
    "cost.agreed",
)
_OF_ITS_OWN = ("project.created", "project.changed", "cost.confirmed", "cost.returned")
_OF_REPORTS = ("report.submitted", "report.withdrawn", "report.returned", "report.confirmed")


def parts(year: FiscalYear, period: Period | None) -> Sequence[Part]:
    """Every part of the year as it was reported in `period`, by project name and town."""

    def read() -> Sequence[Part]:
        return tuple(
            Part(
                measure_id=row.measure_id,
                project_id=row.project_id,
                project=row.project,
                town=row.municipality,
                state=part_state(row.state, row.rating, row.mark),
                is_asked=row.is_asked,
                is_reported=row.state in REPORTED,
                budget_yen=row.budget_yen,
                actual_yen=row.actual_yen,
                lead=row.lead,
                lead_post_id=row.lead_post_id,
            )
            for row in projects.matrix(year, period)
        )

    return kept(("parts", year, period), None, read)


def rounds() -> Sequence[RoundDue]:
    """Every reporting round, newest first."""

    def read() -> Sequence[RoundDue]:
        return tuple(
            RoundDue(row.period, row.due_on, row.closed_at is not None)
            for row in round_queries.rounds()
        )

    return kept("round days", None, read)


class InHand(NamedTuple):
    """The round people work on, the parts it asks about, and the parts of the year itself."""

    round: RoundDue | None
    asked: Sequence[Part]
    parts: Sequence[Part]


def in_hand(year: FiscalYear) -> InHand:
    """The year's newest round; before there is one, last year's while it is open."""
    found = next((one for one in rounds() if _is_in_hand(one, year)), None)
    if found is None:
        return InHand(None, (), parts(year, None))
    asked = parts(found.period.fiscal_year, found.period)
    is_this_year = found.period.fiscal_year == year
    return InHand(found, asked, asked if is_this_year else parts(year, None))


def _is_in_hand(one: RoundDue, year: FiscalYear) -> bool:
    is_last_open = one.period.fiscal_year == year.previous and not one.is_closed
    return one.period.fiscal_year == year or is_last_open


def period_in_hand(year: FiscalYear) -> Period:
    """年度末 once its reports were asked for, before that 上期."""
    asked = {one.period for one in rounds()}
    whole_year = Period(year.year, Half.FY)
    return whole_year if whole_year in asked else Period(year.year, Half.H1)


def measures() -> Sequence[MeasureRow]:
    """Every measure of the area in the order of the annex."""
    return kept("measures", None, agreements.measures)


def coverage(day: date) -> Mapping[int, frozenset[str]]:
    """By measure id the municipalities (slugs) whose agreement in force on `day` has it."""
    return kept(("coverage", day), None, lambda: agreements.coverage(day))


class Cases(NamedTuple):
    """Art. 4(2): the year's cases agreed, and those under consultation."""

    agreed: int
    open: int


_OPEN = (CaseState.CONSULTING, CaseState.AWAITING, CaseState.RETURNED)


def cases(year: FiscalYear, municipality_id: int | None = None) -> Cases:
    """Counts the cases of a year; with a municipality, those sent that it has a share in."""
    own = select(Share.case_id).where(Share.municipality_id == municipality_id)
    to_it = and_(CostCase.id.in_(own), CostCase.sent_on.is_not(None))

    def read() -> Cases:
        rows = db.session.execute(
            select(CostCase.state, func.count())
            .where(CostCase.fiscal_year == year.year, *([to_it] if municipality_id else []))
            .group_by(CostCase.state)
        )
        counts = dict(rows.all())
        return Cases(counts.get(CaseState.AGREED, 0), sum(counts.get(state, 0) for state in _OPEN))

    return kept(("cases", year, municipality_id), None, read)


class Movement(NamedTuple):
    """One thing that happened lately."""

    at: datetime
    actor: str
    summary: str


def movements(actor: Actor) -> Sequence[Movement]:
    """最近の動き: what the actor's municipality did or was answered, and what all were told.

    Reports by whom they are about; nobody else's drafts, answers or troubles (product.md 9).
    """
    own_reports = select(cast(ProgressReport.id, String)).where(
        ProgressReport.municipality_id == actor.municipality_id
    )

    def read() -> Sequence[Movement]:
        rows = db.session.execute(
            select(HistoryEntry.at, HistoryEntry.actor, HistoryEntry.summary)
            .where(
                or_(
                    HistoryEntry.verb.in_(_OF_ALL),
                    and_(
                        HistoryEntry.verb.in_((*_OF_ITS_OWN, *_OF_REPORTS)),
                        HistoryEntry.municipality == actor.municipality,
                    ),
                    and_(
                        HistoryEntry.verb.in_(_OF_REPORTS), HistoryEntry.subject_id.in_(own_reports)
                    ),
                )
            )
            .order_by(HistoryEntry.id.desc())
            .limit(RECENT)
        )
        return tuple(Movement(*row) for row in rows)

    return kept(("movements", actor.municipality), None, read)


def last_change() -> tuple[int, datetime]:
    """The version of all data, and when it came to be; before anything was done, 0 in year 1."""

    def read() -> tuple[int, datetime]:
        last = select(HistoryEntry.id, HistoryEntry.at).order_by(HistoryEntry.id.desc()).limit(1)
        row = db.session.execute(last).first()
        return (row[0], row[1]) if row else (0, datetime.min.replace(tzinfo=UTC))

    return kept("last change", None, read)


def neighbours(period: Period) -> tuple[Period | None, Period | None]:
    """The nearest periods before and after that have a round, to step to in the annex table."""
    asked = sorted(one.period for one in rounds())
    before = [one for one in asked if one < period]
    after = [one for one in asked if period < one]
    return before[-1] if before else None, after[0] if after else None
