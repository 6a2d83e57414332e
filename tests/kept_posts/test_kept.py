"""A post without a session is kept for its person, and for nobody else; nobody fills the disk with it."""

from io import BytesIO
from pathlib import Path

import pytest
from flask import g, redirect
from sqlalchemy import func, select, update

from tests import cast
from tests.municipalities.test_views import ENTRY
from tests.pages import PageClient
from tests.sent import links_in, sent_to
from tests.sign_in.test_second_factor import app_of, passed, turn_on
from tests.sign_in.test_second_factor import typed as answers
from tests.troubles import gone, no_room
from tracker.accounts.models import Person, SignIn
from tracker.exposure.checks import SIGNED_OUT, SOMEBODY_ELSE, WAITS
from tracker.failures.views import NOT_KEPT, SAVE
from tracker.kept_posts import actions as kept
from tracker.kept_posts.views import NOT_TAKEN
from tracker.municipalities.models import CalendarEntry
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.plumbing.forms import (
    CHOSEN,
    FILE,
    KEPT,
    KEPT_PRESS,
    NO_FILE,
    OLD_TOKEN,
    TYPED,
    FileField,
    Form,
    LineField,
    SelectField,
    choices,
)
from tracker.sign_in.password import rules
from tracker.sign_in.password.actions import ask_reset, write_resets

NEW = "/admin/holidays/new"
WORDS = {**ENTRY, "name": "閉庁の準備　葛󠄀西"}


def ended(app, **values):
    """Ends all sessions, or makes them as old as `values` say."""
    with app.app_context():
        db.session.execute(update(SignIn).values(**(values or {"ended_at": clock.now()})))
        db.session.commit()


def files(tmp_path: Path) -> list[Path]:
    return sorted(tmp_path.glob("kept/*"))


def count(app) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(CalendarEntry.id)))


@pytest.fixture
def typed(browse, app):
    """The office filled in a form, and its session is over."""
    office = browse("office")
    fields = {**office.get(NEW).fields(), **WORDS}
    ended(app)
    return office, fields


def test_after_signing_in_the_form_stands_there_and_is_saved_once(app, typed, tmp_path):
    office, fields = typed
    asked = office.post(NEW, fields)
    assert (asked.status, asked.location, count(app)) == (303, "/login?kept=1", 0)
    page = office.get(asked.location)
    assert rules.KEPT in page.text and rules.ENDED in page.text
    [file] = files(tmp_path)
    assert file.stat().st_mode & 0o077 == file.parent.stat().st_mode & 0o077 == 0
    wrong = office.fill(asked.location, {"email": "office@aomori.example", "password": "wrong"})
    assert wrong.status == 422 and rules.KEPT in wrong.text
    right = {"email": "office@aomori.example", "password": cast.PASSWORD}
    back = office.fill(asked.location, right)
    form = office.get(back.location, status=400)
    assert KEPT % {"left": TYPED} in form.text and form.title == office.get(NEW).title
    there = {**form.fields(), "kind": form.fields()["kind"][0]}
    assert {name: there[name] for name in WORDS} == WORDS
    assert form.fields()["once"] != fields["once"] and files(tmp_path) == [file] and count(app) == 0
    answers = [office.post(back.location, form.fields()).status for _ in range(2)]
    assert (answers, count(app), files(tmp_path)) == ([302, 303], 1, [])


@pytest.fixture
def shown(browse, typed):
    """Signed in again: where the form stands, and the office that sees it."""
    office, fields = typed
    office.post(NEW, fields)
    back = office.fill("/login", {"email": "office@aomori.example", "password": cast.PASSWORD})
    return office, back.location


def test_it_stands_there_at_every_reading_until_it_is_sent(app, shown, tmp_path):
    office, place = shown
    first, again = (office.get(place, status=400) for _ in range(2))
    assert again.fields()["name"] == WORDS["name"] and TYPED in again.text
    assert office.get("/").link("続きを開く") == place
    # What is refused is not sent; what stands in two windows is done once.
    refused = office.post(place, {**first.fields(), "name": ""})
    assert refused.status == 422 and refused.fields()["kept"] and len(files(tmp_path)) == 1
    answers = [office.post(place, one.fields()).status for one in (first, again)]
    assert (answers, count(app), files(tmp_path)) == ([302, 303], 1, [])
    assert office.get(place).fields()["name"] == "" and "kept" not in office.get(place).fields()


