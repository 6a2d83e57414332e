"""Whose next step a question is, in every state, and until when."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product

import pytest

from tests.duties.makers import MEMBERS, TODAY
from tests.projects.makers import PURE_TOWNS
from tracker.cost_sharing.rules import Decision
from tracker.duty.kinds import Kind
from tracker.questions.duties import duties
from tracker.questions.question import AgreementQuestion, SettlementWord, Sister, ViewOfSide
from tracker.questions.rules import QuestionNumber, QuestionPlace, QuestionState, SisterWord

AT = datetime(2026, 11, 20, 1, tzinfo=UTC)
HUB, TOWN, OTHER = (PURE_TOWNS[slug] for slug in ("aomori", "imabetsu", "yomogita"))
VIEW = ViewOfSide("要ると考える。", "担当", AT, "1")
S = QuestionState


def make_question(state: QuestionState, **changes) -> AgreementQuestion:
    """A question of 今別町, due on 8 December; its text on 18 December."""
    is_put = state is not S.DRAFT
    found = AgreementQuestion(
        id=1,
        no=QuestionNumber(2026, 1),
        seen="1",
        state=state,
        agreement_id=11,
        hub=HUB,
        partner=TOWN,
        asked_by=TOWN,
        asker="今別町 企画担当",
        title="件名",
        doubt="内容",
        place=QuestionPlace(4, 2),
        place_label="第4条第2項",
        project_id=None,
        project=None,
        case_id=None,
        case=None,
        answer_due_on=date(2026, 12, 8) if is_put else None,
        put_at=AT if is_put else None,
        settled_at=AT if state is S.SETTLED else None,
        consultations=1,
        views={HUB: VIEW, TOWN: VIEW},
        revision=1 if state in (S.AWAITING, S.RETURNED, S.SETTLED) else 0,
        reply_due_on=date(2026, 12, 18),
        drafted_by=TOWN,
        drafted_at=AT,
        sisters=(Sister(12, OTHER),),
    )
    return replace(found, **changes)


def word(decision: Decision) -> SettlementWord:
    return SettlementWord(decision, None, "課長", AT)


def walk():
    """Every state, with and without both views and words."""
    for state, views, said in product(S, ({}, {TOWN: VIEW}, {HUB: VIEW, TOWN: VIEW}), Decision):
        if state is S.RECEIVED and len(views) == 2:
            continue  # both have written: it is 協議中
        words = {HUB: word(said)} if state in (S.AWAITING, S.RETURNED) else {}
        question = make_question(state, views=views, replies=words)
        yield state, [one for one in duties([question], MEMBERS, TODAY) if not one.is_done]


@pytest.mark.parametrize(
    ("state", "changes", "wanted"),
    [
        (S.DRAFT, {}, []),
        (S.WITHDRAWN, {"views": {}}, []),
        (S.RECEIVED, {"views": {TOWN: VIEW}}, [("question_open", "aomori", date(2026, 12, 8))]),
        (S.CONSULTING, {}, [("question_unsettled", "aomori", date(2026, 12, 22))]),
        (
            S.AWAITING,
            {"replies": {HUB: word(Decision.CONFIRMED)}},
            [("question_unconfirmed", "imabetsu", date(2026, 12, 18))],
        ),
        # 23 November is a holiday: five office days from the 20th.
        (
            S.RETURNED,
            {"replies": {HUB: word(Decision.RETURNED)}},
            [
                ("question_unsettled", "imabetsu", date(2026, 11, 30)),
                ("question_unconfirmed", "imabetsu", date(2026, 12, 18)),
            ],
        ),
        (S.SETTLED, {}, [("question_unconfirmed", "yomogita", date(2026, 12, 7))]),
        (S.SETTLED, {"sisters": (Sister(12, OTHER, SisterWord.APART),)}, []),
    ],
)
def test_each_state_asks_whoever_has_the_next_word(state, changes, wanted):
    found = duties([make_question(state, **changes)], MEMBERS, TODAY)
    left = [one for one in found if not one.is_done]
    assert [(one.kind.value, one.owner.municipality, one.due_on) for one in left] == wanted


def test_another_text_is_another_duty_and_a_word_given_is_done():
    first = make_question(S.AWAITING)
    second = replace(first, revision=2)
    keys = [{one.key for one in duties([each], MEMBERS, TODAY)} for each in (first, second)]
    assert not keys[0] & keys[1]
    confirmed = replace(first, replies={HUB: word(Decision.CONFIRMED)})
    done = [one for one in duties([confirmed], MEMBERS, TODAY) if one.is_done]
    assert [(one.kind, one.owner.municipality) for one in done] == [
        (Kind.QUESTION_UNCONFIRMED, "aomori")
    ]
