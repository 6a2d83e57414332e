"""What a change voids, what never changes, and what others are told; on both databases."""

import pytest
from sqlalchemy import select

from tests import cast
from tests.cost_sharing.makers import (
    DUE,
    LATER,
    PARTNERS,
    SHARES,
    act_of,
    confirm_by,
    letters_of,
    make_agreed,
    make_draft,
    make_proposal,
    make_ready,
    make_sent,
    read,
    shares_of,
)
from tracker.cost_sharing import queries
from tracker.cost_sharing.answers import actions as answers
from tracker.cost_sharing.cases import actions
from tracker.cost_sharing.consultations import actions as consultations
from tracker.cost_sharing.formula import actions as formula
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import CaseKind, CaseState
from tracker.history import history
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing.db import db

WHY = "国の補助の額が変わったため。"
pytestmark = [pytest.mark.usefixtures("both"), pytest.mark.engines_by_turns]


def test_a_change_after_sending_voids_all_confirmations_and_tells_both_amounts():
    case = make_sent()
    confirm_by(case, "aomori", "hiranai")
    office = act_of("office")
    changed = make_proposal(subsidy_yen=1_020_000)
    with pytest.raises(Refusal, match="いただいた確認はすべて取り消し"):
        formula.save_formula(office, case, changed)
    formula.save_formula(office, case, changed, again=LATER)
    assert (case.revision, case.state) == (2, CaseState.AWAITING)
    assert read(case).answers == {}
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
    without = make_proposal(participants=("青森市", "平内町", "今別町", "外ヶ浜町"))
    formula.save_formula(act_of("office"), case, without, again=LATER)
    letter = next(one for one in letters_of("cost_released") if "yomogita" in one.to_email)
    assert "117,000円 → 0円" in letter.body
    assert "御確認は不要です。" in letter.body
    with pytest.raises(Refusal, match="当事者ではありません"):
        confirm_by(case, "yomogita")


def test_saving_the_same_again_voids_nothing():
    case = make_sent()
    confirm_by(case, "hiranai")
    with pytest.raises(Refusal, match="前と同じ内容です"):
        formula.save_formula(act_of("office"), case, make_proposal(), again=LATER)
    db.session.rollback()
    assert case.revision == 1
    assert len(read(case).answers) == 1


def test_an_agreed_case_never_changes():
    case = make_agreed()
    office = act_of("office")
    for attempt in (
        lambda: formula.save_formula(office, case, make_proposal(total_yen=9_000_000), again=LATER),
        lambda: consultations.add_consultation(office, case, cast.TODAY, "電話", "平内町", "…"),
        lambda: actions.withdraw(office, case),
        lambda: actions.send(office, case, DUE),
        lambda: confirm_by(case, "hiranai"),
    ):
        with pytest.raises(Refusal, match="「合意済み」"):
            attempt()
    assert shares_of(case) == SHARES


def test_a_replacement_takes_the_place_of_an_agreed_case_once_it_is_agreed():
    old = make_agreed()
    office = act_of("office")
    new = actions.replace(office, old, WHY)
    assert (new.no.label, new.state, shares_of(new)) == ("第8-02号", CaseState.DRAFT, SHARES)
    with pytest.raises(Refusal, match="第8-02号）が、すでにあります"):
        actions.replace(office, old, WHY)
    formula.save_formula(office, new, make_proposal(total_yen=3_720_000))
    consultations.add_consultation(office, new, cast.TODAY, "電話", "全市町村", "増額。")
    actions.send(office, new, DUE)
    assert old.state is CaseState.AGREED
    confirm_by(new, "aomori", *PARTNERS)
    assert (old.state, new.state) == (CaseState.REPLACED, CaseState.AGREED)
    assert read(old).replaced_by == new.no
    assert read(new).replaces == old.no


def test_a_withdrawn_replacement_makes_room_for_another():
    old = make_agreed()
    office = act_of("office")
    actions.withdraw(office, actions.replace(office, old, WHY))
    assert actions.replace(office, old, WHY).no.label == "第8-03号"


