"""`tracker run` in a process of its own, and people who ask it over real sockets."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from bs4 import BeautifulSoup

from tests import cast
from tests.whole.test_run import ROOT, free_port


class Answer(NamedTuple):
    status: int
    text: str
    headers: dict[str, str]
    seconds: float

    def fields(self) -> dict[str, str]:
        """What stands in the page's last form."""
        form = BeautifulSoup(self.text, "html.parser").select("main form[method=post]")[-1]
        boxes = form.select("input[name]:not([type=radio]), input[checked]")
        return {str(box["name"]): str(box.get("value", "")) for box in boxes}

    @property
    def title(self) -> str:
        return BeautifulSoup(self.text, "html.parser").select("h1")[0].get_text(strip=True)


class Served(NamedTuple):
    """A running server, and where its data lie."""

    port: int
    url: str
    home: Path
    process: "subprocess.Popen[bytes]"

    def ask(
        self,
        method: str,
        path: str,
        fields: dict[str, str] | None = None,
        cookie: str = "",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own."""
        begun = time.monotonic()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Cookie": cookie, **(headers or {})}
        if fields is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urlencode(fields or {}) if fields else None, sent)
        answer = read(connection.getresponse())
        connection.close()
        return answer._replace(seconds=time.monotonic() - begun)

    def sign_in(self, email: str, headers: dict[str, str] | None = None) -> str:
        """The cookies of somebody who signed in."""
        page = self.ask("GET", "/login")
        fields = {**page.fields(), "email": email, "password": cast.PASSWORD}
        done = self.ask("POST", "/login", fields, page.headers["set-cookie"], headers)
        assert done.status == 302, done.text
        return done.headers["set-cookie"]

    def open(self, sent: bytes = b"") -> socket.socket:
        """A connection that sends that much and waits."""
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        opened.sendall(sent)
        return opened

    def said(self) -> str:
        return (self.home / "said").read_text()


def read(response: HTTPResponse) -> Answer:
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        name = name.lower()
        if name == "set-cookie":
            value = "; ".join(filter(None, [headers.get(name, ""), value.partition(";")[0]]))
        headers[name] = value
    return Answer(response.status, response.read().decode(), headers, 0.0)


def answer_on(connection: socket.socket) -> Answer:
    """What comes on a connection on which something was sent."""
    response = HTTPResponse(connection)
    response.begin()
    return read(response)


@contextmanager
def started(
    url: str, home: Path, *command: str, **settings: object
) -> Iterator["subprocess.Popen[bytes]"]:
    """`tracker COMMAND` over a database; each setting is TRACKER_NAME, what it says is kept."""
    home.mkdir(exist_ok=True)
    given = {
        "HOME": home,
        "DATABASE_URL": url,
        "SECRET_KEY": os.environ["TRACKER_SECRET_KEY"],
        "DEMO_PASSWORD": cast.PASSWORD,
        "ARGON2_MEMORY_KIB": 64,
        "ARGON2_PASSES": 1,
        **settings,
    }
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")},
        "PYTHONPATH": str(ROOT),
        **{f"TRACKER_{name}": str(value) for name, value in given.items()},
    }
    line = [sys.executable, "-m", "tracker.cli", *command]
    with (home / "said").open("w") as said:
        process = subprocess.Popen(line, env=environment, cwd=ROOT, stdout=said, stderr=said)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def serving(url: str, home: Path, **settings: object) -> Iterator[Served]:
    """`tracker run` without the clock, as soon as it listens."""
    port = free_port()
    settings = {"BASE_URL": f"http://127.0.0.1:{port}", **settings}
    command = ("run", "--no-clock", "--port", str(port))
    with started(url, home, *command, **settings) as process:
        served, until = Served(port, url, home, process), time.monotonic() + 60
        while True:
            try:
                served.open().close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < until, served.said()
                time.sleep(0.05)
        yield served
