"""What Article 4(2) asks of the parties and of the office."""

from datetime import UTC, date, datetime, time

import pytest

from tests.cost_sharing.cases import IMABETSU, Reply, make_case
from tests.duties.makers import MEMBERS, TODAY, somebody
from tracker.accounts.rules import StaffMember
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.duties import duties
from tracker.cost_sharing.rules import (
    CaseKind,
    CaseNumber,
    CaseState,
    Decision,
    Stage,
)
from tracker.duty.duty import Duty, owed
from tracker.duty.kinds import Kind
from tracker.duty.steps import Audience
from tracker.kernel import tokyo
from tracker.kernel.permissions import Role
from tracker.office_days import office_days

BEGINS = datetime(2026, 3, 31, 15, tzinfo=UTC)
LAST, THIS = 2025, 2026
# The office, a section of the hub, and a section of a town that leads a project.
STAFF = (
    StaffMember(1, 1, Role.OFFICE, "aomori"),
    StaffMember(2, 2, Role.LEAD, "aomori"),
    StaffMember(3, 2, Role.LEAD, "aomori"),
    StaffMember(4, 4, Role.LEAD, "imabetsu"),
)
S = CaseState


def case(year: int = LAST, state: CaseState = S.AGREED, **changes: object) -> Case:
    """A case about money, reconciled, of a project that goes on."""
    values: dict[str, object] = {
        "no": CaseNumber(year, 1),
        "goes_on": True,
        "stage": Stage.RECONCILIATION,
        "state": state,
        "pairs": {},
        **changes,
    }
    return make_case(**values)


def told(*cases: Case, today: date = TODAY) -> dict[Kind, Duty]:
    """What the office owes, by kind."""
    return {duty.kind: duty for duty in duties(cases, MEMBERS, STAFF, today)}


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
def test_what_was_shared_last_year_is_begun_anew(cases: list[Case], is_owed: bool) -> None:
    assert (Kind.COST_UNSTARTED in told(*cases)) is is_owed


def test_all_projects_to_begin_are_one_thing_to_do() -> None:
    cases = [case(project_id=n, project=f"事業{n}") for n in (1, 2, 3)]
    duty = told(*cases, case(project="事業1"))[Kind.COST_UNSTARTED]
    assert (duty.remaining, duty.due_on.isoformat()) == (3, "2027-01-29")
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
        ([case(stage=Stage.FIXED, kind=CaseKind.WORK)], False),
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
def test_what_was_agreed_last_year_is_reconciled(cases: list[Case], is_owed: bool) -> None:
    assert (Kind.COST_UNRECONCILED in told(*cases)) is is_owed


def test_the_estimate_and_the_fixed_amount_of_a_project_are_reconciled_once() -> None:
    duty = told(case(stage=Stage.ESTIMATE), case(stage=Stage.FIXED))[Kind.COST_UNRECONCILED]
    assert (duty.remaining, duty.due_on.isoformat()) == (1, "2026-05-29")
    assert duty.url == "/costs/2025-01/next"
    several = told(case(stage=Stage.ESTIMATE), case(stage=Stage.FIXED, project_id=99))
    assert several[Kind.COST_UNRECONCILED].url == "/costs?fy=2025"


def test_unsent_drafts_are_one_thing_to_do_a_year() -> None:
    heard = datetime(2026, 11, 5, tzinfo=UTC)
    cases = [
        case(THIS, S.DRAFT),
        case(THIS, S.CONSULTING, consulted_at=heard),
        case(THIS, S.AWAITING),
        case(2024, S.DRAFT),
    ]
    unsent = [one for one in duties(cases, MEMBERS, STAFF, TODAY) if one.kind is Kind.COST_UNSENT]
    assert [(one.key, one.remaining, one.due_on.isoformat()) for one in unsent] == [
        ("cost_unsent:2024:aomori:1", 1, "2025-02-28"),
        ("cost_unsent:2026:aomori:1", 2, "2027-02-26"),
    ]
    assert [one.url for one in unsent] == ["/costs/2024-01", "/costs?fy=2026"]
    assert unsent[1].known_since == heard


