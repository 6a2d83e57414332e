"""The second factor: asked for after the password, each code once, and nothing opens before it."""

import re
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from tests import cast
from tests.app_fixtures import opened
from tests.pages import Page, PageClient
from tests.sent import sent_to, token_of
from tracker.accounts.models import Invitation, LinkUse, Person, SecondFactor, SignIn, SignInDelay
from tracker.accounts.queries import find_person
from tracker.characters import code as codes
from tracker.history.history import HistoryEntry
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.sign_in.commands import accounts
from tracker.sign_in.models import RecoveryCode
from tracker.sign_in.password.actions import ask_reset, set_password, sign_in, write_resets
from tracker.sign_in.password.rules import Origin
from tracker.sign_in.second_factor import actions, rules

OFFICE = cast.email("office")
RIGHT = {"email": OFFICE, "password": cast.PASSWORD}
HERE = Origin("192.0.2.7")
NONCE = "a nonce"
Browse = Callable[..., PageClient]
KEY = rules.seed("secret", 7, NONCE)


def person(email: str = OFFICE) -> Person:
    found = find_person(email)
    assert found is not None
    return found


def app_of(email: str = OFFICE) -> pyotp.TOTP:
    """The app on the person's telephone."""
    one = person(email)
    return pyotp.TOTP(actions.key_of(one.id, db.session.get_one(SecondFactor, one.id).nonce))


def turn_on(email: str = OFFICE) -> list[str]:
    """Sets it up a while ago; the recovery codes."""
    one, at = person(email), clock.now()
    key = actions.key_of(one.id, NONCE)
    made = actions.turn_on(Act(None, at), one, NONCE, pyotp.TOTP(key).at(at))
    db.session.execute(update(SecondFactor).values(last_step=0))
    db.session.commit()
    return made


def passed(client: PageClient, target: str = "/login") -> Page:
    """Types the right password; the page that asks for the code."""
    page = client.post(target, {**client.get(target).fields(), **RIGHT})
    assert page.location.startswith("/login/second"), page.text
    return client.follow(page)


def typed(client: PageClient, code: str, target: str = "/login/second") -> Page:
    return client.post(target, {**client.get(target).fields(), "code": code})


# --- rules --------------------------------------------------------------------------------------


@given(st.integers(-100_000, 100_000), st.integers(-3, 3))
def test_a_code_is_good_for_its_step_and_one_on_either_side(seconds: int, away: int) -> None:
    at = cast.NOW + timedelta(seconds=seconds)
    step = int(at.timestamp()) // 30 + away
    found = rules.step_of(KEY, pyotp.TOTP(KEY).generate_otp(step), at)
    assert found == (step if abs(away) <= 1 else None)


@pytest.mark.parametrize("change", [str, "　".join, lambda code: f" {code[:3]} {code[3:]} "])
def test_a_code_is_taken_as_people_type_it(change: Callable[[str], str]) -> None:
    code = pyotp.TOTP(KEY).at(cast.NOW)
    wide = code.translate({ord(sign): ord("０") + int(sign) for sign in "0123456789"})
    assert rules.step_of(KEY, change(wide), cast.NOW) == int(cast.NOW.timestamp()) // 30
    assert rules.step_of(KEY, code[:5], cast.NOW) is None
    assert rules.step_of(KEY, "", cast.NOW) is None


def test_a_key_is_one_person_s_one_nonce_s_and_one_installation_s() -> None:
    keys = {
        rules.seed(*one) for one in (("a", 1, "n"), ("b", 1, "n"), ("a", 2, "n"), ("a", 1, "m"))
    }
    assert len(keys) == 4 and all(re.fullmatch(r"[A-Z2-7]{32}", key) for key in keys)
    address = rules.address(KEY, OFFICE, "青森圏域")
    read = pyotp.parse_uri(address)
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.issuer) == (KEY, "連携協約 進行管理 青森圏域")
    assert rules.shown_key(KEY).replace(" ", "") == KEY


def test_ten_recovery_codes_of_120_bits() -> None:
    made = rules.recovery_codes()
    assert len(set(made)) == 10
    assert all(
        re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}", one) for one in made
    )


