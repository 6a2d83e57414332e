"""Pages of a meeting's papers and materials (ux/spec.md 7.7)."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from io import BytesIO
from typing import Any, NamedTuple

from flask import Blueprint, abort, send_file, url_for
from werkzeug.wrappers import Response

from tracker.attachments import uploads
from tracker.attachments.attaching import download
from tracker.attachments.uploads import Attachment
from tracker.convening import queries as convening
from tracker.kernel import wareki
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.materials import actions, forms, papers, queries, rules
from tracker.materials.actions import MaterialWords, PagedFile
from tracker.materials.material import Material, Pack
from tracker.materials.models import MaterialRow
from tracker.materials.rules import MaterialKind
from tracker.materials.year import papers as year
from tracker.meetings import queries as meetings
from tracker.meetings.agenda import queries as agenda
from tracker.meetings.agenda.rules import AgendaEntry
from tracker.meetings.agenda.rules import is_shown as is_item_shown
from tracker.meetings.blueprint import get_meeting
from tracker.meetings.meeting import Meeting
from tracker.meetings.minutes.rules import is_shown
from tracker.municipalities import queries as areas
from tracker.papers import pdf, volume
from tracker.papers.kinds import PDF, ZIP, links, paper_file, register
from tracker.papers.volume import Volume, VolumePart
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.plumbing.forms import ButtonForm, SeenButtonForm
from tracker.plumbing.pages import closed_page, complain, done, page, refusal_of
from tracker.plumbing.sections import stand
from tracker.struck.views import strike_page

bp = Blueprint("materials", __name__)
KINDS = (*papers.PAPERS, *year.MATERIALS, *papers.MINUTES, *papers.PACKS)
bp.record(lambda state: register(state.app, KINDS))
WAYS = {"up": -1, "down": 1}
_AT = "/meetings/<int:meeting_id>/materials"


class _Open(NamedTuple):
    """A meeting with its materials, and what of them and of its agenda the reader may know."""

    meeting: Meeting
    pack: Pack
    items: Mapping[int, AgendaEntry]
    shown: Sequence[Material]

    @property
    def choices(self) -> list[tuple[int, str]]:
        """The items of the agenda to choose from."""
        return [(one.id, one.title) for one in self.items.values()]

    def check_send(self) -> None:
        """What has to be done before the materials can be sent; raises Refusal."""
        rules.check_send(len(self.pack.counting), self.pack.sent_at, self.meeting.fixed_on)

    @property
    def is_open(self) -> bool:
        """Whether the office may still change anything."""
        meeting = self.meeting
        is_over = meeting.cancelled_at or meeting.minutes_final_at
        return may(Permission.MANAGE_MEETING) and not is_over


def _open(meeting_id: int) -> _Open:
    meeting, reader = get_meeting(meeting_id), actor()
    items = {
        one.id: one
        for one in agenda.entries(meeting.id)
        if one.is_accepted and not one.is_struck and is_item_shown(one, reader)
    }
    pack = queries.pack(meeting.id)
    stand(
        (meeting.year.label, url_for("meetings.show", number=meeting.id)),
        (_("資料"), url_for(".index", meeting_id=meeting.id)),
    )
    return _Open(meeting, pack, items, pack.shown(reader, items))


def _find(meeting_id: int, material_id: int) -> tuple[_Open, Material]:
    found = _open(meeting_id)
    one = next((one for one in found.shown if one.id == material_id), None) or abort(404)
    return found, one


def _closed(found: _Open, title: str, back: str, *checks: Callable[[], object]) -> Response | None:
    """Why the form would refuse whatever is typed, in place of it; None while it is open."""
    held = found.meeting

    def check() -> None:
        rules.check_open(cancelled_at=held.cancelled_at, minutes_final_at=held.minutes_final_at)
        for one in checks:
            one()

    return closed_page(check, title=title, named=held.name, back=back)


def _row(one: Material) -> MaterialRow:
    return db.session.get_one(MaterialRow, one.id)


@bp.get(_AT)
@guard(Permission.READ_AREA)
def index(meeting_id: int) -> Response:
    """資料: what the reader may open, the book of it, and for the office who has not opened it yet."""
    found = _open(meeting_id)
    meeting, pack, is_office = found.meeting, found.pack, may(Permission.MANAGE_MEETING)
    counting = [one for one in found.shown if not one.is_struck]
    only = {one.id: one.only for one in found.items.values()}
    return page(
        "materials/index.html",
        meeting=meeting,
        pack=pack,
        items=found.items,
        materials=counting,
        struck=[one for one in found.shown if one.is_struck],
        **_outdated(found, counting),
        opened=queries.opened_by(actor(), counting),
        offered=_left(found) if found.is_open and not pack.sent_at else [],
        readings=queries.readings(counting, only) if is_office and pack.sent_at else [],
        is_office=is_office,
        is_open=found.is_open,
        unready=refusal_of(found.check_send) if counting and not pack.sent_at else None,
        names={town.slug: town.name for town in areas.towns()},
        ranges=rules.page_ranges,
        press=lambda one: SeenButtonForm(formdata=None, data={"seen": one.seen}),
        button_form=ButtonForm(formdata=None),
        to_print=()
        if meeting.cancelled_at
        else links(papers.PAPERS, ".paper", meeting_id=meeting_id),
    )


def _outdated(found: _Open, counting: Sequence[Material]) -> dict[str, Any]:
    """Which of them still say the day, or the place, that the meeting had before."""
    pack, meeting = found.pack, found.meeting
    if meeting.cancelled_at is not None:
        counting = ()
    told = convening.told_places(meeting) if pack.sent_at else []
    return {
        "behind": [one for one in pack.behind(meeting.fixed_at) if one in counting],
        "elsewhere": [one for one in pack.elsewhere(told, meeting.place) if one in counting],
    }


def _left(found: _Open) -> list[papers.OfferedMaterial]:
    there = {one.kind for one in found.pack.counting}
    return [one for one in papers.offered(found.meeting) if one.kind not in there]


@bp.get(f"{_AT}/papers/<kind>.<form>")
@guard(Permission.READ_AREA)
def paper(meeting_id: int, kind: str, form: str) -> Response:
    """A paper of the meeting, with what its reader may know."""
    meeting, reader = get_meeting(meeting_id), actor()
    if kind != "minutes":
        of = None if meeting.cancelled_at else papers.subject(meeting, reader)
        return paper_file(papers.PAPERS, kind, of, form, meeting.year.label)
    found = papers.minutes_subject(meeting, reader)
    if found is None or not is_shown(found.sheet, reader, clock.today()):
        abort(404)
    return paper_file(papers.MINUTES, kind, found, form, meeting.year.label)


# --- what the office does ---------------------------------------------------------------------------


@bp.post(f"{_AT}/make/<kind>")
@guard(Permission.MANAGE_MEETING)
def make(meeting_id: int, kind: str) -> Response:
    """Adds what is made of the data: one, or (`all`) all that the data offer."""
    found, back = _open(meeting_id), url_for(".index", meeting_id=meeting_id)
    wanted = [one for one in _left(found) if kind in ("all", one.kind)]
    form = ButtonForm()

    def do(act: Act) -> None:
        if not wanted:
            raise Refusal(_("加える資料がありません。"))
        taken = [one.number for one in found.pack.counting]
        with act:
            for one in wanted:
                taken.append(rules.next_number(one.kind, taken))
                item = next((i.id for i in found.items.values() if i.kind.value == one.kind), None)
                words = MaterialWords(taken[-1], one.title, item, one.only)
                actions.make(act, meetings.row(found.meeting), one.kind, words)

    if form.carry_out(do):
        return done(back, _("資料を%(count)s件加えました。", count=len(wanted)))
    return complain(form, back)


@bp.route(f"{_AT}/new", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def upload(meeting_id: int) -> Response:
    """資料を添付する."""
    found, back = _open(meeting_id), url_for(".index", meeting_id=meeting_id)
    if closed := _closed(found, _("資料を添付する"), back):
        return closed
    proposed = rules.next_number(MaterialKind.FILE, [one.number for one in found.pack.counting])
    form = forms.upload_form(found.choices, data={"number": proposed, "item": "0"})
    row = meetings.row(found.meeting)
    if form.carry_out(lambda act: actions.upload(act, row, form.words, form.paged)):
        return done(back, _("資料を加えました。"))
    return page("materials/material.html", form, back=back, is_new=True, accepted=_accepted())


def _accepted() -> tuple[str, str]:
    return _(uploads.ACCEPTED), ",".join(f".{one}" for one in uploads.TYPES)


@bp.route(f"{_AT}/<int:material_id>", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def change(meeting_id: int, material_id: int) -> Response:
    """Number, name, item and readers of a material that was not sent."""
    found, one = _find(meeting_id, material_id)
    back = url_for(".index", meeting_id=meeting_id)
    stored = {
        **{"seen": one.seen, "number": one.number, "title": one.title},
        **{"item": str(one.item_id or 0), "only": list(one.only or ())},
    }
    form = forms.material_form(found.choices, data=stored)
    row, own = meetings.row(found.meeting), _row(one)
    unsent = partial(rules.check_unsent, found.pack.sent_at)
    if closed := _closed(found, _("資料を直す"), back, own.must_count, unsent):
        return closed
    if form.carry_out(lambda act: actions.change(act, row, own, form.words, form.seen.data)):
        return done(back, _("資料を直しました。"))
    return page("materials/material.html", form, back=back, is_new=False, accepted=_accepted())


@bp.post(f"{_AT}/<int:material_id>/move/<way>")
@guard(Permission.MANAGE_MEETING)
def move(meeting_id: int, material_id: int, way: str) -> Response:
    """上へ, 下へ."""
    found, one = _find(meeting_id, material_id)
    form, step = SeenButtonForm(seen=one.seen), WAYS.get(way) or abort(404)
    row, own, back = (
        meetings.row(found.meeting),
        _row(one),
        url_for(".index", meeting_id=meeting_id),
    )
    if form.carry_out(lambda act: actions.move(act, row, own, step, form.seen.data)):
        return done(f"{back}#material-{material_id}")
    return complain(form, back)


@bp.route(f"{_AT}/<int:material_id>/strike", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def strike(meeting_id: int, material_id: int) -> Response:
    """Takes a material out, or puts it back."""
    found, one = _find(meeting_id, material_id)
    row, own = meetings.row(found.meeting), _row(one)
    return strike_page(
        own,
        one.seen,
        lambda act, reason, seen: actions.strike(act, row, own, reason, seen),
        lambda act, seen: actions.put_back(act, row, own, seen),
        named=one.label,
        back=url_for(".index", meeting_id=meeting_id),
        check=lambda: rules.check_open(
            cancelled_at=row.cancelled_at, minutes_final_at=row.minutes_final_at
        ),
        notes=[_("資料を読める方は、この理由を読めます。")],
    )


@bp.route(f"{_AT}/<int:material_id>/replace", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def replace(meeting_id: int, material_id: int) -> Response:
    """差替え: another file, or what is made of the data once more; what was sent stays beside it."""
    found, one = _find(meeting_id, material_id)
    back = url_for(".index", meeting_id=meeting_id)
    form = (forms.MakeAgainForm if one.is_made else forms.ReplaceFileForm)(data={"seen": one.seen})
    row, own = meetings.row(found.meeting), _row(one)
    check = partial(rules.check_replaceable, is_made=one.is_made, sent_at=found.pack.sent_at)
    if closed := _closed(found, _("資料を差し替える"), back, own.must_count, check):
        return closed
    made = _frozen(found.meeting, [one]) if one.is_made and form.validate_on_submit() else {}

    def do(act: Act) -> None:
        file = made[one.id] if one.is_made else form.paged
        assert file is not None
        actions.replace(act, row, own, file, form.reason.data or "", form.seen.data)

    if form.carry_out(do):
        return done(back, _("%(number)sを差し替えました。", number=one.number))
    return page(
        "materials/replace.html", form, back=back, one=one, pack=found.pack, accepted=_accepted()
    )


@bp.route(f"{_AT}/send", methods=["GET", "POST"])
@guard(Permission.MANAGE_MEETING)
def send(meeting_id: int) -> Response:
    """資料を送る: freezes what is made of the data, and tells everybody where to read it."""
    found, back = _open(meeting_id), url_for(".index", meeting_id=meeting_id)
    if closed := _closed(found, _("資料を送る"), back, found.check_send):
        return closed
    row = meetings.row(found.meeting)
    seen = actions.seen_of(found.pack.seen, queries.rows(meeting_id))
    form = SeenButtonForm(data={"seen": seen})
    made: Mapping[int, PagedFile] = {}
    if form.validate_on_submit() and found.pack.sent_at is None:
        wanted = [one for one in found.pack.counting if one.is_made]
        made = _frozen(found.meeting, wanted)
    if form.carry_out(lambda act: actions.send(act, row, made, form.seen.data)):
        return done(
            back, _("資料を送りました。お知らせの手紙は%(count)s通です。", count=form.result)
        )
    return page("materials/send.html", form, back=back, meeting=found.meeting, pack=found.pack)


def _frozen(meeting: Meeting, wanted: Sequence[Material]) -> Mapping[int, PagedFile]:
    """What is made of the data now; nobody waits for the database while it is set."""
    as_of = clock.now()
    documents = {one: papers.material(meeting, one.kind, as_of) for one in wanted}
    db.session.rollback()
    return actions.frozen(documents)


# --- what everybody opens ---------------------------------------------------------------------------


@bp.get(f"{_AT}/<int:material_id>/files/<int:number>")
@guard(Permission.READ_AREA)
def file(meeting_id: int, material_id: int, number: int) -> Response:
    """One file of a material, also one that was replaced; 0: as the data stand now, for the office."""
    found, one = _find(meeting_id, material_id)
    if number == 0 and one.is_made and may(Permission.MANAGE_MEETING):
        document = papers.material(found.meeting, one.kind, clock.now())
        name = volume.safe_name(f"{one.number}_{one.title}", "pdf")
        return _file(pdf.write(document), name, "application/pdf")
    edition = next((each for each in one.editions if each.number == number), None) or abort(404)
    kept = db.session.get(Attachment, edition.id)
    answer = download(kept)
    queries.note_opened(actor(), [edition.id], clock.now())
    return answer


@bp.get(f"{_AT}/<int:material_id>/changed.pdf")
@guard(Permission.READ_AREA)
def changed(meeting_id: int, material_id: int) -> Response:
    """差替えページ: the changed pages alone, marked, with the numbers they have in the book."""
    found, one = _find(meeting_id, material_id)
    now = one.current
    if now is None or not one.changed or one.is_struck:
        abort(404)
    of, reader = _volume(found), actor()
    content = uploads.content_of(now.sha256)
    queries.note_opened(reader, [now.id], clock.now())
    db.session.rollback()
    label = _(
        "差替え %(day)s　%(number)s", day=wareki.month_day(clock.day(now.at)), number=one.number
    )
    part = VolumePart(
        *(one.number, one.title, now.ending, content, len(now.pages), label, one.changed)
    )
    first = volume.begins(of, one.number)
    numbers = [str(first + at) for at in one.changed]
    made = volume.bind(
        Volume(_("%(label)s　差替えページ", label=one.label), (), [part], now.at, numbers)
    )
    return _file(
        made,
        volume.safe_name(_("%(number)s_差替えページ", number=one.number), "pdf"),
        "application/pdf",
    )


@bp.get(f"{_AT}/book.<form>")
@guard(Permission.READ_AREA)
def book(meeting_id: int, form: str) -> Response:
    """1冊のPDF, or the zip, of all that the reader may read; the office sees it before it is sent."""
    found = _open(meeting_id)
    if form not in (PDF, ZIP) or not any(not one.is_struck for one in found.shown):
        abort(404)
    of, back = _volume(found), url_for(".index", meeting_id=meeting_id)
    opened = [one.current.id for one in found.shown if one.current and not one.is_struck]
    queries.note_opened(actor(), opened, clock.now())
    db.session.rollback()
    name = volume.safe_name(_("%(meeting)s_資料", meeting=found.meeting.name), form)
    try:
        made = of.as_file(form)
    except Refusal as refusal:
        return done(back, refusal.message, "late")
    return _file(made, name, "application/pdf" if form == PDF else "application/zip")


def _volume(found: _Open) -> Volume:
    return papers.meeting_pack(papers.MeetingPack(found.meeting, found.pack, found.shown))


def _file(content: bytes, name: str, kind: str) -> Response:
    answer = send_file(BytesIO(content), kind, as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