def test_a_leap_year_s_february_is_used_to_its_end() -> None:
    unsent = told(case(2027, S.DRAFT), today=date(2027, 5, 1))[Kind.COST_UNSENT]
    assert unsent.due_on.isoformat() == "2028-02-29"


def test_a_case_is_one_duty_a_side_and_the_hub_s_covers_all_its_pairs() -> None:
    found = list(duties([make_case()], MEMBERS, STAFF, TODAY))
    assert len(found) == 3
    [hub] = owed(found, somebody(Role.CONFIRMER, "aomori"))
    assert (hub.remaining, hub.url) == (2, "/costs/2026-04/confirm")
    assert hub.text.startswith("農業研修事業の費用負担　2町村との負担案（対象額 2,500,000円）。")
    [town] = owed(found, somebody(Role.CONFIRMER))
    assert "115,000円" in town.text
    assert town.subject == "農業研修事業の費用負担（案）の御確認"
    assert town.known_since == tokyo.at(date(2026, 11, 24), time.max)


@pytest.mark.parametrize(
    ("decision", "is_owed"), [(Decision.CONFIRMED, False), (Decision.RETURNED, None)]
)
def test_a_side_that_answered_owes_nothing(decision: Decision, is_owed: bool | None) -> None:
    answers = {(11, IMABETSU.id): Reply(decision, None, "今別町 企画課長", BEGINS)}
    found = {
        one.owner.municipality: one
        for one in duties([make_case(answers=answers)], MEMBERS, STAFF, TODAY)
    }
    # What was confirmed is done; what was returned waits for the office, not for that side.
    assert ("imabetsu" in found) is (is_owed is not None)
    assert found["aomori"].remaining == 2
    if is_owed is not None:
        assert found["imabetsu"].is_done


@pytest.mark.parametrize(
    ("drafter", "lead_post", "owner"),
    [
        (1, None, ("aomori", 1, {1})),
        # A section's draft stands on its own home, whoever of it holds the post.
        (2, None, ("aomori", 2, {2, 3})),
        (4, 2, ("imabetsu", 4, {4})),
        # Gone meanwhile: the section that leads the project, else the office.
        (99, 2, ("aomori", 2, {2, 3})),
        (99, None, ("aomori", 1, {1})),
        (None, 99, ("aomori", 1, {1})),
    ],
)
@pytest.mark.parametrize("state", [S.DRAFT, S.CONSULTING, S.RETURNED])
def test_a_case_that_waits_stands_with_whoever_drafted_it(
    state: CaseState,
    drafter: int | None,
    lead_post: int | None,
    owner: tuple[str, int, set[int]],
) -> None:
    found = duties(
        [case(THIS, state, drafter_id=drafter, lead_post_id=lead_post)], MEMBERS, STAFF, TODAY
    )
    [duty] = [one for one in found if one.kind in (Kind.COST_UNSENT, Kind.COST_RETURNED)]
    assert duty.owner == MEMBERS.owner(*owner)
    assert office_days.is_open(duty.due_on)
    assert {one.to for one in duty.rule.steps} == set(Audience)


@pytest.mark.parametrize("state", S)
def test_an_opinion_is_answered_until_the_case_goes_on(state: CaseState) -> None:
    answers = {(11, IMABETSU.id): Reply(Decision.RETURNED, "高い。", "企画課長", BEGINS)}
    one = make_case(state=state, answers=answers, drafter_id=2)
    found = [
        duty for duty in duties([one], MEMBERS, STAFF, TODAY) if duty.kind is Kind.COST_RETURNED
    ]
    assert bool(found) is (state is S.RETURNED)
    # Five office days after 1 April, when it came.
    assert [duty.due_on.isoformat() for duty in found] == ["2026-04-08"] * len(found)
