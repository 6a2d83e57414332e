"""The real parts answer, and the browser's watch notices what it should."""

import smtplib
import threading
from email.message import EmailMessage
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.services import Pages, Postgres, SmtpServer


def test_postgresql_answers_and_a_copy_holds_what_its_template_held(postgres: Postgres) -> None:
    first = postgres.make_database()
    with psycopg.connect(postgres.url(first).replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    copy = postgres.make_database(template=first)
    with psycopg.connect(postgres.url(copy).replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (42,)


def test_every_test_has_an_empty_postgresql_of_its_own(postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert connection.execute(tables).fetchone() == (0,)


def test_a_letter_sent_arrives_for_each_recipient(smtp_server: SmtpServer) -> None:
    letter = EmailMessage()
    letter["Subject"] = "お知らせ"
    letter["From"] = "office@aomori.example"
    letter["To"] = "officer@imabetsu.example"
    letter.set_content("上期の報告をお願いします。")
    with smtplib.SMTP(smtp_server.host, smtp_server.port) as smtp:
        smtp.send_message(letter, to_addrs=["officer@imabetsu.example", "reader@aomori.example"])
    (received,) = smtp_server.for_("officer@imabetsu.example")
    assert received["Subject"] == "お知らせ"
    assert "上期の報告" in received.get_content()
    assert len(smtp_server.messages) == 2
    assert smtp_server.for_("nobody@imabetsu.example") == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_chromium_shows_japanese_at_both_widths(page: Pages, width: int) -> None:
    view = page(width=width)
    view.goto("data:text/html;charset=utf-8,<h1>連携協約</h1>")
    assert view.get_by_role("heading").inner_text() == "連携協約"
    assert view.evaluate("innerWidth") == width


@pytest.mark.browser
def test_a_page_without_javascript_runs_none(page: Pages) -> None:
    view = page(javascript=False)
    view.goto("data:text/html,<h1>before</h1><script>document.body.innerHTML='after'</script>")
    assert view.get_by_role("heading").inner_text() == "before"


@pytest.mark.browser
def test_the_watch_notices_errors_and_outside_requests(page: Pages) -> None:
    view = page()
    view.goto("data:text/html,<script>console.error('broken'); throw new Error('thrown')</script>")
    view.set_content("<img src='http://outside.example/picture.png'>", wait_until="load")
    seen = "\n".join(page.problems)
    assert "console: broken" in seen
    assert "script: " in seen and "thrown" in seen
    assert "outside request: http://outside.example/picture.png" in seen
    page.problems.clear()


@pytest.mark.browser
def test_the_watch_tells_an_answer_of_the_page_from_a_missing_part(
    page: Pages, tmp_path: Path
) -> None:
    (tmp_path / "there.html").write_text("<link rel=icon href=data:,><img src=lost.svg>")

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *request: Any) -> None:
            super().__init__(*request, directory=str(tmp_path))

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever).start()
        address = f"http://127.0.0.1:{server.server_port}"
        view = page(base_url=address)
        answer = view.goto("/not-there.html")
        after_the_answer = list(page.problems)
        view.goto("/there.html")
        server.shutdown()
    assert answer is not None and answer.status == 404
    assert after_the_answer == []
    assert page.problems == [f"answer 404: {address}/lost.svg"]
    page.problems.clear()