def test_a_button_pressed_without_a_session_promises_no_words(app, browse, tmp_path):
    office = browse("office")
    shown = office.follow(office.fill(NEW, {**ENTRY, "name": "休み"}))
    address, fields = shown.one("main form")["action"], shown.fields()
    ended(app)
    office.post(address, fields)
    # On another page first: it is called what it is, a button.
    office.fill("/login", {"email": "office@aomori.example", "password": cast.PASSWORD})
    home = office.get("/")
    assert "まだ行っていない操作があります" in home.text and "続きを開く" not in home.text
    told = office.follow(office.get(home.link("その画面を開く"), status=302))
    assert KEPT_PRESS in told.text and "下に残っています" not in told.text
    assert count(app) == 1 and files(tmp_path) == []


class Sent(Form):
    """Boxes of every sort, of which some are filled."""

    name = LineField()
    kind = SelectField(choices=choices([("a", "甲")]), validate_choice=False)
    file = FileField()


# The boxes that are filled -> what is promised of a form that was kept, and of another.
LEFT = {
    ("name", "kind", "file"): (TYPED, TYPED + NO_FILE),
    ("name", "kind"): (TYPED, TYPED),
    ("kind",): (CHOSEN, CHOSEN),
    ("kind", "file"): (CHOSEN, CHOSEN + NO_FILE),
    ("file",): (FILE, NO_FILE),
    (): ("", ""),
}


def test_a_form_promises_what_is_left_of_it(app):
    for sent, promised in LEFT.items():
        for message, post, left in zip((KEPT, OLD_TOKEN[False]), (1, None), promised, strict=True):
            values = {"name": "閉庁", "kind": "a", "file": (BytesIO(b"1"), "a.pdf")}
            data = {one: values[one] for one in sent}
            with app.test_request_context("/", method="POST", data=data):
                g.has_old_token, g.kept_post = True, post
                form = Sent()
                assert not form.validate() and form.status == 400
                assert form.form_errors == [message % {"left": left}], sent


def test_its_person_throws_it_away_and_nobody_else(app, shown, browse, tmp_path):
    office, place = shown
    form = office.get(place, status=400)
    away = form.fields(0)
    assert form.all("main form")[0]["action"] == "/account/kept"
    admin = browse("admin")
    admin.post("/account/kept", {**admin.get("/account").fields(), "kept": away["kept"]})
    assert len(files(tmp_path)) == 1
    with app.app_context():
        db.engine.dispose()
        url = db.engine.url
    # While nobody can be asked who is signed in it stays, and the page that says so can still do it.
    with gone(url):
        failed = office.post("/account/kept", away)
    assert (failed.status, len(files(tmp_path))) == (503, 1)
    home = office.post("/account/kept", failed.fields())
    assert home.location == "/" and files(tmp_path) == [] and count(app) == 0
    assert "保管していた内容を捨てました。" in office.get("/").text
    assert "続きを開く" not in office.get("/").text
    # Pressed on a page that stood open: nothing is there to be thrown away, and none is claimed.
    office.post("/account/kept", away)
    assert rules.GONE in office.get("/").text


def test_a_session_that_ends_again_keeps_the_newer_words_alone(app, shown, tmp_path):
    office, place = shown
    fields = {**office.get(place, status=400).fields(), "name": "あとから直した名前"}
    ended(app)
    assert office.post(place, fields).location == "/login?kept=1"
    assert len(files(tmp_path)) == 1
    back = office.fill("/login", {"email": "office@aomori.example", "password": cast.PASSWORD})
    assert office.get(back.location, status=400).fields()["name"] == "あとから直した名前"


def test_what_was_carried_out_already_is_answered_as_then(app, browse, tmp_path):
    office = browse("office")
    fields = {**office.get(NEW).fields(), **WORDS}
    first = office.post(NEW, fields)
    ended(app)
    assert office.post(NEW, fields).location == "/login?kept=1"
    back = office.fill("/login", {"email": "office@aomori.example", "password": cast.PASSWORD})
    again = office.get(back.location, status=303)
    assert (again.location, count(app), files(tmp_path)) == (first.location, 1, [])


def test_without_its_cookie_the_page_itself_says_whose_it_is(app, typed, tmp_path):
    _, fields = typed
    other = PageClient(app)
    assert other.post(NEW, fields).location == "/login?kept=1"
    assert other.post(NEW, {**fields, "once": "made-up"}).location == "/login"
    forged = fields["once"][:-2] + "xx"
    assert other.post(NEW, {**fields, "once": forged}).location == "/login"
    assert len(files(tmp_path)) == 1
    page = other.sign_in("office").get("/")
    link = page.link("続きを開く")
    assert other.get(link, status=400).fields()["name"] == WORDS["name"]


