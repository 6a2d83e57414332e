"""What all pages of meetings share: where they are registered, and how a meeting is found."""

from flask import Blueprint, abort, url_for

from tracker.kernel.translation import N_
from tracker.mail import links
from tracker.mail.links import LinkKind
from tracker.meetings import queries
from tracker.meetings.meeting import Meeting
from tracker.meetings.poll.actions import renew_nonce
from tracker.plumbing.sections import stand

bp = Blueprint("meetings", __name__)
FORGED = N_(
    "このリンクは使えません。メールに書かれたアドレスが途中で切れていないか、お確かめください。"
)
_LINK = LinkKind(queries.POLL, "/p/", queries.seat_life, renew_nonce, for_known=True)
bp.record(lambda state: links.register(state.app, _LINK))


def get_meeting(meeting_id: int) -> Meeting:
    """The meeting with all of its dates and answers, or the 404 page."""
    found = queries.find(meeting_id) or abort(404)
    stand((found.year.label, url_for("meetings.show", number=found.id)))
    return found
