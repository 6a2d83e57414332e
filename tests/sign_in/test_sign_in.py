"""Who guesses waits longer and longer; whoever was here before does not wait for strangers."""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.exceptions import ServiceUnavailable

from tests import cast
from tests.app_fixtures import opened
from tests.pages import Page, PageClient
from tests.sent import sent_to
from tracker.accounts.models import SignIn, SignInDelay
from tracker.accounts.rules import CLOCK_SKEW, LONGEST_DELAY, wait
from tracker.exposure.views import PUBLISHED_PASSWORD
from tracker.kernel.refusal import Refusal
from tracker.plumbing.db import db
from tracker.sign_in.commands import accounts
from tracker.sign_in.password import rules
from tracker.sign_in.password.actions import hash_password, sign_in, turn
from tracker.sign_in.password.rules import Origin

OFFICE = cast.email("office")
UNKNOWN = "nobody@aomori.example"
FREE = 3
RIGHT = {"email": OFFICE, "password": cast.PASSWORD}
WRONG = {"email": OFFICE, "password": "wrong"}
Browse = Callable[..., PageClient]


def test_delays_double_from_five_seconds_to_fifteen_minutes() -> None:
    seconds = [rules.delay(count, FREE).total_seconds() for count in range(14)]
    assert seconds == [0, 0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    steps = dict(rules.steps(FREE))
    assert steps == {count: rules.delay(count, FREE) for count in range(FREE, 12)}
    assert rules.delay(10**9, FREE) == LONGEST_DELAY


@given(
    counted=st.timedeltas(timedelta(days=-4000), timedelta(days=4000)),
    count=st.integers(1, 40),
)
def test_nobody_waits_longer_than_fifteen_minutes_whatever_a_clock_said(
    counted: timedelta, count: int
) -> None:
    counted_at = cast.NOW + counted
    left = wait(counted_at, counted_at + rules.delay(count, FREE), cast.NOW)
    assert timedelta(0) <= left <= LONGEST_DELAY
    if counted > CLOCK_SKEW:
        assert not left


@pytest.mark.parametrize(
    ("remote", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("a name", "a name"),
    ],
)
def test_a_source_is_an_address_or_a_household_s_network(remote: str, source: str) -> None:
    assert rules.normal_source(remote) == source


# --- the page -------------------------------------------------------------------------------------


def guess(client: PageClient, times: int, fields: dict[str, str] = WRONG, **more: Any) -> Page:
    page = client.get("/login")
    for _ in range(times):
        page = client.post("/login", {**page.fields(), **fields}, **more)
    return page


def test_who_goes_on_guessing_waits_and_is_then_let_in(
    browse: Browse, now: time_machine.Traveller
) -> None:
    client = browse()
    for _ in range(FREE + 1):
        page = guess(client, 1)
        assert page.status == 422
        assert rules.WRONG in page.one(".error-summary").text
    page = guess(client, 1, RIGHT)
    assert (page.status, "秒は試せません" in page.text) == (422, True)
    now.shift(6)
    assert guess(client, 1, RIGHT).status == 302
    # What was right ends the count.
    assert rules.WRONG in guess(browse(), FREE).text


def test_each_spelling_of_an_address_is_counted_and_let_in_as_one(
    browse: Browse, now: time_machine.Traveller
) -> None:
    name, _at, host = OFFICE.partition("@")
    wide = OFFICE.translate({ord(one): ord(one) + 0xFEE0 for one in OFFICE})
    for typed in (OFFICE.upper(), wide, f'"{name}"@{host}', OFFICE):
        guess(browse(), 1, {**WRONG, "email": typed})
    assert "秒は試せません" in guess(browse(), 1, {**RIGHT, "email": wide}).text
    now.shift(6)
    assert guess(browse(), 1, {**RIGHT, "email": wide}).status == 302


def test_a_day_without_a_try_ends_the_count(browse: Browse, now: time_machine.Traveller) -> None:
    guess(browse(), FREE + 1)
    now.shift(24 * 3600 + 60)
    assert rules.WRONG in guess(browse(), FREE).text


def test_an_unknown_address_reads_and_waits_like_a_known_one(browse: Browse) -> None:
    told = []
    for address in (UNKNOWN, OFFICE):
        client = browse()
        fields = {"email": address, "password": "wrong"}
        pages = [guess(client, 1, fields) for _ in range(FREE + 2)]
        told.append([page.one(".error-summary").text for page in pages])
    assert told[0] == told[1]


def test_who_signed_in_here_before_does_not_wait_for_strangers(browse: Browse) -> None:
    known = browse().sign_in("office")
    stranger = browse()
    guess(stranger, FREE + 3)
    assert "試せません" in guess(stranger, 1, RIGHT).text
    # From the same source as the stranger.
    assert guess(known, 1, RIGHT).status == 302
    # Another's browser is a stranger's.
    assert "試せません" in guess(browse("officer", "imabetsu"), 1, RIGHT).text
    # Their own mistakes count for themselves.
    assert "試せません" in guess(known, FREE + 2).text


def test_another_source_has_its_own_count(browse: Browse) -> None:
    guess(browse(), FREE + 1, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert guess(browse(), 1, RIGHT).status == 302


def test_a_forged_cookie_makes_nobody_known(browse: Browse) -> None:
    guess(browse(), FREE + 1)
    client = browse()
    client.client.set_cookie("renkei_known", "WyJhIixbXV0.aaaa.bbbb")
    assert "試せません" in guess(client, 1, RIGHT).text


def test_the_cookie_is_kept_long_and_from_scripts(browse: Browse) -> None:
    page = guess(browse(), 1, RIGHT)
    [cookie] = [
        one for one in page.response.headers.getlist("Set-Cookie") if one.startswith("renkei_known")
    ]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Max-Age=34560000" in cookie
    assert OFFICE not in cookie


def test_the_admin_sees_and_lifts_a_delay(browse: Browse) -> None:
    guess(browse(), FREE + 1)
    admin = browse("admin")
    page = admin.get("/admin/users")
    [row] = [row for row in page.all("tbody tr") if "待ち時間中" in row.get_text()]
    assert OFFICE in row.get_text()
    form = row.select_one("form[action$='/delays']")
    assert form is not None
    hidden = {str(box["name"]): str(box["value"]) for box in form.select("input")}
    lifted = admin.post(str(form["action"]), hidden)
    assert "待ち時間をなくしました" in admin.follow(lifted).text
    assert "待ち時間中" not in admin.get("/admin/users").text
    assert guess(browse(), 1, RIGHT).status == 302


# --- counted without races --------------------------------------------------------------------------


def test_a_clock_that_went_back_does_not_prolong(both: Flask, now: time_machine.Traveller) -> None:
    now.shift(3 * 24 * 3600)
    for _ in range(FREE + 9):
        with pytest.raises(Refusal):
            sign_in(OFFICE, "wrong", at=cast.NOW)
        now.shift(15 * 60 + 1)
    with pytest.raises(Refusal, match="違います"):
        sign_in(OFFICE, "wrong", at=cast.NOW)
    with pytest.raises(Refusal, match="あと15分は試せません"):
        sign_in(OFFICE, cast.PASSWORD, at=cast.NOW)
    now.move_to(cast.NOW)
    assert sign_in(OFFICE, cast.PASSWORD, at=cast.NOW)


def at_once(app: Flask, tries: int, do: Callable[[], object]) -> Counter[str]:
    """What came of it when so many did it at once."""
    told: list[str] = []
    ready = threading.Barrier(tries)

    def run() -> None:
        with app.app_context():
            ready.wait()
            try:
                do()
                told.append("in")
            except Refusal as refusal:
                told.append("wrong" if refusal.message == rules.WRONG else "delayed")
            except ServiceUnavailable:
                told.append("busy")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(tries)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(told)


@pytest.mark.parametrize("free", [FREE, 1000])
def test_of_32_guesses_at_once_each_one_that_was_checked_counts(
    database_url: str, tmp_path: Any, free: int
) -> None:
    settings = {"FREE_TRIES": free, "HASH_WAIT_MS": 3000, "ARGON2_PASSES": 20}
    with opened(database_url, tmp_path, **settings) as app:
        told = at_once(app, 32, lambda: sign_in(OFFICE, "wrong", at=cast.NOW))
        assert told.total() == 32 and told["wrong"] >= 1 and told["in"] == 0, told
        with app.app_context():
            assert db.session.scalars(select(SignInDelay.count)).all() == [told["wrong"]]
        most, least = (FREE + 1, 0) if free == FREE else (32, 32)
        assert least <= told["wrong"] + told["busy"] and told["wrong"] <= most, told


def test_while_one_must_wait_the_right_password_is_not_looked_at(
    database_url: str, tmp_path: Any
) -> None:
    with opened(database_url, tmp_path) as app:
        with app.app_context():
            for _ in range(FREE + 1):
                with pytest.raises(Refusal):
                    sign_in(OFFICE, "wrong", at=cast.NOW)
        told = at_once(app, 8, lambda: sign_in(OFFICE, cast.PASSWORD, at=cast.NOW))
        assert told == {"delayed": 8}
        with app.app_context():
            assert db.session.scalars(select(SignInDelay.count)).all() == [FREE + 1]


def test_who_is_sent_away_is_told_so_and_not_counted(app: Flask, browse: Browse) -> None:
    with app.app_context(), turn(), turn():
        page = guess(browse(), 1, RIGHT)
        assert db.session.scalars(select(SignInDelay.count)).all() == []
    assert (page.status, page.title) == (503, "今、混み合っています")
    assert rules.BUSY in page.text
    assert guess(browse(), 1, RIGHT).status == 302


def test_strangers_leave_a_place_to_who_signed_in_before(sqlite_url: str, tmp_path: Any) -> None:
    settings = {"THREADS": 8, "HASH_WAIT_MS": 5000}
    with (
        opened(sqlite_url, tmp_path, **settings) as app,
        app.app_context(),
        turn(is_known=False),
        ExitStack() as stranger,
    ):
        stranger.enter_context(turn(is_known=False))
        with pytest.raises(ServiceUnavailable):
            sign_in(OFFICE, cast.PASSWORD, at=cast.NOW)
        origin = Origin("192.0.2.7", known="this browser")
        came_in: list[str] = []
        came = threading.Thread(target=lambda: came_in.append(enter(app, origin)))
        came.start()
        came.join(0.3)
        assert came_in == []
        stranger.close()
        came.join(5)
        assert len(came_in) == 1


def enter(app: Flask, origin: Origin) -> str:
    with app.app_context():
        return sign_in(OFFICE, cast.PASSWORD, at=cast.NOW, origin=origin)


@pytest.mark.slow
def test_an_unknown_address_takes_the_time_of_a_known_one(sqlite_url: str, tmp_path: Any) -> None:
    settings = {"FREE_TRIES": 10**6, "ARGON2_MEMORY_KIB": 8192, "ARGON2_PASSES": 3}
    with opened(sqlite_url, tmp_path, **settings) as app, app.app_context():
        stored = hash_password(cast.PASSWORD)
        from sqlalchemy import update

        from tracker.accounts.models import Person

        db.session.execute(update(Person).values(password_hash=stored))
        db.session.commit()
        took: dict[str, list[float]] = {OFFICE: [], UNKNOWN: [], "hash": []}
        for number in range(1000):
            for address in (OFFICE, UNKNOWN) if number % 2 else (UNKNOWN, OFFICE):
                began = perf_counter()
                with pytest.raises(Refusal):
                    sign_in(address, "wrong", at=cast.NOW)
                took[address].append(perf_counter() - began)
            if number % 10 == 0:
                began = perf_counter()
                hash_password("a long enough password")
                took["hash"].append(perf_counter() - began)
        known, unknown, argon2 = (median(took[one]) for one in (OFFICE, UNKNOWN, "hash"))
        print(
            f"known {known * 1e3:.2f} ms, unknown {unknown * 1e3:.2f} ms, hash {argon2 * 1e3:.2f} ms"
        )
        assert abs(known - unknown) <= 0.05 * argon2


# --- the record, and where one is signed in ---------------------------------------------------------

EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/131.0 Safari/537.36 Edg/131.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (EDGE, "Edge, Windows"),
        (PHONE, "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox, Linux"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_a_browser_is_called_as_people_call_it(agent: str, name: str) -> None:
    assert rules.browser_name(agent) == name


def test_one_sees_where_one_is_signed_in_and_ends_it(browse: Browse) -> None:
    here, phone = browse("office"), browse()
    guess(phone, 1, RIGHT, headers={"User-Agent": PHONE})
    phone.get("/account")
    page = here.get("/account/sign-ins")
    [row] = [row for row in page.all("tbody tr") if row.select("form")]
    assert "Safari, iPhone" in row.get_text()
    assert "この端末" in page.all("tbody tr")[1].get_text()
    hidden = {str(box["name"]): str(box["value"]) for box in row.select("input")}
    done = here.post("/account/sign-ins", hidden)
    assert "ログインを終了しました" in here.follow(done).text
    phone.get("/account", status=302)
    here.get("/account")


def test_nobody_ends_another_s_session(browse: Browse, app: Flask) -> None:
    office, officer = browse("office"), browse("officer", "imabetsu")
    with app.app_context():
        first = db.session.scalars(select(SignIn.id).order_by(SignIn.id)).first()
    fields = officer.get("/account").fields()
    officer.post("/account/sign-ins", {**fields, "place": str(first)})
    office.get("/account")


def test_the_person_and_the_admin_read_what_was_tried(browse: Browse) -> None:
    stranger = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}, "headers": {"User-Agent": EDGE}}
    guess(browse(), FREE + 1, **stranger)
    guess(browse(), 1, {"email": UNKNOWN, "password": "wrong"}, **stranger)
    guess(browse(), 1, RIGHT, **stranger)
    mine = browse("office").get("/account/sign-ins").all("section, .card")[-1].get_text()
    assert mine.count("パスワードの間違い") == FREE + 1
    assert "192.0.2.7" in mine and "Edge, Windows" in mine and "次に試せるまで5秒" in mine
    assert "パスワードの間違い" not in browse("officer", "imabetsu").get("/account/sign-ins").text
    every = browse("admin").get("/admin/sign-ins").text
    assert every.count("パスワードの間違い") == FREE + 2
    # Which address it was that nobody has is not kept.
    assert "登録のないメールアドレス" in every and UNKNOWN not in every
    browse("office").get("/admin/sign-ins", status=403)


# --- passwords --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "12文字以上"),
        ("q8#Lm2vT!xR", "12文字以上にしてください（今 11文字）"),
        ("a" * 201, "200文字まで"),
        ("password1234", "推測されやすい"),
        ("qwertyuiop12", "推測されやすい"),
        ("123456789012", "推測されやすい"),
        ("パスワードパスワード" * 2, "推測されやすい"),
        ("ab" * 60, "推測されやすい"),
        ("1234567890" * 8, "推測されやすい"),
        ("imabetsuofficer", "推測されやすい"),
    ],
)
def test_a_weak_password_is_refused_with_a_reason(password: str, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        rules.check_password(password, ["imabetsu", "officer"])


@pytest.mark.parametrize(
    "password",
    [
        PUBLISHED_PASSWORD,
        cast.PASSWORD,
        "correct horse battery",
        "雪どけの川べりで笛を吹く",
        "a long sentence that nobody would guess, with more than 72 characters in it, is good",
    ],
)
def test_a_good_password_needs_no_sign_and_no_number(password: str) -> None:
    rules.check_password(password)


def test_no_password_keeps_the_check_busy() -> None:
    began = perf_counter()
    rules.check_password("4@8({[<369&#!1/|0$5+7%2" * 4)
    assert perf_counter() - began < 3


def test_ones_own_password_is_changed_with_the_one_that_holds(browse: Browse, app: Flask) -> None:
    here, elsewhere = browse("office"), browse("office")
    new = "a longer password than that"
    page = here.fill("/account/password", {"current": "wrong", "password": new})
    assert rules.WRONG_CURRENT in page.one("#current-error").text
    page = here.fill("/account/password", {"current": cast.PASSWORD, "password": "aomorioffice"})
    assert "推測されやすい" in page.one("#password-error").text
    done = here.fill("/account/password", {"current": cast.PASSWORD, "password": new})
    assert "パスワードを替えました" in here.follow(done).text
    elsewhere.get("/account", status=302)
    assert guess(browse(), 1, RIGHT).status == 422
    assert guess(browse(), 1, {**RIGHT, "password": new}).status == 302
    with app.app_context():
        [letter] = sent_to(OFFICE)
        assert "パスワードが変わりました" in letter["Subject"]


def test_a_password_given_on_the_terminal_ends_sessions_and_is_told_by_letter(
    browse: Browse, app: Flask
) -> None:
    office, new = browse("office"), "a longer password than that"
    ran = app.test_cli_runner().invoke(accounts, ["password", OFFICE, "--password", "short"])
    assert ran.exit_code != 0
    office.get("/account")
    app.test_cli_runner().invoke(accounts, ["password", OFFICE, "--password", new])
    office.get("/account", status=302)
    assert guess(browse(), 1, {**RIGHT, "password": new}).status == 302
    with app.app_context():
        [letter] = sent_to(OFFICE)
        assert new not in letter.get_content() and "お心当たりのないとき" in letter.get_content()


def test_whoever_finds_a_screen_open_waits_after_guesses_too(browse: Browse) -> None:
    here = browse("office")
    fields = {"current": "wrong", "password": "a longer password"}
    for _ in range(FREE + 1):
        here.fill("/account/password", fields)
    page = here.fill("/account/password", {**fields, "current": cast.PASSWORD})
    assert "試せません" in page.one("#current-error").text


# --- where signing in leads -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r\nSet-Cookie: a=b",
        "/\x0b/evil.example",
        "/\x7f/evil.example",
        "/\x85/evil.example",
        "/\u2028/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/ /evil.example",
        "/./\\evil.example",
        "/..//evil.example",
        "/@evil.example",
        "/.evil.example",
        "/%09/evil.example",
        "/%0a/evil.example",
        "/%5cevil.example",
        "http:evil.example",
        "http:///evil.example",
        "javascript:alert(1)",
        "//[::1",
        "/[::1]//evil.example",
        "evil.example",
        "/no-such-page",
        "/logout",
        "/\ud800",
    ],
)
def test_signing_in_leads_to_no_other_place(browse: Browse, target: str) -> None:
    client = browse()
    page = client.get("/login")
    asked = "/login?next=" + quote(target, errors="surrogatepass")
    assert client.post(asked, {**page.fields(), **RIGHT}).location == "/"


@pytest.mark.parametrize(
    "target", ["/admin/bases", "/audit?page=2", "/projects?q=%E8%8A%B1&fy=2026"]
)
def test_signing_in_leads_to_the_page_of_ours(browse: Browse, target: str) -> None:
    client = browse()
    page = client.get("/login")
    done = client.post("/login?next=" + quote(target), {**page.fields(), **RIGHT})
    assert done.location == target


def test_the_hint_says_how_long_a_password_must_be() -> None:
    assert rules.PASSWORD_HINT.startswith(f"{rules.SHORTEST_PASSWORD}文字以上")
