"""When a reporting round may be opened, and when one should be."""

from collections.abc import Collection
from datetime import date, timedelta

from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.kernel.labelled import Labelled
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.office_days import office_days

# 上期 is asked for by 15 October, 年度末 by 15 April (ux/spec.md 6: the office may be earlier).
ASK_WITHIN = timedelta(days=15)


class Telling(Labelled):
    """Whether those asked get a letter when the due day of their round moves."""

    NEARER = "nearer", N_("期限が早まるときだけ送る")
    ALWAYS = "always", N_("送る")
    NEVER = "never", N_("送らない")

    def is_wanted(self, was: date, now: date) -> bool:
        """Whether a letter goes out when the day moves so."""
        return self is Telling.ALWAYS or (self is Telling.NEARER and now < was)


def check_round(
    period: Period,
    due_on: date,
    *,
    today: date,
    closures: frozenset[date],
    is_open_already: bool,
    asked: int,
) -> None:
    """Whether reports may be asked for by that day; `asked` is how many there would be."""
    year = period.fiscal_year.label
    if is_open_already:
        raise Refusal(
            _("%(period)sの報告は、すでにお願いしています。", period=period.label), field="period"
        )
    if not asked:
        raise Refusal(
            _("%(year)sの事業がまだ登録されていません。先に事業を登録してください。", year=year),
            field="period",
        )
    check_round_due(period, due_on, today=today, closures=closures)


def check_round_due(
    period: Period, due_on: date, *, today: date, closures: frozenset[date], was: date | None = None
) -> None:
    """Whether a round may be due on that day, or move there from the day it `was` due.

    Raises Refusal at `due_on` for a day past, closed, within the period, or no other than before.
    """
    office_days.check_due_day(due_on, today, _("期限"), "due_on", closures)
    if due_on == was:
        raise Refusal(_("今の期限と同じ日です。変更後の日を入力してください。"), field="due_on")
    if due_on <= period.ends:
        ends = wareki.long(period.ends)
        raise Refusal(
            _("期限は、期間の終わり（%(ends)s）より後の日にしてください。", ends=ends),
            field="due_on",
        )


def round_asked_from(period: Period) -> date:
    """The day from which reports can be asked for in earnest: the first after the period."""
    return period.ends + timedelta(days=1)


def round_due(period: Period) -> date:
    """By when the office opens the round: the 15th, or the open day before it."""
    return office_days.on_or_before(period.ends + ASK_WITHIN)


def unopened(
    planned: Collection[int], opened: Collection[Period], today: date
) -> tuple[Period, ...]:
    """The periods over by `today` whose round is still to open; `planned` years have projects.

    A 上期 never asked for is past asking once the whole year was asked for, or is over.
    """
    this = FiscalYear.containing(today)
    wanted = ((this.previous, Half.FY), (this, Half.H1))
    return tuple(
        period
        for period in (Period(year.year, half) for year, half in wanted)
        if period.year in planned
        and today >= round_asked_from(period)
        and not {period, Period(period.year, Half.FY)} & set(opened)
    )
