"""Reads for the page 通知: what will be sent, and what was sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, ScalarSelect, TextClause, func, select

from tracker.kernel.permissions import Actor, Permission, allowed
from tracker.mail.letters import HELD, NOT_SENT, OPEN, Letter, LetterState, SendAttempt
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.reminders.models import PASSED_OVER, ClockState, LetterItem
from tracker.reminders.queries import to_come
from tracker.reminders.rules import Notice

PER_PAGE = 20
# More people hear of no one mention.
MOST_PEOPLE = 200
# What people may choose from in the list of letters, besides everything.
STATES = (
    LetterState.UNDELIVERABLE,
    LetterState.RETRYING,
    LetterState.QUEUED,
    LetterState.HELD,
    LetterState.RESENT,
    LetterState.SKIPPED,
    LetterState.SENT,
)
# 「送っています」 speaks of what went out so recently.
_RECENT = timedelta(minutes=10)


@dataclass(frozen=True)
class Upcoming:
    """One line of これから送るもの: the same mention to several people."""

    first: Notice
    names: tuple[str, ...]
    is_skipped: bool

    @property
    def title(self) -> str:
        """上期の進捗報告　期限3日前."""
        first = self.first
        about = f"{first.duty.subject}　" if first.step else ""
        return about + first.label

    @property
    def token(self) -> str:
        """What names the line in an address."""
        return f"{self.first.on.isoformat()}.{self.first.kind}.{self.first.step_name}"


def upcoming(at: datetime, actor: Actor) -> tuple[Upcoming, ...]:
    """What will be sent within 30 days of this instant, that the actor may see."""
    today = clock.day(at)
    lines: dict[tuple[object, ...], list[Notice]] = {}
    for notice, state in to_come(today):
        is_to_come = notice.moment > at and state in (None, LetterState.SKIPPED)
        if is_to_come and allowed(actor, Permission.READ_LETTERS, [notice.duty.owner.municipality]):
            key = (notice.on, notice.kind, notice.step_name, state is not None)
            lines.setdefault(key, []).append(notice)
    return tuple(
        Upcoming(
            first=many[0],
            names=tuple(dict.fromkeys(one.to.name for one in many)),
            is_skipped=key[-1] is True,
        )
        for key, many in lines.items()
    )


_Condition = ColumnElement[bool] | TextClause


def _readable(actor: Actor) -> list[_Condition]:
    if allowed(actor, Permission.READ_LETTERS, []):
        return []
    return [Letter.municipality_id == actor.municipality_id]


def sent(
    actor: Actor, state: LetterState | None, limit: int, offset: int
) -> tuple[Sequence[Row[*tuple[Any, ...]]], int]:
    """A part of the letters, newest first, and how many there are; own municipality or all.

    Ids and number come from an index, whatever was sent in former years.
    """
    readable = _readable(actor)
    wanted = [*readable, *_in_state(state)]
    count: ColumnElement[int] = _count(*wanted)
    if state is LetterState.SENT:
        count = _count(*readable) - _count(*readable, NOT_SENT)
    newest_first = (Letter.send_at.desc(), Letter.id.desc())
    ids = select(Letter.id).where(*wanted).order_by(*newest_first).limit(limit)
    rows = db.session.execute(
        select(
            Letter.id,
            Letter.send_at,
            Letter.sent_at,
            Letter.subject,
            Letter.to_name,
            Letter.state,
            Letter.note,
            count,
        )
        .where(Letter.id.in_(ids.offset(offset)))
        .order_by(*newest_first)
    ).all()
    return rows, (int(rows[0][-1]) if rows else 0)


def _in_state(state: LetterState | None) -> list[_Condition]:
    if state is None:
        return []
    return [Letter.state == state, *([] if state is LetterState.SENT else [NOT_SENT])]


def _count(*conditions: _Condition) -> ScalarSelect[int]:
    return select(func.count()).select_from(Letter).where(*conditions).scalar_subquery()


def find_letter(letter_id: int) -> Letter | None:
    """One letter, or None."""
    return db.session.get(Letter, letter_id)


def attempts(letter_id: int) -> Sequence[SendAttempt]:
    """Every try to send it, oldest first."""
    return db.session.scalars(
        select(SendAttempt).where(SendAttempt.letter_id == letter_id).order_by(SendAttempt.id)
    ).all()


def passed_over(actor: Actor, at: datetime) -> Sequence[Row[*tuple[Any, ...]]]:
    """The newest mentions that went into no letter (見送り): day, what, how many people."""
    if not allowed(actor, Permission.READ_LETTERS, []):
        return []
    newest = (
        select(LetterItem.due_at, LetterItem.step, LetterItem.title)
        .where(PASSED_OVER, LetterItem.due_at <= at)
        .order_by(LetterItem.due_at.desc())
        .limit(PER_PAGE * MOST_PEOPLE)
        .subquery()
    )
    day = func.min(newest.c.due_at)
    return db.session.execute(
        select(day.label("due_at"), newest.c.title, func.count().label("people"))
        .group_by(newest.c.step, newest.c.title)
        .order_by(day.desc())
        .limit(PER_PAGE)
    ).all()


class Progress(NamedTuple):
    """Letters waiting, on their way, gone in the last minutes, and held for a person.

    `planned_until` is how far the clock has planned; `held_since`: a backup was restored then, and
    no letter goes out.
    """

    waiting: int
    sending: int
    gone: int
    held: int
    planned_until: datetime | None
    held_since: datetime | None

    @property
    def left(self) -> int:
        """How many are still to go out now."""
        return self.waiting + self.sending


def progress(at: datetime) -> Progress:
    """The counts as they stand (one query)."""
    due = (OPEN, Letter.next_attempt_at <= at, Letter.state != LetterState.SENDING)
    row = db.session.execute(
        select(
            _count(*due),
            _count(OPEN, Letter.state == LetterState.SENDING),
            _count(Letter.send_at > at - timedelta(days=1), Letter.sent_at > at - _RECENT),
            _count(HELD),
            select(ClockState.watermark_at).where(ClockState.id == 1).scalar_subquery(),
            select(ClockState.held_since).where(ClockState.id == 1).scalar_subquery(),
        )
    ).one()
    return Progress(*row)
