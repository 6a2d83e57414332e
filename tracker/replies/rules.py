"""Reads a mail as an answer to a letter: whose it is, whether a machine wrote it, what it says.

Pure.  Nothing is guessed: what is not plainly an answer is a doubt, and what is no answer by a
person is left alone.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message
from email.utils import getaddresses
from unicodedata import normalize

from tracker.incoming_mail import bounces, parts
from tracker.incoming_mail.parts import Leaf, field
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.mail import mime
from tracker.replies.poll import rules as poll
from tracker.replies.reply import OTHER, Attending, Expected, ReplyKind, ReplyMail
from tracker.replies.rsvp import rules as rsvp

_HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "Received", "Return-Path")
_IDS = re.compile(r"<([^<>\s]{1,250})>")
_OURS = re.compile(r"[0-9a-f]{32}@([A-Za-z0-9.-]{1,190})")
_LIST_HEADERS = (
    *("List-Id", "List-Post", "List-Help", "List-Unsubscribe", "Mailing-List"),
    *(
        "X-ML-Name",
        "X-ML-Count",
        "X-Autoreply",
        "X-Autorespond",
        "X-AutoReply-From",
        "X-FC-MachineGenerated",
    ),
)
_BULK = re.compile(r"bulk|junk|list|auto[_-]?reply", re.I)
_MACHINE = re.compile(r"mailer-?daemon|postmaster|(?:no|do-?not)-?reply@", re.I)
_AUTOMATIC = re.compile(
    r"\W*(?:自動(?:応答|返信|回答|送信)|不在|休暇|外出中|out of (?:the )?office|auto(?:matic|mated)?[\s:-]"
    r"|vacation|開封(?:済|確認)|既読|未読|未開封|(?:not )?read:|受信確認|on leave)",
    re.I,
)
_AWAY = re.compile(
    r"不在(?:に|の|と|で)|休暇(?:中|を|の)|自動(?:応答|返信|送信|配信)|出張(?:中|の)ため|留守"
    r"|out of (?:the )?office|on (?:vacation|leave)|automat(?:ic|ed) (?:reply|response|message)",
    re.I,
)
_FORWARDED = re.compile(r"\W*(?:fwd?|転送)\s?[:：]", re.I)
_DEPUTY = re.compile(r"代理|代わ(?:り|って)|代役|代参|副(?:市|町|村|知事)|委任")
_AGAINST = {
    Attending.ACCEPTED: re.compile(
        rf"{_DEPUTY.pattern}|欠席|不参加|(?:出席|参加)(?:は|が)?(?:でき|いたしかね|しかね|難)|未定|仮に|ただし|条件"
    ),
    Attending.DECLINED: re.compile(
        rf"{_DEPUTY.pattern}|(?:出席|参加)(?:し|いたし|致し|させていただき|予定)|遅れ|途中|オンライン|別の?日|変更"
    ),
}
_NOTES = ("message/disposition-notification", "message/delivery-status", "message/feedback-report")


def read(raw: bytes, asked: Expected) -> ReplyMail:
    """What the mail answers.  Raises Refusal when the bytes are no mail."""
    try:
        head, leaves = parts.read(raw)
    except Exception:
        # Over broken mails the email package raises nearly anything.
        head, leaves = Message(), []
    if not any(name in head for name in _HEADERS):
        raise Refusal(_("メールとして読めないファイルです。"))
    invitation = rsvp.read(leaves, asked)
    if invitation is not None:
        return _of_calendar(head, leaves, invitation, asked)
    if _is_machine(head, leaves) or bounces.read(raw) or not _answers_letter(head, asked):
        return OTHER
    text = _text(leaves)
    told = poll.read(text, asked.candidates)
    if not told.answers and _FORWARDED.match(field(head, "Subject")):
        return OTHER
    if not told.answers and _AWAY.search(poll.own_words(text)):
        return OTHER
    doubt = [*_sender_doubts(head, asked), *_letter_doubts(head, asked), *told.doubt]
    if _FORWARDED.match(field(head, "Subject")):
        doubt.append(_("返信ではなく、転送されたメールです。"))
    return replace(told, answers={}, doubt=tuple(doubt)) if doubt else told


def _of_calendar(head: Message, leaves: list[Leaf], found: ReplyMail, asked: Expected) -> ReplyMail:
    """An invitation is known by its UID, which nobody else was given; without one by the letter."""
    if found.kind is ReplyKind.OTHER:
        return OTHER
    is_known = asked.uid is not None and found.uid == asked.uid
    if not is_known and not _answers_letter(head, asked):
        return OTHER
    words = poll.own_words(_text(leaves)) + "\n" + rsvp.told(leaves, "COMMENT")
    doubt = (*_sender_doubts(head, asked), *found.doubt, *_words_against(words, leaves, found))
    return replace(found, answer=None if doubt else found.answer, doubt=doubt)


def _words_against(words: str, leaves: list[Leaf], found: ReplyMail) -> Iterator[str]:
    """What somebody wrote beside a calendar's answer that makes another of it: a deputy comes.

    What the invitation itself says is none of it.
    """
    ours = normalize("NFKC", rsvp.told(leaves, "SUMMARY", "LOCATION", "DESCRIPTION"))
    for line in map(str.strip, words.splitlines()):
        against = _AGAINST.get(found.answer) if found.answer else None
        if line and line not in ours and against and against.search(line):
            shown = line if len(line) <= 40 else f"{line[:39]}…"
            yield _("予定表の返事に「%(shown)s」と書かれていました。", shown=shown)


def _is_machine(head: Message, leaves: list[Leaf]) -> bool:
    """Whether a program wrote it, or a list passed it on: nobody there can be asked back."""
    by_itself = field(head, "Auto-Submitted").lower()
    senders = getaddresses([field(head, "From")])
    return bool(
        (by_itself and not by_itself.startswith("no"))
        or any(name in head for name in _LIST_HEADERS)
        or _BULK.search(field(head, "Precedence"))
        or _AUTOMATIC.match(field(head, "Subject"))
        or not any(address for _name, address in senders)
        or _MACHINE.search(field(head, "From"))
        or any(leaf.kind in _NOTES for leaf in leaves)
        or head.get_content_type() == "multipart/report"
    )


def _answers_letter(head: Message, asked: Expected) -> bool:
    """Whether it answers the letter that asked, and is no letter of ours itself."""
    own = _IDS.findall(field(head, "Message-ID"))
    if asked.letter is None:
        return True
    letter = asked.letter.strip("<> ")
    ours, mine = _OURS.fullmatch(letter), _OURS.fullmatch(own[0]) if own else None
    is_ours = bool(ours and mine and ours[1].lower() == mine[1].lower())
    return letter in answered(head) and letter not in own and not is_ours


def answered(head: Message) -> list[str]:
    """The Message-IDs of the mails that it answers, without brackets."""
    return _IDS.findall(f"{field(head, 'References')} {field(head, 'In-Reply-To')}")


def _letter_doubts(head: Message, asked: Expected) -> Iterator[str]:
    """Answering two letters of ours at once says nothing of which is meant."""
    ours = _OURS.fullmatch((asked.letter or "").strip("<> "))
    if ours is None:
        return
    hosts = {one: match[1] for one in answered(head) if (match := _OURS.fullmatch(one))}
    if any(one != ours[0] and host.lower() == ours[1].lower() for one, host in hosts.items()):
        yield _("複数のお知らせへの返信になっています。")


def _sender_doubts(head: Message, asked: Expected) -> Iterator[str]:
    """Only whom the letter went to may answer it."""
    senders = [address for _name, address in getaddresses([str(head.get("From", ""))]) if address]
    if asked.address and [mime.same_form(one) for one in senders] != [
        mime.same_form(asked.address)
    ]:
        yield _("差出人が、お願いした宛先と違います。")


def _text(leaves: list[Leaf]) -> str:
    """What it says to people: its plain text, else its page."""
    plain = [leaf.text for leaf in leaves if leaf.kind == "text/plain" and not leaf.is_file]
    pages = [leaf.text for leaf in leaves if leaf.kind == "text/html" and not leaf.is_file]
    text = "\n".join(plain)
    return text if text.strip() else "\n".join(map(parts.from_html, pages))
