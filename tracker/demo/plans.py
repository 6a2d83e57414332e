"""The example's projects, planned anew each 1 April."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from tracker.agreements.queries import measures
from tracker.amounts.exact import Exact
from tracker.demo.moment import HUB, Moment, actor
from tracker.demo.projects import ExampleProject, Figures, figures, projects
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor, Role
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import Project
from tracker.projects.plans import actions
from tracker.projects.plans.rules import Part, Plan

SINCE = 2020
SPENT_PERMILLE = 970
COMMENTS: Mapping[str, str] = {
    "農業研修事業": "今別町の参加者が上期の目安10人に届いていません。"
    "冬季講座の会場を今別町内にも置くことを検討中です。",
}


def plan_year(m: Moment) -> None:
    """The year's projects with their budgets and targets."""
    _write(m, m.year, projects().values(), by=actor(Role.OFFICE))


def enter_costs(m: Moment) -> None:
    """Last year's actual costs are known."""
    if not m.is_first:
        _write(m, m.year.previous, projects().values(), by=actor(Role.OFFICE), settled=True)


def comment(m: Moment) -> None:
    """The lead says in its own words how a project stands."""
    if m.is_present:
        commented = [one for one in projects().values() if one.name in COMMENTS]
        _write(m, m.year, commented, by=actor(Role.LEAD), comments=COMMENTS)


def _write(
    m: Moment,
    year: FiscalYear,
    examples: Iterable[ExampleProject],
    *,
    by: Actor,
    settled: bool = False,
    comments: Mapping[str, str] | None = None,
) -> None:
    measure_ids = {row.number: row.id for row in measures()}
    known = {project.name: project for project in db.session.scalars(select(Project))}
    slugs = {town.name: town.slug for town in areas.towns()}
    is_last, lead = settled or not m.is_present, actor(Role.LEAD)
    for example in examples:
        plan = Plan(
            name=example.name,
            summary=example.whole_summary,
            measure_id=measure_ids[example.measure],
            lead=HUB,
            lead_section=example.section,
            # The other sections have no post of their own: any lead of the hub may act for them.
            lead_post_id=lead.post_id if lead.name.endswith(example.section) else None,
            since_year=SINCE,
            year=year,
            parts={
                slugs[town]: _part(row, is_last=is_last, settled=settled)
                for town, row in figures()[example.name].items()
            },
            indicators={1: example.indicator},
            comment=(comments or {}).get(example.name, ""),
        )
        project = known.get(example.name)
        if project is None:
            actions.create_project(Act(by, m.at), plan, is_example=True)
        else:
            actions.change_project(Act(by, m.at), project, plan)


def _part(row: Figures, *, is_last: bool, settled: bool) -> Part:
    """Last year's target was a tenth lower; of a budget 97 % are spent."""
    return Part(
        budget_yen=row.budget * 1000,
        actual_yen=row.budget * SPENT_PERMILLE if settled else None,
        targets={1: Exact((row.target * 9 + 5) // 10 if is_last else row.target)},
    )
