"""A post's name is one of its municipality by what it looks like, also where two enter it at once."""

from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread

import pytest
from flask import Flask
from flask_migrate import downgrade
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from tests import cast
from tracker.accounts import queries
from tracker.accounts.models import Post, PostKind
from tracker.accounts.people import actions
from tracker.duties import queries as duties
from tracker.duty.duty import owed
from tracker.duty.kinds import Kind
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.municipalities.models import Municipality
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.schema.actions import upgrade

ActorOf = Callable[..., Actor]
VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"
[NUMBER] = [int(path.name[:4]) for path in VERSIONS.glob("*_post_name_keys.py")]
# Each looks like 企画ガイド係, or is its other spelling.
ALIKE = ("企画　ガイド係", "企画ｶﾞｲﾄﾞ係", "企画がいど係", "企󠄀画ガイド係", "企画ガイド 係")


def enter(act: Act, name: str, slug: str = "imabetsu") -> Post:
    return actions.create_post(act, slug, PostKind.SECRETARY, name, None, None)


def rename(act: Act, post: Post, name: str) -> None:
    actions.change_post(act, post, name, post.email, post.phone, post.chief_id)


def marked() -> list[str]:
    """The posts of 今別町 that share the look of another, by name."""
    found = select(Post.name).where(Post.name_key.is_(None)).order_by(Post.id)
    names = list(db.session.scalars(found))
    db.session.rollback()
    return names


def go_back() -> None:
    """To the release before."""
    db.session.rollback()
    downgrade(revision=f"{NUMBER - 1:04}")


def names_to_mend(actor: Actor) -> int:
    db.session.rollback()
    found = owed(duties.all_duties(clock.today()), actor)
    db.session.rollback()
    return sum(one.remaining for one in found if one.kind is Kind.NAME_SHARED)


def test_a_name_that_looks_like_another_s_is_refused(both: Flask, actor: ActorOf) -> None:
    act = Act(actor("admin"), cast.NOW)
    first = enter(act, "企画ガイド係")
    for name in ALIKE:
        with pytest.raises(
            Refusal, match="「企画ガイド係」はすでに登録されています。全角"
        ) as refused:
            enter(act, name)
        assert refused.value.field == "name"
        db.session.rollback()
    # In another municipality, and where it is one's own, it is none of that.
    enter(act, ALIKE[0], "yomogita")
    rename(act, first, ALIKE[1])
    assert (first.name, first.name_key) == (ALIKE[1], "企画ガイド係")
    other = enter(act, "別の係")
    with pytest.raises(Refusal, match="「企画ｶﾞｲﾄﾞ係」はすでに"):
        rename(act, other, "企画ガイド係")


def test_of_two_who_enter_it_at_once_one_is_first(both: Flask, actor: ActorOf) -> None:
    admin, barrier, told = actor("admin"), Barrier(2), []
    db.session.rollback()

    def go(name: str) -> None:
        with both.app_context():
            barrier.wait(20)
            try:
                told.append(enter(Act(admin, cast.NOW), name).name)
            except Refusal as refusal:
                told.append(refusal.message[:8])

    threads = [Thread(target=go, args=(name,)) for name in ("夜間 窓口", "夜間窓口")]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    found = db.session.scalars(select(Post.name).where(Post.name_key == "夜間窓口")).all()
    assert len(found) == 1 and len(told) == 2
    assert sorted(told)[0].startswith("「夜間") and found[0] in told
    # The database itself takes no second one, whoever forgets to look.
    town = db.session.scalars(select(Municipality).where(Municipality.slug == "imabetsu")).one()
    db.session.add(Post(municipality_id=town.id, kind=PostKind.CHIEF, name="夜間　窓口"))
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def test_names_that_collide_today_get_a_mark_and_a_duty(both: Flask, actor: ActorOf) -> None:
    admin, office = actor("admin"), actor("office")
    act = Act(admin, cast.NOW)
    for name in ("企画ガイド係", "い", "う"):
        enter(act, name)
    go_back()
    for name, old in zip(ALIKE, ("い", "う"), strict=False):
        told = {"name": name, "old": old}
        db.session.execute(text("UPDATE post SET name = :name WHERE name = :old"), told)
    db.session.commit()
    upgrade()
    assert marked() == list(ALIKE[:2])
    assert (names_to_mend(admin), names_to_mend(office)) == (2, 0)
    [duty] = [one for one in duties.all_duties(clock.today()) if one.kind is Kind.NAME_SHARED]
    assert duty.text.startswith(
        "今別町の「企画　ガイド係」は「企画ガイド係」と見分けがつきません。"
    )
    # Whoever keeps its name may change all else.
    first, second, third = db.session.scalars(select(Post).order_by(Post.id.desc()).limit(3))
    actions.change_post(act, second, second.name, None, "0174-00-0000", None)
    assert (second.phone, marked()) == ("0174-00-0000", list(ALIKE[:2]))
    # The oldest gives its name up: the next one holds it, the last one is still alike.
    rename(act, third, "元の係")
    assert (marked(), names_to_mend(admin)) == ([ALIKE[1]], 1)
    with pytest.raises(Refusal, match="すでに登録されています"):
        rename(act, first, "企画ガイド係")
    db.session.rollback()
    rename(act, first, "電話係")
    assert (marked(), names_to_mend(admin)) == ([], 0)
    go_back()
    upgrade()
    assert marked() == []
    assert queries.find_post(first.municipality_id, "企画がいど係") is not None


def test_searches_find_names_of_before_by_what_is_seen(both: Flask) -> None:
    go_back()
    columns = "name, summary, lead_section, search_key, is_example, version, since_year"
    db.session.execute(
        text(
            f"INSERT INTO project ({columns}, measure_id, lead_municipality_id) "
            "SELECT '葛󠄀城事業', '', '', '葛󠄀城事業', false, 1, 2026, "
            "(SELECT min(id) FROM measure), id FROM municipality WHERE slug = 'aomori'"
        )
    )
    db.session.commit()
    upgrade()
    assert db.session.execute(text("SELECT search_key FROM project")).scalar() == "葛城事業"


def test_the_page_shows_the_mark_and_what_to_do(app: Flask, browse) -> None:
    with app.app_context():
        post = db.session.scalars(select(Post).where(Post.name == "企画担当")).first()
        db.session.execute(text("UPDATE post SET name_key = NULL WHERE id = :id"), {"id": post.id})
        db.session.commit()
        post_id = post.id
    admin = browse("admin")
    assert "名前が重複" in admin.get("/admin/users").text
    assert "見分けのつかない名前の役職があります" in admin.get(f"/admin/posts/{post_id}").text
    assert "見分けのつかない役職の名前を直す 1件" in admin.get("/").text
