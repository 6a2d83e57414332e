"""When a duty is mentioned, to whom, and what becomes one letter."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pytest

from tracker.duty.duty import Duty, Owner
from tracker.duty.kinds import Kind
from tracker.duty.steps import Audience, Step, Unit
from tracker.kernel import tokyo
from tracker.kernel.refusal import Refusal
from tracker.office_days import office_days
from tracker.reminders import rules
from tracker.reminders.rules import Notice
from tracker.reminders.schedule.rules import MOST_STEPS, check_schedule


@dataclass(frozen=True)
class Somebody:
    """A recipient of the tests."""

    key: str
    is_weekly: bool = False
    name: str = "今別町 企画担当"


OFFICER = Somebody("person:1")


def make_duty(**changes: object) -> Duty:
    """A report owed by 30 November 2026."""
    values: dict[str, object] = {
        "key": "report:1",
        "kind": Kind.REPORT_UNSUBMITTED,
        "owner": Owner("imabetsu", False),
        "due_on": date(2026, 11, 30),
        "url": "/reports/2026-h1",
        "remaining": 4,
        "text": "",
    }
    return Duty(**{**values, **changes})  # type: ignore[arg-type]


CHIEF, OFFICE = Somebody("post:2", name="今別町 企画課長"), Somebody("person:9")
NOVEMBER = (date(2026, 11, 1), date(2026, 12, 31))


def told(
    *duties: Duty,
    to: Somebody = OFFICER,
    first: date = NOVEMBER[0],
    last: date = NOVEMBER[1],
    closed: frozenset[date] = frozenset(),
    **others: Somebody,
) -> tuple[Notice, ...]:
    """The mentions of these duties, all owed by one person."""
    whom = {Audience.OWNER: to, **{Audience(name): one for name, one in others.items()}}
    recipients = {(duty.key, role): [one] for duty in duties for role, one in whom.items()}
    return rules.notices(duties, recipients, {"imabetsu": closed}, first, last)


def days(duty: Duty, first: date, last: date, closed: frozenset[date] = frozenset()) -> list[date]:
    """The days on which the duty is mentioned to whom owes it."""
    return [notice.on for notice in told(duty, first=first, last=last, closed=closed)]


def test_reports_are_mentioned_14_7_and_3_days_before_and_once_after():
    # The 23rd is 勤労感謝の日 after a weekend: the mention moves to Friday the 20th.
    assert days(make_duty(), *NOVEMBER) == [
        date(2026, 11, 16),
        date(2026, 11, 20),
        date(2026, 11, 27),
        date(2026, 12, 1),
    ]


def test_a_moved_mention_says_why():
    assert [one.note for one in told(make_duty())] == [
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
    assert days(make_duty(remaining=0), *NOVEMBER) == []


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
    [merged] = rules.merge(told(one, two))
    assert [notice.on for notice in merged.notices] == [date(2026, 12, 1)] * 2
    assert len(merged.passed_over) == 6


def test_two_people_get_a_letter_each():
    found = told(make_duty()) + told(make_duty(), to=Somebody("person:2"))
    assert {merged.to.key for merged in rules.merge(found)} == {"person:1", "person:2"}


def test_a_text_speaks_of_what_is_to_come_or_past_and_to_others_of_whoever_owes_it():
    duty = make_duty()
    assert rules.text_for(duty, Step(-3), 3) == "report_unsubmitted"
    assert rules.text_for(duty, Step(1), -1) == "report_overdue"
    assert rules.text_for(duty, Step(3, to=Audience.CHIEF), -3) == "escalated_chief"


@pytest.mark.parametrize("offset", [-100, -30, -14, -7, -3, -2])
def test_a_mention_never_falls_on_a_closed_day_nor_after_the_day_meant(offset):
    step = Step(offset)
    for n in range(0, 15_000, 7):
        due_on = date(2019, 4, 1) + timedelta(days=n)
        on = step.day(due_on, frozenset())
        assert office_days.is_open(on) and on <= due_on + timedelta(days=offset)


def test_steps_name_themselves():
    assert [step.label for step in Kind.REPORT_UNSUBMITTED.rule.steps] == [
        "期限14日前",
        "期限7日前",
        "期限3日前",
        "期限を過ぎた方へ",
        "期限を過ぎた方の上司へ",
        "期限を過ぎた件を連携推進担当へ",
    ]
    assert Step(-1, Unit.OFFICE_DAYS).label == "期限1開庁日前"
    assert Step(-1, Unit.OFFICE_DAYS).key != Step(-1).key


def test_a_clock_that_went_back_is_noticed_but_a_small_lag_is_not():
    mark = datetime(2026, 11, 24, tzinfo=UTC)
    assert not rules.clock_is_wrong(mark - timedelta(minutes=4), mark)
    assert rules.clock_is_wrong(mark - timedelta(minutes=6), mark)
    assert not rules.clock_is_wrong(mark, None)


# --- to whom, and not too much -------------------------------------------------------------------


def test_what_stays_undone_goes_to_the_chief_and_then_to_the_office():
    found = told(make_duty(), chief=CHIEF, office=OFFICE)
    after = [(one.on, one.to.key, one.owner) for one in found if one.on > date(2026, 11, 30)]
    assert after == [
        (date(2026, 12, 1), "person:1", ""),
        (date(2026, 12, 3), "post:2", "今別町 企画担当"),
        (date(2026, 12, 7), "person:9", "今別町 企画担当"),
    ]


def test_what_did_not_exist_at_a_step_s_moment_is_not_mentioned_for_it():
    opened = tokyo.at(date(2026, 11, 20), time(9))
    assert [one.on for one in told(make_duty(known_since=opened))] == [
        date(2026, 11, 27),
        date(2026, 12, 1),
    ]
    just_before = opened - timedelta(microseconds=1)
    assert told(make_duty(known_since=just_before))[0].on == date(2026, 11, 20)


def test_a_moved_due_day_is_mentioned_anew_and_the_same_one_never_twice():
    before, after = told(make_duty()), told(make_duty(due_on=date(2026, 12, 14)))
    assert not {one.key for one in before} & {one.key for one in after}
    assert {one.key for one in before} == {one.key for one in told(make_duty())}


WEEKLY = Somebody("person:3", is_weekly=True)


def test_who_wants_one_letter_a_week_gets_that_and_no_single_ones():
    found = told(make_duty(), to=WEEKLY, last=date(2026, 12, 9))
    # Due on Monday the 30th: in that week's letter, and in the next while it stays undone.
    assert [(one.on, one.step) for one in found] == [
        (date(2026, 11, 30), None),
        (date(2026, 12, 7), None),
    ]


def test_the_week_s_letter_goes_out_on_its_first_open_day():
    # The 23rd is 勤労感謝の日.
    duty = make_duty(due_on=date(2026, 11, 27))
    assert [one.on for one in told(duty, to=WEEKLY, last=date(2026, 11, 29))] == [
        date(2026, 11, 24)
    ]


def test_a_week_closed_from_end_to_end_has_no_letter():
    closed = frozenset(date(2026, 11, 24) + timedelta(days=n) for n in range(4))
    duty = make_duty(due_on=date(2026, 11, 27))
    assert told(duty, to=WEEKLY, last=date(2026, 11, 29), closed=closed) == ()


def test_who_wants_one_letter_a_week_still_hears_at_once_of_others_who_are_late():
    found = told(make_duty(), chief=WEEKLY)
    assert (date(2026, 12, 3), "+3o:chief") in [
        (one.on, one.step.key) for one in found if one.step and one.to is WEEKLY
    ]


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ([Step(-3), Step(-3)], "同じ日が2回"),
        ([Step(-300)], "日数は0から200までの整数で"),
        ([Step(-3, to=Audience.CHIEF)], "その後に送ります"),
    ],
)
def test_days_nobody_can_mean_are_refused(chosen, sentence):
    with pytest.raises(Refusal, match=sentence):
        check_schedule(chosen)


def test_the_table_keeps_its_own_rules():
    for kind in Kind:
        row = kind.rule
        check_schedule(row.steps)
        assert len(row.steps) <= MOST_STEPS
