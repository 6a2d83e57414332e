"""The mailbox of bounces, on a real IMAP server: what comes back changes what is known."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_migrate import downgrade
from imap_tools.imap_utf7 import utf7_encode
from sqlalchemy import func, select, update

from tests.imap import Mailbox
from tests.incoming_mail import notices
from tests.incoming_mail.notices import NOT_OURS
from tests.incoming_mail.servers import FORMS, FORWARDED, NAMELESS, built
from tracker.history.history import HistoryEntry
from tracker.incoming_mail import mailbox
from tracker.incoming_mail.mailbox import Collected, MailboxState
from tracker.mail import letters
from tracker.mail.letters import Letter, LetterState, Recipient, SendAttempt
from tracker.plumbing.db import db
from tracker.schema.actions import upgrade

pytestmark = pytest.mark.engines_by_turns

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
TO = "officer@imabetsu.example"
SENT, UNDELIVERABLE = LetterState.SENT, LetterState.UNDELIVERABLE
SEEN = {"\\Seen"}


@pytest.fixture
def house(both: Flask, returned: Mailbox) -> Flask:
    """A mailbox is configured, and one letter was sent."""
    configure(both, returned)
    write(1, TO)
    return both


def configure(app: Flask, box: Mailbox, **changes: object) -> None:
    """The settings as an operator makes them."""
    app.config.update(
        IMAP_SERVER="127.0.0.1",
        IMAP_PORT=box.port,
        IMAP_TLS="none",
        IMAP_USERNAME=box.username,
        IMAP_PASSWORD=box.password,
        MAIL_COMMAND_SECONDS=20,
    )
    app.config.update(changes)


def write(number: int, email: str, state: LetterState = SENT) -> str:
    """Enters a letter in a state; returns its Message-ID."""
    to = Recipient(f"person:{number}", "今別町 企画担当", email, None)
    letters.write("reminder", to, "件名", "本文\n", key=f"letter:{number}", at=AT)
    db.session.execute(
        update(Letter).where(Letter.key == f"letter:{number}").values(state=state, sent_at=AT)
    )
    db.session.commit()
    return letters.message_id(f"letter:{number}")


def ours(number: int = 1) -> str:
    """The Message-ID of a letter."""
    return letters.message_id(f"letter:{number}")


def look(number: int = 1) -> Letter:
    """A letter as the database has it now."""
    db.session.rollback()
    return db.session.scalars(select(Letter).where(Letter.key == f"letter:{number}")).one()


def tries() -> list[tuple[str | None, int | None, str | None]]:
    """Phase, code and words of every row of the tries."""
    db.session.rollback()
    rows = db.session.execute(
        select(SendAttempt.phase, SendAttempt.code, SendAttempt.answer).order_by(SendAttempt.id)
    )
    return [(phase, code, answer) for phase, code, answer in rows]


def losses() -> int:
    """How often the record says that a letter did not arrive."""
    db.session.rollback()
    query = select(func.count()).where(HistoryEntry.verb == "letter.undeliverable")
    return db.session.scalar(query) or 0


def test_a_bounce_makes_the_letter_undeliverable_and_says_why(house, returned):
    uid = returned.add(notices.postfix(ours(), TO))
    assert mailbox.collect(AT) == Collected(read=1, bounced=1, unreadable=0)
    letter = look()
    answer = (
        "宛先がありません（550 5.1.1 <officer@imabetsu.example>: "
        "Recipient address rejected: no such user）"
    )
    assert (letter.state, letter.last_answer) == (UNDELIVERABLE, answer)
    assert (letter.next_attempt_at, letter.sent_at) == (AT, AT)
    assert tries() == [("bounce", 550, answer)]
    assert returned.flags() == {uid: SEEN}
    [entry] = db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.verb == "letter.undeliverable")
    )
    assert entry.summary == "今別町 企画担当あてのメールが届きませんでした。"
    assert entry.payload == {"before": {}, "after": {"email": TO, "answer": answer}}
    assert entry.person_id is None and entry.subject_id == str(letter.id)


@pytest.mark.parametrize(
    "build",
    [notices.exchange, notices.exim, notices.qmail, notices.coded],
    ids=lambda b: b.__name__,
)
def test_every_manner_of_bounce_is_followed(build, house, returned):
    returned.add(build(ours(), TO))
    assert mailbox.collect(AT).bounced == 1
    assert look().state is UNDELIVERABLE


@pytest.mark.parametrize("build", [notices.postfix, notices.exim], ids=lambda b: b.__name__)
def test_a_personal_link_that_a_bounce_quotes_is_blanked(build, house, returned):
    link = "https://renkei.example.lg.jp/invitations/12." + "Ab_-" * 10 + "xyz"
    said = re.compile(rb"550 (?:5.1.1 <.*no such user|no mailbox here by that name)")
    whole = build(ours(), TO)
    assert said.search(whole)
    returned.add(said.sub(f"550 5.7.1 spam: {link} is listed".encode(), whole))
    assert mailbox.collect(AT).bounced == 1
    everything = f"{look().last_answer}{tries()}{_record()}"
    assert "spam: （リンク） is listed" in everything and "Ab_-" not in everything


def _record() -> list[str]:
    db.session.rollback()
    return [str(one) for one in db.session.scalars(select(HistoryEntry.payload))]


def test_a_letter_that_was_sent_twice_can_bounce_too(house, returned):
    write(2, TO, LetterState.RESENT)
    returned.add(notices.postfix(ours(2), TO))
    assert mailbox.collect(AT).bounced == 1
    assert (look(1).state, look(2).state) == (SENT, UNDELIVERABLE)


def test_an_address_is_the_same_in_capitals_and_with_its_domain_in_either_spelling(house, returned):
    write(2, "kikaku@今別町.example")
    domain = "今別町.example".encode("idna").decode()
    returned.add(notices.postfix(ours(1), TO.upper()))
    returned.add(notices.postfix(ours(2), f"Kikaku@{domain}", own_id="<2@x>"))
    assert mailbox.collect(AT).bounced == 2


def test_a_delay_is_written_down_and_changes_nothing_else(house, returned):
    uid = returned.add(notices.exim_warning(ours(), TO))
    assert mailbox.collect(AT) == Collected(read=1)
    assert look().state is SENT and look().last_answer is None
    [(phase, _, answer)] = tries()
    assert phase == "bounce" and answer is not None and "mailbox is full" in answer
    assert returned.flags() == {uid: SEEN} and losses() == 0


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_good_news_changes_nothing(action, house, returned):
    returned.add(notices.postfix(ours(), TO, action=action, status="2.0.0", said="250 ok"))
    assert mailbox.collect(AT) == Collected(read=1)
    assert (look().state, tries(), losses()) == (SENT, [], 0)


def test_another_recipients_failure_is_not_ours(house, returned):
    returned.add(notices.expanded_list(ours(), TO))
    assert mailbox.collect(AT) == Collected(read=1)
    assert (look().state, tries()) == (SENT, [])


def test_a_late_bounce_of_an_address_corrected_since_changes_nothing(house, returned):
    uid = returned.add(notices.postfix(ours(), "old@imabetsu.example"))
    assert mailbox.collect(AT) == Collected(read=1)
    assert (look().state, tries(), losses()) == (SENT, [], 0)
    assert returned.flags() == {uid: SEEN}


@pytest.mark.parametrize("name", FORWARDED)
def test_a_failure_where_it_was_sent_on_to_is_noted_at_the_letter_which_stays_sent(
    name, house, returned
):
    uid = returned.add(built(FORWARDED[name], ours()))
    for _ in range(2):
        mailbox.collect(AT)
    assert (look().state, look().last_answer, losses()) == (SENT, None, 0)
    [(phase, _, answer)] = tries()
    assert phase == "bounce" and answer is not None
    assert answer.startswith(f"送り先から先の宛先 {FORWARDED[name].recipient} に届きませんでした。")
    assert returned.flags() == {uid: SEEN}


def test_a_report_that_names_nobody_is_about_the_letters_one_recipient(house, returned):
    nobody = FORMS["a report and no address anywhere"]._replace(back="nothing")
    returned.add(built(nobody._replace(head=f"{nobody.head}\nReferences: {ours()}")))
    assert mailbox.collect(AT).bounced == 1
    assert look().state is UNDELIVERABLE


def test_a_refusal_of_no_letter_is_counted_apart_where_it_names_one_of_our_recipients(
    house, returned
):
    foreign = NAMELESS["BIGLOBE"]._replace(text=FORWARDED["qmail"].text)
    uids = [returned.add(built(form)) for form in (*NAMELESS.values(), foreign)]
    assert mailbox.collect(AT) == Collected(read=len(uids), unreadable=1)
    state = mailbox.standing()
    assert (state.nameless, state.nameless_to, state.unreadable) == (len(NAMELESS), TO, 1)
    assert (look().state, tries()) == (SENT, [])
    assert returned.flags() == {uid: set() for uid in uids}
    returned.make_anew()
    mailbox.collect(AT)
    assert mailbox.standing().nameless == len(NAMELESS)


def test_the_count_of_nameless_refusals_comes_with_its_migration_and_goes_back(both):
    db.session.add(MailboxState(id=1, uid_validity=7, last_uid=3, unreadable=2, nameless=5))
    db.session.commit()
    downgrade(revision="0036")
    db.session.commit()
    upgrade()
    state = db.session.get(MailboxState, 1)
    assert state is not None
    assert (state.last_uid, state.unreadable, state.nameless, state.nameless_to) == (3, 2, 0, None)


@pytest.mark.parametrize(
    "state", [one for one in LetterState if one not in (SENT, LetterState.RESENT)]
)
def test_a_letter_in_any_other_state_stays_as_it_is(state, house, returned):
    write(2, TO, state)
    returned.add(notices.postfix(ours(2), TO))
    assert mailbox.collect(AT).bounced == 0
    assert (look(2).state, look(2).last_answer, tries()) == (state, None, [])


def test_a_bounce_that_is_faster_than_our_own_record_waits_for_it(house, returned):
    """The server has refused it before the sender's record of its yes is committed."""
    write(2, TO, LetterState.SENDING)
    returned.add(notices.postfix(ours(2), TO))
    returned.add(notices.everyday_mail())
    assert mailbox.collect(AT) == Collected()
    db.session.execute(update(Letter).where(Letter.key == "letter:2").values(state=SENT))
    db.session.commit()
    assert mailbox.collect(AT) == Collected(read=2, bounced=1, unreadable=1)


