"""Reads meetings in one shape, and how every agreement stands with Article 5."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    cast,
    func,
    literal,
    null,
    select,
    true,
)

from tracker.accounts import queries as people
from tracker.accounts.models import Post, PostKind
from tracker.kernel.fiscal_year import FiscalYear
from tracker.mail import links
from tracker.mail.letters import Letter, LetterState, Recipient
from tracker.mail.links import Life
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.models import AgendaItem, CandidateDate, MeetingRow, MeetingSeat, PollAnswer
from tracker.meetings.rules import Answer, link_ends
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept
from tracker.struck.models import not_struck

# The kind of personal link by which a secretary answers.
POLL = "poll"
POLL_LETTERS = ("poll_request", "poll_added", "poll_again", "poll_unclear")
# The state of the last letter that asked this seat's post for the dates of this meeting.
_LAST_LETTER = (
    select(Letter.state)
    .where(
        Letter.to_key == literal("post:").concat(cast(MeetingSeat.post_id, String)),
        Letter.path == literal("/meetings/").concat(cast(MeetingSeat.meeting_id, String)),
        Letter.kind.in_(POLL_LETTERS),
    )
    .order_by(Letter.id.desc())
    .limit(1)
    .correlate(MeetingSeat)
    .scalar_subquery()
)


# The items of a meeting that wait for the office's answer: how many, and since when.
_PROPOSED = [
    select(what)
    .where(
        AgendaItem.meeting_id == MeetingRow.id,
        AgendaItem.accepted_at.is_(None),
        not_struck(AgendaItem),
    )
    .correlate(MeetingRow)
    .scalar_subquery()
    for what in (func.count(AgendaItem.id), func.min(AgendaItem.proposed_at))
]


# --- meetings -------------------------------------------------------------------------------------


def meetings(first: FiscalYear, last: FiscalYear | None = None) -> Sequence[Meeting]:
    """The meetings of these fiscal years, called off or not, the newest first (one query)."""
    years = MeetingRow.fiscal_year >= first.year
    if last is not None:
        years = and_(years, MeetingRow.fiscal_year <= last.year)
    return kept(
        ("meetings", first, last),
        ("meetings", "municipalities"),
        lambda: _meetings(_rows(years, MeetingRow.fixed_at.is_(None), null())),
    )


def find(meeting_id: int) -> Meeting | None:
    """One meeting with all of its dates and answers (one query)."""
    return next(iter(_whole(MeetingRow.id == meeting_id)), None)


def of(row: MeetingRow) -> Meeting:
    """The meeting of a row, as the database has it now."""
    [found] = _whole(MeetingRow.id == row.id)
    return found


def find_meeting(year: FiscalYear) -> Meeting | None:
    """The year's Article 5 meeting, unless it was called off."""
    return yearly(meetings(year), year)


def row(meeting: Meeting) -> MeetingRow:
    """The row of a meeting, for an act."""
    return db.session.get_one(MeetingRow, meeting.id)


def seat_rows(row: MeetingRow) -> Sequence[MeetingSeat]:
    """All seats of a meeting, for an act."""
    found = select(MeetingSeat).where(MeetingSeat.meeting_id == row.id).order_by(MeetingSeat.id)
    return db.session.scalars(found).all()


def is_older(year: FiscalYear) -> bool:
    """Whether there is any meeting before that year."""
    found = select(MeetingRow.id).where(MeetingRow.fiscal_year < year.year).limit(1)
    return db.session.scalar(found) is not None


def _whole(*conditions: ColumnElement[bool]) -> Sequence[Meeting]:
    return _meetings(_rows(and_(*conditions), true(), _LAST_LETTER))


def _rows(conditions: Any, with_dates: Any, last_letter: Any) -> Sequence[Any]:
    return db.session.execute(
        select(MeetingRow, CandidateDate, MeetingSeat, PollAnswer, last_letter, *_PROPOSED)
        .join(MeetingSeat, MeetingSeat.meeting_id == MeetingRow.id)
        .outerjoin(CandidateDate, and_(CandidateDate.meeting_id == MeetingRow.id, with_dates))
        .outerjoin(
            PollAnswer,
            and_(PollAnswer.seat_id == MeetingSeat.id, PollAnswer.candidate_id == CandidateDate.id),
        )
        .where(conditions)
        .order_by(
            MeetingRow.fiscal_year.desc(),
            MeetingRow.id.desc(),
            CandidateDate.on,
            CandidateDate.begins,
            MeetingSeat.id,
            # Of the answers to a date the newest counts: it comes last.
            PollAnswer.id,
        )
    ).all()


def _meetings(rows: Iterable[Any]) -> tuple[Meeting, ...]:
    return tuple(_meeting(one, list(own)) for one, own in groupby(rows, lambda row: row[0]))


def _meeting(one: MeetingRow, rows: Sequence[Any]) -> Meeting:
    order = {town.id: (n, town) for n, town in enumerate(areas.towns())}
    dates = dict.fromkeys(date for _, date, *_ in rows if date)
    by_seat: dict[MeetingSeat, list[Any]] = {}
    for row in rows:
        by_seat.setdefault(row[2], []).append(row)
    seats = sorted(
        by_seat, key=lambda seat: (order.get(seat.municipality_id or 0, (len(order),))[0], seat.id)
    )
    return Meeting(
        id=one.id,
        version=one.version,
        year=one.year,
        is_yearly=one.is_yearly,
        name=one.name,
        place=one.place,
        reply_due_on=one.reply_due_on,
        hours=one.hours,
        polled_at=one.polled_at,
        fixed_at=one.fixed_at,
        fixed_reason=one.fixed_reason,
        notice_number=one.notice_number,
        noticed_at=one.noticed_at,
        attendance_at=one.attendance_at,
        minutes_final_at=one.minutes_final_at,
        cancelled_at=one.cancelled_at,
        cancelled_reason=one.cancelled_reason,
        dates={date.id: date.hours for date in dates},
        last_added_at=max((date.added_at for date in dates), default=None),
        seats=tuple(
            _seat(seat, order[seat.municipality_id][1] if seat.municipality_id else None, own)
            for seat in seats
            for own in [by_seat[seat]]
        ),
        proposed=rows[0][5],
        proposed_since=rows[0][6],
    )


