"""Pages of the council: its members and their terms, the quorum, and their seats at a meeting."""

from flask import Blueprint, abort, url_for
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from tracker.council import actions, forms, queries, rules
from tracker.council.models import CouncilMemberRow
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
from tracker.plumbing.pages import complain, done, page, refusal_of
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
    )


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
        return Beside(_("懇談会の委員"), [BesideLine(str(found), url)], more)
    if any(one.town is None for one in meeting.seats):
        return Beside(_("懇談会の委員"), [BesideLine(_("委員の席があります。"), url)], more)
    is_open = may(_OFFICE) and not refusal_of(
        lambda: rules.check_seating(meeting, queries.members())
    )
    line = BesideLine(_("懇談会の会議でしたら、委員を席に加えられます。"), url)
    return Beside(_("懇談会の委員"), [line]) if is_open else None


def _put_in(state: BlueprintSetupState) -> None:
    beside.register(state.app, "meeting_seats", _of_meeting)


bp.record(_put_in)
