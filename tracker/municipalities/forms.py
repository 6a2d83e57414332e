"""Asks for base figures and calendar entries."""

from typing import Any

from wtforms import BooleanField, RadioField, StringField

from tracker.municipalities.models import EntryKind
from tracker.municipalities.rules import FigureKind, Town
from tracker.plumbing.forms import (
    CountField,
    DayField,
    Form,
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

    kind = must_choose("種類", "種類を1つ選んでください。", labelled(FigureKind), RadioField)
    name = StringField(
        "名前",
        validators=[*required("名前を入力してください（例 令和2年国勢調査）。"), at_most(100)],
    )
    as_of_on = DayField("基準日", validators=required("基準日を入力してください。"))
    source = StringField(
        "出典",
        validators=[*required("出典（どこの何という資料か）を入力してください。"), at_most(500)],
    )
    is_confirmed = BooleanField("確定値である")


def figures_form(towns: tuple[Town, ...], **kwargs: Any) -> FiguresForm:
    """The form with a count for every municipality; field names are value_<slug>."""
    fields = per_town(
        "value",
        towns,
        lambda town: CountField(town.name, named=f"{town.name}の数値", validators=[optional()]),
    )
    return with_fields(FiguresForm, fields)(**kwargs)


class EntryForm(Form):
    """Closed days or an assembly session."""

    municipality = must_choose("市町村", "市町村を選んでください。")
    kind = must_choose("種類", "種類を1つ選んでください。", labelled(EntryKind), RadioField)
    name = StringField(
        "名前", validators=[*required("名前を入力してください（例 12月定例会）。"), at_most(100)]
    )
    begins_on = DayField("始まりの日", validators=required("始まりの日を入力してください。"))
    ends_on = DayField("終わりの日", validators=required("終わりの日を入力してください。"))
