"""Takes the answers that secretaries give by reply mail, and asks back what is not plain."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select

from tracker.duty.duty import PersonalLink
from tracker.incoming_mail import parts
from tracker.kernel.refusal import Refusal
from tracker.mail import letters as mail
from tracker.mail import mime
from tracker.mail.letters import Letter
from tracker.mail.links import LetterSecret
from tracker.meetings import letters, queries
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.models import MeetingRow, MeetingSeat
from tracker.meetings.poll import actions as poll
from tracker.meetings.queries import Secretary
from tracker.meetings.rules import Answer
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.poll_replies import rules
from tracker.replies import rules as replies
from tracker.replies.reply import Expected, ReplyKind

# `mail.letters.subject_code` makes them.
_CODE = re.compile(r"[［\[]([0-9a-f]{10})[］\]]")
_MOST_NAMED = 50


def take(raw: bytes, at: datetime) -> bool:
    """Whether a mail is a person's answer to a letter of a poll that still runs; then it is followed.

    A plain answer counts as if given by the personal link.  A doubt is asked back of the post that
    the letter went to, once a day at most.  Whatever else it is, nobody is written to.
    """
    found = asked_by(raw, queries.POLL, queries.POLL_LETTERS)
    if found is None:
        return False
    letter, seat_id, is_named = found
    with Act(None, at) as act:
        row = db.session.get_one(MeetingSeat, seat_id)
        meeting_row = db.session.get_one(MeetingRow, row.meeting_id)
        meeting = queries.of(meeting_row)
        seat = next(one for one in meeting.seats if one.id == seat_id)
        post = queries.secretaries().get(seat.town.id) if seat.town else None
        numbers = rules.numbered(letter.body, meeting.dates)
        if not (numbers and post and meeting.is_polling) or seat.is_revoked:
            return False
        message_id = letter.message_id if is_named else None
        asked = Expected(max(numbers), message_id, letter.to_email)
        reply = replies.read(raw, asked)
        if reply.kind is not ReplyKind.POLL:
            return False
        doubt = rules.doubts(reply, numbers, meeting.dates, _is_still(post, letter))
        if not doubt:
            given = {numbers[number]: Answer(mark.value) for number, mark in reply.answers.items()}
            try:
                poll.answer(
                    act,
                    meeting_row,
                    seat.slug,
                    {**seat.given, **given},
                    seat.comment or "",
                    by_mail=True,
                )
            except Refusal as refusal:
                doubt = [refusal.message]
        if doubt:
            _ask_back(act, meeting, seat, post, doubt)
    return True


def asked_by(
    raw: bytes, link: str, with_code: Collection[str] = ()
) -> tuple[Letter, int, bool] | None:
    """The newest letter with such a link that a mail answers, its seat, and whether it is named.

    Where a gateway dropped what the mail answers, the code in the subject of the kinds `with_code`
    says so.
    """
    try:
        head = parts.read(raw)[0]
    except Exception:
        # Over broken mails the email package raises nearly anything.
        return None
    named = [f"<{one}>" for one in replies.answered(head)[:_MOST_NAMED]]
    codes = _CODE.findall(parts.field(head, "Subject"))[:_MOST_NAMED]
    rows = _asking(link, Letter.message_id.in_(named))
    is_named = bool(rows)
    if not rows and codes and with_code:
        quoted = or_(*(Letter.subject.contains(f"［{code}］") for code in codes))
        rows = _asking(link, and_(Letter.kind.in_(with_code), quoted))
    seats = {seat_id for letter, seat_id in rows if letter is rows[0][0]}
    return (rows[0][0], seats.pop(), is_named) if len(seats) == 1 else None


def _asking(link: str, which: ColumnElement[bool]) -> Sequence[tuple[Letter, int]]:
    """Such letters with each seat that they link to so, the newest first."""
    found = db.session.execute(
        select(Letter, LetterSecret.subject)
        .join(LetterSecret, LetterSecret.letter_id == Letter.id)
        .where(which, LetterSecret.kind == link)
        .order_by(Letter.id.desc())
    )
    return [(letter, seat_id) for letter, seat_id in found]


def _is_still(post: Secretary, letter: Letter) -> bool:
    """Whether the letter went to whom the post is now."""
    to = post.recipient
    return to.key == letter.to_key and mime.same_form(to.email) == mime.same_form(letter.to_email)


def _ask_back(act: Act, meeting: Meeting, seat: Seat, post: Secretary, doubt: list[str]) -> None:
    cause = f"poll:{meeting.id}:unclear:{act.today}"
    code = mail.subject_code(cause, post.recipient)
    mail.put(
        "poll_unclear",
        post.recipient,
        letters.unclear(meeting, seat.title, act.today, doubt, code),
        cause=cause,
        at=act.at,
        link=PersonalLink(queries.POLL, seat.id),
        path=meeting.path,
    )
