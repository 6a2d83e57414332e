"""Reads the area, its municipalities, figures and closed days."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from flask import current_app, g
from sqlalchemy import Row, select

from tracker.municipalities.models import (
    Area,
    BaseFigure,
    CalendarEntry,
    EntryKind,
    FigureSeries,
    Municipality,
)
from tracker.municipalities.rules import MANY, FigureKind, Members, Town, days_of
from tracker.plumbing.db import db, reading
from tracker.plumbing.memo import kept


def area() -> Area | None:
    """The one area, or None before set-up.  Read once a request."""
    if "area" not in g:
        g.area = kept("area", ("municipalities",), _read_area)
    found: Area | None = g.area
    return found


def _read_area() -> Area | None:
    found = db.session.scalar(select(Area).limit(1))
    if found is not None:
        db.session.expunge(found)
    return found


def get_area() -> Area:
    """The one area; only after set-up."""
    found = area()
    if found is None:
        raise LookupError("the area is not set up")
    return found


def letter_frame() -> Mapping[str, str]:
    """What every letter may name (mail/kinds.py, COMMON)."""
    found = get_area()
    phone = found.office_phone
    return {
        "窓口": found.office_name,
        "電話": f"電話 {phone}（{found.office_hours}）" if phone else "",
        "連絡先": "上の電話番号" if phone else found.office_name,
        "会議名": found.meeting_name,
        "圏域": found.name,
    }


def towns() -> Sequence[Town]:
    """All municipalities in the fixed order of their codes.  Read once a request."""
    if "towns" not in g:
        g.towns = kept("towns", ("municipalities",), _read_towns)
    found: Sequence[Town] = g.towns
    return found


def _read_towns() -> Sequence[Town]:
    rows = db.session.execute(
        select(
            Municipality.id,
            Municipality.code,
            Municipality.slug,
            Municipality.name,
            Municipality.is_hub,
            Municipality.base_url,
        ).order_by(Municipality.code)
    )
    return tuple(Town(*row) for row in rows)


def forget() -> None:
    """Lets the next reader of this request or command see what was just written."""
    g.pop("area", None)
    g.pop("towns", None)


def hub() -> Town:
    """連携中枢都市."""
    return next(town for town in towns() if town.is_hub)


def partners() -> Sequence[Town]:
    """The municipalities other than the hub."""
    return tuple(town for town in towns() if not town.is_hub)


def members() -> Members:
    """Who belongs to the area, as the duties need it."""
    first = hub()
    return Members(first.slug, {town.slug: f"{first.name}・{town.name}" for town in partners()})


def by_id() -> Mapping[int, Town]:
    """Municipalities by their row's id."""
    return {town.id: town for town in towns()}


def find_town(slug: str) -> Town | None:
    """The municipality with that slug, or None."""
    return next((town for town in towns() if town.slug == slug), None)


def base_url(slug: str) -> str:
    """Where people of that municipality reach the pages, whatever address they ask at."""
    town = find_town(slug)
    return (town and town.base_url) or str(current_app.config["BASE_URL"])


def base_urls() -> frozenset[str]:
    """The addresses of municipalities that have one of their own (one query, on its own)."""
    with reading(), db.engine.connect() as on:
        rows = on.scalars(select(Municipality.base_url).where(Municipality.base_url.is_not(None)))
        return frozenset(str(row) for row in rows)


def is_example() -> bool:
    """Whether what stands here serves to try the product out (例示)."""
    found = area()
    return found is not None and found.is_example


def closures(begins: date, ends: date) -> Mapping[str, frozenset[date]]:
    """Per municipality (slug) the days it is closed beyond the law within the span."""
    return _days(EntryKind.CLOSURE, begins, ends)


def assemblies(begins: date, ends: date) -> Mapping[str, frozenset[date]]:
    """Per municipality (slug) the days on which its assembly sits within the span."""
    return _days(EntryKind.ASSEMBLY, begins, ends)


def _days(kind: EntryKind, begins: date, ends: date) -> Mapping[str, frozenset[date]]:
    rows = db.session.execute(
        select(CalendarEntry.municipality_id, CalendarEntry.begins_on, CalendarEntry.ends_on).where(
            CalendarEntry.kind == kind,
            CalendarEntry.begins_on <= ends,
            CalendarEntry.ends_on >= begins,
        )
    ).all()
    return {
        town.slug: days_of((row[1], row[2]) for row in rows if row[0] == town.id)
        for town in towns()
    }


def calendar(begins: date, ends: date) -> Sequence[Row[CalendarEntry, str]]:
    """Entries that touch the span, with the municipality's name, in order of time."""
    return db.session.execute(
        select(CalendarEntry, Municipality.name)
        .join(Municipality, Municipality.id == CalendarEntry.municipality_id)
        .where(CalendarEntry.begins_on <= ends, CalendarEntry.ends_on >= begins)
        .order_by(CalendarEntry.begins_on, Municipality.code)
    ).all()


def series(kind: FigureKind | None = None) -> Sequence[FigureSeries]:
    """Series of base figures, newest day first."""
    query = select(FigureSeries).order_by(FigureSeries.kind, FigureSeries.as_of_on.desc())
    return db.session.scalars(query.where(FigureSeries.kind == kind) if kind else query).all()


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


class Columns(NamedTuple):
    """The municipalities as the columns of a table; many are narrow, the reader's own stands first."""

    towns: Sequence[Town]
    is_many: bool


def columns(own: str) -> Columns:
    """Everybody in the order of the codes; from `MANY` on the municipality `own` (slug) first."""
    found = towns()
    if len(found) < MANY:
        return Columns(found, False)
    return Columns(sorted(found, key=lambda town: town.slug != own), True)
