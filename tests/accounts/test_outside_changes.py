"""What another municipality enters of a post's address or accounts (contracts.md, "Changed by others").

Each attack comes with what its author relied on: it used to be enough to enter the address.
"""

import json
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests import cast
from tests.cost_sharing.makers import make_sent
from tests.meetings.makers import make_meeting
from tests.sent import last_link
from tracker.accounts import queries
from tracker.accounts.handover import actions as handover
from tracker.accounts.models import OutsideChange, Person, Post, PostKind
from tracker.accounts.people import actions
from tracker.duties import queries as duties
from tracker.duty.kinds import Kind
from tracker.history.history import HistoryEntry
from tracker.kernel.permissions import Actor, Permission, Role, allowed
from tracker.kernel.refusal import Refusal
from tracker.mail import letters
from tracker.mail.letters import Letter, LetterState
from tracker.meetings.poll import actions as poll
from tracker.plumbing import clock
from tracker.plumbing.changes import Act, Conflict
from tracker.plumbing.db import db
from tracker.reminders.notices import actions as notices
from tracker.sign_in.commands import accounts

pytestmark = pytest.mark.engines_by_turns

ActorOf = Callable[..., Actor]
MINE = "mine@office.example"


def post_of(kind: PostKind, slug: str) -> Post:
    """The cast's post of that kind, by the address at which it gets letters."""
    holder = f"{kind.value}@{slug}.example"
    person = queries.find_person(holder)
    if person is not None:
        return db.session.get_one(Post, person.post_id)
    return db.session.scalars(select(Post).where(Post.email == holder)).one()


def told() -> set[str]:
    """The addresses that were written to about what others entered."""
    found = select(Letter.to_email).where(Letter.kind == "changed_by_others")
    return set(db.session.scalars(found))


def unseen(slug: str) -> int:
    """How many of them its home says are still to be looked at."""
    db.session.rollback()
    found = [one for one in duties.all_duties(clock.today()) if one.kind is Kind.CHANGE_UNSEEN]
    return sum(one.remaining for one in found if one.owner.municipality == slug)


def look(by: Actor) -> int:
    seen = {one.id: one.seen for one in queries.unseen_changes()}
    return handover.look_at_changes(Act(by, cast.NOW), seen)


def lose_letter(post: Post) -> Letter:
    """A letter to the post's mailbox that did not arrive."""
    [to] = queries.recipients_of_post(post.id)
    letters.write("test", to, "件名", "本文", key="lost", at=cast.NOW)
    db.session.execute(
        update(Letter).where(Letter.key == "lost").values(state=LetterState.UNDELIVERABLE)
    )
    db.session.commit()
    return db.session.scalars(select(Letter).where(Letter.key == "lost")).one()


# --- the mailbox moved by mending a lost letter ----------------------------------------------------


def test_a_mended_letter_moves_no_mailbox_of_another_municipality_unseen(
    both: Flask, actor: ActorOf
) -> None:
    office, post = actor("office"), post_of(PostKind.SECRETARY, "yomogita")
    lost, old = lose_letter(post), post.email
    assert notices.correct_and_resend(Act(office, cast.NOW), lost, MINE)
    assert post.email == MINE
    assert told() == {old, "officer@yomogita.example", "confirmer@yomogita.example"}
    assert (unseen("yomogita"), unseen("imabetsu")) == (1, 0)
    assert look(actor("officer", "yomogita")) == 1
    assert unseen("yomogita") == 0


