"""A post entered by mistake is struck through: it counts nowhere, and its name is free again."""

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from tests import cast
from tracker.accounts import queries, rules
from tracker.accounts.models import Post, PostKind
from tracker.accounts.people import actions
from tracker.kernel.refusal import Refusal
from tracker.mail import letters
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

NAME, WHY = "市民課", "別の市町村の役職だったため。"


def admin() -> Act:
    return Act(queries.actor_of(cast.email("admin")), cast.NOW)


def make_post(name: str = NAME, **changes: object) -> Post:
    told = {"slug": "aomori", "kind": PostKind.LEAD, "email": "shimin@aomori.example", **changes}
    return actions.create_post(admin(), name=name, phone=None, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("referring", "has_letters", "said"),
    [
        ([], False, None),
        (["outside_change"], False, None),
        (["person"], False, "利用者を登録したことのある役職は取り消せません。"),
        (["person", "project"], True, "利用者を登録したことのある役職は取り消せません。"),
        ([], True, "手紙の宛先・上司・主担当などになったことのある役職は取り消せません。"),
        (["project"], False, "主担当などになったことのある役職は取り消せません。"),
        (["post"], False, "上司・主担当などになったことのある役職は取り消せません。"),
        (["of_a_room_to_come"], False, "取り消せません。"),
    ],
)
def test_a_post_is_struck_only_without_a_past(
    referring: list[str], has_letters: bool, said: str | None
) -> None:
    if said is None:
        rules.check_strike(referring, has_letters)
    else:
        with pytest.raises(Refusal, match=said):
            rules.check_strike(referring, has_letters)


@pytest.mark.usefixtures("both")
def test_a_struck_post_counts_nowhere_and_leaves_its_name_to_another() -> None:
    hub = areas.hub().id
    wrong = make_post()
    assert len(queries.recipients_of_post(wrong.id)) == 1
    actions.strike_post(admin(), wrong, WHY)
    assert (wrong.struck_by, wrong.struck_at, wrong.struck_reason) == (
        *("青森市 管理者", cast.NOW, WHY),
    )
    assert queries.recipients_of_post(wrong.id) == []
    assert wrong.id not in {id_ for id_, _ in queries.post_names(hub)} | queries.chiefs(hub).keys()
    assert wrong.id not in {one.id for one in queries.staffed_posts(hub)}
    assert queries.in_use().shared_names == () and queries.posts_that_share_names(hub) == []
    for press in (
        lambda: actions.create_account(admin(), wrong, "担当", "a@aomori.example"),
        lambda: actions.change_post(admin(), wrong, "別の課", None, None, None),
        lambda: make_post("子の課", kind=PostKind.CHIEF, chief_id=wrong.id),
        lambda: actions.strike_post(admin(), wrong, WHY),
    ):
        with pytest.raises(Refusal):
            press()
        db.session.rollback()
    right = make_post(" 市民課")
    with pytest.raises(Refusal, match="すでに登録されています。"):
        actions.put_post_back(admin(), wrong)
    db.session.rollback()
    actions.strike_post(admin(), right, "こちらが誤りでした。")
    actions.put_post_back(admin(), wrong)
    assert len(queries.recipients_of_post(wrong.id)) == 1
    with pytest.raises(Refusal, match="すでに登録されています。"):
        make_post()


@pytest.mark.usefixtures("both")
def test_a_post_that_somebody_held_or_was_written_to_stays() -> None:
    held = queries.find_post(areas.hub().id, "連携推進課長")
    assert held is not None
    with pytest.raises(Refusal, match="利用者を登録したことのある役職"):
        actions.strike_post(admin(), held, WHY)
    db.session.rollback()
    written = make_post()
    (to,) = queries.recipients_of_post(written.id)
    letters.write("opening", to, "件名", "本文", key="a letter", at=cast.NOW)
    db.session.commit()
    with pytest.raises(Refusal, match="手紙の宛先"):
        actions.strike_post(admin(), written, WHY)
    db.session.rollback()
    chief = make_post("課長", kind=PostKind.CHIEF, email="kacho@aomori.example")
    make_post("係", chief_id=chief.id)
    with pytest.raises(Refusal, match="上司"):
        actions.strike_post(admin(), chief, WHY)


@pytest.mark.slow
@pytest.mark.usefixtures("both")
def test_a_struck_post_is_out_of_use_in_the_release_before() -> None:
    wrong = make_post()
    actions.strike_post(admin(), wrong, WHY)
    make_post()
    id_ = wrong.id
    db.session.commit()
    downgrade(revision="0024")
    found = db.session.execute(text("SELECT name FROM post WHERE NOT is_active")).all()
    assert [tuple(row) for row in found] == [(f"{NAME}（取消し{id_}）",)]
    db.session.commit()
    upgrade(revision="0025")
    assert "is_active" not in {one["name"] for one in inspect(db.engine).get_columns("post")}
    out = db.session.execute(
        text("SELECT id, struck_reason, name_key FROM post WHERE struck_at IS NOT NULL")
    ).all()
    assert [tuple(row) for row in out] == [(id_, "使わない役職とされていたため。", None)]


def test_the_page_strikes_a_post_and_keeps_it_readable(app, browse) -> None:
    with app.app_context():
        post_id = make_post().id
    admins = browse("admin")
    page = admins.get(f"/admin/posts/{post_id}")
    assert "誤って登録した役職だけを取り消せます。" in page.text
    address = page.link("取り消す画面へ")
    page = admins.follow(admins.fill(address, {"reason": WHY}))
    assert "「青森市 市民課」を取り消しました。" in page.text
    assert NAME in page.one("main s").get_text() and f"理由：{WHY}" in page.text
    page = admins.follow(admins.fill(page.link(f"元に戻す：{NAME}"), {}))
    assert not page.all("main s")
    browse("office").get(address, status=403)
    held = admins.get("/admin/posts/1/strike")
    assert "利用者を登録したことのある役職は取り消せません。" in held.text
    assert not held.all("main textarea")
