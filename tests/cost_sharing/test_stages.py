"""概算 → 確定 → 精算 of one year: each stage starts from what is agreed, with the new yen alone."""

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from tests import cast
from tests.cost_sharing.makers import (
    CASE,
    DUE,
    PARTNERS,
    SHARES,
    act_of,
    cells,
    confirm_by,
    make_agreed,
    make_draft,
    make_project,
    make_proposal,
    read,
    sentences,
    shares_of,
)
from tracker.cost_papers import papers
from tracker.cost_sharing.answers.queries import decided
from tracker.cost_sharing.cases import actions
from tracker.cost_sharing.consultations import actions as consultations
from tracker.cost_sharing.formula.actions import save_formula
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import CaseState, Stage
from tracker.cost_sharing.stages.actions import start_next
from tracker.cost_sharing.stages.queries import (
    carried_over,
    settled_before,
    settled_of_lead,
    stage_there,
)
from tracker.cost_sharing.stages.rules import check_next, check_record_settled, next_stages
from tracker.history import history
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.plumbing.db import db

pytestmark = pytest.mark.engines_by_turns

FIXED, SETTLED = Stage.FIXED, Stage.RECONCILIATION


@pytest.mark.parametrize(
    ("state", "stage", "wanted", "is_fine"),
    [
        ("agreed", "estimate", "fixed", True),
        ("agreed", "estimate", "reconciliation", True),
        ("agreed", "fixed", "reconciliation", True),
        ("agreed", "fixed", "fixed", False),
        ("agreed", "reconciliation", "reconciliation", False),
        ("awaiting", "estimate", "fixed", False),
        ("replaced", "estimate", "fixed", False),
    ],
)
def test_a_stage_follows_an_agreed_one_before_it(state, stage, wanted, is_fine):
    asked = CaseState(state), Stage(stage), Stage(wanted)
    assert (asked[2] in next_stages(asked[1]) and state == "agreed") is is_fine
    if is_fine:
        check_next(*asked, None)
    else:
        with pytest.raises(Refusal, match="合意済み"):
            check_next(*asked, None)


def agree(case: CostCase) -> CostCase:
    office = act_of("office")
    consultations.add_consultation(office, case, cast.TODAY, "電話", "全市町村", "一致。")
    actions.send(office, case, DUE)
    confirm_by(case, "aomori", *PARTNERS)
    return case


@pytest.mark.usefixtures("both")
def test_the_three_stages_stand_side_by_side_with_what_is_paid_or_given_back():
    office, first = act_of("office"), make_agreed()
    fixed = start_next(office, first, FIXED, 4_120_000, 1_120_000)
    assert read(fixed).parts == read(first).parts and read(fixed).title == read(first).title
    assert sum(shares_of(fixed).values()) == 3_000_000
    with pytest.raises(Refusal, match="確定の案件（第8-02号）が、すでにあります"):
        start_next(office, first, FIXED, 1, 0)
    actions.withdraw(office, fixed)
    fixed = agree(start_next(office, first, FIXED, 4_120_000, 1_120_000))
    settled = agree(start_next(office, fixed, SETTLED, 3_420_000, 1_120_000))
    before = settled_before(read(settled), cast.TODAY)
    assert list(before) == [Stage.ESTIMATE, FIXED]
    assert before[FIXED] == read(fixed).shares and shares_of(first) == SHARES
    moved = {town.name: yen - before[FIXED][town] for town, yen in read(settled).shares.items()}
    assert sum(moved.values()) == -700_000 and all(yen < 0 for yen in moved.values())
    assert stage_there(read(first), SETTLED) == settled.no
    assert list(settled_before(read(fixed), cast.TODAY)) == [Stage.ESTIMATE]
    assert papers.find_settled(str(fixed.no)) is None
    offered = {row.kind for row in papers.offered(read(fixed))}
    assert "cost_calculation" in offered and "cost_settlement" not in offered
    assert {row.kind for row in papers.offered(read(settled))} - offered == {"cost_settlement"}
    assert settled_before(read(first), cast.TODAY) == {}


