"""Puts a question, writes a side's view, talks it over, and settles it with both sides' word (Art. 6).

Each side writes for itself alone: the municipality of an act is its person's own.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from tracker.agreements.queries import bound, first_concluded_on
from tracker.chain.rules import digest
from tracker.cost_sharing.consultations.rules import check_consulted_on
from tracker.cost_sharing.rules import Decision
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Area
from tracker.office_days.office_days import check_due_day
from tracker.plumbing.changes import Act, check_revision
from tracker.plumbing.db import db
from tracker.questions import letters, queries, rules
from tracker.questions.models import (
    QuestionConsultation,
    QuestionOffer,
    QuestionRow,
    QuestionView,
    SettlementReply,
    SettlementText,
    SisterReply,
)
from tracker.questions.question import AgreementQuestion
from tracker.questions.rules import QuestionPlace, QuestionState, SisterWord


@dataclass(frozen=True)
class QuestionWords:
    """What a question says; project and cost case (ids) are what it is about besides."""

    place: QuestionPlace
    title: str
    doubt: str
    project_id: int | None = None
    case_id: int | None = None


def draft(
    act: Act, agreement_id: int, words: QuestionWords, view: str = "", *, is_example: bool = False
) -> QuestionRow:
    """Opens a draft under the next number of the year, which only the own side reads.

    `view` is what the own side thinks.  Raises Refusal for an agreement of others.
    """
    by = act.person
    _check_party(act, agreement_id)
    act.lock((db.session.scalars(select(Area)).one(), None))
    year = FiscalYear.containing(act.today)
    row = QuestionRow(
        fiscal_year=year.year,
        number=queries.last_number(year) + 1,
        agreement_id=agreement_id,
        state=QuestionState.DRAFT,
        municipality_id=by.municipality_id,
        person_id=by.person_id,
        person_name=by.name,
        is_example=is_example,
    )
    with act.change("question.drafted", row, f"{row.named}の下書きを作りました。"):
        _say(row, words)
        db.session.add(row)
        db.session.flush()
        if view:
            _write(act, row, None, view)
    return row


def edit(
    act: Act, row: QuestionRow, words: QuestionWords, view: str, seen: str | None = None
) -> None:
    """Changes a draft; what was put stays as it is."""
    own = _own_view(act, row)
    act.lock((row, seen), *([(own, None)] if own else []))
    rules.check_edit(row.state)
    with act.change("question.drafted", row, f"{row.named}の下書きを直しました。"):
        _say(row, words)
        if view:
            _write(act, row, own, view)
        elif own:
            db.session.delete(own)


def put(act: Act, row: QuestionRow, answer_due_on: date, seen: str | None = None) -> None:
    """Asks the other side for its view by a day, by letter M18 (Article 6).

    Raises Refusal for a closed day, and for what was put already.
    """
    act.lock((row, seen))
    rules.check_step(row.state, QuestionState.RECEIVED)
    check_due_day(answer_due_on, act.today, _("回答の期限"), "answer_due_on")
    with act.change("question.put", row, f"{row.named}を出し、協議をお願いしました。"):
        row.state, row.put_at, row.answer_due_on = QuestionState.RECEIVED, act.at, answer_due_on
        letters.put_question(queries.of(row), at=act.at)


def write_view(act: Act, row: QuestionRow, text: str, seen: str | None = None) -> None:
    """What the actor's own side thinks; `seen` is of that side's view, never of the other's.

    Whoever confirmed a text was shown both views: another one voids what was confirmed.  Raises
    Refusal for an outsider, and once the question is closed.
    """
    own = _own_view(act, row)
    act.lock((row, None), (own, seen))
    question = _check_side(act, row)
    rules.check_open(row.state)
    said = f"{act.person.municipality_name}が{row.named}についての考えを書きました。"
    if any(word.decision is Decision.CONFIRMED for word in question.words.values()):
        said += "先の確認は取り消されました。"
    with act.change("question.viewed", row, said):
        _write(act, row, own, text)
        there = len(question.views) + (own is None)
        row.state = rules.state_when_open(row.state, there, bool(question.consultations))


def add_consultation(
    act: Act, row: QuestionRow, consulted_on: date, place: str, participants: str, gist: str
) -> QuestionConsultation:
    """Article 6: records that the two sides talked it over."""
    by = act.person
    act.lock((row, None))
    question = _check_side(act, row)
    rules.check_open(row.state)
    check_consulted_on(consulted_on, act.today, first_concluded_on())
    one = QuestionConsultation(
        question_id=row.id,
        consulted_on=consulted_on,
        place=place,
        participants=participants,
        gist=gist,
        recorded_by=by.name,
        recorded_by_id=by.person_id,
        recorded_at=act.at,
    )
    with act.change("question.consulted", row, f"{row.named}の協議を記録しました。"):
        db.session.add(one)
        row.state = rules.state_when_open(row.state, len(question.views), True)
    return one


def strike_consultation(
    act: Act, row: QuestionRow, one: QuestionConsultation, reason: str, seen: str | None = None
) -> None:
    """Takes out a consultation that was recorded by mistake, but not the last that a text rests on."""
    act.lock((row, seen), (one, None))
    question = _check_side(act, row)
    rules.check_strike(row.state, question.consultations - (not one.is_struck))
    said = f"{row.named}の協議の記録を取り消しました。理由：{reason}"
    with act.change("question.consultation_struck", row, said):
        one.strike(act.person.name, act.at, reason)


def put_consultation_back(
    act: Act, row: QuestionRow, one: QuestionConsultation, seen: str | None = None
) -> None:
    """Counts a consultation again."""
    act.lock((row, seen), (one, None))
    _check_side(act, row)
    rules.check_open(row.state)
    said = f"{row.named}の協議の記録を元に戻しました。"
    with act.change("question.consultation_restored", row, said):
        one.put_back()


def settle(
    act: Act,
    row: QuestionRow,
    text: str,
    sisters: Collection[int],
    reply_due_on: date,
    seen: str | None = None,
) -> None:
    """Puts a text to both sides, by letter M19b: a new revision, on which no word counts yet.

    `sisters` are the agreements (ids) to which it shall be offered.  Raises Refusal as
    `rules.check_settle` does, and for a closed day.
    """
    by = act.person
    act.lock((row, seen))
    question = _check_side(act, row)
    silent = [town.name for town in question.silent]
    rules.check_settle(row.state, silent, bool(question.consultations))
    rules.check_offered(queries.sisters_of(question, act.today).values(), sisters)
    check_due_day(reply_due_on, act.today, _("確認の期限"), "reply_due_on")
    revision = question.revision + 1
    again = f"（第{revision}版）。先の確認は取り消されました" if revision > 1 else ""
    said = f"{by.municipality_name}が{row.named}の定める内容の案を送りました{again}。"
    with act.change("question.text_sent", row, said) as entry:
        entry.told["version"] = revision
        row.state = QuestionState.AWAITING
        new = SettlementText(
            question_id=row.id,
            revision=revision,
            text=text,
            reply_due_on=reply_due_on,
            municipality_id=by.municipality_id,
            person_id=by.person_id,
            person_name=by.name,
            drafted_at=act.at,
        )
        db.session.add(new)
        for id_ in sorted(set(sisters)):
            offer = QuestionOffer(question_id=row.id, revision=revision, agreement_id=id_)
            db.session.add(offer)
        db.session.flush()
        letters.put_text(queries.of(row), at=act.at)


def confirm(act: Act, row: QuestionRow, comment: str = "", seen: str | None = None) -> None:
    """Confirms the text for the actor's side; with the second word the question is settled.

    `seen` is what the page had shown of text and views: only that is confirmed.  Raises Refusal as
    `rules.check_confirm` does, Conflict for another.
    """
    by = act.person
    question = _take_to_answer(act, row, seen)
    rules.check_confirm(
        question.state,
        [town.id for town in question.parties],
        question.decisions,
        by.municipality_id,
        is_drafter=by.person_id in question.drafter_ids,
    )
    said = {**question.decisions, by.municipality_id: Decision.CONFIRMED}
    wanted = rules.state([town.id for town in question.parties], said)
    is_settled = wanted is QuestionState.SETTLED
    sentence = f"{by.municipality_name}が{row.named}の定める内容を確認し"
    sentence += "、双方の確認がそろって、定まりました。" if is_settled else "ました。"
    verb = "question.settled" if is_settled else "question.confirmed"
    with act.change(verb, row, sentence) as entry:
        _reply(act, row, question, Decision.CONFIRMED, comment)
        row.state = wanted
        if is_settled:
            row.settled_at = act.at
            db.session.flush()
            entry.digest = digest(queries.decided([row.id])[row.id])
            letters.put_settled(queries.of(row), at=act.at)


def return_text(act: Act, row: QuestionRow, opinion: str, seen: str | None = None) -> None:
    """Returns the text with an opinion, by letter M19c to whoever drafted it.

    Raises Refusal as `rules.check_return` does, Conflict for another text than was shown.
    """
    by = act.person
    question = _take_to_answer(act, row, seen)
    rules.check_return(
        question.state,
        [town.id for town in question.parties],
        by.municipality_id,
        opinion,
        is_drafter=by.person_id in question.drafter_ids,
    )
    said = f"{by.municipality_name}が{row.named}の定める内容の案に意見を付けて戻しました。"
    with act.change("question.returned", row, said):
        _reply(act, row, question, Decision.RETURNED, opinion)
        row.state = QuestionState.RETURNED
        cause = f"question_returned:{question.id}:{question.seen}"
        letters.put_returned(question, by.municipality_name, opinion, cause=cause, at=act.at)


def withdraw(act: Act, row: QuestionRow, seen: str | None = None) -> None:
    """The side that asked takes its question back; it stays readable, and binds nobody."""
    act.lock((row, seen))
    rules.check_step(row.state, QuestionState.WITHDRAWN)
    if row.municipality_id != act.person.municipality_id:
        raise Refusal(_("疑義を取り下げられるのは、出した側だけです。"))
    with act.change("question.withdrawn", row, f"{row.named}を取り下げました。"):
        row.state = QuestionState.WITHDRAWN


def say_for_sister(
    act: Act, row: QuestionRow, word: SisterWord, comment: str = "", seen: str | None = None
) -> None:
    """A partner's own word on whether its agreement is treated likewise (`rules.check_sister`)."""
    by = act.person
    act.lock((row, seen))
    question = queries.of(row)
    sister = question.sister(areas.by_id()[by.municipality_id])
    rules.check_sister(question.state, sister is not None, sister.word if sister else None)
    assert sister is not None
    said = f"{by.municipality_name}が{row.named}について「{word.label}」と答えました。"
    with act.change("question.applied", row, said) as entry:
        reply = SisterReply(
            question_id=row.id,
            agreement_id=sister.agreement_id,
            municipality_id=by.municipality_id,
            word=word,
            comment=comment or None,
            person_id=by.person_id,
            person_name=by.name,
            decided_at=act.at,
        )
        db.session.add(reply)
        db.session.flush()
        entry.digest = digest(queries.decided([row.id])[row.id])


