"""What a notice asks: that it is said of each seat who comes."""

from collections.abc import Iterable
from datetime import date

from tracker.duty.duty import Duty, PersonalLink
from tracker.duty.kinds import Kind
from tracker.kernel.translation import _
from tracker.meetings.meeting import Meeting, Seat
from tracker.municipalities.rules import Members


def duties(
    meetings: Iterable[Meeting],
    members: Members,
    today: date,
    contact: str,
) -> Iterable[Duty]:
    """Who comes to each municipality's seat at the heads' meeting, and to an invited outside member's.

    An outside member has no page here: the office finds it at home, and the member gets the
    letters.  `contact` is whom to ring, with the number, once the day of the answer is over.
    """
    for meeting in filter(_is_asked, meetings):
        if meeting.hours and today <= meeting.hours.on:
            yield from (
                _answer(meeting, seat, members, today, contact)
                for seat in meeting.seats
                if (meeting.is_yearly if seat.town else seat.is_invited)
            )


def _is_asked(meeting: Meeting) -> bool:
    """Whether its notice went out and it is still to be."""
    is_over = meeting.cancelled_at or meeting.attendance_at
    return bool(meeting.hours and meeting.noticed_at and not is_over)


def _answer(meeting: Meeting, seat: Seat, members: Members, today: date, contact: str) -> Duty:
    owner = members.party(seat.slug or members.hub, post_id=seat.post_id)
    due_on = meeting.reply_due_by
    assert due_on is not None and meeting.hours is not None
    has_link = seat.is_invited and seat.post_id is not None and not seat.is_revoked
    is_late = due_on < today and not owner.is_hub
    said = _(
        "%(meeting)s（%(hours)s）に、本人・代理・欠席のどれかを答えます。",
        meeting=meeting.name,
        hours=meeting.hours.label,
    )
    if seat.is_invited:
        said += _("%(to)sにも案内済みです。", to=_("秘書") if seat.town else _("御本人"))
    return Duty(
        Kind.ATTENDANCE_UNANSWERED,
        owner,
        key=f"attendance_unanswered:{meeting.path}:{seat.key}",
        due_on=due_on,
        url=f"{meeting.path}/replies" if is_late else f"{meeting.path}/replies/{seat.key}",
        link=PersonalLink("attendance", seat.id) if has_link else None,
        remaining=int(seat.attendance is None),
        name=seat.title,
        detail=meeting.name,
        instead=_("出欠を見る") if is_late else "",
        text=_(
            "回答の期限を過ぎました。出欠を%(contact)sへお電話で伝えてください。"
            "連携推進担当が代わりに入力します。",
            contact=contact,
        )
        if is_late
        else said,
        known_since=meeting.noticed_at,
    )
