"""Pages of payments: the plan of a case and its record, one instalment, the year's list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from tracker.amounts.yen import yen
from tracker.cost_sharing import queries as costs
from tracker.cost_sharing.blueprint import get_case
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.rules import CaseState, Stage
from tracker.kernel.fiscal_year import FIRST, LAST, FiscalYear
from tracker.kernel.permissions import Permission, Reach, reach
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.papers.kinds import PaperLinks, links, paper_file, register
from tracker.payments import actions, forms, papers, queries
from tracker.payments.blueprint import bp
from tracker.payments.instalment import Instalment
from tracker.payments.models import PaymentPlan
from tracker.payments.queries import Owed
from tracker.payments.rules import (
    MOST_INSTALMENTS,
    DivideBy,
    PaymentState,
    PlannedPart,
    RemainderTo,
    Terms,
    check_counted,
    year_words,
)
from tracker.plumbing import beside, clock
from tracker.plumbing.access import actor, guard, may, require
from tracker.plumbing.beside import Beside
from tracker.plumbing.db import UNSEEN
from tracker.plumbing.forms import choices, in_year
from tracker.plumbing.pages import done, number_asked, page, paginate
from tracker.plumbing.sections import stand
from tracker.struck.views import strike_page

# In the year's list what asks for somebody stands first.
_ORDER = (
    PaymentState.LATE,
    PaymentState.STATED,
    PaymentState.NOTICED,
    PaymentState.PLANNED,
    PaymentState.RECEIVED,
    PaymentState.REPLACED,
)

bp.record(lambda state: register(state.app, papers.PAPERS))
bp.record(lambda state: beside.register(state.app, "estimate_before", _left_estimate))


def _left_estimate(case: Case) -> Beside | None:
    """Why a later stage has no difference to be paid, for the page of its case and 精算書."""
    if not queries.has_left_estimate(case, clock.today()):
        return None
    stage = case.stage.label
    return Beside(
        _("概算では納めないため、差額はありません。%(stage)sの全額を納めます。", stage=stage)
    )


def _money_case(no: str) -> Case:
    """An agreed case about money, or one that was; else the 404 page."""
    case = get_case(no)
    if not case.is_money or case.state not in (CaseState.AGREED, CaseState.REPLACED):
        abort(404)
    stand((case.label, case.no.path), (_("納入"), url_for(".show", no=no)))
    return case


def _visible(rows: Sequence[Instalment]) -> list[Instalment]:
    """Those of the reader's own municipality, on either side; the office reads all."""
    return [one for one in rows if may(Permission.READ_PAYMENTS, one.lead.slug, one.town.slug)]


@bp.get("/costs/<no>/payments")
@guard(Permission.READ_AREA)
def show(no: str) -> Response:
    """納入: how a case is paid, and how far it is."""
    case = _money_case(no)
    found, rows = queries.plan(case), _visible(queries.of_case(case))
    owed = queries.owed(case, clock.today())
    payers = [town.slug for town, amount in owed.yen.items() if amount]
    return page(
        "payments/show.html",
        case=case,
        plan=found,
        is_party=may(Permission.READ_PAYMENTS, case.lead.slug, *payers),
        year=case.no.year,
        groups=[(words, list(of)) for words, of in groupby(rows, lambda one: one.part_words)],
        rows=rows,
        owed=owed,
        to_pay=any(owed.yen.values()),
        pays=any(amount > 0 for amount in owed.yen.values()),
        is_lead=may(Permission.KEEP_PAYMENTS, case.lead.slug),
        is_marked=any(one.is_marked for one in rows),
        to_print=_to_print(case, owed, rows),
    )


def _to_print(case: Case, owed: Owed, rows: Sequence[Instalment]) -> list[PaperLinks]:
    """The papers that the reader may have: all for the lead and the office, else one's own."""
    slug = None if may(Permission.READ_PAYMENTS, case.lead.slug) else actor().municipality
    of = papers.narrowed(case, owed, rows, slug=slug)
    offered = [row for row in papers.CASE_PAPERS if of.is_payable and row.is_offered(of)]
    return links(offered, ".paper", no=case.no, town=slug)


@bp.get("/costs/<no>/payments/papers/<kind>.<form>")
@guard(Permission.READ_PAYMENTS)
def paper(no: str, kind: str, form: str) -> Response:
    """A paper of a case's payment, of all or of one municipality (?town=), for its two sides."""
    case, town = _money_case(no), areas.find_town(slug := request.args.get("town", ""))
    require(Permission.READ_PAYMENTS, case.lead.slug, *([town.slug] if town else []))
    number = number_asked("number", 0) if "number" in request.args else None
    of = papers.subject(case, number, slug or None)
    rows = [row for row in papers.CASE_PAPERS if of.is_there and row.is_offered(of)]
    return paper_file(rows, kind, of, form, case.no.label + (town.name if town else ""))


