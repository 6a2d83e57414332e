"""Asks for a series of base figures."""

from typing import Any

from wtforms import BooleanField, RadioField

from tracker.figures.rules import FigureKind
from tracker.kernel.translation import N_, _
from tracker.municipalities.rules import Town
from tracker.plumbing.forms import (
    CountField,
    DayField,
    Form,
    LineField,
    at_most,
    labelled,
    must_choose,
    optional,
    per_town,
    required,
    with_fields,
)


class FiguresForm(Form):
    """One series; a box per municipality is added by `figures_form`."""

    kind = must_choose(
        N_("種類"), N_("種類を1つ選んでください。"), labelled(FigureKind), RadioField
    )
    name = LineField(
        N_("名前"),
        validators=[*required(N_("名前を入力してください（例 令和2年国勢調査）。")), at_most(100)],
    )
    as_of_on = DayField(N_("基準日"), validators=required(N_("基準日を入力してください。")))
    source = LineField(
        N_("出典"),
        validators=[
            *required(N_("出典（どこの何という資料か）を入力してください。")),
            at_most(500),
        ],
    )
    is_confirmed = BooleanField(N_("確定値である"))


def figures_form(towns: tuple[Town, ...], **kwargs: Any) -> FiguresForm:
    """The form with a count for every municipality; field names are value_<slug>."""
    fields = per_town(
        "value",
        towns,
        lambda town: CountField(
            town.name, named=_("%(town)sの数値", town=town.name), validators=[optional()]
        ),
    )
    return with_fields(FiguresForm, fields)(**kwargs)
