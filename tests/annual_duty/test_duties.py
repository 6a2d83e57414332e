"""What Article 5 asks of whom in a year."""

from datetime import UTC, date, datetime, time

import pytest

from tests.annual_duty.makers import make_article
from tests.duties.makers import MEMBERS, TODAY
from tests.meetings.makers import TOWNS, make_pure
from tracker.annual_duty.duties import duties
from tracker.annual_duty.rules import last_days
from tracker.annual_duty.standing import AgreementStanding, ArticleFive
from tracker.duty.duty import Duty, is_ahead
from tracker.duty.kinds import Kind
from tracker.meetings.rules import Candidate, Standing

MET = datetime(2027, 1, 29, 1, tzinfo=UTC)
RECORDED = make_pure(hours=Candidate(date(2026, 11, 20), time(14), time(15, 30)), attendance_at=MET)


def told(article: ArticleFive, today: date = TODAY) -> list[Duty]:
    """What is left to do of what Article 5 asks."""
    return [duty for duty in duties([article], MEMBERS, today) if not duty.is_done]


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing.NONE, [Kind.MEETING_UNPLANNED]),
        (Standing.POLLING, [Kind.MEETING_UNHELD]),
        (Standing.FIXED, [Kind.MEETING_UNHELD]),
        (Standing.NOTICED, [Kind.MEETING_UNHELD]),
        (Standing.HELD, []),
    ],
)
def test_the_year_s_duty_is_owed_until_the_heads_have_met(
    standing: Standing, expected: list[Kind]
) -> None:
    found = told(make_article(standing))
    assert [duty.kind for duty in found] == expected
    # It is known always.
    assert {duty.known_since for duty in found} <= {None}


def test_article_5_falls_due_on_31_march() -> None:
    [duty] = told(make_article(Standing.NONE))
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
    [duty] = duties([article], MEMBERS, today, last)
    assert (duty.shown_on(today), is_ahead(duty, today)) == (shown_on, is_later)
    assert said in duty.text
    assert duty.due_on == article.year.ends
    [begun] = [
        one
        for one in duties([make_article(Standing.POLLING)], MEMBERS, today, last)
        if one.kind is Kind.MEETING_UNHELD
    ]
    assert begun.start_by is None


def test_after_a_deputy_came_each_silent_party_owes_its_view() -> None:
    hub = TOWNS["aomori"]
    agreements = (
        AgreementStanding(1, (hub, TOWNS["imabetsu"]), Standing.NOTICED, {}, True),
        AgreementStanding(2, (hub, TOWNS["yomogita"]), Standing.HELD, {}, False),
    )
    article = make_article(meeting=RECORDED)._replace(agreements=agreements)
    found = [
        duty for duty in duties([article], MEMBERS, TODAY) if duty.kind is Kind.VIEW_UNRECORDED
    ]
    assert [duty.owner.municipality for duty in found] == ["aomori", "imabetsu"]
    assert {duty.known_since for duty in found} == {MET}
