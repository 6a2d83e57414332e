"""Reads questions: the one reading of this room, each as an `AgreementQuestion` (question.py)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from tracker.agreements import queries as agreements
from tracker.agreements.models import Agreement, Measure
from tracker.agreements.queries import bound
from tracker.chain.rules import digest
from tracker.cost_sharing.models import CostCase, Share
from tracker.cost_sharing.rules import Decision
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept
from tracker.projects.models import Participation, Project, ProjectYear
from tracker.questions.models import (
    QuestionConsultation,
    QuestionOffer,
    QuestionRow,
    QuestionView,
    SettlementReply,
    SettlementText,
    SisterReply,
)
from tracker.questions.question import (
    AgreementQuestion,
    SettlementWord,
    Sister,
    SisterAnswer,
    ViewOfSide,
)
from tracker.questions.rules import OPEN, QuestionNumber, QuestionPlace, QuestionState
from tracker.struck.models import not_struck

ROOMS = ("questions", "cost_sharing", "projects", "agreements", "municipalities")


def questions(
    *where: ColumnElement[bool], limit: int | None = None, offset: int = 0
) -> list[AgreementQuestion]:
    """Questions, the newest first, as this transaction has them.  At most five queries."""
    rows = db.session.execute(_heads(*where).limit(limit).offset(offset)).all()
    ids = [row[0].id for row in rows]
    views = _views(ids) if ids else {}
    texts = _texts(ids) if ids else {}
    put = [id_ for id_ in ids if id_ in texts]
    replies, offers = (_replies(put), _offers(put)) if put else ({}, {})
    return [
        _question(row, views.get(row[0].id, {}), texts.get(row[0].id, []), replies, offers)
        for row in rows
    ]


def _heads(*where: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Each question with what stands in its own row and beside it."""
    consulted = (
        select(func.count())
        .where(QuestionConsultation.question_id == QuestionRow.id, not_struck(QuestionConsultation))
        .scalar_subquery()
    )
    return (
        select(QuestionRow, Agreement, Measure.title, Project.name, CostCase, consulted)
        .join(Agreement, Agreement.id == QuestionRow.agreement_id)
        .outerjoin(Measure, Measure.id == QuestionRow.measure_id)
        .outerjoin(Project, Project.id == QuestionRow.project_id)
        .outerjoin(CostCase, CostCase.id == QuestionRow.case_id)
        .where(*where)
        .order_by(QuestionRow.fiscal_year.desc(), QuestionRow.number.desc())
        .execution_options(populate_existing=True)
    )


def _views(ids: Collection[int]) -> dict[int, dict[Town, ViewOfSide]]:
    towns, found = areas.by_id(), dict[int, dict[Town, ViewOfSide]]()
    rows = select(QuestionView).where(QuestionView.question_id.in_(ids))
    for one in db.session.scalars(rows.execution_options(populate_existing=True)):
        view = ViewOfSide(one.text, one.written_by, one.written_at, one.seen)
        found.setdefault(one.question_id, {})[towns[one.municipality_id]] = view
    return found


def _texts(ids: Collection[int]) -> dict[int, list[SettlementText]]:
    """Every text that was put to the sides of a question, the last one last."""
    found: dict[int, list[SettlementText]] = {}
    rows = select(SettlementText).where(SettlementText.question_id.in_(ids))
    for one in db.session.scalars(rows.order_by(SettlementText.revision)):
        found.setdefault(one.question_id, []).append(one)
    return found


def _replies(ids: Collection[int]) -> dict[tuple[int, int], dict[Town, SettlementWord]]:
    """By question and revision the newest word of each side."""
    towns, found = areas.by_id(), dict[tuple[int, int], dict[Town, SettlementWord]]()
    rows = select(SettlementReply).where(SettlementReply.question_id.in_(ids))
    for one in db.session.scalars(rows.order_by(SettlementReply.id)):
        word = SettlementWord(one.decision, one.opinion, one.person_name, one.decided_at, one.mark)
        at = found.setdefault((one.question_id, one.revision), {})
        at[towns[one.municipality_id]] = word
    return found


def _offers(ids: Collection[int]) -> dict[tuple[int, int], list[Sister]]:
    """By question and revision the sister agreements, by their partner's code."""
    towns, hub = areas.by_id(), areas.hub().id
    is_answer = and_(
        SisterReply.question_id == QuestionOffer.question_id,
        SisterReply.agreement_id == QuestionOffer.agreement_id,
    )
    rows = db.session.execute(
        select(QuestionOffer, Agreement.party_a_id, Agreement.party_b_id, SisterReply)
        .join(Agreement, Agreement.id == QuestionOffer.agreement_id)
        .outerjoin(SisterReply, is_answer)
        .where(QuestionOffer.question_id.in_(ids))
        .order_by(SisterReply.id)
    )
    found: dict[tuple[int, int], dict[Town, Sister]] = {}
    for offer, a, b, reply in rows:
        town = towns[b if a == hub else a]
        said = (reply.word, reply.comment, reply.person_name, reply.decided_at) if reply else ()
        of = found.setdefault((offer.question_id, offer.revision), {})
        # Of a partner's words the newest comes last.
        last = of.get(town)
        before = (
            (*last.before, SisterAnswer(last.word, last.comment, last.person, last.at))
            if last and last.word and last.at
            else ()
        )
        of[town] = Sister(offer.agreement_id, town, *said)._replace(before=before)
    return {
        key: sorted(many.values(), key=lambda one: one.town.code) for key, many in found.items()
    }


