"""Meetings of the heads (Article 5): candidate dates, seats, answers, views."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, event, inspect, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from tracker.kernel.fiscal_year import FiscalYear
from tracker.mail.links import new_nonce
from tracker.meetings.rules import AgendaKind, Answer, Attendance, Candidate
from tracker.plumbing.db import NEVER, PRIVATE, Example, Model, UtcDateTime, Versioned, words
from tracker.struck.models import Struck


class MeetingRow(Versioned, Example, Model):
    """市町村長会議; its day is set when a candidate is fixed."""

    __tablename__ = "meeting"
    __table_args__ = (
        # A year has one Article 5 meeting, and others; a cancelled one makes room for the next.
        Index(
            "uq_meeting_active_fiscal_year",
            "fiscal_year",
            unique=True,
            sqlite_where=text("cancelled_at IS NULL AND is_yearly"),
            postgresql_where=text("cancelled_at IS NULL AND is_yearly"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    fiscal_year: Mapped[int]
    # Whether it is the one that Article 5 asks for every year.
    is_yearly: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    name: Mapped[str] = mapped_column(String(100))
    place: Mapped[str] = mapped_column(String(200))
    reply_due_on: Mapped[date | None]
    polled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held_on: Mapped[date | None]
    begins: Mapped[time | None]
    ends: Mapped[time | None]
    fixed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Of a meeting taken over from paper, which was never fixed here: the paper.
    fixed_reason: Mapped[str | None] = mapped_column(Text)
    notice_number: Mapped[str | None] = mapped_column(String(60))
    notice_text: Mapped[str | None] = mapped_column(Text, deferred=True)
    noticed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attendance_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    minutes_final_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_reason: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def year(self) -> FiscalYear:
        """The fiscal year in which it is held."""
        return FiscalYear(self.fiscal_year)

    @property
    def hours(self) -> Candidate | None:
        """The day and hours it was fixed on, or None while its date is open."""
        if self.held_on is None or self.begins is None or self.ends is None:
            return None
        return Candidate(self.held_on, self.begins, self.ends)


class CandidateDate(Model):
    """候補日: a day and its hours in Tokyo."""

    __tablename__ = "candidate_date"
    __table_args__ = (UniqueConstraint("meeting_id", "on", "begins"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    on: Mapped[date]
    begins: Mapped[time]
    ends: Mapped[time]
    # Answers given before it was added do not speak of it.
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def hours(self) -> Candidate:
        """Its day and hours as rules and letters take them."""
        return Candidate(self.on, self.begins, self.ends)


class MeetingSeat(Versioned, Model):
    """A seat at a meeting: a municipality's head, or an outside member; asked by a personal link.

    Expiry and revocation of the link are read from here.
    """

    __tablename__ = "meeting_seat"
    __table_args__ = (UniqueConstraint("meeting_id", "municipality_id", "title"),)
    subject_kind = "seat"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    municipality_id: Mapped[int | None] = mapped_column(ForeignKey("municipality.id"))
    # The post that sits here, as people call it: 今別町長, or an outside member's.
    title: Mapped[str] = mapped_column(String(200))
    # The post that is asked for it.
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"))
    # The link is made of it (mail/links.py): a new one revokes the links given out before.
    nonce: Mapped[str] = mapped_column(String(32), default=new_nonce, info=NEVER)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # 必ず出席: without this head the meeting makes no sense.
    is_required: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    comment: Mapped[str | None] = mapped_column(Text, info=PRIVATE)
    # Who is to come, and once the meeting's attendance is recorded, who came.
    attendance: Mapped[Attendance | None] = mapped_column(words(Attendance))
    # Which post comes instead of the head.
    deputy: Mapped[str | None] = mapped_column(String(200))
    # When its post was sent an invitation first (`convening`).
    invited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    companions: Mapped[int | None]
    vehicles: Mapped[int | None]
    # Who said so before the meeting, and when (`convening`).
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replied_by: Mapped[str | None] = mapped_column(String(200))
    replied_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    # 代理入力: who told whom.
    reply_told_by: Mapped[str | None] = mapped_column(String(200))

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version, "version_id_generator": False}


# The office's own of a seat: whoever answers for it has not seen it, and is not refused for it.
_OFFICES = {"is_required", "post_id", "invited_at", "revoked_at"}


@event.listens_for(MeetingSeat, "before_update")
def _count(_mapper: Any, _on: Any, seat: MeetingSeat) -> None:
    if {one.key for one in inspect(seat).attrs if one.history.has_changes()} - _OFFICES:
        seat.version += 1


class PollAnswer(Model):
    """○ △ × for one seat on one candidate date, and who gave it when.

    Rows are only added; the newest counts.  Without an answer it takes back the one before.
    """

    __tablename__ = "poll_answer"
    __table_args__ = (Index(None, "seat_id", "candidate_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("meeting_seat.id"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate_date.id"))
    answer: Mapped[Answer | None] = mapped_column(words(Answer))
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_by: Mapped[str] = mapped_column(String(200))
    # None: the secretary behind the personal link.
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    # 代理入力: who told whom, when the office answers for a town.
    told_by: Mapped[str | None] = mapped_column(String(200))


class AgendaItem(Versioned, Struck, Model):
    """議題: one item of a meeting, taken from the year's data or proposed by a municipality."""

    __tablename__ = "agenda_item"
    __table_args__ = (Index(None, "meeting_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    position: Mapped[int]
    kind: Mapped[AgendaKind] = mapped_column(words(AgendaKind, guarded=False))
    title: Mapped[str] = mapped_column(String(200), info=PRIVATE)
    note: Mapped[str] = mapped_column(Text, info=PRIVATE)
    minutes: Mapped[int | None]
    # The municipalities (slugs) that may read it; empty: all.
    only: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    # The report that asked for it, or the question that is talked over (Article 6).
    report_id: Mapped[int | None] = mapped_column(ForeignKey("progress_report.id"))
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id"))
    proposed_by: Mapped[str] = mapped_column(String(200))
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # When the office took it onto the agenda; empty: proposed.
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Minutes(Versioned, Model):
    """議事録 of a meeting; a text that was circulated and is changed is another revision."""

    __tablename__ = "minutes"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(default=1)
    # Who wrote any of it (persons): none of them confirms it.
    writer_ids: Mapped[list[int]] = mapped_column(JSON)
    # Empty while it is written, and again once a circulated text was changed.
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reply_due_on: Mapped[date | None]
    # Every municipality has confirmed: nothing of it changes any more.
    is_final: Mapped[bool] = mapped_column(default=False)


class MinutesPart(Versioned, Model):
    """What was said and decided of one item of the agenda."""

    __tablename__ = "minutes_part"

    item_id: Mapped[int] = mapped_column(ForeignKey("agenda_item.id"), primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    # That of the minutes when it was last written: words on one before are void.
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    gist: Mapped[str] = mapped_column(Text, info=PRIVATE)
    decided: Mapped[str] = mapped_column(Text, info=PRIVATE)


class MinutesReply(Model):
    """One municipality's word on one item as it stood then; rows are only added."""

    __tablename__ = "minutes_reply"
    __table_args__ = (Index(None, "meeting_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    revision: Mapped[int]
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("agenda_item.id"))
    is_confirmed: Mapped[bool]
    # The digest of what its author was shown of the item; empty: written before it was kept.
    mark: Mapped[str | None] = mapped_column(String(64))
    # What it wants corrected, and the sentence it means.
    quote: Mapped[str | None] = mapped_column(Text, info=PRIVATE)
    words: Mapped[str | None] = mapped_column(Text, info=PRIVATE)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class MinutesErratum(Model):
    """訂正: what was added after the minutes were final; rows are only added.

    One of an item is read by whoever may read that item; without one by everybody.
    """

    __tablename__ = "minutes_erratum"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("agenda_item.id"))
    words: Mapped[str] = mapped_column(Text, info=PRIVATE)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
