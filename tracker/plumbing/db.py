"""What every table leans on: types of columns, versions, rows of another."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Enum,
    String,
    select,
    text,
)
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, validates

from tracker.characters.search import LONGEST_KEY, search_key
from tracker.history.columns import NEVER, PRIVATE, UNRECORDED
from tracker.storage.database import Model, UtcDateTime, db, reading

Yen = BigInteger


def words(kind: type[StrEnum], *, guarded: bool = True) -> Enum:
    """A column type for a StrEnum: its values as text, guarded by a CHECK.

    Unguarded where the values are rows of a table in the code, so that a new one needs no migration.
    """
    return Enum(
        kind,
        name=kind.__name__.lower(),
        native_enum=False,
        create_constraint=guarded,
        length=24,
        values_callable=lambda members: [member.value for member in members],
    )


# What a form carries of a row that does not exist yet.
UNSEEN = "0"


def seen_of(row: "Versioned | None") -> str:
    """What a form carries of a row that may not exist yet."""
    return row.seen if row else UNSEEN


class Versioned:
    """Gives a row a version, so that nobody overwrites another's work unnoticed."""

    version: Mapped[int] = mapped_column(default=1, server_default="1", info=UNRECORDED)

    @property
    def seen(self) -> str:
        """What a form carries of the row it was filled in on, hidden and opaque."""
        return str(self.version)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


class Searchable:
    """Gives a row with a `name` what searches compare it by."""

    search_key: Mapped[str] = mapped_column(String(LONGEST_KEY), index=True, info=UNRECORDED)

    @validates("name")
    def _follow(self, _column: str, name: str) -> str:
        self.search_key = search_key(name)
        return name


class Example:
    """Marks a row that only serves the example (例示)."""

    is_example: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


def set_rows(
    table: type[Model],
    of: Mapping[str, Any],
    key: str | tuple[str, ...],
    wanted: Iterable[Mapping[str, Any]],
    *where: ColumnElement[bool],
) -> None:
    """Brings the rows of a table that have the values `of` (and fit `where`) to what is wanted.

    Row by row, as the record sees them: what has the same `key` is changed, what is new added, and
    what is no longer wanted deleted.
    """
    keys = (key,) if isinstance(key, str) else key
    found = select(table).filter_by(**of).where(*where).execution_options(populate_existing=True)
    stored = {tuple(getattr(row, one) for one in keys): row for row in db.session.scalars(found)}
    for values in wanted:
        row = stored.pop(tuple(values[one] for one in keys), None)
        if row is None:
            db.session.add(table(**of, **values))
        else:
            for name, value in values.items():
                setattr(row, name, value)
    for row in stored.values():
        db.session.delete(row)


__all__ = ["NEVER", "PRIVATE", "UNRECORDED", "Model", "UtcDateTime", "db", "reading"]
