"""Asks for a corrected address, and which letter or mention is meant."""

from wtforms import HiddenField, StringField

from tracker.plumbing.forms import DayField, Form, at_most, required, whole_number

WHICH = "どのお知らせかを読み取れませんでした。画面を開き直してください。"


class CorrectForm(Form):
    """The right address for a letter that did not arrive."""

    email = StringField(
        "正しいメールアドレス",
        validators=[*required("メールアドレスを入力してください。"), at_most(254)],
    )


class PickForm(Form):
    """A button beside one line of これから送るもの: which one is meant."""

    kind = HiddenField("種類", validators=[at_most(40)])
    step = HiddenField("送る日", validators=[at_most(40)])
    duty = HiddenField("内容", validators=[at_most(160)])
    on = DayField("日", validators=required(WHICH))


class LetterForm(Form):
    """Which held letter is meant; all of them without one."""

    letter = HiddenField("メール", filters=[whole_number])
