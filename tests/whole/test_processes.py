"""Several web processes and the clock apart, as README's "Operation" promises."""

import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import NullPool, create_engine, text

from tests.app_fixtures import load_demo, opened
from tests.municipalities.test_views import ENTRY
from tests.pages import PageClient
from tests.services import Postgres, make_cluster
from tests.whole.served import serving, started
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.memo import kept
from tracker.sign_in.password import rules
from tracker.sign_in.password.actions import sign_in
from tracker.sign_in.password.rules import Origin

NEW, HOME = "/admin/holidays/new", "/"
OFFICE = "office@aomori.example"


def closures(app: Flask) -> Any:
    """What pages of one process keep."""
    span = date(2026, 12, 1), date(2026, 12, 5)
    with app.test_request_context(HOME):
        return kept("closures of the test", ("municipalities",), partial(areas.closures, *span))


def test_one_process_knows_what_another_did(database_url: str, tmp_path: Path) -> None:
    with opened(database_url, tmp_path) as one, opened(database_url, tmp_path) as another:
        here, there = PageClient(one).sign_in("office"), PageClient(another)
        cookie = here.client.get_cookie("renkei")
        assert cookie is not None
        there.client.set_cookie("renkei", cookie.value)
        before = [closures(app) for app in (one, another)]
        fields = {**here.get(NEW).fields(), **ENTRY}
        # Whoever signed in at one is signed in at the other, and presses there what was done here.
        assert [client.post(NEW, fields).status for client in (here, there)] == [302, 303]
        after = [closures(app) for app in (one, another)]
        assert before[0] == before[1] != after[0] == after[1]


def test_wrong_passwords_are_counted_whichever_process_looks_at_them(
    database_url: str, tmp_path: Path
) -> None:
    told = []
    with opened(database_url, tmp_path) as one, opened(database_url, tmp_path) as another:
        for number in range(6):
            with (one, another)[number % 2].app_context(), pytest.raises(Refusal) as refused:
                sign_in(OFFICE, "wrong", at=clock.now(), origin=Origin("192.0.2.7"))
            told.append(refused.value.message == rules.WRONG)
    assert told == [True] * 4 + [False] * 2


# --- processes of their own -------------------------------------------------------------------------


@pytest.fixture
def cluster() -> Iterator[Postgres]:
    """A PostgreSQL of this test's own, which may be stopped."""
    folder = Path(tempfile.mkdtemp(prefix="tracker-", dir="/tmp"))
    folder.chmod(0o711)
    made = make_cluster(folder / "postgres")
    yield made
    made.stop("immediate")
    shutil.rmtree(folder)


BEAT = "SELECT max(heartbeat_at) FROM clock_state"


@pytest.mark.slow
def test_two_web_processes_and_the_clock_apart(cluster: Postgres, tmp_path: Path) -> None:
    url = cluster.url(cluster.make_database())
    load_demo(url, tmp_path)
    engine = create_engine(url, poolclass=NullPool)

    def asked(query: str) -> Any:
        with engine.connect() as connection:
            return connection.execute(text(query)).scalar_one()

    def wait_for_a_beat(clock: "subprocess.Popen[bytes]") -> None:
        last, until = asked(BEAT), time.monotonic() + 60
        while asked(BEAT) == last:
            assert clock.poll() is None and time.monotonic() < until
            time.sleep(0.2)

    shared = {"FREE_TRIES": 1000, "BASE_URL": "http://127.0.0.1:8000", "CLOCK_SECONDS": 1}
    with ExitStack() as stack:
        web = [stack.enter_context(serving(url, tmp_path / name, **shared)) for name in "ab"]
        cookie = web[0].ask("GET", "/", cookie=web[0].sign_in(OFFICE)).headers["set-cookie"]
        empty = web[1].ask("GET", NEW, cookie=cookie)
        fields = {**empty.fields(), **ENTRY, "municipalities": "imabetsu"}
        with ThreadPoolExecutor(16) as people:
            presses = [
                people.submit(web[n % 2].ask, "POST", NEW, fields, cookie) for n in range(16)
            ]
        assert Counter(press.result().status for press in presses) == {302: 1, 303: 15}
        assert asked("SELECT count(*) FROM history WHERE summary LIKE '%開町記念日%'") == 1

        page = web[0].ask("GET", "/login")
        wrong = {**page.fields(), "email": OFFICE, "password": "wrong"}
        told = [page.headers["set-cookie"]]
        with ThreadPoolExecutor(16) as people:
            guesses = [
                people.submit(web[n % 2].ask, "POST", "/login", wrong, told[0]) for n in range(16)
            ]
        checked = sum(rules.WRONG in guess.result().text for guess in guesses)
        assert 0 < checked == asked("SELECT max(count) FROM sign_in_delay")

        # The clock is another process; nobody's pages need it.
        assert asked(BEAT) is None
        clock = stack.enter_context(started(url, tmp_path / "c", "worker", **shared))
        wait_for_a_beat(clock)
        cluster.stop()
        for served in web:
            said = served.said()
            page = served.ask("GET", "/", cookie=cookie)
            post = served.ask("POST", NEW, fields, cookie)
            assert (
                (page.status, page.title)
                == (post.status, post.title)
                == (503, "今、混み合っています")
            )
            assert post.fields()["name"] == ENTRY["name"]
            # A line of the access log and one that says why, each.
            lines = served.said().removeprefix(said).splitlines()
            assert Counter(re.findall(r"\] (\w+) in ", "\n".join(lines))) == {"INFO": 2, "ERROR": 2}
            assert len(lines) == 4
        cluster.start()
        assert [served.ask("GET", "/", cookie=cookie).status for served in web] == [200, 200]
        assert [served.ask("POST", NEW, fields, cookie).status for served in web] == [303, 303]
        wait_for_a_beat(clock)
