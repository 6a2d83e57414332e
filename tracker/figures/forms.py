"""Asks for a series of base figures."""

from typing import Any, TypeVar

from wtforms import BooleanField, RadioField, SelectField

from tracker.figures.rules import FigureKind, periods
from tracker.kernel.translation import N_, _
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.forms import (
    CountField,
    DayField,
    Form,
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


class SeriesForm(Form):
    """What every series says; a box per municipality is added by `with_towns`: value_<slug>."""

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


def with_towns(form: type[F], **kwargs: Any) -> F:
    """The form with a count for every municipality, and the years that usage may be of."""
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
