"""What the council asks of the office: no seat empty when a term ends, no opinion without 対応."""

from collections.abc import Iterable, Sequence
from datetime import date, time

from tracker.council.rules import CouncilMember, Opinion
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


def opinion_duties(opinions: Iterable[Opinion], members: Members) -> Iterable[Duty]:
    """One for each meeting, while 対応 is not recorded of all that was said there."""
    waiting = [one for one in opinions if not one.response]
    for (meeting_id,), rows in grouped(waiting, lambda one: (one.meeting_id,)):
        first, left = rows[0], len(rows)
        if first.held_on is None or first.due_on is None:
            continue
        yield Duty(
            Kind.OPINION_UNANSWERED,
            members.office,
            key=f"opinion_unanswered:{meeting_id}",
            due_on=first.due_on,
            url=f"/meetings/council/opinions/{first.id}"
            if left == 1
            else f"/meetings/{meeting_id}/council",
            text=_(
                "%(meeting)s（%(day)s）で出された意見のうち、%(left)s件の対応がまだ記録されていません。"
                "意見を受けてどうしたかを、その日とともに記録します。",
                meeting=first.meeting,
                day=wareki.long(first.held_on),
                left=left,
            ),
            remaining=left,
            known_since=tokyo.at(first.held_on, time.max),
        )