@dataclass(frozen=True)
class _PlanAsked:
    """The plan's form with what it asks for."""

    form: Any
    by: DivideBy
    count: int
    payers: list[Town]
    rows: Sequence[Instalment]

    @property
    def terms(self) -> Terms:
        """What was typed."""
        return forms.terms_of(self.form, self.by, self.count, self.payers)


@bp.route("/costs/<no>/payments/plan", methods=["GET", "POST"])
@guard(Permission.KEEP_PAYMENTS)
def plan(no: str) -> Response:
    """納入の計画: amounts and due days of each instalment."""
    case = _money_case(no)
    require(Permission.KEEP_PAYMENTS, case.lead.slug)
    owed = queries.owed(case, clock.today())
    asked = _asked(case, owed)
    parts = _preview(asked, case) if "preview" in request.form else None
    if "preview" not in request.form and asked.form.carry_out(
        lambda act: actions.plan(act, costs.row(case), asked.terms, asked.form.seen.data)
    ):
        return done(url_for(".show", no=no), _("納入の計画を保存しました。"))
    return page(
        "payments/plan.html",
        form=asked.form,
        refusal=_refusal(asked.form, lambda: actions.check_planned(case, asked.rows)),
        asked=asked,
        case=case,
        owed=owed,
        parts=parts,
        year=case.no.year,
        year_words=year_words,
        amounts=[(_who(town, one), yen(abs(one))) for town, one in owed.yen.items() if one],
        counts=[(n, _("%(n)s回", n=n)) for n in range(1, MOST_INSTALMENTS + 1)],
        ways=_ways(asked, case.stage),
    )


def _who(town: Town, amount: int) -> str:
    """Whose amount it is, and whether it goes back."""
    return town.name if amount > 0 else _("%(town)s（還付）", town=town.name)


def _ways(asked: _PlanAsked, stage: Stage) -> list[tuple[str, str]]:
    """How it may be divided; where all goes back, nothing is."""
    if asked.payers:
        offered = (one for one in DivideBy if _fits(one, stage))
        return [(one.value, one.label) for one in offered]
    return [
        (DivideBy.EQUAL.value, _("還付の期日を決める")),
        (DivideBy.NONE.value, _("計画を作らない（別の方法で返す）")),
    ]


def _fits(by: DivideBy, stage: Stage) -> bool:
    return by is not DivideBy.LATER or stage is Stage.ESTIMATE


def _refusal(form: Any, check: Callable[[], object]) -> str | None:
    """Why a form cannot be carried out, said before anybody types; what was typed stays."""
    if form.is_submitted():
        return None
    try:
        check()
    except Refusal as refusal:
        return refusal.message
    return None


def _asked(case: Case, owed: Owed) -> _PlanAsked:
    """The form over what is stored, in the shape that the address asks for."""
    found, rows = queries.plan(case), queries.of_case(case)
    numbers = [one.number for one in rows if not one.is_refund]
    count = number_asked("n", max(numbers, default=1))
    by = next(
        (one for one in DivideBy if one.value == request.args.get("by") and _fits(one, case.stage)),
        found.divide_by if found else DivideBy.EQUAL,
    )
    if not 1 <= count <= MOST_INSTALMENTS:
        abort(404)
    payers = [town for town, amount in owed.yen.items() if amount > 0]
    if not payers:
        # What is given back is given back at once, whatever was asked for.
        by, count = DivideBy.NONE if by is DivideBy.NONE else DivideBy.EQUAL, 0
    year = case.no.year
    form = forms.plan_form(
        by,
        count,
        payers,
        max(year, FiscalYear.containing(clock.today())),
        refunds=any(amount < 0 for amount in owed.yen.values()),
        data=_stored(found, rows) | {"seen": f"{found.seen if found else UNSEEN}:{owed.seen}"},
    )
    return _PlanAsked(form, by, count, payers, rows)


def _stored(found: PaymentPlan | None, rows: Sequence[Instalment]) -> dict[str, Any]:
    data: dict[str, Any] = {
        "reason": found.reason if found else "",
        "shift": found.shift.value if found else None,
        "unit": found.unit_yen if found else 1,
        "remainder": (found.remainder if found else RemainderTo.LAST).value,
    }
    for n, percent in enumerate((found.percents if found else None) or (), 1):
        data[f"part{n}_percent"] = Decimal(percent)
    for one in rows:
        if one.is_refund:
            data["refund_on"] = one.wanted_on
        else:
            data[f"part{one.number}_due_on"] = one.wanted_on
            data[f"part{one.number}_yen_{one.town.slug}"] = one.yen
    return data


