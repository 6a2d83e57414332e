"""分担なし: that nobody bears anything is decided like everything else, from one screen."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.cost_sharing.makers import (
    CASE,
    DUE,
    NAMES,
    PARTNERS,
    act_of,
    confirm_by,
    letters_of,
    make_project,
    make_proposal,
    read,
    sentences,
)
from tracker.cost_papers import papers
from tracker.cost_sharing.answers import actions as answers
from tracker.cost_sharing.cases import actions
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import CaseKind, CaseState
from tracker.cost_sharing.work.actions import decide_nothing
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.papers.kinds import Lines
from tracker.plumbing.db import db

pytestmark = pytest.mark.engines_by_turns

WHY = "各市町村が自分の費用で行うため。"
TALK = (date(2026, 11, 20), "オンライン", "5市町村の担当者", "分担しないことで一致。")
FILLED = {
    **{"title": "", "work": WHY, "consulted_on": "11/20", "place": "オンライン"},
    **{"participants": "5市町村の担当者", "gist": "一致。", "reply_due_on": "12/4"},
}


def decide(**changes: Any) -> CostCase:
    asked: dict[str, Any] = {
        "project_id": make_project().id,
        "year": FiscalYear(2026),
        "proposal": make_proposal(title="", parts=(), total_yen=0, subsidy_yen=0, work=WHY),
        "talk": TALK,
        "reply_due_on": DUE,
        **changes,
    }
    return decide_nothing(act_of("office"), **asked)


@pytest.mark.usefixtures("both")
def test_it_is_drafted_talked_over_and_sent_at_once_and_confirmed_by_each_side():
    row = decide()
    case = read(row)
    assert (case.kind, case.state, case.title) == (
        CaseKind.NONE, CaseState.AWAITING, "東青地域移住促進事業の費用負担",
    )  # fmt: skip
    assert case.consulted_at is not None and set(case.shares.values()) == {0}
    asked = letters_of("cost_request")[0].body.replace("\n", "").replace("　", "")
    assert f"費用は分担しません（各市町村の負担は0円）。理由：{WHY}" in asked
    with pytest.raises(Refusal, match="ご自分が作った案"):
        answers.confirm(act_of("office"), row)
    confirm_by(row, "aomori", *PARTNERS)
    assert row.state is CaseState.AGREED
    agreed = read(row)
    assert papers.cost_calculation(agreed).title == "令和8年度　費用の分担なしの記録"
    blocks = papers.cost_memorandum(agreed).blocks
    words = "".join(line for block in blocks if isinstance(block, Lines) for line in block.texts)
    assert "甲及び乙は、前条の費用を分担しないものとする。" in words and WHY in words
    new = actions.replace(act_of("office"), row, "分担することになったため。")
    assert read(new).content == case.content


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"talk": (date(2026, 11, 30), *TALK[1:])}, "協議の日がまだ来ていません"),
        ({"reply_due_on": date(2026, 11, 29)}, "日曜日です"),
        ({"proposal": NAMES[:1]}, "町村を1つ以上"),
    ],
    ids=["talk", "reply", "alone"],
)
@pytest.mark.usefixtures("both")
def test_what_is_refused_leaves_nothing_behind(changes, sentence):
    if "proposal" in changes:
        alone = {"participants": changes["proposal"], "work": WHY}
        proposal = make_proposal(title="", parts=(), total_yen=0, subsidy_yen=0, **alone)
        changes = {"proposal": proposal}
    with pytest.raises(Refusal, match=sentence):
        decide(**changes)
    db.session.rollback()
    assert db.session.scalar(select(func.count(CostCase.id))) == 0


def test_one_screen_begins_at_the_project_and_keeps_what_was_typed(browse, given):
    given(make_project)
    office = browse("office")
    page = office.get(office.get("/projects/1").link("費用は「分担なし」と記録する"))
    fields = {**page.fields(), **FILLED, "towns": ["aomori", *PARTNERS]}
    assert fields["project"] == "1"
    wrong = office.post("/costs/new/none", {**fields, "gist": "", "towns": ["aomori"]})
    assert (wrong.status, sentences(wrong)) == (422, ["話し合った内容を入力してください。"])
    assert wrong.fields()["work"] == WHY
    alone = office.post("/costs/new/none", {**fields, "towns": ["aomori"]})
    assert sentences(alone) == ["分担する町村を1つ以上選んでください。"]
    show = office.follow(office.post("/costs/new/none", fields))
    assert show.one(".page-actions .chip").text == "確認待ち"
    assert WHY in show.text
    seen = browse("confirmer", "imabetsu").get(f"{CASE}/confirm")
    assert WHY in seen.text and "各市町村の負担は0円" in seen.text
    edit = office.get(f"{CASE}/formula")
    assert edit.fields()["work"] == WHY and not edit.all("[name$=-what]")
    given(lambda: make_project(name="今別町の事業", lead_municipality_id=3))
    lead = browse("lead")
    assert "今別町の事業" not in lead.get("/costs/new/none").text
    forged = {**lead.get("/costs/new/none").fields(), **FILLED, "project": "2"}
    assert lead.post("/costs/new/none", forged).status == 422
    browse("officer", "imabetsu").get("/costs/new/none", 403)
