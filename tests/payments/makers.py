"""An agreed case with its plan of payment, and what was received."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import func, select

from tests.cost_sharing.cases import AOMORI, IMABETSU
from tests.cost_sharing.makers import PARTNERS, act_of, confirm_by, make_agreed, make_proposal, read
from tracker.cost_sharing.cases import actions as cases
from tracker.cost_sharing.consultations import actions as consultations
from tracker.cost_sharing.formula import actions as formula
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import CaseNumber
from tracker.payments import actions, queries
from tracker.payments.instalment import Instalment
from tracker.payments.models import InstalmentReceipt
from tracker.payments.rules import DivideBy, ShiftTo, Terms
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import Project

# 31 January 2027 is a Sunday.
TERMS = Terms(DivideBy.EQUAL, ShiftTo.BEFORE, [date(2027, 1, 31)])
HALVES = replace(TERMS, days=[date(2027, 1, 31), date(2027, 3, 31)])


def keeper(slug: str = "aomori") -> Act:
    """Whoever keeps the payments of a municipality, at this instant of the cast."""
    return act_of("office" if slug == "aomori" else "officer", slug)


def make_planned(
    slug: str = "aomori", project: Project | None = None, terms: Terms = TERMS, **changes: Any
) -> CostCase:
    """A case that all have confirmed, with its plan, made by the municipality that leads it."""
    case = make_agreed(project=project, **changes)
    actions.plan(keeper(slug), case, terms)
    return case


def replaced(case: CostCase, **changes: object) -> CostCase:
    """A case that took this one's place, agreed by all, with another formula."""
    new = cases.replace(act_of("office"), case, "補助の額が変わったため。")
    formula.save_formula(act_of("office"), new, make_proposal(**changes))
    consultations.add_consultation(
        act_of("office"), new, date(2026, 11, 6), "電話", "担当者", "増額。"
    )
    cases.send(act_of("office"), new, date(2026, 12, 4))
    confirm_by(new, "aomori", *PARTNERS)
    return new


def part(case: CostCase, slug: str = "hiranai", number: int = 1) -> Instalment:
    """One instalment as it stands."""
    rows = queries.of_case(read(case))
    return next(one for one in rows if (one.town.slug, one.number) == (slug, number))


def make_receipt(slug: str, case: CostCase, received_yen: int = 30_000) -> int:
    """Part of what 平内町 owes, received by whoever leads the case; its identifier."""
    actions.receive(keeper(slug), part(case), date(2026, 11, 20), received_yen)
    return db.session.scalar(select(func.max(InstalmentReceipt.id))) or 0


PURE = Instalment(
    id=1,
    seen="1",
    no=CaseNumber(2026, 4),
    title="農業研修事業の費用負担",
    project="農業研修事業",
    lead=AOMORI,
    town=IMABETSU,
    number=1,
    count=2,
    is_refund=False,
    yen=57_500,
    wanted_on=date(2026, 11, 30),
    due_on=date(2026, 11, 30),
    notice_no="",
    noticed_on=None,
    bill_no="",
    billed_on=None,
    stated_on=None,
    stated_by="",
    received_yen=0,
    received_on=None,
    is_replaced=False,
    lead_post_id=2,
    agreed_at=datetime(2026, 11, 6, 1, tzinfo=UTC),
)


def make_instalment(**changes: Any) -> Instalment:
    """An instalment of 今別町 as pure rules take it, with some of its values changed."""
    return replace(PURE, **changes)
