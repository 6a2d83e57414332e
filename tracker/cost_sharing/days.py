"""The days of a case: when it was talked over, and by when the office and the parties act."""

from datetime import date, timedelta

from tracker.kernel import office_days, wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal

REPLY_OFFICE_DAYS = 10


def reply_due(today: date) -> date:
    """The day proposed for answers: ten office days from today."""
    return office_days.add(today, REPLY_OFFICE_DAYS)


def check_reply_due(due_on: date, today: date) -> None:
    """Refuses a day to answer by that has passed, or on which no office is open."""
    if due_on <= today:
        raise Refusal("回答期限は、明日以降の日にしてください。", field="reply_due_on")
    reason = office_days.closed_reason(due_on)
    if reason:
        raise Refusal(
            f"{wareki.month_day(due_on)}は{reason}です。別の日を選んでください。",
            field="reply_due_on",
        )


def check_consulted_on(consulted_on: date, today: date) -> None:
    """Refuses a consultation that has not happened yet."""
    if consulted_on > today:
        raise Refusal(
            "協議の日がまだ来ていません。協議した日を入れてください。", field="consulted_on"
        )


def start_due(year: FiscalYear) -> date:
    """31 January: time for drafting, talking it over and confirming before the year is over."""
    return date(year.year + 1, 1, 31)


def send_due(year: FiscalYear) -> date:
    """The last day of February: the parties still have March to confirm."""
    return date(year.year + 1, 3, 1) - timedelta(days=1)


def reconcile_due(year: FiscalYear) -> date:
    """31 May after the year: 出納整理期間, in which its accounts are settled, ends."""
    return date(year.year + 1, 5, 31)
