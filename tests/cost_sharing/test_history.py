"""What changed of a case, why, and what was said of it: on the confirmer's page, and for good."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests import cast
from tests.cost_sharing.makers import (
    CASE,
    DUE,
    LATER,
    PARTNERS,
    act_of,
    answer,
    cells,
    confirm_by,
    letters_of,
    make_agreed,
    make_proposal,
    make_sent,
    read,
    sentences,
)
from tracker.cost_sharing import queries
from tracker.cost_sharing.answers import actions as answers
from tracker.cost_sharing.answers.queries import history_of
from tracker.cost_sharing.case import CaseHistory, Change, Reply, Revised, Word
from tracker.cost_sharing.cases import actions
from tracker.cost_sharing.consultations import actions as consultations
from tracker.cost_sharing.formula import actions as formula
from tracker.cost_sharing.formula.actions import AskAgain
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import CaseState, Decision
from tracker.plumbing.changes import Conflict
from tracker.plumbing.db import db

pytestmark = pytest.mark.engines_by_turns

WHY = "国の補助の額が変わったため。"
AGAIN = AskAgain("均等割を見直したため。", LATER.reply_due_on)
YES, NO = Decision.CONFIRMED, Decision.RETURNED


def revised(revision: int, *items: Change) -> Revised:
    at = cast.NOW + timedelta(hours=2 * revision)
    return Revised(revision, items, f"理由{revision}", "青森市 連携推進担当", at)


def word(town: str, revision: int, decision: Decision = YES, opinion: str | None = None) -> Word:
    at = cast.NOW + timedelta(hours=2 * revision + 1)
    return Word(town, revision, Reply(decision, opinion, f"{town} 企画課長", at))


TOTAL = Change("総事業費", "1円", "2円")
OWN, OTHER = (Change(f"{name}の負担額", "1円", "2円", name) for name in ("今別町", "平内町"))
TWO, THREE = revised(2, TOTAL, OTHER, OWN), revised(3, TOTAL._replace(before="2円", after="3円"))
BACK = revised(3, *(one._replace(before="2円", after="1円") for one in (TOTAL, OWN, OTHER)))


@pytest.mark.parametrize(
    ("changes", "words", "revision", "items", "reasons"),
    [
        ((), (), 1, None, ()),
        ((revised(1),), (), 1, None, ()),
        ((TWO,), (), 2, (OWN, TOTAL, OTHER), (2,)),
        ((TWO, THREE), (), 3, (OWN, TOTAL._replace(after="3円"), OTHER), (2, 3)),
        ((TWO, THREE), (word("今別町", 1),), 3, (OWN, TOTAL._replace(after="3円"), OTHER), (2, 3)),
        ((TWO, THREE), (word("今別町", 2),), 3, (THREE.items[0],), (3,)),
        ((TWO, THREE), (word("平内町", 2), word("今別町", 3)), 3, None, (2, 3)),
        ((TWO, BACK), (), 3, (), (2, 3)),
        ((revised(2),), (word("今別町", 1),), 2, (), (2,)),
    ],
)
def test_what_a_side_has_not_answered_yet(changes, words, revision, items, reasons):
    found = CaseHistory(changes, words).since("今別町", revision)
    if items is None and not reasons:
        assert found is None
        return
    assert found is not None
    if items is not None:
        assert tuple(found.items) == items
    assert tuple(one.revision for one in found.changes) == reasons


def test_opinions_stand_once_by_their_time_and_the_older_ones_as_answered():
    hub = [word("青森市", 1, NO, "直したい。")] * 4
    words = (
        *hub,
        word("平内町", 1, YES, "異議なし。"),
        word("平内町", 2),
        word("今別町", 2, NO, "なお。"),
    )
    history = CaseHistory((TWO, THREE), words)
    assert [one.town for one in history.opinions] == ["青森市", "平内町", "今別町"]
    assert history.entries == [hub[0], words[4], TWO, words[6], THREE]
    since = history.since("平内町", 3)
    assert since is not None and [one.town for one in since.opinions] == ["今別町"]


@pytest.mark.usefixtures("both")
def test_a_change_is_kept_with_its_reason_and_stays_when_all_have_agreed():
    case = make_sent()
    answers.return_case(act_of("confirmer", "yomogita"), case, "均等割を下げてほしい。")
    formula.save_formula(act_of("office"), case, make_proposal(subsidy_yen=1_020_000), again=LATER)
    answers.confirm(act_of("confirmer", "yomogita"), case, "これでよい。")
    formula.save_formula(act_of("lead"), case, make_proposal(total_yen=3_520_000), again=AGAIN)
    confirm_by(case, "aomori", *PARTNERS)
    history = history_of(read(case))
    assert case.state is CaseState.AGREED
    assert [(one.revision, one.reason, one.person) for one in history.changes] == [
        (2, LATER.reason, "青森市 連携推進担当"),
        (3, AGAIN.reason, "青森市 農業振興センター"),
    ]
    assert [(one.town, one.revision, one.reply.opinion) for one in history.opinions] == [
        ("蓬田村", 1, "均等割を下げてほしい。"),
        ("蓬田村", 2, "これでよい。"),
    ]
    kept = {item.label: (item.before, item.after) for item in history.changes[0].items}
    assert kept["国・県などの補助"] == ("1,120,000円", "1,020,000円")
    assert kept["今別町の負担額"] == ("115,000円", "120,000円")
    assert not {"件名", "総事業費", "割り方"} & kept.keys()
    with pytest.raises(IntegrityError, match="append-only"):
        db.session.execute(text("UPDATE case_change SET reason = ''"))
    db.session.rollback()


@pytest.mark.usefixtures("both")
def test_a_struck_consultation_and_a_change_after_it_are_kept_as_well():
    case = make_sent()
    (one,) = queries.consultations(read(case))
    consultations.strike_consultation(act_of("office"), case, one, WHY)
    formula.save_formula(act_of("office"), case, make_proposal())
    formula.save_formula(act_of("office"), case, make_proposal(total_yen=3_720_000))
    first, second = history_of(read(case)).changes
    assert (first.revision, first.items, first.reason) == (2, (), WHY)
    assert (second.revision, second.reason) == (2, "")
    assert second.items[0] == Change("総事業費", "3,620,000円", "3,720,000円")


@pytest.mark.usefixtures("both")
def test_why_an_agreed_case_is_replaced_stands_with_the_new_one_and_in_no_open_entry():
    new = actions.replace(act_of("office"), make_agreed(), WHY)
    (one,) = history_of(read(new)).changes
    assert (one.revision, one.items, one.reason) == (1, (), WHY)
    said = db.session.execute(
        text("SELECT summary, payload FROM history WHERE verb = 'cost.started'")
    )
    assert WHY not in str(said.all())


def test_a_confirmer_sees_before_and_after_why_and_what_it_answers(browse, given):
    given(make_sent)
    given(lambda: answer("aomori"))
    given(lambda: answer("yomogita", "均等割を下げてほしい。"))
    imabetsu = browse("confirmer", "imabetsu")
    assert "前回から変わったところ" not in imabetsu.get(f"{CASE}/confirm").text

    def change() -> None:
        case = db.session.get(CostCase, 1)
        changed = make_proposal(subsidy_yen=1_020_000)
        formula.save_formula(act_of("office"), case, changed, again=LATER)

    given(change)
    page = imabetsu.get(f"{CASE}/confirm")
    (table,) = page.all("table.check-table")
    assert cells(table)[1:3] == [
        ["今別町の負担額", "115,000円", "120,000円"],
        ["国・県などの補助", "1,120,000円", "1,020,000円"],
    ]
    assert (
        LATER.reason in page.text and "前の案への蓬田村の意見 均等割を下げてほしい。" in page.text
    )
    text_ = page.text
    assert text_.index("前回から変わったところ") < text_.index("この内容で確認する")
    for slug in ("aomori", *PARTNERS):
        given(lambda slug=slug: answer(slug))
    show = browse("office").get(CASE)
    assert show.one(".page-actions .chip").text == "合意済み"
    log = show.one("#history").get_text(" ", strip=True)
    for words in (
        "蓬田村の意見（第1版へ） 均等割を下げてほしい。",
        "蓬田村 企画課長",
        LATER.reason,
    ):
        assert words in log
    assert "今別町の負担額 115,000円 120,000円" in log


def test_a_replacement_is_confirmed_beside_what_was_agreed(browse, given):
    given(make_agreed)

    def replace() -> None:
        office, old = act_of("office"), db.session.get(CostCase, 1)
        new = actions.replace(office, old, WHY)
        formula.save_formula(office, new, make_proposal(total_yen=3_720_000))
        consultations.add_consultation(office, new, cast.TODAY, "電話", "全市町村", "増額。")
        actions.send(office, new, DUE)
        letter = letters_of("cost_request")[-1].body
        assert "　差替え　合意済みの第8-01号を差し替える案です。" in letter

    given(replace)
    page = browse("confirmer", "imabetsu").get("/costs/2026-02/confirm")
    table = page.one("table.check-table")
    assert cells(table)[1] == ["今別町の負担額", "115,000円", "120,000円"]
    assert "合意済みの第8-01号から変わるところ" in page.text and WHY in page.text
    show = browse("officer", "imabetsu").get("/costs/2026-02")
    assert WHY in show.one("#history").text


def test_the_check_tells_confirmations_that_are_void_from_opinions_that_stay(browse, given):
    given(make_sent)
    given(lambda: answer("hiranai"))
    given(lambda: answer("yomogita", "均等割を下げてほしい。"))
    check = browse("office").fill(f"{CASE}/formula", {"subsidy_yen": "1,020,000", "save": "1"})
    assert "取り消される確認：平内町 企画課長 案件" in check.text
    assert "残る意見：蓬田村 企画課長" in check.text


def test_a_stale_page_says_that_no_answer_was_taken(browse, given):
    given(make_sent)
    yomogita = browse("confirmer", "yomogita")
    shown = yomogita.get(f"{CASE}/confirm").fields()

    def change() -> None:
        case = db.session.get(CostCase, 1)
        formula.save_formula(
            act_of("office"), case, make_proposal(total_yen=3_720_000), again=LATER
        )

    given(change)
    late = yomogita.post(
        f"{CASE}/confirm", {**shown, "decision": "confirmed", "opinion": "異議なし"}
    )
    assert late.status == 409
    assert "まだお答えを受け付けていません。" in sentences(late)[0]
    assert "保存" not in late.one("main").text
    assert "前回から変わったところ" in late.text


@pytest.mark.usefixtures("both")
def test_words_on_older_amounts_are_refused_with_what_to_do():
    case = make_sent()
    formula.save_formula(act_of("office"), case, make_proposal(total_yen=3_720_000), again=LATER)
    with pytest.raises(Conflict, match="まだお答えを受け付けていません。変わったところを確かめて"):
        answers.return_case(act_of("confirmer", "imabetsu"), case, "意見。", seen="1")


def test_of_many_municipalities_the_own_share_stands_first_and_the_others_open_below(
    app, browse, given, monkeypatch
):
    monkeypatch.setitem(app.jinja_env.globals, "MANY", 4)
    given(make_sent)

    def change() -> None:
        case = db.session.get(CostCase, 1)
        changed = make_proposal(subsidy_yen=1_020_000)
        formula.save_formula(act_of("office"), case, changed, again=LATER)

    given(change)
    page = browse("confirmer", "imabetsu").get(f"{CASE}/confirm")
    first, others = page.all("table.check-table")
    assert [row[0] for row in cells(first)[1:]] == ["今別町の負担額", "国・県などの補助"]
    assert [row[0] for row in cells(others)[1:]] == [
        f"{name}の負担額" for name in ("青森市", "平内町", "蓬田村", "外ヶ浜町")
    ]
    assert "ほかの4市町村" in page.text
