"""One stranger does not stop the service (issue D1): the real server, asked over real sockets."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests import cast
from tests.app_fixtures import copy_database
from tests.whole.bad_input import JAPANESE
from tests.whole.served import Answer, Served, answer_on, serving
from tracker.exposure.views import HEADERS
from tracker.failures.views import NOT_NOW, SAVE
from tracker.operation.server import LARGEST_BODY

OFFICER = "officer@imabetsu.example"
LOCK_SECONDS, CONNECTIONS, REQUEST_SECONDS = 3.0, 100, 1
MOST_SECONDS = 1.0


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The example, for all tests of this module: a process takes two seconds to begin."""
    home = tmp_path_factory.mktemp("served")
    settings = {
        "LOCK_MS": int(LOCK_SECONDS * 1000),
        "CONNECTIONS": CONNECTIONS,
        "REQUEST_SECONDS": REQUEST_SECONDS,
        "TRUSTED_PROXY": "127.0.0.1",
        "FREE_TRIES": 1000,
    }
    with serving(copy_database("demo", request.param, home), home, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def officer(served: Served) -> str:
    """Somebody signed in, whose pages were made once."""
    return served.ask("GET", "/", cookie=served.sign_in(OFFICER)).headers["set-cookie"]


@contextmanager
def locked(served: Served) -> Iterator[None]:
    """Somebody else writes and does not end."""
    engine = create_engine(served.url)
    with engine.connect() as connection:
        if engine.name == "sqlite":
            connection.connection.driver_connection.execute("BEGIN IMMEDIATE")
        else:
            connection.execute(text("LOCK TABLE person, history, once IN EXCLUSIVE MODE"))
        yield
        connection.rollback()
    engine.dispose()


def readers(served: Served, cookie: str, posts: list[Future[Answer]]) -> list[float]:
    """How long a signed-in person waits for home, again and again until all posts are answered."""
    took = []
    while not took or not all(post.done() for post in posts):
        page = served.ask("GET", "/", cookie=cookie)
        assert page.status == 200
        took.append(page.seconds)
    return took


def test_posts_that_wait_for_the_database_stop_no_reader(served: Served, officer: str) -> None:
    fields = {**served.ask("GET", "/account", cookie=officer).fields(), "digest": "weekly"}
    with locked(served), ThreadPoolExecutor(24) as people:
        posts = [
            people.submit(served.ask, "POST", "/account", {**fields, "once": f"k{n}"}, officer)
            for n in range(24)
        ]
        took = readers(served, officer, posts)
    answers = [post.result() for post in posts]
    assert {answer.status for answer in answers} == {503}
    said = NOT_NOW.partition("%(left)")[0] % {"pressed": SAVE}
    assert all(said in answer.text and "weekly" in answer.text for answer in answers)
    assert max(took) < MOST_SECONDS
    # Half of the threads wait, and not for long; the others are told at once.
    waited = sorted(answer.seconds for answer in answers)
    assert waited[-1] < LOCK_SECONDS + 1 and waited[12] < LOCK_SECONDS
    again = {**answers[-1].fields(), "csrf_token": fields["csrf_token"]}
    assert served.ask("POST", "/account", again, officer).status == 302


def test_posts_that_need_not_wait_are_all_carried_out(served: Served, officer: str) -> None:
    page = served.ask("GET", "/account", cookie=officer)
    fields = {**page.fields(), "digest": "each"}
    with ThreadPoolExecutor(12) as people:
        press = [people.submit(served.ask, "POST", "/account", fields, officer) for _ in range(12)]
    assert {one.result().status for one in press} <= {302, 303}


def test_many_who_sign_in_at_once_stop_neither_readers_nor_those_who_save(
    served: Served, officer: str
) -> None:
    page = served.ask("GET", "/login")
    fields = {**page.fields(), "email": "office@aomori.example", "password": "wrong"}
    save = {**served.ask("GET", "/account", cookie=officer).fields(), "digest": "each"}
    with ThreadPoolExecutor(32) as people:
        cookie = page.headers["set-cookie"]
        posts = [people.submit(served.ask, "POST", "/login", fields, cookie) for _ in range(32)]
        saved = served.ask("POST", "/account", save, officer)
        took = readers(served, officer, posts)
    assert {post.result().status for post in posts} <= {422, 503}
    assert saved.status == 302
    assert max(took) < MOST_SECONDS


def test_idle_and_half_open_connections_lock_nobody_out(served: Served, officer: str) -> None:
    with ExitStack() as stack:
        for number in range(3 * CONNECTIONS):
            stack.enter_context(served.open(b"GET / HTTP/1.1\r\nHost: a" * (number % 2)))
        took = [served.ask("GET", "/", cookie=officer).seconds for _ in range(3)]
        # Those that wrote first of all were silent the longest.
        assert max(took) < MOST_SECONDS
    assert "connection limit" not in served.said()


@pytest.mark.slow
def test_a_thousand_of_them_and_32_who_sign_in(tmp_path: Path) -> None:
    """Ten seconds: a process of its own with the settings as they are shipped."""
    url = copy_database("demo", "sqlite", tmp_path)
    shipped = {"ARGON2_MEMORY_KIB": 65536, "ARGON2_PASSES": 3}
    with serving(url, tmp_path, **shipped) as served, ExitStack() as stack:
        cookie = served.sign_in(OFFICER)
        served.ask("GET", "/", cookie=cookie)
        page = served.ask("GET", "/login")
        fields = {**page.fields(), "email": "office@aomori.example", "password": "wrong"}
        for number in range(1000):
            stack.enter_context(served.open(b"POST /login HTTP/1.1\r\nHost: a" * (number % 2)))
        with ThreadPoolExecutor(32) as people:
            at = page.headers["set-cookie"]
            posts = [people.submit(served.ask, "POST", "/login", fields, at) for _ in range(32)]
            took = readers(served, cookie, posts)
        assert max(took) < MOST_SECONDS, took


# --- what is too large, too slow, or no request at all ---------------------------------------------


def post_of(length: int, more: str = "") -> bytes:
    head = f"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n{more}\r\n"
    return head.encode()


def check_page(answer: Answer, status: int) -> None:
    """Our page, with our headers, and not a word of English."""
    assert answer.status == status
    assert JAPANESE.search(answer.title)
    assert {name: answer.headers[name.lower()] for name in HEADERS} == HEADERS
    assert "waitress" not in answer.text and "exceeds" not in answer.text


@pytest.mark.parametrize("more", ["", "Expect: 100-continue\r\n"])
def test_a_body_above_the_limit_is_refused_before_it_is_read(served: Served, more: str) -> None:
    with served.open(post_of(LARGEST_BODY + 1, more)) as connection:
        answer = answer_on(connection)
    check_page(answer, 413)
    assert "12MBまで" in answer.text


def test_who_sends_it_all_the_same_can_read_the_answer(served: Served) -> None:
    with served.open(post_of(40_000_000)) as connection:
        for _ in range(40):
            connection.sendall(bytes(1_000_000))
        check_page(answer_on(connection), 413)


def test_a_chunked_body_is_refused_where_it_passes_the_limit(served: Served) -> None:
    head = b"POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    with served.open(head) as connection:
        for _ in range(LARGEST_BODY // 1_000_000 + 1):
            connection.sendall(b"F4240\r\n" + bytes(1_000_000) + b"\r\n")
        check_page(answer_on(connection), 413)


def test_a_form_with_a_large_file_comes_through(served: Served) -> None:
    page = served.ask("GET", "/login")
    fields = {**page.fields(), "email": OFFICER, "password": cast.PASSWORD}
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    body = (parts + file).encode() + bytes(11_500_000) + b"\r\n--b--\r\n"
    kind = "Content-Type: multipart/form-data; boundary=b\r\n"
    cookie = f"Cookie: {page.headers['set-cookie']}\r\n"
    with served.open(post_of(len(body), kind + cookie) + body) as connection:
        assert answer_on(connection).status == 302


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno header\r\n\r\n", 400),
        (b"POST /login HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\n", 400),
        (b"POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 40_000, 400),
        (b"GET / HTTP/1.1\r\nCookie: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (b"POST /login HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ],
    ids=lambda one: str(one)[-30:],
)
def test_what_is_no_request_is_answered_by_a_page_of_ours(
    served: Served, sent: bytes, status: int
) -> None:
    with served.open(sent) as connection:
        check_page(answer_on(connection), status)


def seconds_open(connection: socket.socket, more: bytes) -> float:
    """How long a connection stays open on which a little more comes again and again."""
    begun = time.monotonic()
    with connection:
        try:
            while time.monotonic() < begun + 15:
                connection.sendall(more)
                time.sleep(0.25)
        except OSError:
            pass
    return time.monotonic() - begun


def test_who_sends_a_request_drop_by_drop_is_cut(served: Served, officer: str) -> None:
    """Waits four seconds, of which nobody works: the server looks every two."""
    slow = [(b"GET / HTTP/1.1\r\n", b"X: 1\r\n"), (post_of(10_000_000), b"a")]
    with ThreadPoolExecutor(2) as people:
        open_for = [people.submit(seconds_open, served.open(first), more) for first, more in slow]
        # Who goes on asking on one connection is none of these.
        with served.open() as connection:
            for _ in range(12):
                connection.sendall(
                    f"GET /login HTTP/1.1\r\nHost: a\r\nCookie: {officer}\r\n\r\n".encode()
                )
                assert answer_on(connection).status == 200
                time.sleep(0.25)
    assert all(REQUEST_SECONDS <= one.result() < REQUEST_SECONDS + 4 for one in open_for)


def test_the_headers_of_a_proxy_reach_whoever_judges_them(served: Served) -> None:
    cookie = served.sign_in(OFFICER, {"X-Forwarded-For": "192.0.2.7"})
    assert "192.0.2.7" in served.ask("GET", "/account/sign-ins", cookie=cookie).text
