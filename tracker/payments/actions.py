"""Plans how an agreed case is paid, and records notices, bills, statements and receipts.

Each side records for itself alone: the payee what it sends and receives, the payer that it has paid.
"""

from collections.abc import Collection, Iterable
from datetime import date

from tracker.amounts.yen import yen
from tracker.cost_sharing import queries as costs
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import CaseState
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities.rules import Town
from tracker.payments import queries, rules
from tracker.payments.instalment import Instalment
from tracker.payments.models import InstalmentReceipt, InstalmentRow, PaymentPlan
from tracker.payments.rules import PlannedPart, Terms
from tracker.plumbing.changes import Act, Conflict, Stale
from tracker.plumbing.db import db, set_rows


def check_agreed(case: Case) -> None:
    """A plan is of an agreed case about money.  Raises Refusal."""
    if case.state is not CaseState.AGREED or not case.is_money:
        raise Refusal(_("納入の計画は、合意済みの費用の案件で作ります。"))


def check_planned(case: Case, rows: Iterable[Instalment]) -> None:
    """Whether a plan of it may be made, or (`rows`) made anew, at all.  Raises Refusal."""
    check_agreed(case)
    rules.check_unmarked(any(one.is_marked for one in rows))


def worked_out(case: Case, terms: Terms, today: date) -> list[PlannedPart]:
    """What the plan would be; nothing is changed.

    Raises Refusal as `check_agreed` and `rules.instalments` do.
    """
    check_agreed(case)
    owed = queries.owed(case, today).yen
    days = [*terms.days, *([terms.refund_on] if terms.refund_on else [])]
    closed = queries.closures(owed, case.lead, days)
    return rules.instalments(owed, terms, case.no.year, closed)


def plan(act: Act, row: CostCase, terms: Terms, seen: str | None = None) -> PaymentPlan:
    """Divides what an agreed case asks into instalments, or divides it anew before anybody was told;
    or says in words how it is paid without any.

    `seen`: the plan and the amounts that the page showed (`queries.seen_of`).  Raises Refusal as
    `worked_out` does and for a plan with marks; Conflict, also where other amounts would be divided.
    """
    found = db.session.get(PaymentPlan, row.id)
    case = costs.of(row, act.today)
    old = [one for id_ in queries.ancestors(case) if (one := queries.plan(id_))]
    own, _colon, amounts = (seen or "").partition(":")
    act.lock((row, None), (found, None if seen is None else own), *((one, None) for one in old))
    case = costs.of(row, act.today)
    owed = queries.owed(case, act.today)
    if seen is not None and (amounts != owed.seen or case.state is CaseState.REPLACED):
        raise Conflict([Stale(_("分ける額"), None, None)])
    parts = worked_out(case, terms, act.today)
    check_planned(case, queries.of_case(case))
    rules.check_later(
        found.divide_by if found else None,
        terms.by,
        case.stage,
        is_followed=queries.is_followed(case, act.today),
    )
    did = "計画" if terms.by.is_plan else "計画を作らないこと"
    with act.change("payment.planned", found, f"{row.named}の納入の{did}を決めました。") as entry:
        if found is None:
            found = entry.subject = PaymentPlan(case_id=row.id, lead_id=case.lead.id)
            db.session.add(found)
        entry.only_changes = True
        found.lead_id, found.shift = case.lead.id, terms.shift
        found.divide_by, found.unit_yen, found.remainder = terms.by, terms.unit, terms.remainder
        found.percents = [f"{one:f}" for one in terms.percents] or None
        found.reason = terms.reason
        db.session.flush()
        set_rows(
            InstalmentRow,
            {"case_id": row.id},
            ("municipality_id", "number"),
            [
                {
                    "municipality_id": one.town.id,
                    "number": one.number,
                    "is_refund": one.is_refund,
                    "yen": one.yen,
                    "wanted_on": one.wanted_on,
                    "due_on": one.due_on,
                }
                for one in parts
            ],
        )
    return found


