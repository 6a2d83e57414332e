"""Pages of the agenda: everybody reads it, members propose, the office puts it into order."""

from functools import partial

from flask import abort, url_for
from werkzeug.wrappers import Response

from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.meetings import queries as meetings
from tracker.meetings.agenda import actions, forms, queries, rules
from tracker.meetings.agenda.rules import AgendaEntry
from tracker.meetings.blueprint import bp, get_meeting
from tracker.meetings.meeting import Meeting
from tracker.meetings.models import AgendaItem
from tracker.municipalities import queries as areas
from tracker.plumbing import beside, clock
from tracker.plumbing.access import actor, guard, may
from tracker.plumbing.beside import Beside, BesideLine
from tracker.plumbing.db import db
from tracker.plumbing.forms import ButtonForm, Form, SeenButtonForm
from tracker.plumbing.pages import closed_page, complain, done, page, refusal_of
from tracker.plumbing.sections import stand
from tracker.struck.views import strike_page

# Where a press moves an item.
WAYS = {"up": -1, "down": 1}


@bp.get("/meetings/<int:meeting_id>/agenda")
@guard(Permission.READ_AREA)
def agenda(meeting_id: int) -> Response:
    """議題 as the reader may know it, in its order; for the office what the data offer besides."""
    meeting = get_meeting(meeting_id)
    shown = shown_entries(meeting)
    closed, is_office = _closed(meeting), may(Permission.MANAGE_MEETING)
    return page(
        "meetings/agenda.html",
        meeting=meeting,
        entries=[one for one in shown if one.is_accepted and not one.is_struck],
        proposed=[one for one in shown if not one.is_accepted and not one.is_struck],
        taken_out=_struck(meeting, shown),
        offered=_offered(meeting, shown) if is_office and not closed else [],
        most=rules.MOST,
        planned=rules.planned(shown),
        overrun=rules.overrun(shown, meeting.hours),
        names={town.slug: town.name for town in areas.towns()},
        press=lambda one: SeenButtonForm(formdata=None, data={"seen": one.seen}),
        button_form=ButtonForm(formdata=None),
        may_manage=is_office and not closed,
        may_propose=may(Permission.PROPOSE_ITEM) and not closed,
        closed=closed if is_office else None,
    )


def shown_entries(meeting: Meeting) -> list[AgendaEntry]:
    """The items that the person signed in may read, in their order."""
    reader = actor()
    return [one for one in queries.entries(meeting.id) if rules.is_shown(one, reader)]


def _on_agendas(question_id: int) -> Beside | None:
    """The meetings on whose agenda a question stands, for its own page."""
    lines = [
        BesideLine(
            f"{row.name}　{item.title}",
            f"{url_for('meetings.agenda', meeting_id=row.id)}#item-{item.id}",
        )
        for row, item in queries.about_question(question_id)
        if rules.may_read(item.only, actor())
    ]
    return Beside(_("この疑義の載る議題"), lines) if lines else None


bp.record(lambda state: beside.register(state.app, "question", _on_agendas))


def _offered(meeting: Meeting, shown: list[AgendaEntry]) -> list[rules.AgendaSource]:
    return rules.left(queries.offered(meeting, clock.today()), shown)


def _struck(meeting: Meeting, shown: list[AgendaEntry]) -> list[AgendaItem]:
    ids = {one.id for one in shown if one.is_struck}
    return [row for row in queries.rows(meeting.id) if row.id in ids] if ids else []


def _closed(meeting: Meeting) -> str | None:
    return refusal_of(lambda: actions.check_open(meeting))


def _find(meeting_id: int, item_id: int) -> tuple[Meeting, AgendaItem]:
    """The meeting and one of its items, for the office."""
    meeting, item = get_meeting(meeting_id), db.session.get(AgendaItem, item_id)
    if item is None or item.meeting_id != meeting.id:
        abort(404)
    stand((_("議題"), url_for(".agenda", meeting_id=meeting_id)))
    return meeting, item


