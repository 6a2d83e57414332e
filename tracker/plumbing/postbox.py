"""The post office: takes letters from the outbox one by one and hands them over.

What is taken and recorded, and why nothing is lost, is in `leases`; how a mail server is
spoken to, in `wire`.  No transaction is open while a server is spoken to.
"""

import re
import smtplib
import ssl
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Protocol

from flask import Flask, current_app
from flask_mail import Mail
from sqlalchemy import Connection

from tracker.plumbing import clock, leases, mime
from tracker.plumbing.db import db
from tracker.plumbing.leases import Answer, Claimed, LeaseLost
from tracker.plumbing.letters import LetterState
from tracker.plumbing.mime import Sendable
from tracker.plumbing.wire import Unsure, Wire

# How often who asked for a delivery hears how far it is.
BEAT_SECONDS = 1.0
# A server that answers nothing for so many commands' time in a row ends the pass.
PATIENCE = 10

# What went wrong before any answer to the letter, in words; the first that fits.
TROUBLE: tuple[tuple[type[Exception], str], ...] = (
    (smtplib.SMTPAuthenticationError, "メールサーバーにログインできませんでした"),
    (smtplib.SMTPSenderRefused, "メールサーバーが差出人を受け付けませんでした"),
    (smtplib.SMTPNotSupportedError, "メールサーバーが暗号化（STARTTLS）か認証に対応していません"),
    (smtplib.SMTPServerDisconnected, "メールサーバーが途中で接続を切りました"),
    (smtplib.SMTPException, "メールサーバーが接続を受け付けませんでした"),
    (ssl.SSLCertVerificationError, "メールサーバーの証明書を確かめられませんでした"),
    (ssl.SSLError, "メールサーバーと暗号化した通信ができませんでした"),
    (TimeoutError, "メールサーバーから時間内に返事がありませんでした"),
    (OSError, "メールサーバーにつながりませんでした"),
    (Exception, "メールを送れませんでした"),
)


class Post(Protocol):
    """A way to hand a letter over; calls `before_data` right before its text goes out."""

    def send(self, letter: Sendable, before_data: Callable[[], None]) -> str:
        """Hands the letter over and returns the receiver's words; raises when it cannot."""
        ...

    def close(self) -> None:
        """Says good-bye; never raises."""
        ...


class SmtpPost:
    """Hands letters to the mail server over one connection, renewed after any error."""

    def __init__(self) -> None:
        self._wire = Wire(current_app.extensions["mail"])

    def send(self, letter: Sendable, before_data: Callable[[], None]) -> str:
        """One message to one recipient; see `Post`."""
        return self._wire.hand_over(letter, before_data)

    def close(self) -> None:
        """Ends the connection; see `Post`."""
        self._wire.close()


class FilePost:
    """Writes letters as .eml files into the home's outbox; the same letter is one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, letter: Sendable, before_data: Callable[[], None]) -> str:
        """Named by the Message-ID, so that a second try replaces the first; see `Post`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^A-Za-z0-9]", "", letter.message_id.partition("@")[0])
        path = self._folder / f"{letter.send_at:%Y%m%dT%H%M}-{name[:16]}.eml"
        text = mime.message(letter, current_app.config["MAIL_DEFAULT_SENDER"])
        before_data()
        half = path.with_suffix(f".{uuid.uuid4().hex[:8]}.part")
        half.write_bytes(text)
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


@dataclass
class _Delivery:
    """What the connections of one delivery share."""

    left: int
    # SQLite lets one write at a time: waiting here is quicker than knocking at its door.
    turn: AbstractContextManager[object]
    ended: Counter[LetterState] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stop: threading.Event = field(default_factory=threading.Event)

    def may_take(self) -> bool:
        """Whether one more letter may be taken; counts it."""
        with self.lock:
            if self.stop.is_set() or self.left <= 0:
                return False
            self.left -= 1
            return True

    def note(self, state: LetterState | None) -> None:
        """Counts how a letter ended; None is somebody else's by now."""
        if state is not None:
            with self.lock:
                self.ended[state] += 1