# --- each mail once, whatever happens -----------------------------------------------------------


def test_one_bounce_twice_is_one_loss(house, returned):
    for _ in range(2):
        returned.add(notices.postfix(ours(), TO))
    assert mailbox.collect(AT) == Collected(read=2, bounced=1)
    assert mailbox.collect(AT) == Collected()
    assert (len(tries()), losses()) == (1, 1)


def test_a_mailbox_made_anew_is_read_anew_and_nothing_happens_twice(house, returned):
    returned.add(notices.postfix(ours(), TO))
    returned.add(notices.everyday_mail())
    assert mailbox.collect(AT) == Collected(read=2, bounced=1, unreadable=1)
    # The office sent it again meanwhile, to the same address, and this time it arrived.
    db.session.execute(update(Letter).values(state=SENT))
    db.session.commit()
    before = mailbox.standing().uid_validity
    returned.make_anew()
    assert mailbox.collect(AT) == Collected(read=2, unreadable=1)
    state = mailbox.standing()
    assert state.uid_validity != before and state.unreadable == 1
    assert (look().state, len(tries()), losses()) == (SENT, 1, 1)


def test_a_second_bounce_after_sending_again_is_a_second_loss(house, returned):
    returned.add(notices.postfix(ours(), TO))
    assert mailbox.collect(AT).bounced == 1
    db.session.execute(update(Letter).values(state=SENT))
    db.session.commit()
    returned.add(notices.postfix(ours(), TO, own_id="<second@x>"))
    assert mailbox.collect(AT).bounced == 1
    assert (look().state, losses()) == (UNDELIVERABLE, 2)


