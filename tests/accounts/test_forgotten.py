"""A forgotten password is set anew by a letter; whoever asks hears the same for every address."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests import cast
from tests.pages import PageClient, counting
from tests.sent import links_in, sent_to, token_of
from tracker.accounts.handover.actions import hand_over
from tracker.accounts.models import CalendarKey, Invitation, LinkUse, Person, Post, ResetRequest
from tracker.accounts.people import actions as people
from tracker.accounts.queries import find_person, has_other_admin, signed_in
from tracker.accounts.settings.actions import make_calendar_key
from tracker.accounts.sign_in.actions import ask_reset, set_password, sign_in, write_resets
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

OFFICER = cast.email("officer", "imabetsu")
UNKNOWN = "nobody@imabetsu.example"
NEW = "a longer password than that"
Browse = Callable[..., PageClient]
Actors = Callable[..., Actor]


def asked(address: str = OFFICER) -> int:
    """Asks and lets the clock pass; how many letters it wrote."""
    ask_reset(address, at=clock.now())
    return write_resets(clock.now())


def officer() -> Person:
    found = find_person(OFFICER)
    assert found is not None
    return found


def link_of(address: str = OFFICER) -> str:
    return links_in(sent_to(address)[-1], "/resets/")[-1]


def test_a_forgotten_password_is_set_by_letter_once(browse: Browse, app: Flask) -> None:
    before, guest = browse("officer", "imabetsu"), browse()
    page = guest.fill("/login/forgotten", {"email": f" {OFFICER.upper()} "})
    assert "登録されているメールアドレスであれば" in guest.follow(page).text
    with app.app_context():
        assert write_resets(clock.now()) == 1
        path = link_of()
    # Nothing ends before the link is used: anybody can ask.
    before.get("/account")
    assert "12文字以上" in guest.fill(path, {"password": "short"}).text
    assert guest.fill(path, {"password": NEW}).location == "/login"
    guest.get(path, status=410)
    before.get("/account", status=302)
    assert guest.fill("/login", {"email": OFFICER, "password": NEW}).status == 302


def test_who_asks_for_an_unknown_address_hears_the_same_and_costs_the_same(
    browse: Browse, app: Flask
) -> None:
    told = []
    for address in (UNKNOWN, OFFICER):
        guest = browse()
        fields = {**guest.get("/login/forgotten").fields(), "email": address}
        with counting() as queries:
            page = guest.post("/login/forgotten", fields)
        told.append((page.status, page.location, len(queries), guest.follow(page).text))
    assert told[0] == told[1]
    with app.app_context():
        assert write_resets(clock.now()) == 1
        assert sent_to(UNKNOWN) == []
        # Whom somebody asked for is not kept.
        assert db.session.scalars(select(ResetRequest.address)).all() == [None, None]


def test_one_letter_an_address_and_ten_minutes(both: Flask, now: time_machine.Traveller) -> None:
    assert [asked(), asked()] == [1, 0]
    now.shift(9 * 60)
    assert asked() == 0
    now.shift(2 * 60)
    assert asked() == 1
    # A clock that went back does not keep anybody waiting.
    now.shift(-24 * 3600)
    assert asked() == 1


def test_one_source_that_asks_again_and_again_waits_longer_and_longer(
    browse: Browse, now: time_machine.Traveller
) -> None:
    def ask(address: str, source: str = "192.0.2.7") -> str:
        guest, at = browse(), {"environ_base": {"REMOTE_ADDR": source}}
        fields = {**guest.get("/login/forgotten").fields(), "email": address}
        page = guest.post("/login/forgotten", fields, **at)
        return guest.follow(page).text if page.status == 302 else page.text

    free = [ask(f"nobody{number}@imabetsu.example") for number in range(4)]
    assert all("登録されているメールアドレスであれば" in page for page in free)
    # Known and unknown alike; nobody else waits with them.
    assert {"あと5秒は送れません" in ask(one) for one in (UNKNOWN, OFFICER)} == {True}
    assert "登録されているメールアドレスであれば" in ask(OFFICER, "192.0.2.8")
    now.shift(6)
    assert "登録されているメールアドレスであれば" in ask(UNKNOWN)
    assert "あと10秒は送れません" in ask(OFFICER)
    for _ in range(12):
        now.shift(15 * 60)
        ask(UNKNOWN)
    assert "あと15分は送れません" in ask(OFFICER)


def test_a_link_is_good_for_thirty_minutes(
    browse: Browse, app: Flask, now: time_machine.Traveller
) -> None:
    with app.app_context():
        asked()
        path = link_of()
    now.shift(29 * 60)
    browse().get(path)
    now.shift(2 * 60)
    browse().get(path, status=410)


def token(use: LinkUse, number: int) -> str:
    rows = select(Invitation.id).where(Invitation.kind == use).order_by(Invitation.id)
    return token_of(use.value, db.session.scalars(rows).all()[number])


def test_only_the_newest_invitation_or_reset_works(
    both: Flask, now: time_machine.Traveller
) -> None:
    with pytest.raises(Refusal):
        set_password(Act(None, clock.now()), LinkUse.RESET, "1.x", "a hash")
    people.invite(Act(None, clock.now()), officer())
    invited = token(LinkUse.INVITATION, 0)
    asked()
    reset = token(LinkUse.RESET, 0)
    for use, stale in ((LinkUse.INVITATION, invited), (LinkUse.INVITATION, reset)):
        with pytest.raises(Refusal, match="期限が過ぎました"):
            set_password(Act(None, clock.now()), use, stale, "a hash")
    now.shift(11 * 60)
    asked()
    with pytest.raises(Refusal, match="期限が過ぎました"):
        set_password(Act(None, clock.now()), LinkUse.RESET, reset, "a hash")
    newest = token(LinkUse.RESET, 1)
    assert set_password(Act(None, clock.now()), LinkUse.RESET, newest, "a hash").email == OFFICER


def test_a_closed_account_gets_no_letter_and_loses_all_that_opens_it(
    both: Flask, actor: Actors
) -> None:
    admin = Act(actor("admin"), cast.NOW)
    session = sign_in(OFFICER, cast.PASSWORD, at=cast.NOW)
    make_calendar_key(Act(actor("officer", "imabetsu"), cast.NOW), officer())
    asked()
    reset = token(LinkUse.RESET, 0)
    people.set_active(admin, officer(), False)
    assert signed_in(session, cast.NOW) is None
    assert db.session.scalars(select(CalendarKey)).all() == []
    with pytest.raises(Refusal):
        set_password(Act(None, clock.now()), LinkUse.RESET, reset, "a hash")
    # It stays so when the account is opened again.
    people.set_active(admin, officer(), True)
    assert signed_in(session, cast.NOW) is None
    with pytest.raises(Refusal):
        set_password(Act(None, clock.now()), LinkUse.RESET, reset, "a hash")
    people.set_active(admin, officer(), False)
    ask_reset(OFFICER, at=clock.now() + timedelta(minutes=11))
    assert write_resets(clock.now()) == 0


def test_the_last_admin_stays(both: Flask, actor: Actors) -> None:
    system, admin = Act(None, cast.NOW), actor("admin")
    person = db.session.get_one(Person, admin.person_id)
    assert not has_other_admin(person.id)
    with pytest.raises(Refusal, match="管理者がいなくなる"):
        people.set_active(system, person, False)
    db.session.rollback()
    with pytest.raises(Refusal, match="管理者がいなくなる"):
        people.invite(Act(admin, cast.NOW), person)
    db.session.rollback()
    post = person.post_id
    held = db.session.get_one(Post, post)
    with pytest.raises(Refusal, match="管理者がいなくなる"):
        hand_over(Act(admin, cast.NOW), held, "後任", "typo@aomori.example", None)
    db.session.rollback()
    other = people.create_account(system, held, "次の管理者", "next@aomori.example")
    # Who has no password yet cannot help.
    with pytest.raises(Refusal, match="管理者がいなくなる"):
        people.set_active(system, person, False)
    db.session.rollback()
    set_password(Act(None, cast.NOW), LinkUse.INVITATION, token(LinkUse.INVITATION, 0), "a hash")
    people.set_active(system, person, False)
    assert has_other_admin(person.id) and not has_other_admin(other.id)
