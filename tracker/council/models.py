"""The council's members from outside, and its rule of how many have to come."""

from datetime import date

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.council.rules import QuorumRule
from tracker.plumbing.db import Model, Versioned, words


class CouncilMemberRow(Versioned, Model):
    """委員: a post outside the offices; its name and address stand in the post, which gets the letters."""

    __tablename__ = "council_member"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), unique=True)
    appointed_on: Mapped[date]
    begins_on: Mapped[date]
    # 解嘱 ends it earlier.
    ends_on: Mapped[date]


class CouncilRow(Versioned, Model):
    """What holds for the council as a whole: one row, or none while nobody has set anything."""

    __tablename__ = "council"

    id: Mapped[int] = mapped_column(primary_key=True)
    quorum: Mapped[QuorumRule] = mapped_column(words(QuorumRule))


class CouncilOpinion(Versioned, Model):
    """出された意見: what was said at a meeting, and what became of it (対応), which may come later."""

    __tablename__ = "council_opinion"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    # Whose it is; empty: the council's as a whole.
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("meeting_seat.id"))
    text: Mapped[str] = mapped_column(Text)
    response: Mapped[str | None] = mapped_column(Text)
    responded_on: Mapped[date | None]
