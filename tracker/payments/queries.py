"""Reads instalments, each as an `Instalment`, and what an agreed case still asks of whom."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from tracker.cost_sharing import queries as costs
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import CaseNumber, CaseState, Stage
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.payments.instalment import Instalment
from tracker.payments.models import InstalmentReceipt, InstalmentRow, PaymentPlan
from tracker.payments.rules import owed_yen
from tracker.plumbing.db import db, not_struck
from tracker.projects.models import Project

_TWO_YEARS = timedelta(days=730)


def instalments(*where: ColumnElement[bool]) -> list[Instalment]:
    """Instalments by case, number and municipality.  One query."""
    every = aliased(InstalmentRow)
    count = (
        select(func.count())
        .where(
            every.case_id == InstalmentRow.case_id,
            every.municipality_id == InstalmentRow.municipality_id,
        )
        .scalar_subquery()
    )
    receipts = (
        select(
            InstalmentReceipt.instalment_id,
            func.sum(InstalmentReceipt.received_yen).label("yen"),
            func.max(InstalmentReceipt.received_on).label("on"),
        )
        .where(not_struck(InstalmentReceipt))
        .group_by(InstalmentReceipt.instalment_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            InstalmentRow,
            PaymentPlan.lead_id,
            CostCase.fiscal_year,
            CostCase.number,
            CostCase.title,
            CostCase.state,
            Project.name,
            Project.lead_post_id,
            count,
            receipts.c.yen,
            receipts.c.on,
        )
        .join(PaymentPlan, PaymentPlan.case_id == InstalmentRow.case_id)
        .join(CostCase, CostCase.id == InstalmentRow.case_id)
        .join(Project, Project.id == CostCase.project_id)
        .outerjoin(receipts, receipts.c.instalment_id == InstalmentRow.id)
        .where(*where)
        .order_by(
            CostCase.fiscal_year,
            CostCase.number,
            InstalmentRow.is_refund,
            InstalmentRow.number,
            InstalmentRow.municipality_id,
        )
        .execution_options(populate_existing=True)
    )
    towns = areas.by_id()
    return [
        Instalment(
            id=row.id,
            seen=row.seen,
            no=CaseNumber(year, number),
            title=title,
            project=project,
            lead=towns[lead_id],
            town=towns[row.municipality_id],
            number=row.number,
            count=parts,
            is_refund=row.is_refund,
            yen=row.yen,
            wanted_on=row.wanted_on,
            due_on=row.due_on,
            notice_no=row.notice_no,
            noticed_on=row.noticed_on,
            bill_no=row.bill_no,
            billed_on=row.billed_on,
            stated_on=row.stated_on,
            stated_by=row.stated_by,
            received_yen=int(received or 0),
            received_on=received_on,
            is_replaced=state is CaseState.REPLACED,
            lead_post_id=lead_post_id,
        )
        for row, lead_id, year, number, title, state, project, lead_post_id, parts, received, received_on in rows
    ]


def of_case(found: Case) -> list[Instalment]:
    """The instalments of a case, in order."""
    return instalments(InstalmentRow.case_id == found.id)


def of_year(year: FiscalYear, own: Town | None) -> list[Instalment]:
    """A fiscal year's instalments; of one municipality (None: of all), as payer or as payee."""
    theirs = [
        or_(InstalmentRow.municipality_id == own.id, PaymentPlan.lead_id == own.id)
        for own in ([own] if own else [])
    ]
    return instalments(CostCase.fiscal_year == year.year, *theirs)


def in_hand(today: date) -> list[Instalment]:
    """What duties are told from: what is to be paid, and what was within the last two years."""
    return instalments(
        CostCase.state == CaseState.AGREED,
        InstalmentRow.due_on >= today - _TWO_YEARS,
    )


def plan(of: Case | int) -> PaymentPlan | None:
    """The plan of a case, or None."""
    return db.session.get(PaymentPlan, of if isinstance(of, int) else of.id)


def row(one: Instalment) -> InstalmentRow:
    """What an act on an instalment locks and changes."""
    return db.session.get_one(InstalmentRow, one.id)


