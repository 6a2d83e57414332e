"""Reads the memos that holders of posts leave to the next ones."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import and_, select

from tracker.accounts.models import Handover, Person, Post
from tracker.kernel.permissions import Actor
from tracker.kernel.translation import N_
from tracker.plumbing import clock
from tracker.plumbing.db import db


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
    written_by_id: int | None
    is_holder: bool | None
    former: str | None
    former_by: str | None
    former_at: datetime | None

    @property
    def seen(self) -> str:
        """What a form carries of it, as of every row (plumbing/db.py)."""
        return str(self.version)

    @property
    def text(self) -> str:
        """All of it as one text, each box under its name."""
        boxes = (
            (N_("今年の要注意"), self.cautions),
            (N_("毎年つまずく所"), self.stumbles),
            (N_("連絡先"), self.contacts),
        )
        return "\n\n".join(f"【{label}】\n{words}" for label, words in boxes if words)

    def is_former(self, reader: Actor) -> bool:
        """Whether a holder before wrote it: an account closed since, or the reader's under another name."""
        is_renamed = self.written_by_id == reader.person_id and self.written_by != reader.name
        return is_renamed or not self.is_holder

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
            Handover.written_by_id,
            and_(Person.is_active, Person.post_id == Post.id),
            Handover.former,
            Handover.former_by,
            Handover.former_at,
        )
        .join(Handover, Handover.post_id == Post.id)
        .outerjoin(Person, Person.id == Handover.written_by_id)
        .where(Post.municipality_id == municipality_id, Post.is_active)
        .order_by(Post.id)
    )
    return [Memo._make(row) for row in rows]
