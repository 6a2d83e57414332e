"""What the letters of a meeting are told (dates asked for, fixed, moved, notified: M6 to M9)."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple

from flask import current_app
from flask.sansio.app import App

from tracker.accounts import queries as accounts
from tracker.accounts.models import PostKind
from tracker.duty.duty import PersonalLink
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.typed import even
from tracker.mail import letters
from tracker.mail.letters import Recipient
from tracker.meetings.meeting import Meeting
from tracker.meetings.rules import Candidate
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

# Who is asked who comes gets the notice as an invitation.
NOTICES = ("meeting_notice", "meeting_invitation")
# Where a mailbox is read: gateways cut links (poll_replies).
BY_MAIL = (
    "このメールに、番号と○・△・×だけを書いて返信して\n"
    "いただいても、お答えいただけます（例　1○ 2△ 3×）。"
)


def addressees(meeting: Meeting) -> list[Recipient]:
    """Who hears of the meeting itself: the officers of all municipalities, of the heads' the secretaries too."""
    kinds = [PostKind.SECRETARY, PostKind.OFFICER] if meeting.is_yearly else [PostKind.OFFICER]
    found = accounts.recipients(*kinds)
    return [one for many in found.values() for one in many]


class Enclosed(NamedTuple):
    """What one recipient gets beside the words: a kind of letter and its fields, link, calendar."""

    to: Recipient
    kind: str
    values: Mapping[str, str]
    link: str | PersonalLink
    calendar: str | None = None


Enclose = Callable[[Act, int, str], Iterable[Enclosed]]


def register(app: App, enclose: Enclose) -> None:
    """Makes known, once at the start, who adds invitations to the letters of a meeting (its id).

    It is asked within the act of each letter, of its kind.
    """
    app.extensions["meeting_enclosures"] = enclose


def put(act: Act, kind: str, meeting: Meeting, values: Mapping[str, str], cause: str) -> int:
    """One letter to each of them, in the act's transaction; how many were written.

    Who is invited gets what was registered for them, also where they are not among the others.
    """
    db.session.flush()
    all_of_them = {to.key: Enclosed(to, kind, {}, meeting.path) for to in addressees(meeting)}
    enclose: Enclose = current_app.extensions["meeting_enclosures"]
    all_of_them |= {one.to.key: one for one in enclose(act, meeting.id, kind)}
    return sum(
        letters.put(
            one.kind,
            one.to,
            {**values, **one.values},
            cause=cause,
            at=act.at,
            link=one.link,
            path=meeting.path,
            calendar=one.calendar,
        )
        for one in all_of_them.values()
    )


def request(
    year: FiscalYear,
    place: str,
    head: str,
    dates: Iterable[Candidate],
    due_on: date | None,
    today: date,
    added: Iterable[Candidate] = (),
    code: str = "",
) -> dict[str, str]:
    """The fields of the letters that ask for dates: for sending (M6, M7) and for their preview.

    `code` names the letter in its subject, for replies that no longer say what they answer.
    """
    left = (due_on - today).days if due_on else 0
    is_read = bool(current_app.config["IMAP_SERVER"])
    return {
        "年度": year.label,
        "首長": head,
        "会場": place,
        "候補日": _listed(dates),
        "加えた候補日": _listed(sorted(added)),
        "期限": wareki.full(due_on) if due_on else "",
        "期限の月日": wareki.month_day(due_on) if due_on else "",
        "あと何日": f"あと{left}日" if left else "本日まで",
        "照会番号": f"［{code}］" if is_read and code else "",
        "返信での回答": BY_MAIL if is_read else "",
    }


def unclear(
    meeting: Meeting, head: str, today: date, doubts: Iterable[str], code: str
) -> dict[str, str]:
    """The fields of the letter that asks back what a reply mail meant (M6c)."""
    dates, due_on = meeting.dates.values(), meeting.reply_due_on
    asked = request(meeting.year, meeting.place, head, dates, due_on, today, code=code)
    return {**asked, "分からない点": "\n".join(doubts)}


def day(meeting: Meeting, reason: str, before: Candidate | None = None) -> dict[str, str]:
    """When and where a meeting is, once it is fixed (M8), what it was before, and why."""
    hours = meeting.hours
    return {
        **place_of(meeting),
        "開催日時": f"{wareki.short(hours.on)}{wareki.clock_time(hours.begins)}" if hours else "",
        "変更前": before.label if before else "",
        "理由": reason,
    }


def notice(meeting: Meeting, number: str, text: str) -> dict[str, str]:
    """The fields of the notice (M9): its number on paper, and what the office wrote."""
    return {**place_of(meeting), "文書番号": number, "案内文": text}


def notice_cause(meeting: Meeting, number: str, text: str) -> tuple[str, Collection[str]]:
    """What letters of this notice are unique by, and who (`Recipient.key`) has one by it (one query).

    `meeting` as it stands, at the place that the notice names. A notice that says what the last
    one said is still that one, unless the meeting has moved since; any other is one of its time
    (the meeting's version), also where it says again what an earlier one said.
    """
    words = "\0".join([str(meeting.hours), even(meeting.place), number.strip(), text.strip()])
    mark, about = hashlib.sha256(words.encode()).hexdigest()[:12], f"meeting:{meeting.id}:notice:"
    if meeting.noticed_at:
        last, told = letters.sent_last(NOTICES, about)
        if last.endswith(f":{mark}"):
            return last, told
    return f"{about}{meeting.version}:{mark}", ()


def place_of(meeting: Meeting) -> dict[str, str]:
    """Which meeting, where and when: fields of its letters."""
    return {
        "会議": meeting.name,
        "会場": meeting.place,
        "日時": meeting.hours.label if meeting.hours else "",
    }


def _listed(dates: Iterable[Candidate]) -> str:
    return "\n".join(f"{place}　{one.label}" for place, one in enumerate(dates, 1))
