"""The post office: takes letters from the outbox one by one and hands them over.

What is taken and recorded, and why nothing is lost, is in `leases`.  No transaction is
open while a server is spoken to.
"""

import contextlib
import re
import smtplib
import ssl
import uuid
from collections.abc import Callable
from email.utils import formataddr
from pathlib import Path
from typing import Any, Protocol

from flask import Flask, current_app
from flask_mail import Connection, Mail, Message

from tracker.plumbing import clock
from tracker.plumbing.leases import Answer, Claimed, LeaseLost, claim, mark_data, record
from tracker.plumbing.letters import Letter, LetterState


class Post(Protocol):
    """A way to hand a letter over; calls `before_data` right before its text goes out."""

    def send(self, letter: Letter, before_data: Callable[[], None]) -> str:
        """Hands the letter over and returns the receiver's words; raises when it cannot."""
        ...

    def close(self) -> None:
        """Says good-bye; never raises."""
        ...


class _Smtp(smtplib.SMTP):
    """Gives the final reply its own time, and tells before the text of a letter goes out."""

    before_data: Callable[[], None] | None = None
    reply_seconds = 600
    last_reply: tuple[int, bytes] = (0, b"")

    def data(self, msg: Any) -> tuple[int, bytes]:
        if self.before_data:
            self.before_data()
        if self.sock:
            self.sock.settimeout(self.reply_seconds)
        reply = super().data(msg)
        if self.sock:
            self.sock.settimeout(self.timeout)
        self.last_reply = reply
        return reply


class _SmtpTls(_Smtp, smtplib.SMTP_SSL):
    """The same inside TLS from the first byte."""


class _Wire(Connection):
    """Flask-Mail's connection, hardened: time-outs, verified TLS, refusals raised."""

    @property
    def smtp(self) -> _Smtp:
        """The connection, opened when it is first needed."""
        if not isinstance(self.host, _Smtp):
            self.host = self.configure_host()
        return self.host

    def configure_host(self) -> _Smtp:
        config = current_app.config
        seconds = config["MAIL_COMMAND_SECONDS"]
        if self.mail.use_ssl:
            host: _Smtp = _SmtpTls(
                self.mail.server,
                self.mail.port,
                timeout=seconds,
                context=ssl.create_default_context(),
            )
        else:
            host = _Smtp(self.mail.server, self.mail.port, timeout=seconds)
        host.reply_seconds = config["MAIL_REPLY_SECONDS"]
        if self.mail.use_tls:
            host.starttls(context=ssl.create_default_context())
        if self.mail.username and self.mail.password:
            host.login(self.mail.username, self.mail.password)
        return host


class SmtpPost:
    """Hands letters to the mail server over one connection, renewed after any error."""

    def __init__(self) -> None:
        self._wire: _Wire | None = None

    def send(self, letter: Letter, before_data: Callable[[], None]) -> str:
        """One message to one recipient; see `Post`."""
        message = _message(letter)
        try:
            wire = self._wire = self._wire or _Wire(current_app.extensions["mail"])
            wire.smtp.before_data = before_data
            wire.send(message)
        except Exception:
            self._drop()
            raise
        code, words = wire.smtp.last_reply
        return f"{code} {words.decode(errors='replace')}"

    def close(self) -> None:
        """A server that fails at QUIT has accepted the letters all the same."""
        if self._wire is not None and self._wire.host is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._wire.host.quit()
        self._wire = None

    def _drop(self) -> None:
        if self._wire is not None and self._wire.host is not None:
            self._wire.host.close()
        self._wire = None


class FilePost:
    """Writes letters as .eml files into the home's outbox; the same letter is one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, letter: Letter, before_data: Callable[[], None]) -> str:
        """Named by the Message-ID, so that a second try replaces the first; see `Post`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^A-Za-z0-9]", "", letter.message_id.partition("@")[0])
        path = self._folder / f"{letter.send_at:%Y%m%dT%H%M}-{name[:16]}.eml"
        before_data()
        half = path.with_suffix(f".{uuid.uuid4().hex[:8]}.part")
        half.write_bytes(_message(letter).as_bytes())
        half.replace(path)
        return f"outbox/{path.name}"

    def close(self) -> None:
        """Nothing to say good-bye to."""


def init_app(app: Flask) -> None:
    """Gives Flask-Mail its settings."""
    Mail(app)


def open_post() -> Post:
    """The mail server when one is configured, else the folder of .eml files."""
    if current_app.config["MAIL_SERVER"]:
        return SmtpPost()
    return FilePost(Path(current_app.config["HOME"]) / "outbox")


def deliver(most: int = 100_000) -> dict[LetterState, int]:
    """Sends what is due now, at most `most` letters; returns how each try ended."""
    ended: dict[LetterState, int] = {}
    post = open_post()
    try:
        for _ in range(most):
            claimed = claim(clock.now())
            if claimed is None:
                break
            answer = _hand_over(post, claimed)
            state = record(claimed, answer, clock.now()) if answer else None
            if state is not None:
                ended[state] = ended.get(state, 0) + 1
    finally:
        post.close()
    return ended


def _hand_over(post: Post, claimed: Claimed) -> Answer | None:
    """One try; None when the letter turned out to be somebody else's."""
    at_data = False

    def before_data() -> None:
        nonlocal at_data
        mark_data(claimed, clock.now())
        at_data = True

    try:
        return Answer(LetterState.SENT, 250, post.send(claimed.letter, before_data))
    except LeaseLost:
        return None
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return _refused(code, text)
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code, error.smtp_error)
    except (TimeoutError, OSError, smtplib.SMTPException) as error:
        return Answer(
            LetterState.RETRYING, None, f"{type(error).__name__}: {error}", is_ambiguous=at_data
        )
    except (UnicodeError, ValueError) as error:
        return Answer(LetterState.UNDELIVERABLE, None, f"{type(error).__name__}: {error}")


def _refused(code: int, text: bytes | str) -> Answer:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    state = LetterState.UNDELIVERABLE if 500 <= code < 600 else LetterState.RETRYING
    return Answer(state, code, f"{code} {words}")


def _message(letter: Letter) -> Message:
    """The letter as Flask-Mail's message; a line break in a header is refused."""
    for value in (letter.subject, letter.to_name, letter.to_email, letter.message_id):
        if "\n" in value or "\r" in value:
            raise ValueError("a header holds a line break")
    sender = current_app.config["MAIL_DEFAULT_SENDER"]
    message = Message(
        subject=letter.subject,
        recipients=[formataddr((letter.to_name, letter.to_email))],
        body=letter.body,
        sender=sender,
        date=letter.send_at.timestamp(),
        extra_headers={"Auto-Submitted": "auto-generated"},
    )
    message.msgId = letter.message_id
    return message
