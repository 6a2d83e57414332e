"""The application on fresh databases, with the clock at 24 November 2026 (SQLite and PostgreSQL)."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType
from typing import Any

import pytest
import time_machine
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Dialect
from sqlalchemy.util import LRUCache

from tests import cast
from tests.pages import PageClient
from tests.services import FOLDER, Postgres
from tracker.app import create_app
from tracker.demo import actions as demo
from tracker.kernel.permissions import Actor
from tracker.plumbing.db import db, upgrade

SETTINGS: dict[str, Any] = {
    "TESTING": True,
    "SECRET_KEY": "a secret key of the tests, long enough for its work",
    "ARGON2_MEMORY_KIB": 64,
    "ARGON2_PASSES": 1,
    "BASE_URL": "https://renkei.example.lg.jp",
    "MAIL_DEFAULT_SENDER": "renkei@aomori.example",
    "SESSION_COOKIE_SECURE": False,
    "DEMO_PASSWORD": cast.PASSWORD,
    "MAIL_SERVER": "",
}


class CompiledTemplates(BytecodeCache):
    """What templates compile to, kept by this process for all the applications it makes."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Takes what was compiled from the same source, if it is there; Jinja calls this."""
        checksum, code = self._kept.get(bucket.key, ("", None))
        bucket.code = code if checksum == bucket.checksum else None

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps what was compiled; Jinja calls this."""
        assert bucket.code is not None
        self._kept[bucket.key] = (bucket.checksum, bucket.code)


# To compile them anew for each application takes 20-30 % of the time of tests of pages.
COMPILED_TEMPLATES = CompiledTemplates()
# Kind of database -> its dialect and what statements compile to in it.
COMPILED_STATEMENTS: dict[str, tuple[Dialect, MutableMapping[Any, Any]]] = {}


def make_app(url: str, home: Path, **changes: Any) -> Flask:
    """The application on one database, with the settings of the tests."""
    app = create_app({**SETTINGS, "SQLALCHEMY_DATABASE_URI": url, "HOME": home, **changes})
    app.jinja_env.bytecode_cache = COMPILED_TEMPLATES
    return app


@contextmanager
def opened(url: str, home: Path, **changes: Any) -> Iterator[Flask]:
    """The application on a database that is there; inside, SQL is compiled once a process."""
    app = make_app(url, home, **changes)
    with app.app_context():
        engine = db.engine
    if engine.name not in COMPILED_STATEMENTS:
        # A dialect learns of its server when it is connected for the first time.
        engine.connect().close()
        COMPILED_STATEMENTS[engine.name] = engine.dialect, LRUCache(2000)
    # The dialect is part of the key of a compiled statement.
    engine.dialect, compiled = COMPILED_STATEMENTS[engine.name]
    engine.update_execution_options(compiled_cache=compiled)
    try:
        yield app
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture(autouse=True)
def now() -> Iterator[time_machine.Traveller]:
    """The clock stands at the day of the design shots and goes on from there."""
    with time_machine.travel(cast.NOW, tick=True) as traveller:
        yield traveller


# --- databases to copy: each is made by the test process that asks first, and shared by all ---------


def _made_once(name: str, make: Callable[[], str]) -> str:
    """What `make` gives, made by the test process that asks first and shared by all."""
    note = Path(os.environ[FOLDER]) / name
    with note.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            note.write_text(make())
    return note.read_text()


def _fill(url: str, fill: Callable[[], object]) -> None:
    with (
        time_machine.travel(cast.NOW, tick=True),
        TemporaryDirectory() as home,
        opened(url, Path(home)) as app,
        app.app_context(),
    ):
        fill()


def _sqlite_file(name: str, fill: Callable[[], object], start: Path | None = None) -> Path:
    """A SQLite file with what `fill` enters into a copy of `start`."""

    def make() -> str:
        path = Path(os.environ[FOLDER]) / f"{name}.sqlite3"
        if start:
            shutil.copy(start, path)
        _fill(f"sqlite:///{path}", fill)
        return str(path)

    return Path(_made_once(f"{name}-sqlite", make))


def _postgres_database(
    postgres: Postgres, name: str, fill: Callable[[], object], start: str = "template1"
) -> str:
    """The name of a PostgreSQL database with what `fill` enters into a copy of `start`."""

    def make() -> str:
        database = postgres.make_database(template=start)
        _fill(postgres.url(database), fill)
        return database

    return _made_once(f"{name}-postgresql", make)


def _load_demo() -> None:
    assert demo.load(at=cast.NOW)


def _load_large() -> None:
    assert demo.load(at=cast.NOW, is_large=True)


def empty_sqlite(folder: Path) -> str:
    """The address of a migrated SQLite file with nothing in it, made in that folder."""
    path = folder / "empty.sqlite3"
    shutil.copy(_sqlite_file("empty", upgrade), path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    """A SQLite file with the cast in it."""
    return _sqlite_file("cast", cast.enter, _sqlite_file("empty", upgrade))


@pytest.fixture(scope="session")
def demo_template() -> Path:
    """A SQLite file with the Aomori example as it stands on the day of the design shots."""
    return _sqlite_file("demo", _load_demo, _sqlite_file("empty", upgrade))


@pytest.fixture(scope="session")
def large_template() -> Path:
    """The same with the large area: 30 municipalities, 100 projects, seven years."""
    return _sqlite_file("large", _load_large, _sqlite_file("empty", upgrade))


@pytest.fixture(scope="session")
def empty_postgres_template(postgres: Postgres) -> str:
    """A migrated PostgreSQL database with nothing in it; its name."""
    return _postgres_database(postgres, "empty", upgrade)


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres, empty_postgres_template: str) -> str:
    """A PostgreSQL database with the cast in it; its name."""
    return _postgres_database(postgres, "cast", cast.enter, empty_postgres_template)


@pytest.fixture(scope="session")
def demo_postgres_template(postgres: Postgres, empty_postgres_template: str) -> str:
    """A PostgreSQL database with the Aomori example in it; its name."""
    return _postgres_database(postgres, "demo", _load_demo, empty_postgres_template)


# --- what a test gets ------------------------------------------------------------------------------


DEMO = ("demo_template", "demo_postgres_template")


def _copy(
    request: pytest.FixtureRequest,
    folder: Path,
    engine: str,
    templates: tuple[str, str] = ("sqlite_template", "postgres_template"),
) -> str:
    """The address of a fresh copy of one of the databases above."""
    on_sqlite, on_postgres = templates
    if engine == "sqlite":
        path = folder / "tracker.sqlite3"
        shutil.copy(request.getfixturevalue(on_sqlite), path)
        return f"sqlite:///{path}"
    postgres = request.getfixturevalue("postgres")
    template = request.getfixturevalue(on_postgres)
    return str(postgres.url(postgres.make_database(template=template)))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh copy of the database with the cast: each test runs on both engines."""
    return _copy(request, tmp_path, request.param)


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same on SQLite only, where the database does not matter."""
    return _copy(request, tmp_path, "sqlite")


@pytest.fixture
def both(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application inside its context, on SQLite and on PostgreSQL: for actions."""
    with opened(database_url, tmp_path) as app, app.app_context():
        yield app


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on SQLite, outside any context: for pages."""
    with opened(sqlite_url, tmp_path) as app:
        yield app


@pytest.fixture
def browse(app: Flask) -> Callable[..., PageClient]:
    """browse() is somebody at the door; browse("officer", "imabetsu") is signed in."""

    def start(role: str | None = None, slug: str = "aomori") -> PageClient:
        client = PageClient(app)
        return client.sign_in(role, slug) if role else client

    return start


@pytest.fixture
def actor() -> Callable[..., Actor]:
    """actor("officer", "imabetsu"): who acts, inside an application context."""
    from tracker.accounts import queries

    return lambda role, slug="aomori": queries.actor_of(cast.email(role, slug))


@pytest.fixture
def demo_app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The application on a fresh copy of the example (SQLite), outside any context."""
    with opened(_copy(request, tmp_path, "sqlite", DEMO), tmp_path) as app:
        yield app


@pytest.fixture(params=["sqlite", "postgresql"])
def demo_both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The application on a fresh copy of the example, inside its context, on both engines."""
    url = _copy(request, tmp_path, request.param, DEMO)
    with opened(url, tmp_path) as app, app.app_context():
        yield app


def load_demo(url: str, home: Path, *, is_large: bool = False) -> None:
    """Migrates an empty database and loads an example into it at the clock of the tests."""
    with (
        time_machine.travel(cast.NOW, tick=True),
        opened(url, home) as app,
        app.app_context(),
    ):
        upgrade()
        assert demo.load(at=cast.NOW, is_large=is_large)


os.environ.setdefault("TRACKER_SECRET_KEY", SETTINGS["SECRET_KEY"])
