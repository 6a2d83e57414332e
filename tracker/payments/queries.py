"""Reads instalments, each as an `Instalment`, and what an agreed case still asks of whom."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from tracker.cost_sharing import queries as costs
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import CaseState, Stage
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.payments.instalment import Instalment
from tracker.payments.models import InstalmentReceipt, InstalmentRow, PaymentPlan
from tracker.payments.rules import DivideBy, owed_yen
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept
from tracker.projects.models import Project
from tracker.struck.models import not_struck

ROOMS = ("payments", *costs.ROOMS)
_TWO_YEARS = timedelta(days=730)


def instalments(*where: ColumnElement[bool]) -> list[Instalment]:
    """Instalments by case, number and municipality.  One query."""
    return _instalments(_planned_rows(*where))


def _planned_rows(
    *where: ColumnElement[bool], within: Sequence[ColumnElement[bool]] = ()
) -> Sequence[Any]:
    """Each plan with its instalments, those `within`; a plan that has none of them in one row."""
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
    return db.session.execute(
        select(
            InstalmentRow,
            PaymentPlan.lead_id,
            CostCase,
            Project.name,
            Project.lead_post_id,
            count,
            receipts.c.yen,
            receipts.c.on,
            PaymentPlan.divide_by,
        )
        .select_from(PaymentPlan)
        .join(CostCase, CostCase.id == PaymentPlan.case_id)
        .join(Project, Project.id == CostCase.project_id)
        .outerjoin(InstalmentRow, and_(InstalmentRow.case_id == PaymentPlan.case_id, *within))
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
    ).all()


def _instalments(rows: Iterable[Any]) -> list[Instalment]:
    towns = areas.by_id()
    return [
        Instalment(
            id=row.id,
            seen=row.seen,
            no=of.no,
            title=of.title,
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
            is_replaced=of.state is CaseState.REPLACED,
            lead_post_id=lead_post_id,
            agreed_at=of.agreed_at,
        )
        for row, lead_id, of, project, lead_post_id, parts, received, received_on, _by in rows
        if row
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


class PlansInHand(NamedTuple):
    """What duties are told from: what is to be paid, and what was within the last two years.

    And how the cases (ids) of this year and the last are paid, as far as it was said.
    """

    instalments: Sequence[Instalment]
    planned: Mapping[int, DivideBy]


def in_hand(today: date) -> PlansInHand:
    """The agreed cases' instalments and plans, in one query, kept until something of them changes."""
    first = FiscalYear.containing(today).previous.year

    def read() -> PlansInHand:
        rows = _planned_rows(
            CostCase.state == CaseState.AGREED,
            or_(CostCase.fiscal_year >= first, InstalmentRow.id.is_not(None)),
            within=[InstalmentRow.due_on >= today - _TWO_YEARS],
        )
        return PlansInHand(_instalments(rows), {of.id: rest[-1] for _row, _lead, of, *rest in rows})

    return kept(("plans", today), ROOMS, read)


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
    the cases it replaced.  is_later: an estimate that is left to what comes after it.
    """

    yen: Mapping[Town, int]
    before: tuple[Stage, Mapping[Town, int]] | None
    paid: Mapping[Town, int]
    is_later: bool = False

    @property
    def seen(self) -> str:
        """What a form carries of the amounts that it divides, opaque."""
        return ",".join(f"{town.id}={yen}" for town, yen in self.yen.items() if yen)


def owed(of: Case, today: date) -> Owed:
    """What a case asks beyond what was agreed before it in its year, and paid for what it replaced.

    精算 settles what was agreed last; 確定 adds to 概算 only where 概算 is being paid by a plan.  Of an
    estimate left to what comes after it nothing is taken off.
    """
    agreed = costs.agreed_before(of, of.no.fiscal_year, today)
    return _owed(of, agreed, planned(agreed), _paid([of])[of.id])


def unplanned(today: date) -> list[tuple[Case, Owed]]:
    """The agreed cases of this year and the last that ask for money, and of which nobody has said how
    it is paid.  What a later 確定 asks in whole is asked there.
    """
    agreed = [one for one in costs.in_hand(today) if one.is_money and one.state is CaseState.AGREED]
    said = in_hand(today).planned if agreed else {}
    counted = {(one.project_id, one.no.fiscal_year) for one in agreed if one.stage is Stage.FIXED}
    waiting = [
        one
        for one in agreed
        if one.id not in said
        and (one.stage is not Stage.ESTIMATE or (one.project_id, one.no.fiscal_year) not in counted)
    ]
    paid = _paid(waiting)
    found = [(one, _owed(one, agreed, said, paid[one.id])) for one in waiting]
    return [(one, owes) for one, owes in found if any(owes.yen.values())]


def _owed(
    of: Case, agreed: Iterable[Case], said: Mapping[int, DivideBy], paid: Mapping[Town, int]
) -> Owed:
    before = _before(of, agreed, said)
    shares = before[1] if before else {}
    is_later = said.get(of.id) is DivideBy.LATER
    return Owed(owed_yen(of.shares, of.lead, shares, paid), before, paid, is_later)


def planned(cases: Iterable[Case]) -> Mapping[int, DivideBy]:
    """How these cases (ids) are paid, as far as it was said.  One query, kept until one is planned."""
    ids = tuple(one.id for one in cases)

    def read() -> Mapping[int, DivideBy]:
        how = select(PaymentPlan.case_id, PaymentPlan.divide_by).where(PaymentPlan.case_id.in_(ids))
        return {row.case_id: row.divide_by for row in db.session.execute(how)}

    return kept(("planned", ids), ("payments",), read) if ids else {}


def is_followed(of: Case, today: date) -> bool:
    """Whether it was said how a later stage of the same project's year is paid."""
    agreed, stages = costs.agreed_before(of, of.no.fiscal_year, today), list(Stage)
    later = (one for one in agreed if stages.index(one.stage) > stages.index(of.stage))
    return bool(planned(later))


