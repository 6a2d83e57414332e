"""A forgotten password is set anew by a letter; whoever asks hears the same for every address."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests import cast
from tests.pages import Page, PageClient, counting
from tests.sent import code_in, links_in, sent_to, token_of
from tracker.accounts.handover.actions import hand_over
from tracker.accounts.models import CalendarKey, Invitation, LinkUse, Person, Post, SignInDelay
from tracker.accounts.people import actions as people
from tracker.accounts.people.queries import has_other_admin
from tracker.accounts.queries import find_person, signed_in
from tracker.accounts.settings.actions import make_calendar_key
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.mail.letters import Letter
from tracker.mail.links import CODE_SHOWN, SHOWN
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.sign_in.models import ResetRequest
from tracker.sign_in.password import rules
from tracker.sign_in.password.actions import (
    ask_reset,
    check_code,
    set_password,
    sign_in,
    write_resets,
)
from tracker.sign_in.password.rules import Origin

pytestmark = pytest.mark.engines_by_turns

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


# --- the code of the letter, where its link cannot be opened ---------------------------------------

HERE = Origin("192.0.2.7")


def code_of(address: str = OFFICER) -> str:
    return code_in(sent_to(address)[-1])


def by_code(guest: PageClient, code: str, address: str = OFFICER, password: str = NEW) -> Page:
    return guest.fill("/login/code", {"email": address, "code": code, "password": password})


def refused(code: str, address: str = OFFICER, origin: Origin = HERE) -> str:
    with pytest.raises(Refusal) as refusal:
        check_code(address, code, origin)
    return refusal.value.message


def test_a_password_is_set_by_the_letters_code_however_it_is_typed(
    browse: Browse, app: Flask
) -> None:
    guest = browse()
    with app.app_context():
        people.invite(Act(None, clock.now()), officer())
        path, code = links_in(sent_to(OFFICER)[-1], "/invitations/")[-1], code_of()
        assert SHOWN in (stored := db.session.scalars(select(Letter.body)).one())
        assert CODE_SHOWN in stored and code not in stored
    page = guest.get(
        guest.get("/login").link("メールのコードで設定する（メールのリンクが開けないとき）")
    )
    page = by_code(guest, code, password="short")
    assert "12文字以上" in page.one("#password-error").text
    # What was typed of the code stays, and its own try does not count.
    assert page.one("#code")["value"] == code
    typed = code.lower().replace("-", "　").translate({ord("1"): "l", ord("0"): "o"})
    assert by_code(guest, typed).location == "/login"
    assert guest.fill("/login", {"email": OFFICER, "password": NEW}).status == 302
    # Both end, link and code.
    guest.get(path, status=410)
    assert rules.WRONG_CODE in by_code(browse(), code).one("#code-error").text


def test_a_used_link_a_newer_letter_and_its_time_end_the_code(
    both: Flask, now: time_machine.Traveller
) -> None:
    people.invite(Act(None, clock.now()), officer())
    invited = code_of()
    asked()
    reset = code_of()
    assert refused(invited) == rules.WRONG_CODE
    use, link = check_code(OFFICER, reset, HERE)
    assert (use, link) == (LinkUse.RESET, token(LinkUse.RESET, 0))
    set_password(Act(None, clock.now()), use, link, "a hash")
    assert refused(reset) == rules.WRONG_CODE
    now.shift(11 * 60)
    asked()
    late = code_of()
    now.shift(31 * 60)
    assert refused(late) == rules.WRONG_CODE
    people.invite(Act(None, clock.now()), officer())
    closed = code_of()
    people.set_active(Act(None, clock.now()), officer(), False)
    assert refused(closed) == rules.WRONG_CODE


def test_ten_wrong_tries_end_the_code_and_not_the_link(
    both: Flask, now: time_machine.Traveller
) -> None:
    people.invite(Act(None, clock.now()), officer())
    code = code_of()
    for number in range(rules.MOST_CODES - 1):
        assert refused("00000-00000", origin=Origin(f"192.0.2.{number}")) == rules.WRONG_CODE
    # The right one ends the count, which is nobody's but this code's.
    check_code(OFFICER, code, HERE)
    for number in range(rules.MOST_CODES):
        refused("00000-00000", origin=Origin(f"198.51.100.{number}"))
    assert refused(code) == rules.WRONG_CODE
    set_password(Act(None, clock.now()), LinkUse.INVITATION, token(LinkUse.INVITATION, 0), "a hash")
    people.invite(Act(None, clock.now()), officer())
    check_code(OFFICER, code_of(), HERE)


def test_wrong_codes_wait_as_wrong_passwords_do_for_every_address_alike(both: Flask) -> None:
    people.invite(Act(None, clock.now()), officer())
    code = code_of()
    db.session.commit()
    told, counts = [], []
    for address in (OFFICER, UNKNOWN):
        for _ in range(4):
            with counting() as queries:
                told.append((address == OFFICER, refused("00000-00000", address), len(queries)))
        counts.append(db.session.scalars(select(SignInDelay.count)).all())
        db.session.commit()
    assert [one[1:] for one in told if one[0]] == [one[1:] for one in told if not one[0]]
    assert counts == [[4], [4, 4]]
    # While one must wait the right one is not looked at, nor is a password.
    assert "試せません" in refused(code)
    with pytest.raises(Refusal, match="試せません"):
        sign_in(OFFICER, cast.PASSWORD, at=clock.now(), origin=HERE)
