"""Pages of the minutes: the office writes, every municipality confirms, all read."""

from collections.abc import Callable
from functools import partial

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.meetings import queries as meetings
from tracker.meetings.agenda.rules import may_read
from tracker.meetings.blueprint import bp, get_meeting
from tracker.meetings.meeting import Meeting
from tracker.meetings.minutes import actions, forms, queries
from tracker.meetings.minutes.rules import (
    MinutesSheet,
    MinutesState,
    PartText,
    check_erratum,
    check_part,
    check_send,
    check_word,
    is_shown,
    shown,
)
from tracker.meetings.models import AgendaItem
from tracker.meetings.rules import check_active
from tracker.municipalities import queries as areas
from tracker.office_days import office_days
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may
from tracker.plumbing.changes import Act
from tracker.plumbing.db import UNSEEN, db
from tracker.plumbing.forms import SeenButtonForm, in_year
from tracker.plumbing.pages import closed_page, complain, done, number_asked, page, refusal_of
from tracker.plumbing.sections import stand

# Office days that every municipality has for its word, as proposed.
REPLY_WITHIN = 10


@bp.get("/meetings/<int:meeting_id>/minutes")
@guard(Permission.READ_AREA)
def minutes(meeting_id: int) -> Response:
    """議事録 as the reader may know it: text, words on it, additions."""
    meeting = get_meeting(meeting_id)
    sheet, reader = queries.sheet(meeting), actor()
    is_readable = is_shown(sheet, reader, clock.today())
    entries = _entries(sheet) if is_readable else []
    read = {one.item_id for one in entries}
    return page(
        "meetings/minutes.html",
        meeting=meeting,
        sheet=sheet,
        is_readable=is_readable,
        entries=entries,
        errata=sheet.errata_of(read),
        waiting_requests=[one for one in sheet.open_requests if one.item_id in read],
        own=_own(sheet),
        given=(),
        may_write=may(Permission.MANAGE_MEETING) and meeting.attendance_at is not None,
        may_confirm=_is_asked(sheet) and may(Permission.CONFIRM_MINUTES),
        may_ask=_is_asked(sheet) and may(Permission.PROPOSE_ITEM),
    )


def _entries(sheet: MinutesSheet) -> list[PartText]:
    """The items that the reader may know."""
    reader = actor()
    return [one for one in sheet.parts.values() if may_read(one.only, reader)]


def _own(sheet: MinutesSheet) -> tuple[PartText, ...]:
    """The items that the reader's municipality has a word on."""
    return sheet.of(areas.by_id()[actor().municipality_id])


def _is_asked(sheet: MinutesSheet) -> bool:
    sits = actor().municipality_id in {town.id for town in sheet.asked}
    return sheet.state is MinutesState.SENT and sits


def _open(meeting_id: int, *, says: bool = False) -> tuple[Meeting, MinutesSheet, str]:
    """The meeting with its minutes, and the address of their page.

    The 404 page where the reader may not know them, unless the view itself `says` what happened.
    """
    meeting = get_meeting(meeting_id)
    sheet, back = queries.sheet(meeting), url_for(".minutes", meeting_id=meeting_id)
    if not says and not is_shown(sheet, actor(), clock.today()):
        abort(404)
    stand((_("議事録"), back))
    return meeting, sheet, back


def _closed(meeting: Meeting, check: Callable[[], object], title: str) -> Response | None:
    """Why the form would refuse whatever is typed, before anything is; None while it is open."""

    def checked() -> None:
        check_active(meeting.cancelled_at is not None)
        check()

    back = url_for(".minutes", meeting_id=meeting.id)
    return closed_page(checked, title=title, named=meeting.name, back=back)


