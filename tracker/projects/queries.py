"""Reads projects, their years and what was reported on them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Select, and_, cast, func, or_, select
from sqlalchemy.orm import aliased

from tracker.accounts.models import Post, PostKind
from tracker.agreements.models import Measure, PolicyField
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.municipalities.models import Municipality
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept
from tracker.projects.models import (
    Indicator,
    IndicatorTarget,
    Participation,
    ProgressReport,
    Project,
    ProjectYear,
    ReportingRound,
)
from tracker.projects.rules import REPORTED, Rating, ReportFact, ReportState, YearMark

A_PAGE = 50


class ListRow(NamedTuple):
    """A project in the plain list of a fiscal year."""

    id: int
    name: str
    measure_number: str
    measure_title: str
    lead: str
    lead_section: str
    participants: int
    budget_yen: int | None


def listing(year: FiscalYear, page: int) -> tuple[Sequence[ListRow], int]:
    """One page of the year's projects by name, and how many there are in all (one query)."""
    rows = db.session.execute(
        select(
            Project.id,
            Project.name,
            Measure.number,
            Measure.title,
            Municipality.name,
            Project.lead_section,
            func.count(Participation.id),
            # PostgreSQL adds whole numbers up to a decimal.
            cast(func.sum(Participation.budget_yen), BigInteger),
            func.count().over(),
        )
        .join(ProjectYear, ProjectYear.project_id == Project.id)
        .join(Measure, Measure.id == Project.measure_id)
        .join(Municipality, Municipality.id == Project.lead_municipality_id)
        .outerjoin(Participation, Participation.project_year_id == ProjectYear.id)
        .where(ProjectYear.fiscal_year == year.year)
        .group_by(Project.id, Measure.id, Municipality.id)
        .order_by(Project.name, Project.id)
        .limit(A_PAGE)
        .offset((page - 1) * A_PAGE)
    ).all()
    return [ListRow._make(row[:-1]) for row in rows], rows[0][-1] if rows else 0


class Head(NamedTuple):
    """What a project is, whatever the year."""

    id: int
    version: int
    name: str
    summary: str
    since_year: int
    measure_id: int
    measure_number: str
    measure_title: str
    field_number: str
    field_title: str
    lead_id: int
    lead_slug: str
    lead_name: str
    lead_section: str
    lead_post_id: int | None
    lead_phone: str | None
    indicator_id: int | None
    indicator_name: str | None
    unit: str | None
    definition: str | None

    @property
    def lead(self) -> str:
        """「青森市 農業振興センター」."""
        return f"{self.lead_name} {self.lead_section}"


def head(project_id: int) -> Head | None:
    """The project, or None."""
    row = db.session.execute(
        select(
            Project.id,
            Project.version,
            Project.name,
            Project.summary,
            Project.since_year,
            Measure.id,
            Measure.number,
            Measure.title,
            PolicyField.number,
            PolicyField.title,
            Municipality.id,
            Municipality.slug,
            Municipality.name,
            Project.lead_section,
            Project.lead_post_id,
            Post.phone,
            Indicator.id,
            Indicator.name,
            Indicator.unit,
            Indicator.definition,
        )
        .join(Measure, Measure.id == Project.measure_id)
        .join(PolicyField, PolicyField.id == Measure.field_id)
        .join(Municipality, Municipality.id == Project.lead_municipality_id)
        .outerjoin(Post, Post.id == Project.lead_post_id)
        .outerjoin(Indicator, Indicator.project_id == Project.id)
        .where(Project.id == project_id)
    ).first()
    return Head._make(row) if row else None


class PartRow(NamedTuple):
    """A municipality's part in one fiscal year of a project, with the lead's words on the year."""

    year: int
    municipality_id: int
    mark: YearMark | None
    comment: str | None
    commented_at: datetime | None
    budget_yen: int | None
    actual_yen: int | None
    target: int | None


