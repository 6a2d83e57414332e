"""Asks how a party sees a meeting, and for a meeting that stands on paper."""

from collections.abc import Sequence
from typing import Any

from wtforms import RadioField

from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.translation import N_
from tracker.meetings.forms import PresenceForm, VenueForm, attendance_boxes
from tracker.meetings.meeting import Seat
from tracker.plumbing.forms import (
    Form,
    LineField,
    SeenField,
    at_most,
    choices,
    in_year,
    must_choose,
    required,
    with_fields,
)


class TakenOverForm(PresenceForm):
    """A meeting of a year before, as it stands on paper; with the boxes of `VenueForm`."""

    source = LineField(
        N_("もとにした記録"),
        validators=[
            *required(N_("もとにした記録を入力してください（例 令和3年度の会議録）。")),
            at_most(200),
        ],
    )


def taken_over_form(year: FiscalYear, seats: Sequence[Seat], place: str) -> Any:
    """The form for a meeting of `year`; 「1/19」 is of that year."""
    fields, stored = attendance_boxes(seats)
    form = with_fields(TakenOverForm, fields, in_year(VenueForm, year))
    return form(data={**stored, "place": place})


class ViewForm(Form):
    """Two buttons: how a party regards a meeting that a deputy attended."""

    seen = SeenField()
    is_held = must_choose(
        N_("見方"),
        N_("どちらかのボタンを押してください。"),
        choices([("yes", N_("開催と見る")), ("no", N_("開催とは見ない"))]),
        RadioField,
    )
