from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time
from itertools import pairwise

import pytest

from tests.meetings.makers import DATES, DUE, TOWNS, make_pure
from tracker.kernel import tokyo
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.meetings.meeting import Seat
from tracker.meetings.poll.rules import (
    check_answer,
    check_candidate,
    check_candidates,
    conflicts,
    default_reply_due,
    left_out,
    nearest,
    propose_days,
)
from tracker.meetings.rules import (
    Answer,
    Attendance,
    Candidate,
    Standing,
    best_candidate,
    check_attendance,
    check_choice,
    link_ends,
    summary,
)
from tracker.municipalities.rules import Busy, LeadTimes
from tracker.office_days import office_days

YEAR = FiscalYear(2026)
TODAY = date(2026, 11, 24)
DEADLINE = date(2026, 11, 27)
YES, MAYBE, NO = Answer
SEATS = {"imabetsu": "今別町"}


def test_every_standing_answer_and_attendance_has_its_words() -> None:
    assert [state.label for state in Standing] == [
        *(
            "準備前",
            "日程調整中",
            "日程決定",
            "案内済み",
            "開催済み",
            "議事録確定",
            "未開催",
            "記録なし",
        ),
    ]
    assert [f"{a.symbol} {a.label}" for a in Answer] == [
        *("○ 出席できる", "△ 調整すれば可", "× 出席できない"),
    ]
    assert [attendance.label for attendance in Attendance] == ["本人", "代理", "欠席"]
    assert Standing.POLLING.kind == "meeting_polling"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([YES, NO, MAYBE], "○ 1　△ 1　× 1"),
        ([MAYBE, YES, YES], "○ 2　△ 1　× 0"),
        ([YES, YES, YES], "回答済み全員 ○"),
        ([], "回答はまだありません"),
    ],
)
def test_the_answers_to_a_date_are_summed_up_in_words(answers: list[Answer], words: str) -> None:
    assert str(summary(answers)) == words


@pytest.mark.parametrize(
    ("answers", "best"),
    [
        ({1: [YES, NO, MAYBE], 2: [MAYBE, YES, YES], 3: [YES, YES, YES], 4: [NO, YES, YES]}, 3),
        ({1: [YES, YES, NO], 2: [YES, MAYBE, MAYBE]}, 2),
        ({1: [YES, MAYBE], 2: [YES, YES]}, 2),
        ({1: [YES, YES], 2: [YES, YES]}, 1),
        ({1: [YES], 2: [YES, MAYBE]}, 2),
        ({1: [YES, NO], 2: [NO]}, None),
        ({}, None),
        ({1: [], 2: []}, None),
    ],
)
def test_the_best_date_is_refused_by_nobody_and_suits_most(
    answers: dict[int, list[Answer]], best: int | None
) -> None:
    assert best_candidate([1, 2, 3, 4], answers) == best


@pytest.mark.parametrize(("required", "days"), [("", [3, 1, 2]), ("hiranai", [3, 2])])
def test_no_day_is_offered_that_a_required_head_refuses(required: str, days: list[int]) -> None:
    said = {"hiranai": [NO, YES, YES], "imabetsu": [YES, NO, MAYBE], "yomogita": [YES, NO, YES]}
    dates = dict(enumerate(DATES[:3], 1))
    seats = tuple(
        Seat(n, 1, TOWNS[slug], slug, answers=dict(zip(dates, given, strict=True)))
        for n, (slug, given) in enumerate(said.items())
    )
    marked = tuple(replace(one, is_required=one.slug == required) for one in seats)
    found = nearest(make_pure(dates=dates, seats=marked))
    assert [one.candidate for one in found] == [dates[n] for n in days]


def test_ten_office_days_are_offered_to_answer() -> None:
    assert default_reply_due(date(2026, 11, 13)) == date(2026, 11, 30)


