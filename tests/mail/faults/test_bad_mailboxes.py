"""A mailbox in trouble hurts nobody else: letters go out, the trouble is told in plain words,
and the next pass that works goes on where the last one ended.  A crash loses nothing.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event, func, select

from tests.imap import Mailbox
from tests.incoming_mail import notices
from tests.incoming_mail.test_mailbox import AT, TO, configure, look, losses, ours, tries, write
from tests.mail.faults.bad_mailbox import BadMailbox
from tests.mail.faults.server import DRIP, DROP, HANG
from tracker.incoming_mail import mailbox
from tracker.incoming_mail.mailbox import Collected
from tracker.mail.letters import LetterState
from tracker.plumbing.db import db
from tracker.reminders import actions
from tracker.schema import append_only

TIME_OUT = 0.6
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def trouble() -> str | None:
    """What the office is told."""
    db.session.rollback()
    state = mailbox.standing()
    assert state is not None
    return state.trouble


@pytest.fixture
def house(both: Flask, returned: Mailbox, smtp_server) -> Flask:
    """A mailbox with one bounce in it, a mail server that works, and a letter that is due."""
    mail = both.extensions["mail"]
    both.config["MAIL_SERVER"] = mail.server = smtp_server.host
    mail.port = smtp_server.port
    configure(both, returned)
    write(1, TO)
    write(2, "officer@hiranai.example", LetterState.QUEUED)
    returned.add(notices.postfix(ours(), TO))
    return both


def letters_go_out_all_the_same() -> None:
    """One whole pass: the letter that is due is sent, whatever the mailbox does."""
    done = actions.run_once()
    assert (done.sent, done.undeliverable) == (1, 0)
    assert look(1).state is LetterState.SENT


def it_works_again(house: Flask, box: Mailbox) -> None:
    """After the rest, with the trouble gone, the bounce is read and nothing is told any more."""
    configure(house, box)
    later = look().sent_at + mailbox.REST + timedelta(minutes=1)
    assert mailbox.collect(later) == Collected(read=1, bounced=1)
    assert trouble() is None


SCRIPTS = {
    "silent from the start": ("BANNER", HANG, "時間内に返事がありませんでした（timed out）"),
    "drips its greeting": ("BANNER", DRIP, "時間内に返事がありませんでした（timed out）"),
    "hangs at the sign-in": ("LOGIN", HANG, "時間内に返事がありませんでした（timed out）"),
    "hangs at the folder": ("SELECT", HANG, "時間内に返事がありませんでした（timed out）"),
    "hangs at the search": ("SEARCH", HANG, "時間内に返事がありませんでした（timed out）"),
    "hangs at a mail": ("FETCH", HANG, "時間内に返事がありませんでした（timed out）"),
    "drips a mail": ("FETCH", DRIP, "時間内に返事がありませんでした（timed out）"),
    "hangs up at once": ("BANNER", DROP, "やり取りができませんでした（"),
    "hangs up at a mail": ("FETCH", DROP, "やり取りができませんでした（"),
    "is no mail server": (
        "BANNER",
        "HTTP/1.1 400 Bad Request",
        "（unexpected response: b'HTTP/1.1 400 Bad Request'）",
    ),
    "talks nonsense": ("SEARCH", "wh@t ever", "やり取りができませんでした（"),
    "is overloaded": ("LOGIN", "{tag} NO [UNAVAILABLE] busy now", "（[UNAVAILABLE] busy now）"),
    "announces gigabytes": (
        "FETCH",
        "* 1 FETCH (BODY[] {{9999999999}}",
        "an answer of 9999999999 bytes）",
    ),
    "knows no UIDVALIDITY": (
        "SELECT",
        "{tag} OK open",
        "読めませんでした（TypeError）",
    ),
    "finds words, no numbers": (
        "SEARCH",
        "* SEARCH five\r\n{tag} OK done",
        "読めませんでした（ValueError）",
    ),
}


@on_sqlite
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_bad_server_is_told_and_left_alone_and_letters_go_out(name, house, returned):
    stage, does, words = SCRIPTS[name]
    with BadMailbox(stage, does) as server:
        house.config.update(IMAP_PORT=server.port, MAIL_COMMAND_SECONDS=TIME_OUT)
        begun = time.monotonic()
        letters_go_out_all_the_same()
        assert time.monotonic() - begun < 5 * TIME_OUT
        assert words in trouble()
        assert trouble().startswith(("受信用のメールサーバー", "戻ってきたメール"))
        # Let alone for a while: no second sign-in, no second wait.
        actions.run_once()
        assert server.connections == 1
    it_works_again(house, returned)


@on_sqlite
def test_a_server_that_hangs_at_the_good_bye_has_given_all_it_had(house, returned):
    with BadMailbox("LOGOUT", HANG) as server:
        house.config.update(IMAP_PORT=server.port, MAIL_COMMAND_SECONDS=TIME_OUT)
        assert mailbox.collect(AT) == Collected(read=1, unreadable=1)
    assert trouble() is None


@on_sqlite
def test_a_wrong_password_is_told_with_the_servers_words(house, returned):
    house.config["IMAP_PASSWORD"] = "wrong"
    letters_go_out_all_the_same()
    assert trouble() == (
        "受信用のメールサーバーにログインできませんでした"
        "（[AUTHENTICATIONFAILED] Authentication failed.）"
    )
    it_works_again(house, returned)


@on_sqlite
def test_a_folder_that_is_not_there(house, returned):
    house.config["IMAP_FOLDER"] = "不達"
    letters_go_out_all_the_same()
    assert trouble().startswith("戻ってきたメールを読むフォルダーを開けませんでした（")
    house.config["IMAP_FOLDER"] = "INBOX"
    it_works_again(house, returned)


@on_sqlite
def test_a_server_that_is_not_there(house, returned):
    with BadMailbox("BANNER", HANG) as server:
        pass
    house.config["IMAP_PORT"] = server.port
    letters_go_out_all_the_same()
    assert trouble().startswith("受信用のメールサーバーにつながりませんでした（")
    assert mailbox.standing().looked_at is None
    it_works_again(house, returned)


# --- TLS -------------------------------------------------------------------------------------------


@pytest.fixture(params=["ssl", "starttls"])
def tls(request: pytest.FixtureRequest, house: Flask, returned: Mailbox) -> str:
    """The connection is to be encrypted, in either way."""
    port = returned.tls_port if request.param == "ssl" else returned.port
    house.config.update(IMAP_TLS=request.param, IMAP_PORT=port)
    return request.param


@on_sqlite
def test_a_certificate_nobody_vouches_for_gets_no_password(tls, house, returned):
    letters_go_out_all_the_same()
    assert trouble().startswith("受信用のメールサーバーの証明書を確かめられませんでした（")


@on_sqlite
def test_a_certificate_for_another_name_gets_no_password(tls, house, returned, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(returned.certificate))
    house.config["IMAP_SERVER"] = "localhost"
    letters_go_out_all_the_same()
    assert trouble().startswith("受信用のメールサーバーの証明書を確かめられませんでした（")


@on_sqlite
def test_a_certificate_that_is_vouched_for_is_taken(tls, house, returned, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(returned.certificate))
    assert mailbox.collect(AT) == Collected(read=1, bounced=1)


@on_sqlite
def test_a_server_without_starttls_gets_no_password(house):
    with BadMailbox("LOGOUT", DROP) as server:
        house.config.update(IMAP_TLS="starttls", IMAP_PORT=server.port)
        letters_go_out_all_the_same()
    assert "TLS not supported" in trouble()


# --- crashes -----------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def ending_at(step: int) -> Iterator[Callable[[], int]]:
    """Ends the process at this statement or commit; gives how many there were."""
    passed = 0

    def tick(*_: Any) -> None:
        nonlocal passed
        passed += 1
        if passed == step:
            raise Killed

    moments = ("before_cursor_execute", "commit")
    for moment in moments:
        event.listen(Engine, moment, tick)
    try:
        yield lambda: passed
    finally:
        for moment in moments:
            event.remove(Engine, moment, tick)


def test_whatever_moment_it_dies_at_each_mail_is_whole_or_not_begun(both, returned):
    """A fault at step N, for every N (trust.md section 2, SQLite's method)."""
    configure(both, returned)
    # Each round begins without the attempts of the one before.
    append_only.lift(db.session.connection())
    db.session.commit()
    step = 0
    count = 0
    while step <= count:
        step += 1
        db.session.rollback()
        for table in ("send_attempt", "mailbox_state", "letter"):
            db.session.execute(db.text(f"DELETE FROM {table}"))
        db.session.commit()
        said = losses()
        write(1, TO)
        if step == 1:
            uid = returned.add(notices.postfix(ours(), TO))
            returned.add(notices.everyday_mail())
        with ending_at(step) as passed:
            with suppress(Killed):
                mailbox.collect(AT)
            count = max(count, passed())
        db.session.rollback()
        state = mailbox.standing()
        is_read = state is not None and state.last_uid >= uid
        assert (look().state is LetterState.UNDELIVERABLE) == is_read
        assert (len(tries()), losses() - said) == (int(is_read), int(is_read))
        mailbox.collect(AT)
        assert look().state is LetterState.UNDELIVERABLE
        assert (len(tries()), losses() - said) == (1, 1)
        db.session.rollback()
        assert (mailbox.standing().last_uid, mailbox.standing().unreadable) == (uid + 1, 1)
    assert count > 15


def test_the_naive_order_would_lose_the_bounce(both, returned, monkeypatch):
    """The test above can fail: with the UID committed first, a crash skips the mail."""
    configure(both, returned)
    write(1, TO)
    returned.add(notices.postfix(ours(), TO))
    real = mailbox._follow

    def first_the_uid(*arguments: Any) -> Any:
        state = db.session.get(mailbox.MailboxState, 1)
        assert state is not None
        state.last_uid = 10**6
        db.session.commit()
        raise Killed

    monkeypatch.setattr(mailbox, "_follow", first_the_uid)
    with pytest.raises(Killed):
        mailbox.collect(AT)
    db.session.rollback()
    monkeypatch.setattr(mailbox, "_follow", real)
    assert mailbox.collect(AT) == Collected()
    assert look().state is LetterState.SENT


def test_several_readers_at_once_do_everything_once(both, returned):
    configure(both, returned)
    for number in range(1, 7):
        write(number, TO)
        returned.add(notices.postfix(ours(number), TO, own_id=f"<{number}@x>"))
        returned.add(notices.everyday_mail())
    together = threading.Barrier(4)
    found: list[Collected] = []

    def read() -> None:
        with both.app_context():
            together.wait()
            found.append(mailbox.collect(AT))
            db.session.remove()

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert sum(one.bounced for one in found) == sum(one.unreadable for one in found) == 6
    assert (len(tries()), losses()) == (6, 6)
    assert db.session.scalar(select(func.max(mailbox.MailboxState.unreadable))) == 6
    assert trouble() is None
