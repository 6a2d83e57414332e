"""The real parts tests run against: PostgreSQL, an SMTP server, Chromium.

`./dev test` installs what a machine lacks. A part that is missing all the same skips the tests
that need it, or fails them where TRACKER_REQUIRE_ALL=1 says that nothing may be missing (CI).
"""

import fcntl
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, NoReturn, cast

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    Route,
    sync_playwright,
)

FOLDER = "TRACKER_TEST_FOLDER"


def missing(what: str) -> NoReturn:
    """Skip the test for want of a part of the machine, or fail it where all must be there."""
    if os.environ.get("TRACKER_REQUIRE_ALL") == "1":
        pytest.fail(f"{what} is missing on this machine", pytrace=False)
    pytest.skip(f"{what} is missing on this machine; ./dev test installs it where it may")


# --- PostgreSQL: one cluster for all test processes ------------------------------------------------


@dataclass(frozen=True)
class Postgres:
    """A running cluster in a folder of its own, reached by a socket there and nowhere else."""

    folder: Path

    def url(self, database: str) -> str:
        """The address of a database, as `TRACKER_DATABASE_URL` takes it."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def make_database(self, template: str = "template1") -> str:
        """Make a fresh database, a copy of `template`, and give its name."""
        name = f"t{uuid.uuid4().hex}"
        # Half the work of a copy that goes through the log, which nothing here is restored from.
        self._say(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._say(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def start(self) -> None:
        """Start the cluster and wait until it answers."""
        # One that is thrown away after the run need not survive a power cut.
        settings = (
            f"-c unix_socket_directories={self.folder} -c listen_addresses= "
            "-c max_connections=200 "
            "-c fsync=off -c synchronous_commit=off -c full_page_writes=off "
            # It would visit each database, one after the other, all the time.
            "-c autovacuum=off"
        )
        self._control("start", "-l", self.folder / "log", "-o", settings)

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `fast` ends connections, `immediate` also leaves everything lie."""
        self._control("stop", "-m", mode)

    def _control(self, *command: object) -> None:
        programs = _postgres_programs()
        assert programs is not None
        _postgres_run(programs / "pg_ctl", "-D", self.folder / "data", "-w", *command)

    def _say(self, statement: str) -> None:
        address = f"host={self.folder} user=postgres dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(cast(Any, statement))


def _postgres_programs() -> Path | None:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    elsewhere = shutil.which("initdb")
    return debian[-1] if debian else Path(elsewhere).parent if elsewhere else None


def _postgres_run(*command: object) -> None:
    """Run one of PostgreSQL's programs; it refuses to be root, so root becomes postgres."""
    become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    # The server keeps the streams it is started with, so they must not be pipes of ours.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [*become, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            check=False,
        )
        output.seek(0)
        said = output.read().decode(errors="replace")
    if done.returncode:
        pytest.fail(f"{command[0]} failed: {said}", pytrace=False)


def make_cluster(folder: Path) -> Postgres:
    """Make a cluster in a folder that is not there yet, and start it."""
    programs = _postgres_programs()
    if programs is None:
        missing("PostgreSQL (Debian package postgresql)")
    folder.mkdir()
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = folder / "data"
    _postgres_run(
        programs / "initdb",
        *("--pgdata", data, "--username=postgres", "--auth=trust", "--no-sync"),
        *("--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"),
    )
    cluster = Postgres(folder)
    cluster.start()
    return cluster


def _quick_folder() -> str:
    """Where files are kept in memory, if there is room for databases; else on the disk."""
    memory = Path("/dev/shm")
    has_room = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 << 30
    return str(memory) if has_room else "/tmp"


