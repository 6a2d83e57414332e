"""What the duties read: nothing of the past, no secret, and only the rooms that are named."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

import time_machine
from flask import Flask
from sqlalchemy import Engine, event, insert, inspect, select

from tests import cast
from tests.cost_sharing import makers as costs
from tests.meetings import makers as meetings
from tests.pages import PageClient, counting
from tests.projects import makers as projects
from tests.reading import rooms_of_tables, tables_of
from tests.sent import live_tokens
from tracker.accounts.models import CalendarKey, Invitation, Post, SignIn
from tracker.council import actions as council
from tracker.council.actions import Appointment
from tracker.duties import queries
from tracker.kernel.fiscal_year import Half
from tracker.meetings.models import MeetingSeat
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Municipality
from tracker.plumbing.db import db
from tracker.projects.models import Participation, ProgressReport, ProjectYear, ReportingRound
from tracker.projects.rounds.actions import ask
from tracker.projects.rules import ReportState

# A page that just changed may take more.
MANY_QUERIES = 40
# A secret in an address: what follows the last stroke, long and without meaning.


# --- the past --------------------------------------------------------------------------------------


class Work(NamedTuple):
    """What it took to derive all duties; `steps` are tens of SQLite's own, 0 on PostgreSQL."""

    statements: int
    rows: int
    steps: int


def work_of(day: date) -> Work:
    db.session.rollback()
    areas.towns()
    seen: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        seen.append((statement, parameters))

    connection = db.session.connection()
    raw: Any = connection.connection.driver_connection
    steps = [0]
    if hasattr(raw, "set_progress_handler"):
        raw.set_progress_handler(lambda: steps.append(0), 10)
    event.listen(Engine, "before_cursor_execute", note)
    queries.all_duties(day)
    event.remove(Engine, "before_cursor_execute", note)
    if hasattr(raw, "set_progress_handler"):
        raw.set_progress_handler(None, 0)
    rows = sum(len(connection.exec_driver_sql(*one).fetchall()) for one in seen)
    return Work(len(seen), rows, len(steps) - 1)


def add_past(years: Iterable[int], project_ids: Iterable[int]) -> None:
    """Years whose rounds were closed with every report confirmed, by bulk."""
    town_ids = db.session.scalars(select(Municipality.id)).all()
    at, reports = cast.NOW, []
    for year in years:
        rounds = [
            ReportingRound(
                fiscal_year=year, half=half, due_on=at.date(), covering_note="",
                opened_at=at, closed_at=at,
            )
            for half in Half
        ]  # fmt: skip
        own = [ProjectYear(project_id=id_, fiscal_year=year) for id_ in project_ids]
        db.session.add_all([*rounds, *own])
        db.session.flush()
        for one in own:
            db.session.add_all(
                Participation(project_year_id=one.id, municipality_id=id_) for id_ in town_ids
            )
            reports += [
                {
                    "round_id": each.id,
                    "project_id": one.project_id,
                    "municipality_id": id_,
                    "state": ReportState.CONFIRMED,
                    "written_at": at,
                    **dict.fromkeys(("done", "trouble", "plan"), ""),
                }
                for each in rounds
                for id_ in town_ids
            ]
        db.session.flush()
        for each in rounds:
            ask(each)
    db.session.execute(insert(ProgressReport), reports)
    db.session.commit()


def test_closed_rounds_of_the_past_cost_nothing(both: Flask) -> None:
    ids = [projects.make_project(name=f"事業{number}").id for number in range(4)]
    projects.make_round()
    add_past(range(2023, 2026), ids)
    before = work_of(cast.TODAY)
    add_past(range(1993, 2023), ids)
    after = work_of(cast.TODAY)
    assert before.rows > 20
    assert (after.statements, after.rows) == (before.statements, before.rows)
    assert after.steps <= 1.2 * before.steps, (before, after)