def test_an_ordinary_candidate_is_taken_without_a_word() -> None:
    assert check_candidate(date(2027, 1, 19), DEADLINE, TODAY, YEAR) is None


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 11, 23), "11月23日では間に合いません。明日以降の日を選んでください。"),
        (TODAY, "11月24日では間に合いません。明日以降の日を選んでください。"),
        (date(2027, 2, 11), "2月11日は祝日（建国記念の日）です。別の日を選んでください。"),
        (date(2027, 1, 16), "1月16日は土曜日です。別の日を選んでください。"),
        (DEADLINE, "回答期限は、最初の候補日より前の日にしてください。"),
        (
            date(2027, 4, 1),
            "会議は令和8年度のうち（令和9年3月31日まで）に開きます。別の日を選んでください。",
        ),
    ],
)
def test_a_candidate_nobody_could_use_is_refused(day: date, said: str) -> None:
    with pytest.raises(Refusal) as refusal:
        check_candidate(day, DEADLINE, TODAY, YEAR)
    assert refusal.value.message == said


def test_less_than_four_weeks_is_warned_about_but_allowed() -> None:
    assert "4週間ありません" in (check_candidate(date(2026, 12, 21), DEADLINE, TODAY, YEAR) or "")
    assert check_candidate(date(2026, 12, 22), DEADLINE, TODAY, YEAR) is None


def sits(slug: str, begins: date, ends: date, why: str = "議会日程") -> Busy:
    return Busy(1, TOWNS[slug], why, "", begins, ends, None, False)


SESSION = sits("hiranai", date(2027, 1, 12), date(2027, 1, 21))
CLOSED = sits("aomori", date(2027, 1, 5), date(2027, 1, 5), "閉庁日")


def test_five_days_are_proposed_open_everywhere_four_weeks_ahead_and_spaced() -> None:
    proposed = propose_days(TODAY, YEAR, [SESSION, CLOSED])
    assert len(proposed) == 5
    assert proposed[0].on == date(2026, 12, 22)
    for candidate in proposed:
        assert office_days.is_open(candidate.on)
        assert not conflicts(candidate.on, [SESSION, CLOSED])
    for earlier, later in pairwise(proposed):
        assert office_days.add(earlier.on, 3) <= later.on
    assert [candidate.begins for candidate in proposed[:3]] == [time(14), time(10), time(14)]
    assert [candidate.ends for candidate in proposed[:2]] == [time(15, 30), time(11, 30)]


def test_proposals_stay_inside_the_year_and_stand_closer_at_its_end() -> None:
    late = propose_days(date(2027, 2, 23), YEAR)
    assert [c.on for c in late] == [date(2027, 3, d) for d in (23, 24, 25, 26, 29)]
    assert [c.on for c in propose_days(date(2027, 3, 1), YEAR)] == [
        date(2027, 3, 29),
        date(2027, 3, 30),
    ]
    assert propose_days(date(2027, 3, 3), YEAR) == ()
    assert propose_days(date(2026, 1, 10), YEAR)[0].on == date(2026, 4, 2)
    none_avoided = LeadTimes(avoided=frozenset())
    assert propose_days(date(2027, 3, 3), YEAR, (), none_avoided)[0].on == date(2027, 3, 31)


def test_what_is_left_out_says_why_days_in_a_row_together() -> None:
    away = sits("imabetsu", date(2027, 1, 13), date(2027, 1, 13), "首長の不在")
    found = left_out(date(2026, 12, 22), date(2027, 1, 31), [SESSION, CLOSED, away])
    assert [(one.label, one.reasons) for one in found] == [
        # The offices are closed between.
        ("12月28日（月）〜1月4日（月）", ("避ける日",)),
        ("1月5日（火）", ("青森市の閉庁日",)),
        ("1月12日（火）", ("平内町の議会日程",)),
        ("1月13日（水）", ("平内町の議会日程", "今別町の首長の不在")),
        ("1月14日（木）〜1月21日（木）", ("平内町の議会日程",)),
    ]
    everybody = [sits(slug, TODAY, TODAY) for slug in TOWNS]
    assert conflicts(TODAY, everybody) == ("青森市、平内町ほか3市町村の議会日程",)


