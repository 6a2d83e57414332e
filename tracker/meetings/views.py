"""Pages of the yearly meeting; those of its date poll stand in `poll_views`."""

from datetime import timedelta

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tracker.kernel import office_days
from tracker.kernel.fiscal_year import LAST, FiscalYear
from tracker.kernel.permissions import Permission
from tracker.mail import letters
from tracker.meetings import actions, checks, forms, queries
from tracker.meetings import letters as mailing
from tracker.meetings.blueprint import bp
from tracker.meetings.poll.views import get_meeting, get_sheet, go_back
from tracker.meetings.rules import FULFILLED, NO_COMMON_DAY
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may, require
from tracker.plumbing.pages import page, section

# Numbers from here on are fiscal years, not meetings.
FIRST_YEAR = 2000
NOTICE_REPLY = timedelta(days=7)


@bp.get("/meetings")
@guard(Permission.READ_AREA)
def index() -> Response:
    """会議の一覧: this fiscal year first, prepared or not, then what there was before."""
    section("meetings")
    today = clock.today()
    this_year = FiscalYear.containing(today)
    meetings = queries.summaries()
    years = {one.fiscal_year for one in meetings}
    return page(
        "meetings/index.html",
        this_year=this_year,
        to_prepare=[
            year for year in (this_year, this_year.next) if queries.find_meeting(year) is None
        ],
        meetings=meetings,
        standings={year: [bond.standing for bond in queries.bonds(year, today)] for year in years},
        overall=checks.overall,
        fulfilled=FULFILLED,
        may_manage=may(Permission.MANAGE_MEETING),
    )


@bp.get("/meetings/<int:number>")
@guard(Permission.READ_AREA)
def show(number: int) -> Response:
    """The meeting's page; a fiscal year leads to the meeting of that year."""
    section("meetings")
    if number >= FIRST_YEAR:
        found = queries.find_meeting(FiscalYear(number)) if number <= LAST else abort(404)
        return redirect(found.path if found else url_for(".index"))
    sheet, today = get_sheet(number), clock.today()
    meeting = sheet.meeting
    bonds = [] if meeting.cancelled_at else queries.bonds(meeting.year, today)
    return page(
        "meetings/show.html",
        meeting=meeting,
        sheet=sheet,
        bonds=bonds,
        state=checks.overall(bond.standing for bond in bonds),
        # Nobody but the office sees another head's answers (product.md 5).
        columns=[one for one in sheet.replies if may(Permission.ANSWER_POLL, one.town.slug)],
        may_manage=may(Permission.MANAGE_MEETING) and not meeting.cancelled_at,
        no_common_day=NO_COMMON_DAY if sheet.has_no_common_day else None,
        own=actor().municipality,
        may_view=may(Permission.VIEW_MEETING_AS_HELD, actor().municipality),
    )


@bp.route("/meetings/<int:meeting_id>/dates/<int:candidate_id>/fix", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def fix(meeting_id: int, candidate_id: int) -> Response:
    """この日に決める: asks once more, and for the reason where somebody refused."""
    section("meetings")
    sheet = get_sheet(meeting_id)
    meeting, chosen = sheet.meeting, sheet.candidate(candidate_id) or abort(404)
    form = forms.FixForm()
    if form.validate_on_submit() and form.attempt(
        lambda: actions.fix(
            meeting, candidate_id, form.reason.data or "", by=actor(), at=clock.now()
        )
    ):
        flash("日程を決めました。続けて、開催案内を確かめてください。", "ok")
        return redirect(url_for(".notice", meeting_id=meeting_id))
    return page("meetings/fix.html", form=form, sheet=sheet, chosen=chosen)


@bp.route("/meetings/<int:meeting_id>/notice", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def notice(meeting_id: int) -> Response:
    """開催案内: its words, who gets it, how it will read; the first button sends it."""
    section("meetings")
    meeting = get_meeting(meeting_id)
    if meeting.hours is None or meeting.cancelled_at is not None:
        return redirect(meeting.path)
    words = meeting.notice_text or render_template(
        "meetings/_notice.txt",
        meeting=meeting,
        reply_by=office_days.on_or_before(meeting.hours.on - NOTICE_REPLY),
    )
    form = forms.NoticeForm(data={"number": meeting.notice_number, "text": words})
    if (
        form.validate_on_submit()
        and "preview" not in request.form
        and form.attempt(
            lambda: actions.send_notice(
                meeting, form.number.data or "", form.text.data, by=actor(), at=clock.now()
            )
        )
    ):
        flash(f"開催案内を{form.result}件送ります。", "ok")
        return redirect(meeting.path)
    to = actions.addressees()
    preview = (
        letters.compose(
            "meeting_notice",
            to[0],
            mailing.notice(meeting, form.number.data or "", form.text.data or ""),
            link=meeting.path,
        )
        if to
        else None
    )
    return page("meetings/notice.html", form=form, meeting=meeting, to=to, preview=preview)


@bp.route("/meetings/<int:meeting_id>/attendance", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def attendance(meeting_id: int) -> Response:
    """出席の記録: the head, a deputy with 職・氏名, or nobody, per municipality."""
    section("meetings")
    sheet, towns = get_sheet(meeting_id), areas.towns()
    meeting = sheet.meeting
    said = {f"attendance_{one.town.slug}": one.attendance for one in sheet.replies}
    deputies = {f"deputy_{one.town.slug}": one.deputy for one in sheet.replies}
    form = forms.attendance_form(towns, data={**said, **deputies})
    if form.validate_on_submit() and form.attempt(
        lambda: actions.record_attendance(meeting, form.entries(towns), by=actor(), at=clock.now())
    ):
        flash("出席を記録しました。", "ok")
        return redirect(meeting.path)
    return page("meetings/attendance.html", form=form, meeting=meeting, towns=towns)


@bp.post("/meetings/<int:meeting_id>/agreements/<int:agreement_id>/view")
@guard(Permission.VIEW_MEETING_AS_HELD)
def view_as_held(meeting_id: int, agreement_id: int) -> Response:
    """How the own municipality regards a meeting that a deputy attended."""
    meeting = get_meeting(meeting_id)
    bonds = queries.bonds(meeting.year, clock.today())
    bond = next((one for one in bonds if one.agreement_id == agreement_id), None) or abort(404)
    require(Permission.VIEW_MEETING_AS_HELD, *(party.slug for party in bond.parties))
    form = forms.ViewForm()
    if form.validate_on_submit() and form.attempt(
        lambda: actions.view_as_held(
            meeting, agreement_id, form.is_held.data == "yes", by=actor(), at=clock.now()
        )
    ):
        flash("記録しました。", "ok")
    return go_back(form, meeting)


@bp.route("/meetings/<int:meeting_id>/cancel", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def cancel(meeting_id: int) -> Response:
    """会議を取りやめる, so that another can be prepared."""
    section("meetings")
    meeting = get_meeting(meeting_id)
    form = forms.CancelForm()
    if form.validate_on_submit() and form.attempt(
        lambda: actions.cancel(meeting, form.reason.data, by=actor(), at=clock.now())
    ):
        flash("会議を取りやめました。", "ok")
        return redirect(url_for(".index"))
    return page("meetings/cancel.html", form=form, meeting=meeting)


__all__ = ["bp"]
