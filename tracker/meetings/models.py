"""The yearly meeting (Article 5): poll, candidate dates, answers, attendance."""

from datetime import date, datetime, time

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kernel.fiscal_year import FiscalYear
from tracker.meetings.rules import Answer, Attendance, Candidate
from tracker.plumbing.db import Example, Model, UtcDateTime, Versioned, words


class Meeting(Versioned, Example, Model):
    """市町村長会議 of a fiscal year; its day is set when a candidate is fixed."""

    __tablename__ = "meeting"
    __table_args__ = (
        # A year has one Article 5 meeting; a cancelled one makes room for the next.
        Index(
            "uq_meeting_active_fiscal_year",
            "fiscal_year",
            unique=True,
            sqlite_where=text("cancelled_at IS NULL"),
            postgresql_where=text("cancelled_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    fiscal_year: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    place: Mapped[str] = mapped_column(String(200))
    reply_due_on: Mapped[date | None]
    polled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held_on: Mapped[date | None]
    begins: Mapped[time | None]
    ends: Mapped[time | None]
    fixed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fixed_reason: Mapped[str | None] = mapped_column(Text)
    notice_number: Mapped[str | None] = mapped_column(String(60))
    notice_text: Mapped[str | None] = mapped_column(Text)
    noticed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attendance_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    minutes_final_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_reason: Mapped[str | None] = mapped_column(Text)

    @property
    def year(self) -> FiscalYear:
        """The fiscal year whose Article 5 meeting it is."""
        return FiscalYear(self.fiscal_year)

    @property
    def path(self) -> str:
        """Its page, as letters and duties name it."""
        return f"/meetings/{self.id}"

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


class PollInvitation(Versioned, Model):
    """A secretary's personal link; expiry and revocation are read from here."""

    __tablename__ = "poll_invitation"
    __table_args__ = (UniqueConstraint("meeting_id", "municipality_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"))
    # Part of the signed link: a new one revokes the links given out before.
    nonce: Mapped[str] = mapped_column(String(32))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str | None] = mapped_column(String(200))
    # 代理入力: who told whom, when the office answers for a town.
    told_by: Mapped[str | None] = mapped_column(String(200))
    comment: Mapped[str | None] = mapped_column(Text)


class PollAnswer(Model):
    """○ △ × of one head for one candidate date."""

    __tablename__ = "poll_answer"

    invitation_id: Mapped[int] = mapped_column(ForeignKey("poll_invitation.id"), primary_key=True)
    candidate_id: Mapped[int] = mapped_column(
        ForeignKey("candidate_date.id", ondelete="CASCADE"), primary_key=True
    )
    answer: Mapped[Answer] = mapped_column(words(Answer))


class MeetingAttendance(Model):
    """Who came for a municipality: the head, a deputy (職・氏名), or nobody."""

    __tablename__ = "meeting_attendance"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), primary_key=True)
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"), primary_key=True)
    attendance: Mapped[Attendance] = mapped_column(words(Attendance))
    deputy: Mapped[str | None] = mapped_column(String(200))


class HeldView(Model):
    """How one party regards the meeting when a head did not come in person."""

    __tablename__ = "held_view"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), primary_key=True)
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"), primary_key=True)
    is_held: Mapped[bool]
    person_name: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
