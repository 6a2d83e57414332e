"""What the people of the year do again and again; each stands for one of them."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal

from sqlalchemy import select

from tests.whole.story import Story, actor
from tracker.agreements import queries as annex
from tracker.amounts.exact import Exact
from tracker.annual_duty.actions import view_as_held
from tracker.annual_duty.queries import agreement_standings
from tracker.cost_sharing.answers import actions as answers
from tracker.cost_sharing.formula.proposal import Proposal, ProposedPart
from tracker.cost_sharing.models import CostCase, Share
from tracker.cost_sharing.rules import Stage
from tracker.demo.area import TOWNS
from tracker.figures import queries as bases
from tracker.figures.rules import FigureKind
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.meetings import queries as meeting_queries
from tracker.meetings.models import MeetingRow
from tracker.meetings.poll import actions as poll_actions
from tracker.meetings.rules import Answer, Candidate, Standing
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects import queries as projects
from tracker.projects.models import Project
from tracker.projects.plans.rules import IndicatorText, Part, Plan
from tracker.projects.report import Report
from tracker.projects.reports import actions as report_actions
from tracker.projects.reports.rules import Content
from tracker.projects.rules import Rating
from tracker.shares.rules import PartKind, RoundingMode
from tracker.shares.split import Rounding

YEAR = FiscalYear(2026)
HALF = Period(2026, Half.H1)
FARMING, MOVING = "農業研修事業", "東青地域移住促進事業"
EVERYBODY = ("aomori", "hiranai", "imabetsu", "yomogita", "sotogahama")
NAMES = tuple(town.name for town in TOWNS)
# The worked check of the design (product.md 6).
SHARES = dict(zip(NAMES, (1_964_000, 168_000, 115_000, 117_000, 136_000), strict=True))
COUNTED = IndicatorText("参加者数", "人", "4月から9月までの実人数。")


def plan(name: str, measure: str) -> Plan:
    """All five take part; one project counts people, the other nothing."""
    ids = {row.number: row.id for row in annex.measures()}
    counts = name == FARMING
    return Plan(
        name=name,
        summary=f"{name}を行います。",
        measure_id=ids[measure],
        lead="aomori",
        lead_section="農業振興センター",
        lead_post_id=actor("lead").post_id,
        since_year=2020,
        year=YEAR,
        parts=dict.fromkeys(EVERYBODY, Part(1_000_000, None, {1: Exact(20)} if counts else {})),
        indicators={1: COUNTED} if counts else {},
    )


def there(slug: str, project: str) -> Report:
    """A municipality's report on a project."""
    project_id = db.session.scalars(select(Project.id).where(Project.name == project)).one()
    found = projects.story(HALF, project_id, slug)
    assert found is not None
    return found.now


def report(slug: str, project: str, value: int | None, at: datetime) -> None:
    """Writes a report and submits it."""
    where, by = there(slug, project), actor("lead" if slug == "aomori" else "officer", slug)
    values = {} if value is None else {1: Exact(value)}
    content = Content(values=values, rating=Rating.ON_TRACK, done="講座を開いた。")
    report_actions.save_draft(Act(by, at), where, content)
    report_actions.submit(Act(by, at), where)


def candidate(month: int, day: int) -> Candidate:
    """An afternoon of the new year."""
    return Candidate(date(2027, month, day), time(14), time(15, 30))


CANDIDATES = [candidate(1, 14), candidate(1, 21), candidate(1, 28)]


def open_poll(at: datetime, dates: list[Candidate]) -> None:
    """Asks all five secretaries, to be answered by 27 November."""
    place_of_meeting = areas.get_area().meeting_place
    due = date(2026, 11, 27)
    poll_actions.open_poll(Act(actor("office"), at), YEAR, dates, place_of_meeting, due)


def meeting() -> MeetingRow:
    """The year's meeting."""
    return db.session.scalars(select(MeetingRow)).one()


def signs(text: str) -> Mapping[int, Answer]:
    """「○△×」 as answers to the dates offered."""
    answers = {answer.symbol: answer for answer in Answer}
    dates = meeting_queries.of(meeting()).dates
    return {id_: answers[sign] for id_, sign in zip(dates, text, strict=True)}


def answer_by_link(story: Story, path: str, text: str) -> None:
    """A secretary answers on the page behind the link, without signing in."""
    with story.app.app_context():
        fields = {f"date_{id_}": one.value for id_, one in signs(text).items()}
    page = story.browse().fill(path, fields)
    assert page.status == 302, page.text


def standings() -> list[Standing]:
    """How the four agreements stand with Article 5, in the order of the partners."""
    return [one.standing for one in agreement_standings(YEAR, clock.today())]


def see(agreement_id: int, role: str, slug: str, at: datetime) -> None:
    """A party records that it regards the meeting as held."""
    view_as_held(Act(actor(role, slug), at), meeting(), agreement_id, True)


def proposal(*, equal: int) -> Proposal:
    """均等割 and 人口割, cut below 1,000 yen, the rest to the hub."""
    census = bases.series(FigureKind.POPULATION)[0]
    return Proposal(
        title="東青地域移住促進事業の費用負担",
        stage=Stage.FIXED,
        participants=NAMES,
        total_yen=3_620_000,
        subsidy_yen=1_120_000,
        parts=(
            ProposedPart(PartKind.EQUAL, Decimal(equal)),
            ProposedPart(PartKind.POPULATION, Decimal(100 - equal), series_id=census.id),
        ),
        rounding=Rounding(1000, RoundingMode.DOWN),
        remainder="青森市",
    )


def the_case() -> CostCase:
    """The year's one cost case."""
    return db.session.scalars(select(CostCase)).one()


def shares() -> dict[str, int]:
    """What each municipality bears, in yen."""
    names = {town.id: town.name for town in areas.towns()}
    return {
        names[share.municipality_id]: share.share_yen
        for share in db.session.scalars(select(Share).order_by(Share.municipality_id))
    }


def confirm_costs(at: datetime, *slugs: str) -> None:
    """The confirmers of these municipalities confirm."""
    for slug in slugs:
        answers.confirm(Act(actor("confirmer", slug), at), the_case())
