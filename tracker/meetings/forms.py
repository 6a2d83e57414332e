"""Asks for a reason, and who came."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from wtforms import BooleanField, Field, RadioField
from wtforms import Form as PlainForm
from wtforms.validators import ValidationError

from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.translation import N_, _
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.rules import DEPUTY_WANTED, Attendance, Candidate
from tracker.plumbing.forms import (
    DayField,
    Form,
    LineField,
    LinesField,
    SeenField,
    TimeField,
    at_most,
    in_year,
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

    @property
    def goes_on(self) -> bool:
        """Whether nobody is silent, or is not waited for."""
        return "despite_silent" not in self or bool(self.despite_silent.data)

    @property
    def goes_without(self) -> bool:
        """Whether a required head who refused the date is done without."""
        return "despite_required" in self and bool(self.despite_required.data)


def fix_form(meeting: Meeting, candidate_id: int) -> FixForm:
    """The form with KEY-seen for every seat: a date is fixed on the answers and marks seen.

    Where somebody is silent about the date, or a required head refused it, a box asks whether to
    go on.
    """
    fields: dict[str, Any] = {
        f"{seat.key}-seen": SeenField(default=seat.seen) for seat in meeting.seats
    }
    fields["heads-seen"] = SeenField(default=meeting.heads_seen)
    if meeting.silent_about(candidate_id):
        fields["despite_silent"] = BooleanField(N_("未回答の市町村を待たずに決める"))
    if heads := meeting.required_refusing(candidate_id):
        said = _("%(heads)sが出席できなくても、この日に決める", heads="、".join(heads))
        fields["despite_required"] = BooleanField(said)
    return with_fields(FixForm, fields)(data={"seen": meeting.seen})


class PresenceForm(Form):
    """Who came; two boxes a seat are added by `attendance_boxes`."""

    def entries(self, seats: Iterable[Seat]) -> dict[str, tuple[Attendance, str]]:
        """Attendance and deputy by the seat's key."""
        return {
            seat.key: (
                Attendance(self[f"attendance_{seat.key}"].data),
                self[f"deputy_{seat.key}"].data or "",
            )
            for seat in seats
        }


class AttendanceForm(PresenceForm):
    """The same of a meeting there is; the reason is asked for once the minutes are final."""

    seen = SeenField()
    reason = LinesField(N_("直す理由"), validators=[optional(), at_most(400)])


def attendance_form(meeting: Meeting) -> AttendanceForm:
    """The form with attendance_KEY and deputy_KEY for every seat."""
    fields, stored = attendance_boxes(meeting.seats)
    return with_fields(AttendanceForm, fields)(data={**stored, "seen": meeting.seen})


class VenueForm(Form):
    """When and where a meeting is, or was."""

    held_on = DayField(N_("開催日"), validators=required(N_("開催日を入力してください。")))
    begins = TimeField(
        N_("始まり"), validators=required(N_("始まりの時刻を入力してください（例 14:00）。"))
    )
    ends = TimeField(
        N_("終わり"), validators=required(N_("終わりの時刻を入力してください（例 15:30）。"))
    )
    place = LineField(
        N_("会場"), validators=[*required(N_("会場を入力してください。")), at_most(200)]
    )

    @property
    def hours(self) -> Candidate:
        """The day and hours typed in."""
        return Candidate(self.held_on.data, self.begins.data, self.ends.data)


class OtherForm(Form):
    """A meeting beside Article 5's; with the boxes of `VenueForm`."""

    name = LineField(
        N_("会議の名前"),
        validators=[*required(N_("会議の名前を入力してください（例 担当者会議）。")), at_most(100)],
    )


def other_form(year: FiscalYear, place: str) -> Any:
    """The form for a meeting beside Article 5's; 「1/19」 is of `year`."""
    return with_fields(OtherForm, {}, in_year(VenueForm, year))(data={"place": place})


def attendance_boxes(seats: Iterable[Seat]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The boxes attendance_KEY and deputy_KEY of each seat, and what stands in them."""
    fields: dict[str, Any] = {}
    stored: dict[str, Any] = {}
    for seat in seats:
        came, deputy = f"attendance_{seat.key}", f"deputy_{seat.key}"
        sentence = _("%(seat)sの出席を選んでください。", seat=seat.title)
        fields[came] = must_choose(
            _("%(seat)sの出席", seat=seat.title), sentence, labelled(Attendance), RadioField
        )
        fields[deputy] = LineField(
            _("%(seat)sの代理の方の職・氏名", seat=seat.name),
            validators=[wanted_of_deputies(came), at_most(200)],
        )
        stored.update({came: seat.attendance, deputy: seat.deputy})
    return fields, stored


def wanted_of_deputies(choice: str) -> Callable[[PlainForm, Field], None]:
    """Asks for a deputy's post and name where the box of that name says that one comes."""

    def check(form: PlainForm, field: Field) -> None:
        if form[choice].data == Attendance.DEPUTY and not (field.data or "").strip():
            raise ValidationError(_(DEPUTY_WANTED))

    return check


class CancelForm(Form):
    """Why the meeting is called off."""

    seen = SeenField()
    reason = LinesField(
        N_("取りやめる理由"),
        validators=[*required(N_("取りやめる理由を入力してください。")), at_most(400)],
    )