# --- turning it on ---------------------------------------------------------------------------------


def test_it_is_turned_on_with_password_and_first_code_and_shown_once(
    browse: Browse, app: Flask, now: time_machine.Traveller
) -> None:
    client = browse("office")
    page = client.fill("/account/second-factor", {"current": "wrong"})
    assert page.status == 422 and page.one("#current-error")
    page = client.follow(client.fill("/account/second-factor", {"current": cast.PASSWORD}))
    assert page.response.headers["Cache-Control"] == "no-store"
    key = page.one(".secret-key").get_text().replace(" ", "")
    assert str(page.one("img.qr")["src"]).startswith("data:image/svg+xml")
    again = client.get("/account/second-factor/new")
    assert not again.all(".secret-key") and key not in again.response.text
    wrong = client.post("/account/second-factor/new", {**again.fields(), "code": "000000"})
    assert wrong.status == 422 and wrong.one("#code-error") and key not in wrong.response.text
    code = pyotp.TOTP(key).now()
    done = client.post("/account/second-factor/new", {**again.fields(), "code": code})
    shown = client.follow(done)
    made = [one.get_text() for one in shown.all(".recovery-codes code")]
    assert len(made) == 10 and shown.response.headers["Cache-Control"] == "no-store"
    assert not client.get("/account/second-factor/codes").all(".recovery-codes")
    assert "使っています" in client.get("/account/second-factor").text
    # The code that turned it on opens nothing any more.
    guest = browse()
    passed(guest)
    assert rules.WRONG in typed(guest, code).text
    now.shift(30)
    assert typed(guest, pyotp.TOTP(key).now()).location == "/"
    with app.app_context():
        stored = repr(
            [db.session.execute(select(table)).all() for table in db.metadata.sorted_tables]
        )
        told = [
            one
            for one in (key, rules.shown_key(key), *made, *map(codes.read, made))
            if one in stored
        ]
        assert told == [] and len(db.session.scalars(select(RecoveryCode)).all()) == 10
        [letter] = sent_to(OFFICE)
        assert "2段階認証が有効になりました" in letter["Subject"]
        assert key not in letter.get_content()
        entry = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
        assert entry is not None and entry.verb == "account.second_factor_on"
        assert "nonce" not in str(entry.payload) and "hash" not in str(entry.payload)


# --- signing in -------------------------------------------------------------------------------------


def test_after_the_password_nothing_opens_before_the_code(
    browse: Browse, app: Flask, now: time_machine.Traveller
) -> None:
    with app.app_context():
        turn_on()
        key = app_of()
    guest = browse()
    page = passed(guest, "/login?next=/audit%3Fpage%3D1")
    assert (
        page.title == "認証コードの入力" and "next=" in page.response.request.query_string.decode()
    )
    for path in ("/", "/account", "/account/second-factor", "/notices"):
        assert guest.get(path, status=302).location.startswith("/login")
    with app.app_context():
        assert db.session.scalars(select(SignIn)).all() == []
    before = guest.client.get_cookie("renkei")
    done = typed(guest, key.now(), "/login/second?next=/audit%3Fpage%3D1")
    assert done.location == "/audit?page=1"
    guest.get("/account")
    after = guest.client.get_cookie("renkei")
    assert before is not None and after is not None and before.value != after.value
    assert "認証コード" in guest.get("/account/sign-ins").all("tbody tr")[0].get_text()
    # What was half signed in is so no more.
    assert "もう一度ログイン" in guest.get("/login/second").text
    # A code is good once, elsewhere too.
    other = browse()
    passed(other)
    assert rules.WRONG in typed(other, key.now()).text


