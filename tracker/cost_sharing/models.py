"""Cost cases, their formula with frozen base figures, consultations and confirmations."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.cost_sharing.rules import CaseKind, CaseNumber, CaseState, Decision, Stage
from tracker.plumbing.db import (
    PRIVATE,
    UNRECORDED,
    Example,
    Model,
    UtcDateTime,
    Versioned,
    Yen,
    words,
)
from tracker.shares.rules import PartKind, RoundingMode, UsagePeriod
from tracker.shares.split import FORMULA_VERSION
from tracker.struck.models import Struck


class CostCase(Versioned, Example, Model):
    """費用負担の案件: one table of shares that each pair of parties confirms."""

    __tablename__ = "cost_case"
    __table_args__ = (UniqueConstraint("fiscal_year", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fiscal_year: Mapped[int]
    number: Mapped[int]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    kind: Mapped[CaseKind] = mapped_column(words(CaseKind))
    stage: Mapped[Stage] = mapped_column(words(Stage))
    title: Mapped[str] = mapped_column(String(200))
    # What is divided, in the one place for the yen of a project; only this case writes it.
    cost_id: Mapped[int] = mapped_column(ForeignKey("project_cost.id"), unique=True)
    work: Mapped[str] = mapped_column(Text, default="", info=PRIVATE)
    rounding_unit: Mapped[int]
    rounding_mode: Mapped[RoundingMode] = mapped_column(words(RoundingMode))
    # Empty: the remainder goes by largest remainder.
    remainder_id: Mapped[int | None] = mapped_column(ForeignKey("municipality.id"))
    state: Mapped[CaseState] = mapped_column(words(CaseState))
    # Grows with every change of amounts; a confirmation counts for its revision only.
    revision: Mapped[int] = mapped_column(default=1)
    reply_due_on: Mapped[date | None]
    # The day on which the agreements in force say who is asked.
    sent_on: Mapped[date | None]
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("cost_case.id"))
    # The most and the least that each bears, in yen by municipality's name; empty: no limits.
    caps: Mapped[dict[str, int] | None] = mapped_column(JSON)
    floors: Mapped[dict[str, int] | None] = mapped_column(JSON)
    # Which arithmetic gave the shares (shares/split.py): they stay what they are when it changes.
    formula_version: Mapped[int] = mapped_column(default=FORMULA_VERSION, server_default="1")
    # What a settlement carries over to the next year: not shared now.
    carried_yen: Mapped[int | None] = mapped_column(Yen)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def no(self) -> CaseNumber:
        """2026-04 in addresses, 第8-04号 on paper."""
        return CaseNumber(self.fiscal_year, self.number)

    @property
    def named(self) -> str:
        """「費用負担 第8-04号「東青地域移住促進事業の費用負担」」, for the record."""
        return f"費用負担 {self.no.label}「{self.title}」"


class CaseDrafter(Model):
    """Who drafted any revision of a case, and when last: none of them confirms it."""

    __tablename__ = "case_drafter"

    case_id: Mapped[int] = mapped_column(ForeignKey("cost_case.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    person_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CostPart(Model):
    """One part of the formula; base figures are frozen here with their source."""

    __tablename__ = "cost_part"
    __table_args__ = (UniqueConstraint("case_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cost_case.id"))
    position: Mapped[int]
    kind: Mapped[PartKind] = mapped_column(words(PartKind, guarded=False))
    percent: Mapped[str | None] = mapped_column(String(20))
    # Municipality name -> base figures, weights or yen, as the kind says; decimals as text.
    values: Mapped[dict[str, int | str] | None] = mapped_column(JSON)
    only: Mapped[list[str] | None] = mapped_column(JSON)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("figure_series.id"))
    unit: Mapped[str] = mapped_column(String(20), default="")
    source: Mapped[str] = mapped_column(Text, default="")
    rate: Mapped[str | None] = mapped_column(String(40))
    period: Mapped[UsagePeriod | None] = mapped_column(words(UsagePeriod, guarded=False))
    # Empty: this part is rounded with the others, once at the end.
    rounding_unit: Mapped[int | None]
    rounding_mode: Mapped[RoundingMode | None] = mapped_column(words(RoundingMode, guarded=False))


class Share(Model):
    """負担額 of one municipality, with every step of its arithmetic."""

    __tablename__ = "share"

    case_id: Mapped[int] = mapped_column(ForeignKey("cost_case.id"), primary_key=True)
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"), primary_key=True)
    parts: Mapped[list[str]] = mapped_column(JSON)
    exact: Mapped[str] = mapped_column(String(80))
    rounded_yen: Mapped[int] = mapped_column(Yen)
    share_yen: Mapped[int] = mapped_column(Yen)


class CaseWork(Versioned, Model):
    """手続・人員: one row of who does what and how much; frozen once agreed, but for what was done.

    Amounts are exact decimals as text.
    """

    __tablename__ = "case_work"
    __table_args__ = (UniqueConstraint("case_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cost_case.id"))
    position: Mapped[int]
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    what: Mapped[str] = mapped_column(String(200))
    promised: Mapped[str] = mapped_column(String(30))
    unit: Mapped[str] = mapped_column(String(20))
    # Told after the agreement: no part of what was confirmed.
    done: Mapped[str | None] = mapped_column(String(30))


class Consultation(Struck, Model):
    """協議の記録: Article 4(2) asks for it each time, before anything is sent."""

    __tablename__ = "consultation"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cost_case.id"), index=True)
    consulted_on: Mapped[date]
    place: Mapped[str] = mapped_column(String(200))
    participants: Mapped[str] = mapped_column(String(300))
    gist: Mapped[str] = mapped_column(Text, info=PRIVATE)
    recorded_by: Mapped[str] = mapped_column(String(200))
    # Empty where it was recorded before persons were kept.
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseChange(Model):
    """What changed of a case that had been sent, and why; only ever added.

    Without items: its words are asked for anew (a consultation was struck), or (revision 1) it is
    to take the place of an agreed case.
    """

    __tablename__ = "case_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cost_case.id"), index=True)
    # The one it made.
    revision: Mapped[int]
    # Each: label, before, after, the municipality's name where it is a share.
    items: Mapped[list[list[str]]] = mapped_column(JSON, info=UNRECORDED)
    # For whoever may read the case: a replacement is a draft until it is sent.
    reason: Mapped[str] = mapped_column(Text, info=PRIVATE)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Confirmation(Model):
    """One side's word on one agreement's share, for one revision of the amounts; the newest counts."""

    __tablename__ = "confirmation"
    __table_args__ = (Index(None, "case_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cost_case.id"))
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    revision: Mapped[int]
    decision: Mapped[Decision] = mapped_column(words(Decision))
    opinion: Mapped[str | None] = mapped_column(Text, info=PRIVATE)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(200))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