def test_no_new_poll_link_goes_to_an_address_that_others_gave(both: Flask, actor: ActorOf) -> None:
    office, meeting = actor("office"), make_meeting()
    post = post_of(PostKind.SECRETARY, "yomogita")
    lost = lose_letter(post)
    notices.correct_and_resend(Act(office, cast.NOW), lost, MINE)
    db.session.execute(
        update(Letter)
        .where(Letter.to_email == "secretary@yomogita.example", Letter.kind == "poll_request")
        .values(state=LetterState.UNDELIVERABLE)
    )
    db.session.commit()
    asked = db.session.scalars(
        select(Letter).where(Letter.state == LetterState.UNDELIVERABLE)
    ).one()
    for send in (
        lambda: poll.renew_link(Act(office, cast.NOW), meeting, "yomogita"),
        lambda: notices.resend_with_new_link(Act(office, cast.NOW), asked),
    ):
        with pytest.raises(Refusal, match="まだ確認されていません"):
            send()
        db.session.rollback()
    to_me = db.session.scalars(select(Letter).where(Letter.to_email == MINE)).all()
    assert not any(one.has_secrets for one in to_me)
    look(actor("confirmer", "yomogita"))
    # The control: an address that the town knows gets it.
    poll.renew_link(Act(office, cast.NOW), meeting, "yomogita")
    assert last_link(MINE, "/p/")


def poll_letters() -> dict[str, Letter]:
    """The requests for dates, by address."""
    found = select(Letter).where(Letter.kind == "poll_request")
    return {one.to_email: one for one in db.session.scalars(found)}


def test_the_first_request_waits_until_the_town_has_looked_at_the_address(
    both: Flask, actor: ActorOf
) -> None:
    office, post = actor("office"), post_of(PostKind.SECRETARY, "yomogita")
    notices.correct_and_resend(Act(office, cast.NOW), lose_letter(post), MINE)
    make_meeting()
    held = poll_letters()[MINE]
    assert (held.state, held.note) == (LetterState.HELD, letters.UNKNOWN_ADDRESS)
    others = {one.state for address, one in poll_letters().items() if address != MINE}
    assert others == {LetterState.QUEUED} and len(poll_letters()) == 5
    # Whoever gave the address does not let it go, neither alone nor with all others.
    for letter_id in (held.id, 0):
        with pytest.raises(Refusal, match="その市町村の方が「引継ぎ」で確認すると送ります"):
            notices.let_go(Act(office, cast.NOW), letter_id)
        db.session.rollback()
    look(actor("confirmer", "yomogita"))
    sent = poll_letters()[MINE]
    assert (sent.state, sent.note, sent.next_attempt_at) == (LetterState.QUEUED, None, cast.NOW)
    assert last_link(MINE, "/p/")


def test_a_request_that_waits_goes_where_the_town_says(both: Flask, actor: ActorOf) -> None:
    post, officer = post_of(PostKind.SECRETARY, "yomogita"), actor("officer", "yomogita")
    notices.correct_and_resend(Act(actor("office"), cast.NOW), lose_letter(post), MINE)
    make_meeting()
    handover.hand_over(Act(officer, cast.NOW), post, "", "hisho@yomogita.example", None)
    assert poll_letters()[MINE].state is LetterState.HELD
    look(officer)
    assert poll_letters()["hisho@yomogita.example"].state is LetterState.QUEUED
    assert MINE not in poll_letters()


def test_where_nobody_is_there_a_first_mailbox_gets_its_request(
    both: Flask, actor: ActorOf
) -> None:
    admin, post = Act(actor("admin"), cast.NOW), post_of(PostKind.SECRETARY, "yomogita")
    for kind in (PostKind.OFFICER, PostKind.CONFIRMER):
        holder = queries.find_person(f"{kind.value}@yomogita.example")
        assert holder is not None
        actions.set_active(Act(None, cast.NOW), holder, False)
    db.session.execute(update(Post).where(Post.id == post.id).values(email=None))
    db.session.commit()
    actions.change_post(admin, post, post.name, MINE, None, None)
    make_meeting()
    assert poll_letters()[MINE].state is LetterState.QUEUED
    # One that was there before, and is moved, is known to nobody.
    actions.change_post(admin, post, post.name, "again@office.example", None, None)
    [to] = queries.recipients_of_post(post.id)
    assert not to.is_known


