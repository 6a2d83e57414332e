"""What the council's terms ask of the office: that no seat is left empty when one ends."""

from collections.abc import Sequence
from datetime import date, time

from tracker.council.rules import CouncilMember
from tracker.duty.duty import LOOK_AHEAD, Duty, grouped
from tracker.duty.kinds import Kind
from tracker.kernel import tokyo, wareki
from tracker.kernel.translation import _
from tracker.municipalities.rules import Members
from tracker.office_days import office_days


def duties(council: Sequence[CouncilMember], members: Members, today: date) -> list[Duty]:
    """One for each day on which terms end, from 60 days before it.

    A longer term or a successor takes a member off.  60 days after the day the seats left are
    meant to stay empty.
    """
    return [
        _ending(ends_on, len(ending), _successors(council, ends_on), members, today)
        for (ends_on,), ending in grouped(council, lambda one: (one.ends_on,))
        if abs(ends_on - today) <= LOOK_AHEAD
    ]


def _successors(council: Sequence[CouncilMember], ends_on: date) -> int:
    """How many come after those whose terms end on that day, and before the next terms end."""
    return sum(
        one.begins_on > ends_on
        and ends_on == max(other.ends_on for other in council if other.ends_on < one.begins_on)
        for one in council
    )


def _ending(ends_on: date, ending: int, successors: int, members: Members, today: date) -> Duty:
    said = {"count": ending, "day": wareki.long(ends_on)}
    return Duty(
        Kind.TERM_ENDING,
        members.office,
        key=f"term_ending:{ends_on}",
        due_on=office_days.on_or_before(ends_on),
        url="/meetings/council",
        text=(
            _("委員%(count)s名の任期が%(day)sで終わりました。", **said)
            if ends_on < today
            else _("委員%(count)s名の任期が%(day)sで終わります。", **said)
        )
        + _("再任のときは任期の終わりの日を直し、交代のときは後任の委員を登録します。"),
        remaining=max(0, ending - successors),
        total=ending,
        known_since=tokyo.at(ends_on - LOOK_AHEAD, time.min),
    )
