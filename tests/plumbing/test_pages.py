"""Plain error pages: what happened and what to do, never a traceback."""

import re
import sqlite3
import threading
import time
from contextlib import contextmanager
from io import BytesIO

import psycopg
import pytest

from tests.app_fixtures import copy_database, opened
from tests.municipalities.test_views import ENTRY
from tests.pages import PageClient
from tests.troubles import gone
from tests.whole.bad_input import multipart
from tracker.plumbing.db import db

NEW = "/admin/holidays/new"


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
    # Who can be asked is remembered, since the database is not asked; else nobody is promised.
    asked = page.one("footer").get_text()
    assert "下のお問い合わせ先へ受付番号を" in page.text and "操作や内容のお問い合わせ" in asked
    with opened(f"sqlite:///{tmp_path / 'tracker.sqlite3'}", tmp_path) as started:
        page = PageClient(started).get("/login", status=500)
    assert "管理者へ受付番号を" in page.text and "下のお問い合わせ先" not in page.text


def test_a_file_as_large_as_the_page_says_is_not_too_large(browse):
    office = browse("office")
    fields = office.get("/agreements/import").fields()
    for size, status in ((12 * 1024 * 1024, 422), (13 * 1024 * 1024, 413)):
        parts = {f'name="{name}"': str(value).encode() for name, value in fields.items()}
        parts['name="file"; filename="text.txt"'] = b"x" * size
        answer = office.client.post("/agreements/import", **multipart(parts))
        assert answer.status_code == status
    assert "12MBまでのファイル" in answer.get_data(as_text=True)


def test_a_form_without_its_token_comes_back_in_plain_words(app):
    page = PageClient(app).post("/login", {"email": "a@b.example", "password": "x"})
    assert page.status == 400
    assert "もう一度送ってください" in page.text
    assert (page.fields()["email"], page.fields()["password"]) == ("a@b.example", "")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
        {"Referer": "https://evil.example/form"},
    ],
)
@pytest.mark.parametrize("token", ["", "good"])
def test_what_another_site_sends_is_refused_and_not_given_back(browse, headers, token):
    office = browse("office")
    fields = {**office.get(NEW).fields(), **ENTRY, "name": "よそからの文字"}
    page = office.post(
        NEW, {**fields, "csrf_token": fields["csrf_token"] * bool(token)}, headers=headers
    )
    assert page.status == 403
    assert page.html.select("main form") == [] and "よそからの文字" not in page.text
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert office.post(NEW, fields, headers=own).status == 302


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


def test_a_post_outlives_a_database_that_is_gone(database_url, tmp_path, caplog):
    with opened(database_url, tmp_path) as app:
        office = PageClient(app).enter("office")
        # What is ticked comes back as a hidden box.
        fields = {**office.get(NEW).fields(), **ENTRY, "municipalities": "imabetsu"}
        with app.app_context():
            url = db.engine.url
            if url.get_backend_name() == "sqlite":
                db.engine.dispose()
        with gone(url):
            caplog.clear()
            page = office.post(NEW, fields)
            reading = office.get("/", status=503)
        assert (page.status, page.title, reading.title) == (503, *["今、混み合っています"] * 2)
        kept = page.fields()
        # A token says its second.
        tokens = kept["csrf_token"], fields.pop("csrf_token")
        assert all(tokens) and kept == {**fields, "csrf_token": tokens[0]}
        said = [one for one in caplog.records if one.name == "tracker"]
        assert len(said) == 2 and not any(one.exc_info for one in said)
        answers = [office.post(NEW, kept) for _ in range(2)]
        assert [answer.status for answer in answers] == [302, 303]


