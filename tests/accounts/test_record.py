"""What the record tells of posts, accounts, memos and settings: every column, and no secret."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests import cast
from tests.sent import last_link
from tracker.accounts.handover import actions as handover
from tracker.accounts.handover.actions import Words
from tracker.accounts.models import Handover, Invitation, Person, Post, PostKind, SignInDelay
from tracker.accounts.people import actions
from tracker.accounts.settings.actions import make_calendar_key
from tracker.history import history
from tracker.history.columns import Mark
from tracker.history.history import HistoryEntry
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.plumbing.changes import Act, Conflict
from tracker.plumbing.db import db
from tracker.sign_in.password.actions import sign_in

pytestmark = pytest.mark.engines_by_turns

Actors = Callable[..., Actor]


def told() -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Each entry: its verb, the kind of its subject, and what it says of before and after."""
    return [
        (one.verb, one.subject_kind, one.payload["before"], one.payload["after"])
        for one in db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id))
        if one.payload is not None
    ]


def test_a_post_tells_each_column_before_and_after(both: Flask, actor: Actors) -> None:
    act = Act(actor("admin"), cast.NOW)
    post = actions.create_post(act, "imabetsu", PostKind.LEAD, "産業観光課", None, "1", None)
    chief = next(
        one
        for one in db.session.scalars(select(Post).where(Post.name == "企画課長"))
        if one.municipality_id == post.municipality_id
    )
    actions.change_post(act, post, "産業課", "Sangyo@imabetsu.example", None, chief.id, post.seen)
    (_, _, _, created), (verb, kind, before, after) = told()
    assert (created["name"], created["kind"], created["confirmed_year"]) == (
        "産業観光課",
        "lead",
        2026,
    )
    assert created["confirmed_by_id"] == actor("admin").person_id
    assert (verb, kind) == ("post.changed", "post")
    assert before == {"name": "産業観光課", "phone": "1"}
    wanted = {"name": "産業課", "phone": None, "email": "sangyo@imabetsu.example"}
    own = {column: value for column, value in after.items() if "/" not in column}
    assert own == {**wanted, "chief_id": chief.id}
    # The admin is of another municipality: what is to be looked at stands in the same entry.
    assert after["outside_change/1/after"] == "sangyo@imabetsu.example"


def test_an_account_tells_all_but_its_secrets(both: Flask, actor: Actors) -> None:
    act, officer = Act(actor("admin"), cast.NOW), actor("officer", "imabetsu")
    person = db.session.get_one(Person, officer.person_id)
    stored = person.password_hash
    actions.invite(act, person, person.seen)
    link = last_link(person.email, "/invitations/").rpartition("/")[2]
    actions.set_active(act, person, False, person.seen)
    token = make_calendar_key(Act(officer, cast.NOW), person)
    [invitation] = db.session.scalars(select(Invitation))
    assert [one[:2] for one in told()] == [
        ("account.invited", "account"),
        ("account.closed", "account"),
        ("account.calendar_made", "account"),
    ]
    assert told()[0][3][f"invitation/{invitation.id}/person_id"] == person.id
    used = f"invitation/{invitation.id}/used_at"
    assert told()[1][2] == {"is_active": True}
    assert told()[1][3] == {"is_active": False, used: cast.NOW.isoformat()}
    everything = json.dumps([one[2:] for one in told()])
    for secret in (stored, token, link, invitation.nonce, "password_hash", "token_hash", "nonce"):
        assert str(secret) not in everything
    assert history.verify() is None


def test_signing_in_is_no_act_and_leaves_every_page_fresh(both: Flask, actor: Actors) -> None:
    person = db.session.get_one(Person, actor("officer", "imabetsu").person_id)
    seen = person.seen
    with pytest.raises(Refusal):
        sign_in(person.email, "wrong", at=cast.NOW)
    assert db.session.scalars(select(SignInDelay.count)).all() == [1]
    sign_in(person.email, cast.PASSWORD, at=cast.NOW)
    person = db.session.get_one(Person, person.id, populate_existing=True)
    assert (person.signed_in_at, person.seen) == (cast.NOW, seen)
    assert db.session.scalars(select(SignInDelay.count)).all() == []
    assert told() == []


def test_a_memo_is_told_by_digest_and_length(both: Flask, actor: Actors) -> None:
    officer = actor("officer", "imabetsu")
    first = handover.write_memo(Act(officer, cast.NOW), Words("一", "二", "三")).seen
    handover.write_memo(Act(officer, cast.NOW), Words("一", "二と", "三"), first)
    _, (_, kind, before, after) = told()
    assert (kind, before.keys(), after.keys()) == ("handover", {"stumbles"}, {"stumbles"})
    assert (before["stumbles"]["length"], after["stumbles"]["length"]) == (1, 2)
    assert before["stumbles"]["digest"] != after["stumbles"]["digest"]
    marked = {
        column.name for column in Handover.__table__.c if column.info.get("record") is Mark.PRIVATE
    }
    assert marked == {"cautions", "stumbles", "contacts", "former"}


def test_half_a_hand_over_is_none(both: Flask, actor: Actors) -> None:
    """Several subjects, one commit: who is second closes nobody's account."""
    officer = actor("officer", "imabetsu")
    post = db.session.get_one(Post, officer.post_id)
    seen = post.seen
    actions.change_post(Act(actor("admin"), cast.NOW), post, post.name, None, "9", None)
    entries = len(told())
    with pytest.raises(Conflict, match="青森市 管理者"):
        handover.hand_over(Act(officer, cast.NOW), post, "後任", "new@imabetsu.example", None, seen)
    db.session.rollback()
    with pytest.raises(Refusal, match="すでに使われています"):
        taken = cast.email("officer", "yomogita")
        handover.hand_over(Act(officer, cast.NOW), post, "後任", taken, None)
    db.session.rollback()
    assert db.session.get_one(Person, officer.person_id).is_active
    assert len(told()) == entries