def test_the_hub_mends_its_own_mailbox_as_before(both: Flask, actor: ActorOf) -> None:
    post = post_of(PostKind.SECRETARY, "aomori")
    assert notices.correct_and_resend(Act(actor("office"), cast.NOW), lose_letter(post), MINE)
    assert (post.email, told(), unseen("aomori")) == (MINE, set(), 0)


# --- the account opened on a confirmer's post ------------------------------------------------------


def open_account(actor: ActorOf, **more: str) -> Actor:
    """The attack: the admin opens an account on 今別町's 確認者 post with an address of his own."""
    act, post = Act(actor("admin"), cast.NOW), post_of(PostKind.CONFIRMER, "imabetsu")
    actions.create_account(act, post, "課長", MINE, **more)
    return queries.actor_of(MINE)


def test_an_account_that_others_opened_reads_and_confirms_nothing_until_looked_at(
    both: Flask, actor: ActorOf
) -> None:
    mine = open_account(actor)
    assert mine.role is Role.CONFIRMER and allowed(mine, Permission.READ_AREA)
    refused = {Permission.CONFIRM_COST, Permission.CHECK_REPORT, Permission.VIEW_MEETING_AS_HELD}
    for one in refused | {Permission.LOOK_AT_CHANGES, Permission.CONFIRM_PEOPLE}:
        assert not allowed(mine, one, ["imabetsu"])
    # The control: the account that the town has had confirms as ever.
    own = actor("confirmer", "imabetsu")
    assert all(allowed(own, one, ["imabetsu"]) for one in refused)
    assert told() == {f"{who}@imabetsu.example" for who in ("officer", "confirmer", "secretary")}
    assert unseen("imabetsu") == 1
    look(actor("officer", "imabetsu"))
    assert all(allowed(queries.actor_of(MINE), one, ["imabetsu"]) for one in refused)


def test_nobody_of_another_municipality_looks_at_it(both: Flask, actor: ActorOf) -> None:
    open_account(actor)
    for by in (actor("admin"), actor("officer", "yomogita")):
        with pytest.raises(Refusal, match="確認するものはありません"):
            look(by)
    assert unseen("imabetsu") == 1


def test_two_who_look_at_once_are_one(both: Flask, actor: ActorOf) -> None:
    open_account(actor)
    officer = actor("officer", "imabetsu")
    [change] = queries.unseen_changes()
    with pytest.raises(Conflict):
        handover.look_at_changes(Act(officer, cast.NOW), {change.id: "9"})
    db.session.rollback()
    look(officer)
    row = db.session.get_one(OutsideChange, change.id, populate_existing=True)
    assert (row.looked_by, row.looked_at) == ("今別町 企画担当", cast.NOW)
    with pytest.raises(Refusal, match="ほかの人が先に確認した"):
        handover.look_at_changes(Act(officer, cast.NOW), {change.id: change.seen})


def test_a_new_account_does_not_vouch_for_another(both: Flask, actor: ActorOf) -> None:
    act, officer = Act(actor("admin"), cast.NOW), post_of(PostKind.OFFICER, "imabetsu")
    actions.create_account(act, officer, "担当", "second@office.example")
    open_account(actor)
    helper = queries.actor_of("second@office.example")
    assert not allowed(helper, Permission.LOOK_AT_CHANGES, ["imabetsu"])
    assert allowed(helper, Permission.WRITE_REPORT, ["imabetsu"])


def test_where_nobody_else_is_there_a_reason_is_recorded_instead(
    both: Flask, actor: ActorOf
) -> None:
    for kind in (PostKind.OFFICER, PostKind.CONFIRMER):
        holder = queries.find_person(f"{kind.value}@imabetsu.example")
        assert holder is not None
        actions.set_active(Act(None, cast.NOW), holder, False)
    with pytest.raises(Refusal, match="理由に書いてください") as refused:
        open_account(actor)
    assert refused.value.field == "reason"
    db.session.rollback()
    mine = open_account(actor, reason="電話で町長室に確かめました。")
    assert allowed(mine, Permission.CONFIRM_COST, ["imabetsu"])
    assert unseen("imabetsu") == 1
    [change] = queries.unseen_changes()
    assert change.reason == "電話で町長室に確かめました。"


