"""Reads the agreements and what they cover."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from tracker.agreements.models import (
    Agreement,
    AgreementDuty,
    AnnexEntry,
    Article,
    ImportJob,
    Measure,
    PolicyField,
)
from tracker.agreements.rules import AnnexRow, DutyKind, Known
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Municipality
from tracker.municipalities.rules import Town
from tracker.plumbing.db import db

_A, _B = aliased(Municipality), aliased(Municipality)
# Agreements stand in the order of the municipality that is not the hub.
_BY_TOWN = case((_A.is_hub, _B.code), else_=_A.code)
_Day = date | ColumnElement[date] | InstrumentedAttribute[date | None]


def not_ended(day: _Day) -> ColumnElement[bool]:
    """Whether an agreement has not ended by `day`; its last day still counts.

    True also of one that is not concluded yet.
    """
    return or_(Agreement.ended_on.is_(None), Agreement.ended_on >= day)


def in_force(day: _Day) -> ColumnElement[bool]:
    """Whether an agreement binds on `day`: from its signing to its last day, both included.

    A text without a day of signing (締結日 blank) is a draft and binds nobody.
    """
    return and_(Agreement.concluded_on <= day, not_ended(day))


def between(
    one: int | ColumnElement[int], other: int | InstrumentedAttribute[int]
) -> ColumnElement[bool]:
    """Whether an agreement is that of two municipalities (ids), whoever is 甲."""
    return or_(
        and_(Agreement.party_a_id == one, Agreement.party_b_id == other),
        and_(Agreement.party_a_id == other, Agreement.party_b_id == one),
    )


def first_concluded_on() -> date | None:
    """When the first agreement of the area was concluded; None: none was yet."""
    return db.session.scalar(select(func.min(Agreement.concluded_on)))


class MeasureRow(NamedTuple):
    """A 連携施策 under its 政策分野, as the annex numbers them."""

    id: int
    number: str
    title: str
    field_number: str
    field_title: str


def measures() -> Sequence[MeasureRow]:
    """Every measure of the area in the order of the annex."""
    rows = db.session.execute(
        select(Measure.id, Measure.number, Measure.title, PolicyField.number, PolicyField.title)
        .join(PolicyField, PolicyField.id == Measure.field_id)
        .order_by(PolicyField.position, Measure.position)
    )
    return [MeasureRow(*row) for row in rows]


def coverage(day: date) -> Mapping[int, frozenset[str]]:
    """By measure id the municipalities (slugs) whose agreement in force on `day` has it."""
    names = areas.by_id()
    found: dict[int, set[str]] = {}
    rows = db.session.execute(
        select(AnnexEntry.measure_id, Agreement.party_a_id, Agreement.party_b_id)
        .join(Agreement, Agreement.id == AnnexEntry.agreement_id)
        .where(in_force(day))
    )
    for measure_id, party_a, party_b in rows:
        found.setdefault(measure_id, set()).update((names[party_a].slug, names[party_b].slug))
    return {measure_id: frozenset(slugs) for measure_id, slugs in found.items()}


def covered_municipalities(measure_id: int, day: date) -> frozenset[str]:
    """The municipalities (slugs) that an agreement in force on `day` lets carry out the measure."""
    return coverage(day).get(measure_id, frozenset())


class AgreementRow(NamedTuple):
    """An agreement with its parties' names and the size of its text."""

    id: int
    title: str
    party_a: str
    party_b: str
    concluded_on: date | None
    ended_on: date | None
    is_example: bool
    articles: int
    measures: int


def agreements() -> Sequence[AgreementRow]:
    """Every agreement of the area, ended ones too."""
    parts = [
        select(func.count()).where(part.agreement_id == Agreement.id).scalar_subquery()
        for part in (Article, AnnexEntry)
    ]
    rows = db.session.execute(
        select(
            Agreement.id,
            Agreement.title,
            _A.name,
            _B.name,
            Agreement.concluded_on,
            Agreement.ended_on,
            Agreement.is_example,
            *parts,
        )
        .join(_A, _A.id == Agreement.party_a_id)
        .join(_B, _B.id == Agreement.party_b_id)
        .order_by(_BY_TOWN, Agreement.concluded_on, Agreement.id)
    )
    return [AgreementRow(*row) for row in rows]


def find_agreement(agreement_id: int) -> Row[Agreement, str, str] | None:
    """An agreement with the names of party A and party B, or None."""
    return db.session.execute(
        select(Agreement, _A.name, _B.name)
        .join(_A, _A.id == Agreement.party_a_id)
        .join(_B, _B.id == Agreement.party_b_id)
        .where(Agreement.id == agreement_id)
    ).first()


class ArticleRow(NamedTuple):
    """An article with the duties it creates, each with its paragraph."""

    number: int
    caption: str
    paragraphs: list[str]
    duties: list[tuple[int, DutyKind]]


def articles(agreement_id: int) -> Sequence[ArticleRow]:
    """The articles of an agreement in order."""
    rows = db.session.execute(
        select(
            Article.number,
            Article.caption,
            Article.paragraphs,
            AgreementDuty.paragraph,
            AgreementDuty.kind,
        )
        .outerjoin(
            AgreementDuty,
            and_(
                AgreementDuty.agreement_id == Article.agreement_id,
                AgreementDuty.article == Article.number,
            ),
        )
        .where(Article.agreement_id == agreement_id)
        .order_by(Article.number, AgreementDuty.paragraph, AgreementDuty.id)
    )
    found = []
    for _, group in groupby(rows, key=lambda row: row.number):
        run = list(group)
        duties = [(row.paragraph, DutyKind(row.kind)) for row in run if row.kind]
        found.append(ArticleRow(run[0].number, run[0].caption, run[0].paragraphs, duties))
    return found


