"""The plan by which an agreed case is paid, its instalments, and what was received of each."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.payments.rules import DivideBy, RemainderTo, ShiftTo
from tracker.plumbing.db import Model, UtcDateTime, Versioned, Yen, words
from tracker.struck.models import Struck


class PaymentPlan(Versioned, Model):
    """How the yen of a case were divided; the case itself is never changed by it."""

    __tablename__ = "payment_plan"

    case_id: Mapped[int] = mapped_column(ForeignKey("cost_case.id"), primary_key=True)
    # Who led the project then: the other side of each instalment.
    lead_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    divide_by: Mapped[DivideBy] = mapped_column(words(DivideBy))
    unit_yen: Mapped[int]
    remainder: Mapped[RemainderTo] = mapped_column(words(RemainderTo))
    shift: Mapped[ShiftTo] = mapped_column(words(ShiftTo))
    # Decimals as text, one an instalment; None where nothing was divided by percent.
    percents: Mapped[list[str] | None] = mapped_column(JSON)
    # Why there are no instalments, with `DivideBy.NONE`; empty otherwise.
    reason: Mapped[str] = mapped_column(Text, default="")


class InstalmentRow(Versioned, Model):
    """One instalment of one municipality; its fiscal year is that of its case."""

    __tablename__ = "instalment"
    __table_args__ = (UniqueConstraint("case_id", "municipality_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("payment_plan.case_id"))
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    number: Mapped[int]
    is_refund: Mapped[bool]
    yen: Mapped[int] = mapped_column(Yen)
    wanted_on: Mapped[date]
    due_on: Mapped[date]
    noticed_on: Mapped[date | None]
    notice_no: Mapped[str] = mapped_column(String(60), default="")
    billed_on: Mapped[date | None]
    bill_no: Mapped[str] = mapped_column(String(60), default="")
    # What the payer says of itself; the payee's receipts count.
    stated_on: Mapped[date | None]
    stated_by: Mapped[str] = mapped_column(String(200), default="")


class InstalmentReceipt(Struck, Model):
    """What the payee has received of an instalment, in one sum or in several."""

    __tablename__ = "instalment_receipt"

    id: Mapped[int] = mapped_column(primary_key=True)
    instalment_id: Mapped[int] = mapped_column(ForeignKey("instalment.id"), index=True)
    received_on: Mapped[date]
    received_yen: Mapped[int] = mapped_column(Yen)
    recorded_by: Mapped[str] = mapped_column(String(200))
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