def _check_party(act: Act, agreement_id: int) -> None:
    """A question is about an agreement in force of one's own municipality."""
    own, found = areas.by_id()[act.person.municipality_id], bound(act.today)
    partners = [town for town, id_ in found.items() if id_ == agreement_id]
    if not partners or own not in (areas.hub(), *partners):
        raise Refusal(_("疑義を出せるのは、その協約の当事者だけです。"), field="agreement")


def _check_side(act: Act, row: QuestionRow) -> AgreementQuestion:
    """The question, for whoever is of one of its two sides."""
    question = queries.of(row)
    if act.person.municipality not in question.readers:
        raise Refusal(_("この協約の当事者ではありません。"))
    return question


def _say(row: QuestionRow, words: QuestionWords) -> None:
    row.article, row.paragraph, row.measure_id = words.place
    row.title, row.doubt = words.title, words.doubt
    row.project_id, row.case_id = words.project_id, words.case_id


def _own_view(act: Act, row: QuestionRow) -> QuestionView | None:
    return db.session.get(QuestionView, (row.id, act.person.municipality_id))


def _write(act: Act, row: QuestionRow, own: QuestionView | None, text: str) -> None:
    by = act.person
    if own is None:
        own = QuestionView(question_id=row.id, municipality_id=by.municipality_id)
        db.session.add(own)
    own.text, own.written_by, own.written_by_id, own.written_at = (
        text,
        by.name,
        by.person_id,
        act.at,
    )


def _take_to_answer(act: Act, row: QuestionRow, seen: str | None) -> AgreementQuestion:
    """The word of the other side does not matter to a side that answers, another text or view does."""
    act.lock((row, None))
    question = queries.of(row)
    is_same_text = (seen or "").startswith(f"{question.revision}-")
    verb = "question.viewed" if is_same_text else "question.text_sent"
    check_revision(act, row, question.shown, seen, verb)
    return question


def _reply(
    act: Act, row: QuestionRow, question: AgreementQuestion, decision: Decision, words: str
) -> None:
    by = act.person
    one = SettlementReply(
        question_id=row.id,
        revision=question.revision,
        municipality_id=by.municipality_id,
        decision=decision,
        mark=question.shown,
        opinion=words or None,
        person_id=by.person_id,
        person_name=by.name,
        decided_at=act.at,
    )
    db.session.add(one)
