"""Asks for calendar entries."""

from wtforms import RadioField

from tracker.kernel.translation import N_
from tracker.municipalities.models import EntryKind
from tracker.plumbing.forms import (
    DayField,
    Form,
    LineField,
    at_most,
    labelled,
    must_choose,
    required,
)


class EntryForm(Form):
    """Closed days or an assembly session."""

    municipality = must_choose(N_("市町村"), N_("市町村を選んでください。"))
    kind = must_choose(N_("種類"), N_("種類を1つ選んでください。"), labelled(EntryKind), RadioField)
    name = LineField(
        N_("名前"),
        validators=[*required(N_("名前を入力してください（例 12月定例会）。")), at_most(100)],
    )
    begins_on = DayField(
        N_("始まりの日"), validators=required(N_("始まりの日を入力してください。"))
    )
    ends_on = DayField(N_("終わりの日"), validators=required(N_("終わりの日を入力してください。")))
