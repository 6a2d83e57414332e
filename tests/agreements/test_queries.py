"""When an agreement binds, asked of both databases."""

from datetime import date

import pytest
from sqlalchemy import select, update

from tracker.agreements.models import Agreement
from tracker.agreements.queries import in_force, not_ended
from tracker.plumbing.db import db

pytestmark = pytest.mark.engines_by_turns

SIGNED, ENDED = date(2019, 12, 25), date(2030, 3, 31)


@pytest.mark.parametrize(
    ("concluded_on", "ended_on", "day", "binds", "lasts"),
    [
        (SIGNED, None, date(2019, 12, 24), False, True),
        (SIGNED, None, SIGNED, True, True),
        (SIGNED, None, date(2099, 1, 1), True, True),
        (SIGNED, ENDED, ENDED, True, True),
        (SIGNED, ENDED, date(2030, 4, 1), False, False),
        (None, None, date(2026, 11, 24), False, True),
    ],
)
def test_an_agreement_binds_from_its_signing_to_its_end(
    both, concluded_on: date | None, ended_on: date | None, day: date, binds: bool, lasts: bool
) -> None:
    db.session.execute(update(Agreement).values(concluded_on=concluded_on, ended_on=ended_on))
    ids = set(db.session.scalars(select(Agreement.id)))
    assert ids
    assert set(db.session.scalars(select(Agreement.id).where(in_force(day)))) == (
        ids if binds else set()
    )
    assert set(db.session.scalars(select(Agreement.id).where(not_ended(day)))) == (
        ids if lasts else set()
    )
