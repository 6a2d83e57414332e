"""Days on which the offices are open (product.md 2).

Closed are Saturdays, Sundays, national holidays, 29 December to 3 January, and the closures
passed in: each municipality enters its own.
"""

from datetime import date, timedelta
from functools import lru_cache

import jpholiday

from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _

NO_CLOSURES: frozenset[date] = frozenset()
# What a later year holds is a slip of whoever typed it; holidays are not known so far ahead.
FURTHEST = date(2199, 12, 31)
_ONE_DAY = timedelta(days=1)
_WEEKEND = {5: N_("土曜日"), 6: N_("日曜日")}


@lru_cache(maxsize=8192)
def _closed_everywhere(day: date) -> tuple[str, str] | None:
    """The message that says why, and the name of the holiday in it."""
    holiday = jpholiday.is_holiday_name(day) if day <= FURTHEST else None
    if holiday is not None:
        return N_("祝日（%(holiday)s）"), holiday
    if (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3):
        return N_("年末年始"), ""
    return (_WEEKEND[day.weekday()], "") if day.weekday() in _WEEKEND else None


def closed_reason(day: date, closures: frozenset[date] = NO_CLOSURES) -> str | None:
    """Why the office is closed: 「祝日（勤労感謝の日）」「年末年始」「土曜日」「閉庁日」; None if open."""
    if found := _closed_everywhere(day):
        return _(found[0], holiday=found[1])
    return _("閉庁日") if day in closures else None


def is_open(day: date, closures: frozenset[date] = NO_CLOSURES) -> bool:
    """Whether the office is open on `day`."""
    return day not in closures and _closed_everywhere(day) is None


def on_or_before(day: date, closures: frozenset[date] = NO_CLOSURES) -> date:
    """`day`, or the last open day before it: where a letter due on a closed day goes out."""
    return _until_open(day, -_ONE_DAY, closures)


def on_or_after(day: date, closures: frozenset[date] = NO_CLOSURES) -> date:
    """`day`, or the first open day after it."""
    return _until_open(day, _ONE_DAY, closures)


def moved(day: date, by: timedelta) -> date:
    """`day` and so much later, or earlier; at most the last day that the calendar has."""
    try:
        return day + by
    except OverflowError:
        return date.max if by > timedelta() else date.min


def _until_open(day: date, step: timedelta, closures: frozenset[date]) -> date:
    while not is_open(day, closures) and (further := moved(day, step)) != day:
        day = further
    return day


def add(day: date, n: int, closures: frozenset[date] = NO_CLOSURES) -> date:
    """The `n`-th open day after `day` (before it, if negative); 0 is `on_or_before(day)`.

    `day` itself is never counted, open or closed: 「3開庁日前」 of a Sunday is Wednesday.
    """
    if n == 0:
        return on_or_before(day, closures)
    step = _ONE_DAY if n > 0 else -_ONE_DAY
    for _other in range(abs(n)):
        day = _until_open(moved(day, step), step, closures)
    return day


def check_stored(day: date) -> None:
    """Refuses a day of a year that nobody means (令和7981年); the sentence names the year."""
    if day > FURTHEST:
        raise Refusal(_("%(day)sになっています。年を確かめてください。", day=_both_ways(day)))


def check_near(day: date, today: date, name: str, field: str | None = None) -> None:
    """Refuses a day that is planned beyond the fiscal year after the next.

    Nothing is planned for longer: reports of a year are due in the next, and a meeting stands in
    the plan of this year or the next.  令和80年 is a slip for 令和8年.  `name` is the day's label on
    screen.  Raises Refusal at `field`.
    """
    last = FiscalYear.containing(today).next.next.ends
    if day > last:
        raise Refusal(
            _(
                "%(day)sになっています。年を確かめて、%(name)sは%(last)sまでの日にしてください。",
                day=_both_ways(day),
                name=name,
                last=wareki.long(last),
            ),
            field=field,
        )


def _both_ways(day: date) -> str:
    return f"{wareki.year_name(day.year)}（{day.year}年）{wareki.month_day(day)}"


def check_due_day(
    due_on: date, today: date, name: str, field: str, closures: frozenset[date] = NO_CLOSURES
) -> None:
    """A day by which something is asked lies ahead, not too far, and is open; `name` is its label.

    Raises Refusal at `field`.
    """
    check_near(due_on, today, name, field)
    if due_on <= today:
        raise Refusal(_("%(name)sは、明日以降の日にしてください。", name=name), field=field)
    reason = closed_reason(due_on, closures)
    if reason is not None:
        said = wareki.month_day(due_on)
        raise Refusal(
            _("%(said)sは%(reason)sです。別の日を選んでください。", said=said, reason=reason),
            field=field,
        )
