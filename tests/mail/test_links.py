"""Personal links stand only inside the envelope, and there at every attempt the same."""

import os
import stat
import time
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tests import cast
from tests.mail.faults.bad_server import BadServer, Trouble
from tests.mail.faults.server import DROP
from tests.mail.makers import LEASE_AND_MORE, mark
from tests.meetings.makers import DUE, make_meeting, seat_of
from tests.sent import BASE, links_in, sent_to, token_of
from tracker.accounts.models import Invitation, LinkUse, Person
from tracker.accounts.people.actions import invite, set_active
from tracker.characters.code import written
from tracker.duty.duty import PersonalLink
from tracker.history.history import HistoryEntry
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.mail import delivery, letters, links, outbox, reasons, texts, transports
from tracker.mail.letters import Letter, LetterState, Recipient, SendAttempt
from tracker.mail.links import SHOWN, Composed, LetterSecret
from tracker.mail.texts import LETTER_KINDS, LetterText
from tracker.mail.wording import BEGIN, END, LINE, Wording, fill, width
from tracker.meetings import queries as meetings
from tracker.meetings.models import MeetingRow
from tracker.meetings.poll import actions as polls
from tracker.meetings.rules import link_ends
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.reminders.notices.actions import resend_with_new_link
from tracker.sign_in.password.actions import set_password

pytestmark = pytest.mark.engines_by_turns

Actors = Callable[..., Actor]
SECRETARY = "secretary@imabetsu.example"
# What the office might write: the link in the middle of a line, twice, in the subject.
WORDS = Wording(
    "〔リンク〕を御覧ください",
    "〔宛先〕 様\n\n御回答は、こちらのページ 〔リンク〕 を開いて、期限までに○・△・×でお願いいたします。\n"
    "　〔リンク〕\n",
)


def letter_to(address: str = SECRETARY) -> Letter:
    """The newest letter to that address, as the database has it now."""
    db.session.rollback()
    query = select(Letter).where(Letter.to_email == address).order_by(Letter.id.desc())
    return db.session.scalars(query).first() or pytest.fail(f"no letter to {address}")


def opens(path: str) -> bool:
    """Whether the link opens somebody's page now."""
    kind = "poll" if path.startswith("/p/") else "invitation"
    is_open = links.verify(kind, path.rpartition("/")[2], clock.now()) is not None
    db.session.rollback()
    return is_open


@pytest.fixture
def imabetsu(both: Flask) -> int:
    """A poll is open; the seat of 今別町長."""
    return seat_of(make_meeting(), "imabetsu").id


@pytest.fixture
def server(both: Flask):
    """A mail server under the test's eyes."""
    with BadServer() as server:
        both.config.update(MAIL_SERVER="127.0.0.1", MAIL_COMMAND_SECONDS=5)
        both.extensions["mail"].server = "127.0.0.1"
        both.extensions["mail"].port = server.port
        yield server


def links_accepted(server: BadServer, address: str = SECRETARY) -> list[str]:
    """The links of each copy that the server took for an address."""
    mails = [
        message_from_bytes(text, policy=policy.default)
        for to, text in server.accepted
        if to == address
    ]
    return [link for mail in mails for link in links_in(mail, "/p/")]


# --- what is written ---------------------------------------------------------------------------


def test_the_stored_letter_shows_a_sentence_and_the_sent_one_the_link(imabetsu):
    stored = letter_to()
    assert stored.has_secrets and stored.body.count(SHOWN) == 1
    assert "/p/" not in stored.body + stored.subject
    [row] = db.session.scalars(select(LetterSecret).where(LetterSecret.letter_id == stored.id))
    assert (row.kind, row.subject, row.base) == ("poll", imabetsu, BASE)
    assert stored.body[row.place :].startswith(SHOWN)
    body = stored.body
    [mail] = sent_to(SECRETARY)
    path = f"/p/{token_of('poll', imabetsu)}"
    assert links_in(mail, "/p/") == [path]
    assert mail.get_content().splitlines() == body.replace(SHOWN, BASE + path).splitlines()
    assert letter_to().body == body
    assert opens(path)


def test_where_the_office_puts_the_link_it_stays_whole_and_out_of_the_subject(both):
    db.session.add(LetterText(kind="poll_request", subject=WORDS.subject, body=WORDS.body))
    db.session.commit()
    texts.forget()
    seat = seat_of(make_meeting(), "imabetsu").id
    assert letter_to().subject == f"{SHOWN}を御覧ください"
    [mail] = sent_to(SECRETARY)
    path = f"/p/{token_of('poll', seat)}"
    assert links_in(mail, "/p/") == [path, path]
    assert mail["Subject"] == f"{SHOWN}を御覧ください"


