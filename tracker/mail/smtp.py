"""Flask-Mail's connection, hardened (trust.md section 3): one deadline a command, verified
TLS, refusals raised, QUIT errors ignored, the moment told at which the text goes out.
"""

import contextlib
import math
import smtplib
import ssl
from collections.abc import Callable, Sequence
from socket import socket
from time import monotonic
from typing import Any

from flask import current_app
from flask_mail import Connection

from tracker.mail import mime
from tracker.mail.mime import Sendable

_OK = (250, 251)
_CLOSING = 421
_CHUNK = 8192
# A deadline is kept to so many seconds.
_GRAIN = 0.01


class Replies:
    """What smtplib and imaplib read from, with one deadline an answer, however slowly it drips.

    Whoever asks sets `deadline` (monotonic seconds).
    """

    def __init__(self, sock: socket) -> None:
        self.sock = sock
        self._read = b""
        self.deadline = 0.0

    def readline(self, most: int) -> bytes:
        """One line with its end; b"" when the server has closed. Raises TimeoutError."""
        while b"\n" not in self._read and len(self._read) < most and self._more():
            pass
        return self._cut(min(self._read.find(b"\n") + 1 or most, most))

    def read(self, size: int) -> bytes:
        """So many bytes; fewer when the server has closed. Raises TimeoutError."""
        while len(self._read) < size and self._more():
            pass
        return self._cut(size)

    def close(self) -> None:
        """The socket is closed by who opened it."""

    def _more(self) -> bool:
        while (left := self.deadline - monotonic()) > 0:
            # The socket waits as long as a command may take, most often: no system call for that.
            if left + _GRAIN < (self.sock.gettimeout() or math.inf):
                self.sock.settimeout(left)
            with contextlib.suppress(TimeoutError):
                more = self.sock.recv(_CHUNK)
                self._read += more
                return bool(more)
        raise TimeoutError("timed out")

    def _cut(self, end: int) -> bytes:
        cut, self._read = self._read[:end], self._read[end:]
        return cut


class Unsure(Exception):
    """The text went out and no answer came: the server may have the letter or not."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Smtp(smtplib.SMTP):
    """smtplib's client with a deadline a reply, for one recipient a message."""

    timeout: float
    reply_seconds: float = 600
    text_went_out = False

    def send(self, s: Any) -> None:
        """Sends a command (str) or a letter's text (bytes)."""
        self.text_went_out = isinstance(s, bytes)
        self._wait_as_usual()
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        """Reads a whole reply; the one after the text may take longer. Raises TimeoutError."""
        seconds = self.reply_seconds if self.text_went_out else self.timeout
        if self.sock is not None:
            self.file = self.file or Replies(self.sock)
            self.file.deadline = monotonic() + seconds
        try:
            return super().getreply()
        except smtplib.SMTPServerDisconnected as error:
            if isinstance(error.__context__, TimeoutError):
                raise TimeoutError(f"no reply within {seconds:g} seconds") from None
            raise
        finally:
            self._wait_as_usual()

    def _wait_as_usual(self) -> None:
        if self.sock and self.sock.gettimeout() != self.timeout:
            self.sock.settimeout(self.timeout)

    def mail(self, sender: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        """MAIL; the address is a plain one already (`mime.smtp_address`): nothing is parsed."""
        return self.docmd("mail", " ".join((f"FROM:<{sender}>", *options)))

    def rcpt(self, recip: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        """RCPT, of the same kind."""
        return self.docmd("rcpt", " ".join((f"TO:<{recip}>", *options)))

    def hand_over(
        self, sender: str, to: str, message: bytes, before_data: Callable[[], None]
    ) -> tuple[int, bytes]:
        """One message; `before_data` is called before DATA and may stop it by raising.

        Raises SMTPSenderRefused, SMTPRecipientsRefused or SMTPDataError when the server says
        no, OSError when it says nothing.
        """
        self.text_went_out = False
        self.ehlo_or_helo_if_needed()
        size = [f"size={len(message)}"] if self.has_extn("size") else []
        code, words = self.mail(sender, size)
        if code not in _OK:
            raise smtplib.SMTPSenderRefused(code, words, sender)
        code, words = self.rcpt(to)
        if code not in _OK:
            raise smtplib.SMTPRecipientsRefused({to: (code, words)})
        before_data()
        code, words = self.data(message)
        if code not in _OK:
            raise smtplib.SMTPDataError(code, words)
        return code, words


class SmtpTls(Smtp, smtplib.SMTP_SSL):
    """The same inside TLS from the first byte."""


class SmtpTransport(Connection):
    """One connection to the mail server (`transports.Transport`), opened at the first letter.

    Whatever goes wrong closes it: what a server that was interrupted says next may belong to
    the letter before.
    """

    host: Smtp | None

    def configure_host(self) -> Smtp:
        """Connects, changes to TLS and signs in; raises OSError or SMTPException."""
        config, mail = current_app.config, self.mail
        seconds = config["MAIL_COMMAND_SECONDS"]
        is_tls = mail.use_ssl or mail.use_tls
        context = ssl.create_default_context() if is_tls else None
        host: Smtp
        if mail.use_ssl:
            host = SmtpTls(mail.server, mail.port or 465, timeout=seconds, context=context)
        else:
            host = Smtp(mail.server, mail.port or 25, timeout=seconds)
        host.reply_seconds = config["MAIL_REPLY_SECONDS"]
        try:
            if mail.use_tls:
                host.starttls(context=context)
            if mail.username and mail.password:
                host.login(mail.username, mail.password)
        except BaseException:
            host.close()
            raise
        return host

    def hand_over(self, letter: Sendable, before_data: Callable[[], None]) -> str:
        """Sends one letter; returns the server's words after the text.

        A server may close a connection that waited for the next letter: before anything of
        it went out, a fresh one is tried once.  Raises what `Smtp.hand_over` raises,
        ValueError for what cannot be sent at all, Unsure when nobody knows.
        """
        sender = current_app.config["MAIL_DEFAULT_SENDER"]
        message = mime.message(letter, sender)
        to = mime.smtp_address(letter.to_email)
        waited, is_marked = self.host is not None, False

        def mark() -> None:
            nonlocal is_marked
            is_marked = True
            before_data()

        parts = mime.smtp_address(mime.split(sender)[1]), to, message, mark
        try:
            return self._try(*parts)
        except smtplib.SMTPException as error:
            if not waited or is_marked or not _hung_up(error):
                raise
        return self._try(*parts)

    def _try(self, sender: str, to: str, message: bytes, mark: Callable[[], None]) -> str:
        try:
            self.host = self.host or self.configure_host()
            code, words = self.host.hand_over(sender, to, message, mark)
        except BaseException as error:
            went_out = self.host is not None and self.host.text_went_out
            self._drop()
            if went_out and isinstance(error, OSError) and not _said_no(error):
                raise Unsure(error) from error
            raise
        return f"{code} {words.decode(errors='replace')}"

    def close(self) -> None:
        """Says QUIT; a server that fails at it has accepted the letters all the same."""
        if self.host is not None:
            with contextlib.suppress(OSError):
                self.host.quit()
        self._drop()

    def _drop(self) -> None:
        if self.host is not None:
            self.host.close()
        self.host = None


def _said_no(error: Exception) -> bool:
    return isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused)


def _hung_up(error: smtplib.SMTPException) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return any(code == _CLOSING for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code == _CLOSING
    return isinstance(error, smtplib.SMTPServerDisconnected)
