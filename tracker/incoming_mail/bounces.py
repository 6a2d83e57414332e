"""Reads what mail servers send back about a letter that they took and could not deliver.

Pure.  Delivery status notifications (RFC 3464, RFC 6533), however little they say, and the texts
for people of servers that write none.  Whatever bytes come, it is over soon and nothing is raised.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import Message
from email.parser import HeaderParser
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from flufl.bounce import all_failures

from tracker.incoming_mail import parts
from tracker.incoming_mail.parts import MOST_BYTES, Leaf, field
from tracker.mail import mime, reasons

_MOST_NOTICE = 20_000
# How much of a mail is shown to flufl.bounce, whose patterns look at each line many times.
_MOST_ASKED = 64 * 1024
_MOST_BLOCKS = 50

_STATUS_REPORTS = ("message/delivery-status", "message/global-delivery-status")
_READ_RECEIPT = "message/disposition-notification"
_COMPLAINT = "message/feedback-report"
_ENCLOSED = (
    *("message/rfc822", "text/rfc822-headers"),
    *("message/global", "message/global-headers", "message/rfc822-headers"),
)
# `letters.message_id` makes them.
_OURS = re.compile(r"<?([0-9a-f]{32}@[A-Za-z0-9.-]{1,190})>?")
_ANY_ID = re.compile(r"<[^<>\s]{1,250}>")
_ID_LINE = re.compile(
    r"^[ \t>]{0,9}(?:x-)?(?:original-)?message-?id:[ \t]*(?:\n[ \t]+)?(.{0,250})", re.I | re.M
)
_TO_LINE = re.compile(r"^[ \t>]{0,9}to:(.{0,1000})", re.I | re.M)
_FROM_LINE = re.compile(r"^[ \t>]{0,9}from:(.{0,1000})", re.I | re.M)
# Quoted where its dots are none of RFC 5321's: "a..b"@docomo.ne.jp.
_ADDRESS = rf"(?:{mime.LOCAL}|\"{mime.LOCAL}\")@[\w-][\w.-]{{0,189}}"
_LISTED = re.compile(rf"^[ \t<*>]{{0,9}}({_ADDRESS})", re.M)
_NAMED = re.compile(_ADDRESS)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_WORDS = re.compile(r"\w{2}")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_REPORT_LINE = re.compile(r"^(?:final-recipient|action|status|diagnostic-code):", re.I | re.M)
_REPLY_LINE = re.compile(r"^.{0,40}\b[45]\d\d[ -].{3,}|^.{0,200}\(?#[45]\.\d\.\d.*", re.M)

# Who writes notices, in From or as its program; what their subjects begin with.
_SERVER = re.compile(
    r"mailer-?daemon|postmaster|mail ?deliver\w* ?(?:sub)?system|microsoftexchange|mdaemon"
    r"|interscan|m-filter|mail administrator|\bmail ?system\b|imss",
    re.I,
)
_ROLE = re.compile(r"^(?:no-?reply|do-?not-?reply|system|error|bounce|mail|admin|daemon)", re.I)
_SUBJECT = re.compile(
    r"\W*(?:undeliver|non-?deliver|returned (?:mail|message|to sender)|return(?:ed)? mail"
    r"|(?:mail |message |permanent |failed )?deliver\w* (?:status|has |have )?"
    r"(?:notif|fail|error|report|delay|problem)"
    r"|(?:warning: )?(?:message|mail|e-?mail) "
    r"(?:could not|not|delivery|was not|delayed|status|system error)"
    r"|fail(?:ure|ed) (?:notice|delivery|mail)|could not (?:send|deliver)|unable to deliver"
    r"|there was an error sending|user unknown|rejected:"
    r"|\S{0,9}(?:メール|メッセージ|配信|配送|送信|送達|宛先|不達|未達)\S{0,12}"
    r"(?:エラー|失敗|不能|不達|でき(?:ません|なかった)|通知|戻り|返送)|不達|未配信|配信不能|エラーメール|返送)",
    re.I,
)
_ANSWERS = re.compile(
    r"\W*(?:re|aw|fwd?|転送|返信)\s?(?:\[\d+\])?[:：]"
    r"|\W*(?:自動応答|自動返信|自動回答|不在|out of (?:the )?office|auto(?:matic)?[- ]?(?:reply|response))",
    re.I,
)
# Where its copy of the letter begins, and what it says.
_COPY = re.compile(
    r"^(?:(?:return-path|received|message-id|from):"
    r"|[ \t>*]*-{2,60}(?=[^-\n]).{0,80}"
    r"(?:copy of|original m|message follows|returned m|unsent m|undelivered m|元の|原文)"
    r"|(?:original (?:message|mail) (?:follows|as follows|headers?|details)|message headers follow)"
    r"|[+*=_-]{3,}[ \t]*\n(?=[A-Za-z-]+:[ \t]))",
    re.I | re.M,
)
_GOES_ON = re.compile(
    r"not yet been delivered|warning message only|no action is required|(?:not|n't) need to resend"
    r"|attempts will continue|will (?:keep|continue|retry|try again|be retried)|\bdelayed\b"
    r"|(?:引き続き|再度|自動的に|自動で).{0,20}(?:配送|配信|送信|再送).{0,12}(?:試み|試行|行い|続け)"
    r"|再送を(?:続け|試み)|まだ(?:配送|配信|送信|お?届)",
    re.I,
)
_GIVES_UP = re.compile(
    r"permanent|giv(?:en|ing) up|gave up|could ?n[o']t|cannot be|could not be|undeliver|non-?deliver"
    r"|unable to|not able to|(?:was|were|been|is|are|did)(?: not|n't) (?:be )?(?:reach|deliver|sent|listed|receiv)"
    r"|not delivered|deliver\w* (?:has |have )?(?:fail|error|problem|aborted)|had (?:\w+ )*(?:errors|problems)"
    r"|failed|failure|error\(s\)|rejected|returned to sender|returned mail|user unknown|unknown user|no such user"
    r"|message expired|over quota|account is (?:disabled|temporarily)"
    r"|[配送達信届]\S{0,4}(?:でき|られ)(?:ません|なかった)|失敗|届(?:き|か)(?:ません|なかった)|不達|宛先不明"
    r"|(?:存在|受信|配達)\S{0,3}(?:しません|できません)|見つかりません|エラー(?:通知|のため|により)|返送",
    re.I,
)
_REFUSED_RECEIPT = re.compile(r"automatically rejected", re.I)


class Action(StrEnum):
    """What became of a letter (RFC 3464 section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


# By how a server's word begins: some write words of their own.
_ACTIONS = (
    *((word, Action.FAILED) for word in ("fail", "expire", "bounce", "reject", "undeliver")),
    *((word, Action.DELAYED) for word in ("delay", "defer", "queue")),
    *((word, Action(word)) for word in ("delivered", "relayed", "expanded")),
)
_BY_CLASS = {"5": Action.FAILED, "4": Action.DELAYED, "2": Action.DELIVERED}


@dataclass(frozen=True)
class RecipientOutcome:
    """What became of the letter at one recipient, who may go by several addresses, or by none.

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
    """A server's word about the letter with this Message-ID; None where it names no letter at all.

    `mark` is the same for the same notice, however often it comes; `sent_to` whom the enclosed
    letter was addressed to, "" where that is not told.
    """

    message_id: str | None
    mark: str
    outcomes: tuple[RecipientOutcome, ...]
    sent_to: str = ""

    @property
    def main(self) -> RecipientOutcome:
        """What became of it at the address it was sent to; else the gravest."""
        named = (
            one for one in self.outcomes if self.sent_to.lower() in map(str.lower, one.recipients)
        )
        return next(named, min(self.outcomes, key=lambda one: list(Action).index(one.action)))


class _Notice(NamedTuple):
    """A mail that may be a notice: `said` is what it says to people without its copy of the letter,
    `enclosed` are copies as parts and `told` the other parts; whom and from whom the letter went.
    """

    head: Message
    said: str
    enclosed: list[str]
    told: list[str]
    report: str
    sent_to: str
    sender: str


def read(raw: bytes) -> Bounce | None:
    """What the mail says about a letter of ours, or of nobody knows whom; None when it is no notice.

    An automatic answer of a person's mailbox (out of office), a read receipt, a complaint about
    unwanted mail and a notice about somebody else's letter are none.
    """
    try:
        return _read(raw[:MOST_BYTES])
    except Exception:
        # Over broken mails the email package raises nearly anything; no mail may stop the rest.
        return None


def _read(raw: bytes) -> Bounce | None:
    head, leaves = parts.read(raw)
    notice, kinds = _notice(head, leaves), {leaf.kind for leaf in leaves}
    letter, is_foreign = _letter(notice)
    is_receipt = _READ_RECEIPT in kinds and not _REFUSED_RECEIPT.search(notice.said)
    if is_foreign or is_receipt or _COMPLAINT in kinds:
        return None
    outcomes = _reported(notice)
    if not outcomes and (notice.report or _is_signed(notice)):
        outcomes = _told(notice)
    if not outcomes and letter and not _is_persons(notice):
        outcomes = _second_opinion(raw, notice.said)
    if not letter:
        outcomes = [one for one in outcomes if one.recipients and one.action is Action.FAILED]
    if not outcomes:
        return None
    own = field(head, "Message-ID").encode(errors="replace") or raw.replace(b"\r\n", b"\n")
    return Bounce(letter, sha256(own).hexdigest()[:36], tuple(outcomes), notice.sent_to)


def _notice(head: Message, leaves: Sequence[Leaf]) -> _Notice:
    enclosed = [leaf.text for leaf in leaves if leaf.kind in _ENCLOSED]
    told = [leaf.text for leaf in leaves if leaf.kind not in _ENCLOSED]
    plain = [leaf.text for leaf in leaves if leaf.kind == "text/plain" and not leaf.is_file]
    pages = [leaf.text for leaf in leaves if leaf.kind == "text/html"][:1]
    text = "\n".join(plain)[:_MOST_NOTICE]
    if not text.strip():
        text = "\n".join(parts.from_html(page[:_MOST_NOTICE]) for page in pages)
    said, *rest = _COPY.split(text, maxsplit=1)
    if not said.strip() and not enclosed:
        said, rest = text, []
    copy = enclosed[0] if enclosed else text[len(said) :] if rest else ""
    reports = [leaf.text for leaf in leaves if leaf.kind in _STATUS_REPORTS]
    report = reports[0] if reports else said if len(_REPORT_LINE.findall(said)) > 1 else ""
    return _Notice(
        head, said, enclosed, told, report, _first(_TO_LINE, copy), _first(_FROM_LINE, copy)
    )


def _first(line: re.Pattern[str], copy: str) -> str:
    """The address in a header of the copied letter, "" when there is none."""
    found = line.search(copy[:_MOST_NOTICE])
    named = found and _NAMED.search(found[1])
    return named[0].strip('"') if named else ""


# --- which letter, and who says so -------------------------------------------------------------


def _letter(notice: _Notice) -> tuple[str | None, bool]:
    """The letter's Message-ID, and whether the notice is about somebody else's mail."""
    head = notice.head
    answered = _ANY_ID.findall(f"{field(head, 'References')} {field(head, 'In-Reply-To')}")
    named = [
        *(match[1] for text in notice.enclosed if (match := _ID_LINE.search(text))),
        *answered[-1:],
        *(match[1] for text in notice.told if (match := _ID_LINE.search(text))),
    ]
    # The first that is named decides: an answer to a letter of ours names that only further down.
    for text in named[:1] or notice.told:
        if match := _OURS.search(text):
            return f"<{match[1]}>", False
    return None, bool(named)


def _is_persons(notice: _Notice) -> bool:
    """Whether a person, or a person's mailbox by itself, wrote it."""
    head, sender = notice.head, field(notice.head, "From")
    if _ANSWERS.match(field(head, "Subject")):
        return True
    is_recipient = notice.sent_to and notice.sent_to.lower() in sender.lower()
    return not _SERVER.search(sender) and bool(is_recipient or head["In-Reply-To"])


def _is_signed(notice: _Notice) -> bool:
    """Whether a mail server signed it, by any of the names that they go by."""
    head, sender = notice.head, field(notice.head, "From")
    if head["X-Failed-Recipients"] or _SERVER.search(f"{sender} {field(head, 'X-Mailer')}"):
        return not _ANSWERS.match(field(head, "Subject"))
    if _is_persons(notice):
        return False
    address = _NAMED.search(sender)
    by_role = bool(notice.enclosed and address and _ROLE.match(address[0]))
    return not address or by_role or bool(_SUBJECT.match(field(head, "Subject")))


# --- what became of it: a report for programs ----------------------------------------------------


def _reported(notice: _Notice) -> list[RecipientOutcome]:
    blocks = _BLANK_LINE.split(notice.report.strip(), _MOST_BLOCKS)
    heads = [HeaderParser().parsestr(block[:_MOST_NOTICE].lstrip()) for block in blocks]
    outcomes = [outcome for head in heads if (outcome := _outcome(head))]
    if len(outcomes) == 1 and not outcomes[0].recipients:
        told = _named_recipients(notice)
        return [replace(outcomes[0], recipients=told)]
    return [one for one in outcomes if one.recipients]


def _outcome(fields: Message) -> RecipientOutcome | None:
    kinds = ("Original", "Final", "X-Actual")
    names = [_typed(field(fields, f"{which}-Recipient")) for which in kinds]
    # In transport a "+" is written in code, and some servers forget to undo it.
    names += [_XTEXT.sub(lambda code: chr(int(code[1], 16)), name) for name in names]
    recipients = tuple(dict.fromkeys(name.strip("<>") for name in names if "@" in name))
    status = _STATUS.match(field(fields, "Status"))
    code = status[0] if status else ""
    words = _typed(field(fields, "Diagnostic-Code")) or code
    basic = str(reasons.code_in(words) or "")
    said = field(fields, "Action").lower()
    action = next((action for word, action in _ACTIONS if said.startswith(word)), None)
    action = action or _BY_CLASS.get((code or basic)[:1])
    return RecipientOutcome(recipients, action, code, words) if action else None


def _typed(value: str) -> str:
    """Without the type in front: `rfc822; officer@imabetsu.example`, `smtp; 550 5.1.1 ...`."""
    kind, mark, rest = value.partition(";")
    return rest.strip() if mark and re.fullmatch(r"[\w-]+\s*", kind) else value


# --- what became of it: a text for people ----------------------------------------------------------


def _told(notice: _Notice) -> list[RecipientOutcome]:
    failed = field(notice.head, "X-Failed-Recipients")
    told = f"{field(notice.head, 'Subject')}\n{notice.said}"
    if not failed and _GOES_ON.search(told):
        action = Action.DELAYED
    elif failed or _GIVES_UP.search(told):
        action = Action.FAILED
    else:
        return []
    recipients = _named_recipients(notice)
    words = _words_about(recipients[0] if recipients else "", notice.said)
    return [RecipientOutcome(recipients, action, reasons.status_in(words) or "", words)]


def _named_recipients(notice: _Notice) -> tuple[str, ...]:
    """The addresses that a text for people complains of; else whom the letter was sent to."""
    failed = field(notice.head, "X-Failed-Recipients")
    listed = [*_NAMED.findall(failed), *_LISTED.findall(notice.said), *_NAMED.findall(notice.said)]
    ours = {notice.sender.lower(), *map(str.lower, _NAMED.findall(field(notice.head, "To")))}
    named = [
        one
        for one in dict.fromkeys(one.strip("\"'").rstrip(".") for one in listed)
        if one.lower() not in ours and not _SERVER.search(one) and not _OURS.fullmatch(one)
    ]
    at_first = [one for one in named if one.lower() == notice.sent_to.lower()]
    return tuple(dict.fromkeys([*at_first, *named])) or tuple(filter(None, [notice.sent_to]))


def _words_about(recipient: str, said: str) -> str:
    """What stands behind the recipient's name up to the next blank line, where that says why; else
    a server's reply, or all there is.
    """
    ends = [one.end() for one in re.finditer(re.escape(recipient), said)] if recipient else []
    after = (
        _BLANK_LINE.split(said[end:].lstrip("<>:"), maxsplit=1)[0] for end in ends[:_MOST_BLOCKS]
    )
    abouts = list(map(reasons.plain, after))
    reply = _REPLY_LINE.search(said)
    telling = [
        one for one in [*abouts, reasons.plain(reply[0] if reply else "")] if reasons.tells(one)
    ]
    return next(iter([*telling, *filter(_WORDS.search, abouts)]), reasons.plain(said))


def _second_opinion(raw: bytes, said: str) -> list[RecipientOutcome]:
    """What flufl.bounce makes of a mail that names a letter of ours."""
    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)
    temporary, permanent = all_failures(message_from_bytes(raw[:_MOST_ASKED]))
    found = [(address, Action.FAILED) for address in sorted(permanent)]
    found += [(address, Action.DELAYED) for address in sorted(temporary - permanent)]
    names = [(address.decode(errors="replace"), action) for address, action in found]
    return [
        RecipientOutcome((name,), action, reasons.status_in(words) or "", words)
        for name, action in names
        for words in [_words_about(name, said)]
    ]
