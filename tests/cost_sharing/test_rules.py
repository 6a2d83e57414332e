"""The steps of a case: who may do what, when, and what the answers add up to."""

from datetime import date
from types import MappingProxyType

import pytest

from tests.cost_sharing import cases
from tracker.cost_sharing.answers.rules import check_confirm, check_return, state
from tracker.cost_sharing.case import changes
from tracker.cost_sharing.cases.rules import check_change, check_send, check_step
from tracker.cost_sharing.consultations.rules import after_strike
from tracker.cost_sharing.rules import (
    Answers,
    CaseState,
    Decision,
    Pair,
    Stage,
)
from tracker.cost_sharing.stages.rules import stage_table
from tracker.kernel.refusal import Refusal
from tracker.shares.rules import RoundingMode

DRAFT, CONSULTING, AWAITING, RETURNED, AGREED, WITHDRAWN, REPLACED = CaseState
AOMORI, HIRANAI, IMABETSU, YOMOGITA, OUTSIDER = range(1, 6)
PAIRS = (Pair(11, AOMORI, HIRANAI), Pair(12, AOMORI, IMABETSU), Pair(13, YOMOGITA, AOMORI))
CONFIRMED, OPINION = Decision.CONFIRMED, Decision.RETURNED


def says(municipality: int, agreement: int, decision: Decision = CONFIRMED) -> Answers:
    return {(agreement, municipality): decision}


EVERYBODY = {(pair.agreement, side): CONFIRMED for pair in PAIRS for side in pair.parties}

ALLOWED = {
    DRAFT: {CONSULTING, WITHDRAWN},
    CONSULTING: {AWAITING, WITHDRAWN},
    AWAITING: {CONSULTING, AWAITING, RETURNED, AGREED, WITHDRAWN},
    RETURNED: {CONSULTING, AWAITING, RETURNED, AGREED, WITHDRAWN},
    AGREED: {REPLACED},
    WITHDRAWN: set(),
    REPLACED: set(),
}


def confirm(
    now: CaseState = AWAITING,
    *,
    of: int = IMABETSU,
    answers: Answers = MappingProxyType({}),
    is_drafter: bool = False,
) -> tuple[int, ...]:
    pairs = check_confirm(now, PAIRS, answers, of, is_drafter=is_drafter)
    return tuple(pair.agreement for pair in pairs)


def send_back(
    now: CaseState = AWAITING, *, opinion: str = "人口の基準", is_drafter: bool = False
) -> None:
    check_return(now, PAIRS, IMABETSU, opinion, is_drafter=is_drafter)


# --- words


def test_every_state_has_the_word_of_the_contract() -> None:
    assert {str(case_state): case_state.label for case_state in CaseState} == {
        "draft": "下書き",
        "consulting": "協議中",
        "awaiting": "確認待ち",
        "returned": "意見あり",
        "agreed": "合意済み",
        "withdrawn": "取下げ",
        "replaced": "差替え",
    }


def test_stages_answers_and_roundings_have_their_words() -> None:
    assert [stage.label for stage in Stage] == ["概算", "確定", "精算"]
    assert [decision.label for decision in Decision] == ["確認", "意見あり"]
    assert [mode.label for mode in RoundingMode] == ["切捨て", "切上げ", "四捨五入"]


# --- steps


@pytest.mark.parametrize("wanted", CaseState)
@pytest.mark.parametrize("now", CaseState)
def test_only_the_listed_steps_are_allowed(now: CaseState, wanted: CaseState) -> None:
    if wanted in ALLOWED[now]:
        check_step(now, wanted)
    else:
        with pytest.raises(Refusal):
            check_step(now, wanted)


@pytest.mark.parametrize(
    ("now", "wanted", "sentence"),
    [
        (DRAFT, AWAITING, "協議の記録を1件以上入れてください（協約第4条第2項）。"),
        (
            DRAFT,
            AGREED,
            "この案件は「下書き」です。「合意済み」にはできません。次に進めるのは「協議中」「取下げ」です。",
        ),
        (
            REPLACED,
            AWAITING,
            "この案件は「差替え」です。ここからは変えられません。新しい案件を作ってください。",
        ),
    ],
)
def test_a_refused_step_says_where_one_can_go(
    now: CaseState, wanted: CaseState, sentence: str
) -> None:
    with pytest.raises(Refusal) as caught:
        check_step(now, wanted)
    assert caught.value.message == sentence


