"""Asks for a reason, the notice's words, who came, and how a party sees it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from wtforms import Field, RadioField
from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from tracker.kernel.translation import N_, _
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.rules import DEPUTY_WANTED, Attendance
from tracker.plumbing.forms import (
    CountField,
    Form,
    LineField,
    LinesField,
    SeenField,
    at_most,
    choices,
    labelled,
    must_choose,
    optional,
    required,
    with_fields,
)


class FixForm(Form):
    """The reason, where one is wanted; with what was seen of the meeting and of every answer."""

    seen = SeenField()
    reason = LinesField(N_("この日に決める理由"), validators=[at_most(400)])

    def answers_seen(self, seats: Iterable[Seat]) -> Mapping[int, str]:
        """What was seen of each seat's answers, by its id."""
        return {seat.id: self[f"{seat.key}-seen"].data for seat in seats}


def fix_form(meeting: Meeting) -> FixForm:
    """The form with KEY-seen for every seat: a date is fixed on the answers seen."""

    fields = {f"{seat.key}-seen": SeenField(default=seat.seen) for seat in meeting.seats}
    return with_fields(FixForm, fields)(data={"seen": meeting.seen})


class NoticeForm(Form):
    """The notice's number and words; day, hours and place come from the meeting."""

    seen = SeenField()
    number = LineField(N_("文書番号"), validators=[at_most(60)])
    text = LinesField(
        N_("案内の文"), validators=[*required(N_("案内の文を入力してください。")), at_most(2000)]
    )


class AttendanceForm(Form):
    """Who came; two boxes a seat are added by `attendance_form`.

    The reason is asked for once the minutes are final.
    """

    seen = SeenField()
    reason = LinesField(N_("直す理由"), validators=[optional(), at_most(400)])

    def entries(self, seats: Iterable[Seat]) -> dict[str, tuple[Attendance, str]]:
        """Attendance and deputy by the seat's key."""
        return {
            seat.key: (
                Attendance(self[f"attendance_{seat.key}"].data),
                self[f"deputy_{seat.key}"].data or "",
            )
            for seat in seats
        }


def attendance_form(meeting: Meeting) -> AttendanceForm:
    """The form with attendance_KEY and deputy_KEY for every seat."""
    fields: dict[str, Any] = {}
    stored: dict[str, Any] = {"seen": meeting.seen}
    for seat in meeting.seats:
        came, deputy = f"attendance_{seat.key}", f"deputy_{seat.key}"
        sentence = _("%(seat)sの出席を選んでください。", seat=seat.title)
        fields[came] = must_choose(
            _("%(seat)sの出席", seat=seat.title), sentence, labelled(Attendance), RadioField
        )
        fields[deputy] = LineField(
            _("%(seat)sの代理の方の職・氏名", seat=seat.name),
            validators=[_wanted_of_deputies(came), at_most(200)],
        )
        stored.update({came: seat.attendance, deputy: seat.deputy})
    return with_fields(AttendanceForm, fields)(data=stored)


def _wanted_of_deputies(choice: str) -> Callable[[PlainForm, Field], None]:
    def check(form: PlainForm, field: Field) -> None:
        if form[choice].data == Attendance.DEPUTY and not (field.data or "").strip():
            raise ValidationError(_(DEPUTY_WANTED))

    return check


class ViewForm(Form):
    """Two buttons: how a party regards a meeting that a deputy attended."""

    seen = SeenField()
    is_held = must_choose(
        N_("見方"),
        N_("どちらかのボタンを押してください。"),
        choices([("yes", N_("開催と見る")), ("no", N_("開催とは見ない"))]),
        RadioField,
    )


class CancelForm(Form):
    """Why the meeting is called off."""

    seen = SeenField()
    reason = LinesField(
        N_("取りやめる理由"),
        validators=[*required(N_("取りやめる理由を入力してください。")), at_most(400)],
    )


# The columns of the area that the form below sets.
TIMES = ("notice_days", "poll_office_days", "avoided_days")


class TimesForm(Form):
    """What the preparation of every meeting keeps to."""

    seen = SeenField()
    notice_days = CountField(
        N_("開催案内を送る日（開催日の何日前まで）"),
        named=N_("日数"),
        validators=required(N_("開催案内を送る日数を入力してください（例 14）。")),
    )
    poll_office_days = CountField(
        N_("日程の回答をいただく期間（開庁日）"),
        named=N_("開庁日数"),
        validators=required(N_("回答をいただく開庁日数を入力してください（例 10）。")),
    )
    avoided_days = LineField(N_("候補日にしない日"), validators=[at_most(200)])
