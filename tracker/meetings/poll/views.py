"""Pages of the date poll: preparing it, answering it, with and without signing in."""

from collections.abc import Callable
from datetime import date
from functools import partial

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from tracker.duty.duty import PersonalLink
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.mail import letters as mail
from tracker.mail.links import hidden
from tracker.meetings import letters, queries
from tracker.meetings.blueprint import FORGED, bp, check_still_on, get_meeting
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.poll import actions, forms, rules
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may
from tracker.plumbing.changes import Act
from tracker.plumbing.forms import ButtonForm
from tracker.plumbing.pages import closed_page, complain, done, page, refusal_of


@bp.route("/meetings/new", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def new() -> Response:
    """候補日と回答期限, then 宛先と文面: nothing is saved before the letters are sent."""
    today = clock.today()
    year = _year_to_prepare(today)
    existing = queries.find_meeting(year)
    if existing is not None:
        return redirect(existing.path)
    form = _new_form(year, today)
    if "send" in request.form and form.carry_out(
        lambda act: actions.open_poll(
            act,
            year,
            sorted(form.candidates),
            form.place.data,
            form.reply_due_on.data,
            required=form.heads.data,
        )
    ):
        said = _("日程の調整を始めました。回答が届くと、この画面に並びます。")
        place = url_for(".show", number=form.result.id)
        return done(place, said + _waiting(place))
    if not {"back", "send"} & request.form.keys() and form.validate_on_submit():
        return _letters_page(form, year, today)
    return page("meetings/new.html", form=form, year=year, left_out=_left_out(year, today))


def _waiting(path: str) -> str:
    """Whose request is held back, because others gave the address."""
    names = mail.waiting(path)
    if not names:
        return ""
    return _(
        "%(names)sの宛先は、その市町村がまだ確認していないため、メールを止めています。"
        "確認されると送られます。お急ぎのときは、電話で聞いて代わりに入力できます。",
        names="、".join(names),
    )


def _year_to_prepare(today: date) -> FiscalYear:
    this_year = FiscalYear.containing(today)
    asked = request.args.get("fy", this_year.year, type=int)
    return next((one for one in (this_year, this_year.next) if one.year == asked), None) or abort(
        404
    )


def _new_form(year: FiscalYear, today: date) -> forms.DatesForm:
    times = areas.lead_times()
    return forms.dates_form(
        year,
        today,
        proposed=rules.propose_days(today, year, areas.busy(year), times),
        with_place=True,
        place=areas.get_area().meeting_place,
        reply_due_on=rules.default_reply_due(today, times),
    )


def _left_out(year: FiscalYear, today: date) -> list[rules.LeftOut]:
    """The days that are not proposed, to the end of the year, and why."""
    first = rules.first_proposed(today, year)
    return rules.left_out(first, year.ends, areas.busy(year), areas.lead_times())


def _letters_page(form: forms.DatesForm, year: FiscalYear, today: date) -> Response:
    """宛先と文面の確認: who is asked, and what they will read."""
    dates, due_on = sorted(form.candidates), form.reply_due_on.data
    try:
        warnings = actions.check_new(year, dates, due_on, today)
    except Refusal as refusal:
        form.refuse(refusal)
        return page("meetings/new.html", form=form, year=year, left_out=_left_out(year, today))
    posts = queries.secretaries()
    asked = [(town, posts.get(town.id)) for town in areas.towns()]
    previews = (
        mail.compose(
            "poll_request",
            post.recipient,
            letters.request(year, form.place.data, town.head_title, dates, due_on, today),
            link=PersonalLink(queries.POLL, 0),
        )
        for town, post in asked
        if post
    )
    return page(
        "meetings/letters.html",
        form=form,
        year=year,
        asked=asked,
        preview=next(((subject, hidden(body)) for subject, body in previews), None),
        warnings=warnings,
    )


@bp.route("/meetings/<int:meeting_id>/dates/new", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def add_dates(meeting_id: int) -> Response:
    """候補日を加える, or a later deadline."""
    meeting, today = get_meeting(meeting_id), clock.today()
    if closed := closed_page(
        lambda: actions.check_open(meeting),
        title=_("候補日を加える"),
        named=meeting.name,
        back=meeting.path,
    ):
        return closed
    due = meeting.reply_due_on
    form = forms.dates_form(
        meeting.year,
        today,
        seen=meeting.seen,
        reply_due_on=due
        if due and due > today
        else rules.default_reply_due(today, areas.lead_times()),
    )
    if form.carry_out(
        lambda act: actions.add_dates(
            act, queries.row(meeting), form.candidates, form.reply_due_on.data, seen=form.seen.data
        )
    ):
        said = _("保存しました。候補日を加えたときは、秘書あてにお知らせを送ります。")
        return done(meeting.path, said + "".join(form.result))
    return page(
        "meetings/add_dates.html",
        form=form,
        meeting=meeting,
        left_out=_left_out(meeting.year, today),
    )


@bp.route("/meetings/<int:meeting_id>/required", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def require_heads(meeting_id: int) -> Response:
    """必ず出席の方を選ぶ, until the day is fixed."""
    meeting, title = get_meeting(meeting_id), _("必ず出席の方を選ぶ")
    check = partial(actions.check_open, meeting)
    if closed := closed_page(check, title=title, named=meeting.name, back=meeting.path):
        return closed
    form = forms.heads_form(meeting)
    if form.carry_out(
        lambda act: actions.require_heads(
            act, queries.row(meeting), form.heads.data, form.seen.data
        )
    ):
        return done(meeting.path, _("必ず出席いただく方を保存しました。"))
    return page("meetings/required.html", form=form, title=title, meeting=meeting)


@bp.post("/meetings/<int:meeting_id>/ask-again")
@guard(Permission.MANAGE_MEETING)
def ask_again(meeting_id: int) -> Response:
    """もう一度お願いする: only to those who have not answered."""
    meeting, form = get_meeting(meeting_id), ButtonForm()
    if form.carry_out(lambda act: actions.ask_again(act, queries.row(meeting))):
        return done(
            meeting.path, _("%(names)sへもう一度お願いを送ります。", names="・".join(form.result))
        )
    return complain(form, meeting.path)


@bp.route("/meetings/<int:meeting_id>/answers/<municipality>", methods=["GET", "POST"])
@guard(Permission.ANSWER_POLL, own="municipality")
def answer(meeting_id: int, municipality: str) -> Response:
    """The same form for those who sign in; the office's entry for another is 代理入力."""
    meeting = get_meeting(meeting_id)
    seat = meeting.seat_of(municipality) or abort(404)
    if meeting.reply_due_on is None:
        # Its day was agreed elsewhere: nobody is asked for dates.
        abort(404)
    is_proxy = actor().municipality != municipality
    form = _answers_form(meeting, seat, is_proxy)
    if _answered(form, meeting, seat):
        return done(meeting.path, _("%(seat)sのご予定を記録しました。", seat=seat.title))
    form.close(closed := _closed(meeting, by_telephone=may(Permission.MANAGE_MEETING)))
    return page(
        "meetings/answer.html",
        form=form,
        meeting=meeting,
        seat=seat,
        is_proxy=is_proxy,
        closed=closed,
        may_renew=may(Permission.MANAGE_MEETING) and seat.post_id is not None,
    )


@bp.post("/meetings/<int:meeting_id>/answers/<municipality>/link")
@guard(Permission.MANAGE_MEETING)
def renew_link(meeting_id: int, municipality: str) -> Response:
    """Sends the secretary a new link; the old one stops opening."""
    meeting, form = get_meeting(meeting_id), ButtonForm()
    if form.carry_out(lambda act: actions.renew_link(act, queries.row(meeting), municipality)):
        return done(meeting.path, _("新しいリンクを送ります。前のリンクは使えなくなりました。"))
    return complain(form, meeting.path)


@bp.route("/p/<token>", methods=["GET", "POST"])
@guard(Permission.PUBLIC, link="token")
def answer_by_link(token: str) -> Response:
    """日程の回答: one secretary's own dates, without signing in."""
    meeting = _by_link(token)
    [seat] = meeting.seats
    form = _answers_form(meeting, seat)
    # Whoever is signed in besides: who holds the link answers as the secretary.
    if _answered(form, meeting, seat, lambda act: Act(None, act.at)):
        return done(url_for(".answered", token=token))
    form.close(closed := _closed(meeting))
    return page("meetings/poll.html", form=form, meeting=meeting, seat=seat, closed=closed)


@bp.get("/p/<token>/done")
@guard(Permission.PUBLIC, link="token")
def answered(token: str) -> Response:
    """回答を受け付けました: the own answers once more, to be corrected until the deadline."""
    meeting = _by_link(token)
    [seat] = meeting.seats
    if not seat.answered_at:
        return redirect(url_for(".answer_by_link", token=token))
    return page(
        "meetings/poll_done.html", meeting=meeting, seat=seat, token=token, closed=_closed(meeting)
    )


def _by_link(token: str) -> Meeting:
    meeting, is_good = queries.find_by_link(token, clock.now()) or abort(404, _(FORGED))
    if not is_good:
        abort(410)
    check_still_on(meeting)
    return meeting


def _answers_form(meeting: Meeting, seat: Seat, is_proxy: bool = False) -> forms.AnswersForm:
    stored = {f"date_{id_}": one for id_, one in seat.given.items()}
    said = {"seen": seat.seen, "comment": seat.comment, "told_by": seat.told_by}
    return forms.answers_form(meeting.dates, is_proxy=is_proxy, data={**stored, **said})


def _answered(
    form: forms.AnswersForm,
    meeting: Meeting,
    seat: Seat,
    acting: Callable[[Act], Act] = lambda act: act,
) -> bool:
    return form.carry_out(
        lambda act: actions.answer(
            acting(act),
            queries.row(meeting),
            seat.slug,
            form.answers(),
            form.comment.data or "",
            form.told_by.data if "told_by" in form else "",
            seen=form.seen.data,
        )
    )


def _closed(meeting: Meeting, by_telephone: bool = False) -> str | None:
    """Why no more answers are taken, or None while they are."""

    def check() -> None:
        actions.check_open(meeting)
        if meeting.reply_due_on and not by_telephone:
            rules.check_answer(clock.today(), meeting.reply_due_on, False, areas.contact())

    return refusal_of(check)
