"""What a notice asks: that each seat's office says who comes."""

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
    """Who comes to each municipality's seat.

    `contact` is whom to ring, with the number, once the day of the answer is over.
    """
    for meeting in filter(_is_asked, meetings):
        if meeting.hours and today <= meeting.hours.on:
            yield from (
                _answer(meeting, seat, members, today, contact)
                for seat in meeting.seats
                if seat.town
            )


def _is_asked(meeting: Meeting) -> bool:
    """Whether it is the heads', its notice went out and it is still to be."""
    is_over = meeting.cancelled_at or meeting.attendance_at
    return bool(meeting.is_yearly and meeting.hours and meeting.noticed_at and not is_over)


def _answer(meeting: Meeting, seat: Seat, members: Members, today: date, contact: str) -> Duty:
    due_on, is_hub = meeting.reply_due_by, seat.slug == members.hub
    assert due_on is not None and meeting.hours is not None
    has_link = seat.is_invited and seat.post_id is not None and not seat.is_revoked
    is_late = due_on < today and not is_hub
    said = _(
        "%(meeting)s（%(hours)s）に、本人・代理・欠席のどれかを答えます。秘書にも案内済みです。",
        meeting=meeting.name,
        hours=meeting.hours.label,
    )
    return Duty(
        Kind.ATTENDANCE_UNANSWERED,
        key=f"attendance_unanswered:{meeting.path}:{seat.slug}",
        municipality=seat.slug,
        is_hub=is_hub,
        agreement=members.agreements.get(seat.slug),
        to_post_id=seat.post_id,
        due_on=due_on,
        url=f"{meeting.path}/replies" if is_late else f"{meeting.path}/replies/{seat.slug}",
        link=PersonalLink("attendance", seat.id) if has_link else None,
        remaining=int(seat.attendance is None),
        name=seat.title,
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
