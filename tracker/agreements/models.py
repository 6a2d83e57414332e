"""Agreements, their articles and annex, and the import under review (Articles 1-3)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.plumbing.db import PRIVATE, Example, Model, UtcDateTime, Versioned


class Agreement(Example, Model):
    """One bilateral 連携協約 (地方自治法252条の2); 甲 is party A and not always the hub."""

    __tablename__ = "agreement"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(300))
    legal_basis: Mapped[str | None] = mapped_column(String(300))
    concluded_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    party_a_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    party_b_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    head_a: Mapped[str | None] = mapped_column(String(100))
    head_b: Mapped[str | None] = mapped_column(String(100))
    preamble: Mapped[str] = mapped_column(Text)
    closing: Mapped[str] = mapped_column(Text)
    # The text itself stays in its row; the record says which it was.
    source_text: Mapped[str] = mapped_column(Text, info=PRIVATE)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Article(Model):
    """条: its caption and its paragraphs (項) in order."""

    __tablename__ = "article"
    __table_args__ = (UniqueConstraint("agreement_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    number: Mapped[int]
    caption: Mapped[str] = mapped_column(String(200))
    paragraphs: Mapped[list[str]] = mapped_column(JSON)


class AgreementDuty(Model):
    """What an article asks for: annual_meeting, cost_sharing or question."""

    __tablename__ = "agreement_duty"
    __table_args__ = (UniqueConstraint("agreement_id", "article", "paragraph", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    article: Mapped[int]
    paragraph: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))


class PolicyField(Model):
    """政策分野 of the annex, shared by the area: 1, 2, 3, 3(1) ..."""

    __tablename__ = "policy_field"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    parent_number: Mapped[str | None] = mapped_column(String(20))
    position: Mapped[int]


class Measure(Model):
    """連携施策, shared by the area; its wording belongs to each agreement."""

    __tablename__ = "measure"

    id: Mapped[int] = mapped_column(primary_key=True)
    field_id: Mapped[int] = mapped_column(ForeignKey("policy_field.id"), index=True)
    number: Mapped[str] = mapped_column(String(30), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    position: Mapped[int]


class AnnexEntry(Model):
    """A row of one agreement's annex: 取組内容, 甲の役割, 乙の役割."""

    __tablename__ = "annex_entry"
    __table_args__ = (UniqueConstraint("agreement_id", "measure_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    content: Mapped[str] = mapped_column(Text)
    role_a: Mapped[str] = mapped_column(Text)
    role_b: Mapped[str] = mapped_column(Text)


class ImportJob(Versioned, Model):
    """A text that was read and waits for answers to its doubtful places."""

    __tablename__ = "import_job"
    subject_kind = "import"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_name: Mapped[str] = mapped_column(String(200))
    source_text: Mapped[str] = mapped_column(Text, info=PRIVATE)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id"))
