"""Pages of the meetings themselves; those of the date poll stand in poll/."""

from collections.abc import Callable
from functools import partial

from flask import abort, redirect, url_for
from werkzeug.wrappers import Response

from tracker.kernel.fiscal_year import LAST, FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.meetings import actions, forms, queries
from tracker.meetings.agenda import views as agenda_views
from tracker.meetings.blueprint import bp, get_meeting
from tracker.meetings.meeting import Meeting
from tracker.meetings.minutes import views as minutes_views
from tracker.meetings.poll import views as poll_views
from tracker.meetings.poll.rules import NO_COMMON_DAY, nearest
from tracker.meetings.rules import (
    FIRST_YEAR,
    check_active,
    check_day_has_come,
    check_fixable,
    check_not_held,
)
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may
from tracker.plumbing.pages import closed_page, done, page


@bp.route("/meetings/other/new", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def prepare_other() -> Response:
    """ほかの会議を準備する: one beside Article 5's, whose day is agreed already."""
    year = FiscalYear.containing(clock.today())
    form = forms.other_form(year, areas.get_area().meeting_place)
    if form.carry_out(
        lambda act: actions.prepare_other(act, form.name.data, form.hours, form.place.data)
    ):
        said = _("会議を登録しました。続けて、開催案内を確かめてください。")
        return done(url_for("convening.notice", meeting_id=form.result.id), said)
    return page("meetings/other.html", form=form)


@bp.get("/meetings/<int:number>")
@guard(Permission.READ_AREA)
def show(number: int) -> Response:
    """The meeting's page; a fiscal year leads to its Article 5 meeting."""
    if number >= FIRST_YEAR:
        found = queries.find_meeting(FiscalYear(number)) if number <= LAST else abort(404)
        return redirect(found.path if found else url_for("annual_duty.index"))
    meeting = get_meeting(number)
    asks_why = meeting.is_polling and meeting.has_no_common_day and may(Permission.MANAGE_MEETING)
    return page(
        "meetings/show.html",
        meeting=meeting,
        agenda=[
            one
            for one in agenda_views.shown_entries(meeting)
            if one.is_accepted and not one.is_struck
        ],
        # Nobody but the office sees another head's answers (product.md 5).
        columns=[one for one in meeting.seats if may(Permission.ANSWER_POLL, one.slug)],
        may_manage=may(Permission.MANAGE_MEETING) and meeting.cancelled_at is None,
        no_common_day=_(NO_COMMON_DAY) if meeting.has_no_common_day else None,
        best_form=_best_form(meeting),
        nearest=nearest(meeting) if asks_why else [],
        phones=queries.phones(meeting) if asks_why else {},
        own=actor().municipality,
    )


def _best_form(meeting: Meeting) -> forms.FixForm | None:
    """For the day that nothing speaks against: it is fixed from the answers themselves."""
    best = meeting.best
    if best is None or not meeting.is_polling or not may(Permission.MANAGE_MEETING):
        return None
    is_ahead = meeting.dates[best].on > clock.today()
    return forms.fix_form(meeting, best) if is_ahead and not meeting.silent_about(best) else None


@bp.route("/meetings/<int:meeting_id>/dates/<int:candidate_id>/fix", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def fix(meeting_id: int, candidate_id: int) -> Response:
    """この日に決める: asks once more, and for the reason where somebody refused."""
    meeting = get_meeting(meeting_id)
    chosen = meeting.dates.get(candidate_id) or abort(404)
    today, is_held = clock.today(), meeting.attendance_at is not None
    check = partial(check_fixable, chosen, today, fixed=meeting.hours, attendance_recorded=is_held)
    if closed := _closed(meeting, _("日程を決める"), check):
        return closed
    form = forms.fix_form(meeting, candidate_id)
    if form.carry_out(
        lambda act: actions.fix(
            act,
            queries.row(meeting),
            candidate_id,
            form.reason.data or "",
            seen=form.seen.data,
            answers_seen=form.answers_seen(meeting.seats),
            heads_seen=form["heads-seen"].data,
            despite_silent=form.goes_on,
            despite_required=form.goes_without,
        )
    ):
        said = _("日程を決めました。続けて、開催案内を確かめてください。")
        return done(url_for("convening.notice", meeting_id=meeting_id), said)
    return page("meetings/fix.html", form=form, meeting=meeting, chosen_id=candidate_id)


@bp.route("/meetings/<int:meeting_id>/attendance", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def attendance(meeting_id: int) -> Response:
    """出席の記録: the head, a deputy by its post, or nobody, per seat."""
    meeting = get_meeting(meeting_id)
    check = partial(check_day_has_come, meeting.fixed_on, clock.today())
    if closed := _closed(meeting, _("出席の記録"), check):
        return closed
    form = forms.attendance_form(meeting)
    if form.carry_out(
        lambda act: actions.record_attendance(
            act,
            queries.row(meeting),
            form.entries(meeting.seats),
            seen=form.seen.data,
            reason=form.reason.data or "",
        )
    ):
        return done(meeting.path, _("出席を記録しました。"))
    return page("meetings/attendance.html", form=form, meeting=meeting)


@bp.route("/meetings/<int:meeting_id>/cancel", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def cancel(meeting_id: int) -> Response:
    """会議を取りやめる, so that another can be prepared."""
    meeting = get_meeting(meeting_id)
    check = partial(check_not_held, meeting.attendance_at is not None)
    if closed := _closed(meeting, _("会議を取りやめる"), check):
        return closed
    form = forms.CancelForm(data={"seen": meeting.seen})
    if form.carry_out(
        lambda act: actions.cancel(act, queries.row(meeting), form.reason.data, seen=form.seen.data)
    ):
        return done(url_for("annual_duty.index"), _("会議を取りやめました。"))
    return page("meetings/cancel.html", form=form, meeting=meeting)


def _closed(meeting: Meeting, title: str, check: Callable[[], object]) -> Response | None:
    """Why a form would refuse whatever is typed, in place of it; None while it is open."""

    def checked() -> None:
        check_active(meeting.cancelled_at is not None)
        check()

    return closed_page(checked, title=title, named=meeting.name, back=meeting.path)


__all__ = ["agenda_views", "bp", "minutes_views", "poll_views"]