@bp.route("/meetings/<int:meeting_id>/agenda/new", methods=["GET", "POST"])
@guard(Permission.PROPOSE_ITEM)
def propose_item(meeting_id: int) -> Response:
    """議題を加える, or 提案する for whoever does not keep the agenda."""
    meeting = get_meeting(meeting_id)
    is_office, back = may(Permission.MANAGE_MEETING), url_for(".agenda", meeting_id=meeting_id)
    form = forms.proposal_form(is_office=is_office)
    if form.carry_out(
        lambda act: actions.propose(
            act,
            meetings.row(meeting),
            form.title.data,
            form.note.data or "",
            form.minutes.data,
            form.only.data if is_office else (),
        )
    ):
        return done(back, _("議題を加えました。") if is_office else _("議題を提案しました。"))
    stand((_("議題"), back))
    return _item_page(form, meeting, is_office=is_office, is_new=True)


def _item_page(
    form: Form, meeting: Meeting, *, is_office: bool = True, is_new: bool = False
) -> Response:
    title = (
        _("議題を直す") if not is_new else _("議題を加える") if is_office else _("議題を提案する")
    )
    back = url_for(".agenda", meeting_id=meeting.id)
    check = partial(actions.check_open, meeting)
    form.close(refusal_of(check))
    return closed_page(check, title=title, named=meeting.name, back=back) or page(
        "meetings/agenda_item.html",
        form=form,
        title=title,
        meeting=meeting,
        is_office=is_office,
        is_new=is_new,
    )


@bp.post("/meetings/<int:meeting_id>/agenda/take/<source>")
@guard(Permission.MANAGE_MEETING)
def take_items(meeting_id: int, source: str) -> Response:
    """Takes one thing that the data offer onto the agenda, or (`all`) all of them."""
    meeting, back = get_meeting(meeting_id), url_for(".agenda", meeting_id=meeting_id)
    offered = _offered(meeting, queries.entries(meeting_id))
    wanted = [one for one in offered if source in ("all", one.key)]
    form = ButtonForm()
    if form.carry_out(lambda act: actions.take(act, meetings.row(meeting), wanted)):
        return done(back, _("議題を%(count)s件加えました。", count=len(wanted)))
    return complain(form, back)


@bp.route("/meetings/<int:meeting_id>/agenda/<int:item_id>", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def change_item(meeting_id: int, item_id: int) -> Response:
    """Another wording, time or readers of an item."""
    meeting, item = _find(meeting_id, item_id)
    form = forms.item_form(obj=item)
    if form.carry_out(
        lambda act: actions.change(
            act,
            meetings.row(meeting),
            item,
            form.title.data,
            form.note.data or "",
            form.minutes.data,
            form.only.data,
            form.seen.data,
        )
    ):
        return done(url_for(".agenda", meeting_id=meeting_id), _("議題を直しました。"))
    return _item_page(form, meeting)


@bp.post("/meetings/<int:meeting_id>/agenda/<int:item_id>/move/<way>")
@guard(Permission.MANAGE_MEETING)
def move_item(meeting_id: int, item_id: int, way: str) -> Response:
    """上へ, 下へ."""
    meeting, item = _find(meeting_id, item_id)
    form, step = SeenButtonForm(seen=item.seen), WAYS.get(way) or abort(404)
    back = url_for(".agenda", meeting_id=meeting_id)
    if form.carry_out(
        lambda act: actions.move(act, meetings.row(meeting), item, step, form.seen.data)
    ):
        return done(f"{back}#item-{item_id}")
    return complain(form, back)


@bp.post("/meetings/<int:meeting_id>/agenda/<int:item_id>/accept")
@guard(Permission.MANAGE_MEETING)
def accept_item(meeting_id: int, item_id: int) -> Response:
    """議題に加える: takes a proposal onto the agenda."""
    meeting, item = _find(meeting_id, item_id)
    form, back = SeenButtonForm(seen=item.seen), url_for(".agenda", meeting_id=meeting_id)
    if form.carry_out(lambda act: actions.accept(act, meetings.row(meeting), item, form.seen.data)):
        return done(back, _("議題に加えました。"))
    return complain(form, back)


@bp.route("/meetings/<int:meeting_id>/agenda/<int:item_id>/strike", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def strike_item(meeting_id: int, item_id: int) -> Response:
    """Takes an item off, or puts it back."""
    meeting, item = _find(meeting_id, item_id)
    row = meetings.row(meeting)
    return strike_page(
        item,
        item.seen,
        lambda act, reason, seen: actions.strike(act, row, item, reason, seen),
        lambda act, seen: actions.put_back(act, row, item, seen),
        named=item.title,
        back=url_for(".agenda", meeting_id=meeting_id),
        check=lambda: actions.check_open(row),
        notes=[_("提案した方は、この理由を読めます。")],
    )
