from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from tests.meetings.makers import YEAR
from tracker.annual_duty.rules import (
    FIXING_OFFICE_DAYS,
    LastDays,
    check_view,
    last_days,
    overall,
    standing,
)
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.meetings.poll.rules import default_reply_due
from tracker.meetings.rules import Attendance, Standing
from tracker.municipalities.rules import USUAL, LeadTimes
from tracker.office_days import office_days

MEETING_DAY = date(2027, 1, 28)


PARTIES = ("aomori", "imabetsu")


BOTH_HEADS = {"aomori": Attendance.HEAD, "imabetsu": Attendance.HEAD}


A_DEPUTY = {"aomori": Attendance.HEAD, "imabetsu": Attendance.DEPUTY}


BOTH_AGREE = {"aomori": True, "imabetsu": True}


def stands(
    *,
    polling: bool = True,
    fixed_on: date | None = MEETING_DAY,
    noticed: bool = True,
    held_on: date | None = MEETING_DAY,
    attendance: Mapping[str, Attendance] = BOTH_HEADS,
    views: Mapping[str, bool] | None = None,
    minutes_final: bool = False,
    today: date = date(2027, 2, 1),
) -> Standing:
    return standing(
        YEAR,
        polling=polling,
        fixed_on=fixed_on,
        noticed=noticed,
        held_on=held_on,
        attendance=attendance,
        parties=PARTIES,
        views=views or {},
        minutes_final=minutes_final,
        today=today,
    )


def test_an_agreement_goes_through_the_standings_in_order() -> None:
    assert stands(polling=False, fixed_on=None, noticed=False, held_on=None) is Standing.NONE
    assert stands(fixed_on=None, noticed=False, held_on=None) is Standing.POLLING
    assert stands(noticed=False, held_on=None) is Standing.FIXED
    assert stands(held_on=None) is Standing.NOTICED
    assert stands() is Standing.HELD
    assert stands(minutes_final=True) is Standing.MINUTED


def test_both_heads_in_person_hold_the_meeting_whatever_the_others_do() -> None:
    others_stay_away = {**BOTH_HEADS, "hiranai": Attendance.ABSENT}
    assert stands(attendance=others_stay_away) is Standing.HELD


@pytest.mark.parametrize(
    "attendance",
    [
        A_DEPUTY,
        {"aomori": Attendance.DEPUTY, "imabetsu": Attendance.HEAD},
        {"aomori": Attendance.HEAD, "imabetsu": Attendance.ABSENT},
        {"aomori": Attendance.HEAD},
        {},
    ],
)
def test_a_deputy_or_an_empty_chair_completes_nothing_by_itself(
    attendance: Mapping[str, Attendance],
) -> None:
    assert stands(attendance=attendance, minutes_final=True) is Standing.NOTICED


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        (BOTH_AGREE, Standing.HELD),
        ({"aomori": True}, Standing.NOTICED),
        ({"aomori": True, "imabetsu": False}, Standing.NOTICED),
        ({"aomori": True, "hiranai": True}, Standing.NOTICED),
    ],
)
def test_a_deputys_meeting_is_held_when_both_parties_regard_it_as_held(
    views: Mapping[str, bool], expected: Standing
) -> None:
    assert stands(attendance=A_DEPUTY, views=views) is expected


@pytest.mark.parametrize("held_on", [date(2026, 3, 31), date(2027, 4, 1)])
def test_a_meeting_outside_the_fiscal_year_does_not_count(held_on: date) -> None:
    after_it = max(held_on, date(2026, 4, 1))
    assert stands(held_on=held_on, views=BOTH_AGREE, today=after_it) not in (
        Standing.HELD,
        Standing.MINUTED,
    )


@pytest.mark.parametrize("held_on", [date(2026, 4, 1), date(2027, 3, 31)])
def test_the_first_and_the_last_day_of_the_year_count(held_on: date) -> None:
    assert stands(held_on=held_on, today=date(2027, 4, 1)) is Standing.HELD


def test_a_meeting_to_come_is_not_held_yet() -> None:
    assert stands(views=BOTH_AGREE, today=MEETING_DAY - timedelta(days=1)) is Standing.NOTICED
    assert stands(today=MEETING_DAY) is Standing.HELD


def test_after_the_31st_of_march_what_was_not_held_is_missed() -> None:
    assert stands(attendance=A_DEPUTY, today=date(2027, 3, 31)) is Standing.NOTICED
    assert stands(attendance=A_DEPUTY, today=date(2027, 4, 1)) is Standing.MISSED
    assert stands(
        polling=False, fixed_on=None, noticed=False, held_on=None, today=date(2028, 1, 1)
    ) is (Standing.MISSED)


def test_a_day_fixed_outside_the_year_fixes_nothing_for_it() -> None:
    assert stands(fixed_on=date(2027, 4, 5), held_on=None) is Standing.POLLING


def test_the_last_safe_day_is_counted_back_from_the_31st_of_march() -> None:
    # 31 March is avoided; 21 and 22 March 2027 are a Sunday and its substitute holiday.
    assert last_days(YEAR) == LastDays(
        date(2027, 2, 22), date(2027, 3, 9), date(2027, 3, 16), date(2027, 3, 30)
    )
    assert last_days(YEAR, LeadTimes(avoided=frozenset())).meet_on == date(2027, 3, 31)
    longer = last_days(YEAR, LeadTimes(notice_days=21, poll_office_days=5))
    assert (longer.notice_on, longer.start_on) == (date(2027, 3, 9), date(2027, 2, 22))


@pytest.mark.parametrize("number", range(2019, 2060))
def test_whoever_starts_on_the_last_safe_day_is_in_time_and_a_day_later_is_not(
    number: int,
) -> None:
    year = FiscalYear(number)
    last = last_days(year)
    due = default_reply_due(last.start_on)
    assert due == last.reply_due_on
    assert last.notice_on <= last.meet_on - timedelta(days=USUAL.notice_days)
    assert last.meet_on in year and not USUAL.is_avoided(last.meet_on)
    assert all(office_days.is_open(day) for day in last)
    later = default_reply_due(office_days.add(last.start_on, 1))
    assert office_days.add(later, FIXING_OFFICE_DAYS) > last.notice_on


@pytest.mark.parametrize(
    ("standings", "whole"),
    [
        ([], Standing.NONE),
        ([Standing.POLLING] * 4, Standing.POLLING),
        ([Standing.HELD, Standing.NOTICED, Standing.HELD], Standing.NOTICED),
        ([Standing.HELD, Standing.MISSED], Standing.MISSED),
        ([Standing.MINUTED, Standing.HELD], Standing.HELD),
    ],
)
def test_a_meeting_stands_where_its_slowest_agreement_stands(
    standings: list[Standing], whole: Standing
) -> None:
    assert overall(standings) is whole


def test_the_parties_are_asked_only_where_a_head_did_not_come() -> None:
    heads = {"aomori": Attendance.HEAD, "imabetsu": Attendance.HEAD}
    with pytest.raises(Refusal, match="双方の長が出席しています。"):
        check_view(heads, heads)
    with pytest.raises(Refusal, match="出席の記録がまだありません。"):
        check_view({}, heads)
    check_view({**heads, "imabetsu": Attendance.DEPUTY}, heads)
