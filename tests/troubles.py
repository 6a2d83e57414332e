"""What a machine does to a program: no room on the disk, a database locked, gone, closed to writers."""

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import LiteralString, cast

import psycopg
from sqlalchemy import URL, Engine, event
from sqlalchemy.orm import Session

from tests.whole.clients import House, PostgresHouse
from tracker.plumbing.db import db

# What PostgreSQL says when it finds no room for a row, said by the trigger of a house's tables.
NO_ROOM = """
CREATE OR REPLACE FUNCTION saved.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
END $$
"""


@contextmanager
def no_room(left: int = 0) -> Iterator[None]:
    """The system lets this process write no file longer than so many bytes."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, limit[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)


@contextmanager
def told_at_checkout(engine: Engine, pragma: str, after: str) -> Iterator[None]:
    """Each connection of SQLite is told something when it is taken, and the other thing later."""
    said = [pragma]

    def tell(connection: object, *_: object) -> None:
        connection.execute(f"PRAGMA {said[-1]}")  # type: ignore[attr-defined]

    event.listen(engine, "checkout", tell)
    try:
        yield
    finally:
        said.append(after)
        with engine.connect():
            pass
        event.remove(engine, "checkout", tell)


@contextmanager
def gone(url: URL, spared: int = 0) -> Iterator[None]:
    """The database is not there; connections that were open are ended, but the one spared.

    SQLite's must be let go of before.
    """
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database))
        away = path.rename(path.with_suffix(".away"))
        path.mkdir()
        try:
            yield
        finally:
            path.rmdir()
            away.rename(path)
        return
    server = url.set(drivername="postgresql", database="postgres")
    with psycopg.connect(server.render_as_string(False), autocommit=True) as admin:
        admin.execute(_sql(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false'))
        admin.execute(END_OTHERS, [url.database, spared])
        try:
            yield
        finally:
            admin.execute(_sql(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS true'))


END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = %s AND pid NOT IN (pg_backend_pid(), %s)"
)


def _sql(statement: str) -> LiteralString:
    return cast(LiteralString, statement)


# --- of a whole house ------------------------------------------------------------------------------


def engine_of(house: House) -> Engine:
    """The house's own engine."""
    with house.app.app_context():
        return db.engine


def is_sqlite(house: House) -> bool:
    """Which of the two databases it stands on."""
    return engine_of(house).dialect.name == "sqlite"


def _live(house: House) -> psycopg.Connection:
    """The connection by which a house on PostgreSQL is put back."""
    assert isinstance(house, PostgresHouse)
    return house.saved.live


@contextmanager
def locked(house: House) -> Iterator[None]:
    """Somebody else writes and does not end: readers go on, writers wait."""
    connection = engine_of(house).raw_connection()
    if is_sqlite(house):
        connection.cursor().execute("BEGIN IMMEDIATE")
    else:
        names = ", ".join(f'"{table.name}"' for table in db.metadata.sorted_tables)
        connection.cursor().execute(f"LOCK TABLE {names} IN EXCLUSIVE MODE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


@contextmanager
def full(house: House) -> Iterator[None]:
    """The disk takes nothing more: neither database nor logs."""
    if is_sqlite(house):
        with no_room():
            yield
        return
    live = _live(house)
    (usual,) = live.execute("SELECT pg_get_functiondef('saved.note'::regproc)").fetchone() or ("",)
    live.execute(_sql(NO_ROOM))
    try:
        yield
    finally:
        live.execute(_sql(usual))
        # Nobody changed the shape of a table.
        live.execute("DELETE FROM saved.written WHERE name = ''")


@contextmanager
def read_only(house: House) -> Iterator[None]:
    """The database is read and not written, as a standby or a file without its right."""
    if is_sqlite(house):
        with told_at_checkout(engine_of(house), "query_only=ON", "query_only=OFF"):
            yield
        return
    live = _live(house)
    name = live.info.dbname
    live.execute(_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    live.execute(END_OTHERS, [name, 0])
    try:
        yield
    finally:
        live.execute(_sql(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'))


@contextmanager
def away(house: House) -> Iterator[None]:
    """The database is gone, and every connection to it."""
    engine = engine_of(house)
    if is_sqlite(house):
        engine.dispose()
        with gone(engine.url):
            yield
        return
    with gone(engine.url, _live(house).info.backend_pid):
        yield


@contextmanager
def at_fault(_house: House) -> Iterator[None]:
    """A fault of ours, in the last moment of every act."""

    def fail(_session: Session) -> None:
        raise ValueError("planted")

    event.listen(Session, "before_commit", fail)
    try:
        yield
    finally:
        event.remove(Session, "before_commit", fail)


# Trouble -> how it is planted, and what a post that meets it is answered.
TROUBLES: dict[str, tuple[Callable[[House], AbstractContextManager[None]], int]] = {
    "locked": (locked, 503),
    "at fault": (at_fault, 500),
    "full": (full, 503),
    "read only": (read_only, 503),
    "gone": (away, 503),
}
