"""Reads the council: its members in order of their terms, and its quorum."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select

from tracker.accounts.models import Post
from tracker.council.models import CouncilMemberRow, CouncilOpinion, CouncilRow
from tracker.council.rules import CouncilMember, Opinion, QuorumRule
from tracker.meetings.meeting import Meeting
from tracker.meetings.models import MeetingRow, MeetingSeat
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept

# The key of the one row.
COUNCIL = 1
ROOMS = ("council", "accounts")
OPINION_ROOMS = ("council", "meetings")


def members() -> Sequence[CouncilMember]:
    """Every member there is or was, whoever's term ends last first (one query)."""
    return kept("council_members", ROOMS, _members)


def _members() -> Sequence[CouncilMember]:
    rows = db.session.execute(
        select(CouncilMemberRow, Post)
        .join(Post, Post.id == CouncilMemberRow.post_id)
        .order_by(CouncilMemberRow.ends_on.desc(), CouncilMemberRow.id)
    )
    return [
        CouncilMember(
            *(row.id, row.seen, post.id, post.name, post.email),
            *(row.appointed_on, row.begins_on, row.ends_on),
        )
        for row, post in rows
    ]


def council() -> CouncilRow | None:
    """The row of the council itself, if anything was set."""
    return db.session.get(CouncilRow, COUNCIL)


def quorum_rule() -> QuorumRule:
    """How many have to come: more than half, unless something else was set."""
    return kept("council_quorum", ("council",), _quorum_rule)


def _quorum_rule() -> QuorumRule:
    row = council()
    return row.quorum if row else QuorumRule.MAJORITY


def opinions(meeting_id: int) -> Sequence[Opinion]:
    """What was said at a meeting, in the order it was recorded."""
    return kept(
        ("council_opinions", meeting_id),
        OPINION_ROOMS,
        lambda: _opinions(CouncilOpinion.meeting_id == meeting_id),
    )


def find_opinion(opinion_id: int) -> Opinion | None:
    """One opinion, or None."""
    return next(iter(_opinions(CouncilOpinion.id == opinion_id)), None)


def unanswered() -> Sequence[Opinion]:
    """What was said at a meeting that has its day, and of which nothing is recorded that became of it."""
    return kept(
        "council_unanswered",
        OPINION_ROOMS,
        lambda: _opinions(CouncilOpinion.response.is_(None) & MeetingRow.held_on.is_not(None)),
    )


def opinions_before(meeting: Meeting) -> Sequence[Opinion]:
    """前回の意見: those of the last meeting before this one at which any were given."""
    if meeting.hours is None:
        return ()
    last = (
        select(MeetingRow.id)
        .join(CouncilOpinion, CouncilOpinion.meeting_id == MeetingRow.id)
        .where(MeetingRow.held_on < meeting.hours.on, MeetingRow.id != meeting.id)
        .order_by(MeetingRow.held_on.desc(), MeetingRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return _opinions(CouncilOpinion.meeting_id == last)


def _opinions(where: ColumnElement[bool]) -> Sequence[Opinion]:
    rows = db.session.execute(
        select(CouncilOpinion, MeetingRow.name, MeetingRow.held_on, MeetingSeat.title)
        .join(MeetingRow, MeetingRow.id == CouncilOpinion.meeting_id)
        .outerjoin(MeetingSeat, MeetingSeat.id == CouncilOpinion.seat_id)
        .where(where)
        .order_by(CouncilOpinion.id)
    )
    return [
        Opinion(
            *(row.id, row.seen, row.meeting_id, meeting, held_on, row.seat_id, title or ""),
            *(row.text, row.response, row.responded_on),
        )
        for row, meeting, held_on, title in rows
    ]
