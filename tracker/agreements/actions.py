"""Imports agreements: a text is read, its doubts are answered one by one, then it is registered."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from tracker.agreements import imports, review, review_answers, rules, saving, text
from tracker.agreements.models import Agreement, ImportJob
from tracker.agreements.queries import not_ended
from tracker.agreements.review import Question
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
    review_answers.check_importable(text.read(source))
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
    settled = review_answers.settle(found.reading, job.source_text, found.asked, job.answers)
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
    saving.save_articles(agreement.id, settled)
    saving.save_annex(agreement.id, settled)
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


def _parties(settled: text.AgreementText, at: datetime) -> dict[str, Any]:
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