def parts(project_id: int) -> Sequence[PartRow]:
    """Every part of every fiscal year, years in order, municipalities by code."""
    rows = db.session.execute(
        select(
            ProjectYear.fiscal_year,
            Participation.municipality_id,
            ProjectYear.mark,
            ProjectYear.comment,
            ProjectYear.commented_at,
            Participation.budget_yen,
            Participation.actual_yen,
            IndicatorTarget.value,
        )
        .join(Participation, Participation.project_year_id == ProjectYear.id)
        .join(Municipality, Municipality.id == Participation.municipality_id)
        .outerjoin(Indicator, Indicator.project_id == ProjectYear.project_id)
        .outerjoin(
            IndicatorTarget,
            and_(
                IndicatorTarget.indicator_id == Indicator.id,
                IndicatorTarget.municipality_id == Participation.municipality_id,
                IndicatorTarget.fiscal_year == ProjectYear.fiscal_year,
            ),
        )
        .where(ProjectYear.project_id == project_id)
        .order_by(ProjectYear.fiscal_year, Municipality.code)
    )
    return [PartRow._make(row) for row in rows]


class MatrixRow(NamedTuple):
    """One municipality's part in one project of a year, with its report in one period."""

    measure_id: int
    project_id: int
    project: str
    municipality: str
    state: ReportState
    rating: Rating | None
    mark: YearMark | None
    budget_yen: int | None
    actual_yen: int | None
    lead: str
    lead_post_id: int | None

    @property
    def is_asked(self) -> bool:
        """Whether a report is asked for: a year called off needs none."""
        return self.mark is not YearMark.SKIPPED


def matrix(year: FiscalYear, period: Period | None) -> Sequence[MatrixRow]:
    """Every part of the year with its report in `period`, by project name and municipality code.

    Municipalities by slug; without a period every state is 未提出. One query, whatever the rows.
    """
    rows = db.session.execute(_matrix(year, period.half if period else None))
    return [_own_words(MatrixRow._make(row)) for row in rows]


def _own_words(row: MatrixRow) -> MatrixRow:
    if row.state in REPORTED:
        return row
    # What is being written is its municipality's alone.
    return row._replace(state=row.state or ReportState.NONE, rating=None)


def _matrix(year: FiscalYear, half: Half | None) -> Select[*tuple[Any, ...]]:
    lead = aliased(Municipality)
    return (
        select(
            Project.measure_id,
            Project.id,
            Project.name,
            Municipality.slug,
            ProgressReport.state,
            ProgressReport.rating,
            ProjectYear.mark,
            Participation.budget_yen,
            Participation.actual_yen,
            lead.slug,
            Project.lead_post_id,
        )
        .select_from(ProjectYear)
        .join(Project, Project.id == ProjectYear.project_id)
        .join(lead, lead.id == Project.lead_municipality_id)
        .join(Participation, Participation.project_year_id == ProjectYear.id)
        .join(Municipality, Municipality.id == Participation.municipality_id)
        .outerjoin(
            ReportingRound,
            and_(
                ReportingRound.fiscal_year == ProjectYear.fiscal_year, ReportingRound.half == half
            ),
        )
        .outerjoin(
            ProgressReport,
            and_(
                ProgressReport.round_id == ReportingRound.id,
                ProgressReport.project_id == Project.id,
                ProgressReport.municipality_id == Participation.municipality_id,
            ),
        )
        .where(ProjectYear.fiscal_year == year.year)
        .order_by(Project.name, Project.id, Municipality.code)
    )


def lead_posts() -> Sequence[tuple[int, str]]:
    """Posts that can lead a project, as (id, 「青森市 農業振興センター」)."""
    rows = db.session.execute(
        select(Post.id, Municipality.name, Post.name)
        .join(Municipality, Municipality.id == Post.municipality_id)
        .where(Post.is_active, Post.kind.in_((PostKind.OFFICE, PostKind.LEAD, PostKind.OFFICER)))
        .order_by(Municipality.code, Post.id)
    )
    return [(post_id, f"{town} {post}") for post_id, town, post in rows]


