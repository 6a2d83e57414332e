"""What Article 5 asks of whom, stage by stage."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from tests.duties.makers import MEMBERS, TODAY
from tracker.kernel.duty import Duty, Kind, PersonalLink
from tracker.kernel.fiscal_year import FiscalYear
from tracker.meetings.duties import duties
from tracker.meetings.rules import (
    AgreementStanding,
    Candidate,
    InvitationFact,
    MeetingFact,
    Standing,
)

POLLED, FIXED = datetime(2026, 11, 18, 1, tzinfo=UTC), datetime(2026, 12, 1, 1, tzinfo=UTC)
MET = datetime(2027, 1, 29, 1, tzinfo=UTC)
DAY = date(2027, 1, 28)
INVITATION = InvitationFact(
    meeting_path="/meetings/1",
    municipality_slug="imabetsu",
    municipality="今別町",
    post_id=5,
    due_on=date(2026, 11, 27),
    answered=False,
    candidates=(Candidate(date(2027, 1, 19), time(14), time(15, 30)),),
    link_row_id=8,
    asked_at=POLLED,
)


def make_meeting(standing: Standing, **changes: object) -> MeetingFact:
    """The meeting of FY2026 with one agreement."""
    agreements = (AgreementStanding("青森市・今別町", ("aomori", "imabetsu"), standing),)
    return replace(MeetingFact(FiscalYear(2026), "/meetings/1", agreements), **changes)  # type: ignore[arg-type]


def told(*meetings: MeetingFact, today: date = TODAY) -> dict[Kind, Duty]:
    """What the meetings ask, by kind."""
    return {duty.kind: duty for duty in duties(meetings, (), MEMBERS, today)}


@pytest.mark.parametrize(
    ("meeting", "expected"),
    [
        (make_meeting(Standing.NONE), {Kind.MEETING_UNPLANNED}),
        (
            make_meeting(Standing.POLLING, poll_reply_due_on=date(2026, 11, 27)),
            {Kind.MEETING_UNDATED, Kind.MEETING_UNHELD},
        ),
        (
            make_meeting(Standing.FIXED, fixed_on=DAY),
            {Kind.NOTICE_UNSENT, Kind.MEETING_UNHELD},
        ),
        (make_meeting(Standing.NOTICED, fixed_on=DAY, noticed=True), {Kind.MEETING_UNHELD}),
        (make_meeting(Standing.HELD, fixed_on=DAY, noticed=True, attendance_recorded=True), set()),
    ],
)
def test_the_meeting_s_duties_follow_its_stages(meeting: MeetingFact, expected: set[Kind]):
    assert {kind for kind, duty in told(meeting).items() if not duty.is_done} == expected


def test_attendance_is_owed_once_the_day_has_come():
    meeting = make_meeting(Standing.NOTICED, fixed_on=DAY, noticed=True)
    assert Kind.ATTENDANCE_UNRECORDED not in told(meeting, today=date(2027, 1, 27))
    assert Kind.ATTENDANCE_UNRECORDED in told(meeting, today=DAY)


def test_article_5_falls_due_on_31_march():
    [duty] = told(make_meeting(Standing.NONE)).values()
    assert (duty.due_on, duty.rule.article) == (date(2027, 3, 31), 5)


def test_a_poll_leads_those_who_sign_in_to_its_page_and_names_the_row_of_the_personal_link():
    [duty] = duties((), (INVITATION,), MEMBERS, TODAY)
    assert (duty.url, duty.link) == ("/meetings/1/answers/imabetsu", PersonalLink("poll", 8))
    assert (duty.to_role, duty.to_post_id, duty.remaining) == ("secretary", 5, 1)
    assert (duty.title, duty.known_since) == ("今別町長のご予定を回答する", POLLED)
    [without] = duties((), (replace(INVITATION, link_row_id=None),), MEMBERS, TODAY)
    assert without.link is None


def test_after_a_deputy_came_each_silent_party_owes_its_view():
    agreements = (
        AgreementStanding(
            "青森市・今別町", ("aomori", "imabetsu"), Standing.NOTICED, ("aomori", "imabetsu")
        ),
        AgreementStanding("青森市・蓬田村", ("aomori", "yomogita"), Standing.HELD),
    )
    meeting = make_meeting(
        Standing.NOTICED,
        fixed_on=date(2026, 11, 20),
        noticed=True,
        attendance_recorded=True,
        attendance_at=MET,
        agreements=agreements,
    )
    found = [
        duty for duty in duties([meeting], (), MEMBERS, TODAY) if duty.kind is Kind.VIEW_UNRECORDED
    ]
    assert [duty.municipality for duty in found] == ["aomori", "imabetsu"]
    assert {duty.known_since for duty in found} == {MET}


def test_a_meeting_s_steps_are_known_since_the_step_before_and_article_5_always():
    polling = make_meeting(Standing.POLLING, poll_reply_due_on=date(2026, 11, 27), polled_at=POLLED)
    assert {kind: duty.known_since for kind, duty in told(polling).items()} == {
        Kind.MEETING_UNHELD: None,
        Kind.MEETING_UNDATED: POLLED,
    }
    fixed = make_meeting(Standing.FIXED, fixed_on=DAY, polled_at=POLLED, fixed_at=FIXED)
    assert {kind: duty.known_since for kind, duty in told(fixed, today=DAY).items()} == {
        Kind.MEETING_UNHELD: None,
        Kind.NOTICE_UNSENT: FIXED,
        Kind.ATTENDANCE_UNRECORDED: FIXED,
    }