def deliver(
    most: int = 100_000,
    *,
    connections: int = 1,
    each: Callable[[Mapping[LetterState, int]], None] | None = None,
) -> dict[LetterState, int]:
    """Sends what is due now, at most `most` letters; returns how each try ended.

    Up to `connections` letters are under way at once.  About once a second, and at the end,
    `each` hears the counts so far.  Ends the caller's transaction first: nothing may be
    pending in it.
    """
    db.session.rollback()
    leases.sweep(clock.now())
    is_sqlite = db.engine.dialect.name == "sqlite"
    delivery = _Delivery(most, threading.Lock() if is_sqlite else nullcontext())
    tell = each or (lambda _: None)
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    with ThreadPoolExecutor(connections) as pool:
        serving = [
            pool.submit(copy_context().run, _serve, app, delivery) for _ in range(connections)
        ]
        try:
            while wait(serving, timeout=BEAT_SECONDS).not_done:
                tell(dict(delivery.ended))
        finally:
            delivery.stop.set()
    for one in serving:
        one.result()
    tell(dict(delivery.ended))
    return dict(delivery.ended)


def _serve(app: Flask, delivery: _Delivery) -> None:
    """One connection: letter after letter, until nothing is due."""
    with app.app_context():
        patience = PATIENCE * app.config["MAIL_COMMAND_SECONDS"]
        silent = 0.0
        post = open_post()
        connection = db.engine.connect()
        try:
            following = _claim(delivery, connection)
            while following is not None:
                claimed, begun = following, monotonic()
                answer, following = _hand_over(post, claimed, delivery, connection)
                if answer is not None:
                    with delivery.turn:
                        delivery.note(leases.record(claimed, answer, clock.now(), connection))
                    silent = silent + monotonic() - begun if answer.is_silence else 0.0
                    if silent > patience:
                        delivery.stop.set()
                following = following or _claim(delivery, connection)
        finally:
            connection.close()
            post.close()


def _claim(delivery: _Delivery, connection: Connection) -> Claimed | None:
    if not delivery.may_take():
        return None
    with delivery.turn:
        return leases.claim(clock.now(), connection)


def _hand_over(
    post: Post, claimed: Claimed, delivery: _Delivery, connection: Connection
) -> tuple[Answer | None, Claimed | None]:
    """One try, and the letter taken meanwhile.

    No answer when the letter turned out to be somebody else's.
    """
    phase: str | None = None
    following: Claimed | None = None

    def before_data() -> None:
        nonlocal phase, following
        claim_next = delivery.may_take()
        with delivery.turn:
            following = leases.mark_data(claimed, clock.now(), connection, claim_next=claim_next)
        phase = "data"

    try:
        answer = Answer(LetterState.SENT, 250, post.send(claimed.letter, before_data))
    except LeaseLost:
        return None, None
    except (Unsure, OSError, ValueError) as error:
        answer = _failed(error)
    return replace(answer, phase=phase), following


def _failed(error: Exception) -> Answer:
    """What a failed try means: a refusal is about the letter, all else about the server."""
    if isinstance(error, mime.Unsendable):
        return Answer(LetterState.UNDELIVERABLE, None, str(error))
    if isinstance(error, Unsure):
        return replace(_failed(error.cause), is_ambiguous=True)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        [refusal] = error.recipients.values()
        return _refused(*refusal)
    if isinstance(error, smtplib.SMTPDataError):
        return _refused(error.smtp_code, error.smtp_error)
    code: int | None = None
    detail = str(error) or type(error).__name__
    if isinstance(error, smtplib.SMTPResponseException):
        code, detail = error.smtp_code, _said(error.smtp_code, error.smtp_error)
    sentence = next(words for kind, words in TROUBLE if isinstance(error, kind))
    return Answer(LetterState.RETRYING, code, f"{sentence}（{detail}）")


def _refused(code: int, words: bytes | str) -> Answer:
    state = LetterState.UNDELIVERABLE if 500 <= code < 600 else LetterState.RETRYING
    return Answer(state, code, _said(code, words))


def _said(code: int, words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{code} {text}"
