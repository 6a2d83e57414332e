"""Letters go out to a real SMTP server or into files, and the promises about crashes hold."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from tests.mail.makers import (
    LEASE_AND_MORE,
    crash_after_the_mark,
    crash_before_the_mark,
    mark,
    settle,
    states,
    take,
    write,
)
from tests.troubles import no_room
from tracker.accounts.rules import check_address
from tracker.mail import delivery, letters, transports
from tracker.mail.letters import Letter, LetterState, Recipient, SendAttempt
from tracker.plumbing import clock
from tracker.plumbing.db import db

pytestmark = pytest.mark.engines_by_turns


def invite() -> None:
    """Puts an invitation into the outbox and commits."""
    to = Recipient("person:1", "今別町 企画担当, 係", "officer@imabetsu.example", None)
    values = {"コード": "7K2MX-4QRT9"}
    letters.put("invitation", to, values, cause="test", at=clock.now(), link="/invitations/x")
    db.session.commit()


@pytest.fixture
def mailing(both: Flask, smtp_server) -> Flask:
    """The application with a mail server that is really there."""
    mail = both.extensions["mail"]
    both.config["MAIL_SERVER"] = mail.server = smtp_server.host
    mail.port = smtp_server.port
    return both


def test_a_letter_arrives_whole_and_in_japanese(mailing, smtp_server):
    invite()
    assert delivery.deliver() == {LetterState.SENT: 1}
    [mail] = smtp_server.for_("officer@imabetsu.example")
    assert mail["Subject"] == "【御案内】「連携協約 進行管理」の利用開始について"
    assert mail["To"].addresses[0].display_name == "今別町 企画担当, 係"
    assert "https://renkei.example.lg.jp/invitations/x" in mail.get_content()
    assert mail["Message-ID"] == letters.message_id("test:person:1")
    assert states() == [LetterState.SENT]
    attempt = db.session.scalars(select(SendAttempt)).one()
    assert (attempt.code, attempt.phase) == (250, "data")


def test_the_same_cause_writes_one_letter(both):
    invite()
    invite()
    assert len(states()) == 1


def test_many_letters_go_over_one_connection_one_recipient_each(mailing, smtp_server):
    for number in range(5):
        write(number)
    assert delivery.deliver() == {LetterState.SENT: 5}
    assert len(smtp_server.messages) == 5


def test_without_a_mail_server_letters_become_files(both, tmp_path: Path):
    write(email="officer@imabetsu.example")
    assert delivery.deliver() == {LetterState.SENT: 1}
    [file] = (tmp_path / "outbox").glob("*.eml")
    assert b"officer@imabetsu.example" in file.read_bytes()


def test_a_letter_that_finds_no_room_on_the_disk_is_tried_again(both, tmp_path: Path):
    write()
    letter = db.session.scalars(select(Letter)).one()
    with pytest.raises(transports.Unwritten) as raised, no_room():
        transports.FileTransport(tmp_path / "outbox").hand_over(letter, lambda: None)
    assert list((tmp_path / "outbox").iterdir()) == []
    result = transports.result_of(raised.value)
    assert (result.state, result.is_ambiguous) == (LetterState.RETRYING, False)
    assert result.text.startswith("メールのファイルを書けませんでした。")
    assert str(tmp_path) not in result.text


def test_a_server_that_is_not_there_means_later(mailing, now):
    mail = mailing.extensions["mail"]
    good, mail.port = mail.port, 1
    write()
    assert delivery.deliver() == {LetterState.RETRYING: 1}
    mail.port = good
    assert delivery.deliver() == {}
    now.shift(61)
    assert delivery.deliver() == {LetterState.SENT: 1}


def test_a_refused_address_is_undeliverable_and_the_others_go_out(mailing, smtp_server):
    write(1, "日本@imabetsu.example")
    write(2)
    assert delivery.deliver() == {LetterState.UNDELIVERABLE: 1, LetterState.SENT: 1}
    assert len(smtp_server.messages) == 1


def test_letters_go_to_addresses_as_carriers_gave_them_out(mailing, smtp_server):
    typed = ("a..b@docomo.ne.jp", "abc.@docomo.ne.jp", ".abc@docomo.ne.jp", "-abc@ezweb.ne.jp")
    kept = [
        check_address(one) for one in (*typed, "a+b@city.minato.lg.jp", "ｔａｎｔｏ＠日本語.jp")
    ]
    for number, address in enumerate(kept):
        write(number, address)
    assert delivery.deliver() == {LetterState.SENT: len(kept)}
    assert all(len(smtp_server.for_(address)) == 1 for address in kept)


def test_a_line_break_in_an_address_never_reaches_the_server(mailing, smtp_server):
    write(1, "a@b.example\r\nBcc: thief@evil.example")
    assert delivery.deliver() == {LetterState.UNDELIVERABLE: 1}
    assert smtp_server.messages == []


def test_a_crash_before_the_text_is_sent_again_without_a_flag(both, now):
    write()
    crash_before_the_mark()
    now.shift(LEASE_AND_MORE)
    assert delivery.deliver() == {LetterState.SENT: 1}


def test_a_crash_after_the_text_went_out_is_sent_again_and_flagged(both, now):
    write()
    crash_after_the_mark()
    now.shift(LEASE_AND_MORE)
    assert delivery.deliver() == {LetterState.RESENT: 1}
    assert states() == [LetterState.RESENT]


def test_who_lost_the_lease_neither_sends_nor_records(both, now):
    write()
    first = take()
    assert first is not None
    now.shift(LEASE_AND_MORE)
    second = take()
    assert second is not None and second.token != first.token
    assert not mark(first)
    assert settle(first, LetterState.SENT) is None
    assert states() == [LetterState.SENDING]


def test_nobody_takes_a_letter_twice(both):
    write()
    assert take() is not None
    assert take() is None
