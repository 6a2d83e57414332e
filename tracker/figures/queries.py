"""Reads base figures."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from tracker.figures.models import BaseFigure, FigureSeries
from tracker.figures.rules import FigureKind, Series
from tracker.kernel import wareki
from tracker.municipalities import queries as areas
from tracker.plumbing.db import db


def series(kind: FigureKind | None = None) -> Sequence[FigureSeries]:
    """Series of base figures that count, newest day first."""
    return [one for one in every_series() if not one.is_struck and kind in (None, one.kind)]


def every_series() -> Sequence[FigureSeries]:
    """The same with those struck through, the newer entry first where kind and day are the same."""
    query = select(FigureSeries).order_by(
        FigureSeries.kind, FigureSeries.as_of_on.desc(), FigureSeries.id.desc()
    )
    return db.session.scalars(query).all()


def figures(series_ids: Sequence[int]) -> Mapping[int, Mapping[int, int]]:
    """Values by series id and municipality id."""
    found: dict[int, dict[int, int]] = {}
    rows = db.session.execute(
        select(BaseFigure.series_id, BaseFigure.municipality_id, BaseFigure.value).where(
            BaseFigure.series_id.in_(series_ids)
        )
    )
    for series_id, municipality_id, value in rows:
        found.setdefault(series_id, {})[municipality_id] = value
    return found


def named(series_ids: Sequence[int]) -> Mapping[int, Series]:
    """The series with these ids that count, by municipality's name, their source in words."""
    if not series_ids:
        return {}
    values = figures(series_ids)
    return {
        one.id: Series(
            one.unit,
            one.as_of_on,
            f"{one.name}（{'確定値' if one.is_confirmed else '暫定値'}、"
            f"{wareki.long(one.as_of_on)}現在、出典 {one.source}）",
            {
                town.name: values[one.id][town.id]
                for town in areas.towns()
                if town.id in values.get(one.id, {})
            },
        )
        for one in series()
        if one.id in series_ids
    }
