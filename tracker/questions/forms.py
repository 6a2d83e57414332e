"""Asks for a question, one side's view, a text to settle it, and a partner's own word."""

from wtforms import SelectField, SelectMultipleField

from tracker.kernel.translation import N_
from tracker.plumbing.forms import (
    DayField,
    Form,
    LineField,
    LinesField,
    SeenField,
    at_most,
    optional,
    required,
)

UNKNOWN = N_("一覧の中から選んでください。")


class AskForm(Form):
    """疑義の内容, with what the own side thinks of it."""

    place = SelectField(N_("条項"), invalid_choice_message=UNKNOWN)
    title = LineField(
        N_("件名"), validators=[*required(N_("件名を入力してください。")), at_most(150)]
    )
    doubt = LinesField(
        N_("疑義の内容"),
        validators=[*required(N_("どの読み方に迷っているかを入力してください。")), at_most(1000)],
    )
    view = LinesField(N_("自分の市町村の考え"), validators=[optional(), at_most(1000)])
    project = SelectField(N_("関係する事業"), invalid_choice_message=UNKNOWN)
    case = SelectField(N_("関係する費用負担"), invalid_choice_message=UNKNOWN)


class DraftQuestionForm(AskForm):
    """The same over a draft."""

    seen = SeenField()


class PutForm(Form):
    """The day by which the other side answers."""

    seen = SeenField()
    answer_due_on = DayField(
        N_("回答の期限"), validators=required(N_("回答の期限を入力してください。"))
    )


class OwnViewForm(Form):
    """What the own side thinks."""

    seen = SeenField()
    text = LinesField(
        N_("考え"), validators=[*required(N_("考えを入力してください。")), at_most(1000)]
    )


class SettlementForm(Form):
    """定める内容, and the partners whose agreements shall be treated likewise."""

    seen = SeenField()
    text = LinesField(
        N_("定める内容"),
        validators=[*required(N_("定める内容を入力してください。")), at_most(1000)],
    )
    sisters = SelectMultipleField(
        N_("同じ扱いをお願いする町村"),
        validators=[optional()],
        invalid_choice_message=N_("町村を選び直してください。"),
    )
    reply_due_on = DayField(
        N_("確認の期限"), validators=required(N_("確認の期限を入力してください。"))
    )


class SisterForm(Form):
    """A partner's word on what the page showed."""

    seen = SeenField()
    comment = LinesField(N_("連絡事項"), validators=[optional(), at_most(400)])
