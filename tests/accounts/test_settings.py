"""自分の設定: one's own calendar address and how one's letters come."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import select

from tests import cast
from tests.accounts.makers import BASE, make_address, press
from tests.overview.makers import save
from tracker.accounts import queries
from tracker.accounts.models import CalendarKey, Person
from tracker.accounts.settings import actions
from tracker.history import history
from tracker.history.history import HistoryEntry
from tracker.kernel.permissions import Actor
from tracker.municipalities.models import Municipality
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

pytestmark = pytest.mark.engines_by_turns

Actors = Callable[..., Actor]


def keys() -> list[CalendarKey]:
    return list(db.session.scalars(select(CalendarKey)))


def person(who: Actor) -> Person:
    return db.session.get_one(Person, who.person_id)


def recorded() -> list[tuple[str, str]]:
    rows = db.session.execute(
        select(HistoryEntry.verb, HistoryEntry.summary).order_by(HistoryEntry.id)
    )
    return [tuple(row) for row in rows]


# --- actions -----------------------------------------------------------------------------------------


def test_only_a_digest_of_the_secret_is_kept(both: Flask, actor: Actors):
    officer = actor("officer", "imabetsu")
    token = actions.make_calendar_key(Act(officer, cast.NOW), person(officer))
    [key] = keys()
    assert (key.person_id, key.token_hash) == (officer.person_id, queries.digest(token))
    assert len(token) == 43
    assert queries.subscriber(token) == officer
    [entry] = db.session.scalars(select(HistoryEntry))
    assert entry.summary == "予定表のアドレスを作りました。"
    assert token not in repr((entry.payload, entry.summary))
    assert key.token_hash not in repr((entry.payload, entry.summary))


def test_a_new_secret_ends_the_one_before_and_nobody_else_s(both: Flask, actor: Actors):
    officer, other = actor("officer", "imabetsu"), actor("officer", "yomogita")
    theirs = actions.make_calendar_key(Act(other, cast.NOW), person(other))
    first = actions.make_calendar_key(Act(officer, cast.NOW), person(officer))
    second = actions.make_calendar_key(Act(officer, cast.NOW), person(officer))
    assert first != second
    opened = [queries.subscriber(token) for token in (first, second, theirs)]
    assert opened == [None, officer, other]
    assert recorded()[-1] == ("account.calendar_made", "予定表のアドレスを作り直しました。")
    actions.revoke_calendar_key(Act(officer, cast.NOW), person(officer))
    opened = [queries.subscriber(token) for token in (first, second, theirs)]
    assert opened == [None, None, other]
    assert recorded()[-1] == ("account.calendar_revoked", "予定表のアドレスを使えなくしました。")


def test_taking_back_what_is_not_there_changes_nothing(both: Flask, actor: Actors):
    officer = actor("officer", "imabetsu")
    actions.revoke_calendar_key(Act(officer, cast.NOW), person(officer))
    assert (keys(), recorded()) == ([], [])


def test_a_button_pressed_twice_at_once_leaves_one_good_address(both: Flask, actor: Actors):
    officer, start = actor("officer", "imabetsu"), Barrier(4)
    db.session.rollback()
    tokens: list[str] = []

    def press_it() -> None:
        with both.app_context():
            start.wait()
            tokens.append(actions.make_calendar_key(Act(officer, cast.NOW), person(officer)))
            db.session.remove()

    threads = [Thread(target=press_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(tokens)) == 4
    assert [queries.subscriber(token) for token in tokens].count(officer) == 1
    assert len(keys()) == 1
    assert history.verify() is None


def test_how_letters_come_is_kept_and_recorded(both: Flask, actor: Actors):
    officer = actor("officer", "imabetsu")
    for is_weekly, words in ((True, "週に1回まとめて"), (False, "期限ごとに1通ずつ")):
        actions.choose_digest(Act(officer, cast.NOW), person(officer), is_weekly)
        db.session.expire_all()
        assert db.session.get_one(Person, officer.person_id).weekly_digest is is_weekly
        said = f"お知らせの受け取り方を「{words}」にしました。"
        assert recorded()[-1] == ("account.digest_chosen", said)
        [*_, last] = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id))
        assert last.payload == {
            "before": {"weekly_digest": not is_weekly},
            "after": {"weekly_digest": is_weekly},
        }
    others = select(Person.id).where(Person.weekly_digest)
    assert db.session.scalars(others).all() == []


# --- the page ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "slug", "said"),
    [
        ("officer", "imabetsu", "今別町 企画担当 氏名 企画担当"),
        ("admin", "aomori", "青森市 管理者 氏名 管理者"),
    ],
)
def test_everybody_finds_their_own_settings_behind_their_name(browse, role, slug, said):
    somebody = browse(role, slug)
    home = somebody.get("/")
    links = {str(link["href"]) for link in home.all("a.me")}
    assert (len(home.all("a.me")), links) == (2, {"/account"})
    page = somebody.get("/account")
    assert page.title == "自分の設定"
    assert said in page.text
    assert cast.email(role, slug) in page.text
    assert len(page.all(".btn-primary")) == 1


def test_the_address_is_shown_exactly_once(browse, app):
    officer = browse("officer", "imabetsu")
    assert "予定表のアドレスを作る" in officer.get("/account").text
    done = press(officer, "/calendar")
    assert done.location == "/account#calendar"
    # The secret stands in no address that a browser or a server would remember.
    shown = officer.follow(done)
    address = str(shown.one("#read-only")["value"])
    assert address.startswith(BASE + "/calendar/")
    assert shown.one("#read-only").has_attr("readonly")
    assert "だれでも一覧を読めます" in shown.text
    assert "「インターネットから」" in shown.text
    assert shown.response.headers["Cache-Control"] == "no-store"
    again = officer.get("/account")
    assert again.all("#read-only") == []
    assert address.rpartition("/")[2] not in again.response.get_data(as_text=True)
    assert "令和8年11月24日に作ったアドレスが使われています" in again.text
    assert browse().get(address.removeprefix(BASE)).status == 200


def test_a_new_address_ends_the_old_one(browse):
    officer = browse("officer", "imabetsu")
    old = make_address(officer)
    new = make_address(officer, BASE)
    browse().get(old, status=404)
    assert browse().get(new).status == 200


def test_stopping_ends_the_address_and_offers_a_new_one(browse):
    officer = browse("officer", "imabetsu")
    address = make_address(officer)
    page = officer.follow(press(officer, "/revoke"))
    assert "予定表のアドレスを使えなくしました。" in page.text
    assert "予定表のアドレスを作る" in page.text
    browse().get(address, status=404)
    assert browse().get(make_address(officer)).status == 200


def test_an_address_never_looked_at_is_not_shown_after_stopping(browse):
    officer = browse("officer", "imabetsu")
    token = officer.get("/account").one(".who [name=csrf_token]")["value"]
    for path in ("/account/calendar", "/account/calendar/revoke"):
        assert officer.post(path, {"csrf_token": token}).status == 302
    assert officer.get("/account").all("#read-only") == []


def test_the_address_is_the_municipality_s_own_and_never_the_one_asked_at(browse, app):
    hub = browse("office")
    make_address(hub, BASE)
    with app.app_context():
        town = db.session.scalars(select(Municipality).where(Municipality.slug == "imabetsu")).one()
        town.base_url = "https://renkei.imabetsu.example"
        save()
    officer = browse("officer", "imabetsu")
    make_address(officer, "https://renkei.imabetsu.example")
    assert press(officer, "/calendar").status == 302
    page = officer._ask("GET", "/account", headers={"X-Forwarded-Host": "evil.example"})
    assert str(page.one("#read-only")["value"]).startswith("https://renkei.imabetsu.example/")


def test_somebody_else_signing_in_at_the_same_browser_sees_no_address(browse):
    officer = browse("officer", "imabetsu")
    assert press(officer, "/calendar").status == 302
    token = officer.client.get("/measures").get_data(as_text=True).split('csrf_token" value="')[1]
    officer.post("/logout", {"csrf_token": token.partition('"')[0]})
    officer.sign_in("officer", "yomogita")
    assert officer.get("/account").all("#read-only") == []


def test_how_letters_come_is_chosen_and_shown(browse):
    officer = browse("officer", "imabetsu")
    assert officer.get("/account").fields()["digest"] == ["each"]
    page = officer.follow(officer.fill("/account", {"digest": "weekly"}))
    assert "保存しました。" in page.text
    assert page.fields()["digest"] == ["weekly"]
    assert browse("officer", "yomogita").get("/account").fields()["digest"] == ["each"]


def test_a_choice_that_is_none_is_refused_in_plain_words(browse, app):
    officer = browse("officer", "imabetsu")
    for wrong in ("", "daily"):
        page = officer.fill("/account", {"digest": wrong})
        assert page.status == 422
        assert page.one(".error-summary li").get_text().endswith("ください。")
    assert officer.get("/account").fields()["digest"] == ["each"]


def test_a_button_without_its_token_makes_no_address(browse, app):
    officer = browse("officer", "imabetsu")
    for path in ("/account/calendar", "/account/calendar/revoke"):
        page = officer.follow(officer.post(path, {}))
        assert "もう一度ボタンを押してください。" in page.text
    with app.app_context():
        assert keys() == []


def test_a_choice_made_elsewhere_is_shown_and_not_overwritten(browse):
    one, other = browse("officer", "imabetsu"), browse("officer", "imabetsu")
    stale = other.get("/account").fields()
    one.fill("/account", {"digest": "weekly"})
    page = other.post("/account", {**stale, "digest": "each"})
    assert page.status == 409 and "週に1回、まとめて" in page.text
    assert page.fields()["digest"] == ["each"]
    assert other.post("/account", page.fields()).status == 302
    # Signing in keeps its own books and makes no page stale.
    stale = one.get("/account").fields()
    browse("officer", "imabetsu")
    assert one.post("/account", {**stale, "digest": "weekly"}).status == 302