def test_the_fixed_amount_stands_beside_the_estimate(browse, given):
    given(lambda: start_next(act_of("office"), make_agreed(), FIXED, 4_120_000, 1_120_000))
    show = browse("office").get("/costs/2026-02")
    table = next(one for one in show.all("table.data") if "差額（円）" in one.text)
    assert cells(table)[0] == ["市町村", "概算（円）", "確定（円）", "差額（円）", "扱い"]
    assert {row[-1] for row in cells(table)[1:]} == {"増額"} and "精算書" not in show.text


@pytest.mark.usefixtures("both")
def test_the_settled_total_stands_as_the_leads_own_cost_where_it_told_none():
    office, first = act_of("office"), make_agreed()
    start_next(office, first, FIXED, 4_120_000, 1_120_000, is_settled=True)
    assert settled_of_lead(read(first)) is None
    draft = start_next(office, first, SETTLED, 3_420_000, 1_120_000, is_settled=True)
    told = settled_of_lead(read(first))
    assert (told.total_yen, told.municipality_id) == (3_420_000, read(first).lead.id)
    last = history.last_of(history.Subject("project", first.project_id), verb="project.changed")
    assert last and "決算額を記録しました" in last.summary
    actions.withdraw(office, draft)
    start_next(office, first, SETTLED, 9_000_000, 0, is_settled=True)
    assert settled_of_lead(read(first)).total_yen == 3_420_000


def test_a_settlement_begun_from_the_list_carries_over_and_tells_what_the_project_closed_with(
    browse, given, app
):
    given(make_project)
    office, asked = browse("office"), "/costs/new"
    typed = {
        **office.get(asked).fields(),
        **{"project": "1", "kind": "money", "total_yen": "3,420,000", "subsidy_yen": "1,120,000"},
        **{"carried_yen": "300,000", "is_settled": "y"},
    }
    refused = office.post(asked, {**typed, "stage": "fixed"})
    assert "精算のときだけ" in refused.one("#carried_yen-error").get_text()
    more = office.post(asked, {**typed, "stage": "reconciliation", "carried_yen": "2,300,001"})
    assert "繰り越す額が、総事業費から補助を引いた額を超えています" in more.text
    assert office.post(asked, {**typed, "stage": "reconciliation"}).status == 302
    page = office.get(CASE)
    assert "青森市の決算額として、事業に3,420,000円が記録されています。" in page.text
    assert "として記録する" not in page.text
    with app.app_context():
        case = read(db.session.get(CostCase, 1))
        assert (case.carried_yen, case.amount_yen) == (300_000, 2_000_000)
    # The total changed since: what the project closed with follows by a press.
    given(lambda: carry(db.session.get(CostCase, 1), 0))
    page = office.get(CASE)
    assert "この案件の総事業費（3,620,000円）を決算額として記録する" in page.text
    form = next(one for one in page.all("form") if str(one.get("action")).endswith("/settled"))
    said = {str(one["name"]): str(one["value"]) for one in form.select("input")}
    assert (
        "事業の決算額に記録しました。" in office.follow(office.post(f"{CASE}/settled", said)).text
    )
    assert "青森市の決算額として、事業に3,620,000円が記録されています。" in office.get(CASE).text
    assert browse("officer", "imabetsu").post(f"{CASE}/settled", said).status == 403


@pytest.mark.parametrize("stage", ["estimate", "fixed"])
def test_only_a_settlement_tells_what_a_project_closed_with(stage):
    check_record_settled(CaseState.DRAFT, SETTLED)
    for state, other in ((CaseState.AGREED, Stage(stage)), (CaseState.WITHDRAWN, SETTLED)):
        with pytest.raises(Refusal, match="取り下げも差替えもしていない精算の案件から記録します"):
            check_record_settled(state, other)


def test_the_next_stage_carries_over_only_as_a_settlement(browse, given):
    given(make_agreed)
    office, asked = browse("office"), f"{CASE}/next"
    typed = {**office.get(asked).fields(), "total_yen": "3,420,000", "carried_yen": "300,000"}
    refused = office.post(asked, {**typed, "stage": "fixed"})
    assert "精算のときだけ" in refused.one("#carried_yen-error").get_text()
    page = office.follow(office.post(asked, {**typed, "stage": "reconciliation"}))
    assert "翌年度へ繰り越す額" in page.text and "2,000,000円" in page.text


