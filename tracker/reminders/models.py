"""What was mentioned to whom, how far the clock has planned, and changed schedules."""

from datetime import datetime, time

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.duty.kinds import Kind
from tracker.mail.letters import LetterState
from tracker.plumbing.db import Model, UtcDateTime, Versioned, words

# What went into no letter: called off, or passed over (見送り).
PASSED_OVER = text("state = 'skipped'")


class StepRule(Versioned, Model):
    """The schedule of one kind where it differs from the default (the page 送る日)."""

    __tablename__ = "step_rule"
    subject_kind = "schedule"

    kind: Mapped[Kind] = mapped_column(words(Kind, guarded=False), primary_key=True)
    is_on: Mapped[bool]
    hour: Mapped[time]
    # Offset, unit and whom: [[-14, "days"], [3, "office_days", "chief"]]; whom: owner unless said.
    steps: Mapped[list[tuple[int, str, str]]] = mapped_column(JSON)


class LetterItem(Model):
    """One due thing mentioned in a reminder, unique by (duty, step, person)."""

    __tablename__ = "letter_item"
    __table_args__ = (
        UniqueConstraint("duty_key", "step", "to_key"),
        Index(
            "ix_letter_item_passed_over",
            "due_at",
            sqlite_where=PASSED_OVER,
            postgresql_where=PASSED_OVER,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id"), index=True)
    duty_key: Mapped[str] = mapped_column(String(160))
    step: Mapped[str] = mapped_column(String(40))
    to_key: Mapped[str] = mapped_column(String(40))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    state: Mapped[LetterState] = mapped_column(words(LetterState))
    title: Mapped[str] = mapped_column(String(300))


class ClockState(Model):
    """The one row of the clock: how far it has planned, and that it is alive."""

    __tablename__ = "clock_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    watermark_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # A backup was restored then: no letter goes out until a person says so.
    held_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
