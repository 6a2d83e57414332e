"""Who checks a report: never its writer (contracts.md, "Trust")."""

from dataclasses import replace

import pytest

from tests import cast
from tests.duties.makers import MEMBERS, TODAY, somebody
from tests.projects.makers import (
    H1,
    PURE_TOWNS,
    make_project,
    make_report,
    make_round,
    save,
    story_of,
)
from tracker.accounts import queries as accounts
from tracker.accounts.rules import StaffMember
from tracker.duty.duty import owed
from tracker.kernel.permissions import Role
from tracker.kernel.refusal import Refusal
from tracker.plumbing.changes import Act
from tracker.projects.duties import duties
from tracker.projects.reports import actions
from tracker.projects.reports.rules import checkers
from tracker.projects.rules import ReportState

HUB, TOWN = "aomori", "imabetsu"
# The hub's office, two of its sections, its confirmer; a town's officers and confirmer.
OFFICE, FARMS, ROADS, CHIEF = (
    StaffMember(number, 10 + number, role, HUB)
    for number, role in enumerate((Role.OFFICE, Role.LEAD, Role.LEAD, Role.CONFIRMER), 1)
)
OFFICER, SECOND, MAYOR = (
    StaffMember(number, 10 + number, role, TOWN)
    for number, role in enumerate((Role.OFFICER, Role.OFFICER, Role.CONFIRMER), 5)
)
SECTION = StaffMember(8, 18, Role.LEAD, TOWN)
ELSEWHERE = StaffMember(9, 19, Role.LEAD, "hiranai")
ALL = (OFFICE, FARMS, ROADS, CHIEF, OFFICER, SECOND, MAYOR, ELSEWHERE)


@pytest.mark.parametrize(
    ("lead", "named", "writers", "staff", "expected"),
    [
        (HUB, FARMS.post_id, (), ALL, [FARMS]),
        (HUB, None, (), ALL, [FARMS, ROADS]),
        (HUB, None, (FARMS,), ALL, [ROADS]),
        # Only the writer is left: the office where the hub leads.
        (HUB, FARMS.post_id, (FARMS,), ALL, [OFFICE]),
        (HUB, None, (FARMS, ROADS), ALL, [OFFICE]),
        (HUB, None, (), (OFFICE, CHIEF), [OFFICE]),
        (HUB, None, (OFFICE,), (OFFICE, CHIEF), [CHIEF]),
        # A named post without an account asks nobody else of the sections.
        (HUB, 99, (), ALL, [OFFICE]),
        (TOWN, None, (), (*ALL, SECTION), [SECTION]),
        (TOWN, None, (), ALL, [OFFICER, SECOND]),
        (TOWN, None, (OFFICER,), ALL, [SECOND]),
        (TOWN, None, (OFFICER,), (OFFICER, MAYOR, OFFICE), [MAYOR]),
        (TOWN, SECTION.post_id, (SECTION,), (*ALL, SECTION), [MAYOR]),
        (TOWN, None, (OFFICER, MAYOR), (OFFICER, MAYOR, OFFICE), []),
    ],
    ids=str,
)
def test_the_table(lead, named, writers, staff, expected):
    found = checkers(PURE_TOWNS[lead], named, {one.person_id for one in writers}, staff)
    assert list(found) == expected


def test_home_asks_only_those():
    report = make_report(
        HUB,
        lead_post_id=None,
        state=ReportState.SUBMITTED,
        submitted_at=cast.NOW,
        submitted_by_id=2,
    )
    [check] = (
        one
        for one in duties([report], (), (), MEMBERS, ALL, TODAY)
        if one.kind == "report_unchecked"
    )
    asked = {
        one.person_id
        for one in ALL
        if owed([check], replace(somebody(one.role, one.municipality), person_id=one.person_id))
    }
    assert asked == {ROADS.person_id}
    assert check.owner.post_id == ROADS.post_id


def test_of_two_who_hold_a_post_the_one_who_did_not_write_is_asked():
    twin = FARMS._replace(person_id=22)
    report = make_report(
        HUB,
        lead_post_id=FARMS.post_id,
        state=ReportState.SUBMITTED,
        submitted_at=cast.NOW,
        written_by_id=FARMS.person_id,
    )
    [check] = (
        one
        for one in duties([report], (), (), MEMBERS, (*ALL, twin), TODAY)
        if one.kind == "report_unchecked"
    )
    assert check.owner.only == {22}
    assert check.key == f"report_unchecked:2026-h1:aomori:{FARMS.post_id}:22"


def test_whoever_wrote_a_report_cannot_confirm_or_return_it(both):
    """The hub's own included: its office wrote it and its section, which leads, submitted it."""
    project = make_project()
    make_round()
    save(story_of(project, HUB).now)
    section, office = (accounts.actor_of(cast.email(role)) for role in ("lead", "office"))
    actions.submit(Act(section, cast.NOW), story_of(project, HUB).now)
    now = story_of(project, HUB).now
    for act in (
        lambda: actions.confirm(Act(section, cast.NOW), now),
        lambda: actions.return_report(Act(section, cast.NOW), now, "数は合っていますか。"),
    ):
        with pytest.raises(Refusal, match="書いた方は"):
            act()
    with pytest.raises(Refusal, match="書いた方は"):
        actions.confirm(Act(office, cast.NOW), now)
    chief = accounts.actor_of(cast.email("confirmer"))
    actions.confirm(Act(chief, cast.NOW), now)
    assert story_of(project, HUB, H1).now.state is ReportState.CONFIRMED
