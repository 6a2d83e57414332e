"""Four processes run the same day at once: nobody gets a letter twice (trust.md P3)."""

import os
import pathlib
import subprocess
import sys
import time
from collections import Counter

from tests.app_fixtures import SETTINGS, make_app
from tests.reminders.makers import make_round
from tracker.plumbing.db import db

WORKERS = 4


def run_workers(kind: str, url: str, home: pathlib.Path, smtp_server) -> Counter[str]:
    """Starts the workers at one gate; how often each address got its letter."""
    folder = home / kind
    folder.mkdir()
    gate = folder / "gate"
    environment = {
        **os.environ,
        "TRACKER_HOME": str(home),
        "TRACKER_DATABASE_URL": url,
        "TRACKER_SECRET_KEY": SETTINGS["SECRET_KEY"],
        "TRACKER_MAIL_SERVER": smtp_server.host,
        "TRACKER_MAIL_PORT": str(smtp_server.port),
    }
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.reminders.workers", kind, str(gate)], env=environment
        )
        for _ in range(WORKERS)
    ]
    deadline = time.monotonic() + 60
    while len(list(folder.glob("ready-*"))) < WORKERS:
        assert time.monotonic() < deadline, "the workers did not get ready"
        time.sleep(0.02)
    gate.touch()
    assert [worker.wait(60) for worker in workers] == [0] * WORKERS
    return Counter(mail["To"].addresses[0].addr_spec for mail in smtp_server.messages)


def prepare(url: str, home: pathlib.Path) -> None:
    """Opens a round, so that four officers are to be reminded on 27 November."""
    app = make_app(url, home)
    with app.app_context():
        make_round()
        db.session.remove()
        db.engine.dispose()


def test_four_workers_send_each_letter_once(database_url, tmp_path, smtp_server):
    prepare(database_url, tmp_path)
    received = run_workers("real", database_url, tmp_path, smtp_server)
    assert sorted(received.values()) == [1, 1, 1, 1]


def test_the_naive_way_sends_twice(database_url, tmp_path, smtp_server):
    """The control: the test above could fail."""
    prepare(database_url, tmp_path)
    received = run_workers("naive", database_url, tmp_path, smtp_server)
    assert max(received.values()) > 1
