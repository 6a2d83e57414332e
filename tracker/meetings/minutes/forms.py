"""Asks for the minutes of an item, the day for words on them, a correction, an addition."""

from tracker.kernel.translation import N_
from tracker.plumbing.forms import (
    DayField,
    Form,
    LinesField,
    SeenButtonForm,
    SeenField,
    at_most,
    must_choose,
    optional,
    required,
)


class PartTextForm(Form):
    """What was said and decided of one item."""

    seen = SeenField()
    gist = LinesField(N_("発言要旨"), validators=[optional(), at_most(4000)])
    decided = LinesField(N_("決定事項"), validators=[optional(), at_most(2000)])


class CirculateForm(SeenButtonForm):
    """By when every municipality says whether the text is right."""

    reply_due_on = DayField(
        N_("確認の期限"), validators=required(N_("確認の期限を入力してください。"))
    )


class CorrectionForm(SeenButtonForm):
    """Which item, and what it should say."""

    item = must_choose(N_("議題"), N_("議題を選んでください。"), ())
    words = LinesField(
        N_("修正の箇所と修正案"),
        validators=[*required(N_("修正の箇所と修正案を入力してください。")), at_most(1000)],
    )


class ErratumForm(Form):
    """What is added to final minutes."""

    words = LinesField(
        N_("訂正"), validators=[*required(N_("訂正を入力してください。")), at_most(1000)]
    )
