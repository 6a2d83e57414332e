"""Article 5: every fiscal year the heads of each agreement meet (product.md 5, contracts.md)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.meetings.rules import Attendance, Candidate, Standing, check_hours
from tracker.municipalities.rules import USUAL, LeadTimes
from tracker.office_days import office_days

FULFILLED = frozenset({Standing.HELD, Standing.MINUTED})


# Between the last answer and the notice: the date is fixed, and the notice is written.
FIXING_OFFICE_DAYS = 5


class LastDays(NamedTuple):
    """The last day for each step toward a meeting that is still held in its fiscal year."""

    start_on: date
    reply_due_on: date
    notice_on: date
    meet_on: date


def last_days(year: FiscalYear, times: LeadTimes = USUAL) -> LastDays:
    """Counts back from 31 March (product.md 5): meeting, notice, fixing, poll.

    The last day to meet is open and none to avoid.  What stands in the municipalities' calendars
    is left to the dates that are proposed.
    """
    days = (year.ends - timedelta(days=n) for n in range((year.ends - year.begins).days + 1))
    possible = (day for day in days if office_days.is_open(day) and not times.is_avoided(day))
    meet_on = next(possible, office_days.on_or_before(year.ends))
    notice_on = office_days.on_or_before(meet_on - timedelta(days=times.notice_days))
    reply_due_on = office_days.add(notice_on, -FIXING_OFFICE_DAYS)
    start_on = office_days.add(reply_due_on, -times.poll_office_days)
    return LastDays(start_on, reply_due_on, notice_on, meet_on)


def standing(
    year: FiscalYear,
    *,
    polling: bool,
    fixed_on: date | None,
    noticed: bool,
    held_on: date | None,
    attendance: Mapping[str, Attendance],
    parties: Sequence[str],
    views: Mapping[str, bool],
    minutes_final: bool,
    today: date,
) -> Standing:
    """How one agreement stands with Article 5 in `year`; municipalities are slugs.

    Held: on a day of the year that has come, every head of this agreement in person, or every
    party of it regards the meeting as held. A deputy completes nothing by itself, and a day
    outside the fiscal year does not count.
    """
    all_heads = all(attendance.get(party) is Attendance.HEAD for party in parties)
    all_agree = all(views.get(party, False) for party in parties)
    has_come = held_on is not None and held_on in year and held_on <= today
    held = has_come and (all_heads or all_agree)
    in_year = fixed_on is None or fixed_on in year
    steps = (
        (held and minutes_final, Standing.MINUTED),
        (held, Standing.HELD),
        (today > year.ends, Standing.MISSED),
        (noticed and in_year, Standing.NOTICED),
        (fixed_on is not None and in_year, Standing.FIXED),
        (polling, Standing.POLLING),
    )
    return next((state for reached, state in steps if reached), Standing.NONE)


def overall(standings: Iterable[Standing]) -> Standing:
    """How a meeting stands as a whole: as the agreement that has come least far."""
    all_of_them = list(standings)
    order = list(Standing).index
    unfulfilled = [one for one in all_of_them if one not in FULFILLED]
    return min(unfulfilled or all_of_them, key=order, default=Standing.NONE)


def overall_label(standings: Collection[Standing]) -> str:
    """The same in words: where it is done for some agreements only, for how many."""
    done = sum(one in FULFILLED for one in standings)
    if 0 < done < len(standings):
        return _("%(total)s協約のうち%(done)s協約で開催済み", total=len(standings), done=done)
    return overall(standings).label


def check_taken_over(year: FiscalYear, hours: Candidate, today: date, is_there: bool) -> None:
    """A meeting of a year that has none here, held before; raises Refusal beside the field."""
    if is_there:
        raise Refusal(_("%(year)sの会議は、すでに記録があります。", year=year.label))
    if hours.on not in year or hours.on > today:
        raise Refusal(
            _("%(year)sのうち、今日までの日を入力してください。", year=year.label), field="held_on"
        )
    check_hours(hours)


def check_view(attendance: Mapping[str, Attendance], parties: Iterable[str]) -> None:
    """Only a meeting that a deputy attended, or nobody, is left to the parties' view of it."""
    if not attendance:
        raise Refusal(_("出席の記録がまだありません。"))
    if all(attendance.get(party) is Attendance.HEAD for party in parties):
        raise Refusal(_("双方の長が出席しています。この記録は要りません。"))
