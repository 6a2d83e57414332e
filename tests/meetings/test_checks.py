from collections.abc import Mapping
from datetime import date, time

import pytest

from tests.meetings.makers import DATES, DUE, YEAR
from tracker.kernel.refusal import Refusal
from tracker.meetings.checks import (
    check_attendance,
    check_candidates,
    check_choice,
    check_reply_due,
    check_view,
    overall,
)
from tracker.meetings.rules import Answer, Attendance, Candidate, Standing

TODAY = date(2026, 11, 24)
NO_CLOSURES: frozenset[date] = frozenset()


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


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (TODAY, "回答期限は、明日以降の日にしてください。"),
        (date(2026, 11, 28), "11月28日は土曜日です。別の日を選んでください。"),
    ],
)
def test_a_deadline_lies_ahead_on_an_office_day(due: date, said: str) -> None:
    with pytest.raises(Refusal) as refusal:
        check_reply_due(due, TODAY)
    assert (refusal.value.message, refusal.value.field) == (said, "reply_due_on")


def test_a_date_is_offered_once_and_ends_after_it_begins() -> None:
    with pytest.raises(Refusal, match="1月19日（火）14時〜15時30分は候補日に2回あります"):
        check_candidates([DATES[0]], DUE, TODAY, YEAR, NO_CLOSURES, existing=[DATES[0]])
    backwards = Candidate(date(2027, 1, 19), time(15), time(14))
    with pytest.raises(Refusal, match="1月19日の終わりの時刻は、始まりの時刻より後に"):
        check_candidates([backwards], DUE, TODAY, YEAR, NO_CLOSURES)


def test_two_dates_on_one_day_are_two_candidates() -> None:
    morning = Candidate(DATES[0].on, time(9), time(10))
    assert check_candidates([DATES[0], morning], DUE, TODAY, YEAR, NO_CLOSURES) == []


def test_a_later_deadline_may_not_pass_a_date_already_offered() -> None:
    with pytest.raises(Refusal, match="回答期限は、最初の候補日より前の日に") as refusal:
        check_candidates([], DATES[0].on, TODAY, YEAR, NO_CLOSURES, existing=DATES)
    assert refusal.value.field == "reply_due_on"
    over = date(2027, 1, 22)
    assert check_candidates([], date(2027, 1, 25), over, YEAR, NO_CLOSURES, DATES[:2]) == []


@pytest.mark.parametrize(
    ("answers", "reason", "fixed", "said"),
    [
        ({"平内町": Answer.NO}, " ", None, "平内町が「出席できない」と答えた日です。"),
        ({}, "", DATES[2], "日程を変える理由を入れてください。"),
        ({}, "都合", DATES[0], "会議はすでにこの日に決まっています。"),
    ],
)
def test_a_refused_date_and_a_move_need_a_reason(
    answers: Mapping[str, Answer], reason: str, fixed: Candidate | None, said: str
) -> None:
    with pytest.raises(Refusal, match=said):
        check_choice(DATES[0], answers, reason, TODAY, fixed=fixed, attendance_recorded=False)
    check_choice(DATES[0], answers, "ご了承を得た。", TODAY, fixed=None, attendance_recorded=False)


def test_a_day_that_has_come_cannot_be_fixed() -> None:
    with pytest.raises(Refusal, match="1月19日では間に合いません。"):
        check_choice(DATES[0], {}, "", DATES[0].on, fixed=None, attendance_recorded=False)


def test_attendance_waits_for_the_day_and_a_deputy_has_a_name() -> None:
    deputy = {"imabetsu": (Attendance.DEPUTY, "　")}
    day = date(2027, 1, 28)
    with pytest.raises(Refusal, match=r"出席は、開催日（1月28日（木））から記録できます。"):
        check_attendance(day, date(2027, 1, 27), deputy)
    with pytest.raises(Refusal, match="職・氏名") as refusal:
        check_attendance(day, day, deputy)
    assert refusal.value.field == "deputy_imabetsu"
    check_attendance(day, day, {"imabetsu": (Attendance.ABSENT, "")})


def test_the_parties_are_asked_only_where_a_head_did_not_come() -> None:
    heads = {"aomori": Attendance.HEAD, "imabetsu": Attendance.HEAD}
    with pytest.raises(Refusal, match="双方の長が出席しています。"):
        check_view(heads, heads)
    with pytest.raises(Refusal, match="出席の記録がまだありません。"):
        check_view({}, heads)
    check_view({**heads, "imabetsu": Attendance.DEPUTY}, heads)
