"""What Article 3 asks: rounds to open, reports to write, to correct and to check."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time

from tracker.accounts.rules import StaffMember
from tracker.duty.duty import CHECK_WITHIN_OFFICE_DAYS, Duty, DutyItem, grouped, some
from tracker.duty.kinds import Kind
from tracker.kernel import tokyo
from tracker.kernel.fiscal_year import FiscalYear, Period
from tracker.kernel.translation import _
from tracker.municipalities.rules import Members
from tracker.office_days import office_days
from tracker.projects.report import URGENCY, Report
from tracker.projects.rounds.rules import round_asked_from, round_due, unopened
from tracker.projects.rules import ReportState, shown


def duties(
    reports: Collection[Report],
    planned: Collection[int],
    opened: Collection[Period],
    members: Members,
    staff: Collection[StaffMember],
    today: date,
) -> Iterable[Duty]:
    """Of reports asked for, and of rounds: `planned` are fiscal years, `opened` their rounds.

    `staff` are all who sign in: of them are those who check a report.
    """
    yield from _to_write(reports, members, FiscalYear.containing(today))
    yield from _to_check(reports, members, staff)
    yield from (_to_open(period, members) for period in unopened(planned, opened, today))


def to_close(
    opened: Mapping[Period, date | None], reports: Collection[Report], members: Members
) -> Iterable[Duty]:
    """Where all that was asked is confirmed, the office closes the round: until then it waits.

    `opened` are rounds with their due days, None where one was closed.
    """
    for period, due_on in opened.items():
        own = [report for report in reports if report.is_asked and report.period == period]
        if due_on is None or any(one.state is not ReportState.CONFIRMED for one in own):
            continue
        last = max((one.confirmed_at for one in own if one.confirmed_at), default=None)
        first = max(due_on, tokyo.day(last) if last else due_on)
        yield Duty(
            Kind.ROUND_UNCLOSED,
            members.office,
            key=f"round_unclosed:{period}:{members.hub}",
            due_on=office_days.add(first, CHECK_WITHIN_OFFICE_DAYS),
            url=f"/reports/{period}",
            name=_("%(period)sの進捗報告", period=period.label),
            text=_("お願いした報告は、すべて確認済みです。締め切ると、報告は直せなくなります。"),
            known_since=last,
        )


def _to_write(reports: Iterable[Report], members: Members, this: FiscalYear) -> Iterable[Duty]:
    """Each municipality reports on the projects it takes part in.

    In the municipality that leads a project its own section reports; elsewhere the officer.
    """

    def writer(one: Report) -> tuple[str, str, int]:
        return one.round_path, one.town.slug, (one.town == one.lead and one.lead_post_id) or 0

    wanted = (one for one in reports if not one.is_closed)
    for (round_path, slug, post_id), own in grouped(wanted, writer):
        period = own[0].period
        left = [one for one in own if not one.is_reported]
        count, many = len(own), len(left)
        said = (
            _("自課の%(count)s事業のうち、残り%(many)s事業です。", count=count, many=many)
            if post_id
            else _("%(count)s事業のうち、残り%(many)s事業です。", count=count, many=many)
        )
        duty = Duty(
            Kind.REPORT_UNSUBMITTED,
            members.owner(slug, post_id),
            key=f"report_unsubmitted:{period}:{slug}:{post_id}",
            due_on=own[0].due_on,
            url=round_path,
            remaining=many,
            total=count,
            # Of another year than this its name says so: two 年度末 may be open at once.
            name=period.half_label if period.fiscal_year == this else period.label,
            detail=f"（{period.span_label}）",
            text=said
            + _("前回の内容を写してあります。変わったところだけ直してください（1事業 約2分）。"),
            items=tuple(
                _item(one) for one in sorted(left, key=lambda one: URGENCY.index(one.state))
            ),
            known_since=own[0].opened_at,
        )
        returned = [one for one in left if one.state is ReportState.RETURNED]
        yield _to_correct(duty, returned) if returned and returned == left else duty


def _to_correct(duty: Duty, reports: Collection[Report]) -> Duty:
    """Where nothing is left but what was returned, that has its own days to be corrected in."""
    last = max(_day(one.returned_at, one) for one in reports)
    names = some(one.project for one in reports)
    return replace(
        duty,
        kind=Kind.REPORT_RETURNED,
        key=duty.key.replace(Kind.REPORT_UNSUBMITTED, Kind.REPORT_RETURNED),
        due_on=max(duty.due_on, office_days.add(last, CHECK_WITHIN_OFFICE_DAYS)),
        text=_(
            "%(names)sの報告に、確認のお願いが届いています。直して、もう一度提出してください。",
            names=names,
        ),
        known_since=max((one.returned_at for one in reports if one.returned_at), default=None),
    )


def _item(report: Report) -> DutyItem:
    state = shown(report.state, report.due_on, report.due_on)
    action = {ReportState.RETURNED: _("直して出す"), ReportState.DRAFT: _("続きから")}
    return DutyItem(
        report.project, report.path, state.kind, state.label, action.get(report.state, _("始める"))
    )


def _to_check(
    reports: Iterable[Report], members: Members, staff: Collection[StaffMember]
) -> Iterable[Duty]:
    """Each post is asked for what it checks, and of those who hold it nobody for his own report."""
    submitted = (one for one in reports if one.state is ReportState.SUBMITTED)
    asked = [(one, *asked) for one in submitted for asked in _checking(one, staff)]
    for (round_path, lead, post_id, persons), found in grouped(
        asked, lambda row: (row[0].round_path, row[0].lead.slug, row[1], row[2])
    ):
        own = [row[0] for row in found]
        whole = tuple(one.person_id for one in staff if one.post_id == post_id)
        only = "" if persons in ((), whole) else ":" + "-".join(map(str, persons))
        first = min(_day(one.submitted_at, one) for one in own)
        yield Duty(
            Kind.REPORT_UNCHECKED,
            members.owner(lead, post_id, persons),
            key=f"report_unchecked:{own[0].period}:{lead}:{post_id}{only}",
            due_on=office_days.add(first, CHECK_WITHIN_OFFICE_DAYS),
            url=f"{round_path}/inbox",
            remaining=len(own),
            text=_("%(names)sの報告が届いています。", names=some(one.project for one in own)),
            known_since=min((one.submitted_at for one in own if one.submitted_at), default=None),
        )


def _checking(
    report: Report, staff: Collection[StaffMember]
) -> Iterable[tuple[int, tuple[int, ...]]]:
    """The posts (id) that check a report, with the persons of each; 0 and nobody without any."""
    found = report.checked_by(staff)
    for (post_id,), own in grouped(found, lambda one: (one.post_id,)):
        yield post_id, tuple(one.person_id for one in own)
    if not found:
        yield report.lead_post_id or 0, ()


def _day(at: datetime | None, report: Report) -> date:
    return tokyo.day(at) if at else report.due_on


def _to_open(period: Period, members: Members) -> Duty:
    """Nobody has opened the round although its half-year is over."""
    return Duty(
        Kind.ROUND_UNOPENED,
        members.office,
        key=f"round_unopened:{period}:{members.hub}",
        due_on=round_due(period),
        url="/reports/new",
        name=_(
            "%(half_label)s（%(span_label)s）の進捗報告",
            half_label=period.half_label,
            span_label=period.span_label,
        ),
        text=_("%(period)sの進捗報告を、まだ各市町村にお願いしていません。", period=period.label),
        known_since=tokyo.at(round_asked_from(period), time.min),
    )
