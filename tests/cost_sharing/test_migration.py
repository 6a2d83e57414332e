"""Drafters come from the record when a database of the release before is brought up, and go back."""

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text, update

from tests import cast
from tests.cost_sharing.makers import act_of, make_draft, make_proposal, make_ready, somebody
from tracker.cost_sharing.formula import actions as formula
from tracker.cost_sharing.models import CaseDrafter, Consultation, CostCase
from tracker.plumbing.db import db
from tracker.plumbing.history import HistoryEntry

BEFORE, AFTER = "0003", "0004"


def drafters() -> set[tuple[int, int, str]]:
    rows = db.session.scalars(select(CaseDrafter))
    return {(row.case_id, row.person_id, row.person_name) for row in rows}


def as_before() -> list[tuple[int, int]]:
    """Each case and its one drafter, as the release before kept them."""
    found = db.session.execute(text("SELECT id, drafted_by_id FROM cost_case ORDER BY id"))
    return [(id_, person) for id_, person in found]


@pytest.mark.usefixtures("both")
def test_every_drafter_and_recorder_is_known_again():
    office, lead = somebody("office"), somebody("lead")
    case = make_ready()
    formula.save_formula(act_of("lead"), case, make_proposal(total_yen=4_000_000))
    first, second = case.id, make_draft().id
    wanted = {
        (first, office.person_id, office.name),
        (first, lead.person_id, lead.name),
        (second, office.person_id, office.name),
    }
    assert drafters() == wanted
    cases = {one.id: str(one.no) for one in db.session.scalars(select(CostCase))}
    db.session.commit()

    downgrade(revision=BEFORE)
    # The same instant twice: the office drafted first, both at the hour of the cast.
    last = as_before()
    assert last[1] == (second, office.person_id)
    assert last[0][1] in {office.person_id, lead.person_id}
    # The release before named cases by their number, and may have lost a record.
    for id_, no in cases.items():
        db.session.execute(
            update(HistoryEntry)
            .where(HistoryEntry.subject_kind == "cost_case", HistoryEntry.subject_id == str(id_))
            .values(subject_id=no)
        )
    db.session.execute(
        update(HistoryEntry).where(HistoryEntry.subject_id == cases[second]).values(person_id=None)
    )
    db.session.commit()

    upgrade(revision=AFTER)
    assert drafters() == wanted
    (recorded,) = db.session.scalars(select(Consultation.recorded_by_id))
    assert recorded == office.person_id
    at = {row.at for row in db.session.scalars(select(CaseDrafter)) if row.case_id == first}
    assert at == {cast.NOW}
    versions = db.session.execute(text("SELECT formula_version, published_at FROM cost_case"))
    assert {tuple(row) for row in versions} == {(1, None)}