def _question(
    row: Any,
    views: Mapping[Town, ViewOfSide],
    texts: Sequence[SettlementText],
    replies: Mapping[tuple[int, int], Mapping[Town, SettlementWord]],
    offers: Mapping[tuple[int, int], Sequence[Sister]],
) -> AgreementQuestion:
    stored, agreement, measure, project, case, consultations = row
    towns, hub = areas.by_id(), areas.hub()
    a, b = towns[agreement.party_a_id], towns[agreement.party_b_id]
    last = texts[-1] if texts else None
    key = (stored.id, last.revision if last else 0)
    sisters = tuple(offers.get(key, ()))
    shown = _shown(last, views, sisters) if last else ""
    return AgreementQuestion(
        id=stored.id,
        no=stored.no,
        seen=stored.seen,
        state=stored.state,
        agreement_id=agreement.id,
        hub=hub,
        partner=b if a == hub else a,
        asked_by=towns[stored.municipality_id],
        asker=stored.person_name,
        title=stored.title,
        doubt=stored.doubt,
        place=stored.place,
        place_label=stored.place.label(measure or ""),
        project_id=stored.project_id,
        project=project,
        case_id=stored.case_id,
        case=case.no if case else None,
        answer_due_on=stored.answer_due_on,
        put_at=stored.put_at,
        settled_at=stored.settled_at,
        consultations=consultations,
        views=views,
        revision=key[1],
        shown=shown,
        text=last.text if last else "",
        reply_due_on=last.reply_due_on if last else None,
        drafted_by=towns[last.municipality_id] if last else None,
        drafted_at=last.drafted_at if last else None,
        drafter_ids=tuple(one.person_id for one in texts),
        # Who confirmed and was shown another view has not confirmed this.
        replies={
            town: word
            for town, word in replies.get(key, {}).items()
            if word.decision is not Decision.CONFIRMED or word.mark in (None, shown)
        },
        sisters=sisters,
    )


def _shown(
    text: SettlementText, views: Mapping[Town, ViewOfSide], sisters: Sequence[Sister]
) -> str:
    told = [
        text.text,
        sorted((town.code, view.text) for town, view in views.items()),
        sorted(one.town.code for one in sisters),
    ]
    return f"{text.revision}-{digest(told)[:40]}"


def find(number: QuestionNumber) -> AgreementQuestion | None:
    """The question with that number, or None."""
    of = QuestionRow.fiscal_year == number.fiscal_year, QuestionRow.number == number.number
    return next(iter(questions(*of)), None)


def of(row: QuestionRow) -> AgreementQuestion:
    """A question as it stands within this transaction; LookupError when it is gone."""
    found = find(row.no)
    if found is None:
        raise LookupError(f"question {row.no} is gone")
    return found


def row(question: AgreementQuestion) -> QuestionRow:
    """What an act on a question locks and changes."""
    return db.session.get_one(QuestionRow, question.id)


def readable(town: Town) -> ColumnElement[bool]:
    """The questions a municipality reads: of its own agreements once they were put, its own drafts,
    and what was settled and is offered to it.
    """
    last = (
        select(func.max(SettlementText.revision))
        .where(SettlementText.question_id == QuestionRow.id)
        .scalar_subquery()
    )
    own = select(Agreement.id).where(
        or_(Agreement.party_a_id == town.id, Agreement.party_b_id == town.id)
    )
    is_party = and_(QuestionRow.agreement_id.in_(own), QuestionRow.put_at.is_not(None))
    is_offered = and_(
        QuestionRow.state == QuestionState.SETTLED,
        exists().where(
            QuestionOffer.question_id == QuestionRow.id,
            QuestionOffer.revision == last,
            QuestionOffer.agreement_id.in_(own),
        ),
    )
    return or_(QuestionRow.municipality_id == town.id, is_party, is_offered)


def listed(
    *where: ColumnElement[bool], limit: int, offset: int
) -> tuple[Sequence[AgreementQuestion], int]:
    """A page of a list, newest first, and how many there are in all."""
    total = db.session.scalar(select(func.count()).select_from(QuestionRow).where(*where))
    return questions(*where, limit=limit, offset=offset), total or 0


