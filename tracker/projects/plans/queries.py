"""Reads what the plain list shows of a year, and what the form of a project may choose or take."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, and_, cast, exists, func, or_, select

from tracker.accounts.models import Post, PostKind
from tracker.agreements.models import Measure
from tracker.characters.search import search_key
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Municipality
from tracker.municipalities.rules import Town
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept
from tracker.projects.models import Participation, Project, ProjectCost, ProjectYear
from tracker.projects.rules import CostPhase
from tracker.struck.models import not_struck

# More projects than a list to choose from can hold are searched by name.
MOST_TO_CHOOSE = 100


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


def listing(year: FiscalYear, limit: int, offset: int) -> tuple[Sequence[ListRow], int]:
    """A part of the year's projects by name, and how many there are in all.

    Two queries.  Kept until a project, a municipality or the annex changes.
    """
    return kept(
        ("listing", year, limit, offset),
        ("projects", "municipalities", "agreements"),
        lambda: _listing(year, limit, offset),
    )


def _listing(year: FiscalYear, limit: int, offset: int) -> tuple[Sequence[ListRow], int]:
    is_of_year = and_(ProjectYear.fiscal_year == year.year, not_struck(Project))
    count = (
        select(func.count())
        .select_from(ProjectYear)
        .join(Project, Project.id == ProjectYear.project_id)
        .where(is_of_year)
    )
    # The page's projects first, then what belongs to them alone.
    own = (
        select(Project.id, ProjectYear.id.label("year_id"))
        .join(ProjectYear, ProjectYear.project_id == Project.id)
        .where(is_of_year)
        .order_by(Project.name, Project.id)
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    budget = (
        select(func.sum(ProjectCost.total_yen))
        .where(
            ProjectCost.project_id == Project.id,
            ProjectCost.fiscal_year == year.year,
            ProjectCost.municipality_id.is_not(None),
            ProjectCost.phase == CostPhase.BUDGET,
        )
        .scalar_subquery()
    )
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
            cast(budget, BigInteger),
        )
        .select_from(own)
        .join(Project, Project.id == own.c.id)
        .join(Measure, Measure.id == Project.measure_id)
        .join(Municipality, Municipality.id == Project.lead_municipality_id)
        .outerjoin(Participation, Participation.project_year_id == own.c.year_id)
        .group_by(Project.id, Measure.id, Municipality.id)
        .order_by(Project.name, Project.id)
    )
    return [ListRow._make(row) for row in rows], db.session.scalar(count) or 0


def struck(year: FiscalYear) -> Sequence[Project]:
    """The year's projects that were taken out, by name; they count nowhere."""

    def read() -> Sequence[int]:
        of_year = ProjectYear.fiscal_year == year.year
        return db.session.scalars(
            select(Project.id).join(ProjectYear).where(of_year, ~not_struck(Project))
        ).all()

    # There are none in most years.
    ids = kept(("struck projects", year), ("projects",), read)
    found = select(Project).where(Project.id.in_(ids)).order_by(Project.name, Project.id)
    return db.session.scalars(found).all() if ids else ()


def id_of(name: str) -> int | None:
    """The project of that name that counts, or None."""
    return db.session.scalar(select(Project.id).where(Project.name == name, not_struck(Project)))


def lead_posts() -> Sequence[tuple[int, str]]:
    """Posts that can lead a project, as (id, 「青森市 農業振興センター」)."""
    rows = db.session.execute(
        select(Post.id, Municipality.name, Post.name)
        .join(Municipality, Municipality.id == Post.municipality_id)
        .where(Post.is_active, Post.kind.in_((PostKind.OFFICE, PostKind.LEAD, PostKind.OFFICER)))
        .order_by(Municipality.code, Post.id)
    )
    return [(post_id, f"{town} {post}") for post_id, town, post in rows]


class ProjectChoice(NamedTuple):
    """A project that a case may be about."""

    id: int
    name: str


def to_choose(
    words: str, years: Sequence[FiscalYear], chosen: int | None, leads: Collection[Town]
) -> tuple[Sequence[ProjectChoice], bool]:
    """The projects of these fiscal years by name, at most MOST_TO_CHOOSE, and whether there are
    more; `words` of the name narrow them, the one `chosen` (id) stands among them.  Only those that
    one of `leads` leads: whoever drafts for a project is of its lead.
    """
    planned = exists().where(
        ProjectYear.project_id == Project.id,
        ProjectYear.fiscal_year.in_([year.year for year in years]),
    )
    is_led = Project.lead_municipality_id.in_({town.id for town in leads})
    fits = and_(planned, Project.search_key.contains(search_key(words), autoescape=True))
    is_chosen = Project.id == (chosen or 0)
    rows = db.session.execute(
        select(Project.id, Project.name)
        .where(is_led, not_struck(Project), or_(is_chosen, fits))
        .order_by(is_chosen.desc(), Project.name, Project.id)
        .limit(MOST_TO_CHOOSE + 1)
    )
    found = [ProjectChoice(*row) for row in rows]
    listed = sorted(found[:MOST_TO_CHOOSE], key=lambda one: (one.name, one.id))
    return listed, len(found) > MOST_TO_CHOOSE


def members_of_project(project_id: int, fiscal_year: int) -> tuple[Town, ...]:
    """The municipalities in the project in that fiscal year."""
    found = set(
        db.session.scalars(
            select(Participation.municipality_id)
            .join(ProjectYear, ProjectYear.id == Participation.project_year_id)
            .where(
                ProjectYear.project_id == project_id,
                ProjectYear.fiscal_year == fiscal_year,
            )
        )
    )
    return tuple(town for town in areas.towns() if town.id in found)
