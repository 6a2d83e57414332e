"""The April confirmation, a post handed over, and the memo for the next holder."""

import json
import re
from datetime import date, time

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests import cast
from tests.pages import Page, PageClient
from tests.sent import token_of
from tracker.accounts import queries
from tracker.accounts.handover import actions as handover
from tracker.accounts.handover.actions import Words
from tracker.accounts.handover.queries import memos
from tracker.accounts.models import (
    CalendarKey,
    Handover,
    Invitation,
    LinkUse,
    Person,
    Post,
    PostKind,
)
from tracker.accounts.people import actions
from tracker.history import history
from tracker.history.history import HistoryEntry
from tracker.kernel.refusal import Refusal
from tracker.mail.letters import Letter
from tracker.plumbing import clock
from tracker.plumbing.changes import NOT_OF_THIS, Act, Conflict
from tracker.plumbing.db import db
from tracker.sign_in.password.actions import set_password, sign_in

pytestmark = pytest.mark.engines_by_turns

APRIL = date(2027, 4, 5)
WORDS = Words("会場が遠い。", "名簿を先に数える。", "産業建設課")


def post(name: str = "企画担当", slug: str = "imabetsu") -> Post:
    """A post of the cast, by the account or mailbox that stands on it."""
    kind = {"企画担当": "officer", "企画課長": "confirmer", "秘書": "secretary"}[name]
    found = db.session.scalars(select(Post).where(Post.name == name).order_by(Post.id)).all()
    people = select(Person.post_id).where(Person.email == f"{kind}@{slug}.example")
    ids = set(db.session.scalars(people))
    return next(one for one in found if one.id in ids or one.email == f"{kind}@{slug}.example")


def april() -> object:
    return clock.at(APRIL, time(10))


def verbs() -> list[str]:
    return list(db.session.scalars(select(HistoryEntry.verb).order_by(HistoryEntry.id)))


# --- 変更なし ---------------------------------------------------------------------------------------


def test_one_button_vouches_for_every_post_of_the_municipality(both: Flask, actor) -> None:
    officer = actor("officer", "imabetsu")
    assert handover.confirm_people(Act(officer, april())) == 3
    held = queries.staffed_posts(officer.municipality_id)
    assert {(one.confirmed_year, one.confirmed_by) for one in held} == {(2027, "今別町 企画担当")}
    others = queries.staffed_posts(actor("officer", "yomogita").municipality_id)
    assert {one.confirmed_year for one in others} == {2026}
    assert verbs() == ["post.confirmed"] * 3
    with pytest.raises(Refusal, match="令和9年度の担当者は、すでに確認済みです"):
        handover.confirm_people(Act(officer, april()))


def test_whoever_was_confirmed_already_stays_as_he_was(both: Flask, actor) -> None:
    officer = actor("officer", "imabetsu")
    secretary = post("秘書")
    handover.hand_over(Act(officer, april()), secretary, "", "hisho@imabetsu.example", None)
    later = clock.at(date(2027, 4, 9), time(10))
    assert handover.confirm_people(Act(officer, later)) == 2
    assert post_by_id(secretary.id).confirmed_at == april()


def post_by_id(post_id: int) -> Post:
    return db.session.get_one(Post, post_id, populate_existing=True)


def test_a_post_entered_now_is_held_this_year_and_the_next_asks_again(both: Flask, actor) -> None:
    made = actions.create_post(
        Act(actor("admin"), april()), "imabetsu", PostKind.LEAD, "産業観光課", None, None
    )
    assert (made.confirmed_year, made.confirmed_by) == (2027, "青森市 管理者")


def test_who_vouches_for_a_table_gone_stale_is_shown_the_new_one(browse, app, now) -> None:
    now.move_to(clock.at(APRIL, time(10)))
    officer, ids = browse("officer", "imabetsu"), _ids(app)
    stale = officer.get("/handover").fields(0)
    admin = browse("admin")
    admin.fill(f"/admin/posts/{ids['imabetsu', 'confirmer']}", {"phone": "0174-00-0000"})
    page = officer.post("/handover/confirm", stale)
    assert page.status == 409
    assert "「企画課長」は、青森市 管理者が" in page.text
    left = officer.get("/handover").fields(0)
    del left[next(name for name in left if name.endswith("-seen"))]
    assert officer.post("/handover/confirm", left).status == 409
    assert officer.post("/handover/confirm", officer.get("/handover").fields(0)).status == 302