def in_hand() -> Sequence[AgreementQuestion]:
    """What duties are told from: the questions not closed, and those settled and still offered."""
    offered = exists().where(
        QuestionOffer.question_id == QuestionRow.id,
        ~exists().where(
            SisterReply.question_id == QuestionOffer.question_id,
            SisterReply.agreement_id == QuestionOffer.agreement_id,
        ),
    )
    is_open = QuestionRow.state.in_(OPEN)
    waits = or_(is_open, and_(QuestionRow.state == QuestionState.SETTLED, offered))
    return kept(("questions",), ROOMS, lambda: questions(waits))


def numbers(ids: Collection[int]) -> Mapping[int, QuestionNumber]:
    """The numbers of questions (ids)."""
    found = select(QuestionRow).where(QuestionRow.id.in_(ids))
    return {one.id: one.no for one in db.session.scalars(found)}


def consultations(question: AgreementQuestion) -> Sequence[QuestionConsultation]:
    """協議の記録 of a question, newest first, those struck through among them."""
    return db.session.scalars(
        select(QuestionConsultation)
        .where(QuestionConsultation.question_id == question.id)
        .order_by(QuestionConsultation.consulted_on.desc(), QuestionConsultation.id.desc())
    ).all()


def last_number(year: FiscalYear) -> int:
    """The highest number given out in a fiscal year, 0 when none was."""
    last = select(func.max(QuestionRow.number)).where(QuestionRow.fiscal_year == year.year)
    return db.session.scalar(last) or 0


def sisters_of(question: AgreementQuestion, today: date) -> Mapping[Town, int]:
    """The other agreements in force on that day, by their partner: where the same words may hold."""
    return {town: id_ for town, id_ in bound(today).items() if town != question.partner}


class Subjects(NamedTuple):
    """What a question about one agreement may be about: values of a form with their words."""

    places: Mapping[str, str]
    projects: Mapping[int, str]
    cases: Mapping[int, str]


def place_of(value: str) -> QuestionPlace:
    """The part of an agreement that a choice of `subjects` stands for."""
    if value.startswith("m"):
        return QuestionPlace(measure_id=int(value[1:]))
    numbers = [int(one) for one in value.split("-") if one]
    return QuestionPlace(*numbers)


def subjects(agreement_id: int, partner: Town, year: FiscalYear) -> Subjects:
    """Its articles, paragraphs and annex measures; the partner's projects of a year; and the cost
    cases of that year that both sides have been sent.  Four queries.
    """
    places = {"": QuestionPlace().label()}
    for article in agreements.articles(agreement_id):
        whole = QuestionPlace(article.number)
        caption = f"（{article.caption}）" if article.caption else ""
        places[whole.value] = whole.label() + caption
        if len(article.paragraphs) > 1:
            for number in range(1, len(article.paragraphs) + 1):
                part = QuestionPlace(article.number, number)
                places[part.value] = part.label()
    for measure in agreements.measures():
        part = QuestionPlace(measure_id=measure.id)
        places[part.value] = part.label(measure.title)
    projects = db.session.execute(
        select(Project.id, Project.name)
        .join(ProjectYear, ProjectYear.project_id == Project.id)
        .join(Participation, Participation.project_year_id == ProjectYear.id)
        .where(
            ProjectYear.fiscal_year == year.year,
            Participation.municipality_id == partner.id,
            not_struck(Project),
        )
        .order_by(Project.name, Project.id)
    )
    cases = db.session.scalars(
        select(CostCase)
        .join(Share, Share.case_id == CostCase.id)
        .where(
            CostCase.fiscal_year.in_((year.year, year.previous.year)),
            CostCase.sent_on.is_not(None),
            Share.municipality_id == partner.id,
        )
        .order_by(CostCase.fiscal_year.desc(), CostCase.number.desc())
    )
    return Subjects(
        places,
        {row.id: row.name for row in projects},
        {one.id: f"{one.no.label} {one.title}" for one in cases},
    )


def decided(ids: Collection[int] | None) -> dict[int, dict[str, Any]]:
    """What settled questions are held by: agreement, place, words, and what each partner said.

    Of the questions named, or (None) of all that are settled.
    """
    of = QuestionRow.state == QuestionState.SETTLED if ids is None else QuestionRow.id.in_(ids)
    return {one.id: _decision(one) for one in questions(of)}


def _decision(one: AgreementQuestion) -> dict[str, Any]:
    words: Iterable[Sister] = one.sisters
    return {
        "question": str(one.no),
        "agreement": one.agreement_id,
        "place": one.place.value,
        "title": one.title,
        "doubt": one.doubt,
        "revision": one.revision,
        "text": one.text,
        "confirmed": {
            town.code: word.mark for town, word in one.words.items() if word.mark is not None
        },
        "sisters": {each.town.code: each.word.value if each.word else None for each in words},
    }