def requested_reports(year: FiscalYear) -> tuple[ReportFact, ...]:
    """Every report asked for in the year's rounds, and those of open rounds before it still owed.

    One query; newest round first, then by project name and municipality code. A year called off
    (見送り) owes none.
    """
    return kept(("requested_reports", year), None, lambda: _read_reports(year))


def _read_reports(year: FiscalYear) -> tuple[ReportFact, ...]:
    lead = aliased(Municipality)
    # The rounds first, by themselves: what is closed and past is never looked at.
    is_this_year = ReportingRound.fiscal_year == year.year
    is_still_open = and_(ReportingRound.fiscal_year < year.year, ReportingRound.closed_at.is_(None))
    rows = db.session.execute(
        select(
            ReportingRound.fiscal_year,
            ReportingRound.half,
            ReportingRound.due_on,
            ReportingRound.opened_at,
            ReportingRound.closed_at,
            Project.id,
            Project.name,
            Municipality.slug,
            Municipality.name,
            ProgressReport.state,
            lead.slug,
            Project.lead_post_id,
            ProgressReport.submitted_at,
            ProgressReport.asked_at,
        )
        .select_from(ReportingRound)
        .join(ProjectYear, ProjectYear.fiscal_year == ReportingRound.fiscal_year)
        .join(Project, Project.id == ProjectYear.project_id)
        .join(lead, lead.id == Project.lead_municipality_id)
        .join(Participation, Participation.project_year_id == ProjectYear.id)
        .join(Municipality, Municipality.id == Participation.municipality_id)
        .outerjoin(
            ProgressReport,
            and_(
                ProgressReport.round_id == ReportingRound.id,
                ProgressReport.project_id == Project.id,
                ProgressReport.municipality_id == Municipality.id,
            ),
        )
        .where(
            ProjectYear.mark.is_distinct_from(YearMark.SKIPPED),
            or_(is_this_year, is_still_open),
            or_(is_this_year, ProgressReport.state.is_distinct_from(ReportState.CONFIRMED)),
        )
        .order_by(
            ReportingRound.fiscal_year.desc(),
            ReportingRound.half,
            Project.name,
            Project.id,
            Municipality.code,
        )
    )
    return tuple(_fact(*row) for row in rows)


def _fact(*columns: Any) -> ReportFact:
    year, half, due_on, opened_at, closed_at, project_id, project, *rest = columns
    slug, town, state, lead, post, submitted_at, asked_at = rest
    period = Period(year, half)
    returned_at = asked_at if state is ReportState.RETURNED else None
    return ReportFact(
        round_path=f"/reports/{period}",
        report_path=f"/reports/{period}/{project_id}/{slug}",
        period=period,
        due_on=due_on,
        project_id=project_id,
        project=project,
        municipality_slug=slug,
        municipality=town,
        state=state or ReportState.NONE,
        lead_municipality=lead,
        lead_post_id=post,
        submitted_on=submitted_at and clock.day(submitted_at),
        returned_on=returned_at and clock.day(returned_at),
        round_closed=closed_at is not None,
        opened_at=opened_at,
        submitted_at=submitted_at,
        returned_at=returned_at,
    )


def rounds_of(today: date) -> tuple[frozenset[int], frozenset[Period]]:
    """Of this fiscal year and the last: those with projects, and the rounds opened (one query)."""
    year = FiscalYear.containing(today)
    rows = db.session.execute(
        select(ProjectYear.fiscal_year, ReportingRound.half)
        .distinct()
        .join(Participation, Participation.project_year_id == ProjectYear.id)
        .outerjoin(ReportingRound, ReportingRound.fiscal_year == ProjectYear.fiscal_year)
        .where(
            ProjectYear.fiscal_year.in_((year.previous.year, year.year)),
            ProjectYear.mark.is_distinct_from(YearMark.SKIPPED),
        )
    ).all()
    opened = frozenset(Period(number, half) for number, half in rows if half is not None)
    return frozenset(number for number, _ in rows), opened
