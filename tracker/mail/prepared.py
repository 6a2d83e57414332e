"""Statements compiled once, for what is done ten thousand times in a row.

SQLAlchemy looks each statement up, builds its parameters and its result anew every time: for
a short statement that costs several times what the database does with it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase

Change = Callable[[Any], Any] | None


class _Ready(NamedTuple):
    """A statement in the words of one database, and how values go in and come out."""

    sql: str
    is_positional: bool
    fixed: Mapping[str, Any]
    into: tuple[tuple[str, Change], ...]
    out: tuple[tuple[int, Callable[[Any], Any]], ...]


class Prepared:
    """An insert or update whose every value is a parameter, by these names."""

    def __init__(
        self, statement: UpdateBase, *names: str, returning: Sequence[Column[Any]] = ()
    ) -> None:
        self._statement = statement.returning(*returning) if returning else statement
        self._names = names
        self._returning = returning
        self._ready: dict[str, _Ready] = {}

    def count(self, on: Connection, values: Mapping[str, Any]) -> int:
        """Runs it in the connection's transaction; returns how many rows it changed."""
        cursor, _ = self._run(on, values)
        count: int = cursor.rowcount
        cursor.close()
        return count

    def one(self, on: Connection, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """Runs it in the connection's transaction; returns the row it gives back, if any."""
        cursor, ready = self._run(on, values)
        row = cursor.fetchone()
        cursor.close()
        if row is None:
            return None
        found = list(row)
        for place, change in ready.out:
            found[place] = change(found[place])
        return found

    def _run(self, on: Connection, values: Mapping[str, Any]) -> tuple[Any, _Ready]:
        ready = self._ready.get(on.dialect.name) or self._prepare(on.dialect)
        every = {**ready.fixed, **values}
        given: Any
        if ready.is_positional:
            given = [change(every[name]) if change else every[name] for name, change in ready.into]
        else:
            given = {
                name: change(every[name]) if change else every[name] for name, change in ready.into
            }
        cursor = on.connection.cursor()
        cursor.execute(ready.sql, given)
        return cursor, ready

    def _prepare(self, dialect: Dialect) -> _Ready:
        made = self._statement.compile(dialect=dialect, column_keys=list(self._names))
        assert isinstance(made, SQLCompiler)
        names = (made.positiontup if made.positional else made.bind_names.values()) or ()
        fixed = {name: made.binds[name].value for name in names if name not in self._names}
        changes = (
            column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in self._returning
        )
        self._ready[dialect.name] = ready = _Ready(
            str(made),
            bool(made.positional),
            fixed,
            tuple(
                (name, made.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
                for name in names
            ),
            tuple((place, change) for place, change in enumerate(changes) if change),
        )
        return ready
