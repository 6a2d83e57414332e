"""The notice, and who comes: the office's list, an answer at the desk and behind a personal link."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from tracker.convening import actions, forms, papers, queries, rules
from tracker.convening import letters as invitations
from tracker.convening.blueprint import bp
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.kernel.typed import even
from tracker.meetings import actions as meeting_actions
from tracker.meetings import letters
from tracker.meetings import queries as meetings
from tracker.meetings.blueprint import FORGED, check_still_on, get_meeting
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.rules import check_active, check_notice
from tracker.municipalities import queries as areas
from tracker.papers.kinds import PaperLinks, links, paper_file, register
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may, require
from tracker.plumbing.changes import Act
from tracker.plumbing.pages import closed_page, done, page, refusal_of

bp.record(lambda state: register(state.app, papers.PAPERS))
bp.record(lambda state: state.app.jinja_env.globals.update(notice_papers=_notice_papers))


def _notice_papers(meeting: Meeting) -> Sequence[PaperLinks]:
    """For the page of a meeting; before the notice went out it is the office's business."""
    is_open = bool(meeting.noticed_at) or may(Permission.MANAGE_MEETING)
    if not is_open or meeting.hours is None or meeting.cancelled_at is not None:
        return ()
    return links(papers.PAPERS, "convening.paper", meeting_id=meeting.id)


