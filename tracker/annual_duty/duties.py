"""What Article 5 asks every year: that the heads meet, and that the parties regard it as held."""

from collections.abc import Iterable
from datetime import date

from tracker.annual_duty.rules import FULFILLED, LastDays
from tracker.annual_duty.standing import ArticleFive
from tracker.duty.duty import CHECK_WITHIN_OFFICE_DAYS, Duty, some
from tracker.duty.kinds import Kind
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.translation import _
from tracker.meetings.rules import Standing
from tracker.municipalities.rules import Members
from tracker.office_days import office_days


def duties(
    articles: Iterable[ArticleFive], members: Members, today: date, last: LastDays | None = None
) -> Iterable[Duty]:
    """That the heads meet, and what each party owes where a deputy came, in the years it is owed for.

    `last` are the last days of this fiscal year.
    """
    this = FiscalYear.containing(today)
    for article in articles:
        yield _unheld(article, members, today, last if article.year == this else None)
        yield from _views(article, members)
        yield from _unsettled(article, members)


def _unheld(article: ArticleFive, members: Members, today: date, last: LastDays | None) -> Duty:
    """Every fiscal year the heads meet; due 31 March, per agreement, and begun by its last day."""
    year, bound = article.year, article.agreements
    left = len(bound) - article.fulfilled
    planned = any(one.standing is not Standing.NONE for one in bound)
    start_by = None if planned or last is None else last.start_on
    return Duty(
        Kind.MEETING_UNHELD if planned else Kind.MEETING_UNPLANNED,
        members.office,
        key=f"meeting_unheld:{year.year}",
        due_on=year.ends,
        url=article.path if planned else f"/meetings/new?fy={year.year}",
        remaining=left,
        total=len(bound),
        name=_("%(year)sの市町村長会議", year=year.label),
        text=(
            _(
                "協約第5条の会議です。%(count)s本の協約のうち、%(left)s本が%(first_left)sです。",
                count=len(bound),
                left=left,
                first_left=article.first_left.label if article.first_left else "",
            )
            + (_to_begin(start_by, today) if start_by else "")
        ),
        start_by=start_by,
    )


def _to_begin(start_by: date, today: date) -> str:
    if start_by < today:
        return _(
            "準備を始める最後の日（%(day)s）を過ぎました。回答期限を短くして、すぐに始めてください。",
            day=wareki.short(start_by),
        )
    return _("年度内に開くには、%(day)sまでに準備を始めてください。", day=wareki.short(start_by))


def _views(article: ArticleFive, members: Members) -> Iterable[Duty]:
    """A deputy completes nothing by itself; both parties say how they regard it."""
    meeting = article.meeting
    if meeting is None or meeting.hours is None:
        return
    for slug in members.slugs:
        silent = [one.label for one in article.agreements if slug in one.silent]
        if not silent:
            continue
        yield Duty(
            Kind.VIEW_UNRECORDED,
            members.party(slug),
            key=f"view_unrecorded:{meeting.path}:{slug}",
            due_on=office_days.add(meeting.hours.on, 2 * CHECK_WITHIN_OFFICE_DAYS),
            url=meeting.path,
            remaining=len(silent),
            text=_(
                "代理出席などがあったため、%(names)sについて、双方の見方を記録します。",
                names=some(silent),
            ),
            known_since=meeting.attendance_at,
        )


def _unsettled(article: ArticleFive, members: Members) -> Iterable[Duty]:
    """Both parties have spoken, and not both regard the meeting as held: until 31 March they may."""
    meeting, settled = article.meeting, {*FULFILLED, Standing.MISSED}
    left = [
        one.label
        for one in article.agreements
        if one.needs_views and not one.silent and one.standing not in settled
    ]
    if meeting and left:
        yield Duty(
            Kind.VIEW_UNRECORDED,
            members.office,
            key=f"view_unsettled:{meeting.path}",
            due_on=office_days.on_or_before(article.year.ends),
            url=meeting.path,
            remaining=len(left),
            instead=_("双方の見方を見る"),
            text=_(
                "%(names)sでは、双方がそろって開催済みと見ていません。%(ends)sまでに話し合い、"
                "見方を記録し直します（協約第5条）。",
                names=some(left),
                ends=wareki.month_day(article.year.ends),
            ),
            known_since=meeting.attendance_at,
        )
