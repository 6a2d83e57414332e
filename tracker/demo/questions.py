"""The example's questions of interpretation (Article 6): one settled in its first year, one open."""

from collections.abc import Mapping

from sqlalchemy import select

from tracker.cost_sharing.queries import bound
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

ASKER, LATER = "imabetsu", "sotogahama"
SETTLED = QuestionWords(
    QuestionPlace(4, 2),
    "「その都度」の範囲について",
    "前年度と同じ割合で費用を負担する事業でも、第4条第2項の「その都度」の協議が要るか。",
)
SETTLED_TEXT = (
    "割合が前年度と同じときも、年度ごとに協議する。\n"
    "会議を開かず、電話又は電子メールで行ってよい。その日と内容を記録に残す。"
)
OPEN = QuestionWords(
    QuestionPlace(5),
    "副町長の出席と第5条の会議について",
    "町長に代わって副町長が出席したとき、第5条の「会議を開催する」に当たるか。",
)
VIEWS: Mapping[str, str] = {
    ASKER: "割合が変わらなければ、記録だけで足りると考える。",
    HUB: "取決めは引き継がれないため、同じ割合でも協議は要る。方法は簡単でよい。",
    LATER: "双方が認めれば当たると考える。",
}
WORDS: Mapping[str, SisterWord] = {
    "hiranai": SisterWord.SAME,
    "yomogita": SisterWord.SAME,
    "sotogahama": SisterWord.APART,
}


def ask(m: Moment) -> None:
    """A town asks what an article means."""
    if m.is_first:
        _ask(m, ASKER, SETTLED, (9, 10))


def ask_again(m: Moment) -> None:
    """Another town asks, this year; nobody has answered yet."""
    if m.is_present:
        _ask(m, LATER, OPEN, (12, 10))


def answer(m: Moment) -> None:
    """The hub writes what it thinks, and both sides talk it over."""
    if not m.is_first:
        return
    row, office = _first(), Act(actor(Role.OFFICE), m.at)
    actions.write_view(office, row, VIEWS[HUB])
    talked = ("電話", "青森市と今別町の担当", "協議は要るが、電話でよいことで意見が一致。")
    actions.add_consultation(office, row, clock.day(m.at), *talked)


def send(m: Moment) -> None:
    """The office puts the text to both sides, and both confirm; it is offered to all others."""
    if not m.is_first:
        return
    row, others = _first(), [id_ for town, id_ in _bound(m).items() if town != ASKER]
    due_on = open_day(m.year, 9, 30)
    actions.settle(Act(actor(Role.OFFICE), m.at), row, SETTLED_TEXT, others, due_on)
    for side in (HUB, ASKER):
        actions.confirm(Act(actor(Role.CONFIRMER, side), m.at), row)


def apply(m: Moment) -> None:
    """Each of the other partners says how its own agreement is treated."""
    for slug, word in WORDS.items() if m.is_first else ():
        comment = "" if word is SisterWord.SAME else "当町は、書面での協議を続けたい。"
        actions.say_for_sister(Act(actor(Role.CONFIRMER, slug), m.at), _first(), word, comment)


def _ask(m: Moment, slug: str, words: QuestionWords, due: tuple[int, int]) -> None:
    act = Act(actor(Role.OFFICER, slug), m.at)
    row = actions.draft(act, _bound(m)[slug], words, VIEWS[slug], is_example=True)
    actions.put(act, row, open_day(m.year, *due))


def _bound(m: Moment) -> Mapping[str, int]:
    found = {town.slug: id_ for town, id_ in bound(clock.day(m.at)).items()}
    return {town.slug: found[town.slug] for town in areas.partners() if town.slug in found}


def _first() -> QuestionRow:
    return db.session.scalars(select(QuestionRow).order_by(QuestionRow.id).limit(1)).one()
