"""A question between 青森市 and 今別町, as far along as a test wants it."""

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import or_, select

from tests import cast
from tests.cost_sharing.makers import act_of
from tracker.agreements.models import Agreement
from tracker.municipalities import queries as areas
from tracker.plumbing.db import db
from tracker.questions import actions, queries
from tracker.questions.actions import QuestionWords
from tracker.questions.models import QuestionRow
from tracker.questions.question import AgreementQuestion
from tracker.questions.rules import QuestionPlace

ANSWER_DUE, REPLY_DUE = date(2026, 12, 8), date(2026, 12, 18)
TEXT = "前年度と同じ算式を用いる場合にも、協議の記録を残す。"
WORDS = QuestionWords(
    QuestionPlace(4, 2),
    "「その都度」の範囲について",
    "前年度と同じ算式を用いる場合にも、協議の記録が要るか。",
)


def agreement_of(slug: str) -> int:
    """The agreement (id) of the hub with that partner."""
    town = areas.find_town(slug)
    assert town
    of = or_(Agreement.party_a_id == town.id, Agreement.party_b_id == town.id)
    return db.session.scalars(select(Agreement.id).where(of)).one()


def read(row: QuestionRow) -> AgreementQuestion:
    """The question as pages read it."""
    found = queries.find(row.no)
    assert found
    return found


def make_draft(
    slug: str = "imabetsu", by: str | None = None, view: str = "要ると考える。", **changes: Any
) -> QuestionRow:
    """A question about the agreement with that partner, which only its own side reads yet.

    `by` is the side that asks, the partner unless said.
    """
    asker = _writer(by or slug)
    return actions.draft(asker, agreement_of(slug), replace(WORDS, **changes), view)


def _writer(slug: str) -> Any:
    return act_of("office" if slug == "aomori" else "officer", slug)


def make_put(slug: str = "imabetsu", by: str | None = None, **changes: Any) -> QuestionRow:
    """One that the other side has been asked."""
    row = make_draft(slug, by, **changes)
    actions.put(_writer(by or slug), row, ANSWER_DUE)
    return row


def make_consulted(slug: str = "imabetsu", by: str | None = None, **changes: Any) -> QuestionRow:
    """One on which both sides have written, and have consulted."""
    row = make_put(slug, by, **changes)
    other = "aomori" if (by or slug) == slug else slug
    actions.write_view(_writer(other), row, "電話でもよいので要る。")
    consulted = (cast.TODAY, "電話", "青森市と今別町の担当", "記録を残すことで一致。")
    actions.add_consultation(_writer(other), row, *consulted)
    return row


def make_sent(slug: str = "imabetsu", sisters: tuple[str, ...] = (), **changes: Any) -> QuestionRow:
    """One whose text waits for both sides' word; the hub's office drafted it."""
    row = make_consulted(slug, **changes)
    offered = [agreement_of(one) for one in sisters]
    actions.settle(act_of("office"), row, TEXT, offered, REPLY_DUE)
    return row


def make_settled(slug: str = "imabetsu", **changes: Any) -> QuestionRow:
    """One that both sides have settled."""
    row = make_sent(slug, **changes)
    for side in ("aomori", slug):
        actions.confirm(act_of("confirmer", side), row)
    return row
