"""Projects, rounds and reports made through the feature's own actions, and what pages need."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from tests import cast
from tests.pages import Page, PageClient
from tracker.accounts.models import Post
from tracker.accounts.queries import actor_of
from tracker.agreements.models import Measure
from tracker.amounts.exact import Exact
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.kernel.permissions import Actor
from tracker.mail.letters import Letter
from tracker.municipalities.rules import Town
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects import queries
from tracker.projects.models import ProgressReport, Project, ReportingRound
from tracker.projects.plans import actions
from tracker.projects.plans.rules import IndicatorText, Part, Plan
from tracker.projects.report import Report, Story
from tracker.projects.reports import actions as report_actions
from tracker.projects.reports.rules import Content
from tracker.projects.rounds import actions as round_actions
from tracker.projects.rules import Rating

Browse = Callable[..., PageClient]
H1, FY = Period(2026, Half.H1), Period(2025, Half.FY)
DUE = date(2026, 11, 30)
LATER = cast.NOW + timedelta(hours=1)
# The half-year report of the year before, and the year-end report that followed it.
BEFORE = datetime(2025, 10, 20, 1, 0, tzinfo=UTC)
YEAR_END = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
PURE_TOWNS = {
    slug: Town(number, code, slug, name, slug == "aomori", None)
    for number, (code, slug, name, *_) in enumerate(cast.TOWNS, 1)
}
ALL = {slug: Part(1_000_000, None, {1: Exact(20)}) for _, slug, *_ in cast.TOWNS}
WRITTEN = Content(
    values={1: Exact(7)},
    rating=Rating.SLIGHTLY_LATE,
    done="栽培講座に町民7人が参加した。",
    trouble="会場まで片道1時間以上かかる。",
    for_meeting=True,
    plan="冬季講座を開く。",
)


def measure_id(number: str = "1-1") -> int:
    return db.session.scalars(select(Measure.id).where(Measure.number == number)).one()


def lead_post_id() -> int:
    return db.session.scalars(select(Post.id).where(Post.name == "農業振興センター")).one()


def make_plan(**changes: object) -> Plan:
    plan = Plan(
        name="農業研修事業",
        summary="農業実習や講義による研修を行います。",
        measure_id=measure_id(),
        lead="aomori",
        lead_section="農業振興センター",
        since_year=2020,
        year=FiscalYear(2026),
        parts=ALL,
        lead_post_id=lead_post_id(),
        indicators={1: IndicatorText("参加者数", "人", "4月から9月までの実人数。")},
    )
    return replace(plan, **changes)  # type: ignore[arg-type]


def make_project(at: datetime = cast.NOW, **changes: object) -> Project:
    return actions.create_project(Act(None, at), make_plan(**changes))


def make_round(
    period: Period = H1, due_on: date = DUE, at: datetime = cast.NOW, note: str = ""
) -> ReportingRound:
    return round_actions.open_round(Act(None, at), period, due_on, note)


def make_late_project(**changes: object) -> Project:
    """A project entered after the rounds opened, and taken into them."""
    project = make_project(**changes)  # type: ignore[arg-type]
    for opened in db.session.scalars(select(ReportingRound)).all():
        round_actions.ask(opened)
    db.session.commit()
    return project


def story_of(project: Project | int, slug: str = "imabetsu", period: Period = H1) -> Story:
    found = queries.story(period, project if isinstance(project, int) else project.id, slug)
    assert found is not None
    return found


def report_of(project: Project | int, slug: str = "imabetsu", period: Period = H1) -> Report:
    return story_of(project, slug, period).now


def make_report(slug: str = "imabetsu", **changes: object) -> Report:
    """A report of 上期 on 農業研修事業, led by 青森市, without a database."""
    values: dict[str, object] = {
        "town": PURE_TOWNS[slug],
        "lead": PURE_TOWNS["aomori"],
        "project_id": 1,
        "project": "農業研修事業",
        "measure_id": 1,
        "lead_section": "農業振興センター",
        "lead_post_id": 7,
        "year": 2026,
        "mark": None,
        "budget_yen": 1_000_000,
        "actual_yen": None,
        "round_id": 1,
        "half": Half.H1,
        "due_on": DUE,
        "opened_at": cast.NOW,
        "closed_at": None,
        "is_asked": True,
    }
    return Report(**{**values, **changes})  # type: ignore[arg-type]


def writer(slug: str = "imabetsu") -> Actor:
    """Who reports there; in the hub not its section, which checks what it leads."""
    return actor_of(cast.email("office" if slug == "aomori" else "officer", slug))


def save(
    where: Report,
    content: Content = WRITTEN,
    seen: str | None = None,
    at: datetime = cast.NOW,
) -> ProgressReport:
    by = writer(where.town.slug)
    return report_actions.save_draft(Act(by, at), where, content, seen)


def submit(where: Report, content: Content = WRITTEN, at: datetime = cast.NOW) -> ProgressReport:
    save(where, content, at=at)
    return report_actions.submit(Act(writer(where.town.slug), at), where)


def submit_before(project: Project, content: Content, slug: str = "imabetsu") -> None:
    """The project ran in the year before, too: its year-end report is submitted."""
    plan = make_plan(name=project.name, measure_id=project.measure_id, year=FiscalYear(2025))
    actions.change_project(Act(None, YEAR_END), project, plan)
    make_round(FY, date(2026, 5, 29), YEAR_END)
    submit(report_of(project, slug, FY), content, YEAR_END)


def letters(kind: str) -> list[Letter]:
    found = db.session.scalars(select(Letter).where(Letter.kind == kind).order_by(Letter.id))
    return list(found)


def path(project_id: int, slug: str = "imabetsu", period: object = H1) -> str:
    return f"/reports/{period}/{project_id}/{slug}"


def act(page: Page, ending: str) -> tuple[str, dict[str, str]]:
    """The one-button form whose address ends so."""
    form = page.one(f"main form[action$='{ending}']")
    return str(form["action"]), {
        str(box["name"]): str(box["value"]) for box in form.select("input[type=hidden]")
    }


FILLED = {
    "value": "７",
    "rating": "slightly_late",
    "done": "栽培講座に町民7人が参加した。",
    "trouble": "会場が遠い。",
    "for_meeting": "y",
    "plan": "",
    "save": "next",
}