@bp.route("/meetings/<int:meeting_id>/minutes/items/<int:item_id>", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def write_minutes(meeting_id: int, item_id: int) -> Response:
    """What was said and decided of one item."""
    meeting, sheet, back = _open(meeting_id)
    if sheet.state is MinutesState.FINAL:
        # Their text stays: what is added is asked for there, before anything is typed.
        return redirect(url_for(".add_erratum", meeting_id=meeting_id))
    item = db.session.get(AgendaItem, item_id)
    if item is None or item.meeting_id != meeting.id:
        abort(404)
    if closed := _closed(
        meeting, lambda: check_part(sheet, meeting.attendance_at, item_id), item.title
    ):
        return closed
    form = forms.PartTextForm(obj=sheet.parts.get(item_id), data={"seen": UNSEEN})
    if form.carry_out(
        lambda act: actions.write(
            act,
            meetings.row(meeting),
            item,
            form.gist.data or "",
            form.decided.data or "",
            form.seen.data,
        )
    ):
        return done(f"{back}#item-{item_id}", _("議事録を保存しました。"))
    return page("meetings/minutes_part.html", form=form, meeting=meeting, item=item, sheet=sheet)


@bp.route("/meetings/<int:meeting_id>/minutes/send", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def send_minutes(meeting_id: int) -> Response:
    """確認をお願いする."""
    meeting, sheet, back = _open(meeting_id)
    if closed := _closed(
        meeting, lambda: check_send(sheet, meeting.attendance_at), _("議事録の確認をお願いする")
    ):
        return closed
    today = clock.today()
    form = in_year(forms.CirculateForm, FiscalYear.containing(today))(
        data={"seen": sheet.seen, "reply_due_on": office_days.add(today, REPLY_WITHIN)}
    )
    if form.carry_out(
        lambda act: actions.send(act, meetings.row(meeting), form.reply_due_on.data, form.seen.data)
    ):
        said = _("議事録の確認を、%(count)s通の手紙でお願いします。", count=form.result)
        return done(back, said)
    return page("meetings/minutes_send.html", form=form, meeting=meeting, sheet=sheet)


@bp.route("/meetings/<int:meeting_id>/minutes/confirm", methods=["GET", "POST"])
@guard(Permission.CONFIRM_MINUTES)
def confirm_minutes(meeting_id: int) -> Response:
    """The municipality's word on the text that stands on this page."""
    meeting, sheet, back = _open(meeting_id, says=True)
    own, by = _own(sheet), actor()
    form = SeenButtonForm(data={"seen": shown(own)})
    if form.carry_out(lambda act: actions.confirm(act, meetings.row(meeting), form.seen.data)):
        return done(back, _("議事録を確認しました。"))
    if sheet.state is not MinutesState.SENT:
        # Changed since it was asked for, or final: its page says so.
        return complain(form, back) if form.is_submitted() else redirect(back)
    return page(
        "meetings/minutes_confirm.html",
        form=form,
        meeting=meeting,
        sheet=sheet,
        entries=own,
        given=sheet.given(areas.by_id()[by.municipality_id]),
        closed=refusal_of(lambda: check_word(sheet, by, confirms=True)),
        asked_for=[one for one in sheet.open_requests if one.town.id == by.municipality_id],
    )


@bp.route("/meetings/<int:meeting_id>/minutes/correction", methods=["GET", "POST"])
@guard(Permission.PROPOSE_ITEM)
def ask_correction(meeting_id: int) -> Response:
    """修正をお願いする: of a sentence, of one item (`item`) or of any."""
    meeting, sheet, back = _open(meeting_id, says=request.method == "POST")
    check = partial(check_word, sheet, actor(), confirms=False)
    if closed := _closed(meeting, check, _("議事録の修正をお願いする")):
        return closed
    own, item = _own(sheet), number_asked("item", 0)
    of = [one for one in own if one.item_id == item] or own
    form = forms.correction_form(of, shown(own))
    if form.is_submitted() and sheet.state is MinutesState.DRAFT:
        # Pulled back while it was written: the page is gone, the words stay.
        form.refuse(Refusal(refusal_of(lambda: check_word(sheet, actor(), confirms=False)) or ""))
        return complain(form, back)

    def ask(act: Act) -> None:
        item_id, number = form.place
        quote = "" if number is None else sheet.parts[item_id].sentences[number]
        row, words = meetings.row(meeting), form.words.data
        actions.ask_correction(act, row, item_id, quote, words, form.seen.data)

    if form.carry_out(ask):
        return done(back, _("修正のお願いを記録しました。連携推進担当が本文を確かめます。"))
    return page("meetings/minutes_correction.html", form=form, meeting=meeting)


@bp.route("/meetings/<int:meeting_id>/minutes/erratum", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def add_erratum(meeting_id: int) -> Response:
    """訂正を加える: below final minutes, whose text stays."""
    meeting, sheet, back = _open(meeting_id)
    if closed := _closed(meeting, lambda: check_erratum(sheet), _("議事録に訂正を加える")):
        return closed
    form = forms.erratum_form(sheet.parts.values())

    def add(act: Act) -> None:
        actions.add_erratum(act, meetings.row(meeting), form.words.data, form.item)

    if form.carry_out(add):
        return done(back, _("訂正を加えました。"))
    return page("meetings/minutes_erratum.html", form=form, meeting=meeting)
