"""Answers to an invitation that calendars send by mail (iTIP REPLY, RFC 5546 section 3.2.3).

Pure.  Outlook, Exchange, Google and Apple write them; whatever else a calendar says is a doubt.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import product
from typing import Any

from icalendar import Calendar

from tracker.incoming_mail.parts import Leaf
from tracker.kernel.translation import _
from tracker.mail import mime
from tracker.replies.reply import OTHER, Attending, Expected, ReplyKind, ReplyMail

_MOST_TEXT = 200_000
_METHOD = re.compile(r"^METHOD[;:](.{1,60})$", re.I | re.M)
_PARTSTATS = {one.value.upper(): one for one in Attending}


def read(leaves: Sequence[Leaf], asked: Expected) -> ReplyMail | None:
    """What the calendar in a mail answers; None where there is none or it answers nothing.

    A calendar that is no answer (an invitation of theirs, a cancelled one) is OTHER.
    """
    texts = [
        leaf.text
        for leaf in leaves
        if "BEGIN:VCALENDAR" in leaf.text[:_MOST_TEXT] and not leaf.kind.startswith("message/")
    ]
    methods = [_method(text) for text in texts]
    answering = [
        text for text, method in zip(texts, methods, strict=True) if method in ("REPLY", "COUNTER")
    ]
    if not answering:
        return OTHER if any(methods) else None
    try:
        events = [one for text in answering for one in _events(text)]
        return _reply(events, _method(answering[0]), asked)
    except Exception:
        # Over broken calendars icalendar raises nearly anything.
        return ReplyMail(ReplyKind.RSVP, doubt=(_("予定表の返事を読み取れませんでした。"),))


def uids(leaves: Sequence[Leaf]) -> list[str]:
    """Which invitations the calendars in a mail answer, by their UIDs; none where they answer none."""
    texts = (leaf.text for leaf in leaves if _method(leaf.text) in ("REPLY", "COUNTER"))
    found = []
    for text in texts:
        with suppress(Exception):
            found += [str(one.get("UID", ""))[:200] for one in _events(text)]
    return list(dict.fromkeys(found))[:50]


def told(leaves: Sequence[Leaf], *names: str) -> str:
    """What the calendars' answers say in these properties, one below the other."""
    found: list[str] = []
    for text in (leaf.text for leaf in leaves if _method(leaf.text) in ("REPLY", "COUNTER")):
        with suppress(Exception):
            for event, name in product(_events(text), names):
                said = event.get(name, [])
                found += map(str, said if isinstance(said, list) else [said])
    return "\n".join(found)


def _method(text: str) -> str:
    found = _METHOD.search(text[:_MOST_TEXT])
    return found[1].rpartition(":")[2].strip().upper() if found else ""


def _events(text: str) -> list[Any]:
    return list(Calendar.from_ical(text[:_MOST_TEXT].lstrip("\ufeff")).walk("VEVENT"))


def _reply(events: Sequence[Any], method: str, asked: Expected) -> ReplyMail:
    uids = {str(event.get("UID", "")) for event in events}
    uid = next(iter(uids), "") or None
    sequence = int(events[0].get("SEQUENCE", 0)) if events else None
    attendees = [one for event in events for one in _attendees(event)]
    theirs = [status for address, status in attendees if _is_asked(address, asked)]
    doubt = [*_doubts(attendees, theirs, asked)]
    answer = _PARTSTATS.get(theirs[0]) if theirs else None
    if method == "COUNTER":
        doubt.append(_("別の日時の提案です。"))
    elif theirs and answer is None:
        doubt.append(_("予定表の返事に、出席か欠席かがありません。"))
    if len(uids) != 1 or uid is None or (asked.uid is not None and uid != asked.uid):
        doubt.append(_("お送りした会議の案内への返事ではありません。"))
    elif sequence is not None and asked.sequence is not None and sequence < asked.sequence:
        doubt.append(_("古い案内への返事です。そのあとで、案内の内容が変わっています。"))
    return ReplyMail(
        ReplyKind.RSVP,
        answer=None if doubt else answer,
        uid=uid,
        sequence=sequence,
        doubt=tuple(doubt),
    )


def _attendees(event: Any) -> Iterator[tuple[str, str]]:
    """Address and PARTSTAT of each; whom one delegates to has not answered."""
    found = event.get("ATTENDEE", [])
    found = found if isinstance(found, list) else [found]
    for one in found:
        address = re.sub(r"^mailto:", "", str(one), flags=re.I).strip()
        if "DELEGATED-FROM" not in one.params:
            yield address, str(one.params.get("PARTSTAT", "NEEDS-ACTION")).upper()


def _is_asked(address: str, asked: Expected) -> bool:
    return asked.address is None or mime.same_form(address) == mime.same_form(asked.address)


def _doubts(
    attendees: Sequence[tuple[str, str]], theirs: Sequence[str], asked: Expected
) -> Iterator[str]:
    if not attendees:
        yield _("予定表の返事に、だれの返事かがありません。")
    elif len(theirs) != len(attendees):
        yield _("案内していない方の返事です。")
    elif len(set(theirs)) > 1 or (asked.address is None and len(set(attendees)) > 1):
        yield _("予定表の返事に、答えが2つあります。")
