"""A letter that a server took and gave back: everybody sees it did not arrive, and why."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask, g, render_template
from sqlalchemy import select, update

from tests import cast
from tests.imap import Mailbox
from tests.incoming_mail import notices
from tests.incoming_mail.test_mailbox import configure
from tests.reminders.makers import make_round
from tests.services import SmtpServer
from tracker.duties import queries as duties
from tracker.duty.kinds import Kind
from tracker.incoming_mail import mailbox
from tracker.incoming_mail.mailbox import MailboxState
from tracker.mail.letters import Letter, LetterState
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.reminders import actions
from tracker.reminders.notices.actions import correct_and_resend

TO = "officer@imabetsu.example"
REASON = "受信箱がいっぱいです（554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceeded;"


def send_and_bounce(app: Flask, server: SmtpServer, box: Mailbox, now) -> None:
    """The reminders of 27 November go out; one of them comes back; the next pass runs."""
    mail = app.extensions["mail"]
    app.config["MAIL_SERVER"] = mail.server = server.host
    mail.port = server.port
    configure(app, box)
    make_round()
    now.shift(3 * 24 * 3600)
    done = actions.run_once()
    assert (done.sent, done.undeliverable) == (4, 0)
    [sent] = server.for_(TO)
    box.add(notices.exchange(sent["Message-ID"], TO))
    now.shift(30)
    done = actions.run_once()
    assert (done.sent, done.undeliverable) == (0, 1)


def owed(actor) -> list[Kind]:
    """The kinds of duty somebody has right now."""
    db.session.rollback()
    return [duty.kind for duty in duties.owed(actor, clock.today())]


def test_the_office_owes_mending_the_address_until_it_is_mended(
    both, smtp_server, returned, now, actor
):
    send_and_bounce(both, smtp_server, returned, now)
    office, officer = actor("office"), actor("officer", "imabetsu")
    assert Kind.ADDRESS_UNDELIVERABLE in owed(office)
    assert Kind.ADDRESS_UNDELIVERABLE not in owed(officer)
    letter = db.session.scalars(
        select(Letter).where(Letter.state == LetterState.UNDELIVERABLE)
    ).one()
    assert letter.to_email == TO and letter.last_answer.startswith(REASON)
    correct_and_resend(Act(office, clock.now()), letter, "kikaku@imabetsu.example")
    assert Kind.ADDRESS_UNDELIVERABLE not in owed(office)
    # The same notice again speaks of the old address: the mended letter stays sent.
    returned.add(notices.exchange(letter.message_id, TO))
    assert actions.run_once().sent == 1
    now.shift(30)
    assert actions.run_once().undeliverable == 0
    db.session.rollback()
    db.session.refresh(letter)
    assert letter.state is LetterState.SENT
    assert Kind.ADDRESS_UNDELIVERABLE not in owed(office)


def test_the_letters_page_says_that_it_did_not_arrive_and_why(
    app, smtp_server, returned, now, browse
):
    with app.app_context():
        send_and_bounce(app, smtp_server, returned, now)
        letter_id = db.session.scalar(
            select(Letter.id).where(Letter.state == LetterState.UNDELIVERABLE)
        )
    office = browse("office")
    page = office.get(f"/notices/{letter_id}")
    assert page.one(".page-header .chip").get_text(strip=True) == "届いていません"
    assert REASON in page.one(".card-ng").get_text()
    log = page.one(".log").get_text(" ", strip=True)
    assert log.index("250 ") < log.index(REASON)
    assert "今別町 企画担当あてのメールが届いていません" in office.get("/").text


# --- the card 「戻ってきたメール」 -------------------------------------------------------------------


def card(app: Flask, actor) -> str:
    """The card as the office reads it, white space folded."""
    with app.test_request_context():
        g.actor = actor("office")
        html = render_template("reminders/_mailbox.html", mailbox=mailbox.standing())
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ", strip=True).split())


@pytest.fixture
def reading(app: Flask, returned: Mailbox) -> Flask:
    """A mailbox is configured."""
    configure(app, returned)
    return app


def test_without_a_mailbox_there_is_no_card(app, actor):
    with app.app_context():
        assert card(app, actor) == ""


def test_the_card_says_when_it_was_read_and_what_was_left(reading, returned, actor):
    returned.add(notices.everyday_mail())
    with reading.app_context():
        mailbox.collect(cast.NOW)
        shown = card(reading, actor)
    assert "最後に読んだ時刻 11月24日 10:00" in shown
    assert "読み取れなかったメール 1通（そのまま残しています）" in shown
    assert "読めていません" not in shown


def test_the_card_tells_the_trouble_and_that_letters_go_out(reading, actor):
    with reading.app_context():
        mailbox.collect(cast.NOW)
        reading.config["IMAP_PASSWORD"] = "wrong"
        mailbox.collect(cast.NOW + timedelta(minutes=1))
        shown = card(reading, actor)
        assert "今は読めていません。" in shown
        assert (
            "ログインできませんでした（[AUTHENTICATIONFAILED] Authentication failed.）。" in shown
        )
        assert "最後に読んだ時刻 11月24日 10:00" in shown
        db.session.rollback()
        db.session.execute(update(MailboxState).values(looked_at=None))
        db.session.commit()
        assert "まだ読めていません" in card(reading, actor)
