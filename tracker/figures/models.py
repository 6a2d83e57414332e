"""Series of base figures, and the figure of each municipality in them."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.figures.rules import FigureKind, period_label
from tracker.plumbing.db import Example, Model, UtcDateTime, Versioned, words
from tracker.struck.models import Struck

_COUNTS = text("struck_at IS NULL")
_OF_AREA = text("struck_at IS NULL AND project_id IS NULL")


class FigureSeries(Struck, Versioned, Example, Model):
    """One set of base figures: what was counted, when, and who says so."""

    __tablename__ = "figure_series"
    subject_kind = "figures"
    __table_args__ = (
        # What was struck leaves its name to the right one; a project's usage has names of its own.
        Index(
            "ix_figure_series_name",
            *("kind", "name"),
            unique=True,
            sqlite_where=_OF_AREA,
            postgresql_where=_OF_AREA,
        ),
        Index(
            "ix_figure_series_of_project",
            *("project_id", "name"),
            unique=True,
            sqlite_where=_COUNTS,
            postgresql_where=_COUNTS,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[FigureKind] = mapped_column(words(FigureKind))
    name: Mapped[str] = mapped_column(String(100))
    unit: Mapped[str] = mapped_column(String(20))
    # Whose usage it is; empty: of the whole area.
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    # The year whose usage it is: "2025", or "2025-cy" from January to December.
    period: Mapped[str | None] = mapped_column(String(10))
    as_of_on: Mapped[date]
    source: Mapped[str] = mapped_column(String(500))
    is_confirmed: Mapped[bool] = mapped_column(default=True)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def of_period(self) -> str:
        """「令和7年度」, of usage."""
        return period_label(self.period) if self.period else ""


class BaseFigure(Model):
    """The figure of one municipality within a series."""

    __tablename__ = "base_figure"

    series_id: Mapped[int] = mapped_column(ForeignKey("figure_series.id"), primary_key=True)
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
