"""Who may do what with a question, and when: as tables, and as properties of every state."""

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.office_days.test_office_days import count_between
from tracker.cost_sharing.rules import Decision
from tracker.kernel.refusal import Refusal
from tracker.office_days import office_days
from tracker.questions import rules
from tracker.questions.rules import (
    ASKED,
    NEXT,
    OPEN,
    QuestionNumber,
    QuestionPlace,
    QuestionState,
    SisterWord,
)

YES, NO = Decision.CONFIRMED, Decision.RETURNED
HUB, TOWN, OTHER = 1, 2, 3
SIDES = (HUB, TOWN)
S = QuestionState


def refused(act, *args, **kwargs):
    """The sentence of the refusal, or None."""
    try:
        act(*args, **kwargs)
    except Refusal as refusal:
        return refusal.message
    return None


@pytest.mark.parametrize(
    ("text", "label", "path"),
    [
        ("2026-01", "第8-01号", "/questions/2026-01"),
        ("2018-12", "第30-12号", "/questions/2018-12"),
        ("2026-100", "第8-100号", "/questions/2026-100"),
    ],
)
def test_a_question_is_numbered_like_a_case(text, label, path):
    number = QuestionNumber.parse(text)
    assert (str(number), number.label, number.path) == (text, label, path)


@pytest.mark.parametrize("text", ["2026-1", "26-01", "2026-001", "２０２６-01", "2026-01 ", ""])
def test_any_other_form_of_a_number_is_none(text):
    assert QuestionNumber.parse(text) is None


@pytest.mark.parametrize("now", S)
def test_only_what_was_never_put_is_changed_and_only_what_is_under_way_is_written_on(now):
    assert (refused(rules.check_edit, now) is None) is (now is S.DRAFT)
    assert (refused(rules.check_open, now) is None) is (now in OPEN)
    assert (refused(rules.check_step, now, S.WITHDRAWN) is None) is (now in (*OPEN, S.DRAFT))


def test_what_is_closed_leads_nowhere_and_nothing_is_settled_but_by_words():
    assert [state for state, ways in NEXT.items() if not ways] == [S.SETTLED, S.WITHDRAWN]
    assert {state for state, ways in NEXT.items() if S.SETTLED in ways} == set(ASKED)
    assert NEXT.keys() == {*S}


@pytest.mark.parametrize(
    ("replies", "wanted"),
    [
        ({}, S.AWAITING),
        ({HUB: YES}, S.AWAITING),
        ({TOWN: YES}, S.AWAITING),
        ({HUB: NO}, S.RETURNED),
        ({HUB: YES, TOWN: NO}, S.RETURNED),
        ({HUB: YES, TOWN: YES}, S.SETTLED),
        # The word of others is none.
        ({HUB: YES, OTHER: YES}, S.AWAITING),
    ],
)
def test_the_words_of_both_sides_settle_and_silence_never_does(replies, wanted):
    assert rules.state(SIDES, replies) is wanted


@pytest.mark.parametrize(
    ("now", "silent", "is_consulted", "wanted"),
    [
        (S.CONSULTING, (), True, None),
        (S.AWAITING, (), True, None),
        (S.RETURNED, (), True, None),
        (S.CONSULTING, ("今別町",), True, "今別町の考えが、まだ入っていません"),
        (S.RECEIVED, ("青森市", "今別町"), True, "青森市・今別町の考えが"),
        (S.CONSULTING, (), False, "協議の記録を1件以上"),
        (S.DRAFT, (), True, "「下書き」です"),
        (S.SETTLED, (), True, "「解決」です"),
        (S.WITHDRAWN, (), True, "「取下げ」です"),
    ],
)
def test_a_text_is_put_to_both_when_both_have_written_and_consulted(
    now, silent, is_consulted, wanted
):
    said = refused(rules.check_settle, now, silent, is_consulted)
    assert (wanted in said) if wanted else said is None


@pytest.mark.parametrize(
    ("now", "left", "wanted"),
    [
        (S.CONSULTING, 0, None),
        (S.AWAITING, 1, None),
        (S.AWAITING, 0, "正しい協議の記録を加えてから"),
        (S.RETURNED, 0, "正しい協議の記録を加えてから"),
        (S.SETTLED, 3, "「解決」です"),
    ],
)
def test_the_last_consultation_that_a_text_rests_on_stays(now, left, wanted):
    said = refused(rules.check_strike, now, left)
    assert (wanted in said) if wanted else said is None


@given(
    now=st.sampled_from(S),
    side=st.sampled_from((HUB, TOWN, OTHER)),
    replies=st.dictionaries(st.sampled_from(SIDES), st.sampled_from(Decision)),
    is_drafter=st.booleans(),
)
def test_a_side_confirms_once_for_itself_and_never_its_drafter(now, side, replies, is_drafter):
    confirmed = refused(rules.check_confirm, now, SIDES, replies, side, is_drafter=is_drafter)
    returned = refused(rules.check_return, now, SIDES, side, "直す", is_drafter=is_drafter)
    may_answer = now in ASKED and side in SIDES and not is_drafter
    assert (returned is None) is may_answer
    assert (confirmed is None) is (may_answer and replies.get(side) is not YES)
    assert refused(rules.check_return, now, SIDES, side, " 　\n", is_drafter=is_drafter)


@pytest.mark.parametrize(
    ("now", "views", "is_consulted", "wanted"),
    [
        (S.RECEIVED, 1, False, S.RECEIVED),
        (S.RECEIVED, 2, False, S.CONSULTING),
        (S.RECEIVED, 0, True, S.CONSULTING),
        (S.AWAITING, 2, True, S.AWAITING),
        (S.RETURNED, 2, True, S.RETURNED),
    ],
)
def test_both_views_or_a_consultation_make_it_under_way(now, views, is_consulted, wanted):
    assert rules.state_when_open(now, views, is_consulted) is wanted


def test_a_partner_speaks_for_its_own_agreement_once_the_question_is_settled_and_offered():
    for now, is_offered, said in product(S, (True, False), (None, *SisterWord)):
        wanted = now is S.SETTLED and is_offered and said is not SisterWord.SAME
        assert (refused(rules.check_sister, now, is_offered, said) is None) is wanted


def test_only_other_partners_agreements_are_offered_to():
    assert refused(rules.check_offered, {5, 6}, [6]) is None
    assert refused(rules.check_offered, {5, 6}, []) is None
    assert "ほかの町村との協約だけ" in refused(rules.check_offered, {5, 6}, [5, 7])


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)))
def test_the_day_proposed_is_ten_office_days_ahead(today):
    due = rules.answer_due(today)
    assert office_days.is_open(due)
    assert count_between(today, due) == rules.ANSWER_OFFICE_DAYS


@pytest.mark.parametrize(
    ("place", "value", "label"),
    [
        (QuestionPlace(), "", "協約全体"),
        (QuestionPlace(5), "5", "第5条"),
        (QuestionPlace(4, 2), "4-2", "第4条第2項"),
        (QuestionPlace(measure_id=12), "m12", "別表「地域医療」"),
    ],
)
def test_a_question_is_about_an_article_a_paragraph_or_a_measure(place, value, label):
    assert (place.value, place.label("地域医療")) == (value, label)