def _preview(asked: _PlanAsked, case: Case) -> Sequence[PlannedPart] | None:
    if not asked.form.validate_on_submit():
        return None
    try:
        return actions.worked_out(case, asked.terms, clock.today())
    except Refusal as refusal:
        asked.form.refuse(refusal)
        return None


@bp.route("/costs/<no>/payments/<int:number>/notice", methods=["GET", "POST"])
@guard(Permission.KEEP_PAYMENTS)
def notify(no: str, number: int) -> Response:
    """通知・請求: when each was told of an instalment, and under which numbers."""
    case = _money_case(no)
    require(Permission.KEEP_PAYMENTS, case.lead.slug)
    rows = [one for one in queries.of_case(case) if one.number == number and not one.is_refund]
    found = queries.plan(case)
    if not rows or found is None:
        abort(404)
    form = _notify_form(found, rows)
    if form.carry_out(
        lambda act: actions.notify(
            act,
            found,
            number,
            [one.town for one in rows if one.town.slug in form.towns.data],
            form.noticed_on.data,
            form.notice_no.data or "",
            form.billed_on.data,
            form.bill_no.data or "",
            form.seen.data,
        )
    ):
        return done(url_for(".show", no=no), _("通知と請求を記録しました。"))
    offered = [row for row in papers.of_instalment(rows[0]) if case.state is CaseState.AGREED]
    return page(
        "payments/notify.html",
        form=form,
        case=case,
        rows=rows,
        refusal=_refusal(form, lambda: actions.check_open(costs.row(case))),
        to_print=links(offered, ".paper", no=no, number=number),
    )


def _notify_form(found: PaymentPlan, rows: Sequence[Instalment]) -> forms.NotifyForm:
    """Over what is stored, where that is the same for all who are chosen at first."""
    told = [one for one in rows if one.noticed_on or one.billed_on]
    marks = {(one.noticed_on, one.notice_no, one.billed_on, one.bill_no) for one in told}
    noticed_on, notice_no, billed_on, bill_no = (
        marks.pop() if len(marks) == 1 else (None, "", None, "")
    )
    is_same = len(told) in (0, len(rows))
    form = in_year(forms.NotifyForm, FiscalYear.containing(clock.today()))(
        data={
            "seen": found.seen,
            "towns": [one.town.slug for one in rows if is_same or one not in told],
            "noticed_on": noticed_on,
            "notice_no": notice_no,
            "billed_on": billed_on,
            "bill_no": bill_no,
        }
    )
    form.towns.choices = choices((one.town.slug, one.town.name) for one in rows)
    return form


def _instalment(no: str, number: int, slug: str) -> Instalment:
    """One instalment, for both its sides and the office; else the 403 or the 404 page."""
    case = _money_case(no)
    rows = (one for one in queries.of_case(case) if (one.number, one.town.slug) == (number, slug))
    one = next(rows, None) or abort(404)
    require(Permission.READ_PAYMENTS, one.lead.slug, one.town.slug)
    return one


def _receive_form(one: Instalment) -> forms.ReceiveForm:
    year = FiscalYear.containing(clock.today())
    data = {"seen": one.seen, "received_on": one.stated_on, "received_yen": one.left_yen}
    return in_year(forms.ReceiveForm, year)(data=data)


def _state_form(one: Instalment) -> forms.StateForm:
    year = FiscalYear.containing(clock.today())
    return in_year(forms.StateForm, year)(data={"seen": one.seen, "stated_on": one.stated_on})


@bp.get("/costs/<no>/payments/<int:number>/<slug>")
@guard(Permission.READ_PAYMENTS)
def record(no: str, number: int, slug: str) -> Response:
    """One instalment with what was told, paid and received of it."""
    return _record_page(_instalment(no, number, slug))


@bp.post("/costs/<no>/payments/<int:number>/<slug>/receive")
@guard(Permission.KEEP_PAYMENTS)
def receive(no: str, number: int, slug: str) -> Response:
    """The payee records what it received."""
    one = _instalment(no, number, slug)
    require(Permission.KEEP_PAYMENTS, one.payee.slug)
    form = _receive_form(one)
    if form.carry_out(
        lambda act: actions.receive(
            act, one, form.received_on.data, form.received_yen.data, form.seen.data
        )
    ):
        return done(one.path, _("受け取った記録を加えました。"))
    return _record_page(one, receive_form=form)