def test_nothing_is_sent_without_a_consultation_or_without_shares() -> None:
    check_send(CONSULTING, True, 2_500_000, 2_500_000)
    check_send(CONSULTING, True, 0, 0)
    with pytest.raises(Refusal, match="協議の記録を1件以上入れてください（協約第4条第2項）。"):
        check_send(CONSULTING, False, 2_500_000, 2_500_000)
    with pytest.raises(Refusal, match="まだ負担の内容が決まっていません。"):
        check_send(CONSULTING, True, None, 2_500_000)


@pytest.mark.parametrize(
    ("shares", "sentence"),
    [
        (2_499_000, "負担額の合計（2,499,000円）が対象額より1,000円少なくなっています。"),
        (2_500_001, "負担額の合計（2,500,001円）が対象額より1円多くなっています。"),
    ],
)
def test_nothing_is_sent_that_does_not_add_up(shares: int, sentence: str) -> None:
    with pytest.raises(Refusal) as caught:
        check_send(CONSULTING, True, shares, 2_500_000)
    assert caught.value.message == f"{sentence}端数の負担者を選んでください。"


@pytest.mark.parametrize("now", [AWAITING, RETURNED, AGREED, WITHDRAWN, REPLACED])
def test_a_case_is_sent_once(now: CaseState) -> None:
    with pytest.raises(Refusal):
        check_send(now, True, 2_500_000, 2_500_000)


def test_a_change_after_sending_voids_the_answers() -> None:
    assert [check_change(now) for now in (DRAFT, CONSULTING)] == [False, False]
    assert [check_change(now) for now in (AWAITING, RETURNED)] == [True, True]


@pytest.mark.parametrize("now", [AGREED, WITHDRAWN, REPLACED])
def test_an_agreed_or_closed_case_is_never_changed(now: CaseState) -> None:
    with pytest.raises(Refusal) as caught:
        check_change(now)
    assert caught.value.message == (
        f"「{now.label}」の案件は直せません。変えるときは、新しい案を作ってください。"
    )


# --- what the answers add up to


def test_agreed_needs_both_sides_of_every_pair() -> None:
    assert state(PAIRS, EVERYBODY) is AGREED
    for missing in EVERYBODY:
        left = {side: word for side, word in EVERYBODY.items() if side != missing}
        assert state(PAIRS, left) is AWAITING
    assert state(PAIRS, {}) is AWAITING


def test_one_opinion_returns_the_case() -> None:
    opinion = says(IMABETSU, 12, OPINION)
    assert state(PAIRS, opinion) is RETURNED
    assert state(PAIRS, {**EVERYBODY, **opinion}) is RETURNED


def test_an_answer_for_somebody_elses_agreement_counts_for_nothing() -> None:
    strangers = {**says(IMABETSU, 11), **says(OUTSIDER, 12, OPINION), **says(HIRANAI, 99, OPINION)}
    assert state(PAIRS, strangers) is AWAITING


def test_a_case_without_parties_is_never_agreed() -> None:
    assert state((), {}) is AWAITING


# --- who may answer


def test_a_town_confirms_its_own_pair_and_the_hub_all_of_them() -> None:
    assert confirm(of=IMABETSU) == (12,)
    assert confirm(of=AOMORI) == (11, 12, 13)
    assert confirm(of=AOMORI, answers=says(AOMORI, 11)) == (12, 13)


def test_a_side_may_confirm_after_its_own_opinion() -> None:
    assert confirm(RETURNED, answers=says(IMABETSU, 12, OPINION)) == (12,)


def test_nobody_confirms_the_own_draft() -> None:
    with pytest.raises(Refusal, match="ご自分が作った案は確認できません。"):
        confirm(of=AOMORI, is_drafter=True)
    with pytest.raises(Refusal, match="ご自分が作った案は確認できません。"):
        send_back(is_drafter=True)


def test_an_outsider_cannot_confirm() -> None:
    with pytest.raises(Refusal, match="この案件の協約の当事者ではありません。"):
        confirm(of=OUTSIDER)