# --- 替わりました -----------------------------------------------------------------------------------


def test_a_new_holder_is_invited_and_the_old_one_is_out(both: Flask, actor) -> None:
    officer = actor("officer", "imabetsu")
    token = sign_in(cast.email("officer", "imabetsu"), cast.PASSWORD, at=cast.NOW)
    db.session.add(
        CalendarKey(person_id=officer.person_id, token_hash="x" * 64, created_at=cast.NOW)
    )
    db.session.commit()
    held = post()
    new = handover.hand_over(
        Act(officer, april()), held, "企画担当", "kikaku@imabetsu.example", "0174-00-0000"
    )
    assert new is not None and (new.post_id, new.password_hash) == (held.id, None)
    old = db.session.get_one(Person, officer.person_id)
    assert old.is_active is False
    from tracker.accounts.queries import signed_in

    assert signed_in(token, cast.NOW) is None
    assert db.session.scalars(select(CalendarKey)).all() == []
    assert (held.phone, held.confirmed_year) == ("0174-00-0000", 2027)
    letter = db.session.scalars(select(Letter)).one()
    assert (letter.kind, letter.to_email) == ("invitation", "kikaku@imabetsu.example")
    [row] = [one for one in queries.staffed_posts(held.municipality_id) if one.id == held.id]
    assert ([one.email for one in row.holders], row.former and row.former.email) == (
        ["kikaku@imabetsu.example"],
        "officer@imabetsu.example",
    )
    assert verbs() == ["account.closed", "account.created", "post.handed_over"]
    closed, created, given = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id))
    assert closed.payload["before"]["is_active"] is True
    assert f"calendar_key/{officer.person_id}/created_at" in closed.payload["before"]
    assert created.payload["after"]["email"] == "kikaku@imabetsu.example"
    assert given.payload["before"]["confirmed_year"] == 2026
    for entry in (closed, created, given):
        assert "hash" not in json.dumps(entry.payload)


def test_the_section_s_address_may_stay_and_its_old_password_does_not(both: Flask, actor) -> None:
    officer = actor("officer", "imabetsu")
    actions.invite(Act(None, april()), db.session.get_one(Person, officer.person_id))
    link = token_of("invitation", db.session.scalars(select(Invitation.id)).one())
    new = handover.hand_over(
        Act(officer, april()), post(), "後任", "OFFICER@imabetsu.example ", None
    )
    assert new is not None
    assert (new.id, new.name, new.is_active) == (officer.person_id, "後任", True)
    with pytest.raises(Refusal, match="パスワードが違います"):
        sign_in(new.email, cast.PASSWORD, at=april())
    # A link that was given to whoever held the post before is used up.
    with pytest.raises(Refusal, match="期限が過ぎました"):
        set_password(Act(None, april()), LinkUse.INVITATION, link, "a hash")


def test_a_post_without_account_gets_its_new_mailbox(both: Flask, actor) -> None:
    secretary = post("秘書")
    made = handover.hand_over(
        Act(actor("officer", "imabetsu"), april()), secretary, "", "hisho@imabetsu.example", None
    )
    assert made is None
    assert (secretary.email, secretary.phone) == ("hisho@imabetsu.example", None)
    assert db.session.scalars(select(Letter)).all() == []


@pytest.mark.parametrize(
    ("email", "said"),
    [
        (cast.email("officer", "yomogita"), "すでに使われています"),
        ("企画@imabetsu.example", "半角で入力"),
        ("a@imabetsu.example\r\nBcc: b@imabetsu.example", "半角で入力"),
    ],
)
def test_an_address_that_cannot_be_leaves_everything_as_it_was(
    both: Flask, actor, email: str, said: str
) -> None:
    officer = actor("officer", "imabetsu")
    with pytest.raises(Refusal, match=said) as refused:
        handover.hand_over(Act(officer, april()), post(), "後任", email, None)
    db.session.rollback()
    assert refused.value.field == "email"
    assert db.session.get_one(Person, officer.person_id).is_active
    assert (post().confirmed_year, verbs()) == (2026, [])


