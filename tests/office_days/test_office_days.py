from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.duty.steps import Step, Unit
from tracker.kernel.refusal import Refusal
from tracker.office_days import office_days

DAYS = st.dates(date(2019, 4, 1), date(2050, 3, 31))
A_WEEK = frozenset(date(2026, 11, 24) + timedelta(days=i) for i in range(7))


def count_between(a: date, b: date, closures: frozenset[date] = office_days.NO_CLOSURES) -> int:
    """Open days from `a`, which is not counted, to `b`, which is; negative when `b` is earlier."""
    step = 1 if b >= a else -1
    days = (a + timedelta(days=step * i) for i in range(1, abs((b - a).days) + 1))
    return step * sum(office_days.is_open(day, closures) for day in days)


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2026, 11, 23), "祝日（勤労感謝の日）"),
        (date(2026, 11, 21), "土曜日"),
        (date(2026, 11, 22), "日曜日"),
        (date(2026, 12, 29), "年末年始"),
        (date(2026, 12, 31), "年末年始"),
        (date(2027, 1, 1), "祝日（元日）"),
        (date(2027, 1, 2), "年末年始"),
        (date(2027, 1, 3), "年末年始"),
        (date(2026, 9, 22), "祝日（国民の休日）"),
        (date(2019, 5, 1), "祝日（天皇の即位の日）"),
        (date(2026, 12, 28), None),
        (date(2027, 1, 4), None),
        (date(2026, 11, 24), None),
    ],
)
def test_a_closed_day_says_why(day: date, reason: str | None) -> None:
    assert office_days.closed_reason(day) == reason
    assert office_days.is_open(day) == (reason is None)


def test_a_substitute_holiday_is_closed() -> None:
    assert "振替休日" in (office_days.closed_reason(date(2026, 5, 6)) or "")


def test_a_municipalitys_own_closure_closes_only_where_it_is_passed_in() -> None:
    founding_day = date(2026, 11, 27)
    assert office_days.is_open(founding_day)
    assert office_days.closed_reason(founding_day, frozenset({founding_day})) == "閉庁日"
    on_a_holiday = frozenset({date(2026, 11, 23)})
    assert office_days.closed_reason(date(2026, 11, 23), on_a_holiday) == "祝日（勤労感謝の日）"


def test_a_letter_due_on_a_holiday_moves_to_the_open_day_before_the_long_weekend() -> None:
    assert office_days.on_or_before(date(2026, 11, 23)) == date(2026, 11, 20)
    assert office_days.on_or_after(date(2026, 11, 21)) == date(2026, 11, 24)
    assert office_days.on_or_before(date(2027, 1, 3)) == date(2026, 12, 28)
    assert office_days.on_or_before(date(2026, 11, 30), A_WEEK) == date(2026, 11, 20)


def test_every_day_from_2019_to_2060_has_an_open_day_at_or_before_it() -> None:
    day, last_open = date(2019, 1, 1), date(2018, 12, 28)
    while day <= date(2060, 12, 31):
        shifted = office_days.on_or_before(day)
        assert office_days.is_open(shifted)
        assert shifted <= day
        assert shifted == (day if office_days.is_open(day) else last_open)
        last_open = shifted
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("n", "day"),
    [
        (-3, date(2026, 11, 18)),
        (-1, date(2026, 11, 20)),
        (0, date(2026, 11, 20)),
        (1, date(2026, 11, 24)),
        (4, date(2026, 11, 27)),
    ],
)
def test_office_days_are_counted_from_a_closed_day_without_it(n: int, day: date) -> None:
    assert office_days.add(date(2026, 11, 22), n) == day


def test_an_open_day_is_not_counted_itself() -> None:
    assert office_days.add(date(2026, 11, 24), 0) == date(2026, 11, 24)
    assert office_days.add(date(2026, 11, 24), 1) == date(2026, 11, 25)
    assert office_days.add(date(2026, 11, 24), -1) == date(2026, 11, 20)
    assert office_days.add(date(2026, 11, 20), 1, A_WEEK) == date(2026, 12, 1)


@given(DAYS, st.integers(-30, 30).filter(bool), st.frozensets(DAYS, max_size=5))
def test_adding_and_counting_undo_each_other(day: date, n: int, closures: frozenset[date]) -> None:
    reached = office_days.add(day, n, closures)
    assert office_days.is_open(reached, closures)
    assert count_between(day, reached, closures) == n


def test_no_day_lies_between_a_day_and_itself() -> None:
    assert count_between(date(2026, 11, 24), date(2026, 11, 24)) == 0
    assert count_between(date(2026, 11, 20), date(2026, 11, 23)) == 0


TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2029, 3, 30), None),
        (date(2029, 4, 2), "令和11年（2029年）4月2日になっています。年を確かめて、期限は"),
        (date(2098, 10, 6), "令和80年（2098年）10月6日になっています。"),
        (date(9999, 12, 31), "令和7981年（9999年）12月31日になっています。"),
    ],
)
def test_nothing_is_due_beyond_the_year_after_the_next(day: date, said: str | None) -> None:
    if said is None:
        office_days.check_due_day(day, TODAY, "期限", "due_on")
        return
    with pytest.raises(Refusal) as refused:
        office_days.check_due_day(day, TODAY, "期限", "due_on")
    assert refused.value.message.startswith(said)
    assert refused.value.message.endswith("令和11年3月31日までの日にしてください。")
    assert refused.value.field == "due_on"


@given(st.dates(date(9999, 1, 1), date.max), st.integers(-9, 9))
def test_a_far_day_that_is_stored_breaks_no_reckoning(day: date, n: int) -> None:
    for unit in Unit:
        step = Step(n, unit)
        assert abs((step.day(day, office_days.NO_CLOSURES) - day).days) < 31
        step.moved_because(day, office_days.NO_CLOSURES)
    assert office_days.on_or_before(day) <= day <= office_days.on_or_after(day)