def test_another_person_sees_nothing_and_the_right_one_later_all(app, typed, browse, tmp_path):
    office, fields = typed
    office.post(NEW, fields)
    [file] = files(tmp_path)
    mark = file.name.split("-")[2]
    page = office.fill("/login", {"email": "admin@aomori.example", "password": cast.PASSWORD})
    assert page.location == "/"
    for path in ("/", f"{NEW}?kept={mark}", f"/account?kept={mark}"):
        seen = office.get(path, status=None).response.get_data(as_text=True)
        assert WORDS["name"] not in seen and TYPED not in seen and "続きを開く" not in seen
    # What stands on the office's page is not the admin's to say, either.
    told = office.post(NEW, {**fields, "name": "あとから打った文字"})
    assert told.status == 403 and SOMEBODY_ELSE in told.text and WAITS in told.text
    assert len(files(tmp_path)) == 2 and count(app) == 0
    own = browse("office")
    assert "2件" in own.get("/").text
    one = own.get(own.get("/").link("続きを開く"), status=400)
    other = own.get(one.link("続きを開く"), status=400)
    seen = {one.fields()["name"], other.fields()["name"]}
    assert seen == {WORDS["name"], "あとから打った文字"} and len(files(tmp_path)) == 2


def test_it_outlives_a_forgotten_password(app, typed, tmp_path):
    office, fields = typed
    office.post(NEW, fields)
    with app.app_context():
        ask_reset("office@aomori.example", at=clock.now())
        write_resets(clock.now())
        link = links_in(sent_to("office@aomori.example")[-1], "/resets/")[-1]
    new = {"password": "seven cormorants over the strait"}
    login = office.fill(link, {**new, "confirmation": new["password"]})
    assert login.location == "/login", login.text
    back = office.fill("/login", {"email": "office@aomori.example", **new})
    assert office.get(back.location, status=400).fields()["name"] == WORDS["name"]


def test_it_outlives_the_second_step_of_signing_in(app, typed, tmp_path):
    office, fields = typed
    with app.app_context():
        turn_on()
        key = app_of()
    office.post(NEW, fields)
    passed(office, "/login?kept=1")
    assert len(files(tmp_path)) == 1
    back = answers(office, key.now())
    assert office.get(back.location, status=400).fields()["name"] == WORDS["name"]


def test_it_waits_while_its_person_must_go_elsewhere_first(app, typed, tmp_path):
    office, fields = typed
    must: list[str] = ["/account"]
    # As where a second factor must be set up before anything else; asked after the guard.
    rules_of_all = app.before_request_funcs[None]
    rules_of_all.insert(-1, lambda: redirect(must[0]) if must else None)
    office.post(NEW, fields)
    must.clear()
    back = office.fill("/login", {"email": "office@aomori.example", "password": cast.PASSWORD})
    must.append("/account")
    assert office.get(back.location, status=302).location == "/account"
    assert len(files(tmp_path)) == 1
    must.clear()
    assert office.get(back.location, status=400).fields()["name"] == WORDS["name"]


def test_a_closed_account_gets_nothing_back(app, typed, tmp_path):
    office, fields = typed
    with app.app_context():
        email = Person.email == "office@aomori.example"
        db.session.execute(update(Person).where(email).values(is_active=False))
        db.session.commit()
    assert office.post(NEW, {**fields, "once": "made-up"}).location == "/login"
    assert files(tmp_path) == []
    office.post(NEW, fields)
    page = office.fill("/login", {"email": "office@aomori.example", "password": cast.PASSWORD})
    assert page.status == 422 and WORDS["name"] not in page.text


def test_it_is_gone_after_a_day_and_what_was_changed_on_the_disk_is_nothing(
    app, typed, tmp_path, now
):
    office, fields = typed
    office.post(NEW, fields)
    office.post(NEW, {**fields, "name": "もう一つ"})
    file, other = files(tmp_path)
    file.write_bytes(file.read_bytes().replace(b"2026", b"2027"))
    with app.app_context():
        kinds = [kept._read(one) is None for one in kept._entries(clock.now())]
        assert sorted(kinds) == [False, True]
        (tmp_path / "kept" / "broken.part").write_bytes(b"1")
        now.shift(24 * 3600 + 60)
        kept.sweep(clock.now())
    assert [one.name for one in files(tmp_path)] in ([], ["broken.part"])
    assert not file.exists() and not other.exists()