def test_an_account_that_others_open_again_is_as_a_new_one(both: Flask, actor: ActorOf) -> None:
    admin, confirmer = Act(actor("admin"), cast.NOW), actor("confirmer", "imabetsu")
    person = db.session.get_one(Person, confirmer.person_id)
    actions.set_active(admin, person, False)
    assert (told(), unseen("imabetsu")) == (set(), 0)
    actions.set_active(admin, person, True)
    assert queries.actor_of(person.email).is_held and unseen("imabetsu") == 1
    assert {"officer@imabetsu.example", "secretary@imabetsu.example"} <= told()
    # Open already: nothing more is told.
    actions.set_active(admin, person, True)
    assert unseen("imabetsu") == 1
    look(actor("officer", "imabetsu"))
    assert not queries.actor_of(person.email).is_held


def test_a_confirmer_s_account_opens_again_with_a_reason_where_nobody_is_there(
    app: Flask, browse
) -> None:
    with app.app_context():
        ids = {}
        for kind in ("officer", "confirmer"):
            person = queries.find_person(f"{kind}@imabetsu.example")
            assert person is not None
            actions.set_active(Act(None, cast.NOW), person, False)
            ids[kind], seen = person.id, person.seen
    admin, place = browse("admin"), f"/admin/users/{ids['confirmer']}/active"
    form = admin.get("/admin/users").one(f'form[action="{place}"]')
    fields = {str(one["name"]): str(one["value"]) for one in form.select("input")}
    assert fields["seen"] == seen
    page = admin.post(place, fields)
    assert page.status == 422
    assert "理由に書いてください" in page.one("#reason-error").text
    # What is typed stays beside the sentence of the next refusal too.
    page = admin.post(place, {**page.fields(), "reason": "電話で\u202e確かめました。"})
    assert page.status == 422
    assert page.fields()["reason"] == "電話で\u202e確かめました。"
    page = admin.post(place, {**page.fields(), "reason": "電話で確かめました。"})
    assert "保存しました。" in admin.follow(page).text
    with app.app_context():
        [change] = queries.unseen_changes()
        assert change.reason == "電話で確かめました。"
        assert not queries.actor_of("confirmer@imabetsu.example").is_held


# --- through a command -----------------------------------------------------------------------------


def create(app: Flask, *more: str) -> tuple[int, str]:
    """The command that opens an account on 今別町's 企画課長."""
    town = ("--municipality", "imabetsu", "--post", "企画 課長", "--role", "confirmer")
    given = ("--email", MINE, "--password", "a longer password")
    answer = app.test_cli_runner().invoke(accounts, ["create", *town, *given, *more])
    return answer.exit_code, answer.output + str(answer.exception or "")


def test_a_command_in_somebody_s_name_is_held_as_the_page_is(app: Flask) -> None:
    code, said = create(app, "--by", "officer@hiranai.example")
    assert code and "officer@hiranai.example では、この操作はできません。" in said
    code, said = create(app, "--by", "admin@aomori.example", "--reason", "電話で確かめました。")
    assert (code, said) == (0, f"{MINE} を登録しました。\n")
    with app.app_context():
        assert queries.actor_of(MINE).is_held and unseen("imabetsu") == 1
        [change] = queries.unseen_changes()
        assert change.reason == "電話で確かめました。"
        assert change.changed_by == "青森市 管理者　コマンドから（代理入力）"
    listed = app.test_cli_runner().invoke(accounts, ["list", "--json"])
    mine = next(one for one in json.loads(listed.output) if one["email"] == MINE)
    assert mine == {
        "email": MINE,
        "name": "企画課長",
        "municipality": "今別町",
        "post": "企画課長",
        "role": "confirmer",
        "state": "open",
    }
    plain = app.test_cli_runner().invoke(accounts, ["list"]).output.splitlines()
    assert f"{MINE}\t今別町\t企画課長\tconfirmer\topen" in plain


