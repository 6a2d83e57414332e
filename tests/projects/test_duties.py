"""What the reports of a round ask of whom."""

from datetime import UTC, date, datetime

from tests.duties.makers import MEMBERS, TODAY, somebody
from tests.projects.makers import make_report
from tracker.accounts.rules import StaffMember
from tracker.duty.duty import Duty, owed
from tracker.duty.kinds import Kind
from tracker.kernel.permissions import Role
from tracker.projects.duties import duties
from tracker.projects.report import Report
from tracker.projects.rules import ReportState

OPENED, SENT = datetime(2026, 10, 16, 1, tzinfo=UTC), datetime(2026, 11, 17, 7, tzinfo=UTC)


def told(*reports: Report, staff: tuple[StaffMember, ...] = ()) -> list[Duty]:
    """What the reports ask, without rounds to open."""
    return list(duties(reports, (), (), MEMBERS, staff, TODAY))


def test_reports_of_one_municipality_are_one_duty_that_names_what_is_left():
    states = (ReportState.RETURNED, ReportState.DRAFT, ReportState.NONE, ReportState.CONFIRMED)
    reports = [
        make_report(project_id=n, project=f"事業{n}", state=state) for n, state in enumerate(states)
    ]
    [duty] = owed(told(*reports), somebody(Role.OFFICER))
    assert (duty.remaining, duty.total) == (3, 4)
    assert "残り3事業" in duty.text
    assert [item.action for item in duty.items] == ["直して出す", "続きから", "始める"]
    assert duty.title == "上期（4月〜9月）の進捗を報告する"
    assert duty.subject == "上期の進捗報告"


def test_a_submitted_report_is_the_lead_s_to_check_and_no_longer_the_town_s():
    found = told(
        make_report(state=ReportState.SUBMITTED, submitted_at=datetime(2026, 11, 20, 3, tzinfo=UTC))
    )
    assert owed(found, somebody(Role.OFFICER)) == ()
    [check] = owed(found, somebody(Role.LEAD, "aomori", post_id=7))
    # Five office days after Friday the 20th; the 23rd is a holiday.
    assert (check.kind, check.due_on) == (Kind.REPORT_UNCHECKED, date(2026, 11, 30))
    assert owed(found, somebody(Role.LEAD, "aomori", post_id=8)) == ()


def test_the_hub_s_own_reports_are_its_lead_section_s():
    found = told(make_report("aomori"))
    assert owed(found, somebody(Role.LEAD, "aomori", post_id=7))
    assert not owed(found, somebody(Role.OFFICE, "aomori"))


def test_a_closed_round_asks_for_nothing_more():
    assert told(make_report(closed_at=SENT)) == []


def returned(day: int, slug: str = "imabetsu", **changes: object) -> Report:
    """A report returned on a day of November."""
    at = datetime(2026, 11, day, 3, tzinfo=UTC)
    return make_report(slug, state=ReportState.RETURNED, asked_at=at, **changes)


def test_what_was_returned_is_a_duty_of_its_own_once_nothing_else_is_left():
    done = make_report(project_id=9, state=ReportState.CONFIRMED)
    [duty] = owed(told(returned(20), returned(27), done), somebody(Role.OFFICER))
    assert (duty.kind, duty.remaining, duty.total) == (Kind.REPORT_RETURNED, 2, 3)
    assert duty.key == "report_returned:2026-h1:imabetsu:0"
    # Five office days after the last one was returned, for that is after the round's own day.
    assert duty.due_on == date(2026, 12, 4)
    assert duty.known_since == datetime(2026, 11, 27, 3, tzinfo=UTC)
    assert duty.subject == "差し戻された上期の進捗報告"


def test_what_was_returned_early_is_due_with_the_round():
    [duty] = told(returned(2))
    assert (duty.kind, duty.due_on) == (Kind.REPORT_RETURNED, date(2026, 11, 30))


def test_what_was_returned_stays_with_the_others_while_one_of_them_is_left():
    found = told(returned(27), make_report(project_id=2, project="大学連携推進事業"))
    assert [duty.kind for duty in found] == [Kind.REPORT_UNSUBMITTED]


def test_what_was_returned_to_a_section_is_that_section_s_alone():
    mine = returned(20, "aomori")
    theirs = returned(20, "aomori", lead_post_id=8, project_id=2)
    found = told(mine, theirs)
    assert len(found) == 2
    [duty] = owed(found, somebody(Role.LEAD, "aomori", post_id=8))
    assert duty.owner.post_id == 8


def test_reports_are_known_since_the_round_was_opened_and_checks_since_the_first_came():
    found = told(
        make_report(opened_at=OPENED),
        make_report("aomori", opened_at=OPENED, state=ReportState.SUBMITTED, submitted_at=SENT),
    )
    assert {duty.kind: duty.known_since for duty in found if not duty.is_done} == {
        Kind.REPORT_UNSUBMITTED: OPENED,
        Kind.REPORT_UNCHECKED: SENT,
    }
