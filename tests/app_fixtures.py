"""The application on fresh databases, with the clock at 24 November 2026 (SQLite and PostgreSQL)."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask

from tests import cast
from tests.pages import PageClient
from tests.services import FOLDER
from tracker.app import create_app
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


def make_app(url: str, home: Path, **changes: Any) -> Flask:
    """The application on one database, with the settings of the tests."""
    return create_app({**SETTINGS, "SQLALCHEMY_DATABASE_URI": url, "HOME": home, **changes})


@pytest.fixture(autouse=True)
def now() -> Iterator[time_machine.Traveller]:
    """The clock stands at the day of the design shots and goes on from there."""
    with time_machine.travel(cast.NOW, tick=True) as traveller:
        yield traveller


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with the cast in it."""
    folder = tmp_path_factory.mktemp("template")
    path = folder / "cast.sqlite3"
    app = make_app(f"sqlite:///{path}", folder)
    with app.app_context():
        upgrade()
        cast.enter()
        db.session.remove()
        db.engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """A migrated PostgreSQL database with the cast in it; its name."""
    postgres = request.getfixturevalue("postgres")
    name = postgres.make_database()
    app = make_app(postgres.url(name), tmp_path_factory.mktemp("postgres"))
    with app.app_context():
        upgrade()
        cast.enter()
        db.session.remove()
        db.engine.dispose()
    return str(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh copy of the database with the cast: each test runs on both engines."""
    return _copy(request, tmp_path, request.param)


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same on SQLite only, where the database does not matter."""
    return _copy(request, tmp_path, "sqlite")


def _copy(request: pytest.FixtureRequest, tmp_path: Path, engine: str) -> str:
    if engine == "sqlite":
        path = tmp_path / "tracker.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    postgres = request.getfixturevalue("postgres")
    template = request.getfixturevalue("postgres_template")
    return str(postgres.url(postgres.make_database(template=template)))


@pytest.fixture
def both(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application inside its context, on SQLite and on PostgreSQL: for actions."""
    yield from _running(database_url, tmp_path)


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on SQLite, outside any context: for pages."""
    made = make_app(sqlite_url, tmp_path)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def _running(url: str, home: Path) -> Iterator[Flask]:
    made = make_app(url, home)
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()


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


@pytest.fixture(scope="session")
def demo_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the Aomori example as it stands on the day of the design shots."""

    def make() -> str:
        path = Path(os.environ[FOLDER]) / "demo.sqlite3"
        load_demo(f"sqlite:///{path}", tmp_path_factory.mktemp("demo"))
        return str(path)

    return Path(_made_once("demo-sqlite", make))


@pytest.fixture(scope="session")
def large_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the large area: 30 municipalities, 100 projects, seven years."""

    def make() -> str:
        path = Path(os.environ[FOLDER]) / "large.sqlite3"
        load_demo(f"sqlite:///{path}", tmp_path_factory.mktemp("large"), is_large=True)
        return str(path)

    return Path(_made_once("large-sqlite", make))


@pytest.fixture(scope="session")
def demo_postgres_template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The same in a PostgreSQL database; its name."""
    postgres = request.getfixturevalue("postgres")

    def make() -> str:
        name = str(postgres.make_database())
        load_demo(postgres.url(name), tmp_path_factory.mktemp("demo-postgres"))
        return name

    return _made_once("demo-postgres", make)


def _made_once(name: str, make: Callable[[], str]) -> str:
    """What `make` gives, made by the test process that asks first and shared by all."""
    note = Path(os.environ[FOLDER]) / name
    with note.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            note.write_text(make())
    return note.read_text()


@pytest.fixture
def demo_app(demo_template: Path, tmp_path: Path) -> Iterator[Flask]:
    """The application on a fresh copy of the example (SQLite), outside any context."""
    path = tmp_path / "demo.sqlite3"
    shutil.copy(demo_template, path)
    made = make_app(f"sqlite:///{path}", tmp_path)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def demo_both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The application on a fresh copy of the example, inside its context, on both engines."""
    if request.param == "sqlite":
        path = tmp_path / "demo.sqlite3"
        shutil.copy(request.getfixturevalue("demo_template"), path)
        yield from _running(f"sqlite:///{path}", tmp_path)
        return
    postgres = request.getfixturevalue("postgres")
    template = request.getfixturevalue("demo_postgres_template")
    yield from _running(str(postgres.url(postgres.make_database(template=template))), tmp_path)


def load_demo(url: str, home: Path, *, is_large: bool = False) -> None:
    """Migrates an empty database and loads an example into it at the clock of the tests."""
    from tracker.demo import actions

    app = make_app(url, home)
    with time_machine.travel(cast.NOW, tick=True), app.app_context():
        upgrade()
        assert actions.load(at=cast.NOW, is_large=is_large)
        db.session.remove()
        db.engine.dispose()


os.environ.setdefault("TRACKER_SECRET_KEY", SETTINGS["SECRET_KEY"])