def test_nobody_gives_the_confirmer_s_post_away(both: Flask, actor) -> None:
    with pytest.raises(Refusal, match="管理者が入れ替えます"):
        handover.hand_over(
            Act(actor("officer", "imabetsu"), april()),
            post("企画課長"),
            "x",
            "x@imabetsu.example",
            None,
        )


# --- 引継ぎメモ -------------------------------------------------------------------------------------


def test_a_memo_is_kept_with_who_wrote_it_and_never_in_the_record(both: Flask, actor) -> None:
    officer = actor("officer", "imabetsu")
    memo = handover.write_memo(Act(officer, april()), WORDS)
    assert (memo.fiscal_year, memo.written_by, memo.version) == (2027, "今別町 企画担当", 1)
    [read] = memos(officer.municipality_id)
    assert (read.stumbles, read.written_on) == ("名簿を先に数える。", APRIL)
    entry = db.session.scalars(select(HistoryEntry)).one()
    assert (entry.verb, entry.subject_kind) == ("handover.written", "handover")
    assert not [word for word in vars(WORDS).values() if word in json.dumps(entry.payload)]
    assert entry.payload["after"]["cautions"]["length"] == len(WORDS.cautions)
    assert entry.payload["after"]["written_by"] == "今別町 企画担当"
    assert history.verify() is None


def test_two_who_hold_the_same_post_do_not_overwrite_each_other(both: Flask, actor) -> None:
    officer = actor("officer", "imabetsu")
    first = handover.write_memo(Act(officer, april()), WORDS).seen
    for seen in ("", "7"):
        with pytest.raises(Conflict, match=NOT_OF_THIS):
            handover.write_memo(Act(officer, april()), Words("別の文", "", ""), seen)
        db.session.rollback()
    second = handover.write_memo(Act(officer, april()), Words("別の文", "", ""), first)
    assert second.seen != first
    assert db.session.scalars(select(Handover.cautions)).one() == "別の文"


@pytest.mark.parametrize(
    ("words", "said", "field"),
    [
        (Words("", " \n", ""), "どれか1つは", "cautions"),
        (Words("", "長" * 401, ""), "今 401字", "stumbles"),
    ],
)
def test_a_memo_says_something_and_not_too_much(
    both: Flask, actor, words: Words, said: str, field: str
) -> None:
    with pytest.raises(Refusal, match=said) as refused:
        handover.write_memo(Act(actor("officer", "imabetsu"), april()), words)
    assert refused.value.field == field


# --- the pages --------------------------------------------------------------------------------------


def test_the_officer_confirms_on_the_page_and_it_says_who_did(browse, now) -> None:
    now.move_to(clock.at(APRIL, time(10)))
    officer = browse("officer", "imabetsu")
    assert "担当者を確認する" in officer.get("/").text
    page = officer.get("/handover")
    assert "まだ確認していない役職が3つあります。" in page.text
    done = officer.post("/handover/confirm", page.fields(0))
    page = officer.follow(done)
    assert "担当者を確認しました。" in page.text
    assert "令和9年4月5日（月）に今別町 企画担当が確認しました。" in page.text
    assert not page.all("form[action='/handover/confirm']")
    assert "担当者を確認する" not in officer.get("/").text
    again = officer.post("/handover/confirm", page.fields())
    assert "すでに確認済みです" in officer.follow(again).text


@pytest.mark.parametrize(
    ("role", "slug", "buttons"),
    [
        ("officer", "imabetsu", ["企画担当", "秘書"]),
        ("office", "aomori", ["連携推進担当", "議会事務局", "市長秘書"]),
        ("admin", "aomori", ["議会事務局", "管理者", "市長秘書"]),
        ("confirmer", "imabetsu", []),
        ("lead", "aomori", []),
        ("reader", "aomori", []),
    ],
)
def test_who_is_offered_which_post(browse, role: str, slug: str, buttons: list[str]) -> None:
    page = browse(role, slug).get("/handover")
    rows = [row for row in page.all("table.stacked tbody tr") if row.select("a")]
    assert [row.th.get_text(strip=True) for row in rows] == buttons
    assert page.title == "引継ぎ"


