"""Reads who holds the posts of a municipality, and the memos left for their next holders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import select

from tracker.accounts.models import Handover, Person, Post, PostKind
from tracker.plumbing import clock
from tracker.plumbing.db import db


class Holder(NamedTuple):
    """Somebody with an account on a post, now or before."""

    name: str
    email: str


@dataclass(frozen=True)
class HeldPost:
    """A post in use, who holds it, who held it last, and who vouched for it when."""

    id: int
    kind: PostKind
    name: str
    mailbox: str | None
    phone: str | None
    holders: tuple[Holder, ...]
    former: Holder | None
    confirmed_year: int | None
    confirmed_by: str | None
    confirmed_at: datetime | None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where its letters go: its own mailbox, or each holder's."""
        return (self.mailbox,) if self.mailbox else tuple(one.email for one in self.holders)


def posts(municipality_id: int) -> Sequence[HeldPost]:
    """The posts in use of a municipality, in the order in which they were entered (one query)."""
    rows = db.session.execute(
        select(Post, Person.name, Person.email, Person.is_active)
        .outerjoin(Person, Person.post_id == Post.id)
        .where(Post.municipality_id == municipality_id, Post.is_active)
        .order_by(Post.id, Person.id)
    )
    return [
        _held(post, [(row[1], row[2], row[3]) for row in own if row[1] is not None])
        for post, own in groupby(rows, lambda row: row[0])
    ]


def _held(post: Post, people: Sequence[tuple[str, str, bool]]) -> HeldPost:
    gone = [Holder(name, email) for name, email, is_active in people if not is_active]
    return HeldPost(
        post.id,
        post.kind,
        post.name,
        post.email,
        post.phone,
        tuple(Holder(name, email) for name, email, is_active in people if is_active),
        gone[-1] if gone else None,
        post.confirmed_year,
        post.confirmed_by,
        post.confirmed_at,
    )


class Memo(NamedTuple):
    """引継ぎメモ of a post, as somebody wrote it last."""

    post_id: int
    post: str
    cautions: str
    stumbles: str
    contacts: str
    written_by: str
    written_at: datetime
    version: int

    @property
    def written_on(self) -> date:
        """The day in Tokyo on which it was written."""
        return clock.day(self.written_at)


def memos(municipality_id: int) -> Sequence[Memo]:
    """Every memo of a municipality, in the order of its posts (one query)."""
    rows = db.session.execute(
        select(
            Post.id,
            Post.name,
            Handover.cautions,
            Handover.stumbles,
            Handover.contacts,
            Handover.written_by,
            Handover.written_at,
            Handover.version,
        )
        .join(Handover, Handover.post_id == Post.id)
        .where(Post.municipality_id == municipality_id, Post.is_active)
        .order_by(Post.id)
    )
    return [Memo(*row) for row in rows]
