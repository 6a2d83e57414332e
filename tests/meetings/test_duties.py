"""What a meeting asks of whom, stage by stage."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from tests.duties.makers import MEMBERS, TODAY
from tests.meetings.makers import TOWNS, make_pure
from tracker.convening.duties import duties as answers
from tracker.duty.duty import Duty, PersonalLink
from tracker.duty.kinds import Kind
from tracker.meetings.duties import duties
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.rules import Candidate

POLLED, FIXED = datetime(2026, 11, 18, 1, tzinfo=UTC), datetime(2026, 12, 1, 1, tzinfo=UTC)
MET = datetime(2027, 1, 29, 1, tzinfo=UTC)
DUE = date(2026, 11, 27)
HOURS = Candidate(date(2027, 1, 28), time(14), time(15, 30))
DAY = HOURS.on
SEAT = Seat(8, 1, TOWNS["imabetsu"], "今別町長", post_id=5)
POLLING = make_pure(
    reply_due_on=DUE,
    polled_at=POLLED,
    dates={1: Candidate(date(2027, 1, 19), time(14), time(15, 30))},
    last_added_at=POLLED,
    seats=(SEAT,),
)
FIXED_ONE = make_pure(hours=HOURS, polled_at=POLLED, fixed_at=FIXED)
NOTICED = replace(FIXED_ONE, noticed_at=FIXED)
RECORDED = replace(NOTICED, attendance_at=MET)

CONTACT = "青森市 連携推進担当（017-000-0000）"


def told(meeting: Meeting, today: date = TODAY) -> dict[Kind, Duty]:
    """What the meeting asks, by kind."""
    return {duty.kind: duty for duty in duties([meeting], MEMBERS, today, CONTACT)}


@pytest.mark.parametrize(
    ("meeting", "expected"),
    [
        (replace(POLLING, seats=()), {Kind.MEETING_UNDATED}),
        (FIXED_ONE, {Kind.NOTICE_UNSENT}),
        (NOTICED, set()),
        (RECORDED, set()),
    ],
)
def test_a_meeting_s_duties_follow_its_stages(meeting: Meeting, expected: set[Kind]) -> None:
    assert {kind for kind, duty in told(meeting).items() if not duty.is_done} == expected


@pytest.mark.parametrize("is_invited", [True, False])
def test_a_town_reads_that_its_secretary_was_told_where_that_was_invited(is_invited: bool) -> None:
    meeting = replace(NOTICED, seats=(replace(SEAT, is_invited=is_invited),))
    [owed] = answers([meeting], MEMBERS, TODAY, CONTACT)
    assert ("秘書にも案内済みです。" in owed.text) is is_invited


def test_attendance_is_owed_once_the_day_has_come() -> None:
    assert Kind.ATTENDANCE_UNRECORDED not in told(NOTICED, date(2027, 1, 27))
    assert Kind.ATTENDANCE_UNRECORDED in told(NOTICED, DAY)


def test_a_meeting_s_steps_are_known_since_the_step_before() -> None:
    assert told(POLLING)[Kind.MEETING_UNDATED].known_since == POLLED
    assert {kind: duty.known_since for kind, duty in told(FIXED_ONE, DAY).items()} == {
        Kind.NOTICE_UNSENT: FIXED,
        Kind.ATTENDANCE_UNRECORDED: FIXED,
    }


def test_a_poll_leads_those_who_sign_in_to_its_page_and_names_the_row_of_the_personal_link() -> (
    None
):
    duty, step = duties((POLLING,), MEMBERS, TODAY, CONTACT)
    assert (duty.url, duty.link) == ("/meetings/1/answers/imabetsu", PersonalLink("poll", 8))
    assert (duty.to_role, duty.owner.post_id, duty.remaining) == ("secretary", 5, 1)
    assert (duty.title, duty.known_since) == ("今別町長のご予定を回答する", POLLED)
    assert step.text == "1市町村のうち0市町村が回答済みです。"
    revoked = replace(POLLING, seats=(replace(SEAT, is_revoked=True),))
    without, _ = duties((revoked,), MEMBERS, TODAY, CONTACT)
    assert without.link is None


def test_a_meeting_called_off_asks_nothing() -> None:
    assert list(duties((replace(POLLING, cancelled_at=POLLED),), MEMBERS, TODAY, CONTACT)) == []


def test_after_the_deadline_the_button_leads_to_what_can_be_done() -> None:
    assert POLLING.reply_due_on is not None
    after = POLLING.reply_due_on + timedelta(days=1)
    before, _step = duties((POLLING,), MEMBERS, POLLING.reply_due_on, CONTACT)
    assert (before.url, before.button) == ("/meetings/1/answers/imabetsu", "回答する")
    poll, step = duties((POLLING,), MEMBERS, after, CONTACT)
    assert (poll.url, poll.button) == ("/meetings/1", "候補日を見る")
    assert CONTACT in poll.text
    assert (step.kind, step.owner.municipality) == (Kind.MEETING_UNDATED, "aomori")
