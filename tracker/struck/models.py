"""What a row has that may be taken out, and what rests on it."""

from datetime import datetime

from sqlalchemy import ColumnElement, String, Text, exists, inspect, select
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.plumbing.db import Model, UtcDateTime, db


class Struck:
    """Lets a row be taken out that was entered by mistake: struck through, not deleted.

    Who did so, when and why stands in the row, which stays readable, counts nowhere (`not_struck`),
    and can be put back.
    """

    struck_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    struck_by: Mapped[str | None] = mapped_column(String(200))
    struck_reason: Mapped[str | None] = mapped_column(Text)

    @property
    def is_struck(self) -> bool:
        """Whether it was taken out."""
        return self.struck_at is not None

    def must_count(self) -> None:
        """Raises Refusal where it was taken out."""
        if self.is_struck:
            raise Refusal(_("取り消されています。元に戻してから、もう一度お試しください。"))

    def strike(self, by: str, at: datetime, reason: str) -> None:
        """Takes it out; raises Refusal where it is out already."""
        if self.is_struck:
            raise Refusal(_("すでに取り消されています。"))
        self.struck_at, self.struck_by, self.struck_reason = at, by, reason

    def put_back(self) -> None:
        """Counts again; raises Refusal where it was not taken out."""
        if not self.is_struck:
            raise Refusal(_("取り消されていません。"))
        self.struck_at = self.struck_by = self.struck_reason = None


def not_struck(kind: type[Struck]) -> ColumnElement[bool]:
    """The condition under which rows of a table count."""
    return kind.struck_at.is_(None)


def referring(row: Model) -> frozenset[str]:
    """The tables with rows that refer to a row by its key, those of other rooms too (one query)."""
    table = row.__table__
    keys = [
        (one.name, key.parent)
        for one in db.metadata.tables.values()
        for key in one.foreign_keys
        if key.column.table is table
    ]
    own = inspect(type(row)).primary_key_from_instance(row)[0]
    found = db.session.execute(select(*(exists().where(column == own) for _, column in keys)))
    return frozenset(
        name for (name, _), is_there in zip(keys, found.one(), strict=True) if is_there
    )
