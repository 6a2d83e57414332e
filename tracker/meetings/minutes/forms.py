"""Asks for the minutes of an item, the day for words on them, a correction, an addition."""

from collections.abc import Iterable, Sequence

from tracker.kernel.translation import N_, _
from tracker.meetings.minutes.rules import PartText
from tracker.plumbing.forms import (
    DayField,
    Form,
    LinesField,
    SeenButtonForm,
    SeenField,
    at_most,
    choices,
    choose,
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
    """Which sentence of which item, and what it should say."""

    sentence = must_choose(N_("直してほしい所"), N_("直してほしい所を選んでください。"), ())
    words = LinesField(
        N_("修正案"), validators=[*required(N_("修正案を入力してください。")), at_most(1000)]
    )

    @property
    def place(self) -> tuple[int, int | None]:
        """The item (id), and which of its sentences; None where one is missing."""
        item, _dash, number = self.sentence.data.partition("-")
        return int(item), int(number) if number else None


def correction_form(parts: Sequence[PartText], seen: str) -> CorrectionForm:
    """The form with every sentence of these items."""
    form = CorrectionForm(data={"seen": seen})
    found = {}
    for part in parts:
        for number, sentence in enumerate(part.sentences):
            found[f"{part.item_id}-{number}"] = sentence
        found[str(part.item_id)] = _("「%(title)s」に書き足してほしい", title=part.title)
    form.sentence.choices = choices(found.items())
    return form


# A correction of no single item.
WHOLE = "0"


class ErratumForm(Form):
    """What is added to final minutes, and of which item: who may read that reads it."""

    item_id = must_choose(N_("どの議題の訂正か"), N_("どの議題の訂正かを選んでください。"))
    words = LinesField(
        N_("訂正"), validators=[*required(N_("訂正を入力してください。")), at_most(1000)]
    )

    @property
    def item(self) -> int | None:
        """Of which item (id), or None."""
        return int(self.item_id.data) or None


def erratum_form(parts: Iterable[PartText]) -> ErratumForm:
    """The form with every item; one that only some may read says so."""
    form = ErratumForm()
    some = _("（関係する市町村だけが読めます）")
    titles = [(one.item_id, one.title + (some if one.only is not None else "")) for one in parts]
    whole = WHOLE, _("会議の全体（すべての方が読めます）")
    form.item_id.choices = choices([choose(), *titles, whole])
    return form