def test_what_is_typed_makes_no_link(both, imabetsu):
    typed = f"{BEGIN}poll:{imabetsu}|{BASE}{END}"
    values = {**LETTER_KINDS["poll_request"].fields, "会場": typed, "首長": typed}
    to = Recipient("person:1", f"名前{typed}", "x@aomori.example", None)
    words = Wording(f"件名{typed}", f"〔会場〕\n{typed}\n〔宛先〕\n〔リンク〕\n")
    letters.put("poll_request", to, values, cause="typed", at=clock.now())
    letters.write("test", to, typed, typed, key="typed", at=clock.now())
    subject, body = letters.compose("poll_request", to, values, link=f"/x{typed}", words=words)
    letters.write("test", to, subject, body, key="words", at=clock.now())
    db.session.commit()
    rows = db.session.scalars(select(Letter).where(Letter.to_email == "x@aomori.example")).all()
    assert [one.has_secrets for one in rows] == [False] * 3
    assert all(sign not in one.subject + one.body for one in rows for sign in (BEGIN, END))
    assert len(db.session.scalars(select(LetterSecret)).all()) == 5


def test_a_sentence_that_was_typed_is_no_place_for_a_link(both, imabetsu):
    to = next(one.recipient for one in meetings.secretaries().values() if "今別町" in one[1].name)
    values = {**LETTER_KINDS["poll_request"].fields, "会場": f"{SHOWN}\n{SHOWN}"}
    link = PersonalLink("poll", imabetsu)
    letters.put("poll_request", to, values, cause="typed", at=clock.now(), link=link)
    db.session.commit()
    text = sent_to(SECRETARY)[-1].get_content()
    assert text.count(SHOWN) == 2 and text.index(SHOWN) < text.index(f"{BASE}/p/")


@given(
    st.text(st.sampled_from("漢a。、 /"), max_size=120),
    st.text(st.sampled_from("字b。 "), max_size=90),
)
def test_a_line_never_breaks_inside_a_link(before: str, after: str) -> None:
    mark = f"{BEGIN}poll:12|https://renkei.example.lg.jp{END}"
    lines = fill("〔前〕〔リンク〕〔後〕", {"前": before, "リンク": mark, "後": after}).split("\n")
    assert sum(mark in line for line in lines) == 1
    assert all(width(line.replace(mark, "")) <= LINE for line in lines)


def test_only_what_was_put_together_here_carries_a_link_on(both):
    mark = links.mark(PersonalLink("poll", 3), BASE)
    values = {"件名": "件名", "用件": str(mark)}
    to = Recipient("post:1", "今別町 秘書", SECRETARY, None)
    assert BEGIN not in letters.compose("reminder", to, values)[1]
    _, body = letters.compose("reminder", to, {"件名": mark, "用件": Composed(f"一\n{mark}\n")})
    assert links.taken_out(body)[1][0][1:] == ("poll", 3, BASE)


# --- what goes out -----------------------------------------------------------------------------


def test_every_attempt_hands_over_the_same_bytes_and_the_first_link_still_opens(
    imabetsu, server, now
):
    # The server has the letter, and its answer is lost.
    server.trouble = Trouble("dot", DROP, SECRETARY)
    for _ in range(3):
        delivery.deliver()
        now.shift(LEASE_AND_MORE)
    first, second = [text for to, text in server.accepted if to == SECRETARY]
    assert first == second
    assert all(map(opens, links_accepted(server)))
    assert letter_to().state is LetterState.RESENT


def test_a_crash_after_the_text_went_out_sends_the_same_link_again(both, now, actor: Actors):
    person = db.session.get_one(Person, actor("officer", "imabetsu").person_id)
    invite(Act(None, cast.NOW), person)
    with db.engine.begin() as on:
        claimed = outbox.take(on, clock.now())
    assert claimed is not None and mark(claimed)
    now.shift(LEASE_AND_MORE)
    [mail] = sent_to(person.email)
    [path] = links_in(mail, "/invitations/")
    assert BASE + path in claimed.body and opens(path)
    assert letter_to(person.email).state is LetterState.RESENT


def test_a_retry_after_the_link_ended_is_passed_over_in_plain_words(imabetsu, server, now):
    server.trouble = Trouble("rcpt", "451 later", SECRETARY, times=9)
    delivery.deliver()
    assert letter_to().state is LetterState.RETRYING
    now.move_to(link_ends(DUE) - timedelta(seconds=5))
    delivery.deliver()
    assert letter_to().state is LetterState.RETRYING
    now.move_to(link_ends(DUE) + timedelta(days=1))
    server.trouble = None
    delivery.deliver()
    letter = letter_to()
    assert (letter.state, letter.last_answer) == (LetterState.SKIPPED, outbox.LINK_ENDED)
    tries = db.session.scalars(select(SendAttempt.answer).where(SendAttempt.letter_id == letter.id))
    assert list(tries)[-1] == outbox.LINK_ENDED
    assert links_accepted(server) == []


