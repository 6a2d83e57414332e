"""From a draft to the word of the last partner: each side for itself, and never by silence."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select, update

from tests import cast
from tests.cost_sharing.makers import act_of
from tests.questions.makers import (
    ANSWER_DUE,
    REPLY_DUE,
    TEXT,
    WORDS,
    agreement_of,
    make_consulted,
    make_draft,
    make_put,
    make_sent,
    make_settled,
    read,
)
from tracker.kernel.refusal import Refusal
from tracker.mail.letters import Letter
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Conflict
from tracker.plumbing.db import UNSEEN, db
from tracker.questions import actions, queries
from tracker.questions.models import QuestionView, SettlementReply, SettlementText
from tracker.questions.rules import QuestionState, SisterWord
from tracker.record.queries import verdict
from tracker.schema import append_only

OFFICE, OFFICER = ("office", "aomori"), ("officer", "imabetsu")
pytestmark = [pytest.mark.usefixtures("both"), pytest.mark.engines_by_turns]


def letters(kind: str) -> list[str]:
    """To whom letters of that kind went, in their order."""
    found = select(Letter.to_name).where(Letter.kind == kind).order_by(Letter.id)
    return list(db.session.scalars(found))


def views(row) -> dict[str, str]:
    return {town.slug: view.text for town, view in read(row).views.items()}


@pytest.mark.parametrize("asker", ["imabetsu", "aomori"])
def test_a_question_of_either_side_is_settled_by_the_words_of_both(asker):
    row = make_put(by=asker)
    other = "aomori" if asker == "imabetsu" else "imabetsu"
    assert (row.state, str(row.no)) == (QuestionState.RECEIVED, "2026-01")
    asked = {"aomori": "青森市 連携推進担当", "imabetsu": "今別町 企画担当"}[other]
    assert letters("question_request") == [asked]

    by = act_of(*(OFFICE if other == "aomori" else OFFICER))
    actions.write_view(by, row, "電話でもよいので要る。", UNSEEN)
    assert row.state is QuestionState.CONSULTING
    actions.add_consultation(by, row, date(2026, 11, 20), "電話", "双方の担当", "一致した。")
    actions.settle(act_of(*OFFICE), row, TEXT, [], REPLY_DUE)
    assert letters("question_text") == ["青森市 連携推進課長", "今別町 企画課長"]

    actions.confirm(act_of("confirmer", "imabetsu"), row)
    assert (row.state, row.settled_at) == (QuestionState.AWAITING, None)
    actions.confirm(act_of("confirmer"), row, seen=read(row).shown)
    assert (row.state, row.settled_at) == (QuestionState.SETTLED, cast.NOW)
    assert len(letters("question_settled")) == 4
    assert read(row).text == TEXT
    assert verdict().problems == []


def test_nobody_writes_the_other_side_s_view():
    row = make_put()
    before = views(row)
    assert before == {"imabetsu": "要ると考える。"}
    # Whatever the office of the hub sends, it becomes the hub's own view.
    actions.write_view(act_of(*OFFICE), row, "青森市の考え。", UNSEEN)
    assert views(row) == {**before, "aomori": "青森市の考え。"}
    with pytest.raises(Refusal, match="当事者ではありません"):
        actions.write_view(act_of("officer", "yomogita"), row, "口出し。", UNSEEN)
    db.session.rollback()
    assert db.session.query(QuestionView).count() == 2


def test_a_draft_is_its_own_side_s_and_is_not_written_on_by_the_other():
    row = make_draft()
    assert read(row).readers == ("imabetsu",)
    with pytest.raises(Refusal, match="当事者ではありません"):
        actions.write_view(act_of(*OFFICE), row, "早すぎる。", UNSEEN)
    db.session.rollback()
    actions.edit(act_of(*OFFICER), row, replace(WORDS, title="件名を直した"), "")
    assert (read(row).title, views(row)) == ("件名を直した", {})
    with pytest.raises(Refusal, match="その協約の当事者だけ"):
        make_draft("hiranai", by="yomogita")


def test_a_view_written_over_another_of_the_own_side_is_a_conflict():
    row = make_put()
    seen = read(row).views[areas.find_town("imabetsu")].seen
    actions.write_view(act_of(*OFFICER), row, "直した。", seen)
    with pytest.raises(Conflict):
        actions.write_view(act_of(*OFFICER), row, "同時に直した。", seen)
    db.session.rollback()
    assert views(row)["imabetsu"] == "直した。"


def test_what_was_put_is_not_changed_any_more():
    row = make_put()
    with pytest.raises(Refusal, match="取り下げてから"):
        actions.edit(act_of(*OFFICER), row, WORDS, "")
    db.session.rollback()
    with pytest.raises(Refusal, match="閉庁日|土曜日"):
        actions.put(act_of(*OFFICER), make_draft(), date(2026, 12, 5))


def test_another_text_voids_every_word_and_is_the_only_one_confirmed():
    row = make_sent()
    seen = read(row).shown
    actions.confirm(act_of("confirmer", "imabetsu"), row, seen=seen)
    actions.settle(act_of(*OFFICER), row, TEXT + "電話でもよい。", [], REPLY_DUE)
    assert read(row).words == {}
    assert row.state is QuestionState.AWAITING
    with pytest.raises(Conflict):
        actions.confirm(act_of("confirmer"), row, seen=seen)
    db.session.rollback()
    # The newest text was not confirmed by 今別町: the hub's word alone settles nothing.
    actions.confirm(act_of("confirmer"), row, seen=read(row).shown)
    assert row.state is QuestionState.AWAITING
    assert db.session.query(SettlementText).count() == 2


def test_another_view_voids_what_was_confirmed_beside_it():
    row, confirmer = make_sent(), act_of("confirmer", "imabetsu")
    seen = read(row).shown
    actions.confirm(confirmer, row, seen=seen)
    actions.write_view(act_of(*OFFICE), row, "要らないと考えを改めた。")
    assert (row.state, read(row).words) == (QuestionState.AWAITING, {})
    for who in (confirmer, act_of("confirmer")):
        with pytest.raises(Conflict):
            actions.confirm(who, row, seen=seen)
        db.session.rollback()
    # The hub's word alone settles nothing; with a new one of the town it does.
    actions.confirm(act_of("confirmer"), row, seen=read(row).shown)
    assert row.state is QuestionState.AWAITING
    actions.confirm(confirmer, row, seen=read(row).shown)
    assert row.state is QuestionState.SETTLED and verdict().problems == []
    # Words of before, which kept no mark, count for the text.
    append_only.lift(db.session.connection())
    db.session.execute(update(SettlementReply).values(mark=None))
    assert len(read(row).words) == 2
    db.session.rollback()


def test_who_drafted_any_of_the_texts_confirms_none():
    row = make_sent()
    drafter = act_of("confirmer")
    actions.settle(drafter, row, TEXT, [], REPLY_DUE)
    actions.settle(act_of(*OFFICE), row, TEXT + "電話でもよい。", [], REPLY_DUE)
    for answer in (actions.confirm, actions.return_text):
        with pytest.raises(Refusal, match="ご自分が作った案"):
            answer(drafter, row, "意見")
        db.session.rollback()


def test_an_opinion_goes_to_whoever_drafted_and_a_later_word_counts():
    row = make_sent()
    actions.return_text(act_of("confirmer", "imabetsu"), row, "電話でもよいと書き加える。")
    assert row.state is QuestionState.RETURNED
    assert letters("question_returned") == ["青森市 連携推進担当"]
    actions.confirm(act_of("confirmer"), row)
    assert row.state is QuestionState.RETURNED
    actions.confirm(act_of("confirmer", "imabetsu"), row)
    assert row.state is QuestionState.SETTLED


def test_a_partner_reads_and_answers_only_what_was_settled_and_offered():
    hiranai = areas.find_town("hiranai")
    waiting = make_sent(sisters=("hiranai",))
    settled = make_settled(sisters=("hiranai", "yomogita"))
    make_settled()
    offered = queries.questions(queries.readable(hiranai))
    assert [str(one.no) for one in offered] == [str(settled.no)]
    assert letters("question_offered") == ["平内町 企画課長", "蓬田村 企画課長"]

    town = act_of("confirmer", "hiranai")
    actions.say_for_sister(town, settled, SisterWord.APART, "当町は別に協議する。")
    actions.say_for_sister(town, settled, SisterWord.SAME)
    words = {one.town.slug: one.word for one in read(settled).sisters}
    assert words == {"hiranai": SisterWord.SAME, "yomogita": None}
    # What it said before stays readable where it was said.
    [before] = read(settled).sisters[0].before
    assert (before.word, before.comment) == (SisterWord.APART, "当町は別に協議する。")
    for who, row in ((town, settled), (town, waiting), (act_of("confirmer"), settled)):
        with pytest.raises(Refusal):
            actions.say_for_sister(who, row, SisterWord.SAME)
        db.session.rollback()
    assert verdict().problems == []


def test_only_agreements_of_others_are_offered_to_and_only_with_a_consultation():
    row = make_consulted()
    with pytest.raises(Refusal, match="ほかの町村との協約だけ"):
        actions.settle(act_of(*OFFICE), row, TEXT, [agreement_of("imabetsu")], REPLY_DUE)
    db.session.rollback()
    one = queries.consultations(read(row))[0]
    actions.strike_consultation(act_of(*OFFICER), row, one, "日を間違えた。")
    with pytest.raises(Refusal, match="協議の記録を1件以上"):
        actions.settle(act_of(*OFFICE), row, TEXT, [], REPLY_DUE)
    db.session.rollback()
    actions.put_consultation_back(act_of(*OFFICER), row, one)
    actions.settle(act_of(*OFFICE), row, TEXT, [], REPLY_DUE)
    with pytest.raises(Refusal, match="正しい協議の記録"):
        actions.strike_consultation(act_of(*OFFICER), row, one, "日を間違えた。")


def test_only_the_side_that_asked_takes_its_question_back():
    row = make_put()
    with pytest.raises(Refusal, match="出した側だけ"):
        actions.withdraw(act_of(*OFFICE), row)
    db.session.rollback()
    actions.withdraw(act_of(*OFFICER), row)
    assert row.state is QuestionState.WITHDRAWN
    with pytest.raises(Refusal, match="「取下げ」です"):
        actions.write_view(act_of(*OFFICE), row, "遅すぎる。", UNSEEN)


def test_numbers_run_on_within_the_year():
    assert [str(make_draft().no), str(make_put("hiranai", by="aomori").no)] == [
        "2026-01",
        "2026-02",
    ]
    assert ANSWER_DUE > cast.TODAY


def test_what_was_settled_cannot_be_changed_behind_the_record():
    row = make_settled()
    found = queries.decided([row.id])
    assert found[row.id]["text"] == TEXT
    row.title = "あとから変えた件名"
    db.session.commit()
    assert [one.kind for one in verdict().problems] == ["decision_changed"]