@pytest.mark.parametrize("how", ["late", "another password", "closed", "taken off", "forged"])
def test_a_half_signed_in_browser_waits_ten_minutes_for_the_same_account(
    browse: Browse, app: Flask, now: time_machine.Traveller, how: str
) -> None:
    with app.app_context():
        turn_on()
        key = app_of()
    guest = browse()
    fields = passed(guest).fields()
    with app.app_context():
        match how:
            case "late":
                now.shift(601)
            case "another password":
                db.session.execute(update(Person).values(password_hash="another"))
            case "closed":
                db.session.execute(update(Person).values(is_active=False))
            case "taken off":
                actions.take_off(Act(None, clock.now()), person())
            case "forged":
                guest.client.set_cookie("renkei", "eyJoYWxmIjpbMSwiIiwwXX0.x.y")
        db.session.commit()
    page = guest.post("/login/second", {**fields, "code": key.now()})
    assert page.status in (200, 400, 422) and not page.location
    assert guest.get("/account", status=302).location.startswith("/login")


def test_a_recovery_code_opens_once_and_is_told_by_letter(browse: Browse, app: Flask) -> None:
    with app.app_context():
        first, *_ = turn_on()
    for attempt in range(2):
        guest = browse()
        passed(guest)
        page = typed(guest, first.lower().replace("-", " "))
        assert page.location == ("/" if attempt == 0 else "")
    assert rules.WRONG in page.text
    with app.app_context():
        letter = sent_to(OFFICE)[-1]
        assert "予備コードが使われました" in letter["Subject"]
        assert "あと9個" in letter.get_content()


def test_wrong_codes_wait_and_the_right_password_does_not_end_their_count(
    browse: Browse, app: Flask, now: time_machine.Traveller
) -> None:
    with app.app_context():
        turn_on()
        key = app_of()
    guest = browse()
    for _ in range(4):
        passed(guest)
        assert rules.WRONG in typed(guest, "000000").text
    passed(guest)
    assert "秒は試せません" in typed(guest, key.now()).text
    with app.app_context():
        assert db.session.scalars(select(SignInDelay.count)).all() == [4]
    now.shift(6)
    assert typed(guest, key.now()).location == "/"
    with app.app_context():
        assert db.session.scalars(select(SignInDelay)).all() == []


def at_once(app: Flask, tries: int, code: str) -> Counter[str]:
    """What came of it when so many browsers sent the same code at once."""
    told: list[str] = []
    ready = threading.Barrier(tries)

    def run(number: int) -> None:
        with app.app_context():
            one, origin = person(), Origin(f"192.0.2.{number}")
            db.session.rollback()
            ready.wait()
            try:
                told.append(actions.check(one, code, origin).value)
            except Refusal:
                told.append("refused")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=[number]) for number in range(tries)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(told)


def test_of_one_code_sent_eight_times_at_once_one_is_taken(
    database_url: str, tmp_path: Any
) -> None:
    with opened(database_url, tmp_path, LOCK_MS=20_000) as app:
        with app.app_context():
            first, *_ = turn_on()
            code = app_of().now()
        assert at_once(app, 8, code) == {"signed_in_by_code": 1, "refused": 7}
        assert at_once(app, 8, first) == {"signed_in_by_recovery": 1, "refused": 7}


# --- ending it ----------------------------------------------------------------------------------------


def test_one_s_own_is_turned_off_with_password_and_code(
    browse: Browse, app: Flask, now: time_machine.Traveller
) -> None:
    client = browse("office")
    with app.app_context():
        turn_on()
        key = app_of()
    fields = {"current": cast.PASSWORD, "code": "000000"}
    page = client.fill("/account/second-factor/codes", fields)
    assert page.status == 422 and page.one("#code-error")
    page = client.fill("/account/second-factor/codes", {**fields, "code": key.now()})
    [made, *more] = [one.get_text() for one in client.follow(page).all(".recovery-codes code")]
    assert len(more) == 9
    now.shift(30)
    page = client.fill("/account/second-factor/off", {"current": "wrong", "code": key.now()})
    assert page.status == 422 and page.one("#current-error")
    page = client.fill("/account/second-factor/off", {**fields, "code": made})
    assert "解除しました" in client.follow(page).text
    with app.app_context():
        told = ["有効になりました", "作り直されました", "使われました", "解除されました"]
        letters = sent_to(OFFICE)
        assert all(any(word in one["Subject"] for one in letters) for word in told)
        assert db.session.scalars(select(RecoveryCode)).all() == []
        assert sign_in(OFFICE, cast.PASSWORD, at=clock.now())


