"""Reads reporting rounds, and what reached the lead in one of them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from tracker.kernel.fiscal_year import Half, Period
from tracker.municipalities.models import Municipality
from tracker.plumbing.db import db
from tracker.projects.models import (
    Indicator,
    IndicatorTarget,
    IndicatorValue,
    ProgressReport,
    Project,
    ReportingRound,
)
from tracker.projects.planning import Content, remarks
from tracker.projects.rules import REPORTED, Rating, ReportState


class RoundRow(NamedTuple):
    """A reporting round."""

    id: int
    year: int
    half: Half
    due_on: date
    covering_note: str
    closed_at: datetime | None

    @property
    def period(self) -> Period:
        """What it asks about."""
        return Period(self.year, self.half)


def rounds() -> Sequence[RoundRow]:
    """Every round, newest first: two a year."""
    rows = db.session.execute(
        select(
            ReportingRound.id,
            ReportingRound.fiscal_year,
            ReportingRound.half,
            ReportingRound.due_on,
            ReportingRound.covering_note,
            ReportingRound.closed_at,
        ).order_by(ReportingRound.fiscal_year.desc(), ReportingRound.half)
    )
    return [RoundRow._make(row) for row in rows]


class ReportRow(NamedTuple):
    """A round, and what one municipality reported in it; no municipality when nobody did."""

    year: int
    half: Half
    due_on: date
    closed_at: datetime | None
    municipality_id: int | None
    state: ReportState | None
    rating: Rating | None
    value: int | None
    done: str | None
    submitted_at: datetime | None
    question: str | None
    asked_by: str | None
    asked_at: datetime | None
    confirmed_by: str | None
    confirmed_at: datetime | None

    @property
    def period(self) -> Period:
        """What the round is about."""
        return Period(self.year, self.half)


def reports(project_id: int) -> Sequence[ReportRow]:
    """Every round with every report on the project, oldest first."""
    rows = db.session.execute(
        select(
            ReportingRound.fiscal_year,
            ReportingRound.half,
            ReportingRound.due_on,
            ReportingRound.closed_at,
            ProgressReport.municipality_id,
            ProgressReport.state,
            ProgressReport.rating,
            IndicatorValue.value,
            ProgressReport.done,
            ProgressReport.submitted_at,
            ProgressReport.question,
            ProgressReport.asked_by,
            ProgressReport.asked_at,
            ProgressReport.confirmed_by,
            ProgressReport.confirmed_at,
        )
        .outerjoin(
            ProgressReport,
            and_(
                ProgressReport.round_id == ReportingRound.id,
                ProgressReport.project_id == project_id,
            ),
        )
        .outerjoin(IndicatorValue, IndicatorValue.report_id == ProgressReport.id)
        .order_by(ReportingRound.fiscal_year, ReportingRound.half.desc())
    )
    return [ReportRow._make(row) for row in rows]


class InboxRow(NamedTuple):
    """A report that was submitted or returned, as the lead's inbox lists it."""

    project_id: int
    project: str
    town: str
    slug: str
    lead: str
    lead_section: str
    lead_post_id: int | None
    state: ReportState
    rating: Rating | None
    value: int | None
    unit: str | None
    submitted_at: datetime | None
    remarks: tuple[str, ...]


def inbox(period: Period) -> Sequence[InboxRow]:
    """The round's reports that reached the lead, with what deserves a second look (one query)."""
    before, last_round, last_value = (
        aliased(ProgressReport),
        aliased(ReportingRound),
        aliased(IndicatorValue),
    )
    lead = aliased(Municipality)
    rows = db.session.execute(
        select(
            Project.id,
            Project.name,
            Municipality.name,
            Municipality.slug,
            lead.slug,
            Project.lead_section,
            Project.lead_post_id,
            ProgressReport.state,
            ProgressReport.rating,
            IndicatorValue.value,
            Indicator.unit,
            ProgressReport.submitted_at,
            last_value.value,
            IndicatorTarget.value,
        )
        .select_from(ProgressReport)
        .join(ReportingRound, ReportingRound.id == ProgressReport.round_id)
        .join(Project, Project.id == ProgressReport.project_id)
        .join(Municipality, Municipality.id == ProgressReport.municipality_id)
        .join(lead, lead.id == Project.lead_municipality_id)
        .outerjoin(Indicator, Indicator.project_id == Project.id)
        .outerjoin(IndicatorValue, IndicatorValue.report_id == ProgressReport.id)
        .outerjoin(
            IndicatorTarget,
            and_(
                IndicatorTarget.indicator_id == Indicator.id,
                IndicatorTarget.municipality_id == ProgressReport.municipality_id,
                IndicatorTarget.fiscal_year == ReportingRound.fiscal_year,
            ),
        )
        .outerjoin(
            last_round,
            and_(
                last_round.fiscal_year == ReportingRound.fiscal_year - 1,
                last_round.half == ReportingRound.half,
            ),
        )
        .outerjoin(
            before,
            and_(
                before.round_id == last_round.id,
                before.project_id == ProgressReport.project_id,
                before.municipality_id == ProgressReport.municipality_id,
                before.state.in_(REPORTED),
            ),
        )
        .outerjoin(last_value, last_value.report_id == before.id)
        .where(
            ReportingRound.fiscal_year == period.year,
            ReportingRound.half == period.half,
            ProgressReport.state.in_((*REPORTED, ReportState.RETURNED)),
        )
        .order_by(Project.name, Project.id, Municipality.code)
    )
    return [_inbox_row(period, *row) for row in rows]


def _inbox_row(period: Period, *columns: Any) -> InboxRow:
    *shown, last_year, target = columns
    row = InboxRow._make([*shown, ()])
    if row.state not in REPORTED:
        # A returned report is being written again: its words are its municipality's alone.
        return row._replace(rating=None, value=None)
    content = Content(value=row.value, rating=row.rating)
    return row._replace(remarks=remarks(period, content, last_year, target, row.unit or ""))
