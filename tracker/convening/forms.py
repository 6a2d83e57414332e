"""Asks for the notice's words, and who comes to a seat: by its personal link, and at the desk."""

from typing import Any

from wtforms import RadioField

from tracker.convening.rules import MOST_WITH, Coming, hours_mark
from tracker.kernel.translation import N_
from tracker.meetings.forms import wanted_of_deputies
from tracker.meetings.meeting import Seat
from tracker.meetings.poll.forms import told_by_field
from tracker.meetings.rules import Attendance, Candidate
from tracker.plumbing.forms import (
    CountField,
    Form,
    LineField,
    LinesField,
    SeenField,
    at_most,
    labelled,
    must_choose,
    optional,
    required,
    with_fields,
)


class NoticeForm(Form):
    """The notice's number and words, and where it is; day and hours come from the meeting."""

    seen = SeenField()
    number = LineField(N_("文書番号"), validators=[at_most(60)])
    place = LineField(
        N_("会場"), validators=[*required(N_("会場を入力してください。")), at_most(200)]
    )
    text = LinesField(
        N_("案内の文"), validators=[*required(N_("案内の文を入力してください。")), at_most(2000)]
    )


class ComingForm(Form):
    """本人／代理／欠席, and with whom; `hours` are those that the page showed (`rules.hours_mark`)."""

    seen = SeenField()
    hours = SeenField()
    attendance = must_choose(
        N_("出欠"),
        N_("本人・代理・欠席のどれかを選んでください。"),
        labelled(Attendance),
        RadioField,
    )
    deputy = LineField(
        N_("代理の方の職・氏名"), validators=[wanted_of_deputies("attendance"), at_most(200)]
    )
    companions = CountField(
        N_("随行（人数）"),
        named=N_("随行の人数"),
        limits=(0, MOST_WITH),
        validators=[optional()],
    )
    vehicles = CountField(
        N_("車両（台数）"),
        named=N_("車両の台数"),
        limits=(0, MOST_WITH),
        validators=[optional()],
    )

    @property
    def coming(self) -> Coming:
        """What was chosen."""
        return Coming(
            Attendance(self.attendance.data),
            self.deputy.data or "",
            self.companions.data,
            self.vehicles.data,
        )


def coming_form(seat: Seat, hours: Candidate | None, *, is_proxy: bool = False) -> Any:
    """The form over what is said so far; who enters it for another says who told it."""
    fields = {"told_by": told_by_field()} if is_proxy else {}
    stored = {
        name: getattr(seat, name) for name in ("attendance", "deputy", "companions", "vehicles")
    }
    said = {"seen": seat.seen, "hours": hours_mark(hours), "told_by": seat.reply_told_by}
    return with_fields(ComingForm, fields)(data={**stored, **said})
