"""手続・人員 as a table: promised with the agreement, told when done (Article 4(2))."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from tests import cast
from tests.cost_sharing.cases import AOMORI, IMABETSU, make_case
from tests.cost_sharing.makers import (
    CASE,
    DUE,
    LATER,
    PARTNERS,
    WORK,
    act_of,
    cells,
    confirm_by,
    letters_of,
    make_draft,
    make_project,
    make_work_proposal,
    read,
    sentences,
)
from tracker.amounts.exact import Exact
from tracker.cost_papers import papers
from tracker.cost_sharing.answers.queries import decided, history_of
from tracker.cost_sharing.case import changes
from tracker.cost_sharing.cases import actions
from tracker.cost_sharing.consultations import actions as consultations
from tracker.cost_sharing.formula import actions as formula
from tracker.cost_sharing.formula.proposal import Proposal
from tracker.cost_sharing.models import CaseWork, CostCase
from tracker.cost_sharing.rules import CaseKind, CaseState
from tracker.cost_sharing.work.actions import tell_done
from tracker.cost_sharing.work.rules import WorkRow, amount_of, check_done, totals
from tracker.kernel.refusal import Refusal
from tracker.papers.kinds import Grid, Lines, shown
from tracker.plumbing.changes import Conflict
from tracker.plumbing.db import db

pytestmark = pytest.mark.engines_by_turns


def row_of(town: Any, what: str, promised: str, unit: str, done: str | None = None) -> WorkRow:
    return WorkRow(town, what, amount_of(promised), unit, done and amount_of(done))


def make_work(state: CaseState, proposal: Proposal | None = None) -> CostCase:
    case = make_draft(kind=CaseKind.WORK, total_yen=0, subsidy_yen=0)
    office = act_of("office")
    formula.save_formula(office, case, proposal or make_work_proposal())
    consultations.add_consultation(office, case, cast.TODAY, "電話", "全市町村", "一致。")
    if state is not CaseState.CONSULTING:
        actions.send(office, case, DUE)
    if state is CaseState.AGREED:
        confirm_by(case, "aomori", *PARTNERS)
    return case


def stored() -> list[tuple[Any, ...]]:
    rows = db.session.execute(
        select(CaseWork.position, CaseWork.what, CaseWork.promised, CaseWork.unit, CaseWork.done)
        .order_by(CaseWork.case_id, CaseWork.position)
    )  # fmt: skip
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("done", "difference", "told"),
    [
        (None, None, "—"),
        ("12.5", 0, "0"),
        ("14", Fraction(3, 2), "+1.5"),
        ("0", Fraction(-25, 2), "−12.5"),
        ("1,212.505", Fraction("1200.005"), "+1,200.005"),
    ],
)
def test_what_was_done_stands_beside_what_was_promised_with_the_difference(done, difference, told):
    row = row_of(AOMORI, "運営", "12.5", "人日", done)
    assert (row.difference, row.difference_told) == (difference, told)


def test_sums_are_by_unit_and_done_only_where_all_have_told_it():
    rows = [
        row_of(AOMORI, "運営", "0.1", "人日", "0.1"),
        row_of(AOMORI, "受付", "0.2", "人日", "0.25"),
        row_of(IMABETSU, "会場", "3", "回"),
    ]
    days, times = totals(rows)
    assert (str(days.promised), str(days.done), days.difference_told) == ("0.3", "0.35", "+0.05")
    assert (times.unit, times.promised, times.done) == ("回", Exact(3), None)


@pytest.mark.parametrize(
    ("kind", "state", "is_told"),
    [
        (kind, state, (kind, state) == ("work", "agreed"))
        for kind in CaseKind
        for state in CaseState
    ],
)
def test_what_was_done_is_told_of_agreed_work_alone(kind, state, is_told):
    if is_told:
        check_done(kind, state)
    else:
        with pytest.raises(Refusal, match="合意済み"):
            check_done(kind, state)


def test_another_amount_is_another_content_and_what_was_done_is_not():
    rows = (row_of(AOMORI, "運営", "12.5", "人日"), row_of(IMABETSU, "会場", "3", "回"))
    case = make_case(kind=CaseKind.WORK, rows=rows)
    done = make_case(
        kind=CaseKind.WORK, rows=(row_of(AOMORI, "運営", "12.5", "人日", "9"), rows[1])
    )
    more = make_case(kind=CaseKind.WORK, rows=(row_of(AOMORI, "運営", "13", "人日"), rows[1]))
    assert case.content == done.content != more.content
    changed = [(one.label, one.before, one.after) for one in changes(case, more) if one.changed]
    assert changed == [("青森市の分担", "運営　12.5人日", "運営　13人日")]


@pytest.mark.usefixtures("both")
def test_the_table_is_agreed_frozen_and_told_of():
    case = make_work(CaseState.AWAITING)
    assert "青森市　相談会の運営　12.5人日" in letters_of("cost_request")[0].body
    later = make_work_proposal(("aomori", "相談会の運営", "20", "人日"), WORK[1])
    formula.save_formula(act_of("office"), case, later, again=LATER)
    (change,) = history_of(read(case)).changes
    moved = "相談会の運営　12.5人日", "相談会の運営　20人日"
    assert [tuple(item)[:3] for item in change.items] == [("青森市の分担", *moved)]
    confirm_by(case, "aomori", *PARTNERS)
    assert case.state is CaseState.AGREED
    held = decided([case.id])[case.id]["work"]
    assert held == [["02201", "相談会の運営", "20", "人日"], ["02303", "会場の用意", "3", "回"]]
    first, second = read(case).rows
    tell_done(act_of("officer", "imabetsu"), case, {second.id: Exact(2)}, {second.id: second.seen})
    assert stored() == [(0, "相談会の運営", "20", "人日", None), (1, "会場の用意", "3", "回", "2")]
    assert decided([case.id])[case.id]["work"] == held
    with pytest.raises(Conflict):
        tell_done(act_of("lead"), case, {second.id: Exact(3)}, {second.id: second.seen})
    tell_done(act_of("lead"), case, {first.id: Exact(1)}, {first.id: first.seen})
    for words in ("promised = '9'", "what = 'x'", "position = 7"):
        with pytest.raises(DatabaseError, match="append-only"):
            db.session.execute(text(f"UPDATE case_work SET {words}"))
        db.session.rollback()


@pytest.mark.usefixtures("both")
def test_a_replacement_takes_the_table_over_and_nothing_that_was_done():
    case = make_work(CaseState.AGREED)
    one = read(case).rows[0]
    tell_done(act_of("office"), case, {one.id: Exact(9)}, {one.id: one.seen})
    actions.replace(act_of("office"), case, "担当が替わったため。")
    promised = [(0, "相談会の運営", "12.5", "人日"), (1, "会場の用意", "3", "回")]
    assert stored() == [(*promised[0], "9"), (*promised[1], None)] + [
        (*one, None) for one in promised
    ]


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rows": ()}, "1行以上入れてください"),
        ({"participants": ("青森市", "平内町")}, "今別町の行があります"),
    ],
)
def test_a_table_that_lacks_something_is_refused(changes, sentence):
    case = make_draft(kind=CaseKind.WORK, total_yen=0, subsidy_yen=0)
    with pytest.raises(Refusal, match=sentence):
        formula.save_formula(act_of("office"), case, replace(make_work_proposal(), **changes))


def grids(kind: str, case: CostCase) -> Iterator[list[list[str]]]:
    paper = next(one for one in papers.PAPERS if one.kind == kind)
    for block in paper.make(read(case)).blocks:
        if isinstance(block, Grid):
            yield [list(block.heads), *([shown(cell) for cell in row] for row in block.rows)]


@pytest.mark.usefixtures("both")
def test_the_paper_shows_promised_and_done_and_the_memorandum_each_partys_own():
    case = make_work(CaseState.AGREED)
    head = ["市町村", "何を", "どれだけ", "単位"]
    assert next(grids("cost_calculation", case))[:2] == [
        head, ["青森市", "相談会の運営", "12.5", "人日"],
    ]  # fmt: skip
    one = read(case).rows[0]
    tell_done(act_of("office"), case, {one.id: Exact(14)}, {one.id: one.seen})
    assert next(grids("cost_calculation", case)) == [
        [*head, "実績", "差"],
        ["青森市", "相談会の運営", "12.5", "人日", "14", "+1.5"],
        ["今別町", "会場の用意", "3", "回", "—", "—"],
        ["合計", "", "12.5", "人日", "14", "+1.5"],
        ["合計", "", "3", "回", "—", "—"],
    ]
    blocks = papers.cost_memorandum(read(case)).blocks
    words = "".join(line for block in blocks if isinstance(block, Lines) for line in block.texts)
    assert "甲　相談会の運営　12.5人日" in words and "乙　会場の用意　3回" in words
    assert "乙　（なし）" in words


BASE = f"{CASE}/formula"


def test_rows_come_and_go_by_buttons_and_are_kept_as_typed(browse, given):
    given(make_project)
    given(lambda: make_draft(kind=CaseKind.WORK, total_yen=0, subsidy_yen=0))
    office = browse("office")
    page = office.get(BASE)
    assert len(page.all("[name$=-what]")) == 5
    first = {"rows-0-what": "相談会の運営", "rows-0-promised": "12.5", "rows-2-what": "会場の用意"}
    page = office.fill(BASE, {**first, "add": "one"})
    assert page.status == 200 and len(page.all("[name$=-what]")) == 6
    assert page.fields()["rows-0-promised"] == "12.5"
    page = office.post(BASE, {**page.fields(), "participants": ["aomori", *PARTNERS], "drop": "1"})
    assert len(page.all("[name$=-what]")) == 5
    everybody = {"participants": ["aomori", *PARTNERS]}
    page = office.post(BASE, {**page.fields(), **everybody, "add": "all"})
    assert len(page.all("[name$=-what]")) == 6
    wrong = office.post(BASE, {**page.fields(), **everybody, "save": "1"})
    assert wrong.status == 422
    assert sentences(wrong) == ["どれだけ行うかを数字で入力してください（例 12.5）。"]
    assert wrong.fields()["rows-0-what"] == "相談会の運営"
    name = next(
        box["name"] for box in wrong.all("[name$=-what]") if box.get("value") == "会場の用意"
    )
    typed = {**wrong.fields(), **everybody, name.replace("what", "promised"): "３", "save": "1"}
    show = office.follow(office.post(BASE, typed))
    assert cells(show.all("table.data")[0])[1:] == [
        ["青森市", "相談会の運営", "12.5人日"],
        ["今別町", "会場の用意", "3人日"],
        ["合計", "人日", "15.5人日"],
    ]


def test_each_municipality_tells_of_its_own_rows_and_the_lead_of_all(browse, given):
    given(lambda: make_work(CaseState.AGREED))
    town, hub, other = (
        browse("officer", "imabetsu"),
        browse("lead"),
        browse("officer", "hiranai"),
    )
    page = town.get(f"{CASE}/work")
    (box,) = page.all("[name^=value_]")
    page = town.post(f"{CASE}/work", {**page.fields(), box["name"]: "2.5"})
    show = town.follow(page)
    assert ["今別町", "会場の用意", "3回", "2.5回", "−0.5"] in cells(show.all("table.data")[0])
    assert len(hub.get(f"{CASE}/work").all("[name^=value_]")) == 2
    other.get(f"{CASE}/work", 403)
    assert not other.get(CASE).all(f"a[href='{CASE}/work']")
    fields = town.get(f"{CASE}/work").fields()
    forged = {**fields, "value_1": "9", "1-seen": "1"}
    assert town.post(f"{CASE}/work", forged).status == 302
    assert "12.5人日" in town.get(CASE).text and "9人日" not in town.get(CASE).text
