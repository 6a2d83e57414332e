"""Reads what mail servers send back about a letter that they took and could not deliver.

Pure.  Delivery status notifications (RFC 3464, RFC 6533), and the plain texts of servers that
write none (Exim, qmail).  Whatever bytes come, it is over soon and nothing is raised: only the
beginning is looked at, and what is enclosed is text here, not opened any further.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser, HeaderParser
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from tracker.mail import mime, reasons

# A letter of ours is small, and what a server writes about it comes first.
MOST_BYTES = 1024 * 1024
_MOST_HEAD = 128 * 1024
_MOST_NOTICE = 20_000
_MOST_PARTS, _MOST_DEPTH = 50, 4
# The email package takes quadratic time over a parameter list that is made for that.
_LONGEST_TYPE = 2000

_STATUS_REPORTS = ("message/delivery-status", "message/global-delivery-status")
_READ_RECEIPT = "message/disposition-notification"
_ENCLOSED = (
    *("message/rfc822", "text/rfc822-headers"),
    *("message/global", "message/global-headers", "message/rfc822-headers"),
)
# `letters.message_id` makes them.
_OURS = re.compile(r"<?([0-9a-f]{32}@[A-Za-z0-9.-]{1,190})>?")
_ANY_ID = re.compile(r"<[^<>\s]{1,250}>")
_ID_LINE = re.compile(r"^[ \t>]{0,9}message-id:[ \t]*(?:\n[ \t]+)?(.{0,250})", re.I | re.M)
# Quoted where its dots are none of RFC 5321's: "a..b"@docomo.ne.jp.
_ADDRESS = rf"(?:{mime.LOCAL}|\"{mime.LOCAL}\")@[\w-][\w.-]{{0,189}}"
_LISTED = re.compile(rf"^[ \t<]{{0,9}}({_ADDRESS})", re.M)
_NAMED = re.compile(_ADDRESS)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")

# Who writes plain notices, where its copy of the letter begins, and what it says.
_SERVER = re.compile(r"\b(?:mailer-?daemon|postmaster)\b", re.I)
_COPY = re.compile(r"^(?:(?:return-path|received|message-id|from):|-{3}.*copy of)", re.I | re.M)
_GOES_ON = re.compile(
    r"not yet been delivered|warning message only|no action is required|need to resend"
    r"|attempts will continue|will (?:keep|continue)|delayed",
    re.I,
)
_GIVES_UP = re.compile(
    r"permanent|given up|giving up|could ?n[o']t be delivered|could not be delivered|undeliver"
    r"|unable to deliver|able to deliver|delivery (?:has )?fail|failure notice|returned to sender"
    r"|配[信送達]でき|送信でき|届けられ|不達",
    re.I,
)


class Action(StrEnum):
    """What became of a letter (RFC 3464 section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


_ACTIONS = {action.value: action for action in Action}
_BY_CLASS = {"5": Action.FAILED, "4": Action.DELAYED, "2": Action.DELIVERED}


@dataclass(frozen=True)
class RecipientOutcome:
    """What became of the letter at one recipient, who may go by several addresses.

    `status` is an enhanced status code (5.1.1) or "", `words` what the server said.
    """

    recipients: tuple[str, ...]
    action: Action
    status: str
    words: str

    @property
    def explained(self) -> str:
        """The reason in plain words, the server's own behind them."""
        return reasons.explained(self.words, status=self.status)


@dataclass(frozen=True)
class Bounce:
    """A server's word about the letter with this Message-ID.

    `mark` is the same for the same notice, however often it comes.
    """

    message_id: str
    mark: str
    outcomes: tuple[RecipientOutcome, ...]


class _Leaf(NamedTuple):
    """A part that holds no parts: its type in lower case, and its text decoded."""

    kind: str
    text: str


def read(raw: bytes) -> Bounce | None:
    """What the mail says about a letter of ours; None when it is no such notice.

    An automatic answer of a person's mailbox (out of office) and a read receipt are none.
    """
    try:
        return _read(raw[:MOST_BYTES].replace(b"\r\n", b"\n"))
    except Exception:
        # Over broken mails the email package raises nearly anything; no mail may stop the rest.
        return None


def _read(raw: bytes) -> Bounce | None:
    head, _ = _split(raw)
    leaves = list(_leaves(raw))
    if any(leaf.kind == _READ_RECEIPT for leaf in leaves):
        return None
    reports = [leaf.text for leaf in leaves if leaf.kind in _STATUS_REPORTS]
    outcomes = _reported(reports[0]) if reports else _told(head, leaves)
    letter = _letter(head, leaves)
    if not letter or not outcomes:
        return None
    own = _field(head, "Message-ID").encode(errors="replace") or raw
    return Bounce(letter, sha256(own).hexdigest()[:36], tuple(outcomes))


# --- the parts of a mail ---------------------------------------------------------------------


def _split(raw: bytes) -> tuple[Message, bytes]:
    if raw.startswith(b"\n"):
        return Message(), raw[1:]
    top, _, body = raw.partition(b"\n\n")
    head = BytesHeaderParser().parsebytes(top[:_MOST_HEAD])
    if len(_field(head, "Content-Type")) > _LONGEST_TYPE:
        del head["Content-Type"]
    return head, body


def _leaves(raw: bytes, depth: int = 0) -> Iterator[_Leaf]:
    head, body = _split(raw)
    boundary = head.get_boundary() if head.get_content_maintype() == "multipart" else None
    if boundary and depth < _MOST_DEPTH:
        line = rb"^--%s(?:--)?[ \t]*$\n?" % re.escape(boundary.encode(errors="replace"))
        for part in re.split(line, body, maxsplit=_MOST_PARTS, flags=re.M)[1:]:
            yield from _leaves(part, depth + 1)
    else:
        yield _Leaf(head.get_content_type(), _text(head, body))


def _text(head: Message, body: bytes) -> str:
    head.set_payload(body.decode("ascii", "surrogateescape"))
    content = head.get_payload(decode=True)
    assert isinstance(content, bytes)
    try:
        return content.decode(head.get_content_charset("utf-8"))
    except (LookupError, UnicodeError):
        return content.decode(errors="replace")


def _field(head: Message, name: str) -> str:
    """The header's text on one line, "" when there is none."""
    return " ".join(str(head.get(name, "")).split())


# --- which letter ------------------------------------------------------------------------------


def _letter(head: Message, leaves: Sequence[_Leaf]) -> str | None:
    """The letter's Message-ID; None when the notice is about somebody else's mail."""
    enclosed = [leaf.text for leaf in leaves if leaf.kind in _ENCLOSED]
    told = [leaf.text for leaf in leaves if leaf.kind not in _ENCLOSED]
    answered = _ANY_ID.findall(f"{_field(head, 'References')} {_field(head, 'In-Reply-To')}")
    named = [
        *(match[1] for text in enclosed if (match := _ID_LINE.search(text))),
        *answered[-1:],
        *(match[1] for text in told if (match := _ID_LINE.search(text))),
    ]
    # The first that is named decides: an answer to a letter of ours names that only further down.
    for text in named[:1] or told:
        if match := _OURS.search(text):
            return f"<{match[1]}>"
    return None


# --- what became of it: a report for programs ----------------------------------------------------


def _reported(report: str) -> list[RecipientOutcome]:
    blocks = _BLANK_LINE.split(report.strip(), _MOST_PARTS)
    heads = [HeaderParser().parsestr(block[:_MOST_NOTICE]) for block in blocks]
    return [outcome for head in heads if (outcome := _outcome(head))]


def _outcome(fields: Message) -> RecipientOutcome | None:
    names = [_typed(_field(fields, f"{which}-Recipient")) for which in ("Original", "Final")]
    # In transport a "+" is written in code, and some servers forget to undo it.
    names += [_XTEXT.sub(lambda code: chr(int(code[1], 16)), name) for name in names]
    recipients = tuple(dict.fromkeys(name.strip("<>") for name in names if "@" in name))
    status = _STATUS.match(_field(fields, "Status"))
    code = status[0] if status else ""
    said = re.match(r"[a-z]*", _field(fields, "Action").lower())
    action = (said and _ACTIONS.get(said[0])) or _BY_CLASS.get(code[:1])
    if not recipients or action is None:
        return None
    return RecipientOutcome(
        recipients, action, code, _typed(_field(fields, "Diagnostic-Code")) or code
    )


def _typed(value: str) -> str:
    """Without the type in front: `rfc822; officer@imabetsu.example`, `smtp; 550 5.1.1 ...`."""
    kind, mark, rest = value.partition(";")
    return rest.strip() if mark and re.fullmatch(r"[\w-]+\s*", kind) else value


# --- what became of it: a text for people ----------------------------------------------------------


def _told(head: Message, leaves: Sequence[_Leaf]) -> list[RecipientOutcome]:
    failed = _field(head, "X-Failed-Recipients")
    if not failed and not _SERVER.search(_field(head, "From")):
        return []
    text = next((leaf.text for leaf in leaves if leaf.kind == "text/plain"), "")[:_MOST_NOTICE]
    notice = _COPY.split(text, maxsplit=1)[0]
    told = f"{_field(head, 'Subject')}\n{notice}"
    if not failed and _GOES_ON.search(told):
        action = Action.DELAYED
    elif failed or _GIVES_UP.search(told):
        action = Action.FAILED
    else:
        return []
    listed = [*_NAMED.findall(failed), *_LISTED.findall(notice), *_NAMED.findall(notice)]
    recipients = tuple(dict.fromkeys(listed))
    if not recipients:
        return []
    words = _words_about(recipients[0], notice)
    return [RecipientOutcome(recipients, action, reasons.status_in(words) or "", words)]


def _words_about(recipient: str, notice: str) -> str:
    """What follows the recipient's name up to the next blank line; else the whole notice."""
    _, _, after = notice.partition(recipient)
    about = _BLANK_LINE.split(after.lstrip("<>:"), maxsplit=1)[0]
    return reasons.plain(about) or reasons.plain(notice)
