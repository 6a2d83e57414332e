"""When a duty is mentioned, to whom, and what becomes one letter."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from tracker.duties.duty import Duty, Kind
from tracker.kernel import office_days
from tracker.reminders import rules
from tracker.reminders.rules import STEPS, Step, Unit


@dataclass(frozen=True)
class Somebody:
    """A recipient of the tests."""

    key: str


OFFICER = Somebody("person:1")


def make_duty(**changes: object) -> Duty:
    """A report owed by 30 November 2026."""
    values: dict[str, object] = {
        "key": "report:1",
        "kind": Kind.REPORT_UNSUBMITTED,
        "municipality": "imabetsu",
        "to_role": "officer",
        "due_on": date(2026, 11, 30),
        "is_done": False,
        "url": "/reports/2026-h1",
        "remaining": 4,
        "title": "",
        "text": "",
        "action": "",
    }
    return Duty(**{**values, **changes})  # type: ignore[arg-type]


def days(duty: Duty, first: date, last: date, closed: frozenset[date] = frozenset()) -> list[date]:
    """The days on which the duty is mentioned."""
    found = rules.notices([duty], {duty.key: [OFFICER]}, {duty.municipality: closed}, first, last)
    return [notice.on for notice in found]


NOVEMBER = (date(2026, 11, 1), date(2026, 12, 31))


def test_reports_are_mentioned_14_7_and_3_days_before_and_once_after():
    # The 23rd is 勤労感謝の日 after a weekend: the mention moves to Friday the 20th.
    assert days(make_duty(), *NOVEMBER) == [
        date(2026, 11, 16),
        date(2026, 11, 20),
        date(2026, 11, 27),
        date(2026, 12, 1),
    ]


def test_a_moved_mention_says_why():
    found = rules.notices([make_duty()], {"report:1": [OFFICER]}, {}, *NOVEMBER)
    assert [one.note for one in found] == [
        None,
        "23日が祝日（勤労感謝の日）のため繰上げ",
        None,
        None,
    ]


def test_a_municipality_s_own_closed_day_moves_the_mention_too():
    closed = frozenset({date(2026, 11, 27)})
    assert date(2026, 11, 26) in days(make_duty(), *NOVEMBER, closed)


def test_polls_are_mentioned_3_and_1_office_days_before():
    poll = make_duty(kind=Kind.POLL_UNANSWERED, due_on=date(2026, 11, 27))
    assert days(poll, *NOVEMBER) == [date(2026, 11, 24), date(2026, 11, 26)]


def test_article_5_is_mentioned_100_60_and_30_days_before_the_year_ends():
    meeting = make_duty(kind=Kind.MEETING_UNHELD, due_on=date(2027, 3, 31))
    # 21 December and 1 March are Mondays; 30 January 2027 is a Saturday.
    assert days(meeting, date(2026, 4, 1), date(2027, 3, 31)) == [
        date(2026, 12, 21),
        date(2027, 1, 29),
        date(2027, 3, 1),
    ]


def test_a_done_duty_is_silent():
    assert days(make_duty(is_done=True), *NOVEMBER) == []


def test_a_moved_due_day_moves_its_mentions():
    later = make_duty(due_on=date(2026, 12, 14))
    assert days(later, *NOVEMBER) == [
        date(2026, 11, 30),
        date(2026, 12, 7),
        date(2026, 12, 11),
        date(2026, 12, 15),
    ]


def test_one_person_gets_one_letter_with_each_duty_once_by_its_newest_step():
    one, two = make_duty(), make_duty(key="report:2")
    found = rules.notices([one, two], {"report:1": [OFFICER], "report:2": [OFFICER]}, {}, *NOVEMBER)
    [merged] = rules.merge(found)
    assert [notice.on for notice in merged.notices] == [date(2026, 12, 1)] * 2
    assert len(merged.passed_over) == 6


def test_two_people_get_a_letter_each():
    found = rules.notices(
        [make_duty()], {"report:1": [OFFICER, Somebody("person:2")]}, {}, *NOVEMBER
    )
    assert {merged.to.key for merged in rules.merge(found)} == {"person:1", "person:2"}


def test_every_kind_of_duty_has_its_steps_and_its_text():
    assert set(STEPS) == set(Kind) == set(rules.TEXTS)


@pytest.mark.parametrize("offset", [-100, -30, -14, -7, -3, -2])
def test_a_mention_never_falls_on_a_closed_day_nor_after_the_day_meant(offset):
    step = Step(offset)
    for n in range(0, 15_000, 7):
        due_on = date(2019, 4, 1) + timedelta(days=n)
        on = step.day(due_on, frozenset())
        assert office_days.is_open(on) and on <= due_on + timedelta(days=offset)


def test_steps_name_themselves():
    assert [step.label for step in STEPS[Kind.REPORT_UNSUBMITTED]] == [
        "期限14日前",
        "期限7日前",
        "期限3日前",
        "期限を過ぎた方へ",
    ]
    assert Step(-1, Unit.OFFICE_DAYS).label == "期限1開庁日前"
    assert Step(-1, Unit.OFFICE_DAYS).key != Step(-1).key


def test_a_clock_that_went_back_is_noticed_but_a_small_lag_is_not():
    mark = datetime(2026, 11, 24, tzinfo=UTC)
    assert not rules.clock_is_wrong(mark - timedelta(minutes=4), mark)
    assert rules.clock_is_wrong(mark - timedelta(minutes=6), mark)
    assert not rules.clock_is_wrong(mark, None)