def _seat(seat: MeetingSeat, town: Town | None, rows: Sequence[Any]) -> Seat:
    answers: list[PollAnswer] = [row[3] for row in rows if row[3] is not None]
    last = max(answers, key=lambda one: one.id, default=None)
    given: dict[int, Answer | None] = {}
    changed: dict[int, Answer | None] = {}
    for one in answers:
        if given.get(one.candidate_id, one.answer) != one.answer:
            changed[one.candidate_id] = given[one.candidate_id]
        given[one.candidate_id] = one.answer
    return Seat(
        id=seat.id,
        version=seat.version,
        town=town,
        title=seat.title,
        post_id=seat.post_id,
        is_revoked=seat.revoked_at is not None,
        is_required=seat.is_required,
        comment=seat.comment,
        attendance=seat.attendance,
        deputy=seat.deputy,
        is_invited=seat.invited_at is not None,
        companions=seat.companions,
        vehicles=seat.vehicles,
        replied_at=seat.replied_at,
        replied_by=seat.replied_by,
        reply_told_by=seat.reply_told_by,
        answers={id_: one for id_, one in given.items() if one},
        changed=changed,
        answered_at=last.answered_at if last else None,
        answered_by=last.answered_by if last else None,
        told_by=last.told_by if last else None,
        is_undelivered=rows[0][4] is LetterState.UNDELIVERABLE,
    )


def yearly(found: Iterable[Meeting], year: FiscalYear) -> Meeting | None:
    """The Article 5 meeting of the year among these, unless it was called off."""
    return next(
        (one for one in found if one.is_yearly and one.year == year and not one.cancelled_at), None
    )


# --- personal links -------------------------------------------------------------------------------


def find_by_link(token: str, at: datetime) -> tuple[Meeting, bool] | None:
    """The meeting behind a personal link, and whether the link opens; None for what is no link.

    Of a meeting that was called off, whether it was given out.  Only the one seat's answers are
    read: nobody sees another's.
    """
    seat_id = links.named(token)
    rows = _rows(MeetingSeat.id == seat_id, true(), null()) if seat_id else ()
    if not rows:
        return None
    [found] = _meetings(rows)
    if found.cancelled_at is not None:
        return found, links.is_made_of(POLL, token, rows[0][2].nonce)
    return found, links.verify(POLL, token, at) is not None


def seat_life(on: Connection, seat_id: int) -> Life | None:
    """What a seat says of its link: it goes to the post that is asked, until it is revoked."""
    row = on.execute(
        select(MeetingSeat.nonce, MeetingSeat.post_id, MeetingRow.reply_due_on)
        .join(MeetingRow, MeetingRow.id == MeetingSeat.meeting_id)
        .where(
            MeetingSeat.id == seat_id,
            MeetingSeat.revoked_at.is_(None),
            MeetingRow.reply_due_on.is_not(None),
        )
    ).first()
    if row is None:
        return None
    return Life(row.nonce, frozenset({f"post:{row.post_id}"}), link_ends(row.reply_due_on))


class Secretary(NamedTuple):
    """The post that answers for a head, and where its letters go."""

    post_id: int
    recipient: Recipient


def secretaries() -> Mapping[int, Secretary]:
    """The secretary's post of each municipality that has one with a mailbox, by its id."""
    return {
        town_id: Secretary(to.post_id, to)
        for town_id, (to, *_others) in people.recipients(PostKind.SECRETARY).items()
        if to.post_id
    }


def phones(meeting: Meeting) -> Mapping[str, str]:
    """Whom to ring about each head, by the seat's name: 「総務課 秘書 0174-…」 (one query)."""
    by_post = {seat.post_id: seat.name for seat in meeting.seats if seat.post_id}
    rows = db.session.execute(select(Post.id, Post.name, Post.phone).where(Post.id.in_(by_post)))
    return {by_post[id_]: f"{name} {phone or ''}".strip() for id_, name, phone in rows}


# --- what decisions are held by ---------------------------------------------------------------------


def attended(ids: Collection[int] | None) -> dict[int, dict[str, Any]]:
    """What recorded attendance is held by: the day, and by seat who came.

    Of the meetings named, or (None) of all whose attendance is recorded.
    """
    of = MeetingRow.attendance_at.is_not(None) if ids is None else MeetingRow.id.in_(ids)
    rows = db.session.execute(
        select(MeetingRow, MeetingSeat)
        .join(MeetingSeat, MeetingSeat.meeting_id == MeetingRow.id)
        .where(of)
    )
    found: dict[int, dict[str, Any]] = {}
    for row, seat in rows:
        held_on = row.held_on.isoformat() if row.held_on else None
        one = found.setdefault(row.id, {"held_on": held_on, "seats": {}})
        one["seats"][str(seat.id)] = [seat.attendance, seat.deputy]
    return found