def test_the_operator_s_own_command_records_its_reason(app: Flask) -> None:
    assert create(app, "--reason", "引継ぎのため")[0] == 0
    with app.app_context():
        assert not queries.actor_of(MINE).is_held and unseen("imabetsu") == 0
        last = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
        assert last is not None and last.payload["after"]["reason"] == "引継ぎのため"


# --- the mailbox of a post that signs in -----------------------------------------------------------


def test_a_mailbox_moved_under_a_confirmer_holds_it_too(both: Flask, actor: ActorOf) -> None:
    post = post_of(PostKind.CONFIRMER, "imabetsu")
    before = queries.actor_of("confirmer@imabetsu.example")
    actions.change_post(Act(actor("admin"), cast.NOW), post, post.name, MINE, None, None)
    # A new link to set the password would go to the new mailbox.
    assert not before.is_held and queries.actor_of("confirmer@imabetsu.example").is_held
    assert "confirmer@imabetsu.example" in told() and MINE not in told()
    look(actor("officer", "imabetsu"))
    assert not queries.actor_of("confirmer@imabetsu.example").is_held


def test_what_is_no_address_and_what_is_one_s_own_tells_nobody(both: Flask, actor: ActorOf) -> None:
    post, admin = post_of(PostKind.OFFICER, "imabetsu"), Act(actor("admin"), cast.NOW)
    actions.change_post(admin, post, "企画係", post.email, "0174-00-0000", None)
    secretary = post_of(PostKind.SECRETARY, "imabetsu")
    officer = Act(actor("officer", "imabetsu"), cast.NOW)
    handover.hand_over(officer, secretary, "", "hisho@imabetsu.example", None)
    assert (told(), queries.unseen_changes()) == (set(), ())


def test_a_new_post_with_an_address_is_told_as_well(both: Flask, actor: ActorOf) -> None:
    act = Act(actor("admin"), cast.NOW)
    actions.create_post(act, "imabetsu", PostKind.SECRETARY, "第二秘書", MINE, None)
    assert unseen("imabetsu") == 1 and "secretary@imabetsu.example" in told()


# --- on the pages ----------------------------------------------------------------------------------


def test_the_town_sees_it_at_home_and_says_so_with_one_button(app: Flask, browse) -> None:
    with app.app_context():
        post_id = post_of(PostKind.CONFIRMER, "imabetsu").id
        case = make_sent().no.path
        db.session.commit()
    admin = browse("admin")
    new = f"/admin/posts/{post_id}/accounts/new"
    assert admin.fill(new, {"name": "課長", "email": MINE, "reason": ""}).status == 302
    mine = browse()
    mine.fill(with_password(app), {"password": "a longer password"})
    mine.fill("/login", {"email": MINE, "password": "a longer password"})
    refused = mine.get(f"{case}/confirm", status=403)
    assert "同じ市町村のどなたかが「引継ぎ」の画面で「確認しました」を押すまで" in refused.text
    assert "この利用者では確認や担当者の登録はできません" in mine.get("/handover").text
    officer = browse("officer", "imabetsu")
    assert "ほかの市町村が登録した宛先・利用者を確認する 1件" in officer.get("/").text
    page = officer.get("/handover")
    assert f"新しい利用者 課長（{MINE}）" in page.text
    form = page.one('form[action$="/handover/changes"]')
    fields = {one["name"]: one["value"] for one in form.select("input")}
    assert "確認しました。" in officer.follow(officer.post("/handover/changes", fields)).text
    assert "ほかの市町村が登録した" not in officer.get("/").text
    mine.get(f"{case}/confirm")


def with_password(app: Flask) -> str:
    with app.app_context():
        assert db.session.scalars(select(Person).where(Person.email == MINE)).one()
        return last_link(MINE, "/invitations/")
