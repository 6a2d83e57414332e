"""Asks for a corrected address, and which letter or mention is meant."""

from wtforms import HiddenField

from tracker.kernel.translation import N_
from tracker.plumbing.forms import DayField, Form, LineField, at_most, required, whole_number

WHICH = N_("どのお知らせかを読み取れませんでした。画面を開き直してください。")


class CorrectForm(Form):
    """The right address for a letter that did not arrive."""

    email = LineField(
        N_("正しいメールアドレス"),
        validators=[*required(N_("メールアドレスを入力してください。")), at_most(254)],
    )


class PickForm(Form):
    """A button beside one line of これから送るもの: which one is meant."""

    kind = HiddenField(N_("種類"), validators=[at_most(40)])
    step = HiddenField(N_("送る日"), validators=[at_most(40)])
    duty = HiddenField(N_("内容"), validators=[at_most(160)])
    on = DayField(N_("日"), validators=required(WHICH))


class LetterForm(Form):
    """Which held letter is meant; all of them without one."""

    letter = HiddenField(N_("メール"), filters=[whole_number])
