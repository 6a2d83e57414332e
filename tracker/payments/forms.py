"""Asks for a plan of instalments, for the days of notice and bill, for what was paid and received."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from wtforms import RadioField, SelectField, SelectMultipleField

from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.translation import N_, _
from tracker.kernel.typed import plain
from tracker.municipalities.rules import Town
from tracker.payments.rules import UNITS, DivideBy, RemainderTo, ShiftTo, Terms
from tracker.plumbing.forms import (
    DayField,
    Form,
    LineField,
    LinesField,
    PercentField,
    SeenField,
    YenField,
    at_most,
    choices,
    labelled,
    must_choose,
    optional,
    required,
    with_fields,
)

NO_DAY = N_("納期限を入力してください。")
_MONTH_END = re.compile(r"(1[0-2]|[1-9])月末日?")


class DueDayField(DayField):
    """A due day, also as rules write it: 5月末."""

    def read(self, text: str) -> date:
        """The last day of the month within the fiscal year; else as any day."""
        found = _MONTH_END.fullmatch(plain(text))
        if found is None or self.within is None:
            return super().read(text)
        first = next(one for one in self.within.months if one.month == int(found[1]))
        return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _shift(label: str) -> Any:
    return must_choose(
        label, N_("閉庁日のときの期日を選んでください。"), labelled(ShiftTo), RadioField
    )


class PlanForm(Form):
    """What is the same for all; the boxes of each instalment are added by `plan_form`."""

    seen = SeenField()
    shift = _shift(N_("納期限が閉庁日のとき"))
    unit = SelectField(
        N_("分ける単位"),
        choices=choices(
            zip(UNITS, (N_("1円単位"), N_("100円単位"), N_("1,000円単位")), strict=True),
        ),
        coerce=int,
    )
    remainder = SelectField(N_("端数"), choices=labelled(RemainderTo))


def plan_form(
    by: DivideBy,
    count: int,
    payers: Sequence[Town],
    within: FiscalYear,
    *,
    refunds: bool,
    **kwargs: Any,
) -> PlanForm:
    """Boxes part<n>_due_on, and as `by` says part<n>_percent or part<n>_yen_<slug>.

    `within` lends its year to days typed without one; `refunds`: somebody gets something back.
    Where nobody pays (`payers` is empty, `count` 0) it asks for the day of that alone.
    """
    fields: dict[str, Any] = {}
    if not payers:
        fields["shift"] = _shift(N_("還付の期日が閉庁日のとき"))
    if not by.is_plan:
        fields = {"shift": None, "unit": None, "remainder": None}
        count, refunds = 0, False
    if by is DivideBy.NONE:
        label, sentence = (
            (N_("納める方法と理由"), N_("納める方法と理由を入力してください。"))
            if payers
            else (N_("返す方法と理由"), N_("返す方法と理由を入力してください。"))
        )
        fields["reason"] = LinesField(label, validators=[*required(sentence), at_most(400)])
    for n in range(1, count + 1):
        label = _("%(n)s回目の納期限", n=n) if count > 1 else _("納期限")
        fields[f"part{n}_due_on"] = DueDayField(label, validators=required(NO_DAY), within=within)
        if by is DivideBy.PERCENT:
            fields[f"part{n}_percent"] = PercentField(
                _("%(n)s回目の割合", n=n), validators=required(N_("割合を入力してください。"))
            )
        if by is DivideBy.TYPED:
            for town in payers:
                label = _("%(town)sの%(n)s回目", town=town.name, n=n)
                fields[f"part{n}_yen_{town.slug}"] = YenField(label, validators=[optional()])
    if refunds:
        label = N_("還付の期日")
        sentence = N_("還付の期日を入力してください。")
        fields["refund_on"] = DueDayField(label, validators=required(sentence), within=within)
    return with_fields(PlanForm, fields)(**kwargs)


def terms_of(form: Any, by: DivideBy, count: int, payers: Sequence[Town]) -> Terms:
    """What was typed, as `rules.instalments` takes it."""
    if not by.is_plan:
        reason = form.reason.data if by is DivideBy.NONE else ""
        return Terms(by, ShiftTo.BEFORE, (), reason=reason)
    parts = range(1, count + 1)
    return Terms(
        by=by,
        shift=ShiftTo(form.shift.data),
        days=[form[f"part{n}_due_on"].data for n in parts],
        unit=form.unit.data,
        remainder=RemainderTo(form.remainder.data),
        percents=[form[f"part{n}_percent"].data for n in parts] if by is DivideBy.PERCENT else (),
        typed={town: [form[f"part{n}_yen_{town.slug}"].data for n in parts] for town in payers}
        if by is DivideBy.TYPED
        else {},
        refund_on=form.refund_on.data if "refund_on" in form else None,
    )


class NotifyForm(Form):
    """When an instalment was notified and billed, for those chosen."""

    seen = SeenField()
    towns = SelectMultipleField(N_("市町村"))
    noticed_on = DayField(N_("納入通知の日"), validators=[optional()])
    notice_no = LineField(N_("納入通知の文書番号"), validators=[optional(), at_most(60)])
    billed_on = DayField(N_("請求の日"), validators=[optional()])
    bill_no = LineField(N_("請求の文書番号"), validators=[optional(), at_most(60)])


class StateForm(Form):
    """The payer's word that it has paid."""

    seen = SeenField()
    stated_on = DayField(N_("納入した日"), validators=[optional()])


class ReceiveForm(Form):
    """What the payee has received."""

    seen = SeenField()
    received_on = DayField(
        N_("受け取った日"), validators=required(N_("受け取った日を入力してください。"))
    )
    received_yen = YenField(N_("受け取った額"), validators=required(N_("額を入力してください。")))
