"""The database as a backup reads it: the tables with the kind of each column, and their rows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    Enum,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    Text,
    Time,
    cast,
    inspect,
    select,
    table,
    type_coerce,
)

from tracker.operation.backup.rules import LEFT_OUT
from tracker.plumbing.db import UtcDateTime, db, reading

_KINDS: tuple[tuple[type[Any], str], ...] = (
    (UtcDateTime, "instant"),
    (JSON, "json"),
    (LargeBinary, "bytes"),
    (Boolean, "flag"),
    (Integer, "whole"),
    (Numeric, "exact"),
    (Date, "date"),
    (Time, "time"),
    (String, "text"),
)
AT_ONCE = 500


def kind_of(column: Column[Any]) -> str:
    """How a backup calls the type of a column; raises StopIteration for one that it cannot keep."""
    return next(kind for base, kind in _KINDS if isinstance(column.type, base))


def kept_tables() -> list[Table]:
    """The tables of a backup, those first that others refer to."""
    return [one for one in db.metadata.sorted_tables if one.name not in LEFT_OUT]


def shape() -> Mapping[str, Mapping[str, str]]:
    """Table -> column -> kind."""
    return {
        one.name: {column.name: kind_of(column) for column in one.columns} for one in kept_tables()
    }


def revision() -> str:
    """The newest migration that this version of the product knows."""
    config = current_app.extensions["migrate"].migrate.get_config()
    return str(ScriptDirectory.from_config(config).get_current_head())


def is_newest(connection: Connection) -> bool:
    """Whether the database has the newest form."""
    return MigrationContext.configure(connection).get_current_revision() == revision()


@contextmanager
def snapshot() -> Iterator[Connection]:
    """A connection that sees one moment of the database, however long it reads; writers go on."""
    with reading(), db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        with connection.begin():
            yield connection


def rows(connection: Connection, one: Table) -> Iterator[Any]:
    """The rows of a table by its key, with texts of JSON and enums as they are stored."""
    columns = [_as_stored(column) for column in one.columns]
    found = select(*columns).order_by(*one.primary_key.columns)
    with connection.execution_options(yield_per=AT_ONCE).execute(found) as result:
        yield from result


def _as_stored(column: Column[Any]) -> Any:
    if isinstance(column.type, JSON):
        return cast(column, Text)
    return type_coerce(column, String) if isinstance(column.type, Enum) else column


def filled() -> str | None:
    """A table with rows, whatever version of the product made it; None where there is no data."""
    with reading(), db.engine.connect() as connection:
        for name in sorted(inspect(connection).get_table_names()):
            known = name not in {"alembic_version"}
            if known and connection.execute(select(1).select_from(table(name)).limit(1)).first():
                return name
    return None