def test_a_new_password_by_mail_leaves_it_on(both: Flask) -> None:
    turn_on()
    ask_reset(OFFICE, at=clock.now())
    assert write_resets(clock.now()) == 1
    reset = token_of("reset", db.session.scalars(select(Invitation.id)).one())
    set_password(Act(None, clock.now()), LinkUse.RESET, reset, person().password_hash or "")
    assert sign_in(OFFICE, cast.PASSWORD, at=clock.now()) is None


def test_an_admin_takes_it_off_another_with_a_letter_and_not_his_own(
    browse: Browse, app: Flask
) -> None:
    admin = browse("admin")
    with app.app_context():
        turn_on()
        turn_on(cast.email("admin"))
        one, own = person().id, person(cast.email("admin")).id
    page = admin.get("/admin/users")
    for person_id, said in ((own, "自分の設定"), (one, "本人へメールで知らせます")):
        target = f"/admin/users/{person_id}/second-factor"
        form = page.one(f'form[action="{target}"]')
        hidden = {str(box["name"]): str(box["value"]) for box in form.select("input")}
        assert said in admin.follow(admin.post(target, hidden)).text
    with app.app_context():
        letter = sent_to(OFFICE)[-1]
        assert "管理者が解除しました" in letter.get_content()
        entry = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
        assert entry is not None and "本人へメールで知らせました" in entry.summary
        assert db.session.scalars(select(SecondFactor.person_id)).all() == [own]
    stranger = browse("officer", "imabetsu")
    assert stranger.post(f"/admin/users/{own}/second-factor", hidden).status == 403


def test_a_locked_out_admin_comes_back_from_the_terminal(browse: Browse, app: Flask) -> None:
    with app.app_context():
        turn_on()
    ran = app.test_cli_runner().invoke(accounts, ["second-factor-off", OFFICE])
    assert ran.exit_code == 0, ran.output
    again = app.test_cli_runner().invoke(accounts, ["second-factor-off", OFFICE])
    assert again.exit_code != 0
    browse("office")
    with app.app_context():
        assert "解除されました" in sent_to(OFFICE)[-1]["Subject"]


def test_where_it_is_required_nothing_else_opens_before_it_is_set_up(
    browse: Browse, app: Flask
) -> None:
    office, officer = browse("office"), browse("officer", "imabetsu")
    app.config["REQUIRE_TOTP"] = True
    for path in ("/", "/account", "/notices", "/admin/holidays/new"):
        assert office.get(path, status=302).location == "/account/second-factor"
    # A form that stood open is kept, and not carried out.
    app.config["REQUIRE_TOTP"] = False
    fields = {**office.get("/handover").fields(), "cautions": "書きかけのメモの印"}
    app.config["REQUIRE_TOTP"] = True
    assert office.post("/handover", fields).location == "/account/second-factor"
    page = office.get("/account/second-factor")
    assert "この役割では、2段階認証が必要です" in page.text
    officer.get("/")
    office.follow(office.fill("/account/second-factor", {"current": cast.PASSWORD}))
    with app.app_context():
        turn_on()
    waiting = office.get("/").one(".banner a")["href"]
    assert "書きかけのメモの印" in office.get(str(waiting), 400).one("#cautions").text


def test_only_who_is_signed_in_sees_the_pages(browse: Browse, actor: Callable[..., Actor]) -> None:
    client = browse("officer", "imabetsu")
    for path in (
        "/account/second-factor/new",
        "/account/second-factor/codes",
        "/account/second-factor/off",
    ):
        assert client.get(path, status=302).location == "/account/second-factor"


def test_a_wrong_password_of_somebody_signed_in_names_no_address(browse: Browse) -> None:
    page = browse("office").fill("/account/second-factor", {"current": "wrong"})
    assert page.status == 422
    assert "今のパスワードが違います。" in page.text and "メールアドレスか" not in page.text