def _ids(app: Flask) -> dict[tuple[str, str], int]:
    """The cast's posts by the slug of their municipality and their kind."""
    with app.app_context():
        rows = db.session.execute(select(Person.email, Person.post_id))
        return {
            (email.partition("@")[2].removesuffix(".example"), email.partition("@")[0]): id_
            for email, id_ in rows
        }


def test_giving_one_s_own_post_away_ends_the_session(browse, app) -> None:
    officer, own = browse("officer", "imabetsu"), _ids(app)["imabetsu", "officer"]
    form = officer.get(f"/handover/posts/{own}")
    assert "あなたの利用はその場で終わります" in form.text
    assert "officer@imabetsu.example" in form.text
    done = officer.fill(
        f"/handover/posts/{own}", {"name": "後任", "email": "kikaku@imabetsu.example"}
    )
    assert done.location == "/login"
    assert "お疲れさまでした" in officer.follow(done).text
    officer.get("/", status=302)


def test_what_was_typed_wrongly_stays_beside_its_sentence(browse, app) -> None:
    officer, own = browse("officer", "imabetsu"), _ids(app)["imabetsu", "officer"]
    page = officer.fill(f"/handover/posts/{own}", {"name": "後任", "email": "企画＠町"})
    assert (page.status, page.fields()["email"]) == (422, "企画＠町")
    assert "半角で入力してください" in page.one("#email-error").get_text()


def test_a_post_that_is_not_one_s_to_give_is_refused_in_words(browse, app) -> None:
    officer, ids = browse("officer", "imabetsu"), _ids(app)
    confirmer = f"/handover/posts/{ids['imabetsu', 'confirmer']}"
    assert "管理者が入れ替えます" in officer.follow(officer.get(confirmer, status=302)).text
    token = officer.get("/handover").fields()["csrf_token"]
    fields = {"csrf_token": token, "name": "x", "email": "x@imabetsu.example", "seen": "1"}
    assert "管理者が入れ替えます" in officer.post(confirmer, fields).one(".error-summary").text
    officer.get(f"/handover/posts/{ids['yomogita', 'officer']}", status=403)
    officer.get("/handover/posts/99999", status=404)


def _write(client: PageClient, **words: str) -> Page:
    return client.fill("/handover", words)


def test_a_memo_is_read_by_the_same_municipality_and_by_no_other(browse) -> None:
    officer = browse("officer", "imabetsu")
    assert officer.follow(_write(officer, cautions="会場が遠い。")).fields()["cautions"] == (
        "会場が遠い。"
    )
    read = browse("confirmer", "imabetsu").get("/handover")
    assert "会場が遠い。" in read.text and read.fields()["cautions"] == ""
    for role, slug in (("officer", "yomogita"), ("office", "aomori"), ("admin", "aomori")):
        assert "会場が遠い。" not in browse(role, slug).get("/handover").text


def test_what_two_wrote_at_once_is_shown_to_the_second(browse) -> None:
    one, other = browse("officer", "imabetsu"), browse("officer", "imabetsu")
    stale = other.get("/handover").fields()
    _write(one, cautions="先の文")
    page = other.post("/handover", {**stale, "cautions": "後の文"})
    assert page.status == 409
    assert re.search("ほかの画面で.*に先に直しました", page.one(".error-summary").text)
    assert "先の文" in page.text and page.fields()["cautions"] == "後の文"
    # Seen now: saving once more keeps the second text.
    other.follow(other.post("/handover", page.fields()))
    assert one.get("/handover").fields()["cautions"] == "後の文"


def test_a_memo_too_long_stays_in_its_box(browse) -> None:
    page = _write(browse("officer", "imabetsu"), contacts="長" * 401)
    assert "400字までで入力してください（今 401字）。" in page.one("#contacts-error").get_text()
    assert page.fields()["contacts"] == "長" * 401


# --- 上司 ------------------------------------------------------------------------------------------


