"""Joint projects by fiscal year, indicators, reporting rounds and progress reports."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.amounts.exact import Exact
from tracker.kernel.fiscal_year import Half
from tracker.plumbing.db import (
    PRIVATE,
    UNRECORDED,
    Example,
    Model,
    Searchable,
    UtcDateTime,
    Versioned,
    Yen,
    words,
)
from tracker.projects.rules import CostPhase, Ended, Rating, ReportState, YearMark
from tracker.struck.models import Struck

# What is asked and answered is kept apart from the projects: it changes by far more often, and costs,
# payments, questions and decisions read none of it.
REPORTS = "reports"


class Project(Struck, Versioned, Searchable, Example, Model):
    """連携事業: carries out one measure; belongs to the vision, so it changes by year."""

    __tablename__ = "project"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text)
    measure_id: Mapped[int] = mapped_column(ForeignKey("measure.id"), index=True)
    lead_municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    lead_post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"))
    lead_section: Mapped[str] = mapped_column(String(100))
    since_year: Mapped[int]


class ProjectYear(Versioned, Model):
    """The project in one fiscal year: the lead's own words on how it stands."""

    __tablename__ = "project_year"
    __table_args__ = (UniqueConstraint("project_id", "fiscal_year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    fiscal_year: Mapped[int] = mapped_column(index=True)
    mark: Mapped[YearMark | None] = mapped_column(words(YearMark))
    comment: Mapped[str | None] = mapped_column(Text)
    commented_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Participation(Model):
    """A municipality's part in a project's year."""

    __tablename__ = "participation"
    __table_args__ = (UniqueConstraint("project_year_id", "municipality_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_year_id: Mapped[int] = mapped_column(ForeignKey("project_year.id"))
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"), index=True)


class ProjectCost(Model):
    """The one place for the yen of a project in a fiscal year: planned, and as settled.

    Of a municipality: what it spends itself.  Without one: what several bear together, one row a
    cost case (Article 4(2)), which divides it.  `subsidy_yen` are all funds of others, national and
    prefectural ones among them; None where nobody has told them (apart), which is never 0.
    """

    __tablename__ = "project_cost"
    __table_args__ = (UniqueConstraint("project_id", "fiscal_year", "municipality_id", "phase"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    fiscal_year: Mapped[int]
    municipality_id: Mapped[int | None] = mapped_column(ForeignKey("municipality.id"))
    phase: Mapped[CostPhase] = mapped_column(words(CostPhase))
    total_yen: Mapped[int] = mapped_column(Yen)
    subsidy_yen: Mapped[int | None] = mapped_column(Yen)
    national_yen: Mapped[int | None] = mapped_column(Yen)
    prefectural_yen: Mapped[int | None] = mapped_column(Yen)


class Indicator(Model):
    """成果指標, numbered within its project: a value is always indicator x municipality x period.

    `decimals` is how many its values may have.
    """

    __tablename__ = "indicator"
    __table_args__ = (UniqueConstraint("project_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    number: Mapped[int] = mapped_column(default=1, server_default="1")
    name: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(20))
    definition: Mapped[str] = mapped_column(Text)
    decimals: Mapped[int] = mapped_column(default=0, server_default="0")


class IndicatorTarget(Model):
    """The year's target of one municipality, an exact number (`amounts.exact.Exact`)."""

    __tablename__ = "indicator_target"
    __table_args__ = (UniqueConstraint("indicator_id", "municipality_id", "fiscal_year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"))
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    fiscal_year: Mapped[int]
    numerator: Mapped[int] = mapped_column(BigInteger)
    denominator: Mapped[int] = mapped_column(BigInteger)
    decimals: Mapped[int]


class ReportingRound(Versioned, Model):
    """進捗報告の依頼: the reports of a half-year, asked for by a day."""

    __tablename__ = "reporting_round"
    data_room = REPORTS
    subject_kind = "round"
    __table_args__ = (UniqueConstraint("fiscal_year", "half"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fiscal_year: Mapped[int]
    half: Mapped[Half] = mapped_column(words(Half))
    due_on: Mapped[date]
    covering_note: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The last time it was opened again; the record tells of those before.
    reopened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reopened_by: Mapped[str | None] = mapped_column(String(200))
    reopened_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reopen_reason: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RoundPart(Model):
    """What a round asks, frozen when it opens: one municipality's report on one project.

    A row that asks no longer stays, with the day (in Tokyo) from which it does not, and why.
    """

    __tablename__ = "round_part"
    data_room = REPORTS
    __table_args__ = (Index(None, "project_id", "municipality_id"),)

    round_id: Mapped[int] = mapped_column(ForeignKey("reporting_round.id"), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"), primary_key=True)
    ended_on: Mapped[date | None]
    ended: Mapped[Ended | None] = mapped_column(words(Ended))

    def settle(self, ended: Ended | None, today: date) -> None:
        """Asks no longer from today on, for that reason; or again."""
        if ended is not self.ended:
            self.ended, self.ended_on = ended, today if ended else None


class ProgressReport(Versioned, Model):
    """進捗報告 of one municipality on one project in one round; a draft until submitted."""

    __tablename__ = "progress_report"
    data_room = REPORTS
    subject_kind = "report"
    __table_args__ = (
        UniqueConstraint("round_id", "project_id", "municipality_id"),
        Index(None, "project_id", "municipality_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("reporting_round.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    state: Mapped[ReportState] = mapped_column(words(ReportState))
    rating: Mapped[Rating | None] = mapped_column(words(Rating), info=PRIVATE)
    done: Mapped[str] = mapped_column(Text, default="", info=PRIVATE)
    trouble: Mapped[str] = mapped_column(Text, default="", info=PRIVATE)
    for_meeting: Mapped[bool] = mapped_column(default=False, info=PRIVATE)
    plan: Mapped[str] = mapped_column(Text, default="", info=PRIVATE)
    receipt: Mapped[str | None] = mapped_column(String(40), info=UNRECORDED)
    written_by: Mapped[str | None] = mapped_column(String(200))
    written_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    question: Mapped[str | None] = mapped_column(Text, info=PRIVATE)
    asked_by: Mapped[str | None] = mapped_column(String(200))
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[str | None] = mapped_column(String(200))
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class IndicatorValue(Model):
    """The actual value in a report, an exact number; no row means not reported, which is never 0."""

    __tablename__ = "indicator_value"
    data_room = REPORTS

    report_id: Mapped[int] = mapped_column(ForeignKey("progress_report.id"), primary_key=True)
    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicator.id"), primary_key=True)
    numerator: Mapped[int] = mapped_column(BigInteger, info=PRIVATE)
    denominator: Mapped[int] = mapped_column(BigInteger, info=PRIVATE)
    decimals: Mapped[int] = mapped_column(info=PRIVATE)
    n: Mapped[int | None] = mapped_column(info=PRIVATE)


class ReportVersion(Model):
    """What was submitted, kept for ever."""

    __tablename__ = "report_version"
    data_room = REPORTS
    __table_args__ = (UniqueConstraint("report_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("progress_report.id"))
    number: Mapped[int]
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_by: Mapped[str] = mapped_column(String(200))
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    content: Mapped[dict[str, Any]] = mapped_column(JSON, info=PRIVATE)

    @property
    def told(self) -> list[tuple[str, str]]:
        """Each indicator and its value, as they were called when the report was submitted."""
        values = self.content["values"]
        return [(one["name"], f"{Exact(**one['value'])}{one['unit']}") for one in values]