def test_what_was_looked_at_is_not_fetched_again(house, returned, monkeypatch):
    """A server names its newest mail, however high one asks."""
    returned.add(notices.everyday_mail())
    fetched: list[int] = []
    real = mailbox._Box.beginning
    monkeypatch.setattr(
        mailbox._Box, "beginning", lambda box, uid: (fetched.append(uid), real(box, uid))[1]
    )
    for _ in range(3):
        mailbox.collect(AT)
    assert len(fetched) == 1


def test_one_pass_takes_so_many_and_the_next_goes_on(house, returned, monkeypatch):
    monkeypatch.setattr(mailbox, "MOST_MAILS", 2)
    for _ in range(4):
        returned.add(notices.everyday_mail())
    returned.add(notices.postfix(ours(), TO))
    found = [mailbox.collect(AT) for _ in range(4)]
    assert found == [
        *([Collected(read=2, unreadable=2)] * 2),
        Collected(read=1, bounced=1),
        Collected(),
    ]


def test_a_pass_that_takes_long_leaves_the_rest_to_the_next(house, returned, monkeypatch):
    for _ in range(3):
        returned.add(notices.everyday_mail())
    real, slow = mailbox.monotonic, iter(range(0, 10**6, 15))
    monkeypatch.setattr(mailbox, "monotonic", lambda: next(slow))
    monkeypatch.setattr("tracker.mail.smtp.monotonic", lambda: 0)
    assert 0 < mailbox.collect(AT).read < 3
    monkeypatch.setattr(mailbox, "monotonic", real)
    monkeypatch.undo()
    mailbox.collect(AT)
    assert mailbox.standing().unreadable == 3


