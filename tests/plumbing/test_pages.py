"""Plain error pages: what happened and what to do, never a traceback."""

import re

from tests.pages import PageClient
from tracker.plumbing.db import db


def test_a_page_that_is_not_there_says_where_to_go(browse):
    page = browse("reader").get("/nowhere", status=404)
    assert page.title == "お探しのページは見つかりませんでした"
    assert page.link("ホームへ") == "/"


def test_a_database_that_is_gone_gives_a_plain_page_with_a_number(app, tmp_path):
    client = PageClient(app)
    client.get("/login")
    with app.app_context():
        db.engine.dispose()
    (tmp_path / "tracker.sqlite3").write_bytes(b"this is no database" * 100)
    page = client.get("/login", status=500)
    assert page.title == "申し訳ありません。今、処理ができませんでした"
    assert re.search(r"受付番号 [0-9A-F]{6}", page.text)
    assert "sqlite" not in page.text.lower()


def test_a_form_without_its_token_is_refused_in_plain_words(app):
    page = PageClient(app).post("/login", {"email": "a@b.example", "password": "x"})
    assert page.status == 400
    assert "画面を開き直して" in page.text


def test_every_answer_carries_its_headers(browse):
    headers = browse().get("/login").response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_static_files_carry_a_mark_of_their_content_and_stay(browse):
    client = browse()
    address = client.get("/login").one("link[rel=stylesheet]")["href"]
    assert re.search(r"\?v=[0-9a-f]{12}$", address)
    answer = client.client.get(address)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    answer.close()
