"""The application on fresh databases, with the clock at 24 November 2026 (SQLite and PostgreSQL)."""

import fcntl
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any, ClassVar

import psycopg
import pytest
import time_machine
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Dialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from tests import cast
from tests.pages import PageClient
from tests.put_back import PutBack
from tests.services import FOLDER, running_postgres
from tracker.app import create_app
from tracker.demo import actions as demo
from tracker.kernel.permissions import Actor
from tracker.plumbing.db import db
from tracker.schema.actions import upgrade

SETTINGS: dict[str, Any] = {
    "TESTING": True,
    "SECRET_KEY": "a secret key of the tests, long enough for its work",
    "ARGON2_MEMORY_KIB": 64,
    "ARGON2_PASSES": 1,
    "HASH_WAIT_MS": 300,
    "BASE_URL": "https://renkei.example.lg.jp",
    "IS_BASE_URL_SET": True,
    "SETUP_CODE": cast.SETUP_CODE,
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


class CompiledRule(Rule):
    """An address that is read and compiled once a process, for all the applications it makes."""

    _kept: ClassVar[dict[tuple[str, str], dict[str, Any]]] = {}

    def compile(self) -> None:
        """Takes what the same address became before, if it did; Werkzeug calls this."""
        key = self.rule, repr(self.defaults)
        if key not in self._kept:
            super().compile()
            # The builders are bound to their rule.
            made = self._build.__func__, self._build_unknown.__func__  # type: ignore[attr-defined]
            read = {name: getattr(self, name) for name in ("_parts", "_trace", "_converters")}
            self._kept[key] = {**read, "arguments": self.arguments, "made": made}
        kept = self._kept[key]
        self._parts, self._trace = kept["_parts"], kept["_trace"]
        self._converters, self.arguments = kept["_converters"], kept["arguments"]
        self._build, self._build_unknown = (one.__get__(self) for one in kept["made"])


# Without it an application takes 25 ms of the processor to be made, with it 7.
Flask.url_rule_class = CompiledRule


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


def made_once(name: str, make: Callable[[], str]) -> str:
    """What `make` gives, made by the test process that asks first and shared by all."""
    note = Path(os.environ[FOLDER]) / name
    with note.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            note.write_text(make())
    return note.read_text()


def copy_of(template: str | None, engine: str, path: Path) -> tuple[str, str]:
    """A copy of a template (None: nothing yet): its address, and what it is called as a template.

    Templates are files on SQLite (the copy lies at `path`) and names of databases on PostgreSQL.
    """
    if engine == "sqlite":
        if template:
            shutil.copy(template, path)
        return f"sqlite:///{path}", str(path)
    postgres = running_postgres()
    name = postgres.make_database(template or "template1")
    return postgres.url(name), name


def _load_demo() -> None:
    assert demo.load(at=cast.NOW)


def _load_large() -> None:
    assert demo.load(at=cast.NOW, is_large=True)


def _open_poll() -> None:
    from tests.meetings import makers

    makers.make_answers(makers.make_meeting())


# Template -> the one it starts from, and what is entered into it.
TEMPLATES: Mapping[str, tuple[str | None, Callable[[], object]]] = {
    "empty": (None, upgrade),
    "cast": ("empty", cast.enter),
    "polling": ("cast", _open_poll),
    "demo": ("empty", _load_demo),
    "large": ("empty", _load_large),
}


def home_of(name: str, engine: str) -> Path:
    """The home that a template was filled in, where the files lie that its database tells of."""
    return Path(os.environ[FOLDER]) / f"{name}-{engine}-home"


def copy_files(name: str, engine: str, folder: Path) -> None:
    """Puts the files of a template into the home of its copy."""
    uploads = home_of(name, engine) / "uploads"
    if uploads.exists():
        shutil.copytree(uploads, folder / "uploads", dirs_exist_ok=True)


def template(name: str, engine: str) -> str:
    """A migrated database with nothing in it, the cast, the Aomori example or the large area."""
    start, fill = TEMPLATES[name]

    def make() -> str:
        folder = Path(os.environ[FOLDER])
        begin = template(start, engine) if start else None
        url, made = copy_of(begin, engine, folder / f"{name}.sqlite3")
        with (
            time_machine.travel(cast.NOW, tick=True),
            opened(url, home_of(name, engine)) as app,
            app.app_context(),
        ):
            fill()
        return made

    return made_once(f"{name}-{engine}", make)


def copy_database(name: str, engine: str, folder: Path) -> str:
    """The address of a fresh copy of a template, for one test; its files are in that folder."""
    url, _ = copy_of(template(name, engine), engine, folder / "tracker.sqlite3")
    copy_files(name, engine, folder)
    return url


# PostgreSQL databases of this process, by template, whose rows were put back after a test.
RETURNED: dict[str, list[tuple[str, PutBack]]] = defaultdict(list)


@contextmanager
def lent_database(name: str, engine: str, folder: Path) -> Iterator[str]:
    """A database as the template has it, for one test; on PostgreSQL one that another test had."""
    if engine == "sqlite":
        yield copy_database(name, engine, folder)
        return
    if not RETURNED[name]:
        url, _ = copy_of(template(name, engine), engine, folder)
        RETURNED[name].append((url, PutBack(_connected(url))))
    url, saved = RETURNED[name].pop()
    copy_files(name, engine, folder)
    saved.live.close()
    yield url
    saved.live = _connected(url)
    # Whatever a test left open would hold its locks.
    saved.live.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    if saved.rows():
        RETURNED[name].append((url, saved))
    else:
        saved.live.close()


def _connected(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


# --- what a test gets ------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with the cast alone: each test runs on both engines."""
    with lent_database("cast", request.param, tmp_path) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The same on SQLite only, where the database does not matter."""
    return copy_database("cast", "sqlite", tmp_path)


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
def given(app: Flask) -> Callable[[Callable[[], object]], None]:
    """given(act): does something before the pages, in a context that ends with it."""

    def carry_out(act: Callable[[], object]) -> None:
        with app.app_context():
            act()
            db.session.remove()

    return carry_out


@pytest.fixture
def browse(app: Flask) -> Callable[..., PageClient]:
    """browse() is somebody at the door; browse("officer", "imabetsu") is signed in."""

    def start(role: str | None = None, slug: str = "aomori") -> PageClient:
        client = PageClient(app)
        return client.enter(role, slug) if role else client

    return start


@pytest.fixture
def actor() -> Callable[..., Actor]:
    """actor("officer", "imabetsu"): who acts, inside an application context."""
    from tracker.accounts import queries

    return lambda role, slug="aomori": queries.actor_of(cast.email(role, slug))


@pytest.fixture
def demo_app(tmp_path: Path) -> Iterator[Flask]:
    """The application on a fresh copy of the example (SQLite), outside any context."""
    with opened(copy_database("demo", "sqlite", tmp_path), tmp_path) as app:
        yield app


@pytest.fixture(params=["sqlite", "postgresql"])
def demo_both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The application on the example as it was loaded, inside its context, on both engines."""
    with (
        lent_database("demo", request.param, tmp_path) as url,
        opened(url, tmp_path) as app,
        app.app_context(),
    ):
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
