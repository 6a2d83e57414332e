"""Reads base figures."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Row, select

from tracker.figures.models import BaseFigure, FigureSeries
from tracker.figures.rules import FigureKind, Series
from tracker.municipalities import queries as areas
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept
from tracker.projects.models import Project
from tracker.struck.models import not_struck

_NEWEST_FIRST = (FigureSeries.kind, FigureSeries.as_of_on.desc(), FigureSeries.id.desc())


class Usage(NamedTuple):
    """The project whose usage is entered, and the municipality (id) that leads it."""

    project_id: int
    name: str
    lead_id: int


def every() -> Sequence[Series]:
    """All series with their figures, those taken out among them; the newest day of a kind first."""
    return kept("figures", ("figures", "municipalities"), _every)


def _every() -> Sequence[Series]:
    of_series = BaseFigure.series_id == FigureSeries.id
    rows = db.session.execute(
        select(FigureSeries, BaseFigure.municipality_id, BaseFigure.value)
        .outerjoin(BaseFigure, of_series)
        .order_by(*_NEWEST_FIRST)
    )
    values: dict[FigureSeries, dict[int, int]] = {}
    for row, town_id, value in rows:
        values.setdefault(row, {})[town_id] = value
    return tuple(
        Series(
            one.id,
            one.kind,
            one.name,
            one.unit,
            one.period,
            one.as_of_on,
            one.source,
            one.is_confirmed,
            one.project_id,
            {town.name: of[town.id] for town in areas.towns() if town.id in of},
            one.struck_at,
            one.struck_by or "",
            one.struck_reason or "",
        )
        for one, of in values.items()
    )


def series(kind: FigureKind | None = None, project_id: int | None = None) -> Sequence[Series]:
    """The series that count, newest day first: those of the whole area, and the project's usage."""
    return [
        one
        for one in every()
        if not one.is_struck and kind in (None, one.kind) and one.project_id in (None, project_id)
    ]


def named(series_ids: Collection[int]) -> Mapping[int, Series]:
    """The series with these ids that count."""
    return {one.id: one for one in every() if one.id in series_ids and not one.is_struck}


def rows() -> Sequence[Row[FigureSeries, str | None, int | None]]:
    """The rows of all series, with the project whose usage it is, and the municipality (id) that
    leads it; newest day first.
    """
    return db.session.execute(
        select(FigureSeries, Project.name, Project.lead_municipality_id)
        .outerjoin(Project, Project.id == FigureSeries.project_id)
        .order_by(*_NEWEST_FIRST)
    ).all()


def usage_of(project_id: int) -> Usage | None:
    """The project that usage may be entered of, or None."""
    found = db.session.execute(
        select(Project.id, Project.name, Project.lead_municipality_id).where(
            Project.id == project_id, not_struck(Project)
        )
    ).one_or_none()
    return Usage(*found) if found else None