def test_work_is_shared_by_the_same_confirmations_without_yen():
    case = make_draft(kind=CaseKind.WORK, total_yen=0, subsidy_yen=0)
    office = act_of("office")
    work = make_proposal(parts=(), total_yen=0, subsidy_yen=0, work="各町村　窓口　週1人・日")
    formula.save_formula(office, case, work)
    consultations.add_consultation(office, case, cast.TODAY, "電話", "全市町村", "…")
    actions.send(office, case, DUE)
    assert "各町村　窓口　週1人・日" in letters_of("cost_request")[0].body
    confirm_by(case, "aomori", *PARTNERS)
    assert case.state is CaseState.AGREED


def test_a_decision_of_zero_yen_is_a_decision():
    case = make_agreed(make_proposal(total_yen=0, subsidy_yen=0))
    assert set(shares_of(case).values()) == {0}
    assert read(case).table.total.percent == "—"


def requests() -> dict[str, tuple[bool, ...]]:
    """By municipality, whether each pair that is still asked of it is confirmed."""
    year = FiscalYear(2026)
    return {
        side.slug: answers
        for case in queries.in_hand(cast.TODAY)
        for side, answers in case.requests(year).items()
    }


def test_the_duties_hear_of_every_side_and_of_no_draft():
    make_ready()
    assert requests() == {}
    case = make_sent()
    confirm_by(case, "hiranai")
    answers.return_case(act_of("confirmer", "yomogita"), case, "意見。")
    assert requests() == {
        "aomori": (False,) * 4,
        "hiranai": (True,),
        "imabetsu": (False,),
        "sotogahama": (False,),
    }


def test_agreed_cases_are_told_as_confirmed_within_their_year():
    case = make_agreed()
    assert {slug: all(answers) for slug, answers in requests().items()} == dict.fromkeys(
        ("aomori", *PARTNERS), True
    )
    assert read(case).requests(FiscalYear(2027)) == {}


def test_the_list_has_drafts_too_newest_first():
    make_ready()
    make_sent()
    everything = queries.of_year(FiscalYear(2026), cast.TODAY)
    assert [(str(one.no), one.state) for one in everything] == [
        ("2026-02", CaseState.AWAITING),
        ("2026-01", CaseState.CONSULTING),
    ]


def entries(case: CostCase) -> list[history.HistoryEntry]:
    """What the record says of a case."""
    return list(
        db.session.scalars(
            select(history.HistoryEntry)
            .where(
                history.HistoryEntry.subject_kind == "cost_case",
                history.HistoryEntry.subject_id == str(case.id),
            )
            .order_by(history.HistoryEntry.id)
        )
    )


def test_a_change_of_amounts_is_recorded_row_by_row_before_and_after():
    case = make_sent()
    changed = make_proposal(subsidy_yen=1_020_000)
    formula.save_formula(act_of("office"), case, changed, again=LATER)
    payload = entries(case)[-1].payload
    subsidy = f"project_cost/{case.cost_id}/subsidy_yen"
    assert (payload["before"][subsidy], payload["after"][subsidy]) == (
        1_120_000,
        1_020_000,
    )
    share = f"share/{case.id}-{areas.find_town('imabetsu').id}/share_yen"
    assert (payload["before"][share], payload["after"][share]) == (115_000, 120_000)
    # The figures are the same: no part of the formula was written anew.
    assert not [name for name in payload["after"] if name.startswith("cost_part/")]


def test_an_opinion_stands_in_the_record_as_digest_and_length():
    case = make_sent()
    answers.return_case(act_of("confirmer", "hiranai"), case, "人口の基準を直したい。")
    after = entries(case)[-1].payload["after"]
    (opinion,) = (value for name, value in after.items() if name.endswith("/opinion"))
    assert (opinion["length"], set(opinion)) == (11, {"length", "digest"})


def test_every_act_is_one_entry_of_an_unbroken_record():
    case = make_agreed()
    assert [entry.verb for entry in entries(case)] == [
        "cost.started",
        "cost.drafted",
        "cost.consulted",
        "cost.sent",
        *["cost.confirmed"] * 4,
        "cost.agreed",
    ]
    assert history.verify() is None
