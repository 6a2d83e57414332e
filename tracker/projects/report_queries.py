"""Reads one report with all that is needed to write or to check it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, select

from tracker.kernel.fiscal_year import Period
from tracker.municipalities import queries as areas
from tracker.municipalities.queries import Town
from tracker.plumbing.db import db
from tracker.projects.models import (
    Indicator,
    IndicatorTarget,
    IndicatorValue,
    Participation,
    ProgressReport,
    Project,
    ProjectYear,
    ReportingRound,
    ReportVersion,
)
from tracker.projects.planning import Content, guide, remarks
from tracker.projects.rules import REPORTED, ReportState, YearMark


@dataclass(frozen=True)
class Place:
    """Where a report belongs: one municipality's part in one project in one round."""

    round_id: int
    period: Period
    due_on: date
    is_closed: bool
    project_id: int
    project: str
    lead: Town
    lead_section: str
    lead_post_id: int | None
    town: Town
    participates: bool
    indicator_id: int | None
    indicator: str | None
    unit: str
    definition: str
    target: int | None

    @property
    def path(self) -> str:
        """The report's address."""
        return f"/reports/{self.period}/{self.project_id}/{self.town.slug}"

    @property
    def guide(self) -> int | None:
        """What a value is held against in this period."""
        return guide(self.period, self.target)

    @property
    def involved(self) -> tuple[str, str, str]:
        """Who reads 相談 (product.md 9): the reporting municipality, the lead's, the hub."""
        return (self.town.slug, self.lead.slug, areas.hub().slug)


def place(period: Period, project_id: int, slug: str) -> Place | None:
    """The place of a report; None without such a round, project or municipality."""
    town = areas.find_town(slug)
    row = town and _place_row(period, project_id, town.id)
    if town is None or not row:
        return None
    return Place(
        round_id=row.round_id,
        period=period,
        due_on=row.due_on,
        is_closed=row.closed_at is not None,
        project_id=project_id,
        project=row.project,
        lead=areas.by_id()[row.lead_municipality_id],
        lead_section=row.lead_section,
        lead_post_id=row.lead_post_id,
        town=town,
        participates=row.part_id is not None,
        indicator_id=row.indicator_id,
        indicator=row.indicator,
        unit=row.unit or "",
        definition=row.definition or "",
        target=row.target,
    )


def _place_row(period: Period, project_id: int, municipality_id: int) -> Any:
    return db.session.execute(
        select(
            ReportingRound.id.label("round_id"),
            ReportingRound.due_on,
            ReportingRound.closed_at,
            Project.name.label("project"),
            Project.lead_municipality_id,
            Project.lead_section,
            Project.lead_post_id,
            Participation.id.label("part_id"),
            Indicator.id.label("indicator_id"),
            Indicator.name.label("indicator"),
            Indicator.unit,
            Indicator.definition,
            IndicatorTarget.value.label("target"),
        )
        .select_from(Project)
        .join(
            ReportingRound,
            and_(ReportingRound.fiscal_year == period.year, ReportingRound.half == period.half),
        )
        .outerjoin(
            ProjectYear,
            and_(
                ProjectYear.project_id == Project.id,
                ProjectYear.fiscal_year == period.year,
                ProjectYear.mark.is_distinct_from(YearMark.SKIPPED),
            ),
        )
        .outerjoin(
            Participation,
            and_(
                Participation.project_year_id == ProjectYear.id,
                Participation.municipality_id == municipality_id,
            ),
        )
        .outerjoin(Indicator, Indicator.project_id == Project.id)
        .outerjoin(
            IndicatorTarget,
            and_(
                IndicatorTarget.indicator_id == Indicator.id,
                IndicatorTarget.municipality_id == municipality_id,
                IndicatorTarget.fiscal_year == period.year,
            ),
        )
        .where(Project.id == project_id)
    ).first()


@dataclass(frozen=True)
class Saved:
    """A report as it stands in the database; version 0 before anybody saved one."""

    period: Period
    content: Content = field(default_factory=Content)
    id: int | None = None
    version: int = 0
    state: ReportState = ReportState.NONE
    receipt: str | None = None
    written_by: str | None = None
    written_at: datetime | None = None
    submitted_at: datetime | None = None
    question: str | None = None
    asked_by: str | None = None
    asked_at: datetime | None = None
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None

    @property
    def is_reported(self) -> bool:
        """Submitted or confirmed: it counts, and others may read it."""
        return self.state in REPORTED


@dataclass(frozen=True)
class Story:
    """A municipality's report in one period, and what it reported on the project before."""

    now: Saved
    previous: Saved | None
    earlier: tuple[Saved, ...]

    @property
    def last_year(self) -> int | None:
        """前年同期: the value of the same half a year ago."""
        same_half = self.now.period.same_half_last_year
        return next((one.content.value for one in self.earlier if one.period == same_half), None)

    def remarks(self, place: Place) -> tuple[str, ...]:
        """The soft checks of the report as it is saved."""
        return remarks(place.period, self.now.content, self.last_year, place.target, place.unit)


def story(place: Place) -> Story:
    """The report of the place with those before it (one query)."""
    saved = _saved(place.project_id, place.town.id)
    now = next((one for one in saved if one.period == place.period), Saved(place.period))
    before = tuple(one for one in saved if one.period < place.period and one.is_reported)
    same_half = tuple(one for one in before if one.period.half is place.period.half)
    return Story(now, before[-1] if before else None, same_half)


def _saved(project_id: int, municipality_id: int) -> Sequence[Saved]:
    rows = db.session.execute(
        select(
            ReportingRound.fiscal_year,
            ReportingRound.half,
            IndicatorValue.value,
            ProgressReport.rating,
            ProgressReport.done,
            ProgressReport.trouble,
            ProgressReport.for_meeting,
            ProgressReport.plan,
            ProgressReport.id,
            ProgressReport.version,
            ProgressReport.state,
            ProgressReport.receipt,
            ProgressReport.written_by,
            ProgressReport.written_at,
            ProgressReport.submitted_at,
            ProgressReport.question,
            ProgressReport.asked_by,
            ProgressReport.asked_at,
            ProgressReport.confirmed_by,
            ProgressReport.confirmed_at,
        )
        .join(ReportingRound, ReportingRound.id == ProgressReport.round_id)
        .outerjoin(IndicatorValue, IndicatorValue.report_id == ProgressReport.id)
        .where(
            ProgressReport.project_id == project_id,
            ProgressReport.municipality_id == municipality_id,
        )
        .order_by(ReportingRound.fiscal_year, ReportingRound.half.desc())
    )
    return [Saved(Period(row[0], row[1]), Content(*row[2:8]), *row[8:]) for row in rows]


class VersionRow(NamedTuple):
    """What was once submitted."""

    number: int
    submitted_at: datetime
    submitted_by: str
    content: dict[str, Any]


def versions(report_id: int | None) -> Sequence[VersionRow]:
    """Every version of a report ever submitted, oldest first."""
    rows = db.session.execute(
        select(
            ReportVersion.number,
            ReportVersion.submitted_at,
            ReportVersion.submitted_by,
            ReportVersion.content,
        )
        .where(ReportVersion.report_id == report_id)
        .order_by(ReportVersion.number)
    )
    return [VersionRow._make(row) for row in rows]