def test_the_number_of_queries_does_not_grow_with_the_rows(both: Flask) -> None:
    def queries_taken() -> int:
        db.session.expire_all()
        with counting() as seen:
            queries.all_duties(cast.TODAY)
        return len(seen)

    projects.make_project()
    projects.make_round()
    costs.make_sent()
    few = queries_taken()
    for number in range(5):
        made = projects.make_project(name=f"事業{number}")
        db.session.add(ProjectYear(project_id=made.id, fiscal_year=2025))
        costs.make_sent()
        costs.make_ready()
        db.session.add(
            Post(
                municipality_id=db.session.scalars(select(Post.municipality_id).limit(1)).one(),
                kind="chief",
                name=f"課長{number}",
            )
        )
    db.session.commit()
    # Seven rooms tell duties, each by one to three queries.
    assert queries_taken() == few <= 16


# --- the rooms -------------------------------------------------------------------------------------


def test_a_feature_s_duties_are_kept_by_the_rooms_they_read(app: Flask) -> None:
    room_of, day = rooms_of_tables(), cast.TODAY
    with app.app_context():
        projects.make_project()
        projects.make_round()
        meetings.make_meeting()
        costs.make_sent()
        council.add_member(meetings.act(), Appointment("住民代表", None, day, day, day))
        members = areas.members()
        for teller, rooms in queries.TELLERS:
            # What another has read is read again.
            app.extensions.pop("memo", None)
            with counting() as seen:
                list(teller(members, day))
            tables = {name for sql in seen for name in tables_of(sql)}
            assert tables, teller.__name__
            read = {room_of[name] for name in tables if name in room_of}
            assert read <= set(rooms), teller.__name__


# --- the secrets -----------------------------------------------------------------------------------


def words_in(thing: Any, seen: set[int]) -> Iterator[str]:
    """Every text anywhere inside a value, rows and objects too."""
    if isinstance(thing, str):
        yield thing
    elif id(thing) not in seen and not isinstance(thing, (type(None), int, type)):
        seen.add(id(thing))
        if isinstance(thing, dict):
            parts: Iterable[Any] = [*thing.keys(), *thing.values()]
        elif isinstance(thing, (list, tuple, set, frozenset)):
            parts = thing
        elif inspect(type(thing), raiseerr=False) is not None:
            parts = inspect(thing).dict.values()
        else:
            parts = getattr(thing, "__dict__", {}).values()
        for part in parts:
            yield from words_in(part, seen)


def live_secrets() -> set[str]:
    """All that opens something, as the database has it and as its owner gets it."""
    found = set(live_tokens())
    for column in (MeetingSeat.nonce, Invitation.nonce):
        found |= set(db.session.scalars(select(column)))
    for column in (CalendarKey.token_hash, SignIn.token_hash):
        found |= set(db.session.scalars(select(column)))
    return found


DAYS = [date(2026, month, 8) for month in range(4, 13)]
DAYS += [date(2026, 11, 24), *(date(2027, month, 8) for month in range(1, 4))]


def test_no_duty_holds_a_secret(demo_both: Flask) -> None:
    secrets = live_secrets()
    assert len(secrets) > 10
    for day in DAYS:
        said = " ".join(words_in(queries.all_duties(day), set()))
        assert [one for one in secrets if one in said] == [], day


def test_nothing_that_is_kept_holds_a_secret(demo_app: Flask, now: time_machine.Traveller) -> None:
    for role, slug in (("office", "aomori"), ("officer", "imabetsu"), ("confirmer", "imabetsu")):
        client = PageClient(demo_app)
        client.enter(role, slug)
        for path in ("/", "/notices", "/notices?state=undeliverable", "/meetings", "/handover"):
            client.get(path, most_queries=MANY_QUERIES)
    kept = demo_app.extensions["memo"]
    said = " ".join(words_in(kept, set()))
    with demo_app.app_context():
        assert {"duties", "mentions", "meetings"} <= {key[0] for key in kept if key[0:1]}
        assert [one for one in live_secrets() if one in said] == []
