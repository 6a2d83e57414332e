"""Texts of agreements, and an area in which none is registered yet."""

from pathlib import Path

from sqlalchemy import delete

import tracker.demo
from tests import cast
from tracker.agreements import queries
from tracker.agreements.models import (
    Agreement,
    AgreementDuty,
    AnnexEntry,
    Article,
    ImportJob,
    Measure,
    PolicyField,
)
from tracker.agreements.review import actions, rules
from tracker.agreements.review import question as review
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

FILE = Path(tracker.demo.__path__[0]) / "agreement-aomori-imabetsu.txt"
REAL = FILE.read_text("utf-8")
CONTENT = "圏域の観光資源を活用した魅力向上や情報発信等"


def clear_agreements() -> None:
    """Leaves only the municipalities and people of the cast."""
    for table in (AnnexEntry, AgreementDuty, Article, Agreement, Measure, PolicyField):
        db.session.execute(delete(table))
    db.session.commit()


def changed(*changes: tuple[str, str]) -> str:
    """The real text with some words exchanged, each of which must be there."""
    text = REAL
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def make_job(text: str = REAL) -> ImportJob:
    """An import without answers."""
    return actions.start_import(Act(None, cast.NOW), text, "協約書.txt")


def asked(job: ImportJob) -> dict[str, review.Question]:
    """The questions of an import by their keys."""
    return {
        each.key: each
        for each in rules.review(job.source_text, job.answers, queries.known(cast.TODAY)).asked
    }


def answer_all(job: ImportJob, **choices: tuple[str, str]) -> None:
    """Answers as proposed, but for the kinds named: (choice, value)."""
    for key, question in asked(job).items():
        choice, value = choices.get(key.partition("-")[0]) or review.proposal(question)
        actions.answer(Act(None, cast.NOW), job, key, choice, value)


def make_agreement(text: str = REAL, **choices: tuple[str, str]) -> Agreement:
    """An agreement imported as proposed, but for the kinds named."""
    job = make_job(text)
    answer_all(job, **choices)
    return actions.register(Act(None, cast.NOW), job)
