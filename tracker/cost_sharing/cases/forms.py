"""Asks for a case, its formula, its consultations and both sides' word."""

from typing import Any

from wtforms import (
    BooleanField,
    Field,
    RadioField,
    SelectField,
)
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

    def validate_total_yen(self, field: YenField) -> None:
        """Money cannot be shared without an amount."""
        if self.kind.data == CaseKind.MONEY and field.data is None and not field.errors:
            raise ValidationError(_(NO_AMOUNT))


class NextForm(Form):
    """The next stage of an agreed case: all but the new yen is taken over."""

    seen = SeenField()
    stage = must_choose(N_("次の段階"), N_("段階を1つ選んでください。"))
    total_yen = YenField(N_("総事業費"), validators=required(NO_AMOUNT))
    subsidy_yen = YenField(N_("国・県などの補助"))
    is_settled = BooleanField(N_("この額を事業の決算額としても記録する"))


class ConsultationForm(Form):
    """協議の記録: when, where, who, and what was said."""

    consulted_on = DayField(
        N_("協議した日"), validators=required(N_("協議した日を入力してください。"))
    )
    place = LineField(
        N_("場所・方法"),
        validators=[*required(N_("場所か方法を入力してください（例 オンライン）。")), at_most(200)],
    )
    participants = LineField(
        N_("参加者"),
        validators=[*required(N_("参加した市町村や担当を入力してください。")), at_most(300)],
    )
    gist = LinesField(
        N_("内容"),
        validators=[*required(N_("話し合った内容を入力してください。")), at_most(1000)],
    )


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


class ReplyForm(Form):
    """One side's word on the revision of the amounts that it saw."""

    # Nothing of it is stored before it is sent.
    asides = ("opinion",)
    seen = SeenField()
    opinion = LinesField(
        N_("連絡事項・意見"),
        validators=[optional(), at_most(1000)],
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
