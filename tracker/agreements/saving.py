"""How a settled agreement text becomes rows: articles, duties, fields, measures, annex entries."""

from collections.abc import Mapping

from sqlalchemy import select

from tracker.agreements.models import AgreementDuty, AnnexEntry, Article, Measure, PolicyField
from tracker.agreements.rules import KnownMeasure, area_numbers, field_order
from tracker.agreements.text import AgreementText
from tracker.plumbing.db import db

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
