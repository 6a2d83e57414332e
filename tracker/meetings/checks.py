"""What may be done to a meeting, and when; Article 5's own rule is `rules.standing`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from tracker.kernel import office_days, wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.meetings.rules import (
    FULFILLED,
    Answer,
    Attendance,
    Candidate,
    Standing,
    check_candidate,
    check_fix,
)

ROWS_PROPOSED, ROWS_EMPTY = 5, 3
ENDS_FIRST = "終わりの時刻は、始まりの時刻より後にしてください。"
DEPUTY_WANTED = "代理で出席された方の職・氏名を入力してください（例 副町長）。"


def overall(standings: Iterable[Standing]) -> Standing:
    """How a meeting stands as a whole: as the agreement that has come least far."""
    all_of_them = list(standings)
    order = list(Standing).index
    unfulfilled = [one for one in all_of_them if one not in FULFILLED]
    return min(unfulfilled or all_of_them, key=order, default=Standing.NONE)


def check_reply_due(reply_due: date, today: date) -> None:
    """The deadline for answers is a day to come on which the hub's office is open."""
    if reply_due <= today:
        raise Refusal("回答期限は、明日以降の日にしてください。", field="reply_due_on")
    closed = office_days.closed_reason(reply_due)
    if closed is not None:
        said = wareki.month_day(reply_due)
        raise Refusal(f"{said}は{closed}です。別の日を選んでください。", field="reply_due_on")


def check_candidates(
    new: Sequence[Candidate],
    reply_due: date,
    today: date,
    year: FiscalYear,
    closures: frozenset[date],
    existing: Sequence[Candidate] = (),
) -> list[str]:
    """Whether these dates may be offered together; returns the warnings about them.

    `existing` are dates offered before: none may be offered twice, and those still to come must
    lie after the deadline too. Raises Refusal.
    """
    check_reply_due(reply_due, today)
    beginnings = [(candidate.on, candidate.begins) for candidate in (*existing, *new)]
    for candidate in new:
        if beginnings.count((candidate.on, candidate.begins)) > 1:
            raise Refusal(
                f"{candidate.label}は候補日に2回あります。1つにしてください。", field="days"
            )
        if candidate.ends <= candidate.begins:
            raise Refusal(f"{wareki.month_day(candidate.on)}の{ENDS_FIRST}", field="days")
    if any(today < candidate.on <= reply_due for candidate in existing):
        raise Refusal("回答期限は、最初の候補日より前の日にしてください。", field="reply_due_on")
    said = (check_candidate(one.on, reply_due, today, year, closures) for one in new)
    return [warning for warning in said if warning]


def check_active(is_cancelled: bool) -> None:
    """A meeting called off takes no more changes."""
    if is_cancelled:
        raise Refusal("この会議は取りやめになりました。新しい会議を準備してください。")


def check_polling(fixed_on: date | None) -> None:
    """Dates and answers are taken until a date is fixed."""
    if fixed_on is not None:
        raise Refusal(f"日程は{wareki.full(fixed_on)}に決まりました。")


def check_choice(
    chosen: Candidate,
    answers: Mapping[str, Answer],
    reason: str,
    today: date,
    *,
    fixed: Candidate | None,
    attendance_recorded: bool,
) -> None:
    """Whether the meeting may be fixed on `chosen`, or moved there from `fixed`.

    `answers` are those given to the chosen date, by municipality name. Raises Refusal.
    """
    if attendance_recorded:
        raise Refusal("出席を記録した会議の日程は変えられません。")
    if chosen == fixed:
        raise Refusal("会議はすでにこの日に決まっています。")
    if chosen.on <= today:
        said = wareki.month_day(chosen.on)
        raise Refusal(f"{said}では間に合いません。ほかの候補日を選んでください。")
    check_fix(answers, reason)
    if fixed is not None and not reason.strip():
        raise Refusal("日程を変える理由を入れてください。", field="reason")


def check_notice(held_on: date | None, today: date) -> None:
    """The notice goes out once a date is fixed, and before it is over."""
    if held_on is None:
        raise Refusal("日程がまだ決まっていません。先に開催日を決めてください。")
    if today > held_on:
        raise Refusal(f"開催日（{wareki.short(held_on)}）を過ぎています。出席を記録してください。")


def check_attendance(
    held_on: date | None, today: date, entries: Mapping[str, tuple[Attendance, str]]
) -> None:
    """Attendance is recorded from the day itself on; a deputy has a post and name.

    `entries` by municipality slug. Raises Refusal.
    """
    if held_on is None:
        raise Refusal("日程がまだ決まっていません。先に開催日を決めてください。")
    if today < held_on:
        raise Refusal(f"出席は、開催日（{wareki.short(held_on)}）から記録できます。")
    for slug, (attendance, deputy) in entries.items():
        if attendance is Attendance.DEPUTY and not deputy.strip():
            raise Refusal(DEPUTY_WANTED, field=f"deputy_{slug}")


def check_view(attendance: Mapping[str, Attendance], parties: Iterable[str]) -> None:
    """Only a meeting that a deputy attended, or nobody, is left to the parties' view of it."""
    if not attendance:
        raise Refusal("出席の記録がまだありません。")
    if all(attendance.get(party) is Attendance.HEAD for party in parties):
        raise Refusal("双方の長が出席しています。この記録は要りません。")


def check_cancel(reason: str, attendance_recorded: bool) -> None:
    """A meeting is called off for a reason, and only before it took place."""
    if attendance_recorded:
        raise Refusal("出席を記録した会議は、取りやめにできません。")
    if not reason.strip():
        raise Refusal("取りやめる理由を入れてください。", field="reason")
