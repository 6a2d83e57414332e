"""Enters projects, changes them year by year, and copies a year."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import select

from tracker.accounts.models import Post
from tracker.agreements.queries import coverage, covered_municipalities
from tracker.agreements.rules import uncovered
from tracker.amounts.exact import Exact
from tracker.history.history import Subject
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db, set_rows
from tracker.projects import queries
from tracker.projects.models import (
    Indicator,
    IndicatorTarget,
    IndicatorValue,
    Participation,
    ProgressReport,
    Project,
    ProjectCost,
    ProjectYear,
    ReportingRound,
    RoundPart,
)
from tracker.projects.plans import queries as plan_queries
from tracker.projects.plans.rules import Part, Plan, check_plan, check_strike
from tracker.projects.report import Report
from tracker.projects.rules import CostPhase
from tracker.struck.models import not_struck, referring


def create_project(act: Act, plan: Plan, *, is_example: bool = False) -> Project:
    """Enters a project with its first fiscal year."""
    _check(act, plan, None)
    project = Project(is_example=is_example)
    with act.change(
        "project.created", project, f"連携事業「{plan.name}」を登録しました。"
    ) as entry:
        entry.told["year"] = plan.year.year
        _write(act, project, plan)
    return project


def change_project(act: Act, project: Project, plan: Plan, seen: str | None = None) -> None:
    """Changes a project and one of its fiscal years; other years stay as they are.

    Raises Conflict when it was changed since `seen`.
    """
    act.lock((project, seen))
    project.must_count()
    _check(act, plan, project)
    said = f"連携事業「{plan.name}」の{plan.year.label}の内容を直しました。"
    with act.change("project.changed", project, said) as entry:
        entry.told["year"] = plan.year.year
        _write(act, project, plan)


def settle(
    act: Act,
    project: Project,
    year: FiscalYear,
    town_id: int,
    total_yen: int,
    *,
    again: bool = False,
) -> None:
    """Enters what a municipality spent itself in a year (yen): where it has told nothing yet, or
    (again) in the place of what it has told.
    """
    act.lock((project, None))
    project.must_count()
    key = {
        "project_id": project.id,
        "fiscal_year": year.year,
        "municipality_id": town_id,
        "phase": CostPhase.SETTLED,
    }
    told = db.session.scalar(select(ProjectCost).filter_by(**key))
    if told and not again:
        return
    said = f"連携事業「{project.name}」の{year.label}の決算額を記録しました。"
    with act.change("project.changed", project, said) as entry:
        entry.told["year"] = year.year
        told = told or ProjectCost(**key)
        told.total_yen = total_yen
        db.session.add(told)


def strike_project(act: Act, project: Project, reason: str, seen: str | None = None) -> None:
    """Takes out a project that was entered by mistake: it stays readable and counts nowhere.

    Raises Refusal as `check_strike` does.
    """
    act.lock((project, seen))
    check_strike(referring(project))
    said = f"連携事業「{project.name}」を取り消しました。理由：{reason}"
    with act.change("project.struck", project, said):
        project.strike(act.person.name, act.at, reason)


def put_project_back(act: Act, project: Project, seen: str | None = None) -> None:
    """Counts a project again; refused where another has its name by now."""
    act.lock((project, seen))
    if plan_queries.id_of(project.name) is not None:
        raise Refusal(_("同じ名前の事業があります。そちらの名前を変えてから、元に戻してください。"))
    with act.change("project.restored", project, f"連携事業「{project.name}」を元に戻しました。"):
        project.put_back()


def _check(act: Act, plan: Plan, project: Project | None) -> None:
    names = {town.slug: town.name for town in areas.towns()}
    lead = areas.find_town(plan.lead)
    if lead is None:
        raise Refusal(_("主担当の市町村を選んでください。"), field="lead")
    post = db.session.get(Post, plan.lead_post_id) if plan.lead_post_id else None
    namesake = plan_queries.id_of(plan.name)
    covered = covered_municipalities(plan.measure_id, plan.year.nearest(act.today))
    check_plan(
        plan,
        names,
        is_name_taken=namesake is not None and (project is None or namesake != project.id),
        is_post_of_lead=not plan.lead_post_id
        or (post is not None and post.municipality_id == lead.id),
        uncovered=uncovered(plan.parts, covered, areas.hub().slug),
        reporting=_reporting(project.id, plan.year) if project else (),
        measured=_measured(project.id) if project else (),
    )


def _reporting(project_id: int, year: FiscalYear) -> list[str]:
    ids = db.session.scalars(
        select(ProgressReport.municipality_id)
        .join(ReportingRound, ReportingRound.id == ProgressReport.round_id)
        .where(ProgressReport.project_id == project_id, ReportingRound.fiscal_year == year.year)
    )
    return [areas.by_id()[municipality_id].slug for municipality_id in ids]


def _measured(project_id: int) -> Sequence[int]:
    return db.session.scalars(
        select(Indicator.number)
        .distinct()
        .join(IndicatorValue, IndicatorValue.indicator_id == Indicator.id)
        .where(Indicator.project_id == project_id)
    ).all()


def _write(act: Act, project: Project, plan: Plan) -> None:
    ids = {town.slug: town.id for town in areas.towns()}
    project.name, project.summary, project.measure_id = plan.name, plan.summary, plan.measure_id
    project.lead_municipality_id, project.lead_section = ids[plan.lead], plan.lead_section
    project.lead_post_id, project.since_year = plan.lead_post_id, plan.since_year
    db.session.add(project)
    db.session.flush()
    parts = {ids[slug]: part for slug, part in plan.parts.items()}
    year = _write_year(act, project, plan)
    set_rows(
        Participation,
        {"project_year_id": year.id},
        "municipality_id",
        [{"municipality_id": town_id} for town_id in parts],
    )
    _write_costs(project, plan, parts)
    _write_indicators(project, plan, parts)
    _end_asking(act, project, plan.year)


def _write_year(act: Act, project: Project, plan: Plan) -> ProjectYear:
    key = {"project_id": project.id, "fiscal_year": plan.year.year}
    year = db.session.scalar(select(ProjectYear).filter_by(**key)) or ProjectYear(**key)
    comment = plan.comment or None
    if comment != year.comment:
        year.comment, year.commented_at = comment, act.at
    year.mark = plan.mark
    db.session.add(year)
    db.session.flush()
    return year


def _write_costs(project: Project, plan: Plan, parts: Mapping[int, Part]) -> None:
    """The municipalities' own yen; those that several bear together belong to the cost cases."""
    amounts = (
        (town_id, phase, yen)
        for town_id, part in parts.items()
        for phase, yen in (
            (CostPhase.BUDGET, part.budget_yen),
            (CostPhase.SETTLED, part.actual_yen),
        )
    )
    set_rows(
        ProjectCost,
        {"project_id": project.id, "fiscal_year": plan.year.year},
        ("municipality_id", "phase"),
        [
            {"municipality_id": town_id, "phase": phase, "total_yen": yen}
            for town_id, phase, yen in amounts
            if yen is not None
        ],
        ProjectCost.municipality_id.is_not(None),
    )