def test_an_old_page_fills_no_disk_and_what_finds_no_room_is_given_back(
    app, typed, tmp_path, now, monkeypatch
):
    office, fields = typed
    monkeypatch.setattr(kept, "MOST_OF_ONE", 2)
    for _ in range(3):
        office.post(NEW, fields)
    assert len(files(tmp_path)) == 1
    office.post(NEW, {**fields, "name": "二つ目"})
    page = office.post(NEW, {**fields, "name": "三つ目"})
    assert (
        page.status == 401
        and NOT_KEPT % {"left": TYPED, "pressed": SAVE} in page.text
        and page.fields()["name"] == "三つ目"
    )
    monkeypatch.setattr(kept, "LARGEST", 100)
    monkeypatch.setattr(kept, "MOST_OF_ONE", 9)
    assert office.post(NEW, {**fields, "name": "四つ目"}).status == 401
    assert len(files(tmp_path)) == 2
    monkeypatch.undo()
    with no_room():
        page = office.post(NEW, {**fields, "name": "五つ目"})
    assert page.status == 401 and page.fields()["name"] == "五つ目"
    assert len(files(tmp_path)) == 2
    now.shift(8 * 24 * 3600)
    assert office.post(NEW, fields).status == 401


def test_no_other_site_and_no_secret_is_kept(app, typed, tmp_path):
    office, fields = typed
    for told in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert office.post(NEW, fields, headers=told).status == 403
    assert files(tmp_path) == []
    office.post(
        "/account/password", {**fields, "current": "秘密", "new-password": "秘密", "a": "b"}
    )
    [file] = files(tmp_path)
    assert "秘密" not in file.read_text() and r"\u79d8" not in file.read_text()
    assert fields["csrf_token"] not in file.read_text()


def test_a_draft_that_saves_itself_says_so_and_keeps_the_page(app, typed, tmp_path):
    office, fields = typed
    answer = office.post(NEW, fields, headers={"X-Fragment": "1"})
    assert (answer.status, answer.response.mimetype) == (401, "text/plain")
    assert answer.response.get_data(as_text=True) == SIGNED_OUT and files(tmp_path) == []


def test_what_may_no_longer_be_sent_is_shown_as_words(app, typed, tmp_path):
    office, fields = typed
    office.post("/measures", fields)
    office.post(NEW, fields)
    with app.app_context():
        reader, post = (
            db.session.scalar(select(Person).where(Person.email == f"{role}@aomori.example"))
            for role in ("office", "reader")
        )
        reader.post_id = post.post_id
        db.session.commit()
    back = office.fill("/login", {"email": "office@aomori.example", "password": cast.PASSWORD})
    page = office.get(back.location, status=403)
    assert NOT_TAKEN in page.text
    assert [one.get_text() for one in page.all("main button")] == ["この内容を捨てる"]
    assert WORDS["name"] in [one.get_text() for one in page.all("main li")]
    away = page.fields(0)
    office.post("/account/kept", away)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("pauses", "said"),
    [
        ([100, 121], "2時間操作がなかったため、ログアウトしました。"),
        ([*[100] * 7, 21], "ログインから12時間たったため、ログアウトしました。"),
    ],
)
def test_a_session_ends_by_each_limit_with_its_sentence(browse, now, pauses, said):
    reader = browse("reader")
    for minutes in pauses[:-1]:
        now.shift(minutes * 60)
        reader.get("/account")
    now.shift(pauses[-1] * 60)
    page = reader.get("/account", status=302)
    assert said in reader.get(page.location).text


def test_chosen_files_wait_until_the_form_is_sent(app, browse, tmp_path):
    office = browse("office")
    path = "/agreements/import"
    fields = office.get(path).fields()
    ended(app)
    text = "第１条　これは協約ではありません。".encode()
    fields = {**fields, "pasted": "貼り付けた文", "file": (BytesIO(text), "協約.txt")}
    assert office.post(path, fields).location == "/login?kept=1"
    back = office.fill("/login", {"email": "office@aomori.example", "password": cast.PASSWORD})
    page = office.get(back.location, status=400)
    assert "前に選んだファイルを使う：協約.txt" in page.text
    sent = page.fields(1)
    assert sent["pasted"] == "貼り付けた文"
    both = office.post(path, sent)
    assert "どちらか1つだけ" in both.text and "協約.txt" in both.text
    alone = office.post(path, {**both.fields(1), "pasted": ""})
    assert "協約.txt" in alone.text and "ファイルを選ぶか" not in alone.text
    without = office.post(path, {**sent, "kept_files": "", "pasted": ""})
    assert "ファイルを選ぶか" in without.text
    assert len(files(tmp_path)) == 1
