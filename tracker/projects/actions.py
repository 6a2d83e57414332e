"""Enters projects, changes them year by year, and copies a year."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, literal, select
from sqlalchemy.orm.attributes import flag_modified

from tracker.accounts.models import Post
from tracker.agreements.queries import coverage, covered_municipalities
from tracker.agreements.rules import uncovered
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Municipality
from tracker.plumbing import clock, history
from tracker.plumbing.db import db
from tracker.plumbing.history import Subject
from tracker.projects.models import (
    Indicator,
    IndicatorTarget,
    Participation,
    ProgressReport,
    Project,
    ProjectYear,
    ReportingRound,
)
from tracker.projects.planning import Conflict, Plan, check_plan, search_key


def create_project(
    plan: Plan, *, by: Actor | None, at: datetime, is_example: bool = False
) -> Project:
    """Enters a project with its first fiscal year."""
    _check(plan, None, at)
    project = Project(is_example=is_example)
    _write(project, plan, at)
    history.record(
        by,
        "project.created",
        Subject("project", project.id),
        f"連携事業「{plan.name}」を登録しました。",
        at=at,
        after=_plain(plan),
    )
    db.session.commit()
    return project


def change_project(
    project: Project, plan: Plan, version: int, *, by: Actor | None, at: datetime
) -> None:
    """Changes a project and one of its fiscal years; other years stay as they are.

    Raises Conflict when `version` is not the one that was shown.
    """
    if project.version != version:
        raise Conflict(None)
    _check(plan, project, at)
    before = {"name": project.name, "measure_id": project.measure_id}
    _write(project, plan, at)
    history.record(
        by,
        "project.changed",
        Subject("project", project.id),
        f"連携事業「{plan.name}」の{plan.year.label}の内容を直しました。",
        at=at,
        before=before,
        after=_plain(plan),
    )
    db.session.commit()


def _check(plan: Plan, project: Project | None, at: datetime) -> None:
    names = {town.slug: town.name for town in areas.towns()}
    lead = areas.find_town(plan.lead)
    if lead is None:
        raise Refusal("主担当の市町村を選んでください。", field="lead")
    post = db.session.get(Post, plan.lead_post_id) if plan.lead_post_id else None
    namesake = db.session.scalar(select(Project.id).where(Project.name == plan.name))
    covered = covered_municipalities(plan.measure_id, plan.year.nearest(clock.day(at)))
    check_plan(
        plan,
        names,
        is_name_taken=namesake is not None and (project is None or namesake != project.id),
        is_post_of_lead=not plan.lead_post_id
        or (post is not None and post.municipality_id == lead.id),
        uncovered=uncovered(plan.parts, covered, areas.hub().slug),
        reporting=_reporting(project.id, plan.year) if project else (),
    )
    if project and not plan.indicator and _indicator(project.id):
        raise Refusal(
            "登録した成果指標は消せません。名前と単位を入れてください。", field="indicator_name"
        )


def _reporting(project_id: int, year: FiscalYear) -> list[str]:
    ids = db.session.scalars(
        select(ProgressReport.municipality_id)
        .join(ReportingRound, ReportingRound.id == ProgressReport.round_id)
        .where(ProgressReport.project_id == project_id, ReportingRound.fiscal_year == year.year)
    )
    return [areas.by_id()[municipality_id].slug for municipality_id in ids]


def _indicator(project_id: int) -> Indicator | None:
    return db.session.scalar(select(Indicator).where(Indicator.project_id == project_id))


def _write(project: Project, plan: Plan, at: datetime) -> None:
    ids = {town.slug: town.id for town in areas.towns()}
    project.name, project.search_key = plan.name, search_key(plan.name)
    project.summary, project.measure_id = plan.summary, plan.measure_id
    project.lead_municipality_id, project.lead_section = ids[plan.lead], plan.lead_section
    project.lead_post_id, project.since_year = plan.lead_post_id, plan.since_year
    # The version counts changes of the year and its parts too, which stand in other tables.
    flag_modified(project, "name")
    db.session.add(project)
    db.session.flush()
    _write_parts(_write_year(project.id, plan, at), plan, ids)
    _write_targets(project.id, plan, ids)


def _write_year(project_id: int, plan: Plan, at: datetime) -> int:
    year = db.session.scalar(
        select(ProjectYear).where(
            ProjectYear.project_id == project_id, ProjectYear.fiscal_year == plan.year.year
        )
    )
    if year is None:
        year = ProjectYear(project_id=project_id, fiscal_year=plan.year.year)
        db.session.add(year)
    comment = plan.comment or None
    if comment != year.comment:
        year.comment, year.commented_at = comment, at
    year.mark = plan.mark
    db.session.flush()
    return year.id


def _write_parts(year_id: int, plan: Plan, ids: Mapping[str, int]) -> None:
    db.session.execute(delete(Participation).where(Participation.project_year_id == year_id))
    db.session.execute(
        insert(Participation),
        [
            {
                "project_year_id": year_id,
                "municipality_id": ids[slug],
                "budget_yen": part.budget_yen,
                "actual_yen": part.actual_yen,
            }
            for slug, part in plan.parts.items()
        ],
    )


def _write_targets(project_id: int, plan: Plan, ids: Mapping[str, int]) -> None:
    if plan.indicator is None:
        return
    indicator = _indicator(project_id) or Indicator(project_id=project_id)
    indicator.name, indicator.unit = plan.indicator.name, plan.indicator.unit
    indicator.definition = plan.indicator.definition
    db.session.add(indicator)
    db.session.flush()
    db.session.execute(
        delete(IndicatorTarget).where(
            IndicatorTarget.indicator_id == indicator.id,
            IndicatorTarget.fiscal_year == plan.year.year,
        )
    )
    rows = [
        {
            "indicator_id": indicator.id,
            "municipality_id": ids[slug],
            "fiscal_year": plan.year.year,
            "value": part.target,
        }
        for slug, part in plan.parts.items()
        if part.target is not None
    ]
    if rows:
        db.session.execute(insert(IndicatorTarget), rows)


def _plain(plan: Plan) -> dict[str, Any]:
    return {
        "name": plan.name,
        "measure_id": plan.measure_id,
        "year": plan.year.year,
        "mark": plan.mark,
        "parts": {
            slug: [part.budget_yen, part.actual_yen, part.target]
            for slug, part in plan.parts.items()
        },
    }


def copy_year(source: FiscalYear, target: FiscalYear, *, by: Actor | None, at: datetime) -> int:
    """前年度の事業を写す: projects, participants and targets of a year become those of another.

    Amounts, marks and comments are not copied, nor a part whose agreement has ended. Returns how
    many projects; refuses a year that has projects, and a source without any.
    """
    if db.session.scalar(select(ProjectYear.id).where(ProjectYear.fiscal_year == target.year)):
        raise Refusal(f"{target.label}の事業は、すでに登録されています。")
    rows = _parts_of(source)
    if not rows:
        raise Refusal(
            f"{source.label}の事業がないため、写せません。事業を1つずつ登録してください。"
        )
    covered, hub = coverage(target.nearest(clock.day(at))), areas.hub().slug
    kept = [row for row in rows if not uncovered([row.slug], covered.get(row.measure_id, ()), hub)]
    _copy_parts(kept, target)
    _copy_targets(source, target)
    count = len({row.project_id for row in kept})
    history.record(
        by,
        "projects.copied",
        Subject("fiscal_year", target.year),
        f"{source.label}の{count}事業を{target.label}に写しました。",
        at=at,
    )
    db.session.commit()
    return count


def _parts_of(year: FiscalYear) -> Sequence[Any]:
    return db.session.execute(
        select(
            ProjectYear.project_id,
            Project.measure_id,
            Participation.municipality_id,
            Municipality.slug,
        )
        .join(Participation, Participation.project_year_id == ProjectYear.id)
        .join(Project, Project.id == ProjectYear.project_id)
        .join(Municipality, Municipality.id == Participation.municipality_id)
        .where(ProjectYear.fiscal_year == year.year)
        .order_by(ProjectYear.project_id, Municipality.code)
    ).all()


def _copy_parts(rows: Sequence[Any], target: FiscalYear) -> None:
    projects = dict.fromkeys(row.project_id for row in rows)
    db.session.execute(
        insert(ProjectYear),
        [{"project_id": project, "fiscal_year": target.year} for project in projects],
    )
    entered = db.session.execute(
        select(ProjectYear.project_id, ProjectYear.id).where(ProjectYear.fiscal_year == target.year)
    )
    years = dict(entered.all())
    db.session.execute(
        insert(Participation),
        [
            {"project_year_id": years[row.project_id], "municipality_id": row.municipality_id}
            for row in rows
        ],
    )


def _copy_targets(source: FiscalYear, target: FiscalYear) -> None:
    columns = [IndicatorTarget.indicator_id, IndicatorTarget.municipality_id, IndicatorTarget.value]
    db.session.execute(
        insert(IndicatorTarget).from_select(
            [*columns, IndicatorTarget.fiscal_year],
            select(*columns, literal(target.year)).where(
                IndicatorTarget.fiscal_year == source.year
            ),
        )
    )
