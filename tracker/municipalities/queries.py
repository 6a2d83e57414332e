"""Reads the area, its municipalities and closed days."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from flask import current_app, g
from sqlalchemy import String, cast, literal, select, true, union_all

from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.translation import _
from tracker.municipalities.models import (
    ABSENCE_LABEL,
    Area,
    CalendarEntry,
    EntryKind,
    HeadAbsence,
    Municipality,
)
from tracker.municipalities.rules import MANY, Busy, LeadTimes, Members, Town, days_of, read_avoided
from tracker.plumbing.db import db, reading
from tracker.plumbing.memo import kept


class _Place(NamedTuple):
    """The area and its municipalities, which every page needs."""

    area: Area | None
    towns: Sequence[Town]


def _place() -> _Place:
    """Read once a request."""
    if "place" not in g:
        g.place = kept("place", ("municipalities",), _read_place)
    found: _Place = g.place
    return found


def _read_place() -> _Place:
    columns = (
        Municipality.id,
        Municipality.code,
        Municipality.slug,
        Municipality.name,
        Municipality.is_hub,
        Municipality.base_url,
    )
    in_order = Municipality.code
    rows = db.session.execute(
        select(Area, *columns).outerjoin(Municipality, true()).order_by(in_order)
    ).all()
    if not rows:
        return _Place(None, _towns(db.session.execute(select(*columns).order_by(in_order))))
    db.session.expunge(rows[0][0])
    return _Place(rows[0][0], _towns(row[1:] for row in rows))


def _towns(rows: Iterable[Any]) -> tuple[Town, ...]:
    return tuple(Town(*row) for row in rows if row[0] is not None)


def area() -> Area | None:
    """The one area, or None before set-up."""
    return _place().area


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
    """All municipalities in the fixed order of their codes."""
    return _place().towns


def forget() -> None:
    """Lets the next reader of this request or command see what was just written."""
    g.pop("place", None)


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


# What an absence says where an entry says its kind.
ABSENCE = "absence"


def calendar(begins: date, ends: date) -> list[Busy]:
    """What touches the span, absences too, in order of time and codes (one query)."""
    each = [
        select(
            literal(ABSENCE) if table is HeadAbsence else cast(CalendarEntry.kind, String),
            *(table.id, table.municipality_id, table.name),
            *(table.begins_on, table.ends_on, table.entered_by),
        ).where(table.begins_on <= ends, table.ends_on >= begins)
        for table in (CalendarEntry, HeadAbsence)
    ]
    by_town = by_id()

    def one(
        kind: str, id_: int, town_id: int, name: str, begins: date, ends: date, by: Any
    ) -> Busy:
        is_absence = kind == ABSENCE
        why = _(ABSENCE_LABEL) if is_absence else EntryKind(kind).label
        return Busy(id_, by_town[town_id], why, name, begins, ends, by, is_absence)

    found = [one(*row) for row in db.session.execute(union_all(*each))]
    return sorted(found, key=lambda busy: (busy.begins_on, busy.town.code, busy.why, busy.id))


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


def contact() -> str:
    """Whom to ring: 「青森市 連携推進担当（017-…）」."""
    area = get_area()
    return f"{area.office_name}（{area.office_phone}）" if area.office_phone else area.office_name


def busy(year: FiscalYear) -> Sequence[Busy]:
    """What the calendars of all municipalities say about the year."""
    return kept(
        ("busy", year),
        ("municipalities",),
        lambda: tuple(calendar(year.begins, year.ends)),
    )


def lead_times() -> LeadTimes:
    """What the preparation of a meeting keeps to."""
    area = get_area()
    return LeadTimes(area.notice_days, area.poll_office_days, read_avoided(area.avoided_days))
