"""Asks for a series of base figures."""

from typing import Any, TypeVar

from flask import g, request
from wtforms import BooleanField, RadioField, SelectField

from tracker.figures.reading.forms import MOST_SAID, TableForm, filled, sent_rows
from tracker.figures.reading.rules import FigureTable, read_rows
from tracker.figures.rules import FigureKind, periods
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.forms import (
    CountField,
    DayField,
    LineField,
    at_most,
    choices,
    choose,
    labelled,
    must_choose,
    optional,
    per_town,
    required,
    with_fields,
)

F = TypeVar("F", bound="SeriesForm")


class SeriesForm(TableForm):
    """What every series says; a box per municipality is added by `series_form`: value_<slug>."""

    name = LineField(
        N_("名前"),
        validators=[*required(N_("名前を入力してください（例 令和2年国勢調査）。")), at_most(100)],
    )
    unit = LineField(N_("単位"), validators=[optional(), at_most(20)])
    as_of_on = DayField(N_("基準日"), validators=required(N_("基準日を入力してください。")))
    source = LineField(
        N_("出典"),
        validators=[
            *required(N_("出典（どこの何という資料か）を入力してください。")),
            at_most(500),
        ],
    )
    is_confirmed = BooleanField(N_("確定値である"))

    @property
    def told(self) -> dict[str, Any]:
        """What was typed, as `enter_figures` takes it."""
        return {
            "name": self.name.data,
            "unit": self.unit.data or "",
            "as_of_on": self.as_of_on.data,
            "source": self.source.data,
            "is_confirmed": self.is_confirmed.data,
            "values": {town.slug: self[f"value_{town.slug}"].data for town in areas.towns()},
        }


class FiguresForm(SeriesForm):
    """Figures of the whole area."""

    kind = must_choose(
        N_("種類"), N_("種類を1つ選んでください。"), labelled(FigureKind), RadioField
    )


class UsageForm(SeriesForm):
    """利用実績 of one project in one year."""

    period = SelectField(
        N_("いつの実績か"),
        validators=required(N_("いつの実績かを選んでください。")),
        invalid_choice_message=N_("いつの実績かを選んでください。"),
    )

    @property
    def told(self) -> dict[str, Any]:
        """With the kind and the year."""
        return {**super().told, "kind": FigureKind.USAGE, "period": self.period.data}


def series_form(form: type[F]) -> tuple[F, FigureTable | None]:
    """The form with a count for every municipality, and what was read of a table that came with it.

    Whatever came to be read is shown in the boxes first: such a form is not to be saved yet.
    """
    if g.get("has_old_token"):
        # Nothing of another session is read: the form comes back as it was typed.
        return _with_towns(form), None
    try:
        rows = sent_rows()
    except Refusal as refusal:
        made = _with_towns(form)
        made.refuse(refusal)
        return made, FigureTable((), ())
    if rows is None:
        return _with_towns(form), None
    reading = read_rows(rows, areas.towns())
    made = _with_towns(form, formdata=filled(reading))
    field = "file" if request.files.get("file") else "pasted"
    if reading.problems:
        count = len(reading.problems)
        made.refuse(Refusal(_("読み取れない行が%(count)s行あります。", count=count), field=field))
        made.form_errors += reading.problems[:MOST_SAID]
        if count > MOST_SAID:
            made.form_errors.append(_("ほかに%(count)s行あります。", count=count - MOST_SAID))
    elif not reading.values:
        said = _("市町村と数値の行が見つかりません。市町村と数値の2列にしてください。")
        made.refuse(Refusal(said, field=field))
    return made, reading


def _with_towns(form: type[F], **kwargs: Any) -> F:
    fields = per_town(
        "value",
        areas.towns(),
        lambda town: CountField(
            town.name, named=_("%(town)sの数値", town=town.name), validators=[optional()]
        ),
    )
    made = with_fields(form, fields)(**kwargs)
    if isinstance(made, UsageForm):
        made.period.choices = choices([choose(), *periods(clock.today())])
    return made
