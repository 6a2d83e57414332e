"""Pages of the council: its members and their terms, the quorum, and their seats at a meeting."""

from functools import partial

from flask import Blueprint, abort, url_for
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from tracker.council import actions, forms, queries, rules
from tracker.council.models import CouncilMemberRow, CouncilOpinion
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.meetings import queries as meetings
from tracker.meetings.blueprint import get_meeting
from tracker.meetings.meeting import Meeting
from tracker.plumbing import beside, clock
from tracker.plumbing.access import guard, may
from tracker.plumbing.beside import Beside, BesideLine
from tracker.plumbing.db import db, seen_of
from tracker.plumbing.forms import SeenButtonForm, in_year
from tracker.plumbing.pages import closed_page, complain, done, page, refusal_of
from tracker.plumbing.sections import stand

_OFFICE = Permission.MANAGE_MEETING
bp = Blueprint("council", __name__)


@bp.get("/meetings/council")
@guard(Permission.READ_AREA)
def index() -> Response:
    """ビジョン懇談会の委員: who is one, until when; addresses are the office's."""
    found, today = queries.members(), clock.today()
    now = [one for one in found if one.in_term(today)]
    rule = queries.quorum_rule()
    return page(
        "council/index.html",
        groups=[
            (_("任期中の委員"), now),
            (_("これから任期が始まる委員"), [one for one in found if one.begins_on > today]),
            (_("任期の終わった委員"), [one for one in found if one.ends_on < today]),
        ],
        now=now,
        rule=rule,
        needed=rules.quorum(len(now), rule),
        may_manage=may(_OFFICE),
    )


@bp.route("/meetings/council/new", methods=["GET", "POST"])
@guard(_OFFICE)
def add() -> Response:
    """委員を登録する."""
    _stand()
    form = in_year(forms.AppointmentForm, FiscalYear.containing(clock.today()))()
    if form.carry_out(lambda act: actions.add_member(act, form.appointment)):
        return done(url_for(".index"), _("「%(name)s」を登録しました。", name=form.name.data))
    return page("council/member.html", form=form, member=None)


@bp.route("/meetings/council/<int:member_id>", methods=["GET", "POST"])
@guard(_OFFICE)
def change(member_id: int) -> Response:
    """委員の登録を直す: the post, its address and its term; 解嘱 ends the term."""
    _stand()
    member = next((one for one in queries.members() if one.id == member_id), None) or abort(404)
    form = in_year(forms.AppointmentChangeForm, FiscalYear.containing(clock.today()))(
        data=member._asdict()
    )
    row = db.session.get_one(CouncilMemberRow, member_id)
    if form.carry_out(
        lambda act: actions.change_member(act, row, form.appointment, form.seen.data)
    ):
        return done(url_for(".index"), _("「%(name)s」を直しました。", name=form.name.data))
    return page("council/member.html", form=form, member=member)


@bp.route("/meetings/council/quorum", methods=["GET", "POST"])
@guard(_OFFICE)
def set_quorum() -> Response:
    """定足数を定める."""
    _stand()
    stored = {"quorum": queries.quorum_rule(), "seen": seen_of(queries.council())}
    form = forms.QuorumForm(data=stored)
    if form.carry_out(
        lambda act: actions.set_quorum(act, rules.QuorumRule(form.quorum.data), form.seen.data)
    ):
        return done(url_for(".index"), _("定足数を保存しました。"))
    return page("council/quorum.html", form=form)


@bp.get("/meetings/<int:meeting_id>/council")
@guard(Permission.READ_AREA)
def seats(meeting_id: int) -> Response:
    """懇談会の委員: who sits at a meeting, and whether enough come."""
    meeting, found = get_meeting(meeting_id), queries.members()
    return page(
        "council/seats.html",
        form=SeenButtonForm(seen=meeting.seen),
        meeting=meeting,
        seats=[one for one in meeting.seats if one.town is None],
        presence=_presence(meeting),
        seating=rules.seating(found, meeting.seats, meeting.hours.on) if meeting.hours else None,
        closed=refusal_of(lambda: rules.check_seating(meeting, found)),
        shows_replies=meeting.attendance_at is not None or may(_OFFICE),
        may_manage=may(_OFFICE),
        opinions=queries.opinions(meeting_id),
        before=queries.opinions_before(meeting),
    )


