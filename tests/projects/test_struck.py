"""A project entered by mistake is struck through: readable, counted nowhere, and put back."""

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from tests import cast
from tests.cost_sharing.makers import make_draft
from tests.projects.makers import (
    ALL,
    H1,
    LATER,
    Browse,
    make_plan,
    make_project,
    make_round,
    report_of,
    save,
)
from tracker.accounts.queries import actor_of
from tracker.duties.queries import all_duties
from tracker.kernel.fiscal_year import FiscalYear, Half
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects import queries
from tracker.projects.models import Project
from tracker.projects.plans import actions
from tracker.projects.plans import queries as plans
from tracker.projects.plans.queries import to_choose
from tracker.projects.plans.rules import Part
from tracker.projects.rounds import actions as rounds
from tracker.struck.models import referring

YEAR, WHY, WRONG = FiscalYear(2026), "二重に登録したため。", "二重の事業"
TOWNS = {"aomori": Part(), "imabetsu": Part()}


def office() -> Act:
    return Act(actor_of(cast.email("office")), LATER)


def counted() -> list[tuple[int, str]]:
    """How often the wrong project counts, and where."""
    return [
        (sum(WRONG in str(one) for one in found), what)
        for what, found in {
            "annex": queries.of_year(YEAR, Half.H1),
            "list": plans.listing(YEAR, 50, 0)[0],
            "list's total": range(plans.listing(YEAR, 50, 0)[1]),
            "round": queries.answers(H1),
            "asked": queries.asked_of(H1),
            "owed": queries.requested_reports(YEAR),
            "duties": [item for one in all_duties(cast.TODAY) for item in one.items],
            "cases": to_choose("", (YEAR,), None, areas.towns())[0],
        }.items()
    ]


@pytest.mark.usefixtures("both")
def test_a_struck_project_counts_nowhere_and_comes_back() -> None:
    make_project(parts=TOWNS)
    wrong = make_project(name=WRONG, parts=TOWNS)
    make_round()
    before = counted()
    assert [what for count, what in before if not count] == ["list's total"]
    assert plans.listing(YEAR, 50, 0)[1] == 2
    actions.strike_project(office(), wrong, WHY)
    assert {count for count, _ in counted()} == {0}
    assert plans.listing(YEAR, 50, 0)[1] == 1
    (found,) = plans.struck(YEAR)
    assert (found.name, found.struck_by, found.struck_at, found.struck_reason) == (
        *(WRONG, "青森市 連携推進担当", LATER, WHY),
    )
    assert queries.story(H1, wrong.id, "imabetsu") is None
    for press in (
        lambda: actions.change_project(office(), wrong, make_plan(name=WRONG)),
        lambda: rounds.take_in(office(), H1, wrong),
        lambda: make_draft(wrong),
        lambda: actions.strike_project(office(), wrong, WHY),
    ):
        with pytest.raises(Refusal):
            press()
        db.session.rollback()
    # Its page is as it was.
    assert len(queries.shown(wrong.id, YEAR).participants) == 2
    right = make_project(name=WRONG, parts=TOWNS)
    with pytest.raises(Refusal, match="同じ名前の事業があります。"):
        actions.put_project_back(office(), wrong)
    db.session.rollback()
    actions.strike_project(office(), right, "こちらが誤りでした。")
    actions.put_project_back(office(), wrong)
    assert counted() == before


@pytest.mark.usefixtures("both")
def test_a_year_of_struck_projects_is_as_if_nobody_had_entered_any() -> None:
    wrong = make_project(parts=TOWNS)
    actions.strike_project(office(), wrong, WHY)
    assert queries.rounds_of(cast.TODAY)[0] == frozenset()
    with pytest.raises(Refusal, match="事業がまだ登録されていません"):
        make_round()
    db.session.rollback()
    make_project(name="前年度の事業", parts=ALL, year=FiscalYear(2025))
    assert actions.copy_year(office(), FiscalYear(2025), YEAR) == 1


@pytest.mark.usefixtures("both")
def test_what_was_reported_on_or_shared_is_ended_and_not_struck() -> None:
    reported, shared = make_project(parts=TOWNS), make_project(name=WRONG, parts=TOWNS)
    make_round()
    save(report_of(reported))
    make_draft(shared)
    assert referring(reported) == {"project_year", "indicator", "round_part", "progress_report"}
    with pytest.raises(Refusal, match="報告のある事業は取り消せません。"):
        actions.strike_project(office(), reported, WHY)
    db.session.rollback()
    with pytest.raises(Refusal, match="費用負担の案件などがあるため"):
        actions.strike_project(office(), shared, WHY)


@pytest.mark.slow
@pytest.mark.usefixtures("both")
def test_a_struck_project_is_called_off_in_the_release_before() -> None:
    wrong = make_project(name=WRONG, parts=TOWNS)
    make_round()
    actions.strike_project(office(), wrong, WHY)
    id_ = wrong.id
    db.session.commit()
    downgrade(revision="0023")
    assert "struck_at" not in {one["name"] for one in inspect(db.engine).get_columns("project")}
    for sql, wanted in (
        ("SELECT name FROM project", f"{WRONG}（取消し{id_}）"),
        ("SELECT mark FROM project_year", "skipped"),
        ("SELECT DISTINCT ended FROM round_part", "called_off"),
    ):
        assert db.session.scalars(text(sql)).all() == [wanted]
    db.session.commit()
    upgrade(revision="0024")
    assert db.session.scalars(text("SELECT struck_at FROM project")).all() == [None]


def test_the_page_strikes_a_project_and_the_list_keeps_it_apart(app: Flask, browse: Browse) -> None:
    with app.app_context():
        make_project(parts=TOWNS)
        make_project(name=WRONG, parts=TOWNS)
        make_round()
        save(report_of(db.session.query(Project).filter_by(name="農業研修事業").one()))
    lead = browse("lead")
    page = lead.get("/projects")
    edit = lead.get(page.link(WRONG).replace("?", "/edit?"))
    assert "報告のある事業を終えるときは、その年度の扱いを「見送り」に" in edit.text
    address = edit.link("取り消す画面へ")
    refused = lead.get("/projects/1/strike")
    assert "報告のある事業は取り消せません。" in refused.text and not refused.all("main textarea")
    page = lead.follow(lead.fill(address, {"reason": WHY}))
    assert page.one("h1 s") and f"理由：{WHY}" in page.text
    assert not page.all("a[href*='/edit']")
    page = lead.get("/projects?fy=2026")
    assert "取り消した事業（1件）" in page.text and len(page.all("main tbody tr")) == 1
    browse("officer", "hiranai").get(address, status=403)
    page = lead.follow(lead.fill(address, {}))
    assert not page.all("h1 s")
    assert len(lead.get("/projects?fy=2026").all("main tbody tr")) == 2
