"""A real server that is told to stop answers what it began, and leaves a whole database file."""

import shutil
import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests import cast
from tests.app_fixtures import copy_database
from tests.whole.served import serving
from tests.whole.test_server import locked

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
