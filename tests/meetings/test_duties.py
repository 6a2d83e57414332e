"""What Article 5 asks of whom, stage by stage."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from tests.duties.makers import MEMBERS, TODAY
from tests.meetings.makers import TOWNS, make_article, make_pure
from tracker.kernel.duty import Duty, PersonalLink, is_ahead
from tracker.kernel.kinds import Kind
from tracker.meetings.duties import duties
from tracker.meetings.meeting import AgreementStanding, ArticleFive, Seat
from tracker.meetings.rules import Candidate, Standing, last_days

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


def told(*articles: ArticleFive, today: date = TODAY) -> dict[Kind, Duty]:
    """What Article 5 asks, by kind."""
    return {duty.kind: duty for duty in duties(articles, (), MEMBERS, today, CONTACT)}


@pytest.mark.parametrize(
    ("article", "expected"),
    [
        (make_article(Standing.NONE), {Kind.MEETING_UNPLANNED}),
        (
            make_article(Standing.POLLING, meeting=POLLING),
            {Kind.MEETING_UNDATED, Kind.MEETING_UNHELD},
        ),
        (
            make_article(Standing.FIXED, meeting=FIXED_ONE),
            {Kind.NOTICE_UNSENT, Kind.MEETING_UNHELD},
        ),
        (make_article(Standing.NOTICED, meeting=NOTICED), {Kind.MEETING_UNHELD}),
        (make_article(Standing.HELD, meeting=RECORDED), set()),
    ],
)
def test_the_meeting_s_duties_follow_its_stages(article: ArticleFive, expected: set[Kind]) -> None:
    assert {kind for kind, duty in told(article).items() if not duty.is_done} == expected


def test_attendance_is_owed_once_the_day_has_come() -> None:
    article = make_article(Standing.NOTICED, meeting=NOTICED)
    assert Kind.ATTENDANCE_UNRECORDED not in told(article, today=date(2027, 1, 27))
    assert Kind.ATTENDANCE_UNRECORDED in told(article, today=DAY)


def test_article_5_falls_due_on_31_march() -> None:
    [duty] = told(make_article(Standing.NONE)).values()
    assert (duty.due_on, duty.rule.article) == (date(2027, 3, 31), 5)


@pytest.mark.parametrize(
    ("today", "shown_on", "is_later", "said"),
    [
        (date(2026, 12, 1), date(2027, 2, 22), True, "2月22日（月）までに準備を始めて"),
        (date(2026, 12, 24), date(2027, 2, 22), False, "2月22日（月）までに準備を始めて"),
        (date(2027, 2, 22), date(2027, 2, 22), False, "2月22日（月）までに準備を始めて"),
        (date(2027, 2, 23), date(2027, 3, 31), False, "最後の日（2月22日（月））を過ぎました"),
    ],
)
def test_the_meeting_is_to_be_begun_before_its_last_safe_day(
    today: date, shown_on: date, is_later: bool, said: str
) -> None:
    article = make_article(Standing.NONE)
    last = last_days(article.year)
    [duty] = duties([article], (), MEMBERS, today, CONTACT, last)
    assert (duty.shown_on(today), is_ahead(duty, today)) == (shown_on, is_later)
    assert said in duty.text
    assert duty.due_on == article.year.ends
    [begun] = [
        one
        for one in duties([make_article(Standing.POLLING)], (), MEMBERS, today, CONTACT, last)
        if one.kind is Kind.MEETING_UNHELD
    ]
    assert begun.start_by is None


def test_a_poll_leads_those_who_sign_in_to_its_page_and_names_the_row_of_the_personal_link() -> (
    None
):
    duty, step = duties((), (POLLING,), MEMBERS, TODAY, CONTACT)
    assert (duty.url, duty.link) == ("/meetings/1/answers/imabetsu", PersonalLink("poll", 8))
    assert (duty.to_role, duty.to_post_id, duty.remaining) == ("secretary", 5, 1)
    assert (duty.title, duty.known_since) == ("今別町長のご予定を回答する", POLLED)
    assert step.text == "1市町村のうち0市町村が回答済みです。"
    revoked = replace(POLLING, seats=(replace(SEAT, is_revoked=True),))
    without, _ = duties((), (revoked,), MEMBERS, TODAY, CONTACT)
    assert without.link is None


def test_a_meeting_called_off_asks_nothing() -> None:
    assert list(duties((), (replace(POLLING, cancelled_at=POLLED),), MEMBERS, TODAY, CONTACT)) == []


def test_after_a_deputy_came_each_silent_party_owes_its_view() -> None:
    hub = TOWNS["aomori"]
    agreements = (
        AgreementStanding(1, (hub, TOWNS["imabetsu"]), Standing.NOTICED, {}, True),
        AgreementStanding(2, (hub, TOWNS["yomogita"]), Standing.HELD, {}, False),
    )
    meeting = replace(RECORDED, hours=HOURS._replace(on=date(2026, 11, 20)))
    article = make_article(meeting=meeting)._replace(agreements=agreements)
    found = [
        duty
        for duty in duties([article], (), MEMBERS, TODAY, CONTACT)
        if duty.kind is Kind.VIEW_UNRECORDED
    ]
    assert [duty.municipality for duty in found] == ["aomori", "imabetsu"]
    assert {duty.known_since for duty in found} == {MET}


def test_a_meeting_s_steps_are_known_since_the_step_before_and_article_5_always() -> None:
    polling = make_article(Standing.POLLING, meeting=POLLING)
    assert {kind: duty.known_since for kind, duty in told(polling).items()} == {
        Kind.MEETING_UNHELD: None,
        Kind.MEETING_UNDATED: POLLED,
    }
    fixed = make_article(Standing.FIXED, meeting=FIXED_ONE)
    assert {kind: duty.known_since for kind, duty in told(fixed, today=DAY).items()} == {
        Kind.MEETING_UNHELD: None,
        Kind.NOTICE_UNSENT: FIXED,
        Kind.ATTENDANCE_UNRECORDED: FIXED,
    }


def test_after_the_deadline_the_button_leads_to_what_can_be_done() -> None:
    assert POLLING.reply_due_on is not None
    after = POLLING.reply_due_on + timedelta(days=1)
    before, _step = duties((), (POLLING,), MEMBERS, POLLING.reply_due_on, CONTACT)
    assert (before.url, before.button) == ("/meetings/1/answers/imabetsu", "回答する")
    poll, step = duties((), (POLLING,), MEMBERS, after, CONTACT)
    assert (poll.url, poll.button) == ("/meetings/1", "候補日を見る")
    assert CONTACT in poll.text
    assert (step.kind, step.municipality) == (Kind.MEETING_UNDATED, "aomori")
