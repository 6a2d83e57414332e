"""What meetings decided, what each municipality does of it, and how it says it stands."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.plumbing.db import PRIVATE, Example, Model, UtcDateTime, Versioned
from tracker.struck.models import Struck


class DecisionRow(Versioned, Example, Struck, Model):
    """決定事項: decided under one item of an agenda; read by whoever reads that item."""

    __tablename__ = "decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("agenda_item.id"))
    title: Mapped[str] = mapped_column(String(150), info=PRIVATE)
    text: Mapped[str] = mapped_column(Text, info=PRIVATE)
    # What it is about; a case or a question is answered by it, and still confirmed by each side.
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cost_case.id"), index=True)
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id"), index=True)
    recorded_by: Mapped[str] = mapped_column(String(200))
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FollowUpRow(Versioned, Struck, Model):
    """宿題: what one municipality does of a decision, by when."""

    __tablename__ = "follow_up"

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), index=True)
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    what: Mapped[str] = mapped_column(Text, info=PRIVATE)
    due_on: Mapped[date]
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # When its municipality last said how it stands, and when it said that it is done.
    reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ProgressNote(Model):
    """How a municipality says that it stands; rows are only added."""

    __tablename__ = "progress_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    follow_up_id: Mapped[int] = mapped_column(ForeignKey("follow_up.id"), index=True)
    text: Mapped[str] = mapped_column(Text, info=PRIVATE)
    is_done: Mapped[bool]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
