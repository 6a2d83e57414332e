"""What comes back is understood in whatever manner a server writes, and nothing else is."""

import os
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.incoming_mail import notices
from tests.incoming_mail.notices import NOT_OURS, OURS, TO
from tests.incoming_mail.servers import FORMS, FORWARDED, NAMELESS, OTHERS, built
from tracker.incoming_mail import bounces
from tracker.incoming_mail.bounces import Action, Bounce, RecipientOutcome


def read(raw: bytes) -> Bounce:
    """What the mail says; it must be about our letter."""
    found = bounces.read(raw)
    assert found is not None
    assert found.message_id == OURS
    return found


def outcome(raw: bytes) -> RecipientOutcome:
    """What became of it at its one recipient."""
    [one] = read(raw).outcomes
    return one


def test_postfix():
    found = outcome(notices.postfix())
    assert (found.recipients, found.action, found.status) == ((TO,), Action.FAILED, "5.1.1")
    assert found.explained == (
        "宛先がありません（550 5.1.1 <officer@imabetsu.example>: "
        "Recipient address rejected: no such user）"
    )


def test_exchange_and_outlook():
    found = outcome(notices.exchange())
    assert found.recipients == (TO.title(),)
    assert (found.action, found.status) == (Action.FAILED, "5.2.2")
    assert found.explained.startswith("受信箱がいっぱいです（554 5.2.2 mailbox full; STOREDRV")
    assert "\n" not in found.words


def test_exchange_without_the_letter_is_known_by_what_it_answers():
    raw = notices.exchange().replace(b"Message-ID:\r\n\t" + OURS.encode(), b"X-Cut: yes")
    assert outcome(raw).status == "5.2.2"


def test_exim():
    found = outcome(notices.exim())
    assert (found.recipients[0], found.action, found.status) == (TO, Action.FAILED, "")
    assert found.explained.startswith("宛先がありません（host mx.imabetsu")
    assert found.explained.endswith("550 no mailbox here by that name）")


def test_exim_that_still_tries():
    found = outcome(notices.exim_warning())
    assert (found.recipients[0], found.action) == (TO, Action.DELAYED)
    assert found.words == "Delay reason: mailbox is full"


def test_qmail():
    found = outcome(notices.qmail())
    assert (found.recipients[0], found.action, found.status) == (TO, Action.FAILED, "5.1.1")
    assert found.explained == ("宛先がありません（Sorry, no mailbox here by that name. (#5.1.1)）")


def test_parts_in_base64_and_an_international_domain():
    found = outcome(notices.coded(to="kikaku@今別町.example"))
    assert found.recipients == ("kikaku@今別町.example",)
    assert found.explained == "相手のサーバーが断りました（553 5.7.1 blocked by policy）"


@pytest.mark.parametrize("action", list(Action))
def test_every_action_is_told_apart(action):
    assert outcome(notices.postfix(action=action.value.title())).action is action


@pytest.mark.parametrize(
    ("status", "action"), [("5.1.1", Action.FAILED), ("4.4.1", Action.DELAYED)]
)
def test_where_the_action_is_missing_the_status_says_it(status, action):
    assert outcome(notices.postfix(action="?", status=status)).action is action


def test_each_recipient_of_a_list_has_an_outcome_of_its_own():
    found = {one.recipients: one.action for one in read(notices.expanded_list()).outcomes}
    assert found == {("somebody@elsewhere.example",): Action.FAILED, (TO,): Action.RELAYED}


def test_a_plus_written_in_code_is_a_plus_again():
    raw = notices.postfix(to="a+b@imabetsu.example")
    raw = raw.replace(b"Final-Recipient: rfc822; a+b@", b"Final-Recipient: rfc822; other@")
    assert "a+b@imabetsu.example" in outcome(raw).recipients


def test_the_same_notice_has_the_same_mark_and_another_one_another():
    marks = {read(notices.postfix()).mark, read(b"Received: twice\r\n" + notices.postfix()).mark}
    assert len(marks) == 1
    marks |= {read(notices.postfix(own_id="<other@x>")).mark, read(notices.qmail()).mark}
    assert len(marks) == 3
    assert {len(mark) for mark in marks} == {36}


@pytest.mark.parametrize("kind", NOT_OURS)
def test_what_is_no_notice_about_a_letter_of_ours_is_none(kind):
    assert bounces.read(NOT_OURS[kind](OURS, TO)) is None


def test_a_foreign_letter_that_bounced_is_none():
    for build in (notices.postfix, notices.exchange, notices.exim, notices.qmail, notices.coded):
        assert bounces.read(build("<1234@elsewhere.example>")) is None


def test_a_text_that_complains_of_no_failure_is_none():
    raw = notices.qmail().replace(b"This is a permanent error; I've given up.", b"Hello.")
    raw = raw.replace(b"failure notice", b"hello").replace(b"wasn't able to deliver", b"got")
    raw = raw.replace(b"Hi. This is the qmail-send program", b"This is the program")
    assert bounces.read(raw) is None


