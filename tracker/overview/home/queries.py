"""Reads across the features for the home page, once for each version of the data."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import String, and_, cast, func, or_, select

from tracker.cost_sharing.models import CostCase, Share
from tracker.cost_sharing.rules import CaseState
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor
from tracker.plumbing.db import db
from tracker.plumbing.history import HistoryEntry
from tracker.plumbing.memo import kept
from tracker.projects import queries as projects
from tracker.projects.models import ProgressReport
from tracker.projects.report import Report, Round

RECENT = 4
# What everybody in the area may hear of, and what only the municipality concerned does.
_OF_ALL = (
    "round.opened",
    "round.due_moved",
    "round.asked_more",
    "round.closed",
    "round.reopened",
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
_OF_ITS_OWN = (
    "project.created",
    "project.changed",
    "project.struck",
    "project.restored",
    "cost.confirmed",
    "cost.returned",
)
_OF_REPORTS = ("report.submitted", "report.withdrawn", "report.returned", "report.confirmed")


class InHand(NamedTuple):
    """The round people work on, the parts it asks about, and the parts of the year itself."""

    round: Round | None
    asked: Sequence[Report]
    parts: Sequence[Report]


def in_hand(year: FiscalYear) -> InHand:
    """The year's newest round; before there is one, last year's while it is open."""
    found = next((one for one in projects.rounds() if _is_in_hand(one, year)), None)
    if found is None:
        return InHand(None, (), projects.of_year(year, None))
    asked = projects.of_year(found.period.fiscal_year, found.half)
    is_this_year = found.period.fiscal_year == year
    return InHand(found, asked, asked if is_this_year else projects.of_year(year, None))


def _is_in_hand(one: Round, year: FiscalYear) -> bool:
    is_last_open = one.period.fiscal_year == year.previous and not one.is_closed
    return one.period.fiscal_year == year or is_last_open


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

    return kept(("cases", year, municipality_id), ("cost_sharing",), read)


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
