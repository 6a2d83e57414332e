"""Reads the imports under review: what was read, what is asked, how it stands beside the area."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import and_, select

from tracker.agreements import rules
from tracker.agreements.models import Agreement, AnnexEntry, ImportJob, Measure, PolicyField
from tracker.agreements.queries import not_ended
from tracker.agreements.reading.agreement import Reading
from tracker.agreements.reading.rules import read
from tracker.agreements.review.question import Known, Question, questions, still_open
from tracker.municipalities import queries as areas
from tracker.plumbing.db import db


@dataclass(frozen=True)
class Other:
    """An agreement of the area beside the one under review: measures only one of them has."""

    name: str
    measures: int
    only_here: Sequence[str]
    only_there: Sequence[str]
    same_parties: bool


@dataclass(frozen=True)
class Review:
    """An import as it stands: the reading, all questions and those still open."""

    reading: Reading
    asked: tuple[Question, ...]
    left: tuple[Question, ...]
    others: tuple[Other, ...]


class _Held(NamedTuple):
    field: str
    field_title: str
    measure: str | None
    agreement_id: int | None
    party_a_id: int | None
    party_b_id: int | None


def unfinished() -> Sequence[ImportJob]:
    """Imports that wait for answers, the newest first."""
    return db.session.scalars(
        select(ImportJob).where(ImportJob.agreement_id.is_(None)).order_by(ImportJob.id.desc())
    ).all()


def review(job: ImportJob, day: date) -> Review:
    """The questions of an import and how its annex differs from those not ended on `day`."""
    held = _held(day)
    reading = read(job.source_text)
    asked = questions(reading, _known(held))
    return Review(reading, asked, still_open(asked, job.answers), _others(reading, held))


def _held(day: date) -> Sequence[_Held]:
    """Every policy field with the measures that agreements in force have there (one query)."""
    rows = db.session.execute(
        select(
            PolicyField.number,
            PolicyField.title,
            Measure.title,
            Agreement.id,
            Agreement.party_a_id,
            Agreement.party_b_id,
        )
        .outerjoin(Measure, Measure.field_id == PolicyField.id)
        .outerjoin(AnnexEntry, AnnexEntry.measure_id == Measure.id)
        .outerjoin(
            Agreement,
            and_(Agreement.id == AnnexEntry.agreement_id, not_ended(day)),
        )
        .order_by(PolicyField.position, Measure.position)
    )
    return [_Held(*row) for row in rows]


def _known(held: Sequence[_Held]) -> Known:
    return Known(
        towns=tuple(town.name for town in areas.towns()),
        fields={row.field: row.field_title for row in held},
        meeting=areas.get_area().meeting_name,
    )


def _others(reading: Reading, held: Sequence[_Held]) -> tuple[Other, ...]:
    names = {town.id: town.name for town in areas.towns()}
    hub = areas.hub().name
    ours = [measure.title for measure in reading.agreement.measures]
    parties = {party.name for party in reading.agreement.parties}
    rows_of: dict[tuple[str, str], list[str]] = {}
    for row in held:
        if row.measure and row.party_a_id and row.party_b_id:
            pair = (names[row.party_a_id], names[row.party_b_id])
            rows_of.setdefault(pair, []).append(row.measure)
    return tuple(
        Other(
            "・".join(name for name in pair if name != hub),
            len(theirs),
            *differ,
            {*pair} == parties,
        )
        for pair, theirs in rows_of.items()
        if (differ := rules.differences(ours, theirs))
    )
