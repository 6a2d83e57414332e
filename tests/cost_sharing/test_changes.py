"""What a change voids, what never changes, and what others are told; on both databases."""

from datetime import date

import pytest
from sqlalchemy import select

from tests import cast
from tests.cost_sharing.makers import (
    DUE,
    LATER,
    PARTNERS,
    SHARES,
    confirm_by,
    letters_of,
    make_agreed,
    make_draft,
    make_proposal,
    make_ready,
    make_sent,
    shares_of,
    somebody,
)
from tracker.cost_sharing import actions, confirming, queries
from tracker.cost_sharing.models import CaseKind
from tracker.cost_sharing.rules import CaseState
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.plumbing import history
from tracker.plumbing.db import db

pytestmark = pytest.mark.usefixtures("both")


def test_a_change_after_sending_voids_all_confirmations_and_tells_both_amounts():
    case = make_sent()
    confirm_by(case, "aomori", "hiranai")
    office = somebody("office")
    changed = make_proposal(subsidy_yen=1_020_000)
    with pytest.raises(Refusal, match="いただいた確認はすべて取り消し"):
        actions.save_formula(case, changed, by=office, at=cast.NOW)
    actions.save_formula(case, changed, again=LATER, by=office, at=cast.NOW)
    assert (case.revision, case.state) == (2, CaseState.AWAITING)
    assert queries.find(case.no).answers == {}
    assert len(letters_of("cost_changed")) == 5
    letter = next(one for one in letters_of("cost_changed") if "imabetsu" in one.to_email)
    assert letter.subject == "【再度の御確認のお願い】費用負担（案）を変更しました"
    for words in (
        "　対象額\n　　2,500,000円 → 2,600,000円",
        "　今別町の負担額\n　　115,000円 → 120,000円",
        "　理由　　補助の額が決まったため。",
        "　期限　　令和8年12月11日（金）",
        "先にいただいた御確認は取り消しとなりました。",
    ):
        assert words in letter.body
    confirm_by(case, "aomori", *PARTNERS)
    assert case.state is CaseState.AGREED


def test_who_no_longer_takes_part_is_told_so_and_asked_nothing():
    case = make_sent()
    without = make_proposal(takers=("青森市", "平内町", "今別町", "外ヶ浜町"))
    actions.save_formula(case, without, again=LATER, by=somebody("office"), at=cast.NOW)
    letter = next(one for one in letters_of("cost_released") if "yomogita" in one.to_email)
    assert "117,000円 → 0円" in letter.body
    assert "御確認は不要です。" in letter.body
    with pytest.raises(Refusal, match="当事者ではありません"):
        confirm_by(case, "yomogita")


def test_saving_the_same_again_voids_nothing():
    case = make_sent()
    confirm_by(case, "hiranai")
    with pytest.raises(Refusal, match="前と同じ内容です"):
        actions.save_formula(case, make_proposal(), again=LATER, by=somebody("office"), at=cast.NOW)
    db.session.rollback()
    assert case.revision == 1
    assert len(queries.find(case.no).answers) == 1


def test_an_agreed_case_never_changes():
    case = make_agreed()
    office = somebody("office")
    for attempt in (
        lambda: actions.save_formula(
            case, make_proposal(total_yen=9_000_000), again=LATER, by=office, at=cast.NOW
        ),
        lambda: actions.add_consultation(
            case, cast.TODAY, "電話", "平内町", "…", by=office, at=cast.NOW
        ),
        lambda: actions.withdraw(case, by=office, at=cast.NOW),
        lambda: actions.send(case, DUE, by=office, at=cast.NOW),
        lambda: confirm_by(case, "hiranai"),
    ):
        with pytest.raises(Refusal, match="「合意済み」"):
            attempt()
    assert shares_of(case) == SHARES


