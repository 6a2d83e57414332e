"""Whose home shows it? Every state of every subject, and every kind of duty: nothing open is without
an owner, an open day and an escalation (product.md 8)."""

from datetime import UTC, datetime

import pytest

from tests.cost_sharing.cases import IMABETSU, YOMOGITA, make_case
from tests.duties.makers import MEMBERS, TODAY
from tests.projects.makers import PURE_TOWNS, make_report
from tracker.accounts.rules import StaffMember
from tracker.cost_sharing.case import Reply
from tracker.cost_sharing.duties import duties as of_cases
from tracker.cost_sharing.rules import CaseState, Decision
from tracker.kernel import office_days
from tracker.kernel.duty import KINDS, Duty, Kind
from tracker.kernel.permissions import Actor, Role
from tracker.kernel.steps import Audience
from tracker.projects.duties import duties as of_reports
from tracker.projects.rules import ReportState

AT = datetime(2026, 11, 21, 1, tzinfo=UTC)  # a Saturday
STAFF = (
    StaffMember(1, 1, Role.OFFICE, "aomori"),
    StaffMember(2, 2, Role.LEAD, "aomori"),
    StaffMember(3, 3, Role.CONFIRMER, "aomori"),
    StaffMember(4, 4, Role.OFFICER, "imabetsu"),
    StaffMember(5, 5, Role.CONFIRMER, "imabetsu"),
    StaffMember(6, 6, Role.OFFICER, "yomogita"),
    StaffMember(7, 7, Role.CONFIRMER, "yomogita"),
)
# What the office owes itself escalates nowhere; what is told at once by a letter of its own neither.
OWN_LETTER = {Kind.ADDRESS_UNDELIVERABLE, Kind.CHANGE_UNSEEN, Kind.NAME_SHARED}
# Nobody can do it after its day: the office has the next step on its home (MEETING_UNDATED).
ENDS = {kind for kind, row in KINDS.items() if row.ends_with_its_day}
# Nobody waits for the memo but the next holder; April asks who that is.
WITHOUT = {*OWN_LETTER, *ENDS, Kind.HANDOVER_UNWRITTEN}
# States in which a subject waits for nobody, each with its reason.
AT_REST = {
    ReportState.CONFIRMED: "the report is done",
    CaseState.AGREED: "both sides of each pair have confirmed",
    CaseState.WITHDRAWN: "it was ended",
    CaseState.REPLACED: "another took its place",
}


def homes(duty: Duty) -> list[StaffMember]:
    """Those on whose home it stands."""
    names = {slug: town.name for slug, town in PURE_TOWNS.items()}
    return [
        one
        for one in STAFF
        if duty.is_for(
            Actor(
                one.person_id,
                "役職",
                one.role,
                one.municipality,
                1,
                names[one.municipality],
                one.post_id,
                one.municipality == MEMBERS.hub,
            )
        )
    ]


def check(found: list[Duty]) -> None:
    for duty in found:
        assert homes(duty), f"{duty.key} stands on nobody's home"
        assert office_days.is_open(duty.due_on), f"{duty.key} is due on {duty.due_on}"
        assert duty.url.startswith("/"), duty.key


@pytest.mark.parametrize("lead_post", [None, 2])
@pytest.mark.parametrize("slug", ["aomori", "imabetsu"])
@pytest.mark.parametrize("state", ReportState)
def test_a_report_in_every_state_stands_on_somebody_s_home(
    state: ReportState, slug: str, lead_post: int | None
) -> None:
    report = make_report(
        slug, state=state, is_asked=True, lead_post_id=lead_post, submitted_at=AT, asked_at=AT
    )
    found = list(of_reports([report], (), (), MEMBERS, STAFF, TODAY))
    left = [one for one in found if not one.is_done]
    assert bool(left) is (state not in AT_REST)
    check(left)


@pytest.mark.parametrize("decision", [None, *Decision])
@pytest.mark.parametrize("drafter", [1, 2, 99])
@pytest.mark.parametrize("state", CaseState)
def test_a_case_in_every_state_stands_on_somebody_s_home(
    state: CaseState, drafter: int, decision: Decision | None
) -> None:
    said = {(11, IMABETSU.id): Reply(decision, None, "企画課長", AT)} if decision else {}
    if state is CaseState.AGREED:
        sides = [(11, 1), (11, IMABETSU.id), (12, 1), (12, YOMOGITA.id)]
        said = {side: Reply(Decision.CONFIRMED, None, "課長", AT) for side in sides}
    case = make_case(state=state, drafter_id=drafter, answers=said)
    left = [one for one in of_cases([case], MEMBERS, STAFF, TODAY) if not one.is_done]
    assert bool(left) is (state not in AT_REST)
    check(left)


def test_every_state_is_walked_or_at_rest_for_a_reason() -> None:
    assert all(AT_REST.values()) and set(AT_REST) < {*ReportState, *CaseState}


@pytest.mark.parametrize("kind", [one for one in Kind if one not in WITHOUT])
@pytest.mark.parametrize("is_hub", [False, True])
def test_what_others_owe_goes_on_to_the_chief_and_the_office(kind: Kind, is_hub: bool) -> None:
    row = KINDS[kind]
    if row.who[is_hub].role != Role.OFFICE:
        assert {Audience.CHIEF, Audience.OFFICE} <= {step.to for step in row.steps}


@pytest.mark.parametrize("kind", sorted(OWN_LETTER))
def test_what_is_told_at_once_has_no_steps(kind: Kind) -> None:
    assert KINDS[kind].steps == ()
