"""Sets up the area; enters calendar entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities import queries
from tracker.municipalities.models import (
    Area,
    CalendarEntry,
    EntryKind,
    HeadAbsence,
    Municipality,
)
from tracker.municipalities.rules import check_entry, check_times, read_avoided
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db


@dataclass(frozen=True)
class NewTown:
    """A municipality to be entered: five-digit code, name, reading and slug."""

    code: str
    name: str
    kana: str
    slug: str


def create_area(
    act: Act,
    name: str,
    towns: Sequence[NewTown],
    hub: str,
    *,
    office_name: str | None = None,
    office_phone: str = "",
    meeting_place: str = "",
    is_example: bool = False,
) -> None:
    """Enters the area and its municipalities.

    Refuses a second area, a hub that is not in the list, a code or name twice.
    """
    if db.session.scalar(select(Area.id).limit(1)):
        raise Refusal(_("この圏域は、すでに登録されています。"))
    if len(towns) < 2:
        raise Refusal(_("市町村は2つ以上入力してください。"), field="towns")
    for what, values in (
        (_("コード"), [town.code for town in towns]),
        (_("名前"), [town.name for town in towns]),
        (_("英字名"), [town.slug for town in towns]),
    ):
        if len(set(values)) < len(values):
            raise Refusal(_("同じ%(what)sの市町村が2回あります。", what=what), field="towns")
    if hub not in {town.name for town in towns}:
        raise Refusal(_("連携中枢都市は、上に入力した市町村の中から入れてください。"), field="hub")
    area = Area(
        name=name,
        office_name=office_name or f"{hub} 連携推進担当",
        office_phone=office_phone,
        office_hours="平日 8時30分〜17時15分",
        meeting_name="市町村長会議",
        meeting_place=meeting_place or f"{hub}役所",
        is_example=is_example,
    )
    with act.change("area.created", area, f"{name}を登録しました。"):
        db.session.add(area)
        db.session.add_all(
            Municipality(
                code=town.code,
                slug=town.slug,
                name=town.name,
                kana=town.kana,
                is_hub=town.name == hub,
            )
            for town in towns
        )
    queries.forget()


def enter_days(
    act: Act,
    slugs: Sequence[str],
    kind: EntryKind | None,
    name: str,
    begins_on: date,
    ends_on: date,
) -> None:
    """Enters the same closed days, assembly sessions, or (`kind` None) absences of several heads.

    The record says of an absence whose it is, not what for.  Raises Refusal.
    """
    check_entry(begins_on, ends_on, act.today)
    towns = [town for town in queries.towns() if town.slug in slugs]
    if not towns or len(towns) < len(set(slugs)):
        raise Refusal(_("市町村を選んでください。"), field="municipalities")
    with act:
        for town in towns:
            values = {
                "municipality_id": town.id,
                "name": name,
                "begins_on": begins_on,
                "ends_on": ends_on,
                "entered_by": act.by.name if act.by else "",
            }
            if kind is None:
                row: CalendarEntry | HeadAbsence = HeadAbsence(**values)
                verb, said = "absence.added", f"{town.head_title}の不在を登録しました。"
            else:
                row = CalendarEntry(kind=kind, **values)
                verb, said = (
                    "calendar.added",
                    f"{town.name}の{kind.label}「{name}」を登録しました。",
                )
            with act.change(verb, row, said):
                db.session.add(row)


def remove_calendar_entry(act: Act, entry: CalendarEntry) -> None:
    """Takes an entry out of the calendar; what stood there stays in the history."""
    act.lock((entry, None))
    said = f"{entry.kind.label}「{entry.name}」を取り消しました。"
    with act.change("calendar.removed", entry, said):
        db.session.delete(entry)


def remove_absence(act: Act, absence: HeadAbsence) -> None:
    """Takes an absence of a head out again."""
    act.lock((absence, None))
    town = queries.by_id()[absence.municipality_id]
    with act.change("absence.removed", absence, f"{town.head_title}の不在を取り消しました。"):
        db.session.delete(absence)


def set_times(
    act: Act, notice_days: int, poll_office_days: int, avoided_days: str, seen: str | None = None
) -> None:
    """Says what the preparation of every meeting keeps to from now on; raises Refusal."""
    area = db.session.scalars(select(Area)).one()
    act.lock((area, seen))
    check_times(notice_days, poll_office_days)
    read_avoided(avoided_days)
    with act.change("area.times_set", area, "会議の準備の決まりを直しました。"):
        area.notice_days, area.poll_office_days = notice_days, poll_office_days
        area.avoided_days = avoided_days
    queries.forget()
