"""What invitations say: the fields of their letters (M9d, M9e), and the calendar that goes with them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from flask import current_app
from sqlalchemy.orm import undefer

from tracker.convening import queries
from tracker.convening.models import SeatInvitation
from tracker.convening.rules import CalendarInvitation, Method
from tracker.duty.duty import PersonalLink
from tracker.kernel import wareki
from tracker.mail import letters as mail
from tracker.mail import links, mime
from tracker.mail.letters import Recipient
from tracker.meetings import letters
from tracker.meetings.agenda import queries as agenda
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.models import MeetingRow
from tracker.meetings.rules import REPLY_BEFORE, reply_due
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.db import db

# Where a mailbox is read, calendars may answer.
BY_CALENDAR = (
    "予定表に届く案内の「承諾」（本人が出席）か「辞退」\n"
    "（欠席）でもお答えいただけます。代理の方が出席される\n"
    "ときは、上のページからお願いいたします。"
)
IN_CALENDAR = (
    "「承諾」は本人の出席、「辞退」は欠席として承ります。"
    "代理の方が出席されるときは、案内のメールにあるページから職・氏名をお知らせください。"
)
NOT_BY_CALENDAR = "出欠は、案内のメールにあるページからお知らせください。"


def asked(meeting: Meeting, seat: Seat) -> dict[str, str]:
    """The fields that the letter to an invited post has beyond those of the notice (M9)."""
    due_on = meeting.reply_due_by
    return {
        "首長": seat.title,
        "出欠の期限": wareki.full(due_on) if due_on else "",
        "出欠の期限の月日": wareki.month_day(due_on) if due_on else "",
        "予定表での回答": BY_CALENDAR if _is_read() else "",
    }


class Preview(NamedTuple):
    """A letter as those who get the same one will read it, shown for the first of them."""

    to: Sequence[Recipient]
    subject: str
    body: str


def previews(meeting: Meeting, values: Mapping[str, str]) -> list[Preview]:
    """The notice as who is invited gets it, and as all others do; nothing is written.

    `values` are the fields of the notice (M9).  The hub's own invitation is the last to be shown.
    """
    to_ask = queries.answerers(meeting, meeting.seats)
    seats = sorted(meeting.seats, key=lambda one: bool(one.town and one.town.is_hub))
    invited = {to_ask[one.id].key: (to_ask[one.id], one) for one in seats if one.id in to_ask}
    others = [to for to in letters.addressees(meeting) if to.key not in invited]
    found = []
    if invited:
        to, seat = next(iter(invited.values()))
        link, fields = PersonalLink(queries.LINK, seat.id), {**values, **asked(meeting, seat)}
        subject, body = mail.compose("meeting_invitation", to, fields, link=link)
        everybody = [to for to, _ in invited.values()]
        found.append(Preview(everybody, subject, links.hidden(body)))
    if others:
        subject, body = mail.compose("meeting_notice", others[0], values, link=meeting.path)
        found.append(Preview(others, subject, links.hidden(body)))
    return found


def unclear(meeting: Meeting, seat: Seat, doubts: Iterable[str]) -> dict[str, str]:
    """The fields of the letter that asks back what a calendar's answer meant (M9e)."""
    due_on = meeting.reply_due_by
    return {
        **letters.place_of(meeting),
        "首長": seat.title,
        "出欠の期限": wareki.full(due_on) if due_on else "",
        "分からない点": "\n".join(doubts),
    }


def notice_words(meeting: Meeting) -> str:
    """What the office wrote of the meeting, or what is proposed to it until then."""
    with_text = [undefer(MeetingRow.notice_text)]
    written = db.session.get_one(MeetingRow, meeting.id, options=with_text).notice_text
    if written or meeting.hours is None:
        return written or ""
    on, today, there = meeting.hours.on, clock.today(), agenda.rows(meeting.id)
    words = current_app.jinja_env.get_template("convening/_notice.txt")
    return words.render(
        meeting=meeting,
        items=[
            one.title for one in there if one.accepted_at and one.only is None and not one.is_struck
        ],
        reply_by=reply_due(on, today),
        is_week_ahead=on - today > REPLY_BEFORE,
        area=areas.get_area(),
    )


def calendar(
    invitation: SeatInvitation, meeting: Meeting, seat: Seat, to: Recipient, at: datetime
) -> str:
    """The .ics of one seat's invitation as it stands now, made at that instant.

    Its organizer is the sender of our letters: the mailbox that is read is that address's.
    """
    is_off = meeting.cancelled_at is not None
    name, address = mime.split(str(current_app.config["MAIL_DEFAULT_SENDER"]))
    # Until the notice goes out again, its words are those of another day.
    words = notice_words(meeting) if meeting.noticed_at and not is_off else ""
    said = "" if is_off else IN_CALENDAR if _is_read() else NOT_BY_CALENDAR
    return CalendarInvitation(
        Method.CANCEL if is_off else Method.REQUEST,
        invitation.uid,
        invitation.sequence,
        invitation.hours,
        meeting.name,
        invitation.place,
        "\n\n".join(filter(None, [meeting.cancelled_reason if is_off else words, said])),
        (name or areas.get_area().office_name, mime.ascii_address(address)),
        (to.name, mime.ascii_address(to.email)),
        seat.attendance,
    ).write(at)


def _is_read() -> bool:
    return bool(current_app.config["IMAP_SERVER"])
