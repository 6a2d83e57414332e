"""Series of base figures, and the figure of each municipality in them."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.figures.rules import FigureKind
from tracker.plumbing.db import Example, Model, Struck, UtcDateTime, Versioned, words

_COUNTS = text("struck_at IS NULL")


class FigureSeries(Struck, Versioned, Example, Model):
    """One set of base figures: what was counted, when, and who says so."""

    __tablename__ = "figure_series"
    subject_kind = "figures"
    __table_args__ = (
        # What was struck leaves its name to the right one.
        Index(
            "ix_figure_series_name",
            *("kind", "name"),
            unique=True,
            sqlite_where=_COUNTS,
            postgresql_where=_COUNTS,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[FigureKind] = mapped_column(words(FigureKind))
    name: Mapped[str] = mapped_column(String(100))
    unit: Mapped[str] = mapped_column(String(20))
    as_of_on: Mapped[date]
    source: Mapped[str] = mapped_column(String(500))
    is_confirmed: Mapped[bool] = mapped_column(default=True)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BaseFigure(Model):
    """The figure of one municipality within a series."""

    __tablename__ = "base_figure"

    series_id: Mapped[int] = mapped_column(ForeignKey("figure_series.id"), primary_key=True)
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
