"""Signing in, and the pages of posts and accounts."""

import time_machine

from tests import cast
from tests.app_fixtures import copy_database, make_app
from tests.pages import PageClient
from tests.sent import last_link


def test_signing_in_leads_to_the_page_asked_for(browse):
    client = browse()
    page = client.get("/admin/bases", status=302)
    asked = client.get(page.location)
    done = client.post(
        page.location,
        {**asked.fields(), "email": cast.email("officer", "imabetsu"), "password": cast.PASSWORD},
    )
    assert done.location == "/admin/bases"
    assert client.get("/admin/bases").title == "基礎数値"


def test_a_stolen_cookie_is_worthless_after_signing_out(browse, app):
    client = browse("office")
    cookie = client.client.get_cookie("renkei").value
    page = client.get("/admin/bases")
    token = page.html.select_one("form[action='/logout'] input[name=csrf_token]")["value"]
    assert client.post("/logout", {"csrf_token": token}).status == 302
    thief = PageClient(app)
    thief.client.set_cookie("renkei", cookie)
    thief.get("/admin/bases", status=302)


def test_a_session_ends_after_a_working_day(browse, now):
    client = browse("office")
    now.shift(12 * 3600 + 1)
    client.get("/admin/bases", status=302)


def hidden(form):
    return {box["name"]: box["value"] for box in form.select("input[type=hidden]")}


def test_a_closed_account_is_out_at_its_next_request(browse):
    officer, admin = browse("officer", "imabetsu"), browse("admin")
    page = admin.get("/admin/users")
    row = next(r for r in page.all("tbody tr") if "officer@imabetsu" in r.get_text())
    form = row.select_one("form[action$='/active']")
    admin.post(form["action"], hidden(form))
    officer.get("/admin/bases", status=302)


def test_an_admin_cannot_close_their_own_account(browse):
    admin = browse("admin")
    page = admin.get("/admin/users")
    row = next(r for r in page.all("tbody tr") if "admin@aomori" in r.get_text())
    form = row.select_one("form[action$='/active']")
    done = admin.post(form["action"], hidden(form))
    assert "自分の利用は、自分では停止できません" in admin.follow(done).text


def test_a_new_account_sets_its_password_once_by_letter(browse, app):
    from sqlalchemy import select

    from tracker.mail.letters import Letter
    from tracker.plumbing.db import db

    admin = browse("admin")
    page = admin.fill(
        "/admin/posts/new",
        {
            "municipality": "imabetsu",
            "kind": "officer",
            "name": "総務担当",
            "email": "",
            "phone": "",
        },
    )
    page = admin.follow(page)
    row = next(r for r in page.all("tbody tr") if "総務担当" in r.get_text())
    new = row.select_one("a[href$='/accounts/new']")["href"]
    assert admin.fill(new, {"name": "総務担当", "email": "somu@imabetsu.example"}).status == 302
    with app.app_context():
        letter = db.session.scalars(select(Letter).where(Letter.kind == "invitation")).one()
        assert letter.to_email == "somu@imabetsu.example"
        path = last_link("somu@imabetsu.example", "/invitations/")
    guest = browse()
    assert "12文字以上" in guest.fill(path, {"password": "short"}).text
    assert guest.fill(path, {"password": "a longer password"}).status == 302
    guest.get(path, status=410)
    signed = guest.fill(
        "/login", {"email": "somu@imabetsu.example", "password": "a longer password"}
    )
    assert signed.status == 302


def test_setting_up_an_empty_database_as_a_page(tmp_path, now: time_machine.Traveller):
    from tracker.plumbing.db import db

    app = make_app(copy_database("empty", "sqlite", tmp_path), tmp_path)
    client = PageClient(app)
    assert client.get("/login", status=302).location == "/setup"
    stranger = client.fill("/setup", {"code": "guessed", "area": "山圏域"})
    assert "設定用コードが違います。" in stranger.text
    assert stranger.fields()["area"] == "山圏域"
    wrong = client.fill(
        "/setup",
        {
            "code": cast.SETUP_CODE,
            "area": "山圏域",
            "towns": "山市",
            "hub": "山市",
            "email": "x",
            "password": "a longer password",
        },
    )
    assert "1行目「山市」を読めませんでした" in wrong.text
    assert wrong.fields()["area"] == "山圏域"
    done = client.fill(
        "/setup",
        {
            "code": cast.SETUP_CODE,
            "area": "山圏域",
            "towns": "01101 山市 やまし yama\n01102 川町 かわまち",
            "hub": "山市",
            "phone": "",
            "email": "admin@yama.example",
            "password": "a longer password",
        },
    )
    assert done.status == 302
    client.get("/setup", status=404)
    done = client.fill("/login", {"email": "admin@yama.example", "password": "a longer password"})
    assert done.status == 302
    assert "山市" in client.get("/admin/users").text
    with app.app_context():
        db.engine.dispose()


def test_a_session_goes_on_over_the_day_and_notes_when_it_was_seen(browse, app, now):
    from sqlalchemy import select

    from tracker.accounts.models import SignIn
    from tracker.plumbing import clock
    from tracker.plumbing.db import db

    client = browse("office")
    now.shift(6 * 60)
    client.get("/")
    with app.app_context():
        seen = db.session.scalars(select(SignIn.last_seen_at)).one()
        assert (clock.now() - seen).total_seconds() < 60


def test_two_admins_do_not_overwrite_each_other_s_post(browse):
    one, other = browse("admin"), browse("admin")
    path = one.get("/admin/users").link("企画課長")
    stale = other.get(path).fields()
    one.fill(path, {"phone": "0174-00-0001"})
    page = other.post(path, {**stale, "phone": "0174-00-0002"})
    assert page.status == 409
    assert "ほかの画面で" in page.one(".error-summary").text and "0174-00-0001" in page.text
    assert page.fields()["phone"] == "0174-00-0002"
    assert other.post(path, page.fields()).status == 302
    taken = other.fill(path, {"name": "企画担当"})
    assert "「企画担当」はすでに登録されています。" in taken.one("#name-error").text


def test_what_is_decided_of_an_account_on_a_page_gone_stale_is_refused(browse):
    admin = browse("admin")
    row = next(r for r in admin.get("/admin/users").all("tbody tr") if "officer@im" in r.get_text())
    close, invite = row.select("form")
    assert admin.post(close["action"], hidden(close)).status == 302
    for form in (invite, close):
        assert admin.post(form["action"], {**hidden(form), "once": "later"}).status == 409


def test_the_link_of_an_invitation_pressed_twice_sets_one_password(browse, app):
    from sqlalchemy import select

    from tracker.history.history import HistoryEntry
    from tracker.plumbing.db import db

    admin = browse("admin")
    row = next(r for r in admin.get("/admin/users").all("tbody tr") if "officer@im" in r.get_text())
    form = row.select("form")[1]
    admin.post(form["action"], hidden(form))
    with app.app_context():
        path = last_link("officer@imabetsu.example", "/invitations/")
    guest = browse()
    fields = {**guest.get(path).fields(), "password": "a longer password"}
    assert [guest.post(path, fields).location for _ in range(2)] == ["/login", "/login"]
    with app.app_context():
        set_ = select(HistoryEntry).where(HistoryEntry.verb == "account.password_set")
        assert "hash" not in str(db.session.scalars(set_).one().payload)