def test_a_candidate_reads_as_in_the_letter() -> None:
    candidate = Candidate(date(2027, 1, 19), time(14), time(15, 30))
    assert candidate.label == "令和9年1月19日（火）14時〜15時30分"


def test_answers_are_taken_until_the_end_of_the_deadline_day() -> None:
    check_answer(DEADLINE, DEADLINE, revoked=False)
    with pytest.raises(Refusal) as refusal:
        check_answer(date(2026, 11, 28), DEADLINE, False, "青森市 連携推進担当（017-000-0000）")
    assert refusal.value.message == (
        "回答の期限（11月27日）を過ぎました。青森市 連携推進担当（017-000-0000）へお電話ください。"
    )


def test_a_revoked_link_takes_no_answer_even_in_time() -> None:
    with pytest.raises(Refusal, match="このリンクは使えなくなりました。"):
        check_answer(TODAY, DEADLINE, revoked=True)


def test_a_link_opens_until_seven_days_after_the_deadline_are_over() -> None:
    assert tokyo.at(date(2026, 12, 4), time(23, 59)) < link_ends(DEADLINE)
    assert tokyo.at(date(2026, 12, 5), time(0)) == link_ends(DEADLINE)


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (TODAY, "回答期限は、明日以降の日にしてください。"),
        (date(2026, 11, 28), "11月28日は土曜日です。別の日を選んでください。"),
    ],
)
def test_a_deadline_lies_ahead_on_an_office_day(due: date, said: str) -> None:
    with pytest.raises(Refusal) as refusal:
        check_candidates([], due, TODAY, YEAR)
    assert (refusal.value.message, refusal.value.field) == (said, "reply_due_on")


def test_a_date_is_offered_once_and_ends_after_it_begins() -> None:
    with pytest.raises(Refusal, match="1月19日（火）14時〜15時30分は候補日に2回あります"):
        check_candidates([DATES[0]], DUE, TODAY, YEAR, existing=[DATES[0]])
    backwards = Candidate(date(2027, 1, 19), time(15), time(14))
    with pytest.raises(Refusal, match="1月19日の終わりの時刻は、始まりの時刻より後に"):
        check_candidates([backwards], DUE, TODAY, YEAR)


def test_two_dates_on_one_day_are_two_candidates() -> None:
    morning = Candidate(DATES[0].on, time(9), time(10))
    assert check_candidates([DATES[0], morning], DUE, TODAY, YEAR) == []


def test_a_later_deadline_may_not_pass_a_date_already_offered() -> None:
    with pytest.raises(Refusal, match="回答期限は、最初の候補日より前の日に") as refusal:
        check_candidates([], DATES[0].on, TODAY, YEAR, existing=DATES)
    assert refusal.value.field == "reply_due_on"
    over = date(2027, 1, 22)
    assert check_candidates([], date(2027, 1, 25), over, YEAR, DATES[:2]) == []


@pytest.mark.parametrize(
    ("answers", "reason", "fixed", "said"),
    [
        (
            {"平内町": NO, "蓬田村": NO},
            " ",
            None,
            "平内町、蓬田村が「出席できない」と答えた日です。",
        ),
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
        check_attendance(day, date(2027, 1, 27), deputy, SEATS)
    with pytest.raises(Refusal, match="職・氏名") as refusal:
        check_attendance(day, day, deputy, SEATS)
    assert refusal.value.field == "deputy_imabetsu"
    check_attendance(day, day, {"imabetsu": (Attendance.ABSENT, "")}, SEATS)
    with pytest.raises(Refusal, match="今別町の出席を選んでください。"):
        check_attendance(day, day, {}, SEATS)