def test_a_renewed_link_ends_the_old_and_goes_with_what_was_still_waiting(imabetsu):
    [mail] = sent_to(SECRETARY)
    [old] = links_in(mail, "/p/")
    row = db.session.get_one(MeetingRow, 1)
    polls.ask_again(Act(None, cast.NOW), row)
    polls.renew_link(Act(None, cast.NOW), row, "imabetsu")
    found = [links_in(one, "/p/") for one in sent_to(SECRETARY)]
    assert not opens(old)
    # The old letter's file went with its link.
    assert len(found) == 2 and found[0] == found[1] != [old]
    assert opens(found[0][0])


def test_only_the_newest_invitation_opens_and_none_of_a_closed_account(both, actor: Actors):
    person = db.session.get_one(Person, actor("officer", "imabetsu").person_id)
    invite(Act(None, cast.NOW), person)
    first = links_in(sent_to(person.email)[-1], "/invitations/")[0]
    invite(Act(None, cast.NOW), person)
    second = links_in(sent_to(person.email)[-1], "/invitations/")[0]
    assert (opens(first), opens(second)) == (False, True)
    with pytest.raises(Refusal):
        set_password(Act(None, cast.NOW), LinkUse.INVITATION, first.rpartition("/")[2], "a hash")
    set_active(Act(None, cast.NOW), person, False)
    assert not opens(second)


def test_a_link_goes_to_nobody_but_its_owner(imabetsu):
    """A defence in depth: whatever wrote such a letter, it does not go out."""
    link = PersonalLink("poll", imabetsu)
    values = LETTER_KINDS["poll_request"].fields
    for key in ("person:1", "post:1"):
        to = Recipient(key, "青森市 連携推進担当", "office@aomori.example", None)
        letters.put("poll_request", to, values, cause="stray", at=clock.now(), link=link)
    db.session.commit()
    assert sent_to("office@aomori.example") == []
    assert letter_to("office@aomori.example").state is LetterState.SKIPPED


def test_a_copy_under_another_key_sends_links_of_its_own(both, imabetsu):
    ours, written = token_of("poll", imabetsu), letters.message_id("key")
    both.config["SECRET_KEY"] = "the key of an installation made from a copy"
    [mail] = sent_to(SECRETARY)
    [theirs] = links_in(mail, "/p/")
    assert theirs != f"/p/{ours}" and opens(theirs) and not opens(f"/p/{ours}")
    assert letters.message_id("key") != written


def test_a_link_of_one_kind_or_row_opens_no_other(imabetsu, actor: Actors):
    person = db.session.get_one(Person, actor("officer", "imabetsu").person_id)
    invite(Act(None, cast.NOW), person)
    invitation = db.session.scalars(select(Invitation.id)).one()
    number, _, code = token_of("poll", imabetsu).partition(".")
    for kind, forged in (
        ("invitation", f"{invitation}.{code}"),
        ("poll", f"{int(number) + 1}.{code}"),
        ("poll", f"0{number}.{code}"),
        ("poll", f"{number}.{code[:-1]}"),
        ("poll", f"{number}.{code}x"),
        ("poll", f"{number}.{'A' * 43}"),
        ("poll", "９.x"),
    ):
        assert links.verify(kind, forged, cast.NOW) is None
    assert links.verify("poll", f"{number}.{code}", cast.NOW) == imabetsu


# --- what comes back ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "quoted",
    [
        "554 spam: {link} refused",
        "550-5.7.1 blocked\r\n550 5.7.1 see {link}",
        "550 5.7.1 {half}=\r\n550 {rest}",
        "554 https%3A%2F%2Frenkei.example.lg.jp%2Fp%2F{token} is listed",
    ],
)
def test_what_a_server_quotes_of_a_link_is_blanked(imabetsu, server, quoted):
    token = token_of("poll", imabetsu)
    db.session.rollback()
    link = f"{BASE}/p/{token}"
    said = quoted.format(link=link, token=token, half=link[:60], rest=link[60:])
    server.trouble = Trouble("dot", said, SECRETARY)
    delivery.deliver()
    letter = letter_to()
    assert letter.state is LetterState.UNDELIVERABLE
    entries = db.session.scalars(select(HistoryEntry.payload).order_by(HistoryEntry.id.desc()))
    answers = db.session.scalars(select(SendAttempt.answer)).all()
    told = f"{letter.last_answer}{answers}{entries.first()}"
    assert "（リンク）" in told
    assert token not in told and token[-20:] not in told and token[:20] not in told


def test_a_code_that_a_server_quotes_is_blanked() -> None:
    said = f'554 spam: "{written(b"abcdefg", 2, 5)}" refused'
    assert reasons.without_links(said) == '554 spam: "（リンク）" refused'


