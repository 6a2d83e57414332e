"""Reads invitations: by their seat, by a personal link, by the UID that a calendar answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from tracker.accounts import queries as people
from tracker.accounts.models import PostKind
from tracker.convening.models import SeatInvitation
from tracker.convening.rules import ToldPlace
from tracker.history.history import HistoryEntry
from tracker.mail import links
from tracker.mail.letters import Recipient
from tracker.mail.links import Life
from tracker.meetings import queries as meetings
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.models import MeetingRow, MeetingSeat
from tracker.meetings.rules import link_ends
from tracker.plumbing.db import db

# The kind of personal link by which it is said who comes.
LINK = "attendance"


def invitations(meeting_id: int) -> Mapping[int, SeatInvitation]:
    """The invitations of a meeting by the id of their seat."""
    rows = db.session.scalars(
        select(SeatInvitation)
        .join(MeetingSeat, MeetingSeat.id == SeatInvitation.seat_id)
        .where(MeetingSeat.meeting_id == meeting_id)
        .order_by(SeatInvitation.seat_id)
    )
    return {one.seat_id: one for one in rows}


def answerers(meeting: Meeting, seats: Sequence[Seat]) -> Mapping[int, Recipient]:
    """Who is asked for each seat, by its id: the head's secretary, else an officer, or its own post."""
    kind = PostKind.SECRETARY if meeting.is_yearly else PostKind.OFFICER
    posts = people.recipients(kind)
    others = people.recipients_by_post(one.post_id for one in seats if one.town is None)
    found: dict[int, Recipient] = {}
    for seat in seats:
        if seat.town is None:
            first = next(iter(others.get(seat.post_id or 0, ())), None)
            found |= {seat.id: first} if first else {}
        elif seat.town.id in posts:
            found[seat.id] = posts[seat.town.id][0]
    return found


def find_by_link(token: str, at: datetime) -> tuple[Meeting, Seat, bool] | None:
    """The meeting and the seat behind a personal link, and whether it opens; None for no link.

    Of a meeting that was called off, whether it was given out.
    """
    seat_id = links.named(token)
    row = db.session.get(MeetingSeat, seat_id) if seat_id else None
    meeting = meetings.find(row.meeting_id) if row else None
    if meeting is None:
        return None
    seat = next(one for one in meeting.seats if one.id == seat_id)
    invitation = db.session.get(SeatInvitation, seat_id)
    if meeting.cancelled_at is None or invitation is None:
        return meeting, seat, links.verify(LINK, token, at) is not None
    return meeting, seat, links.is_made_of(LINK, token, invitation.nonce)


def invitation_life(on: Connection, seat_id: int) -> Life | None:
    """What an invitation says of its link: its post has it, until a week after the meeting."""
    row = on.execute(
        select(
            SeatInvitation.nonce,
            SeatInvitation.post_id,
            SeatInvitation.to_key,
            SeatInvitation.held_on,
        )
        .join(MeetingSeat, MeetingSeat.id == SeatInvitation.seat_id)
        .join(MeetingRow, MeetingRow.id == MeetingSeat.meeting_id)
        .where(SeatInvitation.seat_id == seat_id, MeetingSeat.revoked_at.is_(None))
    ).first()
    return row and Life(
        row.nonce, frozenset({f"post:{row.post_id}", row.to_key}), link_ends(row.held_on)
    )


def told_places(meeting: Meeting) -> list[ToldPlace]:
    """Where its letters said it was before its place changed, oldest first (one query).

    The record says so: the place changes with a notice.  What stood there before the first letter
    of any kind nobody was told.
    """
    entries = db.session.scalars(
        select(HistoryEntry)
        .where(
            HistoryEntry.subject_kind == MeetingRow.__tablename__,
            HistoryEntry.subject_id == str(meeting.id),
            HistoryEntry.verb == "meeting.noticed",
        )
        .order_by(HistoryEntry.number)
    ).all()
    told = entries if meeting.polled_at else entries[1:]
    changed = ((one.at, ((one.payload or {}).get("before") or {}).get("place")) for one in told)
    return [ToldPlace(place, at) for at, place in changed if place]


def by_uids(uids: Sequence[str]) -> SeatInvitation | None:
    """The one invitation that a calendar's answer names; None where it names none, or several."""
    found = db.session.scalars(
        select(SeatInvitation).where(SeatInvitation.uid.in_(uids)).limit(2)
    ).all()
    return found[0] if len(found) == 1 else None