def _write_indicators(project: Project, plan: Plan, parts: Mapping[int, Part]) -> None:
    """Sets the indicators and the year's targets; one no longer named goes with all its targets."""
    of_project = Indicator.project_id == project.id
    stored = db.session.scalars(select(Indicator).where(of_project)).all()
    for gone in stored:
        if gone.number not in plan.indicators:
            set_rows(IndicatorTarget, {"indicator_id": gone.id}, "id", [])
    db.session.flush()
    rows = [{"number": number, **asdict(text)} for number, text in plan.indicators.items()]
    set_rows(Indicator, {"project_id": project.id}, "number", rows)
    db.session.flush()
    for one in db.session.scalars(select(Indicator).where(of_project)):
        set_rows(
            IndicatorTarget,
            {"indicator_id": one.id, "fiscal_year": plan.year.year},
            "municipality_id",
            [
                {"municipality_id": town_id, **_target(target)}
                for town_id, part in parts.items()
                if (target := part.targets.get(one.number)) is not None
            ],
        )


def _target(told: Exact) -> Mapping[str, int]:
    return {name: getattr(told, name) for name in ("numerator", "denominator", "decimals")}


def _end_asking(act: Act, project: Project, year: FiscalYear) -> None:
    """Open rounds ask nothing of those who left, or of a year called off, while that is so.

    A part that is new joins no round by itself, and a closed round stays as it was.
    """
    db.session.flush()
    for part, ended in queries.round_parts(
        RoundPart.project_id == project.id,
        ReportingRound.fiscal_year == year.year,
        ReportingRound.closed_at.is_(None),
    ):
        part.settle(ended, act.today)


def copy_year(act: Act, source: FiscalYear, target: FiscalYear) -> int:
    """前年度の事業を写す: projects, participants and targets of a year become those of another.

    Amounts, marks and comments are not copied, nor a part whose agreement has ended. Returns how
    many projects; refuses a year that has projects, and a source without any.
    """
    of_target = select(ProjectYear.id).join(Project, Project.id == ProjectYear.project_id)
    if db.session.scalar(
        of_target.where(ProjectYear.fiscal_year == target.year, not_struck(Project)).limit(1)
    ):
        raise Refusal(_("%(target)sの事業は、すでに登録されています。", target=target.label))
    rows = queries.of_year(source, None)
    if not rows:
        raise Refusal(
            _(
                "%(source)sの事業がないため、写せません。事業を1つずつ登録してください。",
                source=source.label,
            )
        )
    covered, hub = coverage(target.nearest(act.today)), areas.hub().slug
    kept = [
        row for row in rows if not uncovered([row.town.slug], covered.get(row.measure_id, ()), hub)
    ]
    count = len({row.project_id for row in kept})
    said = f"{source.label}の{count}事業を{target.label}に写しました。"
    with act.change("projects.copied", Subject("fiscal_year", target.year), said):
        _copy_parts(kept, target)
        _copy_targets(source, target)
    return count


def _copy_parts(rows: Iterable[Report], target: FiscalYear) -> None:
    projects = dict.fromkeys(row.project_id for row in rows)
    years = {
        project: ProjectYear(project_id=project, fiscal_year=target.year) for project in projects
    }
    db.session.add_all(years.values())
    db.session.flush()
    db.session.add_all(
        Participation(project_year_id=years[row.project_id].id, municipality_id=row.town.id)
        for row in rows
    )


def _copy_targets(source: FiscalYear, target: FiscalYear) -> None:
    db.session.add_all(
        IndicatorTarget(
            indicator_id=row.indicator_id,
            municipality_id=row.municipality_id,
            fiscal_year=target.year,
            numerator=row.numerator,
            denominator=row.denominator,
            decimals=row.decimals,
        )
        for row in db.session.scalars(
            select(IndicatorTarget).where(IndicatorTarget.fiscal_year == source.year)
        )
    )