# --- whatever comes ----------------------------------------------------------------------------

SAMPLES = [
    build()
    for build in (notices.postfix, notices.exchange, notices.exim, notices.qmail, notices.coded)
]


@given(st.binary(max_size=3000))
@example(b"")
@example(b"\n\n")
@example(b"Content-Type: multipart/report; boundary=\n\n--\n\n--\n")
def test_random_bytes_are_no_notice(raw):
    assert bounces.read(raw) is None


@settings(max_examples=80)
@given(
    st.sampled_from(SAMPLES),
    st.integers(0, 3000),
    st.integers(0, 200),
    st.binary(max_size=40),
)
def test_a_damaged_notice_is_read_or_not_and_never_about_another_letter(raw, at, gone, planted):
    found = bounces.read(raw[:at] + planted + raw[at + gone :])
    if found is not None and found.message_id is not None:
        # A host that lost a letter names no letter at all; the digits must be ours.
        assert found.message_id.partition("@")[0] == OURS.partition("@")[0] or planted
        assert found.outcomes and len(found.mark) == 36
        for one in found.outcomes:
            one.explained.encode()
            assert "\x00" not in one.explained and len(one.explained) <= 400


def test_a_notice_cut_off_in_the_middle_of_the_letter_is_still_read():
    raw = notices.postfix()
    assert bounces.read(raw[: raw.index(b"Auto-Submitted: auto-generated")]) is not None


HEAD = b"From: MAILER-DAEMON@x\r\nContent-Type: multipart/report; boundary=b\r\n\r\n"
NESTED = b"".join(
    b"--%d\nContent-Type: multipart/mixed; boundary=%d\n\n" % (n, n + 1) for n in range(90_000)
)
HEAVY = {
    "a long line": HEAD + b"--b\r\n\r\n" + b"a" * 5_000_000,
    "only line breaks": HEAD + b"\n" * 5_000_000,
    "only spaces": HEAD + b"--b\r\n\r\n" + b" " * 5_000_000,
    "lines of spaces": HEAD + b"--b\r\n\r\n" + b"   \n" * 1_250_000,
    "only boundaries": HEAD + b"--b\r\n" * 1_000_000,
    "parts in parts": b"Content-Type: multipart/mixed; boundary=0\n\n" + NESTED,
    "a header without end": b"Subject: " + b"a\r\n " * 1_250_000,
    "many headers": b"X: y\r\n" * 800_000,
    "parameters": b"Content-Type: multipart/report; " + b'a="\\";' * 700_000 + b"\r\n\r\n",
    "dashes": b"From: MAILER-DAEMON@x\r\n\r\n" + b"-" * 5_000_000,
    "ids": HEAD + b"--b\r\n\r\n" + b"<0123456789abcdef0123456789abcde" * 150_000,
    "quotes": HEAD + b"--b\r\n\r\n" + b"> " * 2_500_000,
    "a report": HEAD
    + b"--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    + b"A: b\n\n" * 800_000,
    "addresses": b"From: MAILER-DAEMON@x\r\n\r\nundeliverable\r\n" + b"a@" * 2_500_000,
    "noise": os.urandom(5_000_000),
}


@pytest.mark.parametrize("kind", HEAVY)
def test_five_megabytes_of_anything_are_over_soon(kind):
    begun = time.perf_counter()
    bounces.read(HEAVY[kind])
    assert time.perf_counter() - begun < 2


# --- servers by their documented forms ---------------------------------------------------------


@pytest.mark.parametrize("name", FORMS)
def test_each_servers_form_is_read(name):
    form = FORMS[name]
    found = outcome(built(form))
    assert (found.action, found.recipients[:1]) == (form.action, (form.recipient,))
    assert found.explained.startswith(form.said)


@pytest.mark.parametrize("name", FORWARDED)
def test_a_failure_further_on_names_where_and_whom_the_letter_was_sent_to(name):
    found = read(built(FORWARDED[name]))
    assert found.sent_to == TO
    assert found.main.action is Action.FAILED and TO not in found.main.recipients
    assert found.main.recipients[0] == FORWARDED[name].recipient


@pytest.mark.parametrize("name", NAMELESS)
def test_a_refusal_without_any_letter_names_its_recipient(name):
    found = bounces.read(built(NAMELESS[name]))
    assert found is not None and found.message_id is None
    assert TO in found.main.recipients


@pytest.mark.parametrize("name", OTHERS)
def test_what_only_looks_like_a_notice_is_left_alone(name):
    foreign = "<1234@elsewhere.example>" if name.startswith("somebody") else OURS
    assert bounces.read(built(OTHERS[name], foreign)) is None


def test_there_are_enough_forms():
    assert len(FORMS) >= 60 and len(OTHERS) >= 30
