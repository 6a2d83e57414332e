"""Payments come to a database of the release before, and go, without touching what was agreed."""

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from tests.cast import TODAY
from tests.cost_sharing.makers import SHARES, make_agreed, make_project, read, shares_of
from tests.payments.makers import TERMS, keeper, make_planned, make_receipt, part
from tracker.payments import actions, queries
from tracker.payments.rules import DivideBy, ShiftTo, Terms
from tracker.plumbing.db import db

TABLES = {"payment_plan", "instalment", "instalment_receipt"}


@pytest.mark.slow  # the text of a migration never changes
@pytest.mark.usefixtures("both")
def test_an_agreed_case_stands_without_its_payments_and_is_planned_again():
    case = make_planned()
    make_receipt("aomori", case)
    db.session.commit()
    downgrade(revision="0041")
    assert TABLES & set(inspect(db.engine).get_table_names()) == set()
    # The columns of later releases are not there: only what every release has is read.
    assert db.session.execute(text("SELECT count(*) FROM share")).scalar() == len(SHARES)
    db.session.commit()
    upgrade()
    assert shares_of(case) == SHARES
    assert queries.plan(read(case)) is None
    actions.plan(keeper(), case, TERMS)
    assert part(case).left_yen == SHARES["平内町"]


@pytest.mark.slow  # the text of a migration never changes
@pytest.mark.usefixtures("both")
def test_a_case_paid_without_a_plan_waits_for_one_in_the_release_before():
    make_planned()
    other = make_planned(project=make_project(name="別の事業"))
    none = Terms(DivideBy.NONE, ShiftTo.BEFORE, [], reason="相殺で精算する。")
    actions.plan(keeper(), other, none)
    db.session.commit()
    downgrade(revision="0049")
    ways = db.session.execute(text("SELECT divide_by FROM payment_plan")).scalars().all()
    assert ways == ["equal"]
    db.session.commit()
    upgrade()
    assert [one.no for one, _owed in queries.unplanned(TODAY)] == [other.no]
    actions.plan(keeper(), other, none)
    assert queries.plan(read(other)).reason == "相殺で精算する。"


@pytest.mark.engines_by_turns
@pytest.mark.usefixtures("both")
def test_an_estimate_left_to_what_comes_after_it_waits_for_a_plan_in_the_release_before():
    estimate, later = make_agreed(), Terms(DivideBy.LATER, ShiftTo.BEFORE, [])
    make_planned(project=make_project(name="別の事業"))
    actions.plan(keeper(), estimate, later)
    db.session.commit()
    downgrade(revision="0054")
    ways = db.session.execute(text("SELECT divide_by FROM payment_plan")).scalars().all()
    assert ways == ["equal"]
    db.session.commit()
    upgrade()
    assert [one.no for one, _owed in queries.unplanned(TODAY)] == [estimate.no]
    actions.plan(keeper(), estimate, later)
    assert queries.unplanned(TODAY) == []