@bp.route("/meetings/<int:meeting_id>/council/opinions/new", methods=["GET", "POST"])
@guard(_OFFICE)
def record_opinion(meeting_id: int) -> Response:
    """意見を記録する."""
    meeting, back = get_meeting(meeting_id), url_for(".seats", meeting_id=meeting_id)
    title = _("意見を記録する")
    check = partial(rules.check_opinion, meeting, None)
    if closed := closed_page(check, title=title, named=meeting.name, back=back):
        return closed
    form = forms.OpinionForm(data={"seat": "0"})
    form.offer(meeting.seats)
    if form.carry_out(lambda act: actions.record_opinion(act, meetings.row(meeting), form.words)):
        return done(back, _("意見を記録しました。"))
    return page("council/opinion.html", form=form, title=title, meeting=meeting)


@bp.route("/meetings/council/opinions/<int:opinion_id>", methods=["GET", "POST"])
@guard(_OFFICE)
def follow_opinion(opinion_id: int) -> Response:
    """意見と対応を記録する: what became of it, which may come later."""
    one = queries.find_opinion(opinion_id) or abort(404)
    meeting = get_meeting(one.meeting_id)
    form = in_year(forms.OpinionFollowForm, FiscalYear.containing(clock.today()))(
        data={**one._asdict(), "seat": str(one.seat_id or 0)}
    )
    form.offer(meeting.seats)
    row = db.session.get_one(CouncilOpinion, opinion_id)
    if form.carry_out(lambda act: actions.follow_opinion(act, row, form.words, form.seen.data)):
        return done(url_for(".seats", meeting_id=meeting.id), _("意見と対応を記録しました。"))
    title = _("意見と対応を記録する")
    return page("council/opinion.html", form=form, title=title, meeting=meeting)


@bp.post("/meetings/<int:meeting_id>/council/seats")
@guard(_OFFICE)
def add_seats(meeting_id: int) -> Response:
    """委員を席に加える: whoever is in term on the meeting's day and has no seat."""
    meeting, back = get_meeting(meeting_id), url_for(".seats", meeting_id=meeting_id)
    form = SeenButtonForm(seen=meeting.seen)
    if form.carry_out(lambda act: actions.seat_members(act, meetings.row(meeting), form.seen.data)):
        said = _("委員%(count)s名を席に加えました。開催案内で御案内します。", count=form.result)
        return done(back, said)
    return complain(form, back)


def _stand() -> None:
    stand((_("ビジョン懇談会の委員"), url_for("council.index")))


def _presence(meeting: Meeting) -> rules.Presence | None:
    """Before attendance is recorded, what others answered is the office's business."""
    is_shown = meeting.attendance_at is not None or may(_OFFICE)
    return rules.presence(meeting, queries.quorum_rule()) if is_shown else None


def _of_meeting(meeting: Meeting) -> Beside | None:
    """On a meeting with outside members, and for the office on one that may get some."""
    url = url_for("council.seats", meeting_id=meeting.id)
    more = _("懇談会の委員を見る"), url
    found = _presence(meeting)
    if found is not None:
        return Beside(
            _("懇談会の委員"), [BesideLine(str(found), url), *_said(meeting.id, url)], more
        )
    if any(one.town is None for one in meeting.seats):
        return Beside(
            _("懇談会の委員"),
            [BesideLine(_("委員の席があります。"), url), *_said(meeting.id, url)],
            more,
        )
    is_open = may(_OFFICE) and not refusal_of(
        lambda: rules.check_seating(meeting, queries.members())
    )
    line = BesideLine(_("懇談会の会議でしたら、委員を席に加えられます。"), url)
    return Beside(_("懇談会の委員"), [line]) if is_open else None


def _said(meeting_id: int, url: str) -> list[BesideLine]:
    found = queries.opinions(meeting_id)
    left = sum(one.response is None for one in found)
    said = _(
        "出された意見%(count)s件、うち対応の記録がまだのもの%(left)s件", count=len(found), left=left
    )
    return [BesideLine(said, url)] if found else []


def _of_minutes(meeting: Meeting) -> Beside | None:
    """On the page of the minutes: each opinion with what became of it."""
    url = url_for("council.seats", meeting_id=meeting.id)
    lines = [
        BesideLine(
            f"{one.whose or _('全体')}　{one.text}", url, one.response or _("対応はまだです")
        )
        for one in queries.opinions(meeting.id)
    ]
    return Beside(_("出された意見と、その後"), lines) if lines else None


def _put_in(state: BlueprintSetupState) -> None:
    beside.register(state.app, "meeting_seats", _of_meeting)
    beside.register(state.app, "minutes_opinions", _of_minutes)


bp.record(_put_in)
