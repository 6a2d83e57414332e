"""What all pages of decisions share: where they are registered, and how one is found."""

from flask import Blueprint, abort, url_for

from tracker.decisions import queries
from tracker.decisions.decision import FollowUp, MeetingDecision
from tracker.meetings.agenda.rules import may_read
from tracker.plumbing.access import actor
from tracker.plumbing.sections import stand

bp = Blueprint("decisions", __name__)


def get_decision(decision_id: int) -> MeetingDecision:
    """The decision, or the 404 page, also for whoever may not read its item."""
    return _readable(queries.find(decision_id))


def get_follow_up(follow_up_id: int) -> tuple[MeetingDecision, FollowUp]:
    """A follow-up with its decision, or the 404 page."""
    found = queries.of_follow_up(follow_up_id) or abort(404)
    return _readable(found[0]), found[1]


def _readable(found: MeetingDecision | None) -> MeetingDecision:
    if found is None or not may_read(found.only, actor()):
        abort(404)
    stand((found.meeting, url_for("meetings.show", number=found.meeting_id)))
    stand((found.title, url_for("decisions.show", decision_id=found.id)))
    return found
