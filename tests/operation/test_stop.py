"""A real server that is told to stop answers what it began, and leaves a whole database file.

A real clock ends the letter under way, and begins no other.
"""

import shutil
import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from sqlalchemy import select

from tests import cast
from tests.app_fixtures import copy_database, opened
from tests.mail.faults.bad_server import BadServer
from tests.whole.served import serving, started
from tests.whole.test_server import locked
from tracker.mail.letters import Letter, LetterState, Recipient, new_row, write_many
from tracker.plumbing.db import db

SECRET = "QWxsIG91ciBzZWNyZXRzIHN0YW5kIGhlcmU"


def test_a_server_that_is_stopped_ends_its_requests_and_its_log(tmp_path: Path) -> None:
    # A process of its own: two seconds.
    url = copy_database("cast", "sqlite", tmp_path)
    with serving(url, tmp_path / "home") as served, ThreadPoolExecutor() as people:
        served.ask("GET", f"/poll/{SECRET}")
        page = served.ask("GET", "/login")
        fields = {**page.fields(), "email": cast.email("office"), "password": cast.PASSWORD}
        cookie = page.headers["set-cookie"]
        with locked(served):
            waiting = people.submit(served.ask, "POST", "/login", fields, cookie)
            time.sleep(0.4)
            served.process.send_signal(signal.SIGTERM)
            time.sleep(1.2)
            assert not waiting.done() and served.process.poll() is None
        assert waiting.result(20).status == 302
        assert served.process.wait(20) == 0
        said = served.said()
    assert SECRET not in said and "GET '/poll/…' 404" in said and "POST '/login' 302" in said
    # The one file has all of it.
    alone = shutil.copy(tmp_path / "tracker.sqlite3", tmp_path / "alone.sqlite3")
    count = sqlite3.connect(alone).execute("SELECT count(*) FROM sign_in").fetchone()
    assert count == (1,)


def test_a_clock_that_is_stopped_ends_the_letter_under_way_and_begins_no_other(
    tmp_path: Path,
) -> None:
    # A process of its own: three seconds, of which it waits two.
    url, under_way, go_on = copy_database("cast", "sqlite", tmp_path), Event(), Event()

    def watch(stage: str, _to: str | None) -> None:
        if stage == "dot":
            under_way.set()
            go_on.wait(20)

    # Due whatever the day on which the test runs.
    at, until = datetime(2020, 1, 6, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    many = [Recipient(f"person:{n}", "担当", f"p{n}@aomori.example", None) for n in range(6)]
    with opened(url, tmp_path / "own") as app, app.app_context():
        write_many(
            new_row("test", to, "件名", "本文", key=to.key, at=at, useful_until=until)
            for to in many
        )
        db.session.commit()
        with BadServer(watch=watch) as server:
            mail = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": server.port, "CLOCK_SECONDS": 1}
            with started(url, tmp_path / "home", "worker", **mail) as process:
                assert under_way.wait(30)
                process.send_signal(signal.SIGTERM)
                time.sleep(0.5)
                assert process.poll() is None and server.accepted
                go_on.set()
                assert process.wait(20) == 0
            assert len(server.accepted) == 1
        found = select(Letter.to_email, Letter.state).where(Letter.kind == "test")
        states = {row.to_email: row.state for row in db.session.execute(found)}
    [(sent_to, _text)] = server.accepted
    assert states.pop(sent_to) is LetterState.SENT
    # Nobody waits for a lease to end: the next clock sends them at once.
    assert set(states.values()) == {LetterState.QUEUED} and len(states) == 5