@pytest.mark.parametrize(
    "said",
    [
        "550 5.1.1 <officer@imabetsu.example>: Recipient address rejected: no such user",
        "5.1.1 The user you are trying to reach does not exist any more at this place, sorry",
        "250 2.0.0 Ok: queued as 4F1A2B3C4D 1795640000.V801I2M99.mail.aomori.example",
        "554 see https://support.example/mail/?p=NoSuchUser and /etc/mail/5.7.1",
    ],
)
def test_other_words_of_servers_stay(said: str) -> None:
    assert reasons.without_links(said) == said


# --- a letter that did not arrive ----------------------------------------------------------------


def test_sending_again_means_a_new_link_to_the_registered_address(imabetsu, server, now):
    server.trouble = Trouble("dot", "550 no", SECRETARY)
    delivery.deliver()
    letter, old = letter_to(), token_of("poll", imabetsu)
    first_id = letter.message_id
    resend_with_new_link(Act(None, clock.now()), letter)
    assert delivery.deliver() == {LetterState.SENT: 1}
    [path] = links_accepted(server)
    assert path != f"/p/{old}" and opens(path) and not opens(f"/p/{old}")
    letter = letter_to()
    assert (letter.to_email, letter.state) == (SECRETARY, LetterState.SENT)
    assert letter.message_id != first_id


def test_an_ended_link_is_not_sent_again(imabetsu, server, now):
    server.trouble = Trouble("dot", "550 no", SECRETARY)
    delivery.deliver()
    now.move_to(link_ends(DUE) + timedelta(hours=1))
    with pytest.raises(Refusal, match="送り直しはできません"):
        resend_with_new_link(Act(None, clock.now()), letter_to())
    db.session.rollback()
    assert letter_to().state is LetterState.UNDELIVERABLE


def test_whatever_address_is_posted_the_link_goes_to_its_owner(app, browse):
    with app.app_context():
        make_meeting()
        letter = letter_to()
        letter.state = LetterState.UNDELIVERABLE
        db.session.commit()
        path = f"/notices/{letter.id}"
    office = browse("office")
    page = office.get(path)
    assert "新しいリンクを送る" in page.text and not page.all("input[type=email]")
    done = office.post(path, {**page.fields(), "email": cast.email("office")})
    assert "新しいリンクを作りました" in office.follow(done).text
    with app.app_context():
        assert [mail["To"] for mail in sent_to(cast.email("office"))] == []
        assert len(sent_to(SECRETARY)) == 1


# --- letters as files ----------------------------------------------------------------------------


def files(folder: Path) -> list[Path]:
    return sorted((folder / "outbox").glob("*.eml"))


def test_files_of_letters_are_closed_to_others(imabetsu, tmp_path):
    (tmp_path / "outbox").mkdir(mode=0o755)
    delivery.deliver()
    assert stat.S_IMODE((tmp_path / "outbox").stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in files(tmp_path)] == [0o600] * 5


def test_a_file_goes_when_its_link_ends_or_after_thirty_days(imabetsu, tmp_path):
    letters.write(
        "reminder",
        Recipient("person:1", "企画担当", "x@imabetsu.example", None),
        "件名",
        "本文\n",
        key="plain",
        at=clock.now(),
    )
    db.session.commit()
    delivery.deliver()
    assert len(files(tmp_path)) == 6
    polls.renew_link(Act(None, cast.NOW), db.session.get_one(MeetingRow, 1), "imabetsu")
    delivery.deliver()
    held = [file.read_bytes() for file in files(tmp_path)]
    assert len(held) == 6 and sum(b"secretary@imabetsu" in one for one in held) == 1
    assert transports.clear_away(link_ends(DUE) - timedelta(seconds=1)) == 0
    assert transports.clear_away(link_ends(DUE)) == 5
    [plain] = files(tmp_path)
    os.utime(plain, (time.time() - 31 * 86400,) * 2)
    # What a killed process left of one goes within the hour.
    halves = [plain.with_name(f"{name}.eml.0123abcd.part") for name in ("old", "young")]
    for half, age in zip(halves, (3700, 3500), strict=True):
        half.write_bytes(b"half a letter")
        os.utime(half, (time.time() - age,) * 2)
    assert transports.clear_away(clock.now()) == 2
    assert files(tmp_path) == [] and halves[1].exists()


def test_the_page_of_letters_says_where_they_lie(app, browse, tmp_path):
    assert str(tmp_path / "outbox") in browse("office").get("/notices").text
    assert str(tmp_path) not in browse("officer", "imabetsu").get("/notices").text
    app.config["MAIL_SERVER"] = "mail.aomori.example"
    assert str(tmp_path) not in browse("office").get("/notices").text
