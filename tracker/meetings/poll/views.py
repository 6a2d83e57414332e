"""Pages of the date poll: preparing it, answering it, with and without signing in."""

from collections.abc import Sequence
from datetime import date

from flask import abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.mail import letters
from tracker.meetings import checks, forms, queries
from tracker.meetings import letters as mailing
from tracker.meetings.blueprint import bp
from tracker.meetings.models import Meeting
from tracker.meetings.poll import actions as poll_actions
from tracker.meetings.poll import queries as poll
from tracker.meetings.poll.queries import Reply, Sheet
from tracker.meetings.rules import (
    Candidate,
    check_answer,
    default_reply_due,
    propose_days,
)
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may
from tracker.plumbing.db import db
from tracker.plumbing.forms import Form
from tracker.plumbing.pages import page, section

FORGED = (
    "このリンクは使えません。メールに書かれたアドレスが途中で切れていないか、お確かめください。"
)


@bp.route("/meetings/new", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def new() -> Response:
    """候補日と回答期限, then 宛先と文面: nothing is saved before the letters are sent."""
    section("meetings")
    today = clock.today()
    year = _year_to_prepare(today)
    existing = queries.find_meeting(year)
    if existing is not None:
        return redirect(existing.path)
    form = _dates_form(year, today)
    if "back" in request.form or not form.validate_on_submit():
        return page("meetings/new.html", form=form, year=year)
    candidates, place, due = sorted(form.candidates), form.place.data, form.reply_due_on.data
    if "send" in request.form and form.attempt(
        lambda: poll_actions.open_poll(year, candidates, place, due, by=actor(), at=clock.now())
    ):
        flash("日程の調整を始めました。回答が届くと、この画面に並びます。", "ok")
        return redirect(form.result.path)
    if not form.errors and form.attempt(
        lambda: poll_actions.check_new(year, candidates, due, today)
    ):
        return _letters_page(form, year, candidates, today)
    return page("meetings/new.html", form=form, year=year)


def _year_to_prepare(today: date) -> FiscalYear:
    this_year = FiscalYear.containing(today)
    asked = request.args.get("fy", this_year.year, type=int)
    return next((one for one in (this_year, this_year.next) if one.year == asked), None) or abort(
        404
    )


def _dates_form(year: FiscalYear, today: date) -> forms.DatesForm:
    days = queries.unavailable(year)
    return forms.dates_form(
        year,
        today,
        days.closed,
        proposed=propose_days(today, year, days.either, checks.ROWS_PROPOSED),
        with_place=True,
        place=areas.get_area().meeting_place,
        reply_due_on=default_reply_due(today),
    )


def _letters_page(
    form: forms.DatesForm, year: FiscalYear, candidates: Sequence[Candidate], today: date
) -> Response:
    """宛先と文面の確認: who is asked, and what they will read."""
    posts = poll.secretaries()
    asked = [(town, posts.get(town.id)) for town in areas.towns()]
    planned = Meeting(
        fiscal_year=year.year, place=form.place.data, reply_due_on=form.reply_due_on.data
    )
    preview = next(
        (
            letters.compose(
                "poll_request",
                post.recipient,
                mailing.request(planned, town, candidates, today),
                link="/p/…",
            )
            for town, post in asked
            if post
        ),
        None,
    )
    return page(
        "meetings/letters.html",
        form=form,
        year=year,
        asked=asked,
        preview=preview,
        warnings=form.result,
    )


@bp.route("/meetings/<int:meeting_id>/dates/new", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def add_dates(meeting_id: int) -> Response:
    """候補日を加える, or a later deadline."""
    section("meetings")
    meeting, today = get_meeting(meeting_id), clock.today()
    due = meeting.reply_due_on
    form = forms.dates_form(
        meeting.year,
        today,
        queries.unavailable(meeting.year).closed,
        reply_due_on=due if due and due > today else default_reply_due(today),
    )
    if form.validate_on_submit() and form.attempt(
        lambda: poll_actions.add_dates(
            meeting, form.candidates, form.reply_due_on.data, by=actor(), at=clock.now()
        )
    ):
        flash("保存しました。候補日を加えたときは、秘書あてにお知らせを送ります。", "ok")
        return redirect(meeting.path)
    return page("meetings/add_dates.html", form=form, meeting=meeting)


@bp.post("/meetings/<int:meeting_id>/ask-again")
@guard(Permission.MANAGE_MEETING)
def ask_again(meeting_id: int) -> Response:
    """もう一度お願いする: only to those who have not answered."""
    meeting = get_meeting(meeting_id)
    form = forms.ButtonForm()
    if form.validate_on_submit() and form.attempt(
        lambda: poll_actions.ask_again(meeting, by=actor(), at=clock.now())
    ):
        flash(f"{'・'.join(form.result)}へもう一度お願いを送ります。", "ok")
    return go_back(form, meeting)


@bp.route("/meetings/<int:meeting_id>/answers/<municipality>", methods=["GET", "POST"])
@guard(Permission.ANSWER_POLL, own="municipality")
def answer(meeting_id: int, municipality: str) -> Response:
    """The same form for those who sign in; the office's entry for another is 代理入力."""
    section("meetings")
    sheet = get_sheet(meeting_id)
    meeting, reply = sheet.meeting, sheet.reply_of(municipality) or abort(404)
    is_proxy = actor().municipality != municipality
    form = _answers_form(sheet, reply, is_proxy)
    if form.validate_on_submit() and form.attempt(
        lambda: poll_actions.answer(
            meeting,
            municipality,
            form.answers(),
            form.comment.data or "",
            by=actor(),
            at=clock.now(),
            told_by=form.told_by.data if is_proxy else "",
        )
    ):
        flash(f"{reply.town.head_title}のご予定を記録しました。", "ok")
        return redirect(meeting.path)
    return page(
        "meetings/answer.html",
        form=form,
        sheet=sheet,
        reply=reply,
        is_proxy=is_proxy,
        closed=_closed(sheet, by_telephone=may(Permission.MANAGE_MEETING)),
        link_form=forms.ButtonForm() if may(Permission.MANAGE_MEETING) else None,
    )


@bp.post("/meetings/<int:meeting_id>/answers/<municipality>/link")
@guard(Permission.MANAGE_MEETING)
def renew_link(meeting_id: int, municipality: str) -> Response:
    """Sends the secretary a new link; the old one stops opening."""
    meeting = get_meeting(meeting_id)
    form = forms.ButtonForm()
    if form.validate_on_submit() and form.attempt(
        lambda: poll_actions.renew_link(meeting, municipality, by=actor(), at=clock.now())
    ):
        flash("新しいリンクを送ります。前のリンクは使えなくなりました。", "ok")
    return go_back(form, meeting)


@bp.route("/p/<token>", methods=["GET", "POST"])
@guard(Permission.PUBLIC)
def answer_by_link(token: str) -> Response:
    """日程の回答: one secretary's own dates, without signing in."""
    sheet = _slip(token)
    reply = sheet.replies[0]
    form = _answers_form(sheet, reply)
    if form.validate_on_submit() and form.attempt(
        lambda: poll_actions.answer(
            sheet.meeting,
            reply.town.slug,
            form.answers(),
            form.comment.data or "",
            by=None,
            at=clock.now(),
        )
    ):
        return redirect(url_for(".answered", token=token))
    return page("meetings/poll.html", form=form, sheet=sheet, reply=reply, closed=_closed(sheet))


@bp.get("/p/<token>/done")
@guard(Permission.PUBLIC)
def answered(token: str) -> Response:
    """回答を受け付けました: the own answers once more, to be mended until the deadline."""
    sheet = _slip(token)
    reply = sheet.replies[0]
    if not reply.invitation.answered_at:
        return redirect(url_for(".answer_by_link", token=token))
    return page(
        "meetings/poll_done.html", sheet=sheet, reply=reply, token=token, closed=_closed(sheet)
    )


def _slip(token: str) -> Sheet:
    found = poll.find_slip(token, clock.today()) or abort(404, FORGED)
    sheet, is_open = found
    return sheet if is_open else abort(410)


def _answers_form(sheet: Sheet, reply: Reply, is_proxy: bool = False) -> forms.AnswersForm:
    invitation = reply.invitation
    stored = {f"date_{id_}": one for id_, one in reply.answers.items()}
    said = {"comment": invitation.comment, "told_by": invitation.told_by}
    return forms.answers_form(sheet.candidates, is_proxy=is_proxy, data={**stored, **said})


def _closed(sheet: Sheet, by_telephone: bool = False) -> str | None:
    """Why no more answers are taken, or None while they are."""
    meeting = sheet.meeting
    try:
        checks.check_active(meeting.cancelled_at is not None)
        checks.check_polling(meeting.held_on)
        if meeting.reply_due_on and not by_telephone:
            check_answer(clock.today(), meeting.reply_due_on, False, poll.contact())
    except Refusal as refusal:
        return refusal.message
    return None


def get_sheet(meeting_id: int) -> Sheet:
    """The meeting with its poll, or the 404 page."""
    return poll.find_sheet(meeting_id) or abort(404)


def get_meeting(meeting_id: int) -> Meeting:
    """The meeting alone, or the 404 page."""
    return db.session.get(Meeting, meeting_id) or abort(404)


def go_back(form: Form, meeting: Meeting) -> Response:
    """Back to the meeting, with what the form complained of."""
    for complaints in form.errors.values():
        for complaint in complaints:
            flash(complaint, "ng")
    return redirect(meeting.path)
