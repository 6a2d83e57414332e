"""Asks for calendar entries."""

from collections.abc import Sequence
from typing import Any

from wtforms import RadioField, SelectMultipleField

from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.translation import N_
from tracker.municipalities.models import ABSENCE_LABEL, EntryKind
from tracker.municipalities.queries import ABSENCE
from tracker.municipalities.rules import MOST_NOTICE_DAYS, MOST_POLL_OFFICE_DAYS, Town
from tracker.plumbing.forms import (
    CountField,
    DayField,
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


class EntryForm(Form):
    """Closed days, an assembly session or absences of heads; `entry_form` adds the municipalities."""

    kind = must_choose(
        N_("種類"),
        N_("種類を1つ選んでください。"),
        choices([*((one.value, one.label) for one in EntryKind), (ABSENCE, ABSENCE_LABEL)]),
        RadioField,
    )
    name = LineField(
        N_("名前"),
        validators=[*required(N_("名前を入力してください（例 12月定例会、出張）。")), at_most(100)],
    )
    begins_on = DayField(
        N_("始まりの日"), validators=required(N_("始まりの日を入力してください。"))
    )
    ends_on = DayField(N_("終わりの日"), validators=required(N_("終わりの日を入力してください。")))

    @property
    def entry_kind(self) -> EntryKind | None:
        """Which entry it is; None: an absence."""
        return None if self.kind.data == ABSENCE else EntryKind(self.kind.data)


def entry_form(year: FiscalYear, towns: Sequence[Town]) -> Any:
    """The form with a box for each municipality that the person may enter days of."""
    boxes = SelectMultipleField(
        N_("市町村"),
        choices=choices((town.slug, town.name) for town in towns),
        default=[town.slug for town in towns] if len(towns) == 1 else None,
        validators=required(N_("市町村を1つ以上選んでください。")),
        invalid_choice_message=N_("市町村を選び直してください。"),
    )
    return with_fields(in_year(EntryForm, year), {"municipalities": boxes})()


# The columns of the area that the form below sets.
TIMES = ("notice_days", "poll_office_days", "avoided_days")


class TimesForm(Form):
    """What the preparation of every meeting keeps to."""

    seen = SeenField()
    notice_days = CountField(
        N_("開催案内を送る日（開催日の何日前まで）"),
        named=N_("日数"),
        limits=(1, MOST_NOTICE_DAYS),
        validators=required(N_("開催案内を送る日数を入力してください（例 14）。")),
    )
    poll_office_days = CountField(
        N_("日程の回答をいただく期間（開庁日）"),
        named=N_("開庁日数"),
        limits=(1, MOST_POLL_OFFICE_DAYS),
        validators=required(N_("回答をいただく開庁日数を入力してください（例 10）。")),
    )
    avoided_days = LineField(N_("候補日にしない日"), validators=[at_most(200)])