def test_a_replacement_takes_the_place_of_an_agreed_case_once_it_is_agreed():
    old = make_agreed()
    office = somebody("office")
    new = actions.replace(old, by=office, at=cast.NOW)
    assert (new.no.label, new.state, shares_of(new)) == ("第8-02号", CaseState.DRAFT, SHARES)
    with pytest.raises(Refusal, match="第8-02号）が、すでにあります"):
        actions.replace(old, by=office, at=cast.NOW)
    actions.save_formula(new, make_proposal(total_yen=3_720_000), by=office, at=cast.NOW)
    actions.add_consultation(new, cast.TODAY, "電話", "全市町村", "増額。", by=office, at=cast.NOW)
    actions.send(new, DUE, by=office, at=cast.NOW)
    assert old.state is CaseState.AGREED
    confirm_by(new, "aomori", *PARTNERS)
    assert (old.state, new.state) == (CaseState.REPLACED, CaseState.AGREED)
    assert queries.find(old.no).replaced_by == new.no
    assert queries.find(new.no).replaces == old.no


def test_a_withdrawn_replacement_makes_room_for_another():
    old = make_agreed()
    office = somebody("office")
    actions.withdraw(actions.replace(old, by=office, at=cast.NOW), by=office, at=cast.NOW)
    assert actions.replace(old, by=office, at=cast.NOW).no.label == "第8-03号"


def test_work_is_shared_by_the_same_confirmations_without_yen():
    case = make_draft(kind=CaseKind.WORK, total_yen=0, subsidy_yen=0)
    office = somebody("office")
    work = make_proposal(
        kind=CaseKind.WORK, parts=(), total_yen=0, subsidy_yen=0, work="各町村　窓口　週1人・日"
    )
    actions.save_formula(case, work, by=office, at=cast.NOW)
    actions.add_consultation(case, cast.TODAY, "電話", "全市町村", "…", by=office, at=cast.NOW)
    actions.send(case, DUE, by=office, at=cast.NOW)
    assert "各町村　窓口　週1人・日" in letters_of("cost_request")[0].body
    confirm_by(case, "aomori", *PARTNERS)
    assert case.state is CaseState.AGREED


def test_a_decision_of_zero_yen_is_a_decision():
    case = make_agreed(make_proposal(total_yen=0, subsidy_yen=0))
    assert set(shares_of(case).values()) == {0}
    assert queries.find(case.no).table.total.percent == "—"


def test_the_duties_hear_of_every_side_and_of_no_draft():
    make_ready()
    assert queries.confirmations(cast.TODAY) == ()
    case = make_sent()
    confirm_by(case, "hiranai")
    confirming.give_back(case, "意見。", by=somebody("confirmer", "yomogita"), at=cast.NOW)
    told = {(fact.agreement, fact.municipality): fact for fact in queries.confirmations(cast.TODAY)}
    assert len(told) == 7
    assert ("青森市・蓬田村", "yomogita") not in told
    assert [side for side, fact in told.items() if fact.confirmed] == [
        ("青森市・平内町", "hiranai")
    ]
    imabetsu = told["青森市・今別町", "imabetsu"]
    assert (imabetsu.share_yen, imabetsu.amount_yen, imabetsu.due_on) == (115_000, 2_500_000, DUE)
    assert imabetsu.case_path == "/costs/2026-02"
    assert told["青森市・今別町", "aomori"].share_yen == 1_964_000


def test_agreed_cases_are_told_as_confirmed_within_their_year():
    make_agreed()
    assert {fact.confirmed for fact in queries.confirmations(cast.TODAY)} == {True}
    assert queries.confirmations(date(2027, 4, 1)) == ()


def test_states_are_counted_and_drafts_only_for_those_who_may_read_them():
    make_ready()
    make_sent()
    year = FiscalYear(2026)
    assert queries.state_counts(year, drafts=False) == {CaseState.AWAITING: 1}
    assert queries.state_counts(year, drafts=True) == {
        CaseState.AWAITING: 1,
        CaseState.CONSULTING: 1,
    }


def test_every_step_stands_in_an_unbroken_history():
    case = make_agreed()
    verbs = db.session.scalars(
        select(history.HistoryEntry.verb)
        .where(history.HistoryEntry.subject_id == str(case.no))
        .order_by(history.HistoryEntry.id)
    ).all()
    assert verbs == [
        "cost.started",
        "cost.drafted",
        "cost.consulted",
        "cost.sent",
        *["cost.confirmed"] * 5,
        "cost.agreed",
    ]
    assert history.verify() is None
