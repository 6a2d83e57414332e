"""Tells what the duties engine needs to know of reporting rounds and their reports."""

from datetime import date, time
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from tracker.kernel.asked import Asked
from tracker.kernel.fiscal_year import FiscalYear, Period
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Municipality
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.projects.models import (
    Participation,
    ProgressReport,
    Project,
    ProjectYear,
    ReportingRound,
)
from tracker.projects.planning import round_asked_from, round_due, unopened
from tracker.projects.rules import ReportFact, ReportState, YearMark


def reports(year: FiscalYear) -> tuple[ReportFact, ...]:
    """Every report asked for in the year's rounds, and those of open rounds before it still owed.

    One query; newest round first, then by project name and municipality code. A year called off
    (見送り) owes none.
    """
    lead = aliased(Municipality)
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
            or_(
                ReportingRound.fiscal_year == year.year,
                and_(
                    ReportingRound.fiscal_year < year.year,
                    ReportingRound.closed_at.is_(None),
                    ProgressReport.state.is_distinct_from(ReportState.CONFIRMED),
                ),
            ),
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


def rounds_to_open(today: date) -> tuple[Asked, ...]:
    """Art. 3: the rounds nobody has opened although their half-year is over.  One query."""
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
    opened = {Period(number, half) for number, half in rows if half is not None}
    return tuple(
        Asked(
            kind="round_unopened",
            about=str(period),
            municipality=areas.hub().slug,
            due_on=round_due(period),
            url="/reports/new",
            subject=f"{period.half_label}（{period.span_label}）の進捗報告",
            text=f"{period.label}の進捗報告を、まだ各市町村にお願いしていません。",
            known_since=clock.at(round_asked_from(period), time.min),
        )
        for period in unopened({number for number, _ in rows}, opened, today)
    )