class FieldRow(NamedTuple):
    """A policy field as a heading of one agreement's annex, with its rows."""

    number: str
    title: str
    rows: list[Row[*tuple[Any, ...]]]

    @property
    def heading(self) -> str:
        """The heading as printed: 「1 …」, and 「(1) …」 under its field."""
        parent, bracket, place = self.number.partition("(")
        return f"{bracket}{place or parent} {self.title}"


def annex(agreement_id: int) -> Sequence[FieldRow]:
    """The annex of an agreement: its fields in order, those above a field with rows too."""
    held = (
        select(
            Measure.field_id,
            Measure.position,
            Measure.number,
            Measure.title,
            AnnexEntry.content,
            AnnexEntry.role_a,
            AnnexEntry.role_b,
        )
        .join(AnnexEntry, AnnexEntry.measure_id == Measure.id)
        .where(AnnexEntry.agreement_id == agreement_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            held, PolicyField.number.label("field"), PolicyField.title, PolicyField.parent_number
        )
        .select_from(PolicyField)
        .outerjoin(held, held.c.field_id == PolicyField.id)
        .order_by(PolicyField.position, held.c.position)
    )
    fields = [
        (field, parent, FieldRow(field, heading, [row for row in group if row.number]))
        for (field, heading, parent), group in groupby(rows, key=lambda row: row[-3:])
    ]
    above = {parent for _, parent, each in fields if each.rows}
    return [each for field, _, each in fields if each.rows or field in above]


@dataclass(frozen=True)
class MeasurePage:
    """A measure and how each agreement in force words it; `parent_title` of the field above."""

    id: int
    number: str
    title: str
    field_number: str
    field_title: str
    parent_title: str | None
    entries: tuple[AnnexRow, ...]


def measure(number: str, day: date) -> MeasurePage | None:
    """The measure with that number and its rows in the agreements in force on `day`, or None."""
    above = aliased(PolicyField)
    rows = db.session.execute(
        select(Measure, PolicyField, above.title, AnnexEntry, Agreement, _A, _B)
        .join(PolicyField, PolicyField.id == Measure.field_id)
        .outerjoin(above, above.number == PolicyField.parent_number)
        .outerjoin(AnnexEntry, AnnexEntry.measure_id == Measure.id)
        .outerjoin(Agreement, and_(Agreement.id == AnnexEntry.agreement_id, in_force(day)))
        .outerjoin(_A, _A.id == Agreement.party_a_id)
        .outerjoin(_B, _B.id == Agreement.party_b_id)
        .where(Measure.number == number)
        .order_by(_BY_TOWN)
    ).all()
    if not rows:
        return None
    found, field, parent_title, *_ = rows[0]
    entries = tuple(
        AnnexRow(
            agreement.id,
            b.name if a.is_hub else a.name,
            a.name,
            b.name,
            entry.content,
            entry.role_a,
            entry.role_b,
        )
        for *_, entry, agreement, a, b in rows
        if agreement
    )
    return MeasurePage(
        found.id, found.number, found.title, field.number, field.title, parent_title, entries
    )


def unfinished() -> Sequence[ImportJob]:
    """Imports that wait for answers, the newest first."""
    return db.session.scalars(
        select(ImportJob).where(ImportJob.agreement_id.is_(None)).order_by(ImportJob.id.desc())
    ).all()


def known(day: date) -> Known:
    """What a text under review is set beside, with the agreements not ended on `day`.

    One query beside what the request knows of the area already.
    """
    names = {town.id: town.name for town in areas.towns()}
    fields: dict[str, str] = {}
    annexes: dict[tuple[str, str], list[str]] = {}
    rows = db.session.execute(
        select(
            PolicyField.number,
            PolicyField.title,
            Measure.title,
            Agreement.party_a_id,
            Agreement.party_b_id,
        )
        .outerjoin(Measure, Measure.field_id == PolicyField.id)
        .outerjoin(AnnexEntry, AnnexEntry.measure_id == Measure.id)
        .outerjoin(Agreement, and_(Agreement.id == AnnexEntry.agreement_id, not_ended(day)))
        .order_by(PolicyField.position, Measure.position)
    )
    for number, heading, title, party_a, party_b in rows:
        fields[number] = heading
        if title and party_a and party_b:
            annexes.setdefault((names[party_a], names[party_b]), []).append(title)
    hub, meeting = areas.hub().name, areas.get_area().meeting_name
    return Known(tuple(names.values()), fields, meeting, hub, annexes)


def bound(day: date) -> Mapping[Town, int]:
    """The partners with an agreement in force with the hub, and its id; of two, the later one."""
    hub, towns = areas.hub().id, areas.by_id()
    rows = db.session.execute(
        select(Agreement.party_a_id, Agreement.party_b_id, Agreement.id)
        .where(in_force(day))
        .order_by(Agreement.concluded_on, Agreement.id)
    )
    return {towns[a if b == hub else b]: agreement for a, b, agreement in rows if hub in (a, b)}
