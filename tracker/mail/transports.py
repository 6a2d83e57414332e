"""The ways a letter leaves the house: a mail server, or a folder of .eml files."""

import os
import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from time import time
from typing import Protocol

from flask import Flask, current_app
from flask_mail import Mail

from tracker.mail import links, mime, reasons
from tracker.mail.letters import LetterState
from tracker.mail.mime import Sendable
from tracker.mail.outbox import SendResult
from tracker.mail.smtp import SmtpTransport, Unsure
from tracker.plumbing.db import db, reading
from tracker.storage.files import write_whole


class Unwritten(OSError):
    """A letter's file could not be written: no room, or a folder closed to the program."""


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
    (Unwritten, "メールのファイルを書けませんでした。ディスクの空きとフォルダーを確かめてください"),
    (OSError, "メールサーバーにつながりませんでした"),
    (Exception, "メールを送れませんでした"),
)
# The end of the name of a file that holds a personal link.
SECRET_EML = ".secret.eml"
# So long letters lie as files, at most, and what a killed process left of one.
KEPT, HALF_KEPT = timedelta(days=30), timedelta(hours=1)
# What `Transport.hand_over` raises when a letter could not be handed over.
FAILURES = (Unsure, OSError, ValueError)


class Transport(Protocol):
    """A way to hand a letter over."""

    def hand_over(self, letter: Sendable, before_data: Callable[[], None]) -> str:
        """Hands the letter over and returns the receiver's words; raises when it cannot.

        Calls `before_data` right before the text goes out.
        """
        ...

    def close(self) -> None:
        """Says good-bye; never raises."""
        ...


class FileTransport:
    """Writes letters as .eml files into the home's outbox; the same letter is one file.

    The folder is the mailbox then: nobody but the program's own account reads it, and nothing
    stays in it for long.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hand_over(self, letter: Sendable, before_data: Callable[[], None]) -> str:
        """Named by the Message-ID, so that a second try replaces the first; see `Transport`.

        Raises Unwritten, and leaves nothing half-written behind.
        """
        name = re.sub(r"[^A-Za-z0-9]", "", letter.message_id.partition("@")[0])
        ending = SECRET_EML if letter.has_secrets else ".eml"
        path = self._folder / f"{letter.send_at:%Y%m%dT%H%M}-{name[:16]}{ending}"
        text = mime.message(letter, current_app.config["MAIL_DEFAULT_SENDER"])
        before_data()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            write_whole(path, text)
            # By the clock that `clear_away` asks, whatever the disk's says.
            os.utime(path, (time(), time()))
        except OSError as error:
            raise Unwritten(error.errno, error.strerror) from error
        return f"outbox/{path.name}"

    def close(self) -> None:
        """Nothing to say good-bye to."""


def outbox_folder() -> Path | None:
    """Where letters lie as files; None where a mail server takes them."""
    return (
        None if current_app.config["MAIL_SERVER"] else Path(current_app.config["HOME"]) / "outbox"
    )


def clear_away(at: datetime) -> int:
    """Removes files of letters older than 30 days, and those whose link opens nothing any more.

    Returns how many.  Nothing may be pending in the session.
    """
    folder = Path(current_app.config["HOME"]) / "outbox"
    files = [*folder.glob("*.eml"), *folder.glob("*.part")] if folder.is_dir() else []
    gone = 0
    for file in files:
        # Another process may be at the same work.
        with suppress(FileNotFoundError):
            kept = HALF_KEPT if file.suffix == ".part" else KEPT
            is_old = time() - file.stat().st_mtime > kept.total_seconds()
            if is_old or not _is_of_use(file, at):
                file.unlink()
                gone += 1
    return gone


def _is_of_use(file: Path, at: datetime) -> bool:
    if not file.name.endswith(SECRET_EML):
        return True
    # As `mime.message` writes it: the text is the first of its parts.
    parts = message_from_bytes(file.read_bytes()).walk()
    text = next(part for part in parts if not part.is_multipart()).get_payload(decode=True)
    assert isinstance(text, bytes)
    with reading(), db.engine.connect() as on:
        return links.are_good(text.decode(errors="replace"), at, on)


def init_app(app: Flask) -> None:
    """Gives Flask-Mail its settings."""
    Mail(app)


def open_transport() -> Transport:
    """The mail server when one is configured, else the folder of .eml files."""
    folder = outbox_folder()
    return FileTransport(folder) if folder else SmtpTransport(current_app.extensions["mail"])


def trouble() -> str | None:
    """Why no letter could be handed over now, in words; None where connecting and signing in work."""
    if outbox_folder():
        return None
    transport = SmtpTransport(current_app.extensions["mail"])
    try:
        transport.host = transport.configure_host()
    except FAILURES as error:
        return result_of(error).text
    transport.close()
    return None


def result_of(error: Exception) -> SendResult:
    """What a failed try means: a refusal is about the letter, all else about the server."""
    if isinstance(error, mime.Unsendable):
        return SendResult(LetterState.UNDELIVERABLE, None, str(error))
    if isinstance(error, Unsure):
        return replace(result_of(error.cause), is_ambiguous=True)
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
    return SendResult(LetterState.RETRYING, code, reasons.behind(sentence, detail))


def _refused(code: int, words: bytes | str) -> SendResult:
    state = LetterState.UNDELIVERABLE if 500 <= code < 600 else LetterState.RETRYING
    return SendResult(state, code, reasons.explained(_said(code, words), code=code))


def _said(code: int, words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{code} {text}"
