"""Reads the council: its members in order of their terms, and its quorum."""

from collections.abc import Sequence

from sqlalchemy import select

from tracker.accounts.models import Post
from tracker.council.models import CouncilMemberRow, CouncilRow
from tracker.council.rules import CouncilMember, QuorumRule
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept

# The key of the one row.
COUNCIL = 1
ROOMS = ("council", "accounts")


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
