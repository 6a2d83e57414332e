"""Absences and what meetings keep to come and go; what stood in the calendar stays."""

from datetime import date

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from tests import cast
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities import queries
from tracker.municipalities import queries as areas
from tracker.municipalities.actions import enter_days
from tracker.municipalities.models import EntryKind
from tracker.municipalities.rules import USUAL
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

BEFORE = "0047"
YEAR = FiscalYear(2026)


@pytest.mark.usefixtures("both")
def test_entries_stay_and_say_from_then_on_who_made_them() -> None:
    day = date(2026, 12, 3)
    for kind in (EntryKind.CLOSURE, None):
        enter_days(Act(None, cast.NOW), ["imabetsu", "hiranai"], kind, "開町記念日", day, day)
    db.session.remove()
    downgrade(revision=BEFORE)
    assert "head_absence" not in inspect(db.engine).get_table_names()
    said = db.session.execute(text("SELECT name FROM calendar_entry")).scalars().all()
    assert said == ["開町記念日"] * 2
    db.session.remove()
    upgrade()
    found = queries.calendar(YEAR.begins, YEAR.ends)
    assert [(one.town.slug, one.why, one.entered_by) for one in found] == [
        ("hiranai", "閉庁日", None),
        ("imabetsu", "閉庁日", None),
    ]
    assert areas.lead_times() == USUAL
