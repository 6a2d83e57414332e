"""`tracker run` as a newcomer starts it: the example can be signed into at once."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from bs4 import BeautifulSoup

from tests import cast

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


def test_the_example_can_be_signed_into_as_soon_as_it_is_served(tmp_path: Path) -> None:
    """A process of its own: what its main thread leaves open would stop every writer."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")},
        "PYTHONPATH": str(ROOT),
        "TRACKER_HOME": str(tmp_path),
        "TRACKER_DEMO_PASSWORD": cast.PASSWORD,
    }
    command = [sys.executable, "-m", "tracker.cli", "run", "--port", str(port)]
    with (tmp_path / "said").open("w") as said:
        served = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=said, stderr=said)
    try:
        browser = build_opener(HTTPCookieProcessor())
        page = fetch(browser, f"{address}/login", served)
        token = BeautifulSoup(page, "html.parser").select_one("[name=csrf_token]")
        assert token is not None
        fields = {
            "csrf_token": token["value"],
            "email": "officer@imabetsu.example",
            "password": cast.PASSWORD,
        }
        home = browser.open(f"{address}/login", urlencode(fields).encode(), timeout=20).read()
        assert "今別町 企画担当" in home.decode()
    finally:
        served.terminate()
        served.wait(20)


def fetch(browser, address: str, served: "subprocess.Popen[bytes]") -> bytes:
    """The page, as soon as somebody answers."""
    until = time.monotonic() + 60
    while True:
        try:
            return bytes(browser.open(address, timeout=5).read())
        except URLError:
            assert served.poll() is None and time.monotonic() < until, "nobody serves"
            time.sleep(0.3)