@bp.route("/meetings/<int:meeting_id>/notice", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def notice(meeting_id: int) -> Response:
    """開催案内: its words, who gets it, how it will read; the first button sends it."""
    meeting = get_meeting(meeting_id)
    if closed := _notice_closed(meeting):
        return closed
    words = invitations.notice_words(meeting)
    stored = {"number": meeting.notice_number, "place": meeting.place, "text": words}
    form = forms.NoticeForm(data={**stored, "seen": meeting.seen})
    if "preview" not in request.form and form.carry_out(
        lambda act: meeting_actions.send_notice(
            act,
            meetings.row(meeting),
            form.number.data or "",
            form.text.data,
            form.seen.data,
            place=form.place.data,
        )
    ):
        return done(meeting.path, _("開催案内を%(count)s件送ります。", count=form.result))
    number, words = form.number.data or "", form.text.data or ""
    at_place = replace(meeting, place=form.place.data or "")
    typed = replace(at_place, noticed_at=clock.now())
    values = letters.notice(typed, number, words)
    return page(
        "convening/notice.html",
        form=form,
        meeting=meeting,
        due_on=typed.reply_due_by,
        other_days=rules.other_days(words, typed.reply_due_by),
        **_other_places(meeting, typed.place, words),
        **_receivers(invitations.previews(typed, values), at_place, number, words),
    )


def _receivers(
    previews: Sequence[invitations.Preview], meeting: Meeting, number: str, words: str
) -> dict[str, Any]:
    """The letters as they will read, and to how many the notice as it is typed still has to go."""
    _cause, told = letters.notice_cause(meeting, number, words)
    everybody = [to.key for one in previews for to in one.to]
    left = sum(key not in told for key in everybody)
    return {"previews": previews, "count": len(everybody), "left": left}


def _other_places(meeting: Meeting, place: str, words: str) -> dict[str, Any]:
    """What letters said of another place than the one typed, and what the words still say of any."""
    was_told = bool(meeting.polled_at or meeting.noticed_at)
    was_told = was_told and even(meeting.place) != even(place)
    told = [one.place for one in queries.told_places(meeting)]
    if was_told:
        told.append(meeting.place)
    return {
        "told_place": meeting.place if was_told else None,
        "other_places": rules.other_places(words, told, place),
    }


def _notice_closed(meeting: Meeting) -> Response | None:
    """Why no notice goes out, in place of its form; None while it can."""

    def check() -> None:
        check_active(meeting.cancelled_at is not None)
        check_notice(meeting.fixed_on, clock.today())

    title = _("開催案内の確認")
    closed = closed_page(check, title=title, named=meeting.name, back=meeting.path)
    return redirect(meeting.path) if closed is None and meeting.hours is None else closed


@bp.get("/meetings/<int:meeting_id>/papers/<kind>.<form>")
@guard(Permission.READ_AREA)
def paper(meeting_id: int, kind: str, form: str) -> Response:
    """A paper of the meeting; the notice is the office's until it went out."""
    meeting = get_meeting(meeting_id)
    if not meeting.noticed_at:
        require(Permission.MANAGE_MEETING)
    return paper_file(papers.PAPERS, kind, papers.subject(meeting), form, meeting.year.label)


@bp.get("/meetings/<int:meeting_id>/replies")
@guard(Permission.READ_AREA)
def index(meeting_id: int) -> Response:
    """出欠の回答: who comes to each seat, and who has not said; others see their own seat only."""
    meeting = _get(meeting_id)
    invited = queries.invitations(meeting_id) if may(Permission.MANAGE_MEETING) else {}
    return page(
        "convening/index.html",
        meeting=meeting,
        seats=[one for one in meeting.seats if may(Permission.READ_POLL, one.slug)],
        coming=rules.coming_of,
        doubts={id_: one.doubt for id_, one in invited.items() if one.doubt},
        is_open=_closed(meeting) is None,
        may_manage=may(Permission.MANAGE_MEETING),
        own=actor().municipality,
    )


@bp.route("/meetings/<int:meeting_id>/replies/<municipality>", methods=["GET", "POST"])
@guard(Permission.ANSWER_POLL, own="municipality")
def answer(meeting_id: int, municipality: str) -> Response:
    """The same form for those who sign in; the office's entry for another is 代理入力.

    An outside member's seat stands by its key in the place of a municipality.
    """
    meeting = _get(meeting_id)
    seat = next((one for one in meeting.seats if one.key == municipality), None) or abort(404)
    is_proxy = actor().municipality != seat.slug
    form = forms.coming_form(seat, meeting.hours, is_proxy=is_proxy)
    if _answered(form, meeting, seat):
        return done(
            url_for(".index", meeting_id=meeting_id),
            _("%(seat)sの出欠を記録しました。", seat=seat.title),
        )
    form.close(closed := _closed(meeting))
    return page(
        "convening/answer.html",
        form=form,
        meeting=meeting,
        seat=seat,
        is_proxy=is_proxy,
        closed=closed,
    )


@bp.route("/r/<token>", methods=["GET", "POST"])
@guard(Permission.PUBLIC, link="token")
def answer_by_link(token: str) -> Response:
    """出欠の回答: one post's own seat, without signing in."""
    meeting, seat = _by_link(token)
    form = forms.coming_form(seat, meeting.hours)
    # Whoever is signed in besides: who holds the link answers as the post that was invited.
    if _answered(form, meeting, seat, lambda act: Act(None, act.at)):
        return done(url_for(".answered", token=token))
    closed, said = _closed(meeting, by_link=True), rules.coming_of(seat)
    form.close(closed)
    return page(
        "convening/reply.html", form=form, meeting=meeting, seat=seat, closed=closed, said=said
    )


@bp.get("/r/<token>/done")
@guard(Permission.PUBLIC, link="token")
def answered(token: str) -> Response:
    """回答を受け付けました: the own answer once more, to be corrected until its day."""
    meeting, seat = _by_link(token)
    said = rules.coming_of(seat)
    if said is None:
        return redirect(url_for(".answer_by_link", token=token))
    closed = _closed(meeting, by_link=True)
    return page(
        "convening/reply_done.html",
        meeting=meeting,
        seat=seat,
        token=token,
        closed=closed,
        said=said,
    )


def _get(meeting_id: int) -> Meeting:
    meeting = get_meeting(meeting_id)
    return meeting if meeting.hours else abort(404)


def _by_link(token: str) -> tuple[Meeting, Seat]:
    found = queries.find_by_link(token, clock.now()) or abort(404, _(FORGED))
    meeting, seat, is_good = found
    if not is_good:
        abort(410)
    check_still_on(meeting)
    return meeting, seat


def _answered(
    form: Any, meeting: Meeting, seat: Seat, acting: Callable[[Act], Act] = lambda act: act
) -> bool:
    return bool(
        form.carry_out(
            lambda act: actions.answer(
                acting(act),
                meetings.row(meeting),
                seat.id,
                form.coming,
                form.told_by.data if "told_by" in form else "",
                seen=form.seen.data,
                hours_seen=form.hours.data,
            )
        )
    )


def _closed(meeting: Meeting, *, by_link: bool = False) -> str | None:
    """Why it is said no more who comes, or None while it is."""
    today: date = clock.today()
    by_office = may(Permission.MANAGE_MEETING) and not by_link
    return refusal_of(
        lambda: rules.check_open(meeting, today, areas.contact(), by_office=by_office)
    )
