"""Asks for a member of the council with the term, and for the quorum."""

from collections.abc import Iterable

from wtforms import RadioField, SelectField

from tracker.council.actions import Appointment, OpinionWords
from tracker.council.rules import QuorumRule
from tracker.kernel.translation import N_, _
from tracker.meetings.meeting import Seat
from tracker.plumbing.forms import (
    DayField,
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
)


class AppointmentForm(Form):
    """委員: the post, its address, when it was appointed, and its term."""

    name = LineField(
        N_("委員（役職）"),
        validators=[
            *required(N_("委員の役職を入力してください（例 商工会議所 会頭）。")),
            at_most(100),
        ],
    )
    email = LineField(N_("メールアドレス"), validators=[optional(), at_most(254)])
    appointed_on = DayField(N_("委嘱の日"), validators=required(N_("委嘱の日を入力してください。")))
    begins_on = DayField(
        N_("任期の始まり"), validators=required(N_("任期の始まりの日を入力してください。"))
    )
    ends_on = DayField(
        N_("任期の終わり"), validators=required(N_("任期の終わりの日を入力してください。"))
    )

    @property
    def appointment(self) -> Appointment:
        """The same as an act takes it."""
        return Appointment(
            *(self.name.data, self.email.data or None),
            *(self.appointed_on.data, self.begins_on.data, self.ends_on.data),
        )


class AppointmentChangeForm(AppointmentForm):
    """The same of a member there is."""

    seen = SeenField()


class QuorumForm(Form):
    """定足数."""

    seen = SeenField()
    quorum = must_choose(
        N_("定足数"), N_("定足数を1つ選んでください。"), labelled(QuorumRule), RadioField
    )


class OpinionForm(Form):
    """出された意見."""

    seat = SelectField(
        N_("意見を出した委員"), invalid_choice_message=N_("一覧の中から選んでください。")
    )
    text = LinesField(
        N_("意見"), validators=[*required(N_("意見を入力してください。")), at_most(1000)]
    )

    def offer(self, seats: Iterable[Seat]) -> None:
        """The members at the meeting, or all of them together."""
        members = [(str(one.id), one.title) for one in seats if one.town is None]
        self.seat.choices = choices([("0", _("全体")), *members])

    @property
    def words(self) -> OpinionWords:
        """The same as an act takes it."""
        return OpinionWords(int(self.seat.data) or None, self.text.data)


class OpinionFollowForm(OpinionForm):
    """The same with what became of it."""

    seen = SeenField()
    response = LinesField(N_("対応"), validators=[optional(), at_most(1000)])
    responded_on = DayField(N_("対応の日"), validators=[optional()])

    @property
    def words(self) -> OpinionWords:
        """The same as an act takes it."""
        return OpinionWords(
            *(int(self.seat.data) or None, self.text.data),
            *(self.response.data or None, self.responded_on.data),
        )
