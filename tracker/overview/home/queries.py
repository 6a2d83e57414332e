"""Reads across the features for the home page, once for each version of the data."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import String, and_, cast, func, or_, select

from tracker.cost_sharing.models import CostCase, Share
from tracker.cost_sharing.rules import CaseState
from tracker.history.history import HistoryEntry
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor
from tracker.plumbing.db import db
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
    """The rounds people work on, each with what it asks, oldest first; the parts of the year."""

    rounds: Sequence[tuple[Round, Sequence[Report]]]
    parts: Sequence[Report]

    @property
    def newest(self) -> tuple[Round | None, Sequence[Report]]:
        """The last of them; without any no round, and nothing asked."""
        return self.rounds[-1] if self.rounds else (None, ())


def in_hand(year: FiscalYear) -> InHand:
    """Every open round however old, and the year's newest even where it is closed."""
    every = projects.rounds()
    newest = next((one for one in every if one.period.fiscal_year == year), None)
    wanted = sorted(
        (one for one in every if not one.is_closed or one == newest), key=lambda one: one.period
    )
    asked = [(one, projects.of_year(one.period.fiscal_year, one.half)) for one in wanted]
    return InHand(asked, asked[-1][1] if newest else projects.of_year(year, None))


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
