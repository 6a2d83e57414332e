"""Asks for a case, its formula, its consultations and both sides' word."""

from typing import Any

from wtforms import BooleanField, Field, RadioField, SelectField
from wtforms.validators import ValidationError

from tracker.attachments.attaching import AttachForm
from tracker.cost_sharing.rules import CaseKind, Stage
from tracker.kernel.translation import N_, _
from tracker.plumbing.forms import (
    DayField,
    Form,
    LineField,
    LinesField,
    SeenField,
    YenField,
    at_most,
    choices,
    labelled,
    must_choose,
    optional,
    required,
)

NO_AMOUNT = N_("総事業費を入力してください。ないときは「0」を入れてください。")


def stage_field(field: type[Field] = SelectField) -> Any:
    """概算, 確定 or 精算."""
    return must_choose(N_("段階"), N_("段階を1つ選んでください。"), labelled(Stage), field)


class StartForm(Form):
    """対象と金額: what the case is about; yen only where yen are shared."""

    project = must_choose(N_("事業"), N_("事業を選んでください。"))
    year = must_choose(N_("年度"), N_("年度を選んでください。"))
    kind = must_choose(
        N_("区分"),
        N_("区分を1つ選んでください。"),
        labelled((CaseKind.MONEY, CaseKind.WORK)),
        RadioField,
    )
    stage = stage_field(RadioField)
    title = LineField(N_("件名"), validators=[optional(), at_most(150)])
    total_yen = YenField(N_("総事業費"))
    subsidy_yen = YenField(N_("国・県などの補助"))
    carried_yen = YenField(N_("翌年度へ繰り越す額"))
    is_settled = BooleanField(N_("総事業費を、事業の決算額としても記録する"))

    def validate_total_yen(self, field: YenField) -> None:
        """Money cannot be shared without an amount."""
        if self.kind.data == CaseKind.MONEY and field.data is None and not field.errors:
            raise ValidationError(_(NO_AMOUNT))


class SendForm(Form):
    """The day by which both sides answer."""

    seen = SeenField()
    reply_due_on = DayField(N_("回答期限"), validators=required(N_("回答期限を入力してください。")))


class AgainForm(Form):
    """What goes with a change of amounts already sent."""

    reason = LinesField(
        N_("変える理由"),
        validators=[*required(N_("変える理由を入力してください。")), at_most(400)],
    )
    reply_due_on = DayField(N_("回答期限"), validators=required(N_("回答期限を入力してください。")))


class ReplaceForm(Form):
    """Why an agreed case is to be replaced."""

    seen = SeenField()
    reason = LinesField(
        N_("差し替える理由"),
        validators=[*required(N_("差し替える理由を入力してください。")), at_most(400)],
    )


class DocumentForm(AttachForm):
    """Papers of a case: the document that both sides have sealed, with its day, or others."""

    kind = must_choose(
        N_("種類"),
        N_("種類を1つ選んでください。"),
        choices([("sealed", N_("押印済みの文書")), ("other", N_("その他の資料"))]),
        RadioField,
    )
    sealed_on = DayField(N_("文書の日付"), validators=[optional()])

    @property
    def is_sealed(self) -> bool:
        """Whether both sides have sealed what is attached."""
        return bool(self.kind.data == "sealed")
