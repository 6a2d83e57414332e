"""Meetings for the tests, made through the feature's own actions."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import select

from tests import cast
from tracker.kernel.fiscal_year import FiscalYear
from tracker.mail.letters import Letter
from tracker.meetings import actions
from tracker.meetings.models import Meeting
from tracker.meetings.poll import actions as poll_actions
from tracker.meetings.poll import queries as poll
from tracker.meetings.poll.queries import Sheet
from tracker.meetings.rules import Answer, Attendance, Candidate
from tracker.plumbing.db import db

YEAR = FiscalYear(2026)
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


def make_meeting(**changes: Any) -> Meeting:
    """The poll of the shots, just opened."""
    wanted: dict[str, Any] = {
        "year": YEAR,
        "candidates": DATES,
        "place": PLACE,
        "reply_due_on": DUE,
        "by": None,
        "at": cast.NOW,
    }
    return poll_actions.open_poll(**{**wanted, **changes})


def sheet_of(meeting: Meeting) -> Sheet:
    """The meeting's sheet as it stands in the database."""
    found = poll.find_sheet(meeting.id)
    assert found is not None
    return found


def make_answers(meeting: Meeting, answers: Mapping[str, str] = ANSWERS, **changes: Any) -> None:
    """Answers by municipality slug, one symbol a date in order; a space stays unanswered."""
    dates = [one.id for one in sheet_of(meeting).candidates]
    for slug, symbols in answers.items():
        given = {id_: SYMBOLS[s] for id_, s in zip(dates, symbols, strict=False) if s != " "}
        poll_actions.answer(meeting, slug, given, "", **{"by": None, "at": cast.NOW, **changes})


def make_fixed(which: int = 2, **changes: Any) -> Meeting:
    """A meeting fixed on 28 January, with the shots' answers."""
    meeting = make_meeting()
    make_answers(meeting)
    chosen = sheet_of(meeting).candidates[which].id
    actions.fix(meeting, chosen, "", **{"by": None, "at": cast.NOW, **changes})
    return meeting


def make_held(
    entries: Mapping[str, tuple[Attendance, str]], at: datetime, **changes: Any
) -> Meeting:
    """A fixed meeting whose attendance was recorded at `at`; the other heads came themselves."""
    meeting = make_fixed()
    actions.record_attendance(
        meeting, {**ALL_HEADS, **entries}, **{"by": None, "at": at, **changes}
    )
    return meeting


def letters(kind: str) -> Sequence[Letter]:
    """The letters of one kind, in the order they were written."""
    return db.session.scalars(select(Letter).where(Letter.kind == kind).order_by(Letter.id)).all()
