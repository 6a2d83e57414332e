"""Letters as their recipients get them: links are read from what really went out, nowhere else."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from flask import current_app
from sqlalchemy import select

from tracker.accounts.models import Invitation
from tracker.convening.models import SeatInvitation
from tracker.duty.duty import PersonalLink
from tracker.mail import delivery, links
from tracker.meetings.models import MeetingSeat
from tracker.plumbing import clock
from tracker.plumbing.db import db

BASE = "https://renkei.example.lg.jp"


def sent_to(address: str) -> list[EmailMessage]:
    """Sends what is due, and gives the letters that went there as files, oldest first."""
    delivery.deliver()
    folder = Path(current_app.config["HOME"]) / "outbox"
    files = sorted(folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    mails = (message_from_bytes(file.read_bytes(), policy=policy.default) for file in files)
    return [mail for mail in mails if mail["To"].addresses[0].addr_spec == address]


def text_of(mail: EmailMessage) -> str:
    """What a letter says to people."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def links_in(mail: EmailMessage, path: str) -> list[str]:
    """The paths of a letter that begin so: "/p/"."""
    return re.findall(rf"https?://[^\s/]+({re.escape(path)}\S*)", text_of(mail))


def code_in(mail: EmailMessage) -> str:
    """The short code of a letter."""
    return re.findall(r"コード　(\S+)", text_of(mail))[-1]


def last_link(address: str, path: str) -> str:
    """The last such link that was sent to that address."""
    return [link for mail in sent_to(address) for link in links_in(mail, path)][-1]


# --- what opens something now, as nobody but its owner may have it ------------------------------

# Kind of personal link -> the rows it opens.  A new kind belongs here, or the suite is red.
ROWS = {
    "attendance": SeatInvitation.seat_id,
    "invitation": Invitation.id,
    "invitation_code": Invitation.id,
    "poll": MeetingSeat.id,
    "reset": Invitation.id,
    "reset_code": Invitation.id,
}


def token_of(kind: str, row_id: int) -> str:
    """The token or code that opens the row now; fails where nothing does."""
    life = links.kinds()[kind].life(db.session.connection(), row_id)
    assert life is not None
    return links.secret_of(kind, row_id, life.nonce)


def live_tokens() -> dict[str, PersonalLink]:
    """Every token and code of every kind that opens something, and what it opens."""
    assert ROWS.keys() == links.kinds().keys(), "say in tests/sent.py which rows a kind opens"
    found, on = {}, db.session.connection()
    for kind, column in ROWS.items():
        for row_id in db.session.scalars(select(column)):
            life = links.kinds()[kind].life(on, row_id)
            if life is not None and life.until > clock.now():
                found[links.secret_of(kind, row_id, life.nonce)] = PersonalLink(kind, row_id)
    return found