def carry(case: CostCase, carried_yen: int) -> None:
    proposal = make_proposal(stage=SETTLED, carried_yen=carried_yen)
    save_formula(act_of("office"), case, proposal)


@pytest.mark.usefixtures("both")
def test_what_is_carried_over_is_not_shared_and_is_held_by_the_agreement():
    draft = make_draft(stage=SETTLED)
    with pytest.raises(Refusal, match="繰り越す額が、総事業費から補助を引いた額を超えています"):
        carry(draft, 2_500_001)
    with pytest.raises(Refusal, match="精算のときだけ"):
        save_formula(act_of("office"), draft, make_proposal(carried_yen=1))
    carry(draft, 500_000)
    assert sum(shares_of(draft).values()) == read(draft).amount_yen == 2_000_000
    assert carried_over(FiscalYear(2026)) == {}
    agree(draft)
    assert decided([draft.id])[draft.id]["carried_yen"] == 500_000
    assert carried_over(FiscalYear(2026)) == {draft.project_id: 500_000}
    cost_id = draft.cost_id
    db.session.commit()
    # Going back, the total is what was shared and the funds.
    downgrade(revision="0044")
    told = text("SELECT total_yen FROM project_cost WHERE id = :id")
    assert db.session.execute(told, {"id": cost_id}).scalar() == 3_120_000
    db.session.rollback()
    upgrade()
    assert read(db.session.get(CostCase, 1)).carried_yen == 0


def test_next_year_is_told_what_was_carried_over(browse, given):
    given(lambda: carry(make_draft(stage=SETTLED, year=FiscalYear(2025)), 0))
    office = browse("office")
    page = office.get("/costs/2025-01/formula")
    office.post("/costs/2025-01/formula", {**page.fields(), "carried_yen": "500,000", "save": "1"})
    assert "翌年度へ繰り越す額" in office.get("/costs/2025-01").text
    said = "東青地域移住促進事業 前年度から繰り越した額 500,000円"
    assert said not in office.get("/costs/new?fy=2026").text
    given(lambda: agree(db.session.get(CostCase, 1)))
    assert said in office.get("/costs/new?fy=2026").text
    assert said not in office.get("/costs/new?fy=2027").text


def test_one_press_leads_from_what_is_agreed_to_the_settlement(browse, given):
    given(make_agreed)
    office = browse("office")
    page = office.get(office.get(CASE).link("確定・精算を始める"))
    assert page.fields()["stage"] == "reconciliation"
    wrong = office.post(f"{CASE}/next", {**page.fields(), "total_yen": ""})
    assert wrong.status == 422 and len(sentences(wrong)) == 1
    page = office.post(f"{CASE}/next", {**page.fields(), "total_yen": "2,120,000"})
    again = office.get(f"{CASE}/next")
    assert (
        "事業に2,120,000円が登録されています" in again.text and "is_settled" not in again.fields()
    )
    show = office.follow(page)
    table = next(one for one in show.all("table.data") if "差額（円）" in one.text)
    assert cells(table)[0] == ["市町村", "概算（円）", "精算（円）", "差額（円）", "扱い"]
    assert {row[-1] for row in cells(table)[1:]} == {"返還"}
    given(make_draft)
    assert office.get("/costs/2026-03/next", 302).location == "/costs/2026-03"
    browse("officer", "imabetsu").get(f"{CASE}/next", 403)


def test_the_list_of_a_year_past_leads_to_each_settlement(browse, given):
    given(lambda: make_agreed(year=FiscalYear(2025)))
    given(make_agreed)
    office = browse("office")
    listed = office.get("/costs?fy=2025")
    assert listed.link("精算を始める：東青地域移住促進事業の費用負担") == "/costs/2025-01/next"
    assert "精算を始める" not in office.get("/costs?fy=2026").text
    assert "精算を始める" not in browse("officer", "imabetsu").get("/costs?fy=2025").text
