"""What Article 4(2) asks of the parties and of the office."""

from datetime import UTC, date, datetime

import pytest

from tests.duties.makers import MEMBERS, TODAY, somebody
from tracker.cost_sharing.duties import CaseFact, duties
from tracker.cost_sharing.rules import CaseState, PendingConfirmation, Stage
from tracker.kernel.duty import Duty, Kind, owed
from tracker.kernel.permissions import Role

BEGINS = datetime(2026, 3, 31, 15, tzinfo=UTC)
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


def told(*cases: CaseFact, today: date = TODAY) -> dict[Kind, Duty]:
    """What the office owes, by kind."""
    return {duty.kind: duty for duty in duties((), cases, MEMBERS, today)}


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
    assert (Kind.COST_UNSTARTED in told(*cases)) is is_owed


def test_all_projects_to_begin_are_one_thing_to_do() -> None:
    cases = [case(project_id=n, project=f"事業{n}") for n in (1, 2, 3)]
    duty = told(*cases, case(project="事業1"))[Kind.COST_UNSTARTED]
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
    assert (Kind.COST_UNRECONCILED in told(*cases)) is is_owed


def test_the_estimate_and_the_fixed_amount_of_a_project_are_reconciled_once() -> None:
    duty = told(case(stage=Stage.ESTIMATE), case(stage=Stage.FIXED))[Kind.COST_UNRECONCILED]
    assert (duty.remaining, duty.due_on.isoformat()) == (1, "2026-05-31")
    assert duty.url == "/costs/new?fy=2025&project=1"


def test_unsent_drafts_are_one_thing_to_do_a_year() -> None:
    heard = datetime(2026, 11, 5, tzinfo=UTC)
    cases = [
        case(THIS, S.DRAFT),
        case(THIS, S.CONSULTING, consulted_at=heard),
        case(THIS, S.AWAITING),
        case(2024, S.DRAFT),
    ]
    unsent = [one for one in duties((), cases, MEMBERS, TODAY) if one.kind is Kind.COST_UNSENT]
    assert [(one.key, one.remaining, one.due_on.isoformat()) for one in unsent] == [
        ("cost_unsent:2024:aomori", 1, "2025-02-28"),
        ("cost_unsent:2026:aomori", 2, "2027-02-28"),
    ]
    assert [one.url for one in unsent] == ["/costs/2024-01", "/costs?fy=2026"]
    assert unsent[1].known_since == heard


def test_a_leap_year_s_february_is_used_to_its_end() -> None:
    unsent = told(case(2027, S.DRAFT), today=date(2027, 5, 1))[Kind.COST_UNSENT]
    assert unsent.due_on.isoformat() == "2028-02-29"


def make_side(municipality: str, partner: str, confirmed: bool = False) -> PendingConfirmation:
    """One side of one pair of case 2026-04."""
    return PendingConfirmation(
        case_id=4,
        case_path="/costs/2026-04",
        case_title="東青地域移住促進事業",
        fiscal_year=2026,
        agreement=partner,
        municipality=municipality,
        share_yen=115000,
        amount_yen=2500000,
        due_on=date(2026, 12, 4),
        confirmed=confirmed,
        known_since=BEGINS,
    )


def test_a_case_is_one_duty_a_side_and_the_hub_s_covers_all_its_pairs() -> None:
    sides = [
        make_side(side, partner)
        for partner in ("imabetsu", "yomogita")
        for side in ("aomori", partner)
    ]
    found = list(duties(sides, (), MEMBERS, TODAY))
    assert len(found) == 3
    [hub] = owed(found, somebody(Role.CONFIRMER, "aomori"))
    assert (hub.remaining, hub.url) == (2, "/costs/2026-04/confirm")
    [town] = owed(found, somebody(Role.CONFIRMER))
    assert "115,000円" in town.text
    assert (town.subject, town.known_since) == ("東青地域移住促進事業（案）の御確認", BEGINS)


def test_a_confirmed_side_owes_nothing() -> None:
    [duty] = duties([make_side("imabetsu", "imabetsu", confirmed=True)], (), MEMBERS, TODAY)
    assert duty.is_done
