"""What others may reach: files of the home, the open example, the first set-up, cookies, headers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask, request
from flask.cli import ScriptInfo
from sqlalchemy import update

from tests.app_fixtures import copy_database, make_app, opened
from tests.pages import PageClient
from tests.whole.test_run import free_port
from tracker.cli import cli
from tracker.demo import actions as demo
from tracker.exposure import views as exposure
from tracker.kernel.refusal import Refusal
from tracker.municipalities.models import Area, Municipality
from tracker.plumbing.db import db
from tracker.reminders import actions as reminders
from tracker.schema.actions import upgrade

ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}
OTHERS = 0o077


@pytest.fixture
def demo_url(tmp_path: Path) -> str:
    return copy_database("demo", "sqlite", tmp_path)


@pytest.fixture
def published(demo_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The example as everybody can load it."""
    with opened(demo_url, tmp_path, DEMO_PASSWORD=exposure.PUBLISHED_PASSWORD) as app:
        yield app


# --- the home -------------------------------------------------------------------------------------


def test_nobody_else_on_the_machine_reads_what_the_home_holds(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for folder in ("outbox", "kept"):
        (home / folder).mkdir(parents=True)
    for name in ("tracker.sqlite3", "tracker.sqlite3-wal", "secret_key", "outbox/a.eml", "kept/1"):
        (home / name).touch()
    for path in (home, *home.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (home / "tracker.sqlite3").unlink()
    (home / "tracker.sqlite3-wal").unlink()
    with opened(f"sqlite:///{home / 'tracker.sqlite3'}", home) as app, app.app_context():
        upgrade()
        held = list(home.rglob("*"))
        assert {path.name for path in held} > {"tracker.sqlite3", "tracker.sqlite3-wal", "a.eml"}
        assert [path for path in (home, *held) if path.stat().st_mode & OTHERS] == []


# --- the example, whose password is published -------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [
        {"environ_base": ELSEWHERE},
        *({"headers": {name: "192.0.2.7"}} for name in exposure.FORWARDING),
    ],
    ids=str,
)
def test_the_open_example_answers_only_on_this_machine(
    published: Flask, asked: dict[str, Any]
) -> None:
    client = published.test_client()
    for path in ("/login", "/", "/static/app.css"):
        with client.get(path) as here, client.get(path, **asked) as elsewhere:
            assert here.status_code < 400
            assert elsewhere.status_code == 403
    assert "TRACKER_DEMO_PASSWORD" in client.get("/login", **asked).get_data(as_text=True)


def test_with_a_password_of_its_own_it_answers_everywhere(demo_app: Flask) -> None:
    client = demo_app.test_client()
    assert client.get("/login", environ_base=ELSEWHERE).status_code == 200


def test_the_published_password_opens_nothing_once_the_settings_name_another(
    published: Flask, demo_url: str, tmp_path: Path
) -> None:
    office, own = "office@aomori.example", "another password of the example"
    with opened(demo_url, tmp_path, DEMO_PASSWORD=exposure.PUBLISHED_PASSWORD) as app:
        with app.app_context():
            from tracker.accounts import queries
            from tracker.sign_in.password.actions import hash_password

            for address in demo.sign_ins():
                person = queries.find_person(address)
                assert person is not None
                person.password_hash = hash_password(exposure.PUBLISHED_PASSWORD)
            db.session.commit()
        entered = {"email": office, "password": exposure.PUBLISHED_PASSWORD}
        assert PageClient(app).fill("/login", entered).status == 302
    with opened(demo_url, tmp_path, DEMO_PASSWORD=own) as app:
        assert PageClient(app).fill("/login", entered).status == 422
        with app.app_context():
            demo.renew_password()
        assert PageClient(app).fill("/login", {**entered, "password": own}).status == 302
        assert PageClient(app).fill("/login", entered).status == 422


def test_the_open_example_is_not_served_to_others(published: Flask) -> None:
    said = serve(published, "0.0.0.0")
    assert exposure.ONLY_HERE in said


def serve(app: Flask, host: str) -> str:
    """What `tracker run` says when it does not start."""
    ran = CliRunner().invoke(
        cli,
        ["run", "--host", host, "--port", str(free_port())],
        obj=ScriptInfo(create_app=lambda: app),
    )
    assert ran.exit_code == 1
    return ran.stderr


# --- letters need an address that opens ----------------------------------------------------------


def _is_no_example() -> None:
    db.session.execute(update(Area).values(is_example=False))
    db.session.commit()


def test_nothing_is_mailed_before_somebody_says_at_which_address(both: Flask) -> None:
    _is_no_example()
    both.config["IS_BASE_URL_SET"] = False
    with pytest.raises(Refusal, match="TRACKER_BASE_URL"):
        reminders.run_once()
    both.config["IS_BASE_URL_SET"] = True
    reminders.run_once()


def test_the_page_says_why_nothing_is_mailed(browse: Any, app: Flask) -> None:
    with app.app_context():
        _is_no_example()
        db.session.remove()
    app.config["IS_BASE_URL_SET"] = False
    assert "画面のアドレスが決まっていないため" in browse("office").get("/").text
    app.config["IS_BASE_URL_SET"] = True
    assert "画面のアドレスが決まっていないため" not in browse("office").get("/").text


def test_the_example_on_this_machine_goes_without(demo_both: Flask) -> None:
    demo_both.config["IS_BASE_URL_SET"] = False
    reminders.run_once()


# --- headers, cookies, proxies ----------------------------------------------------------------------


@pytest.mark.parametrize("other", [None, "https://renkei.lgwan.example", "http://10.0.0.5"])
def test_cookies_are_bound_to_https_where_every_address_is(
    sqlite_url: str, tmp_path: Path, other: str | None
) -> None:
    with opened(sqlite_url, tmp_path, SESSION_COOKIE_SECURE=True) as app:
        with app.app_context():
            town = update(Municipality).where(Municipality.slug == "imabetsu")
            db.session.execute(town.values(base_url=other))
            db.session.commit()
        answer = app.test_client().get("/login", base_url="https://renkei.example.lg.jp")
        is_plain = other is not None and other.startswith("http:")
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("renkei=" if is_plain else "__Host-renkei=")
        assert ("Secure" in cookie and "Path=/" in cookie) is not is_plain
        assert ("Strict-Transport-Security" in answer.headers) is not is_plain


def test_every_answer_says_what_browsers_must_not_do(browse: Any) -> None:
    client = browse("office").client
    for path in ("/", "/nowhere", "/static/app.css"):
        with client.get(path) as answer:
            headers = answer.headers
        assert {name: headers[name] for name in exposure.HEADERS} == dict(exposure.HEADERS)


@pytest.mark.parametrize(
    ("proxy", "seen"), [("192.0.2.7", "198.51.100.1"), ("192.0.2.9", "192.0.2.7")]
)
def test_only_a_named_proxy_is_believed(
    sqlite_url: str, tmp_path: Path, proxy: str, seen: str
) -> None:
    app = make_app(sqlite_url, tmp_path, TRUSTED_PROXY=[proxy])
    asked: list[str | None] = []
    app.before_request(lambda: asked.append(request.remote_addr))
    headers = {"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Host": "evil.example"}
    answer = app.test_client().get("/login", environ_base=ELSEWHERE, headers=headers)
    assert asked == [seen]
    assert "evil" not in answer.get_data(as_text=True)