@bp.post("/costs/<no>/payments/<int:number>/<slug>/paid")
@guard(Permission.KEEP_PAYMENTS)
def state_paid(no: str, number: int, slug: str) -> Response:
    """The payer says that it has paid."""
    one = _instalment(no, number, slug)
    require(Permission.KEEP_PAYMENTS, one.payer.slug)
    form = _state_form(one)
    if form.carry_out(
        lambda act: actions.state_paid(act, one, form.stated_on.data, form.seen.data)
    ):
        return done(one.path, _("保存しました。"))
    return _record_page(one, state_form=form)


def _record_page(
    one: Instalment,
    receive_form: forms.ReceiveForm | None = None,
    state_form: forms.StateForm | None = None,
) -> Response:
    may_keep = may(Permission.KEEP_PAYMENTS, one.payee.slug)
    is_counted = one.is_replaced and queries.is_superseded(queries.row(one).case_id)
    may_receive = may_keep and one.left_yen > 0 and not is_counted
    may_state = one.is_open and may(Permission.KEEP_PAYMENTS, one.payer.slug)
    return page(
        "payments/record.html",
        form=receive_form or state_form,
        one=one,
        state=one.state(clock.today()),
        receipts=queries.receipts(one),
        may_strike=may_keep and not is_counted,
        receive_form=receive_form or (_receive_form(one) if may_receive else None),
        state_form=state_form or (_state_form(one) if may_state else None),
        to_print=links(
            papers.of_instalment(one), ".paper", no=one.no, number=one.number, town=one.town.slug
        ),
    )


@bp.route(
    "/costs/<no>/payments/<int:number>/<slug>/receipts/<int:receipt_id>/strike",
    methods=["GET", "POST"],
)
@guard(Permission.KEEP_PAYMENTS)
def strike_receipt(no: str, number: int, slug: str, receipt_id: int) -> Response:
    """Takes out a receipt that was recorded by mistake, or puts it back."""
    one = _instalment(no, number, slug)
    require(Permission.KEEP_PAYMENTS, one.payee.slug)
    found = next((row for row in queries.receipts(one) if row.id == receipt_id), None) or abort(404)
    case_id = queries.row(one).case_id
    return strike_page(
        found,
        one.seen,
        lambda act, reason, seen: actions.strike_receipt(act, one, found, reason, seen),
        lambda act, seen: actions.put_receipt_back(act, one, found, seen),
        named=_("%(town)sからの納入 %(yen)s", town=one.payer.name, yen=yen(found.received_yen)),
        back=one.path,
        check=lambda: check_counted(queries.is_superseded(case_id)),
    )


@bp.get("/costs/payments")
@guard(Permission.READ_PAYMENTS)
def index() -> Response:
    """納入の予定と状況: a year's instalments, what is late first; of one's own, or (office) of all."""
    today = clock.today()
    year = _year(number_asked("fy", FiscalYear.containing(today).year))
    rows = sorted(
        _of_year(year),
        key=lambda one: (_ORDER.index(one.state(today)), one.due_on, one.no, one.number),
    )
    return page(
        "payments/index.html",
        year=year,
        year_choices=[(one.year, one.long_label) for one in costs.years(today)],
        unplanned=[
            case
            for case, _owed in queries.unplanned(today)
            if case.no.fiscal_year == year.year and may(Permission.KEEP_PAYMENTS, case.lead.slug)
        ],
        listed=paginate(lambda limit, offset: (rows[offset : offset + limit], len(rows))),
        rows=rows,
        left=sum(one.left_yen for one in rows if one.is_open),
        late=[one for one in rows if one.state(today) is PaymentState.LATE],
        files=[
            (form, url_for(".list_file", form=form, fy=year.year))
            for form in ("xlsx", "csv", "pdf")
        ],
    )


@bp.get("/costs/payments/list.<form>")
@guard(Permission.READ_PAYMENTS)
def list_file(form: str) -> Response:
    """The year's list as a file, as far as its reader sees it."""
    year = _year(number_asked("fy", FiscalYear.containing(clock.today()).year))
    of = papers.YearPayments(year, _of_year(year))
    return paper_file([papers.LIST], papers.LIST.kind, of, form, year.label)


def _reads_all() -> bool:
    return reach(actor().role, Permission.READ_PAYMENTS) is Reach.ANY


def _of_year(year: FiscalYear) -> list[Instalment]:
    own = None if _reads_all() else areas.by_id()[actor().municipality_id]
    return queries.of_year(year, own)


def _year(number: int) -> FiscalYear:
    return FiscalYear(number) if FIRST <= number <= LAST else abort(404)


__all__ = ["bp"]
