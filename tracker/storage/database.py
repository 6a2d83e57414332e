"""The database: one metadata, its connections and transactions (architecture.md section 7)."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
from flask import Flask, current_app
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ExceptionContext,
    Executable,
    MetaData,
    event,
)
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from tracker.storage.files import project_root


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can find it again."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)
migrate = Migrate()

if TYPE_CHECKING:

    class Model(Base):
        """What every table leans on; typed, which db.Model is not."""

        __abstract__ = True
else:
    Model = db.Model


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware, UTC in and out, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses a naive time: it would be guessed wrong by nine hours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite gives naive times back: they are UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# A writing request takes SQLite's one writer's seat at its start: a transaction that
# begins by reading and then writes would fail under concurrency.
_begin: ContextVar[str] = ContextVar("begin", default="BEGIN IMMEDIATE")


@contextmanager
def reading() -> Iterator[None]:
    """Transactions begun inside only read."""
    token = _begin.set("BEGIN")
    try:
        yield
    finally:
        _begin.reset(token)


def set_reading(is_reading: bool) -> None:
    """The same for a whole request: GET reads, everything else writes."""
    _begin.set("BEGIN" if is_reading else "BEGIN IMMEDIATE")


# A process that froze inside a transaction must not hold up all others (trust.md section 6):
# PostgreSQL ends its session; on SQLite the supervisor must end the process.
IDLE_SECONDS = 30
# A server that does not even refuse must not keep everybody waiting for minutes.
CONNECT_SECONDS = 5


@event.listens_for(Engine, "connect")
def _prepare(connection: Any, _record: Any) -> None:
    if isinstance(connection, psycopg.Connection):
        connection.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
        connection.commit()
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        # Straight to the driver: it is done twice for every letter that goes out.
        begin = _begin.get()
        try:
            connection.connection.driver_connection.execute(begin)  # type: ignore[union-attr]
        except sqlite3.OperationalError as error:
            raise OperationalError(begin, None, error) from error


@event.listens_for(Engine, "handle_error")
def _leave_what_only_reads(context: ExceptionContext) -> None:
    """Lets go of connections that PostgreSQL opened for reading only (25006, a standby taking over).

    They would stay so when it is open to writers again.
    """
    if getattr(context.original_exception, "sqlstate", None) == "25006":
        context.is_disconnect = True


def is_passing(error: Exception) -> bool:
    """Whether only the database's state is to blame: locked, gone, full, closed to writers.

    What is wrong with a statement is not, and will be wrong the next time too.
    """
    if isinstance(error, DBAPIError):
        code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_BUSY) & 0xFF
        is_state = isinstance(error, OperationalError) and code != sqlite3.SQLITE_ERROR
        return is_state or error.connection_invalidated
    return isinstance(error, TimeoutError)


def write_at_once(statement: Executable) -> None:
    """Carries a statement out by itself, or gives it up where it would have to wait, or fails."""
    token = _begin.set("BEGIN IMMEDIATE")
    try:
        with db.engine.connect() as connection:
            is_sqlite, driver = connection.dialect.name == "sqlite", connection.connection.cursor()
            if is_sqlite:
                driver.execute("PRAGMA busy_timeout=0")
            try:
                with connection.begin():
                    if not is_sqlite:
                        driver.execute("SET LOCAL lock_timeout = '1ms'")
                    connection.execute(statement)
            finally:
                if is_sqlite:
                    driver.execute(f"PRAGMA busy_timeout={current_app.config['LOCK_MS']}")
    except (DBAPIError, TimeoutError):
        pass
    finally:
        _begin.reset(token)


def checkpoint(*, is_last: bool = False) -> None:
    """Brings SQLite's log into the database's file, so that a plain copy of that has its data.

    Waits for nobody, and leaves what is in use; `is_last`, at a stop, also empties the log.
    """
    if db.engine.dialect.name != "sqlite":
        return
    connection = db.engine.raw_connection()
    try:
        connection.cursor().execute(
            f"PRAGMA wal_checkpoint({'TRUNCATE' if is_last else 'PASSIVE'})"
        )
    finally:
        connection.close()


def init_app(app: Flask) -> None:
    """Ties the database and its migrations to the application; writers wait LOCK_MS."""
    wait = app.config["LOCK_MS"]
    is_sqlite = app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite")
    waits = (
        {"timeout": wait / 1000}
        if is_sqlite
        else {"options": f"-c lock_timeout={wait}", "connect_timeout": CONNECT_SECONDS}
    )
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        **app.config["SQLALCHEMY_ENGINE_OPTIONS"],
        "connect_args": waits,
    }
    db.init_app(app)
    migrate.init_app(
        app,
        db,
        directory=str(project_root() / "migrations"),
        render_as_batch=True,
        compare_type=True,
    )


def insert_into(table: Any) -> Any:
    """An INSERT of the database's own dialect, which knows what to do where a row is there already."""
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def insert_many(table: type[Base], rows: list[dict[str, Any]], unique: list[str]) -> None:
    """`insert_missing` for any number of rows, as one statement run with each of them."""
    if rows:
        statement = insert_into(table.__table__).on_conflict_do_nothing(index_elements=unique)
        db.session.connection().execute(statement, rows)


def insert_missing(table: type[Base], rows: list[dict[str, Any]], unique: list[str]) -> int:
    """Inserts the rows whose unique columns are new; returns how many were."""
    if not rows:
        return 0
    statement = insert_into(table).values(rows).on_conflict_do_nothing(index_elements=unique)
    # Rows that came back are counted: PostgreSQL's driver does not know a row count here.
    return len(db.session.execute(statement.returning(getattr(table, unique[0]))).all())


def upsert(
    table: type[Base],
    row: Mapping[str, Any],
    changes: Mapping[str, Any],
    where: ColumnElement[bool],
) -> bool:
    """Inserts a row or, where its primary key is there and it fits `where`, changes it.

    One statement: of several at once each sees what the one before left.  Returns whether either
    was done.
    """
    key = [column.name for column in table.__table__.primary_key]
    statement = (
        insert_into(table)
        .values(**row)
        .on_conflict_do_update(index_elements=key, set_=dict(changes), where=where)
        .returning(getattr(table, key[0]))
    )
    return db.session.execute(statement).first() is not None
