"""Every form of the house is an act: the record tells each changed column before and after, a stale
page is answered with both texts, and a double press is one act (contracts.md, "Acts, conflicts, keys").

The forms are found on the pages themselves, so that a new one is asked the same questions.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests import cast
from tests.agreements.makers import FILE
from tests.whole.bad_input import Asked, endpoint_of, forms_of
from tests.whole.clients import House, Rows
from tracker.history.columns import EXEMPT, Mark, as_json
from tracker.plumbing.changes import NOT_OF_THIS
from tracker.plumbing.db import Model, db


class Again(BytesIO):
    """A file that a client may send as often as it likes."""

    def read(self, size: int | None = -1) -> bytes:
        """Begins again after its end."""
        found = super().read(size)
        if not found:
            self.seek(0)
        return found

    def close(self) -> None:
        """Stays open."""


# What a form needs beside what every box may well take, by endpoint.
EVERY_TOWN = ["aomori", "hiranai", "imabetsu", "yomogita", "sotogahama"]
FILLED: dict[str, dict[str, Any]] = {
    "sign_in.change_password": {
        "current": cast.PASSWORD,
        "password": "seven cormorants over the northern strait",
    },
    "agreements.answer": {"choice": "type", "value": "中嶋久彰"},
    "agreements.import_agreement": {"pasted": FILE.read_text(encoding="utf-8")},
    "cost_sharing.add_consultation": {"consulted_on": "2026/11/20"},
    # Only a settlement carries yen over.
    "cost_sharing.new": {"carried_yen": ""},
    "cost_sharing.next_stage": {"total_yen": "4,000,000"},
    "cost_sharing.nothing": {"towns": EVERY_TOWN, "consulted_on": "2026/11/20"},
    "cost_sharing.confirm": {"decision": "confirmed", "opinion": ""},
    "cost_sharing.attachments": {
        "files": (Again("氏名,人数\n".encode()), "押印済み.csv"),
        **{"kind": "sealed", "sealed_on": "2026/11/20"},
    },
    # It was sent: what the page of the check asks comes with it.
    "cost_sharing.formula": {
        "participants": EVERY_TOWN,
        **{"parts-0-percent": "30", "parts-1-percent": "70"},
        **{f"{of}_{slug}": "" for of in ("cap", "floor") for slug in EVERY_TOWN},
        **{f"parts-{n}-only": EVERY_TOWN for n in range(2)},
        **{f"rows-{n}-promised": "3" for n in range(5)},
        **{"checked": "1", "reason": "算式を直したため。", "reply_due_on": "2026/12/11"},
    },
    **{
        f"decisions.{one}": {"towns": ["imabetsu"], "due_on": "2026/12/11"}
        for one in ("record", "add_follow_up")
    },
    "council.follow_opinion": {"responded_on": "2026/11/24"},
    "convening.answer": {"companions": "2", "vehicles": "1"},
    "convening.answer_by_link": {"companions": "2", "vehicles": "1"},
    "meetings.add_dates": {"days-1-on": "2026/12/14", "days-2-on": "2026/12/15"},
    "meetings.new": {
        "send": "1",
        **{f"days-{row}-on": f"2027/5/{row + 5}" for row in (5, 6, 7)},
    },
    "materials.upload": {"file": (Again("氏名,人数\n".encode()), "表.csv"), "number": "資料9"},
    "materials.change": {"number": "資料9"},
    "materials.replace": {"file": (Again(b"5,6\n"), "表.csv")},
    "meetings.propose_item": {"minutes": "20"},
    "municipalities.new_entry": {"municipalities": ["imabetsu"]},
    "meetings.fix": {"despite_silent": "y"},
    "meetings.require_heads": {"heads": ["imabetsu"]},
    "meetings.prepare_other": {"held_on": "2026/12/21", "begins": "14:00", "ends": "15:00"},
    "annual_duty.take_over": {
        **{"held_on": "2021/1/28", "begins": "14:00", "ends": "15:00"},
        **{f"attendance_{slug}": "head" for slug in EVERY_TOWN},
    },
    "municipalities.times": {"notice_days": "21", "avoided_days": "12/28"},
    "annual_duty.view_as_held": {"is_held": "yes"},
    **{f"figures.{one}": {"as_of_on": "2026/4/1", "pasted": ""} for one in ("new", "new_usage")},
    "payments.notify": {"noticed_on": "2026/11/20", "billed_on": "2026/11/20"},
    "payments.receive": {"received_on": "2026/11/20"},
    "payments.state_paid": {"stated_on": "2026/11/20"},
    "projects.attachments": {"files": (Again(b"1,2\n"), "写真の一覧.csv")},
    "projects.due_day": {"due_on": "2026/12/11"},
    "projects.new": {f"part_{slug}": "y" for slug in EVERY_TOWN},
    "projects.new_round": {"period": "2026-fy", "due_on": "2027/4/15"},
    "projects.reopen": {"due_on": "2026/12/11"},
    "projects.write": {"value": "5"},
    "questions.add_consultation": {"consulted_on": "2026/11/20"},
    "questions.apply": {"decision": "same"},
    "questions.confirm": {"decision": "confirmed", "opinion": ""},
    "reminders.schedule": {"steps-6-days": ""},
}
# These cannot be carried out by one press; where their record is asked for.
ELSEWHERE = {
    "sign_in.set_by_code": "needs the code of a letter: tests/accounts/test_forgotten.py",
    "agreements.register": "needs an answer to each question: tests/agreements/test_actions.py",
}
# These have no act of their own: they sign in and out, or only show something.
NO_ACT = {
    "sign_in.forgotten",
    "sign_in.second_factor",
    "sign_in.sign_in",
    "sign_in.sign_out",
    "cost_sharing.preview",
    "cost_trials.trials",
    "reminders.try_out",
}


def rows(house: House) -> Rows:
    """All that stands in every recorded table, by table and key."""
    return {place: row for place, row in house.everything().items() if place[0] not in EXEMPT}


def entries(house: House) -> list[dict[str, Any]]:
    """The record, oldest first."""
    found = [row for (table, _), row in house.everything().items() if table == "history"]
    return [
        {
            "kind": one["subject_kind"],
            "id": one["subject_id"],
            "before": (one["payload"] or {})["before"],
            "after": (one["payload"] or {})["after"],
        }
        for one in sorted(found, key=lambda one: one["id"])
    ]


@cache
def kinds() -> dict[str, str]:
    """What the record calls a row of each table; asked once an application knows every room."""
    return {
        table.name: getattr(mapper.class_, "subject_kind", table.name)
        for mapper in Model.registry.mappers
        if (table := mapper.local_table) is not None
    }


@dataclass(frozen=True)
class Cell:
    """One changed column of one row."""

    table: str
    key: str
    column: str
    before: Any
    after: Any


def changed(before: Rows, after: Rows) -> Iterator[Cell]:
    """Every cell that is not what it was, keys and unrecorded ones left out."""
    for place in sorted(before.keys() | after.keys()):
        old, new = before.get(place, {}), after.get(place, {})
        for column in db.metadata.tables[place[0]].columns:
            was, now = old.get(column.name), new.get(column.name)
            unkept = column.info.get("record") is Mark.UNRECORDED
            if was == now or unkept or (column.primary_key and not column.foreign_keys):
                continue
            yield Cell(*place, column.name, was, now)


def untold(cell: Cell, told: list[dict[str, Any]]) -> str | None:
    """What the record fails to say of a changed cell, or None."""
    mark = db.metadata.tables[cell.table].columns[cell.column].info.get("record", Mark.OPEN)
    name = f"{cell.table}/{cell.key}/{cell.column}"
    said: dict[str, Any] = {}
    for entry in told:
        own = (entry["kind"], entry["id"]) == (kinds()[cell.table], cell.key)
        for when in ("before", "after"):
            part = entry[when]
            if name in part:
                said[when] = part[name]
            elif own and cell.column in part:
                said[when] = part[cell.column]
    where = f"{name}: {cell.before!r} -> {cell.after!r}"
    if mark is Mark.NEVER:
        return f"{where} is a secret and was told" if said else None
    for when, value in (("before", cell.before), ("after", cell.after)):
        if value is None:
            continue
        if when not in said:
            return f"{where} does not stand {when}"
        if mark is Mark.PRIVATE:
            if not isinstance(said[when], dict) or said[when].keys() != {"digest", "length"}:
                return f"{where} is private and stands open {when}"
        elif said[when] != as_json(value) and not _same_instant(said[when], value):
            return f"{where} stands as {said[when]!r} {when}"
    return None


def _same_instant(said: Any, value: Any) -> bool:
    return hasattr(value, "tzinfo") and str(said)[:19] == value.isoformat()[:19]


def press(house: House, form: Asked, key: str = "key", **changes: str) -> TestResponse:
    """Sends a form filled in with what it may well take."""
    fields = {**form.plausible(), **FILLED.get(endpoint_of(house, form.target), {}), **changes}
    return house.ask(form.visitor, "POST", form.target, data={**fields, "once": key})


def with_acts(house: House) -> list[Asked]:
    """Every form with an act, bare buttons too."""
    return [one for one in forms_of(house) if endpoint_of(house, one.target) not in NO_ACT]


Pressed = Iterator[tuple[House, Asked]]


@pytest.fixture
def pressed(houses: list[House]) -> Pressed:
    """Each form with the house it stands in, which is put back after it."""

    def one_by_one() -> Pressed:
        for turn, forms in enumerate(zip(*map(with_acts, houses), strict=True)):
            place = turn % len(houses)
            yield houses[place], forms[place]
            houses[place].settle()

    return one_by_one()


def judge(house: House, form: Asked) -> tuple[bool, list[str]]:
    """Whether the form was carried out, and what the record fails to say of it."""
    before, past = rows(house), len(entries(house))
    answer = press(house, form)
    if answer.status_code not in (302, 303):
        return False, []
    told = entries(house)[past:]
    wrong = [said for cell in changed(before, rows(house)) if (said := untold(cell, told))]
    if not told and rows(house) != before:
        wrong.append("changed something and left no entry")
    return True, [f"{form.visitor} {form.target}: {one}" for one in wrong]


def test_each_changed_column_stands_in_the_record(pressed: Pressed) -> None:
    wrong, done, refused = [], set(), set()
    for house, form in pressed:
        carried_out, said = judge(house, form)
        wrong += said
        (done if carried_out else refused).add(endpoint_of(house, form.target))
    assert wrong == [], "\n".join(wrong)
    assert refused - done == set(ELSEWHERE)


def test_a_stale_page_is_answered_with_409_and_changes_nothing(pressed: Pressed) -> None:
    wrong, asked = [], 0
    for house, form in pressed:
        marks = [box.name for box in form.boxes if box.is_carried]
        for seen in ("stale", "") if marks else ():
            asked += 1
            before = rows(house)
            answer = press(house, form, **dict.fromkeys(marks, seen))
            if answer.status_code != 409:
                wrong.append(f"{form.target} with seen={seen!r}: {answer.status_code}")
            elif not re.search(f"先に直しました|{NOT_OF_THIS}", answer.get_data(as_text=True)):
                wrong.append(f"{form.target}: says not what is wrong with it")
            if rows(house) != before:
                wrong.append(f"{form.target}: changed something")
    assert wrong == [], "\n".join(wrong)
    assert asked >= 20


def test_a_double_press_is_one_act(pressed: Pressed) -> None:
    wrong, done = [], 0
    for house, form in pressed:
        first = press(house, form)
        if first.status_code not in (302, 303):
            continue
        done += 1
        once, past = rows(house), len(entries(house))
        second = press(house, form)
        if (second.status_code, second.location) != (303, first.location):
            wrong.append(f"{form.target}: {second.status_code} {second.location}")
        if rows(house) != once or len(entries(house)) != past:
            wrong.append(f"{form.target}: was done twice")
    assert wrong == [], "\n".join(wrong)
    assert done >= 30


def test_a_form_without_its_key_is_not_carried_out(pressed: Pressed) -> None:
    wrong = []
    for house, form in pressed:
        before = rows(house)
        answer = press(house, form, key="")
        if answer.status_code not in (400, 409, 422) or rows(house) != before:
            wrong.append(f"{form.target}: {answer.status_code}")
    assert wrong == [], "\n".join(wrong)


def test_what_the_record_leaves_out_is_found(house: House, monkeypatch) -> None:
    """The control: with the collecting of new rows switched off, the judge says so."""
    from tracker.history import columns

    monkeypatch.setattr(columns.Noted, "note", lambda *_: None)
    form = next(form for form in with_acts(house) if form.target == "/admin/holidays/new")
    carried_out, wrong = judge(house, form)
    assert carried_out
    assert any("calendar_entry" in one for one in wrong)


def test_the_secret_of_a_link_is_not_kept_with_its_press(house: House) -> None:
    form = next(form for form in with_acts(house) if form.target.startswith("/p/"))
    answer = press(house, form)
    assert form.target in answer.location
    [(kept,)] = house.live.execute("SELECT location FROM once").fetchall()
    assert kept == answer.location.replace(form.target.removeprefix("/p/"), "{link}")
    assert press(house, form).location == answer.location