def rows(plan_: PaymentPlan) -> Sequence[InstalmentRow]:
    """The rows of a plan."""
    found = select(InstalmentRow).where(InstalmentRow.case_id == plan_.case_id)
    return db.session.scalars(found.order_by(InstalmentRow.id)).all()


def receipts(one: Instalment) -> Sequence[InstalmentReceipt]:
    """What was received of an instalment, oldest first, what was struck through among it."""
    return db.session.scalars(
        select(InstalmentReceipt)
        .where(InstalmentReceipt.instalment_id == one.id)
        .order_by(InstalmentReceipt.received_on, InstalmentReceipt.id)
    ).all()


def is_superseded(case_id: int) -> bool:
    """Whether a case that took this one's place has a plan, which counts what was paid here."""
    later = aliased(CostCase)
    found = exists().where(
        later.replaces_id == case_id,
        later.state.in_((CaseState.AGREED, CaseState.REPLACED)),
        PaymentPlan.case_id == later.id,
    )
    return bool(db.session.scalar(select(found)))


class Owed(NamedTuple):
    """What an agreed case still asks of each, in yen (negative: to be given back), and why so much.

    before: what was to be paid for the stage before, None where none counts; paid: what was paid for
    the cases it replaced.
    """

    yen: Mapping[Town, int]
    before: tuple[Stage, Mapping[Town, int]] | None
    paid: Mapping[Town, int]


def owed(of: Case, today: date) -> Owed:
    """What a case asks beyond what was agreed before it in its year, and paid for what it replaced.

    精算 settles what was agreed last; 確定 adds to 概算 only where 概算 is being paid by a plan.
    """
    before = _before(of, today)
    paid = _paid_before(of)
    shares = before[1] if before else {}
    return Owed(owed_yen(of.shares, of.lead, shares, paid), before, paid)


def _before(of: Case, today: date) -> tuple[Stage, Mapping[Town, int]] | None:
    stages = list(Stage)
    earlier = [
        one
        for one in costs.agreed_before(of, of.no.fiscal_year, today)
        if stages.index(one.stage) < stages.index(of.stage)
    ]
    if of.stage is not Stage.RECONCILIATION:
        planned = set(
            db.session.scalars(
                select(PaymentPlan.case_id).where(
                    PaymentPlan.case_id.in_([one.id for one in earlier])
                )
            )
        )
        earlier = [one for one in earlier if one.id in planned]
    last = max(earlier, key=lambda one: (stages.index(one.stage), one.no), default=None)
    return (last.stage, last.shares) if last else None


def ancestors(of: Case) -> list[int]:
    """The cases (ids) that this one replaced, one after the other."""
    if of.replaces is None:
        return []
    of_project = CostCase.project_id == of.project_id, CostCase.fiscal_year == of.no.fiscal_year
    found: dict[int, int | None] = {}
    for id_, replaces_id in db.session.execute(
        select(CostCase.id, CostCase.replaces_id).where(*of_project)
    ):
        found[id_] = replaces_id
    chain: list[int] = []
    at = found.get(of.id)
    while at is not None and at not in chain:
        chain.append(at)
        at = found.get(at)
    return chain


def _paid_before(of: Case) -> Mapping[Town, int]:
    chain = ancestors(of)
    if not chain:
        return {}
    signed = case(
        (InstalmentRow.is_refund, -InstalmentReceipt.received_yen),
        else_=InstalmentReceipt.received_yen,
    )
    found = db.session.execute(
        select(InstalmentRow.municipality_id, signed)
        .join(InstalmentReceipt, InstalmentReceipt.instalment_id == InstalmentRow.id)
        .where(InstalmentRow.case_id.in_(chain), not_struck(InstalmentReceipt))
    )
    towns, paid = areas.by_id(), Counter[Town]()
    for id_, yen in found:
        paid[towns[id_]] += yen
    return paid


def closures(of: Iterable[Town], lead: Town, days: Collection[date]) -> dict[Town, frozenset[date]]:
    """The days around these on which either the municipality or the lead is closed beyond the law."""
    margin = timedelta(days=60)
    found = areas.closures(min(days) - margin, max(days) + margin) if days else {}
    none: frozenset[date] = frozenset()
    return {town: found.get(town.slug, none) | found.get(lead.slug, none) for town in of}