def pytest_configure(config: pytest.Config) -> None:
    """The first process makes the folder that all test processes share."""
    if not hasattr(config, "workerinput"):
        # Not below pytest's own temporary folder: the user postgres may not enter that,
        # and the path of a socket is limited to some hundred characters.
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="tracker-", dir=_quick_folder())
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", _quick_folder())
        Path(os.environ[FOLDER]).chmod(0o711)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The first process, which is the last to end, stops the cluster and removes the folder."""
    if hasattr(config, "workerinput") or FOLDER not in os.environ:
        return
    folder = Path(os.environ.pop(FOLDER))
    if (folder / "postgres/data/postmaster.pid").exists():
        Postgres(folder / "postgres").stop("immediate")
    shutil.rmtree(folder)


def running_postgres() -> Postgres:
    """The cluster, started by the test process that asks first."""
    shared = Path(os.environ[FOLDER])
    with (shared / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "postgres").exists():
            make_cluster(shared / "postgres")
    return Postgres(shared / "postgres")


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """The cluster of all test processes."""
    return running_postgres()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The address of an empty database of this test's own."""
    name = postgres.make_database()
    yield postgres.url(name)
    postgres.drop_database(name)


# --- SMTP --------------------------------------------------------------------------------------------


@dataclass
class SmtpServer:
    """A real SMTP server on loopback that keeps each letter it accepts, once per recipient."""

    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    host: str = "127.0.0.1"
    port: int = 0

    def for_(self, address: str) -> list[EmailMessage]:
        """The letters accepted for one envelope address, in the order they came."""
        both = zip(self.recipients, self.messages, strict=True)
        return [message for recipient, message in both if recipient == address]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a letter; aiosmtpd calls this by its name."""
        for recipient in envelope.rcpt_tos:
            content = cast(bytes, envelope.content)
            self.messages.append(message_from_bytes(content, policy=default))
            self.recipients.append(recipient)
        return "250 Message accepted"


class _AnyPort(Controller):
    """aiosmtpd knocks at its own door before it says which free port it was given."""

    def _trigger_server(self) -> None:
        self.port = cast(Any, self.server).sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # the library's is untyped


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    """An SMTP server of this test's own: `.host`, `.port`, `.messages`, `.for_(address)`."""
    inbox = SmtpServer()
    controller = _AnyPort(inbox, hostname=inbox.host, port=0)
    controller.start()
    inbox.port = controller.port
    yield inbox
    controller.stop()


# --- Chromium ------------------------------------------------------------------------------------------

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OUTSIDE = re.compile(r"^(?!https?://(127\.0\.0\.1|localhost|\[::1\])([:/]|$))(https?|wss?)://")
# Chromium's own words for an answer of 400 and above, which `_answered` judges instead.
REFUSED_ANSWER = "Failed to load resource: the server responded with a status of"


@dataclass
class Pages:
    """Opens pages as a person would: `page(width=390, javascript=False)`; notes what goes wrong.

    A problem is an error on the console, a script that fails, a picture, style or script that is
    not there, and any request to an address outside this machine. What a page itself answers
    (403, 404, 422 ...) is the test's own business, and so is 422 for a part of a page.
    """

    browser: Browser
    problems: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def __call__(
        self, *, width: int = 1280, javascript: bool = True, base_url: str | None = None
    ) -> Page:
        """A page in a session of its own (no cookies of another), `width` pixels wide."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=javascript,
            base_url=base_url,
            locale="ja-JP",
            timezone_id="Asia/Tokyo",
        )
        self.contexts.append(context)
        context.set_default_timeout(15_000)
        context.route(OUTSIDE, self._outside)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"script: {error.error}"))
        context.on("response", self._answered)
        return context.new_page()

    def close(self) -> None:
        """Close every session opened here."""
        while self.contexts:
            self.contexts.pop().close()

    def _outside(self, route: Route) -> None:
        self.problems.append(f"outside request: {route.request.url}")
        route.abort()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(REFUSED_ANSWER):
            self.problems.append(f"console: {message.text}")

    def _answered(self, response: Response) -> None:
        navigation = response.request.is_navigation_request()
        if response.status >= 400 and response.status != 422 and not navigation:
            self.problems.append(f"answer {response.status}: {response.url}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all pages of this test process."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        missing("Chromium (Debian package chromium)")
    fonts = shutil.which("fc-list")
    if not fonts or not subprocess.check_output([fonts, ":lang=ja"]):
        missing("A Japanese font (Debian packages fontconfig, fonts-noto-cjk)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Pages]:
    """Opens pages; the test fails when one of them wrote an error or asked outside."""
    pages = Pages(chromium)
    yield pages
    pages.close()
    if pages.problems:
        pytest.fail("\n".join(pages.problems), pytrace=False)
