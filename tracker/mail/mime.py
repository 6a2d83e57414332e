"""A letter as the bytes that a mail server takes, built by hand.

Pure, and quick: building the message is what sending thousands of letters costs
(performance.md section 5).  Headers are ASCII encoded words, the text is base64 of UTF-8:
nothing asks a gateway for 8BITMIME or SMTPUTF8.
"""

import hashlib
import re
from base64 import b64encode, encodebytes
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Protocol

from tracker.kernel.tokyo import TOKYO

# Bytes of UTF-8 in one encoded word: with the longest header's name they fit in 76 columns.
_WORD_BYTES = 39
# RFC 5321, 4.5.3.1.3.
_LONGEST = 254
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
# Dots wherever carriers gave them out (a..b, abc.): more than RFC 5321 allows without quotes.
LOCAL = r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{3,{_LONGEST}}}$){LOCAL}@{_LABEL}(?:\.{_LABEL})*", re.A | re.I)
_UNQUOTED = re.compile(rf"{_ATOM}(?:\.{_ATOM})*", re.A)
_METHOD = re.compile(r"^METHOD:([A-Z]{1,20})\r?$", re.M)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Unsendable(ValueError):
    """No server would take it: a plain Japanese sentence says why."""


class Sendable(Protocol):
    """What of a letter is sent."""

    @property
    def message_id(self) -> str: ...
    @property
    def to_name(self) -> str: ...
    @property
    def to_email(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def send_at(self) -> datetime: ...
    @property
    def has_secrets(self) -> bool: ...
    @property
    def calendar(self) -> str | None: ...


def message(letter: Sendable, sender: str) -> bytes:
    """The whole message; the same bytes at every attempt.

    Raises Unsendable when an address is none or a header holds a line break.
    """
    headers = (
        ("From", _sender(sender)),
        ("To", _mailbox(letter.to_name, letter.to_email)),
        ("Subject", _words(letter.subject)),
        ("Date", _date(letter.send_at)),
        ("Message-ID", _checked(letter.message_id)),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
    )
    head = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("ascii")
    text = _part('text/plain; charset="utf-8"', "\r\n".join(letter.body.splitlines()) + "\r\n")
    return head + (_with_calendar(letter, text) if letter.calendar else text)


def _with_calendar(letter: Sendable, text: bytes) -> bytes:
    """The text and the calendar as two forms of one thing, and the calendar as a file besides.

    Outlook, Exchange and Google show buttons for the second form; where a gateway or a reader
    drops it, the file is left (RFC 6047, section 2.4).
    """
    calendar = letter.calendar or ""
    method = _METHOD.search(calendar)
    assert method is not None
    mark = hashlib.sha256(letter.message_id.encode()).hexdigest()[:24]
    forms = _parts(
        "alternative",
        f"forms-{mark}",
        text,
        _part(f'text/calendar; method={method[1]}; charset="utf-8"', calendar),
    )
    name = "cancel.ics" if method[1] == "CANCEL" else "invite.ics"
    file = _part(f'application/ics; name="{name}"', calendar, f'attachment; filename="{name}"')
    return _parts("mixed", f"letter-{mark}", forms, file)


def _part(kind: str, text: str, disposition: str = "") -> bytes:
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
    head += f"Content-Disposition: {disposition}\r\n" if disposition else ""
    return f"{head}\r\n".encode("ascii") + encodebytes(text.encode()).replace(b"\n", b"\r\n")


def _parts(kind: str, boundary: str, *parts: bytes) -> bytes:
    """Parts one below the other; no line of base64 begins with the hyphens of a boundary."""
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode("ascii")
    line = f"--{boundary}\r\n".encode("ascii")
    end = f"--{boundary}--\r\n".encode("ascii")
    return head + b"".join(line + part for part in parts) + end


def split(mailbox: str) -> tuple[str, str]:
    """Name and address of `名前 <address>` or of a bare address; a comma is part of the name."""
    name, bracket, address = mailbox.rpartition("<")
    if not bracket:
        return "", mailbox.strip()
    return name.strip().strip('"'), address.strip().removesuffix(">")


@lru_cache(maxsize=256)
def ascii_address(address: str) -> str:
    """The address with an international domain in its ASCII form, as it is kept and compared.

    Raises Unsendable when it is no address.
    """
    local, _, domain = address.rpartition("@") if len(address) <= _LONGEST else ("", "", "")
    if re.fullmatch(rf'"{LOCAL}"', local, re.A):
        local = local.strip('"')
    try:
        plain = f"{local}@{domain if domain.isascii() else domain.encode('idna').decode()}"
    except UnicodeError:
        plain = ""
    if not _ADDRESS.fullmatch(plain):
        shown = _CONTROL.sub("?", address)
        raise Unsendable(f"メールアドレス「{shown}」の形が正しくありません。")
    return plain


def same_form(address: str) -> str:
    """Equal for two spellings of one address: capitals, and a domain in either form."""
    try:
        return ascii_address(address).casefold()
    except Unsendable:
        return address.casefold()


def smtp_address(address: str) -> str:
    """The same as SMTP and a header take it: `"a..b"@docomo.ne.jp` in quotes (RFC 5321, 4.1.2)."""
    plain = ascii_address(address)
    local, _, domain = plain.rpartition("@")
    return plain if _UNQUOTED.fullmatch(local) else f'"{local}"@{domain}'


@lru_cache(maxsize=16)
def _sender(sender: str) -> str:
    return _mailbox(*split(sender))


@lru_cache(maxsize=256)
def _date(at: datetime) -> str:
    return format_datetime(at.astimezone(TOKYO))


def _mailbox(name: str, address: str) -> str:
    plain = smtp_address(address)
    if not name:
        return plain
    shown = _words(name)
    if shown == name:
        shown = '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    return f"{shown}\r\n <{plain}>"


def _words(text: str) -> str:
    """Plain ASCII as it is; anything else as encoded words, one a line (RFC 2047)."""
    if _checked(text).isascii() and "=?" not in text:
        return text
    words = [b""]
    for letter in map(str.encode, text):
        if len(words[-1]) + len(letter) > _WORD_BYTES:
            words.append(b"")
        words[-1] += letter
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in words)


def _checked(value: str) -> str:
    """The value of a header; what could begin another header is refused."""
    if _CONTROL.search(value):
        raise Unsendable("件名か宛先に改行などの使えない文字が含まれています。")
    return value
