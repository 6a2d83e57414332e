"""The example's questions of interpretation (Article 6): one of its first year, one of the present."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import select

from tracker.agreements.queries import bound
from tracker.demo.moment import HUB, Moment, actor, open_day
from tracker.kernel.permissions import Role
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.questions import actions
from tracker.questions.actions import QuestionWords
from tracker.questions.models import QuestionRow
from tracker.questions.rules import QuestionPlace, SisterWord


class ExampleQuestion(NamedTuple):
    """Who asks what by when, what both sides think, what they said together, and what was settled."""

    asker: str
    words: QuestionWords
    due: tuple[int, int]
    own_view: str
    hub_view: str
    gist: str
    text: str


FIRST = ExampleQuestion(
    "imabetsu",
    QuestionWords(
        QuestionPlace(4, 2),
        "「その都度」の範囲について",
        "前年度と同じ割合で費用を負担する事業でも、第4条第2項の「その都度」の協議が要るか。",
    ),
    (9, 10),
    "割合が変わらなければ、記録だけで足りると考える。",
    "取決めは引き継がれないため、同じ割合でも協議は要る。方法は簡単でよい。",
    "協議は要るが、電話でよいことで意見が一致。",
    "割合が前年度と同じときも、年度ごとに協議する。\n"
    "会議を開かず、電話又は電子メールで行ってよい。その日と内容を記録に残す。",
)
PRESENT = ExampleQuestion(
    "sotogahama",
    QuestionWords(
        QuestionPlace(5),
        "副町長の出席と第5条の会議について",
        "町長に代わって副町長が出席したとき、第5条の「会議を開催する」に当たるか。",
    ),
    (12, 10),
    "双方が認めれば当たると考える。",
    "長の出席が原則だが、双方が認めるときは当たる。",
    "会議ごとに、双方が開催の扱いを記録することで意見が一致。",
    "長に代わる者が出席した会議は、双方が認めたときに限り、第5条の会議とする。",
)
WORDS: Mapping[str, SisterWord] = {
    "hiranai": SisterWord.SAME,
    "yomogita": SisterWord.SAME,
    "sotogahama": SisterWord.APART,
}


def ask(m: Moment, one: ExampleQuestion) -> None:
    """A town asks what an article means."""
    if not _is_of(m, one):
        return
    act = Act(actor(Role.OFFICER, one.asker), m.at)
    row = actions.draft(act, _bound(m)[one.asker], one.words, one.own_view, is_example=True)
    actions.put(act, row, open_day(m.year, *one.due))


def answer(m: Moment, one: ExampleQuestion) -> None:
    """The hub writes what it thinks, and both sides talk it over."""
    if not _is_of(m, one):
        return
    row, office = _row(one), Act(actor(Role.OFFICE), m.at)
    actions.write_view(office, row, one.hub_view)
    town = next(town.name for town in areas.partners() if town.slug == one.asker)
    talked = ("電話", f"青森市と{town}の担当", one.gist)
    actions.add_consultation(office, row, clock.day(m.at), *talked)


def settle(m: Moment, one: ExampleQuestion, month: int, day: int) -> None:
    """The office puts the text to both sides, and both confirm; the first is offered to all others."""
    if not _is_of(m, one):
        return
    others = [id_ for slug, id_ in _bound(m).items() if slug != one.asker and one is FIRST]
    due_on = open_day(m.year, month, day)
    actions.settle(Act(actor(Role.OFFICE), m.at), _row(one), one.text, others, due_on)
    for side in (HUB, one.asker):
        actions.confirm(Act(actor(Role.CONFIRMER, side), m.at), _row(one))


def apply(m: Moment) -> None:
    """Each of the other partners says how its own agreement is treated."""
    for slug, word in WORDS.items() if m.is_first else ():
        comment = "" if word is SisterWord.SAME else "当町は、書面での協議を続けたい。"
        act = Act(actor(Role.CONFIRMER, slug), m.at)
        actions.say_for_sister(act, _row(FIRST), word, comment)


def _is_of(m: Moment, one: ExampleQuestion) -> bool:
    return m.is_first if one is FIRST else m.is_present


def _bound(m: Moment) -> Mapping[str, int]:
    found = {town.slug: id_ for town, id_ in bound(clock.day(m.at)).items()}
    return {town.slug: found[town.slug] for town in areas.partners() if town.slug in found}


def _row(one: ExampleQuestion) -> QuestionRow:
    newest = select(QuestionRow).where(QuestionRow.title == one.words.title)
    return db.session.scalars(newest.order_by(QuestionRow.id.desc()).limit(1)).one()
