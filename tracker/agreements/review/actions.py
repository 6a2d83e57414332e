"""Imports agreements: a text is read, its doubts are answered one by one, then it is registered."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from tracker.agreements import imports, rules
from tracker.agreements.models import (
    Agreement,
    AgreementDuty,
    AnnexEntry,
    Article,
    ImportJob,
    Measure,
    PolicyField,
)
from tracker.agreements.queries import not_ended
from tracker.agreements.reading.agreement import AgreementText
from tracker.agreements.reading.rules import read
from tracker.agreements.review import question as review
from tracker.agreements.review.question import Question
from tracker.agreements.review.rules import check_importable, settle
from tracker.agreements.rules import KnownMeasure, area_numbers, field_order
from tracker.kernel import wareki
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Area
from tracker.plumbing import clock, history
from tracker.plumbing.db import db
from tracker.plumbing.history import Subject


def start_import(source: str, source_name: str, *, by: Actor | None, at: datetime) -> ImportJob:
    """Reads a text and keeps it for review (product.md 3).

    Refuses what is no agreement, an amendment, more than two parties, a text too long.
    """
    job = _started(source, source_name, by, at)
    db.session.commit()
    return job


def answer(
    job: ImportJob,
    key: str,
    choice: str,
    value: str | None = None,
    *,
    by: Actor | None,
    at: datetime,
) -> None:
    """Keeps one answer; a later one to the same question takes its place until registration.

    `choice` is one the question offers; `value` what is typed into its box, kept as typed.
    """
    _check_unregistered(job)
    asked = imports.review(job, clock.day(at)).asked
    question = next((each for each in asked if each.key == key), None)
    if question is None:
        raise Refusal("この質問は見つかりません。画面を開き直してください。")
    _answered(job, question, choice, value, by, at)
    db.session.commit()


def register(
    job: ImportJob, *, by: Actor | None, at: datetime, is_example: bool = False
) -> Agreement:
    """Saves the agreement with its articles, duties and annex, all or nothing.

    Refuses while a question is open, a second time, and beside an agreement of the same two
    municipalities that is still in force.
    """
    agreement = _registered(job, by, at, is_example)
    db.session.commit()
    return agreement


def import_text(
    source: str,
    source_name: str,
    *,
    accept: bool,
    by: Actor | None,
    at: datetime,
    is_example: bool = False,
) -> tuple[Agreement, Sequence[Question]]:
    """Reads and registers in one go; the agreement, and the questions answered as proposed.

    Without `accept` a text with any doubt is refused.
    """
    job = _started(source, source_name, by, at)
    asked = imports.review(job, clock.day(at)).asked
    doubts = [question for question in asked if question.is_doubt]
    if doubts and not accept:
        raise Refusal(
            f"確認が必要なところが{len(doubts)}件あります（{doubts[0].text}）。"
            "画面の「協約の取込み」で1件ずつ確かめるか、--accept を付けてください。"
        )
    for question in asked:
        _answered(job, question, *review.proposal(question), by, at)
    agreement = _registered(job, by, at, is_example)
    db.session.commit()
    return agreement, asked


def discard(job: ImportJob, *, by: Actor, at: datetime) -> None:
    """Gives an import up; the answers so far stay in the history."""
    _check_unregistered(job)
    history.record(
        by,
        "agreement.import_discarded",
        Subject("import", job.id),
        f"「{job.source_name}」の取込みを取りやめました。",
        at=at,
        before={"answers": job.answers},
    )
    db.session.delete(job)
    db.session.commit()


def _started(source: str, source_name: str, by: Actor | None, at: datetime) -> ImportJob:
    rules.check_length(source)
    check_importable(read(source))
    name = re.sub(r"[\x00-\x1f]", "", re.split(r"[/\\]", source_name)[-1])[-200:]
    job = ImportJob(source_name=name, source_text=source, answers={}, created_at=at)
    db.session.add(job)
    db.session.flush()
    history.record(
        by,
        "agreement.import_started",
        Subject("import", job.id),
        f"「{name}」を読み取りました。",
        at=at,
    )
    return job


def _answered(
    job: ImportJob,
    question: Question,
    choice: str,
    value: str | None,
    by: Actor | None,
    at: datetime,
) -> None:
    kept = review.check_choice(question, choice, value)
    given = {"choice": str(choice), "value": kept}
    history.record(
        by,
        "agreement.import_answered",
        Subject("import", job.id),
        f"「{question.ask.heading}」に「{question.ask.choices[review.Choice(choice)]}」と答えました。",
        at=at,
        before=job.answers.get(question.key),
        after={"question": question.key, **given},
    )
    who = {"by": by.name if by else "コマンド", "at": at.isoformat()}
    job.answers = {**job.answers, question.key: {**given, **who}}


def _registered(job: ImportJob, by: Actor | None, at: datetime, is_example: bool) -> Agreement:
    # Two clerks may register at once: fields, measures and parties are looked at one by one.
    db.session.execute(select(Area.id).with_for_update())
    _check_unregistered(job)
    found = imports.review(job, clock.day(at))
    settled = settle(found.reading, job.source_text, found.asked, job.answers)
    agreement = Agreement(
        **_parties(settled, at),
        title=settled.title,
        legal_basis=settled.legal_basis,
        concluded_on=settled.concluded_on,
        preamble=settled.preamble,
        closing=settled.closing,
        source_text=job.source_text,
        imported_at=at,
        is_example=is_example,
    )
    db.session.add(agreement)
    db.session.flush()
    save_articles(agreement.id, settled)
    save_annex(agreement.id, settled)
    job.agreement_id = agreement.id
    history.record(
        by,
        "agreement.registered",
        Subject("agreement", agreement.id),
        f"{'と'.join(party.name for party in settled.parties)}の協約を登録しました。",
        at=at,
        after={
            "title": settled.title,
            "concluded_on": day.isoformat() if (day := settled.concluded_on) else None,
            "articles": len(settled.articles),
            "measures": len(settled.measures),
            "duties": [duty.kind for duty in settled.duties],
            "answers": job.answers,
        },
    )
    return agreement


def _check_unregistered(job: ImportJob) -> None:
    if job.agreement_id is not None:
        raise Refusal("この取込みは、すでに登録が済んでいます。")


def _parties(settled: AgreementText, at: datetime) -> dict[str, Any]:
    """Who 甲 and 乙 are and who signed, when no agreement between the two is in force."""
    ids = {town.name: town.id for town in areas.towns()}
    a, b = (ids[party.name] for party in settled.parties)
    names = "と".join(party.name for party in settled.parties)
    if a == b:
        raise Refusal("甲と乙が同じ市町村になっています。どちらかを選び直してください。")
    held = db.session.execute(
        select(Agreement.concluded_on).where(
            or_(
                (Agreement.party_a_id == a) & (Agreement.party_b_id == b),
                (Agreement.party_a_id == b) & (Agreement.party_b_id == a),
            ),
            not_ended(clock.day(at)),
        )
    ).first()
    if held:
        day = f"（{wareki.long(held.concluded_on)}締結）" if held.concluded_on else ""
        raise Refusal(f"{names}の協約{day}は、すでに登録されています。2つ目は登録できません。")
    head_a, head_b = (party.head for party in settled.parties)
    return {"party_a_id": a, "party_b_id": b, "head_a": head_a, "head_b": head_b}


# --- a settled text becomes rows: articles, duties, fields, measures, annex entries -------------

_LAST = 10**9


def save_articles(agreement_id: int, settled: AgreementText) -> None:
    """The articles and the duties they create; no commit."""
    db.session.add_all(
        Article(
            agreement_id=agreement_id,
            number=article.number,
            caption=article.caption,
            paragraphs=list(article.paragraphs),
        )
        for article in settled.articles
    )
    db.session.add_all(
        AgreementDuty(
            agreement_id=agreement_id,
            article=duty.article,
            paragraph=duty.paragraph,
            kind=duty.kind,
        )
        for duty in settled.duties
    )


def save_annex(agreement_id: int, settled: AgreementText) -> None:
    """Rows of the annex under the area's fields and measures; what the area lacks is added.

    No commit: registering is one action.
    """
    fields = _fields(settled)
    measures = {each.number: each for each in db.session.scalars(select(Measure))}
    numbers_of = {field.id: field.number for field in fields.values()}
    numbers = area_numbers(
        [
            KnownMeasure(each.number, numbers_of[each.field_id], each.title)
            for each in sorted(measures.values(), key=lambda each: each.position)
        ],
        [KnownMeasure(row.number, row.field, row.title) for row in settled.measures],
    )
    for number, row in zip(numbers, settled.measures, strict=True):
        if number not in measures:
            measures[number] = Measure(
                field_id=fields[row.field].id, number=number, title=row.title, position=_LAST
            )
            db.session.add(measures[number])
    order = [field.id for field in fields.values()]
    # The sort is stable: what was just added stands last in its field.
    placed = sorted(measures.values(), key=lambda m: (order.index(m.field_id), m.position))
    for position, measure in enumerate(placed):
        measure.position = position
    db.session.flush()
    db.session.add_all(
        AnnexEntry(
            agreement_id=agreement_id,
            measure_id=measures[number].id,
            content=row.content,
            role_a=row.role_a,
            role_b=row.role_b,
        )
        for number, row in zip(numbers, settled.measures, strict=True)
    )


def _fields(settled: AgreementText) -> Mapping[str, PolicyField]:
    """The area's policy fields with those of this annex, by number and in the order of numbers."""
    fields = {each.number: each for each in db.session.scalars(select(PolicyField))}
    for row in settled.policy_fields:
        if row.number not in fields:
            fields[row.number] = PolicyField(
                number=row.number, title=row.title, parent_number=row.parent, position=_LAST
            )
            db.session.add(fields[row.number])
    ordered = sorted(fields.values(), key=lambda field: field_order(field.number))
    for position, field in enumerate(ordered):
        field.position = position
    db.session.flush()
    return {field.number: field for field in ordered}
