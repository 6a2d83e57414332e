"""Both sides' word, alone and at the same moment, on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import update

from tests import cast
from tests.cost_sharing.makers import (
    LATER,
    act_of,
    confirm_by,
    letters_of,
    make_proposal,
    make_sent,
    read,
    somebody,
)
from tracker.accounts.models import Person
from tracker.cost_sharing.answers import actions as answers
from tracker.cost_sharing.formula import actions as formula
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import CaseState, Decision
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Act, Conflict
from tracker.plumbing.db import db

pytestmark = [pytest.mark.usefixtures("both"), pytest.mark.engines_by_turns]


def test_the_last_side_makes_it_agreed_and_everybody_hears():
    case = make_sent()
    confirm_by(case, "aomori", "hiranai", "imabetsu", "yomogita")
    assert case.state is CaseState.AWAITING
    assert letters_of("cost_agreed") == []
    confirm_by(case, "sotogahama")
    assert case.state is CaseState.AGREED
    assert case.agreed_at == cast.NOW
    letters = letters_of("cost_agreed")
    assert len(letters) == 5
    assert letters[0].subject == (
        "【御礼】東青地域移住促進事業の費用負担について、確認がそろいました"
    )
    assert "　外ヶ浜町　136,000円" in letters[0].body


def test_two_last_words_at_one_moment_both_count(both):
    case = make_sent()
    confirm_by(case, "aomori", "hiranai", "imabetsu")
    last = [somebody("confirmer", slug) for slug in ("yomogita", "sotogahama")]
    case_id, together = case.id, Barrier(2)
    db.session.remove()

    def answer(by: Actor) -> None:
        with both.app_context():
            together.wait(timeout=20)
            answers.confirm(Act(by, cast.NOW), db.session.get(CostCase, case_id))
            db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(answer, by) for by in last]:
            done.result(timeout=30)
    assert db.session.get(CostCase, case_id).state is CaseState.AGREED
    assert len(letters_of("cost_agreed")) == 5


def test_a_confirmer_who_left_does_not_stop_the_agreement():
    case = make_sent()
    confirm_by(case, "aomori", "hiranai", "imabetsu", "yomogita")
    db.session.execute(
        update(Person)
        .where(Person.email == cast.email("confirmer", "yomogita"))
        .values(is_active=False)
    )
    confirm_by(case, "sotogahama")
    assert case.state is CaseState.AGREED
    assert len(letters_of("cost_agreed")) == 4


def test_the_hub_confirms_all_its_pairs_by_one_act():
    case = make_sent()
    confirm_by(case, "aomori")
    found = read(case)
    hub = areas.hub().id
    assert [key[1] for key in found.answers] == [hub] * 4
    with pytest.raises(Refusal, match="すでに確認済みです"):
        confirm_by(case, "aomori")


def test_the_drafter_cannot_confirm_whatever_their_post_is_now():
    case = make_sent()
    drafter = somebody("office").person_id
    turned = replace(somebody("confirmer"), person_id=drafter)
    with pytest.raises(Refusal, match="ご自分が作った案は確認できません"):
        answers.confirm(Act(turned, cast.NOW), case)


def test_whoever_drafted_any_revision_cannot_confirm():
    case = make_sent()
    changed = make_proposal(total_yen=3_720_000)
    formula.save_formula(act_of("lead"), case, changed, again=LATER)
    for role in ("office", "lead"):
        turned = replace(somebody("confirmer"), person_id=somebody(role).person_id)
        with pytest.raises(Refusal, match="ご自分が作った案は確認できません"):
            answers.confirm(Act(turned, cast.NOW), case)


def test_an_outsider_cannot_confirm():
    case = make_sent(make_proposal(participants=("青森市", "平内町")))
    with pytest.raises(Refusal, match="協約の当事者ではありません"):
        confirm_by(case, "imabetsu")
    confirm_by(case, "aomori", "hiranai")
    assert case.state is CaseState.AGREED


def test_an_opinion_goes_back_to_whoever_drafted():
    case = make_sent()
    sotogahama = act_of("confirmer", "sotogahama")
    with pytest.raises(Refusal, match="意見を入力してください") as refused:
        answers.return_case(sotogahama, case, " ")
    assert refused.value.field == "opinion"
    answers.return_case(sotogahama, case, "人口は住民基本台帳によりたい。")
    assert case.state is CaseState.RETURNED
    (letter,) = letters_of("cost_returned")
    assert letter.to_email == cast.email("office")
    assert letter.subject == "【意見あり】東青地域移住促進事業の費用負担：外ヶ浜町"
    assert "人口は住民基本台帳によりたい。" in letter.body


def test_a_side_may_think_again_either_way():
    case = make_sent()
    confirm_by(case, "hiranai")
    hiranai = act_of("confirmer", "hiranai")
    for words in ("やはり直したい。", "まだ直っていない。"):
        answers.return_case(hiranai, case, words)
    assert len(letters_of("cost_returned")) == 2
    confirm_by(case, "hiranai")
    assert case.state is CaseState.AWAITING
    (answer,) = read(case).answers.values()
    assert (answer.decision, answer.opinion) == (Decision.CONFIRMED, None)


def test_a_word_on_other_amounts_than_those_shown_does_not_count():
    case = make_sent()
    seen = str(case.revision)
    confirm_by(case, "hiranai")
    answers.confirm(act_of("confirmer", "yomogita"), case, seen=seen)
    changed = make_proposal(total_yen=3_720_000)
    formula.save_formula(act_of("office"), case, changed, again=LATER)
    with pytest.raises(Conflict, match="青森市 連携推進担当が11月24日 .*に先に直しました"):
        answers.confirm(act_of("confirmer", "imabetsu"), case, seen=seen)
