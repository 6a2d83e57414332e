"""Pages of a meeting's papers and materials (ux/spec.md 7.7)."""

from flask import Blueprint, abort
from werkzeug.wrappers import Response

from tracker.kernel.permissions import Permission
from tracker.materials import papers
from tracker.meetings.blueprint import get_meeting
from tracker.meetings.minutes.rules import is_shown
from tracker.papers.kinds import links, paper_file, register
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard
from tracker.plumbing.pages import page

bp = Blueprint("materials", __name__)
bp.record(lambda state: register(state.app, (*papers.PAPERS, *papers.MINUTES)))


@bp.get("/meetings/<int:meeting_id>/materials")
@guard(Permission.READ_AREA)
def index(meeting_id: int) -> Response:
    """資料: the papers of the meeting."""
    meeting = get_meeting(meeting_id)
    sheet = papers.minutes_subject(meeting, actor())
    is_readable = sheet is not None and is_shown(sheet.sheet, actor(), clock.today())
    rows = (*papers.PAPERS, *(papers.MINUTES if is_readable else ()))
    return page(
        "materials/index.html",
        meeting=meeting,
        to_print=() if meeting.cancelled_at else links(rows, ".paper", meeting_id=meeting_id),
    )


@bp.get("/meetings/<int:meeting_id>/materials/papers/<kind>.<form>")
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
