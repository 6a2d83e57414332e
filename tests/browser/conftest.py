"""Houses to visit: one with its people only, and one with the whole example of the demo."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import expect

from tests import cast
from tests.agreements.makers import clear_agreements
from tests.app_fixtures import make_app
from tests.browser.house import House, serving
from tests.services import FOLDER, Pages, SmtpServer
from tracker.demo import actions as demo
from tracker.plumbing.db import db, upgrade

# Two busy cores are slow to draw; a page that never comes still fails.
expect.set_options(timeout=15_000)


@pytest.fixture
def town_hall(
    sqlite_url: str, tmp_path: Path, page: Pages, smtp_server: SmtpServer
) -> Iterator[House]:
    """Municipalities, posts, accounts and the census; no agreement yet."""
    mail = {"MAIL_SERVER": smtp_server.host, "MAIL_PORT": smtp_server.port}
    app = make_app(sqlite_url, tmp_path, CLOCK_SECONDS=1, **mail)
    with app.app_context():
        clear_agreements()
    with serving(app) as address:
        yield House(app, address, page, smtp_server)


@pytest.fixture(scope="session")
def example_file() -> Path:
    """The example as it stands at the day of the shots, built once for all test processes."""
    path = Path(os.environ[FOLDER]) / "example.sqlite3"
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            load_example(path)
    return path


def load_example(path: Path) -> None:
    """Writes the example into a new SQLite file."""
    half = path.with_suffix(".part")
    app = make_app(f"sqlite:///{half}", path.parent)
    with time_machine.travel(cast.NOW), app.app_context():
        upgrade()
        demo.load(at=cast.NOW)
        db.session.remove()
        db.engine.dispose()
    half.rename(path)


@pytest.fixture
def example(
    example_file: Path, tmp_path: Path, page: Pages, smtp_server: SmtpServer
) -> Iterator[House]:
    """The example in full swing, a copy for each test."""
    path = tmp_path / "example.sqlite3"
    shutil.copy(example_file, path)
    mail = {"MAIL_SERVER": smtp_server.host, "MAIL_PORT": smtp_server.port}
    app = make_app(f"sqlite:///{path}", tmp_path, **mail)
    with serving(app) as address:
        yield House(app, address, page, smtp_server)
