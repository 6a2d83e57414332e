"""What a database of the release before holds of cases is kept when it is brought up, and goes back."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from tests import cast
from tests.cost_sharing.makers import (
    NAMES,
    OF_WORK,
    act_of,
    make_agreed,
    make_draft,
    make_proposal,
    make_ready,
    make_work_proposal,
    read,
    somebody,
)
from tests.projects import makers as projects
from tracker.amounts.exact import Exact
from tracker.cost_sharing.cases import actions
from tracker.cost_sharing.formula import actions as formula
from tracker.cost_sharing.formula.proposal import ProposedPart
from tracker.cost_sharing.models import CaseDrafter, Consultation, CostCase
from tracker.cost_sharing.rules import CaseKind, Stage
from tracker.history.history import HistoryEntry
from tracker.municipalities import queries as areas
from tracker.plumbing.db import db
from tracker.projects.plans.rules import Part
from tracker.shares.rules import PartKind, RoundingMode
from tracker.shares.split import NO_LIMITS, Limits, Rounding

# Steps of releases that stand.
# The text of a migration never changes; that all of them go up and down stands in tests/whole.
pytestmark = pytest.mark.slow

BEFORE, AFTER = "0003", "0004"
FORMULAS_BEFORE = "0032"
CHANGES_BEFORE = "0035"
WORK_BEFORE = "0040"
NOTHING_BEFORE = "0043"
TABLE = ("60.00", "11.18", "12.65", "6.76", "9.41")


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


@pytest.mark.usefixtures("both")
def test_formulas_of_the_release_before_read_the_same_and_newer_ones_go_back_by_the_yen():
    kept = read(make_agreed()).content
    newer = make_ready(
        make_proposal(
            parts=(
                ProposedPart(PartKind.RATE, series_id=1, rate=Fraction("0.5"), only=NAMES[:2]),
                ProposedPart(
                    PartKind.RATIO,
                    Decimal(100),
                    values=dict(zip(NAMES, map(Fraction, TABLE), strict=True)),
                    rounding=Rounding(100, RoundingMode.UP),
                ),
            ),
            limits=Limits(caps={"平内町": 100_000}),
        )
    )
    shares = told("SELECT * FROM share ORDER BY case_id, municipality_id")
    db.session.commit()

    downgrade(revision=FORMULAS_BEFORE)
    of_newer = 'SELECT kind, percent, "values" FROM cost_part WHERE case_id = 2 ORDER BY position'
    parts = [(kind, percent, as_json(values)) for kind, percent, values in told(of_newer)]
    whole = dict(zip(NAMES, (6000, 1118, 1265, 676, 941), strict=True))
    fixed = dict.fromkeys(NAMES, 0) | {"青森市": 137_596, "平内町": 5_063}
    assert parts == [("fixed", None, fixed), ("ratio", "100", whole)]
    assert told("SELECT * FROM share ORDER BY case_id, municipality_id") == shares
    with pytest.raises(IntegrityError):
        told("UPDATE cost_part SET kind = 'rate' WHERE id = 1")
    db.session.rollback()

    upgrade()
    assert read(db.session.get(CostCase, 1)).content == kept
    assert told("SELECT * FROM share ORDER BY case_id, municipality_id") == shares
    again = read(db.session.get(CostCase, newer.id))
    assert [one.part.kind for one in again.parts] == [PartKind.FIXED, PartKind.RATIO]
    assert (again.limits, again.parts[1].part.rounding) == (NO_LIMITS, None)


def as_json(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


def told(sql: str) -> list[tuple[object, ...]]:
    found = [tuple(row) for row in db.session.execute(text(sql))]
    db.session.commit()
    return found


@pytest.mark.usefixtures("both")
def test_the_yen_of_projects_and_cases_come_to_one_place_and_go_back():
    make_agreed(make_proposal(stage=Stage.RECONCILIATION, total_yen=3_500_000))
    make_draft(total_yen=10_000_000_000, subsidy_yen=1)
    make_draft(kind=CaseKind.WORK, total_yen=0, subsidy_yen=0)
    parts = {"aomori": Part(1_000, 0, {1: Exact(5)}), "imabetsu": Part(None, 20), "hiranai": Part()}
    planned = projects.make_project(parts=parts)
    places = "SELECT project_id, fiscal_year, municipality_id, phase, total_yen, subsidy_yen"
    kept = f"{places} FROM project_cost ORDER BY 1, 3, 4, 5"
    before, ids = told(kept), {town.slug: town.id for town in areas.towns()}
    assert sorted(before, key=str) == sorted(
        [
            (planned.id, 2026, ids["aomori"], "budget", 1_000, None),
            (planned.id, 2026, ids["aomori"], "settled", 0, None),
            (planned.id, 2026, ids["imabetsu"], "settled", 20, None),
            (1, 2026, None, "settled", 3_500_000, 1_120_000),
            (1, 2026, None, "budget", 10_000_000_000, 1),
            (1, 2026, None, "budget", 0, 0),
        ],
        key=str,
    )
    cases = read(db.session.get(CostCase, 1)).content
    db.session.commit()

    downgrade(revision="0009")
    own = "SELECT municipality_id, budget_yen, actual_yen FROM participation"
    of_planned = "WHERE project_year_id = (SELECT max(id) FROM project_year) ORDER BY 1"
    assert told(f"{own} {of_planned}") == [
        (ids["aomori"], 1_000, 0),
        (ids["hiranai"], None, None),
        (ids["imabetsu"], None, 20),
    ]
    assert told("SELECT total_yen, subsidy_yen FROM cost_case ORDER BY number") == [
        (3_500_000, 1_120_000),
        (10_000_000_000, 1),
        (0, 0),
    ]

    upgrade()
    assert told(kept) == before
    assert read(db.session.get(CostCase, 1)).content == cases


@pytest.mark.usefixtures("both")
def test_changes_of_cases_come_and_go_and_the_cases_stay():
    case = make_agreed()
    kept = read(case).content
    actions.replace(act_of("office"), case, "補助の額が変わったため。")
    assert told("SELECT case_id, revision, reason FROM case_change") == [
        (2, 1, "補助の額が変わったため。")
    ]
    downgrade(revision=CHANGES_BEFORE)
    assert not inspect(db.engine).has_table("case_change")
    upgrade()
    assert told("SELECT * FROM case_change") == []
    assert read(db.session.get(CostCase, 1)).content == kept


@pytest.mark.usefixtures("both")
def test_rows_of_work_become_words_for_the_release_before():
    make_agreed(make_work_proposal(), **OF_WORK)
    read_before = "SELECT work FROM cost_case"
    assert told(read_before) == [("",)]
    db.session.commit()
    downgrade(revision=WORK_BEFORE)
    told_then = [("青森市　相談会の運営　12.5人日\n今別町　会場の用意　3回",)]
    assert told(read_before) == told_then
    upgrade()
    assert told(read_before) == told_then
    assert (read(db.session.get(CostCase, 1)).rows, told("SELECT * FROM case_work")) == ((), [])


@pytest.mark.usefixtures("both")
def test_nothing_shared_is_work_in_words_for_the_release_before():
    proposal = make_proposal(parts=(), total_yen=0, subsidy_yen=0, work="各自で行うため。")
    make_agreed(proposal, kind=CaseKind.NONE, total_yen=0, subsidy_yen=0)
    make_draft()
    kinds = "SELECT kind, work FROM cost_case ORDER BY id"
    assert told(kinds) == [("none", "各自で行うため。"), ("money", "")]
    db.session.commit()
    downgrade(revision=NOTHING_BEFORE)
    wanted = [("work", "費用を分担しない。理由：各自で行うため。"), ("money", "")]
    assert told(kinds) == wanted
    upgrade()
    assert told(kinds) == wanted
    assert read(db.session.get(CostCase, 1)).state == "agreed"