def notify(
    act: Act,
    found: PaymentPlan,
    number: int,
    towns: Collection[Town],
    noticed_on: date | None,
    notice_no: str,
    billed_on: date | None,
    bill_no: str,
    seen: str | None = None,
) -> None:
    """Records on which days, and under which numbers, an instalment was notified and billed.

    An empty day takes the record back.  Raises Refusal for a day to come and of a case that was
    replaced, Conflict.
    """
    of_number = {one.municipality_id: one for one in queries.rows(found) if one.number == number}
    marked = [of_number[town.id] for town in towns if town.id in of_number]
    act.lock((found, seen), *((one, None) for one in marked))
    row = db.session.get_one(CostCase, found.case_id)
    year = FiscalYear(row.fiscal_year)
    for day, name, field in (
        (noticed_on, _("通知日"), "noticed_on"),
        (billed_on, _("請求日"), "billed_on"),
    ):
        if day:
            rules.check_happened(day, act.today, year, name, field)
    check_open(row)
    if not marked:
        raise Refusal(_("市町村を選んでください。"), field="towns")
    if not (noticed_on or billed_on or any(one.noticed_on or one.billed_on for one in marked)):
        raise Refusal(_("納入通知の日か請求の日を入力してください。"), field="noticed_on")
    names = "、".join(town.name for town in towns)
    said = f"{row.named}の第{number}回の通知・請求を記録しました（{names}）。"
    with act.change("payment.notified", found, said):
        for one in marked:
            one.noticed_on, one.notice_no = noticed_on, notice_no if noticed_on else ""
            one.billed_on, one.bill_no = billed_on, bill_no if billed_on else ""


def state_paid(act: Act, one: Instalment, stated_on: date | None, seen: str | None = None) -> None:
    """The payer says on which day it paid, or (None) takes it back; the payee's record counts.

    Raises Refusal for a day to come and for what was received already, Conflict.
    """
    row = queries.row(one)
    act.lock((row, seen))
    check_open(db.session.get_one(CostCase, row.case_id))
    if not one.left_yen:
        raise Refusal(_("受け取った記録があります。"))
    if not stated_on and not row.stated_on:
        raise Refusal(_("納入した日を入力してください。"), field="stated_on")
    if stated_on:
        rules.check_happened(stated_on, act.today, one.year, _("納入した日"), "stated_on")
    did = "納入した日を知らせました" if stated_on else "納入の連絡を取り消しました"
    said = f"{one.payer.name}が{one.title}（{one.part_words}）の{did}。"
    with act.change("payment.stated", row, said):
        row.stated_on, row.stated_by = stated_on, act.person.name if stated_on else ""


def receive(
    act: Act, one: Instalment, received_on: date, received_yen: int, seen: str | None = None
) -> None:
    """The payee records what it received, in one sum or in several.

    Raises Refusal for a day to come, more than is open, and where a later plan counts already.
    """
    row, found = queries.row(one), db.session.get_one(PaymentPlan, queries.row(one).case_id)
    act.lock((found, None), (row, seen))
    rules.check_counted(queries.is_superseded(row.case_id))
    rules.check_happened(received_on, act.today, one.year, _("受け取った日"), "received_on")
    rules.check_received(received_yen, _left(row))
    said = (
        f"{one.payee.name}が{one.payer.name}からの納入を記録しました"
        f"（{one.title}、{one.part_words}、{yen(received_yen)}）。"
    )
    with act.change("payment.received", row, said):
        db.session.add(
            InstalmentReceipt(
                instalment_id=row.id,
                received_on=received_on,
                received_yen=received_yen,
                recorded_by=act.person.name,
                recorded_by_id=act.person.person_id,
                recorded_at=act.at,
            )
        )


def strike_receipt(
    act: Act, one: Instalment, receipt: InstalmentReceipt, reason: str, seen: str | None = None
) -> None:
    """Takes out what was recorded by mistake.  Raises Refusal where a later plan counts it."""
    row, found = queries.row(one), db.session.get_one(PaymentPlan, queries.row(one).case_id)
    act.lock((found, None), (row, seen), (receipt, None))
    rules.check_counted(queries.is_superseded(row.case_id))
    said = f"{one.title}（{one.part_words}）の納入の記録を取り消しました。理由：{reason}"
    with act.change("payment.struck", row, said):
        receipt.strike(act.person.name, act.at, reason)


def put_receipt_back(
    act: Act, one: Instalment, receipt: InstalmentReceipt, seen: str | None = None
) -> None:
    """Counts it again, unless it would be more than is open."""
    row, found = queries.row(one), db.session.get_one(PaymentPlan, queries.row(one).case_id)
    act.lock((found, None), (row, seen), (receipt, None))
    rules.check_counted(queries.is_superseded(row.case_id))
    rules.check_received(receipt.received_yen, _left(row))
    said = f"{one.title}（{one.part_words}）の納入の記録を元に戻しました。"
    with act.change("payment.restored", row, said):
        receipt.put_back()


def _left(row: InstalmentRow) -> int:
    """What is open within this transaction."""
    return queries.instalments(InstalmentRow.id == row.id)[0].left_yen


def check_open(row: CostCase) -> None:
    """Nothing more is noticed or stated of a case that was replaced.  Raises Refusal."""
    if row.state is not CaseState.AGREED:
        raise Refusal(_("差し替えられた案件です。新しい案件で記録してください。"))
