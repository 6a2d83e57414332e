"""A project of five municipalities and its case, as far along as a test wants it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from bs4 import Tag
from sqlalchemy import select

from tests import cast
from tests.pages import Page
from tracker.accounts import queries as accounts
from tracker.agreements.models import Measure
from tracker.cost_sharing import queries
from tracker.cost_sharing.answers import actions as answers
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.cases import actions
from tracker.cost_sharing.consultations import actions as consultations
from tracker.cost_sharing.formula import actions as formula
from tracker.cost_sharing.formula.proposal import Proposal, ProposedPart
from tracker.cost_sharing.models import CostCase, Share
from tracker.cost_sharing.rules import CaseKind, Stage
from tracker.cost_sharing.work.rules import WorkRow, amount_of
from tracker.figures import queries as bases
from tracker.figures.actions import enter_figures
from tracker.figures.rules import FigureKind
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor
from tracker.mail.letters import Letter
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import Participation, Project, ProjectYear
from tracker.shares.rules import PartKind, RoundingMode
from tracker.shares.split import Rounding

DUE = date(2026, 12, 4)
LATER = formula.AskAgain("補助の額が決まったため。", date(2026, 12, 11))
CASE = "/costs/2026-01"
NAMES = tuple(name for _, _, name, _, _ in cast.TOWNS)
SHARES = dict(zip(NAMES, (1_964_000, 168_000, 115_000, 117_000, 136_000), strict=True))
WORK = (("aomori", "相談会の運営", "12.5", "人日"), ("imabetsu", "会場の用意", "3", "回"))
OF_WORK: dict[str, Any] = {"kind": CaseKind.WORK, "total_yen": 0, "subsidy_yen": 0}
PARTNERS = ("hiranai", "imabetsu", "yomogita", "sotogahama")


def somebody(role: str, slug: str = "aomori") -> Actor:
    """Who acts, inside an application context."""
    return accounts.actor_of(cast.email(role, slug))


def act_of(role: str, slug: str = "aomori") -> Act:
    """Their act at this instant of the cast."""
    return Act(somebody(role, slug), cast.NOW)


def read(case: CostCase) -> Case:
    """The case as pages read it."""
    return queries.find(case.no, cast.TODAY)


def make_project(**changes: Any) -> Project:
    """東青地域移住促進事業, led by the hub, with all five taking part in fiscal year 2026."""
    project = Project(
        **{
            "name": "東青地域移住促進事業",
            "summary": "移住の相談と体験を五つの市町村で行う。",
            "measure_id": db.session.scalar(select(Measure.id).where(Measure.number == "1-1")),
            "lead_municipality_id": areas.hub().id,
            "lead_section": "連携推進課",
            "since_year": 2020,
            **changes,
        }
    )
    db.session.add(project)
    db.session.flush()
    year = ProjectYear(project_id=project.id, fiscal_year=2026)
    db.session.add(year)
    db.session.flush()
    db.session.add_all(
        Participation(project_year_id=year.id, municipality_id=town.id) for town in areas.towns()
    )
    db.session.commit()
    return project


def make_usage(project_id: int, name: str = "相談件数", as_of_on: date = date(2026, 3, 31)) -> int:
    """The usage of a project in fiscal year 2025, as the office entered it; its id."""
    values = {slug: 10 + place for place, slug in enumerate(("aomori", *PARTNERS))}
    told: dict[str, Any] = {"unit": "件", "period": "2025", "project_id": project_id}
    of = (FigureKind.USAGE, name, as_of_on, "相談簿", values)
    return enter_figures(act_of("office"), *of, is_confirmed=True, **told).id


def make_proposal(**changes: Any) -> Proposal:
    """The worked check of product.md 6: 2,500,000 yen, 均等20／人口80, down to 1,000 yen."""
    census = bases.series()[0].id
    proposal = Proposal(
        title="東青地域移住促進事業の費用負担",
        stage=Stage.ESTIMATE,
        participants=NAMES,
        total_yen=3_620_000,
        subsidy_yen=1_120_000,
        parts=(
            ProposedPart(PartKind.EQUAL, Decimal(20)),
            ProposedPart(PartKind.POPULATION, Decimal(80), census),
        ),
        rounding=Rounding(1000, RoundingMode.DOWN),
        remainder="青森市",
    )
    return replace(proposal, **changes)


def make_work_proposal(*rows: tuple[str, str, str, str]) -> Proposal:
    """Who (slug) does what, how much and of which unit; of two municipalities unless said."""
    towns = {town.slug: town for town in areas.towns()}
    found = tuple(
        WorkRow(towns[slug], what, amount_of(promised), unit)
        for slug, what, promised, unit in rows or WORK
    )
    return make_proposal(parts=(), total_yen=0, subsidy_yen=0, rows=found)


def make_draft(project: Project | None = None, **changes: Any) -> CostCase:
    """A case just opened; `changes` are those of `start_case`."""
    found = project or db.session.scalar(select(Project)) or make_project()
    asked: dict[str, Any] = {
        "year": FiscalYear(2026),
        "kind": CaseKind.MONEY,
        "stage": Stage.ESTIMATE,
        "title": "",
        "total_yen": 3_620_000,
        "subsidy_yen": 1_120_000,
        **changes,
    }
    return actions.start_case(act_of("office"), found.id, **asked)


def make_ready(proposal: Proposal | None = None, **changes: Any) -> CostCase:
    """A case with its shares and one consultation, ready to be sent."""
    case = make_draft(**changes)
    office = act_of("office")
    formula.save_formula(office, case, proposal or make_proposal())
    consultations.add_consultation(
        office,
        case,
        date(2026, 11, 5),
        "オンライン",
        "5市町村の担当者",
        "均等割を20％とすることで意見が一致。",
    )
    return case


def make_sent(proposal: Proposal | None = None, **changes: Any) -> CostCase:
    """A case sent to both sides of its four pairs, to be answered by 4 December."""
    case = make_ready(proposal, **changes)
    actions.send(act_of("office"), case, DUE)
    return case


def make_agreed(proposal: Proposal | None = None, **changes: Any) -> CostCase:
    """A case that every side has confirmed."""
    case = make_sent(proposal, **changes)
    confirm_by(case, "aomori", *PARTNERS)
    return case


def confirm_by(case: CostCase, *slugs: str) -> None:
    """Confirms for these municipalities, one after the other."""
    for slug in slugs:
        answers.confirm(act_of("confirmer", slug), case)


def shares_of(case: CostCase) -> dict[str, int]:
    """The stored shares in yen, by name."""
    towns = areas.by_id()
    rows = db.session.scalars(select(Share).where(Share.case_id == case.id))
    return {towns[row.municipality_id].name: row.share_yen for row in rows}


def letters_of(kind: str) -> list[Letter]:
    """The letters of one kind in the outbox, in the order they were written."""
    return list(db.session.scalars(select(Letter).where(Letter.kind == kind).order_by(Letter.id)))


def answer(slug: str, opinion: str | None = None) -> None:
    """That municipality's word on the first case: confirmed, or returned with an opinion."""
    case, act = db.session.get(CostCase, 1), act_of("confirmer", slug)
    if opinion is None:
        answers.confirm(act, case)
    else:
        answers.return_case(act, case, opinion)


def cells(table: Tag) -> list[list[str]]:
    """The rows of a table as text."""
    return [
        [cell.get_text(" ", strip=True) for cell in row.select("th, td")]
        for row in table.select("tr")
    ]


def sentences(page: Page) -> list[str]:
    """What the error summary says."""
    return [item.get_text(strip=True) for item in page.all(".error-summary li")]
