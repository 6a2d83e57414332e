"""Imports agreements: a text is read, its doubts are answered one by one, then it is registered."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from tracker.agreements import rules
from tracker.agreements.models import (
    Agreement,
    AgreementDuty,
    AnnexEntry,
    Article,
    ImportJob,
    Measure,
    PolicyField,
)
from tracker.agreements.queries import between, known, not_ended
from tracker.agreements.reading.rules import read
from tracker.agreements.review.question import Choice, Question, check_choice, proposal
from tracker.agreements.review.rules import check_importable, review, settle
from tracker.agreements.rules import KnownMeasure, area_numbers, field_order
from tracker.agreements.text.agreement import AgreementText
from tracker.characters.characters import check_line, check_lines, shown
from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Area
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

_LAST = 10**9


def start_import(act: Act, source: str, source_name: str) -> ImportJob:
    """Reads a text and keeps it for review (product.md 3).

    Refuses what is no agreement, an amendment, more than two parties, a text too long.
    """
    rules.check_length(source)
    source = rules.without_page_ends(source)
    check_lines(source)
    check_importable(reading := read(source))
    text = reading.agreement
    for words in (
        text.title,
        *(article.caption for article in text.articles),
        *(field.title for field in text.policy_fields),
        *(measure.title for measure in text.measures),
    ):
        check_line(words)
    name = shown(re.split(r"[/\\]", source_name)[-1])[-200:]
    job = ImportJob(source_name=name, source_text=source, answers={}, created_at=act.at)
    with act.change("agreement.import_started", job, f"「{name}」を読み取りました。"):
        db.session.add(job)
    return job


def answer(
    act: Act,
    job: ImportJob,
    key: str,
    choice: str,
    value: str | None = None,
    seen: str | None = None,
) -> None:
    """Keeps one answer; a later one to the same question takes its place until registration.

    `choice` is one the question offers; `value` what is typed into its box, kept as typed.
    """
    act.lock((job, seen))
    _check_unregistered(job)
    asked = review(job.source_text, job.answers, known(act.today)).asked
    question = next((each for each in asked if each.key == key), None)
    if question is None:
        raise Refusal(_("この質問は見つかりません。画面を開き直してください。"))
    _answer(act, job, question, choice, value)


def register(
    act: Act, job: ImportJob, seen: str | None = None, *, is_example: bool = False
) -> Agreement:
    """Saves the agreement with its articles, duties and annex, all or nothing.

    Refuses while a question is open, a second time, and beside an agreement of the same two
    municipalities that is still in force.
    """
    # Two clerks may register at once: fields, measures and parties are looked at one by one.
    area = db.session.scalars(select(Area)).one()
    act.lock((job, seen), (area, None))
    _check_unregistered(job)
    found = review(job.source_text, job.answers, known(act.today))
    settled = settle(found.reading, job.source_text, found.asked, job.answers)
    agreement = Agreement(
        **_parties(settled, act.today),
        title=settled.title,
        legal_basis=settled.legal_basis,
        concluded_on=settled.concluded_on,
        preamble=settled.preamble,
        closing=settled.closing,
        source_text=job.source_text,
        imported_at=act.at,
        is_example=is_example,
    )
    said = f"{'と'.join(party.name for party in settled.parties)}の協約を登録しました。"
    with act.change("agreement.registered", agreement, said) as entry:
        db.session.add(agreement)
        db.session.flush()
        _add_articles(agreement.id, settled)
        _add_annex(agreement.id, settled)
        job.agreement_id = agreement.id
        entry.told["answers"] = job.answers
    return agreement


def import_text(
    act: Act, source: str, source_name: str, *, accept: bool, is_example: bool = False
) -> tuple[Agreement, Sequence[Question]]:
    """Reads and registers in one go; the agreement, and the questions answered as proposed.

    Without `accept` a text with any doubt is refused.
    """
    with act:
        job = start_import(act, source, source_name)
        asked = review(source, {}, known(act.today)).asked
        doubts = [question for question in asked if question.is_doubt]
        if doubts and not accept:
            raise Refusal(
                _(
                    "確認が必要なところが%(count)s件あります（%(doubts)s）。画面の「協約の取込み」"
                    "で1件ずつ確かめるか、--accept を付けてください。",
                    count=len(doubts),
                    doubts=doubts[0].text,
                )
            )
        for question in asked:
            _answer(act, job, question, *proposal(question))
        return register(act, job, is_example=is_example), asked


def discard(act: Act, job: ImportJob, seen: str | None = None) -> None:
    """Gives an import up; the answers so far stay in the history."""
    act.lock((job, seen))
    _check_unregistered(job)
    said = f"「{job.source_name}」の取込みを取りやめました。"
    with act.change("agreement.import_discarded", job, said):
        db.session.delete(job)


def _answer(act: Act, job: ImportJob, question: Question, choice: str, value: str | None) -> None:
    kept = check_choice(question, choice, value)
    label = question.ask.choices[Choice(choice)]
    said = f"「{question.ask.heading}」に「{label}」と答えました。"
    who = act.by.name if act.by else "コマンド"
    given = {"choice": str(choice), "value": kept, "by": who, "at": act.at.isoformat()}
    with act.change("agreement.import_answered", job, said):
        job.answers = {**job.answers, question.key: given}


def _check_unregistered(job: ImportJob) -> None:
    if job.agreement_id is not None:
        raise Refusal(_("この取込みは、すでに登録が済んでいます。"))


def _parties(settled: AgreementText, day: date) -> dict[str, Any]:
    """Who 甲 and 乙 are and who signed, when no agreement between the two is in force."""
    ids = {town.name: town.id for town in areas.towns()}
    a, b = (ids[party.name] for party in settled.parties)
    names = _("と").join(party.name for party in settled.parties)
    if a == b:
        raise Refusal(_("甲と乙が同じ市町村になっています。どちらかを選び直してください。"))
    held = db.session.execute(
        select(Agreement.concluded_on).where(between(a, b), not_ended(day))
    ).first()
    if held:
        since = (
            _("（%(concluded_on)s締結）", concluded_on=wareki.long(held.concluded_on))
            if held.concluded_on
            else ""
        )
        raise Refusal(
            _(
                "%(names)sの協約%(since)sは、すでに登録されています。2つ目は登録できません。",
                names=names,
                since=since,
            )
        )
    head_a, head_b = (party.head for party in settled.parties)
    return {"party_a_id": a, "party_b_id": b, "head_a": head_a, "head_b": head_b}


# --- a settled text becomes rows: articles, duties, fields, measures, annex entries -------------


def _add_articles(agreement_id: int, settled: AgreementText) -> None:
    """The articles and the duties they create."""
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


def _add_annex(agreement_id: int, settled: AgreementText) -> None:
    """Rows of the annex under the area's fields and measures; what the area lacks is added."""
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
