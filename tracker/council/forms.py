"""Asks for a member of the council with the term, and for the quorum."""

from wtforms import RadioField

from tracker.council.actions import Appointment
from tracker.council.rules import QuorumRule
from tracker.kernel.translation import N_
from tracker.plumbing.forms import (
    DayField,
    Form,
    LineField,
    SeenField,
    at_most,
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