def test_of_a_huge_mail_only_the_beginning_is_read(house, returned):
    returned.add(notices.postfix(ours(), TO) + b"x" * 3_000_000)
    returned.add(b"Subject: pictures\r\n\r\n" + b"x\r\n" * 1_000_000)
    assert mailbox.collect(AT) == Collected(read=2, bounced=1, unreadable=1)


# --- what is not ours -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NOT_OURS)
def test_what_is_no_bounce_of_ours_stays_as_it_is_and_is_counted_once(kind, house, returned):
    uid = returned.add(NOT_OURS[kind](ours(), TO), flags="\\Flagged")
    assert mailbox.collect(AT) == Collected(read=1, unreadable=1)
    assert mailbox.collect(AT) == Collected()
    assert mailbox.standing().unreadable == 1
    assert returned.flags() == {uid: {"\\Flagged"}}
    assert (look().state, tries()) == (SENT, [])


def test_garbage_and_a_bounce_of_an_unknown_letter_are_counted(house, returned):
    uids = [
        returned.add(b"\xff\xfe\x00garbage" * 50),
        returned.add(notices.postfix(f"<{'f' * 32}@elsewhere.example>", TO)),
    ]
    assert mailbox.collect(AT) == Collected(read=2, unreadable=2)
    assert returned.flags() == {uid: set() for uid in uids}


def test_what_somebody_marked_as_deleted_is_not_thrown_away(house, returned):
    """Many a mail program only marks; expunging is for who marked."""
    marked = returned.add(notices.everyday_mail(), flags="\\Deleted")
    uid = returned.add(notices.postfix(ours(), TO))
    assert mailbox.collect(AT).bounced == 1
    assert returned.flags() == {marked: {"\\Deleted"}, uid: SEEN}


def test_a_mail_that_is_gone_before_it_is_read_is_passed_over(house, returned, monkeypatch):
    returned.add(notices.everyday_mail())
    listed = mailbox._Box.after
    monkeypatch.setattr(mailbox._Box, "after", lambda box, uid: [*listed(box, uid), 4000])
    assert mailbox.collect(AT) == Collected(read=1, unreadable=1)
    assert mailbox.standing().last_uid == 4000


# --- the standing -----------------------------------------------------------------------------------


def test_without_a_server_nothing_happens(both):
    assert mailbox.collect(AT) == Collected()
    assert mailbox.standing() is None


def test_the_standing_says_when_it_was_read(house, returned):
    assert mailbox.standing() is None
    mailbox.collect(AT)
    state = mailbox.standing()
    assert (state.looked_at, state.trouble, state.unreadable) == (AT, None, 0)
    mailbox.collect(AT + timedelta(minutes=1))
    db.session.rollback()
    assert mailbox.standing().looked_at == AT + timedelta(minutes=1)


def test_a_folder_with_a_japanese_name(house, returned):
    with returned.signed_in() as client:
        folder = b'"%s"' % utf7_encode("不達")
        client.create(folder)
        client.append(folder, "", None, notices.postfix(ours(), TO))
    house.config["IMAP_FOLDER"] = "不達"
    assert mailbox.collect(AT).bounced == 1
