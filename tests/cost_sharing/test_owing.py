"""What Article 4(2) asks of the office, as pure facts."""

from datetime import UTC, datetime

import pytest

from tracker.cost_sharing.owing import CaseFact, owed
from tracker.cost_sharing.rules import CaseState, Stage
from tracker.kernel.asked import Asked
from tracker.kernel.fiscal_year import FiscalYear

YEAR, BEGINS = FiscalYear(2026), datetime(2026, 3, 31, 15, tzinfo=UTC)
LAST, THIS = 2025, 2026
S = CaseState


def case(year: int = LAST, state: CaseState = S.AGREED, **changes: object) -> CaseFact:
    """A case about money, reconciled, of a project that goes on."""
    values: dict[str, object] = {
        "path": f"/costs/{year}-01",
        "title": "農業研修事業の費用負担",
        "fiscal_year": year,
        "project_id": 1,
        "project": "農業研修事業",
        "goes_on": True,
        "is_money": True,
        "stage": Stage.RECONCILIATION,
        "state": state,
        **changes,
    }
    return CaseFact(**values)  # type: ignore[arg-type]


def asked(*cases: CaseFact) -> dict[str, Asked]:
    """What the office owes, by kind."""
    return {one.kind: one for one in owed(cases, YEAR, "aomori", BEGINS)}


@pytest.mark.parametrize(
    ("cases", "is_owed"),
    [
        ([case()], True),
        ([case(state=S.AWAITING)], True),
        ([case(state=S.RETURNED)], True),
        # Never sent, or taken back: nothing was shared last year.
        ([case(state=S.WITHDRAWN)], False),
        ([case(state=S.REPLACED)], False),
        ([case(goes_on=False)], False),
        ([case(), case(THIS, S.DRAFT)], False),
        ([case(), case(THIS, S.WITHDRAWN)], False),
        ([case(), case(THIS, S.DRAFT, project_id=2)], True),
        ([case(THIS)], False),
    ],
)
def test_what_was_shared_last_year_is_begun_anew(cases: list[CaseFact], is_owed: bool) -> None:
    assert ("cost_unstarted" in asked(*cases)) is is_owed


def test_all_projects_to_begin_are_one_thing_to_do() -> None:
    cases = [case(project_id=n, project=f"事業{n}") for n in (1, 2, 3)]
    duty = asked(*cases, case(project="事業1"))["cost_unstarted"]
    assert (duty.remaining, duty.due_on.isoformat()) == (3, "2027-01-31")
    assert duty.url == "/costs/new?fy=2026"
    assert duty.text.startswith("事業1、事業2ほか1件は、")
    assert duty.known_since == BEGINS


@pytest.mark.parametrize(
    ("cases", "is_owed"),
    [
        ([case(stage=Stage.ESTIMATE)], True),
        ([case(stage=Stage.FIXED)], True),
        ([case(stage=Stage.RECONCILIATION)], False),
        ([case(stage=Stage.FIXED, state=S.AWAITING)], False),
        ([case(stage=Stage.FIXED, is_money=False)], False),
        ([case(stage=Stage.ESTIMATE), case(stage=Stage.FIXED)], True),
        ([case(stage=Stage.FIXED), case(stage=Stage.RECONCILIATION, state=S.DRAFT)], False),
        ([case(stage=Stage.FIXED), case(stage=Stage.RECONCILIATION, state=S.WITHDRAWN)], True),
        # The next stage is on its way: that draft is what is owed.
        ([case(stage=Stage.ESTIMATE), case(stage=Stage.FIXED, state=S.DRAFT)], False),
        # An agreed case about to be replaced by a draft of its own stage is agreed still.
        ([case(stage=Stage.FIXED), case(stage=Stage.FIXED, state=S.DRAFT)], True),
        ([case(THIS, stage=Stage.FIXED)], False),
    ],
)
def test_what_was_agreed_last_year_is_reconciled(cases: list[CaseFact], is_owed: bool) -> None:
    assert ("cost_unreconciled" in asked(*cases)) is is_owed


def test_the_estimate_and_the_fixed_amount_of_a_project_are_reconciled_once() -> None:
    duty = asked(case(stage=Stage.ESTIMATE), case(stage=Stage.FIXED))["cost_unreconciled"]
    assert (duty.remaining, duty.due_on.isoformat()) == (1, "2026-05-31")
    assert duty.url == "/costs/new?fy=2025&project=1"


def test_unsent_drafts_are_one_thing_to_do_a_year() -> None:
    heard = datetime(2026, 11, 5, tzinfo=UTC)
    found = owed(
        [
            case(THIS, S.DRAFT),
            case(THIS, S.CONSULTING, consulted_at=heard),
            case(THIS, S.AWAITING),
            case(2024, S.DRAFT),
        ],
        YEAR,
        "aomori",
        BEGINS,
    )
    unsent = [one for one in found if one.kind == "cost_unsent"]
    assert [(one.about, one.remaining, one.due_on.isoformat()) for one in unsent] == [
        ("2024", 1, "2025-02-28"),
        ("2026", 2, "2027-02-28"),
    ]
    assert [one.url for one in unsent] == ["/costs/2024-01", "/costs?fy=2026"]
    assert unsent[1].known_since == heard


def test_a_leap_year_s_february_is_used_to_its_end() -> None:
    [unsent] = owed([case(2027, S.DRAFT)], FiscalYear(2027), "aomori", BEGINS)
    assert unsent.due_on.isoformat() == "2028-02-29"