def test_a_second_confirmation_is_refused() -> None:
    with pytest.raises(Refusal, match="すでに確認済みです。"):
        confirm(answers=says(IMABETSU, 12))


@pytest.mark.parametrize("now", [DRAFT, CONSULTING, AGREED, WITHDRAWN, REPLACED])
def test_only_a_case_that_waits_can_be_answered(now: CaseState) -> None:
    with pytest.raises(Refusal, match=f"この案件は「{now.label}」です。"):
        confirm(now)
    with pytest.raises(Refusal, match=f"この案件は「{now.label}」です。"):
        send_back(now)


def test_an_opinion_needs_words() -> None:
    send_back(opinion="人口の基準を令和7年にしてください。")
    with pytest.raises(Refusal, match="意見を入力してください。") as caught:
        send_back(opinion=" 　\n")
    assert caught.value.field == "opinion"


def test_the_reconciliation_shows_who_pays_more_and_who_gets_back() -> None:
    before = {
        Stage.FIXED: {cases.AOMORI: 800_000, cases.IMABETSU: 200_000},
        Stage.ESTIMATE: {cases.AOMORI: 900_000},
    }
    table = stage_table(
        before, {cases.AOMORI: 700_000, cases.IMABETSU: 230_000, cases.YOMOGITA: 10_000}
    )
    assert table.heads == ("概算", "確定", "精算")
    assert table.rows == (
        ("青森市", (900_000, 800_000, 700_000), -100_000),
        ("今別町", (None, 200_000, 230_000), 30_000),
        ("蓬田村", (None, None, 10_000), 10_000),
    )


def test_a_change_is_told_item_by_item_also_of_those_who_come_and_go() -> None:
    before = cases.make_case(shares={cases.AOMORI: 2_385_000, cases.IMABETSU: 115_000})
    after = cases.make_case(
        subsidy_yen=600_000, shares={cases.AOMORI: 2_283_000, cases.YOMOGITA: 117_000}
    )
    told = {one.label: (one.before, one.after) for one in changes(before, after) if one.changed}
    assert told == {
        "国・県などの補助": ("500,000円", "600,000円"),
        "青森市の負担額": ("2,385,000円", "2,283,000円"),
        "今別町の負担額": ("115,000円", "なし"),
        "蓬田村の負担額": ("なし", "117,000円"),
    }
    assert [one.label for one in changes(before, before)][:2] == ["件名", "段階"]


EARLY, SENT_ON, LATE = date(2026, 11, 5), date(2026, 11, 10), date(2026, 11, 20)


@pytest.mark.parametrize(
    ("now", "left", "sent_on", "then"),
    [
        # Never sent: without a consultation it is a draft again.
        (DRAFT, [], None, DRAFT),
        (CONSULTING, [EARLY], None, CONSULTING),
        (CONSULTING, [], None, DRAFT),
        # Sent once and back again: no draft that only its lead knows of.
        (CONSULTING, [], SENT_ON, CONSULTING),
        # What was confirmed rests on a consultation held by the day it was sent.
        (AWAITING, [EARLY], SENT_ON, AWAITING),
        (AWAITING, [SENT_ON], SENT_ON, AWAITING),
        (AWAITING, [LATE], SENT_ON, CONSULTING),
        (AWAITING, [], SENT_ON, CONSULTING),
        (RETURNED, [EARLY, LATE], SENT_ON, RETURNED),
        (RETURNED, [LATE], SENT_ON, CONSULTING),
    ],
)
def test_a_case_without_its_consultation_goes_back_to_where_it_rests(
    now: CaseState, left: list[date], sent_on: date | None, then: CaseState
) -> None:
    assert after_strike(now, left, sent_on) is then


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (AGREED, "双方の確認は、この協議をもとにしています（協約第4条第2項）。"),
        (REPLACED, "双方の確認は、この協議をもとにしています（協約第4条第2項）。"),
        (WITHDRAWN, "「取下げ」の案件は直せません。"),
    ],
)
def test_the_consultation_of_a_closed_case_stays(now: CaseState, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        after_strike(now, [EARLY], SENT_ON)
