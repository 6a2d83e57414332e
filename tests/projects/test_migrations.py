"""What a database of the release before holds is kept when it is brought up, and goes back."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, select, text

from tests.projects.makers import (
    H1,
    LATER,
    WRITTEN,
    make_plan,
    make_project,
    make_round,
    report_of,
    save,
    submit,
    writer,
)
from tracker.amounts.exact import Exact
from tracker.kernel.permissions import Actor
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import ReportVersion
from tracker.projects.plans import actions as plans
from tracker.projects.plans.rules import IndicatorText, Part
from tracker.projects.reports import actions as report_actions
from tracker.projects.rounds import actions as rounds
from tracker.projects.rules import YearMark

# Steps of releases that stand.
pytestmark = pytest.mark.engines_by_turns

BEFORE = "0003"


def rows(sql: str) -> list[tuple[Any, ...]]:
    found = [tuple(row) for row in db.session.execute(text(sql))]
    db.session.commit()
    return found


@pytest.mark.usefixtures("both")
def test_authors_are_found_again_as_persons(actor: Callable[..., Actor]) -> None:
    project, lead, officer = make_project(), actor("lead"), writer()
    make_round()
    place = report_of(project)
    submit(place)
    report_actions.return_report(Act(lead, LATER), place, "名簿では7人です。")
    report_actions.submit(Act(officer, LATER), place)
    report_actions.confirm(Act(lead, LATER), place)
    save(report_of(project, "hiranai"), WRITTEN)
    authors = (
        "SELECT written_by_id, asked_by_id, confirmed_by_id FROM progress_report ORDER BY id",
        "SELECT submitted_by_id FROM report_version ORDER BY number",
    )
    wanted = [rows(sql) for sql in authors]
    hiranai = writer("hiranai").person_id
    assert wanted[0] == [
        (officer.person_id, lead.person_id, lead.person_id),
        (hiranai, None, None),
    ]
    assert wanted[1] == [(officer.person_id,)] * 2

    db.session.commit()
    downgrade(revision=BEFORE)
    columns = {one["name"] for one in inspect(db.engine).get_columns("progress_report")}
    assert "written_by" in columns and "written_by_id" not in columns
    # A name that the record does not know stays without a person.
    db.session.execute(
        text("UPDATE progress_report SET written_by = '平内町 前任' WHERE asked_by IS NULL")
    )
    db.session.commit()
    upgrade(revision="0006")
    assert [rows(sql) for sql in authors] == [[wanted[0][0], (None, None, None)], wanted[1]]


@pytest.mark.usefixtures("both")
def test_reports_stay_whole_when_a_day_of_publishing_is_added_and_taken_away() -> None:
    project = make_project()
    make_round()
    submit(report_of(project))
    kept = "SELECT id, done, plan, receipt, version FROM progress_report"
    before = rows(kept)
    downgrade(revision="0006")
    assert rows(kept) == before
    upgrade(revision="0007")
    assert rows(kept) == before
    assert rows("SELECT published_at FROM progress_report") == [(None,)]


@pytest.mark.usefixtures("both")
def test_a_round_asks_after_the_change_what_it_asked_before() -> None:
    project, off = make_project(), make_project(name="環境学習事業")
    make_round()
    submit(report_of(off, "hiranai"))
    away = make_plan(name=off.name, mark=YearMark.SKIPPED)
    plans.change_project(Act(None, LATER), off, away)
    asked = (
        "SELECT project_id, count(*), ended FROM round_part"
        " GROUP BY project_id, ended ORDER BY project_id"
    )
    wanted = [(project.id, 5, None), (off.id, 5, "called_off")]
    assert rows(asked) == wanted
    days = "SELECT DISTINCT CAST(ended_on AS TEXT) FROM round_part WHERE ended IS NOT NULL"
    assert rows(days) == [("2026-11-24",)]
    downgrade(revision="0010")
    assert "round_part" not in inspect(db.engine).get_table_names()
    upgrade(revision="0011")
    assert rows(asked) == wanted
    assert rows(days) == [("2026-11-24",)]


@pytest.mark.usefixtures("both")
def test_values_are_exact_numbers_of_several_indicators() -> None:
    liked = IndicatorText("満足度", "点", "", 1)
    both = {"imabetsu": Part(None, None, {1: Exact(20), 2: Exact(85, 10, 1)}), "hiranai": Part()}
    project = make_project(indicators={1: make_plan().indicators[1], 2: liked}, parts=both)
    make_round()
    submit(report_of(project), replace(WRITTEN, values={1: Exact(7), 2: Exact(41, 10, 1)}))
    save(report_of(project, "hiranai"), replace(WRITTEN, values={}))
    kept = (
        "SELECT number, name, decimals FROM indicator ORDER BY number",
        "SELECT numerator, denominator, decimals FROM indicator_target ORDER BY numerator",
        "SELECT numerator, denominator, decimals, n FROM indicator_value ORDER BY numerator",
    )
    assert rows(kept[2]) == [(7, 1, 0, None), (41, 10, 1, None)]
    downgrade(revision="0013")
    for table, value in (("indicator_target", 20), ("indicator_value", 7)):
        assert rows(f"SELECT value FROM {table}") == [(value,)]
    content = rows("SELECT content FROM report_version")[0][0]
    assert (content if isinstance(content, dict) else json.loads(content))["value"] == 7
    # A draft of the release before stood with an empty value.
    draft = "SELECT id FROM progress_report WHERE state = 'draft'"
    db.session.execute(
        text(
            "INSERT INTO indicator_value (report_id, indicator_id, value)"
            f" SELECT ({draft}), id, NULL FROM indicator"
        )
    )
    db.session.commit()
    upgrade(revision="0014")
    assert rows(kept[0]) == [(1, "参加者数", 0)]
    assert rows(kept[1]) == [(20, 1, 0)]
    assert rows(kept[2]) == [(7, 1, 0, None)]
    told = db.session.scalars(select(ReportVersion)).one().told
    assert told == [("参加者数", "7人")]


@pytest.mark.usefixtures("both")
def test_rounds_stay_what_they_are_when_opening_again_comes_and_goes(
    actor: Callable[..., Actor],
) -> None:
    project = make_project()
    make_round()
    submit(report_of(project))
    office = Act(actor("office"), LATER)
    rounds.close_round(office, H1)
    rounds.reopen_round(office, H1, date(2026, 12, 4), "豪雪のため。", telling=False)
    kept = "SELECT id, fiscal_year, half, covering_note, closed_at, version FROM reporting_round"
    reports = "SELECT id, round_id, done FROM progress_report"
    before, asked = rows(kept), rows(reports)
    reopened = "SELECT reopened_by, reopen_reason, CAST(due_on AS TEXT) FROM reporting_round"
    assert rows(reopened) == [("青森市 連携推進担当", "豪雪のため。", "2026-12-04")]
    downgrade(revision="0018")
    assert (rows(kept), rows(reports)) == (before, asked)
    columns = {one["name"] for one in inspect(db.engine).get_columns("reporting_round")}
    assert not {name for name in columns if name.startswith("reopen")}
    upgrade(revision="0019")
    assert (rows(kept), rows(reports)) == (before, asked)
    assert rows(reopened) == [(None, None, "2026-12-04")]
