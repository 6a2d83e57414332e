"""Meetings for the tests, made through the feature's own actions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import select

from tests import cast
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor
from tracker.mail.letters import Letter
from tracker.meetings import actions, queries
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.models import MeetingRow
from tracker.meetings.poll import actions as poll_actions
from tracker.meetings.rules import Answer, Attendance, Candidate
from tracker.municipalities.rules import Town
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

YEAR = FiscalYear(2026)
EMPTY = "令和8年度の会議はまだ準備していません。開催期限は令和9年3月31日です。"
DUE = date(2026, 11, 27)
PLACE = "青森市役所 本庁舎 庁議室"
AFTERNOON, MORNING = (time(14), time(15, 30)), (time(10), time(11, 30))
# The dates of the design shots.
DATES = (
    Candidate(date(2027, 1, 19), *AFTERNOON),
    Candidate(date(2027, 1, 21), *MORNING),
    Candidate(date(2027, 1, 28), *AFTERNOON),
    Candidate(date(2027, 2, 2), *MORNING),
    Candidate(date(2027, 2, 4), *AFTERNOON),
)
ANSWERS = {
    "aomori": "○△○×○",
    "hiranai": "×○○○△",
    "yomogita": "△○○○○",
}
SYMBOLS = {answer.symbol: answer for answer in Answer}
# The day the meeting was fixed on, 16:00 in Tokyo.
ON_THE_DAY = datetime(2027, 1, 28, 7, 0, tzinfo=UTC)
DEPUTY = {"imabetsu": (Attendance.DEPUTY, "副町長")}
ALL_HEADS = {slug: (Attendance.HEAD, "") for _, slug, *_ in cast.TOWNS}


TOWNS = {
    slug: Town(id_, code, slug, name, slug == "aomori", None)
    for id_, (code, slug, name, *_) in enumerate(cast.TOWNS, 1)
}
_PURE = Meeting(
    *(1, 1, YEAR, True, "令和8年度 市町村長会議", PLACE, None, None, None, None, None),
    *(None, None, None, None, None, None, {}, None, ()),
)


def make_pure(**changes: Any) -> Meeting:
    """A meeting without a database."""
    return replace(_PURE, **changes)


def act(by: Actor | None = None, at: datetime = cast.NOW) -> Act:
    """An act at that instant; of nobody signed in, unless said."""
    return Act(by, at)


def make_meeting(doing: Act | None = None, **changes: Any) -> MeetingRow:
    """The poll of the shots, just opened."""
    wanted: dict[str, Any] = {
        "year": YEAR,
        "candidates": DATES,
        "place": PLACE,
        "reply_due_on": DUE,
    }
    return poll_actions.open_poll(doing or act(), **{**wanted, **changes})


def dates_of(row: MeetingRow) -> list[int]:
    """The ids of its candidate dates, in order of time."""
    return list(queries.of(row).dates)


def seat_of(row: MeetingRow, slug: str) -> Seat:
    """One municipality's seat as it stands in the database."""
    found = queries.of(row).seat_of(slug)
    assert found is not None
    return found


def make_answers(
    row: MeetingRow,
    answers: Mapping[str, str] = ANSWERS,
    doing: Act | None = None,
    told_by: str = "",
) -> None:
    """Answers by municipality slug, one symbol a date in order; a space stays unanswered."""
    dates = dates_of(row)
    for slug, symbols in answers.items():
        given = {id_: SYMBOLS[s] for id_, s in zip(dates, symbols, strict=False) if s != " "}
        poll_actions.answer(doing or act(), row, slug, given, "", told_by)


def make_fixed(which: int = 2) -> MeetingRow:
    """A meeting fixed on 28 January, with the shots' answers."""
    row = make_meeting()
    make_answers(row)
    actions.fix(act(), row, dates_of(row)[which], "")
    return row


def make_held(entries: Mapping[str, tuple[Attendance, str]], at: datetime) -> MeetingRow:
    """A fixed meeting whose attendance was recorded at `at`; the other heads came themselves."""
    row = make_fixed()
    actions.record_attendance(act(at=at), row, {**ALL_HEADS, **entries})
    return row


def letters(kind: str) -> Sequence[Letter]:
    """The letters of one kind, in the order they were written."""
    return db.session.scalars(select(Letter).where(Letter.kind == kind).order_by(Letter.id)).all()


def press(client, path, action, **fields):
    """Presses the button of the one form on the page whose action ends so."""
    page = client.get(path)
    form = page.one(f"form[action$='{action}']")
    carried = {box["name"]: box["value"] for box in form.select("input[type=hidden]")}
    return client.post(form["action"], {**carried, **fields})
