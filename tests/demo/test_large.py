"""The large area: complete, made up throughout, every decision in the record."""

from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from time import process_time

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from tests import cast
from tests.app_fixtures import copy_database, load_demo, make_app, opened
from tests.demo.test_demo import counts, empty_app
from tests.pages import PageClient
from tracker.accounts.models import Person
from tracker.accounts.queries import actor_of
from tracker.annual_duty.queries import agreement_standings
from tracker.demo import actions, large
from tracker.demo.commands import demo
from tracker.duties import queries as duties
from tracker.history import history
from tracker.history.history import HistoryEntry
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.mail.letters import Letter, LetterState
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.projects.models import ProgressReport, ProjectYear
from tracker.projects.rules import REPORTED, ReportState
from tracker.reminders import actions as reminders


@pytest.fixture
def large_app(tmp_path: Path) -> Iterator[Flask]:
    with opened(copy_database("large", "sqlite", tmp_path), tmp_path) as app:
        yield app


def check(on: date) -> None:
    """What the large area promises on any day, on both engines."""
    found = counts()
    assert {name: found[name] for name in ("municipality", "agreement", "project")} == {
        "municipality": 30,
        "agreement": 29,
        "project": 100,
    }
    assert found["annex_entry"] == 29 * found["measure"] == 29 * 15
    years = db.session.scalars(select(ProjectYear.fiscal_year).distinct()).all()
    last = FiscalYear.containing(on).year
    assert sorted(years) == list(range(last - 6, last + 1))
    assert history.verify() is None
    assert set(db.session.scalars(select(Person.email))) == set(large.SIGN_INS)


def entries(verb: str) -> int:
    return (
        db.session.scalar(
            select(func.count()).select_from(HistoryEntry).where(HistoryEntry.verb == verb)
        )
        or 0
    )


def of_reports(*states: ReportState) -> int:
    return (
        db.session.scalar(
            select(func.count()).select_from(ProgressReport).where(ProgressReport.state.in_(states))
        )
        or 0
    )


def test_it_is_complete_and_every_decision_is_in_the_record(large_app: Flask) -> None:
    with large_app.app_context():
        check(cast.TODAY)
        assert entries("report.submitted") == of_reports(*REPORTED, ReportState.RETURNED)
        assert entries("report.confirmed") == of_reports(ReportState.CONFIRMED)
        assert entries("meeting.polled") == 7 and entries("meeting.attended") == 6
        newest = db.session.scalar(select(func.max(HistoryEntry.at)))
        assert newest is not None and newest <= cast.NOW
        found = agreement_standings(FiscalYear(2025), cast.TODAY)
        assert {one.standing.value for one in found} == {"held"} and len(found) == 29


def test_nothing_of_it_is_ever_mailed_and_the_clock_goes_on(large_app: Flask) -> None:
    with large_app.app_context():
        assert set(db.session.scalars(select(Letter.state).distinct())) == {LetterState.SENT}
        done = reminders.run_once()
        assert (done.planned, done.sent) == (0, 0)
        assert len(duties.owed(actor_of("officer@town05.example"), cast.TODAY)) >= 1


@pytest.mark.slow
def test_everybody_reaches_the_pages(large_app: Flask) -> None:
    for role, slug in (("office", "hub"), ("officer", "town05"), ("confirmer", "town30")):
        client = PageClient(large_app).enter(role, slug)
        for path in ("/", "/measures", "/projects", "/reports/2026-h1", "/costs", "/notices"):
            client.get(path)


def test_a_second_load_changes_nothing_and_the_small_one_is_refused(large_app: Flask) -> None:
    with large_app.app_context():
        before = counts()
        assert actions.load(at=clock.at(date(2031, 7, 1), time(10)), is_large=True) is False
        with pytest.raises(Refusal, match="空のデータベースにだけ"):
            actions.load(at=cast.NOW)
        assert counts() == before


def test_it_is_refused_beside_the_small_example(both: Flask) -> None:
    before = counts()
    with pytest.raises(Refusal, match="空のデータベースにだけ"):
        actions.load(at=cast.NOW, is_large=True)
    assert counts() == before


@pytest.mark.slow
@pytest.mark.parametrize("day", ["2026-04-01", "2029-03-31", "2037-06-15"])
def test_the_command_loads_any_day_within_a_minute(day: str, tmp_path: Path) -> None:
    with empty_app(tmp_path):
        begun = process_time()
        done = CliRunner().invoke(demo, ["load", "--large", "--on", day])
        assert done.exit_code == 0, done.output
        assert [line for line in done.output.split() if "@" in line] == list(large.SIGN_INS)
        assert process_time() - begun < 60
        check(date.fromisoformat(day))


@pytest.mark.slow
def test_on_postgresql_rows_can_be_added_afterwards(postgres_url: str, tmp_path: Path) -> None:
    load_demo(postgres_url, tmp_path, is_large=True)
    with make_app(postgres_url, tmp_path).app_context():
        check(cast.TODAY)
        last = db.session.scalars(select(Letter).order_by(Letter.id.desc())).first()
        assert last is not None
        row = {name: value for name, value in vars(last).items() if name in Letter.__table__.c}
        row |= {"id": None, "key": "added", "message_id": "<added@example>"}
        db.session.add(added := Letter(**row))
        db.session.flush()
        assert added.id == last.id + 1
        db.session.remove()
        db.engine.dispose()