def test_secrets_and_files_are_not_kept(app, tmp_path):
    client = PageClient(app).enter("office")
    with app.app_context():
        url = db.engine.url
        db.engine.dispose()
    fields = {"email": "a@b.example", "password": "秘密の文字", "note": "一行目\r\n二行目"}
    with gone(url):
        page = client.post("/login", {**fields, "paper": (BytesIO(b"1"), "議事録.pdf")})
        piece = client.post("/login", fields, headers={"X-Fragment": "1"})
        forged = [
            client.post(path, fields, headers=told)
            for path in ("/login", NEW)
            for told in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"})
        ]
    # Trouble of ours is no way round: the button would send another site's words as one's own.
    for foreign in forged:
        assert foreign.status in (403, 503) and not foreign.all("main form")
        assert fields["note"] not in foreign.response.get_data(as_text=True)
    assert page.status == 503 and "秘密の文字" not in page.response.get_data(as_text=True)
    assert page.fields()["note"].splitlines() == fields["note"].splitlines()
    assert "password" not in page.fields()
    assert "議事録.pdf" in page.text
    assert page.one("main form")["enctype"] == "multipart/form-data"
    assert page.one("main input[type=file]")["name"] == "paper"
    assert (piece.status, piece.response.mimetype) == (503, "text/plain")


@contextmanager
def held(url, seconds):
    """Somebody else writes for so long, on a connection of their own."""
    is_held, is_sqlite = threading.Event(), url.get_backend_name() == "sqlite"

    def hold():
        if is_sqlite:
            connection = sqlite3.connect(url.database, isolation_level=None)
            connection.execute("BEGIN IMMEDIATE")
        else:
            address = url.set(drivername="postgresql").render_as_string(False)
            connection = psycopg.connect(address)
            connection.execute("LOCK TABLE once, history IN EXCLUSIVE MODE")
        is_held.set()
        time.sleep(seconds)
        connection.rollback()
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(10)
    try:
        yield
    finally:
        holder.join()


@pytest.mark.parametrize(
    ("seconds", "wait_ms"),
    [
        (0.1, 300),
        (1.5, 300),
        *(pytest.param(*one, marks=pytest.mark.slow) for one in ((1, 5000), (60, 5000))),
    ],
)
def test_a_post_waits_for_a_lock_so_long_and_no_longer(database_url, tmp_path, seconds, wait_ms):
    with opened(database_url, tmp_path, LOCK_MS=wait_ms) as app:
        office = PageClient(app).enter("office")
        fields = {**office.get(NEW).fields(), **ENTRY}
        with app.app_context():
            url = db.engine.url
        begun = time.monotonic()
        with held(url, seconds):
            first = office.post(NEW, fields)
            took = time.monotonic() - begun
        is_short = seconds * 1000 < wait_ms
        assert first.status == (302 if is_short else 503)
        if is_short:
            assert took > seconds / 2
        else:
            # Not longer than it says, but for the work itself.
            assert wait_ms / 1000 <= took < wait_ms / 1000 + 3
            fields = first.fields()
        assert office.get("/").status == 200
        answers = [office.post(NEW, fields).status for _ in range(2)]
        assert answers == ([303, 303] if is_short else [302, 303])


def test_the_first_set_up_outlives_trouble_too(tmp_path):
    with opened(copy_database("empty", "sqlite", tmp_path), tmp_path) as app:
        client = PageClient(app)
        typed = {"area": "山圏域", "towns": "02201 青森市 あおもりし", "hub": "青森市"}
        secret = {"code": "ひみつ", "password": "秘密の文字"}
        fields = {**client.get("/setup").fields(), **typed, **secret}
        with app.app_context():
            url = db.engine.url
            db.engine.dispose()
        with gone(url):
            page = client.post("/setup", fields)
        assert page.status == 503 and typed.items() <= page.fields().items()
        assert not any(word in page.response.get_data(as_text=True) for word in secret.values())
        again = client.post("/setup", page.fields())
        assert again.status == 422 and typed.items() <= again.fields().items()


def test_what_is_refused_says_why_and_leads_where_its_reader_can_go(browse):
    officer = browse("officer", "hiranai")
    foreign = officer.post("/meetings/2/answers/imabetsu", {"once": "x"})
    assert foreign.status == 403
    assert "平内町の方は使えません" in foreign.text and "町村担当だけ" not in foreign.text
    office = browse("office")
    other_site = office.post(NEW, {}, headers={"Sec-Fetch-Site": "cross-site"})
    assert other_site.status == 403 and "ログインの画面へ" not in other_site.text
    assert other_site.link("ホームへ") == "/"
    fields = office.get(NEW).fields()
    told = officer.post(NEW, {**fields, "name": "閉庁"})
    assert told.status == 403 and told.title == "別の方がログインしています"
