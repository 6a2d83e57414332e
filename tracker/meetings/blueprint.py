"""What all pages of meetings share: where they are registered, and how a meeting is found."""

from flask import Blueprint, abort

from tracker.meetings import queries
from tracker.meetings.meeting import Meeting
from tracker.plumbing.pages import section

bp = Blueprint("meetings", __name__)


def get_meeting(meeting_id: int) -> Meeting:
    """The meeting with all of its dates and answers, or the 404 page."""
    section("meetings")
    return queries.find(meeting_id) or abort(404)
