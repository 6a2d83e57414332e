"""What all pages of meetings share: where they are registered, and how a meeting is found."""

from flask import Blueprint, abort, url_for
from werkzeug.exceptions import Gone

from tracker.kernel import wareki
from tracker.kernel.translation import N_, _
from tracker.mail import links
from tracker.mail.links import LinkKind
from tracker.meetings import queries
from tracker.meetings.meeting import Meeting
from tracker.meetings.poll.actions import renew_nonce
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
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


class CalledOff(Gone):
    """The page behind a personal link of a meeting that was called off."""

    title = N_("この会議は取りやめになりました")


def check_still_on(meeting: Meeting) -> None:
    """Tells who opens a personal link that its meeting was called off, and whom to ask (410)."""
    if meeting.cancelled_at is None:
        return
    raise CalledOff(
        _(
            "%(meeting)sは%(day)sに取りやめになりました。回答していただく必要はありません。"
            "御不明な点は、%(contact)sへお電話ください。",
            meeting=meeting.name,
            day=wareki.near(clock.day(meeting.cancelled_at), clock.today()),
            contact=areas.contact(),
        )
    )
