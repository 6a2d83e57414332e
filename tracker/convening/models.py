"""Invitations to calendars, one a seat; what is said to them stands at the seat itself."""

from datetime import date, time

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.meetings.rules import Candidate
from tracker.plumbing.db import NEVER, PRIVATE, UNRECORDED, Model, Versioned


class SeatInvitation(Versioned, Model):
    """What was last sent to the post that is asked for a seat, and by which names it answers.

    `uid` names the meeting in that post's calendar, for ever and for nobody else; the personal
    link is made of `nonce`.
    """

    __tablename__ = "seat_invitation"

    seat_id: Mapped[int] = mapped_column(ForeignKey("meeting_seat.id"), primary_key=True)
    uid: Mapped[str] = mapped_column(String(120), unique=True, info=NEVER)
    sequence: Mapped[int] = mapped_column(default=0)
    nonce: Mapped[str] = mapped_column(String(32), info=NEVER)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    # Whom it went to (`Recipient.key`): the post's mailbox, or who holds the post.
    to_key: Mapped[str] = mapped_column(String(40), info=UNRECORDED)
    # Where it went: only from there it is answered.
    address: Mapped[str] = mapped_column(String(254), info=UNRECORDED)
    # What it says follows from the meeting.
    held_on: Mapped[date] = mapped_column(info=UNRECORDED)
    begins: Mapped[time] = mapped_column(info=UNRECORDED)
    ends: Mapped[time] = mapped_column(info=UNRECORDED)
    place: Mapped[str] = mapped_column(String(200), info=UNRECORDED)
    # What a mail answered that is not plain, until somebody answers plainly.
    doubt: Mapped[str | None] = mapped_column(Text, info=PRIVATE)

    @property
    def hours(self) -> Candidate:
        """Day and hours that it names."""
        return Candidate(self.held_on, self.begins, self.ends)
