"""Projects as the annex table sees them, written straight into the tables: many, and fast."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select

from tests import cast
from tests.projects.makers import DUE, lead_post_id, measure_id
from tracker.agreements.models import Agreement, AnnexEntry
from tracker.cost_sharing.models import CaseKind, CostCase, Share
from tracker.cost_sharing.rules import CaseState, Stage
from tracker.history import history
from tracker.history.history import Subject
from tracker.kernel.fiscal_year import Half
from tracker.municipalities.models import Municipality
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.projects.models import (
    Participation,
    ProgressReport,
    Project,
    ProjectCost,
    ProjectYear,
    ReportingRound,
)
from tracker.projects.rounds.actions import ask
from tracker.projects.rules import CostPhase, Rating, ReportState, YearMark
from tracker.shares.rules import RoundingMode

# One sign for each municipality in the order of the codes; a space takes no part.
SIGNS = {
    "○": (ReportState.CONFIRMED, Rating.ON_TRACK),
    "△": (ReportState.SUBMITTED, Rating.SLIGHTLY_LATE),
    "×": (ReportState.SUBMITTED, Rating.LATE),
    "●": (ReportState.CONFIRMED, Rating.DONE),
    "d": (ReportState.DRAFT, Rating.LATE),
    "r": (ReportState.RETURNED, Rating.LATE),
    "-": None,
}
EVERYWHERE = "○○○○○"


def towns() -> dict[str, int]:
    """Ids of the municipalities by slug, in the order of the codes."""
    rows = db.session.execute(
        select(Municipality.slug, Municipality.id).order_by(Municipality.code)
    )
    return dict(rows.all())


def the_round(half: Half = Half.H1, year: int = 2026) -> ReportingRound:
    """The round of the period, opened now when nobody did."""
    where = ReportingRound.fiscal_year == year, ReportingRound.half == half
    found = db.session.scalar(select(ReportingRound).where(*where))
    if found is None:
        found = ReportingRound(
            fiscal_year=year, half=half, due_on=DUE, covering_note="", opened_at=cast.NOW
        )
        db.session.add(found)
        db.session.flush()
        ask(found)
    return found


def enter(
    name: str,
    signs: str = EVERYWHERE,
    measure: str = "1-1",
    *,
    mark: YearMark | None = None,
    budget_yen: int | None = 1_000_000,
    actual_yen: int | None = None,
    year: int = 2026,
) -> Project:
    """A project of the year with its 上期 reports by `SIGNS`; amounts for each municipality."""
    project = Project(
        name=name,
        summary="",
        measure_id=measure_id(measure),
        lead_municipality_id=towns()["aomori"],
        lead_post_id=lead_post_id(),
        lead_section="農業振興センター",
        since_year=2020,
    )
    db.session.add(project)
    db.session.flush()
    own = ProjectYear(project_id=project.id, fiscal_year=year, mark=mark)
    db.session.add(own)
    db.session.flush()
    for town_id, sign in zip(towns().values(), signs, strict=True):
        if sign == " ":
            continue
        db.session.add(
            Participation(
                project_year_id=own.id,
                municipality_id=town_id,
            )
        )
        db.session.add_all(
            ProjectCost(
                project_id=project.id,
                fiscal_year=year,
                municipality_id=town_id,
                phase=phase,
                total_yen=yen,
            )
            for phase, yen in (
                (CostPhase.BUDGET, budget_yen),
                (CostPhase.SETTLED, actual_yen),
            )
            if yen is not None
        )
        if told := SIGNS[sign]:
            state, rating = told
            db.session.add(
                ProgressReport(
                    round_id=the_round(year=year).id,
                    project_id=project.id,
                    municipality_id=town_id,
                    state=state,
                    rating=rating,
                    written_at=cast.NOW,
                    submitted_at=cast.NOW if state is not ReportState.DRAFT else None,
                )
            )
    for one in db.session.scalars(select(ReportingRound)):
        ask(one)
    save()
    return project


def enter_case(state: CaseState, shares: Mapping[str, int], number: int = 1) -> CostCase:
    """A case of the year in that state, with its shares by slug; sent unless still a draft."""
    sent = state not in (CaseState.DRAFT, CaseState.CONSULTING)
    project_id = db.session.scalars(select(Project.id).limit(1)).one()
    cost = ProjectCost(
        project_id=project_id,
        fiscal_year=2026,
        phase=CostPhase.BUDGET,
        total_yen=sum(shares.values()),
        subsidy_yen=0,
    )
    db.session.add(cost)
    db.session.flush()
    case = CostCase(
        fiscal_year=2026,
        number=number,
        project_id=project_id,
        cost_id=cost.id,
        kind=CaseKind.MONEY,
        stage=Stage.ESTIMATE,
        title="東青地域移住促進事業",
        rounding_unit=1000,
        rounding_mode=RoundingMode.DOWN,
        state=state,
        sent_on=cast.TODAY if sent else None,
        reply_due_on=date(2026, 12, 4) if sent else None,
    )
    db.session.add(case)
    db.session.flush()
    for slug, yen in shares.items():
        db.session.add(
            Share(
                case_id=case.id,
                municipality_id=towns()[slug],
                parts=[],
                exact=f"{yen}/1",
                rounded_yen=yen,
                share_yen=yen,
            )
        )
    save()
    return case


def word_otherwise(slug: str, number: str = "1-1", content: str = "別の文言で取り組む。") -> None:
    """Gives one town's agreement a wording of its own."""
    entry = db.session.scalars(
        select(AnnexEntry)
        .join(Agreement, Agreement.id == AnnexEntry.agreement_id)
        .where(Agreement.party_b_id == towns()[slug], AnnexEntry.measure_id == measure_id(number))
    ).one()
    entry.content = content
    save()


def save() -> None:
    """Commits as an action would: with a record, so that pages read anew."""
    history.record(
        None, "example.entered", Subject("example", 1), "例を入れました。", at=clock.now()
    )
    db.session.commit()
