"""Asks for candidate dates, and for a head's answers to them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from wtforms import FieldList, FormField, RadioField, SelectMultipleField

from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.meetings.meeting import Meeting
from tracker.meetings.poll.rules import ROWS_EMPTY, check_candidate
from tracker.meetings.rules import ENDS_FIRST, Answer, Candidate
from tracker.municipalities import queries as areas
from tracker.plumbing.forms import (
    DayField,
    Form,
    LineField,
    LinesField,
    Row,
    SeenField,
    TimeField,
    at_most,
    choices,
    in_year,
    labelled,
    optional,
    required,
    with_fields,
)

_MISSING = {
    "on": N_("候補日の日付を入力してください。"),
    "begins": N_("始まりの時刻を入力してください（例 14:00）。"),
    "ends": N_("終わりの時刻を入力してください（例 15:30）。"),
}


class DatesForm(Form):
    """Rows of candidate dates and the deadline for answers; empty rows are passed over."""

    # The rows and the calendar come in with `dates_form`.
    check_day: Callable[[Candidate, date], str | None]
    reply_due_on = DayField(N_("回答期限"), validators=required(N_("回答期限を入力してください。")))

    def validate(self, extra_validators: Any = None) -> bool:
        """Shape of every row, then what the calendar says about each of its days."""
        is_good = bool(super().validate(extra_validators))
        due: date | None = self.reply_due_on.data
        for row in self.days:
            candidate = row.form.candidate
            if candidate is None or due is None or row.errors:
                continue
            try:
                self.check_day(candidate, due)
            except Refusal as refusal:
                field = self.reply_due_on if refusal.field else row.form.on
                if refusal.message not in field.errors:
                    field.errors = [*field.errors, refusal.message]
                is_good = False
        self.days.errors = [row.errors for row in self.days]
        return is_good

    @property
    def candidates(self) -> list[Candidate]:
        """The dates typed in."""
        return [row.form.candidate for row in self.days if row.form.candidate is not None]


class HeadsForm(Form):
    """Who has to be there."""

    seen = SeenField()


def heads_field(heads: Iterable[tuple[str, str]]) -> SelectMultipleField:
    """Boxes of heads to be marked as 必ず出席: their municipality (slug) and title each."""
    return SelectMultipleField(
        N_("必ず出席いただく方"),
        choices=choices(heads),
        invalid_choice_message=N_("一覧の中から選んでください。"),
    )


def heads_form(meeting: Meeting) -> Any:
    """The form over who is marked now."""
    seats = [seat for seat in meeting.seats if seat.town]
    fields = {"heads": heads_field((seat.slug, seat.title) for seat in seats)}
    marked = [seat.slug for seat in seats if seat.is_required]
    return with_fields(HeadsForm, fields)(data={"seen": meeting.seen, "heads": marked})


class _Row(Row):
    """One candidate date: a day and its hours, or nothing at all."""

    on = DayField(N_("日付"), validators=[optional()])
    begins = TimeField(N_("始まり"), validators=[optional()])
    ends = TimeField(N_("終わり"), validators=[optional()])

    @property
    def candidate(self) -> Candidate | None:
        """The row as a date, when it is whole."""
        values = (self.on.data, self.begins.data, self.ends.data)
        return None if None in values else Candidate(*values)

    def validate(self, extra_validators: Any = None) -> bool:
        """All three boxes or none; the end after the beginning."""
        is_good = bool(super().validate(extra_validators))
        begun = [box for box in self if box.raw_data and box.raw_data[0].strip()]
        if begun and len(begun) < len(_MISSING):
            for box in self:
                if box not in begun:
                    box.errors = [_(_MISSING[box.short_name])]
            return False
        candidate = self.candidate
        if candidate is not None and candidate.ends <= candidate.begins:
            self.ends.errors = [_(ENDS_FIRST)]
            return False
        return is_good


def dates_form(
    year: FiscalYear,
    today: date,
    *,
    proposed: Sequence[Candidate] = (),
    with_place: bool = False,
    seen: str | None = None,
    **kwargs: Any,
) -> DatesForm:
    """The form with a row for each date proposed and some empty ones; 「1/19」 is of `year`."""

    rows = FormField(in_year(_Row, year))
    fields: dict[str, Any] = {
        "days": FieldList(
            rows, _("候補日"), min_entries=len(proposed) + ROWS_EMPTY, max_entries=20
        ),
        "check_day": staticmethod(lambda one, due: check_candidate(one.on, due, today, year)),
    }
    if with_place:
        fields["heads"] = heads_field((town.slug, town.head_title) for town in areas.towns())
        fields["place"] = LineField(
            N_("会場"), validators=[*required(N_("会場を入力してください。")), at_most(200)]
        )
    if seen is not None:
        fields["seen"] = SeenField()
    form = with_fields(in_year(DatesForm, FiscalYear.containing(today)), fields)
    return form(data={"days": [one._asdict() for one in proposed], "seen": seen, **kwargs})


def told_by_field() -> LineField:
    """代理入力: from whom the office has it."""
    wanted = required(N_("だれから聞いたかを入力してください（例 総務課 秘書 電話）。"))
    return LineField(N_("だれから聞いたか"), validators=[*wanted, at_most(200)])


class AnswersForm(Form):
    """A head's answers; a choice per date is added by `answers_form`."""

    seen = SeenField()
    comment = LinesField(N_("連絡事項"), validators=[at_most(400)])

    def answers(self) -> dict[int, Answer]:
        """The answers chosen, by candidate id."""
        boxes = ((name.removeprefix("date_"), box) for name, box in self._fields.items())
        return {int(id_): Answer(box.data) for id_, box in boxes if id_.isdigit() and box.data}


def answers_form(
    dates: Mapping[int, Candidate], *, is_proxy: bool = False, **kwargs: Any
) -> AnswersForm:
    """The form with three answers to every date; field names are date_<id>."""

    fields: dict[str, Any] = {
        f"date_{id_}": RadioField(
            one.label,
            choices=labelled(Answer),
            validators=[optional()],
            invalid_choice_message=N_("○・△・×のどれかを選んでください。"),
        )
        for id_, one in dates.items()
    }
    if is_proxy:
        fields["told_by"] = told_by_field()
    return with_fields(AnswersForm, fields)(**kwargs)