def has_left_estimate(of: Case, today: date) -> bool:
    """Whether an estimate of the same project's year was left to what comes after it."""
    return DivideBy.LATER in planned(costs.agreed_before(of, of.no.fiscal_year, today)).values()


def _before(
    of: Case, agreed: Iterable[Case], said: Mapping[int, DivideBy]
) -> tuple[Stage, Mapping[Town, int]] | None:
    stages = list(Stage)
    earlier = [
        one
        for one in agreed
        if (one.project_id, one.no.fiscal_year) == (of.project_id, of.no.fiscal_year)
        and stages.index(one.stage) < stages.index(of.stage)
        and (of.stage is Stage.RECONCILIATION or one.id in said)
        and said.get(one.id) is not DivideBy.LATER
    ]
    last = max(earlier, key=lambda one: (stages.index(one.stage), one.no), default=None)
    return (last.stage, last.shares) if last else None


def ancestors(of: Case) -> list[int]:
    """The cases (ids) that this one replaced, one after the other."""
    return _chains([of])[of.id]


def _chains(of: Sequence[Case]) -> dict[int, list[int]]:
    """By case (id) those that it replaced, one after the other.  One query, none where none did."""
    years = {one.no.fiscal_year for one in of if one.replaces}
    found: dict[int, int | None] = {}
    for id_, replaces_id in (
        db.session.execute(
            select(CostCase.id, CostCase.replaces_id).where(CostCase.fiscal_year.in_(years))
        )
        if years
        else ()
    ):
        found[id_] = replaces_id
    chains: dict[int, list[int]] = {one.id: [] for one in of}
    for id_, chain in chains.items():
        at = found.get(id_)
        while at is not None and at not in chain:
            chain.append(at)
            at = found.get(at)
    return chains


def _paid(of: Sequence[Case]) -> dict[int, Counter[Town]]:
    """By case (id) what was paid for those that it replaced, in yen.  Two queries, or none."""
    chains, signed = (
        _chains(of),
        case(
            (InstalmentRow.is_refund, -InstalmentReceipt.received_yen),
            else_=InstalmentReceipt.received_yen,
        ),
    )
    every = {id_ for chain in chains.values() for id_ in chain}
    rows = (
        db.session.execute(
            select(InstalmentRow.case_id, InstalmentRow.municipality_id, signed)
            .join(InstalmentReceipt, InstalmentReceipt.instalment_id == InstalmentRow.id)
            .where(InstalmentRow.case_id.in_(every), not_struck(InstalmentReceipt))
        ).all()
        if every
        else []
    )
    towns = areas.by_id()
    found = {id_: Counter[Town]() for id_ in chains}
    for id_, paid in found.items():
        for case_id, town_id, yen in rows:
            if case_id in chains[id_]:
                paid[towns[town_id]] += yen
    return found


def closures(of: Iterable[Town], lead: Town, days: Collection[date]) -> dict[Town, frozenset[date]]:
    """The days around these on which either the municipality or the lead is closed beyond the law."""
    margin = timedelta(days=60)
    found = areas.closures(min(days) - margin, max(days) + margin) if days else {}
    none: frozenset[date] = frozenset()
    return {town: found.get(town.slug, none) | found.get(lead.slug, none) for town in of}