def test_the_admin_names_the_chief_of_a_post(browse, app) -> None:
    admin, ids = browse("admin"), _ids(app)
    officer, chief = ids["imabetsu", "officer"], ids["imabetsu", "confirmer"]
    page = admin.get(f"/admin/posts/{officer}")
    offered = [one["value"] for one in page.all("#chief option")]
    assert str(chief) in offered and str(officer) not in offered
    assert str(ids["yomogita", "officer"]) not in offered
    assert admin.fill(f"/admin/posts/{officer}", {"chief": str(chief)}).status == 302
    assert admin.get(f"/admin/posts/{officer}").fields()["chief"] == str(chief)
    # The other way round they would report to each other.
    page = admin.fill(f"/admin/posts/{chief}", {"chief": str(officer)})
    assert "この役職が上司になっている" in page.one("#chief-error").get_text()
    assert admin.fill(f"/admin/posts/{officer}", {"chief": ""}).status == 302
    with app.app_context():
        assert db.session.get_one(Post, officer).chief_id is None


def test_a_new_post_s_chief_is_of_the_same_municipality(browse, app) -> None:
    admin, ids = browse("admin"), _ids(app)
    fields = {"municipality": "imabetsu", "kind": "chief", "name": "総務課長"}
    fields |= {"email": "somu@imabetsu.example", "phone": ""}
    other = str(ids["yomogita", "confirmer"])
    page = admin.fill("/admin/posts/new", {**fields, "chief": other})
    assert "同じ市町村の役職から" in page.one("#chief-error").get_text()
    own = str(ids["imabetsu", "confirmer"])
    assert admin.fill("/admin/posts/new", {**fields, "chief": own}).status == 302
    with app.app_context():
        made = db.session.scalars(select(Post).where(Post.name == "総務課長")).one()
        assert (made.chief_id, made.confirmed_year) == (int(own), 2026)


def test_the_predecessor_s_memo_is_read_and_kept_beside_one_s_own(both: Flask, actor) -> None:
    officer = actor("officer", "imabetsu")
    handover.write_memo(Act(officer, april()), WORDS)
    post = db.session.get_one(Post, officer.post_id)
    handover.hand_over(Act(officer, april()), post, "今別町 新担当", "new@imabetsu.example", None)
    [read] = memos(officer.municipality_id)
    newcomer = queries.actor_of("new@imabetsu.example")
    assert newcomer is not None
    assert read.is_former(newcomer) and "【毎年つまずく所】\n名簿を先に数える。" in read.text
    handover.write_memo(Act(newcomer, april()), Words("新しい注意", "", ""), read.seen)
    [own] = memos(officer.municipality_id)
    assert not own.is_former(newcomer)
    assert (own.cautions, own.former, own.former_by) == ("新しい注意", read.text, read.written_by)
    # One's own words written anew keep what the predecessor left.
    handover.write_memo(Act(newcomer, april()), Words("直した注意", "", ""), own.seen)
    assert memos(officer.municipality_id)[0].former == read.text


def test_a_newcomer_finds_the_memo_as_text_and_the_welcome_until_it_is_put_away(
    browse, app, actor
) -> None:
    officer = browse("officer", "imabetsu")
    with app.app_context():
        by = actor("officer", "imabetsu")
        handover.write_memo(Act(by, cast.NOW), WORDS)
        db.session.execute(update(Handover).values(written_by="今別町 前の担当"))
        db.session.commit()
    page = officer.get("/handover")
    assert "前任の方のメモ" in page.text and "名簿を先に数える。" in page.text
    assert [one.get_text().strip() for one in page.all("textarea")] == ["", "", ""]
    home = officer.get("/")
    assert "はじめて担当される方へ" in home.text and "お電話ください。" in home.text
    assert home.link("引継ぎメモを開く") == "/handover#memo"
    # The office is not told to ring itself.
    assert "お電話ください。" not in browse("office").get("/").one("aside").get_text()
    [form] = [one for one in home.all("form") if one["action"] == "/account/welcome"]
    fields = {one["name"]: one["value"] for one in form.select("input")}
    home = officer.follow(officer.post("/account/welcome", fields))
    # The page itself stays one click away, at the foot of every page.
    assert (
        "案内を片づけました。" in home.text and home.link("はじめて担当される方へ") == "/help/first"
    )
    assert "はじめて担当される方へ" not in home.one("main").get_text()
