"""Reads what will be sent, what was sent, and whether the clock is alive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import g
from sqlalchemy import ColumnElement, Row, func, select

from tracker.accounts import queries as accounts
from tracker.duties import queries as duties
from tracker.duties.duty import Duty, Kind
from tracker.kernel.permissions import Actor, Permission, allowed
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.plumbing.letters import (
    ClockState,
    Letter,
    LetterItem,
    LetterState,
    Recipient,
    SendAttempt,
)
from tracker.plumbing.memo import by_version
from tracker.reminders import rules
from tracker.reminders.models import StepRule
from tracker.reminders.rules import Notice, Schedule, Step, Unit

PER_PAGE = 20
# A step that moves off closed days stays within these days of its own.
AROUND = timedelta(days=31)
SILENT = "通知係が止まっています。お知らせのメールは、動き出すまで送られません。"
# What people may choose from in the list of letters, besides everything.
STATES = (LetterState.UNDELIVERABLE, LetterState.RETRYING, LetterState.QUEUED, LetterState.SENT)


def recipients(all_duties: Sequence[Duty]) -> Mapping[str, list[Recipient]]:
    """Who a duty's letters go to, by the duty's key: its own post, or the posts of its role."""
    ids = {town.slug: town.id for town in areas.towns()}
    by_role = accounts.recipients_by_role({duty.to_role for duty in all_duties})
    by_post = accounts.recipients_by_post([duty.to_post_id for duty in all_duties])
    return {
        duty.key: by_post.get(duty.to_post_id, [])
        if duty.to_post_id
        else by_role.get((duty.to_role, ids[duty.municipality]), [])
        for duty in all_duties
    }


def notices(first: date, last: date, today: date) -> tuple[Notice, ...]:
    """Every mention due in the span, from the duties as they stand on `today`."""

    def make() -> tuple[Notice, ...]:
        open_ones = [duty for duty in duties.all_duties(today) if not duty.is_done]
        closures = areas.closures(first - AROUND, last + AROUND)
        found = rules.notices(open_ones, recipients(open_ones), closures, first, last, schedules())
        dealt_with = _dealt_with(found)
        return tuple(notice for notice in found if notice.key not in dealt_with)

    return by_version(("notices", first, last, today), make)


def _dealt_with(found: Sequence[Notice]) -> set[tuple[str, str, str]]:
    """Which of them stand in a letter already, or were called off for this time."""
    keys = {notice.duty.key for notice in found}
    rows = db.session.execute(
        select(LetterItem.duty_key, LetterItem.step, LetterItem.to_key).where(
            LetterItem.duty_key.in_(keys)
        )
    )
    return {(duty, step, to) for duty, step, to in rows}


def schedules() -> Mapping[Kind, Schedule]:
    """送る日 of every kind: the defaults, and over them what somebody changed."""
    changed = {
        row.kind: Schedule(
            tuple(Step(offset, Unit(unit)) for offset, unit in row.steps), row.hour, row.is_on
        )
        for row in db.session.scalars(select(StepRule))
    }
    return {**rules.SCHEDULES, **changed}


def schedule(kind: Kind) -> tuple[Schedule, int]:
    """送る日 of one kind, and its version (0 while the default holds)."""
    row = db.session.get(StepRule, kind)
    return schedules()[kind], row.version if row else 0


@dataclass(frozen=True)
class Upcoming:
    """One line of これから送るもの: the same mention to several people."""

    on: date
    title: str
    step: str
    names: tuple[str, ...]
    note: str | None
    hour: time
    kind: Kind
    step_key: str
    duty_key: str


def upcoming(at: datetime, actor: Actor) -> tuple[Upcoming, ...]:
    """What will be sent within 30 days of this instant, that the actor may see."""
    today = clock.day(at)
    lines: dict[tuple[date, str, str], list[Notice]] = {}
    for notice in notices(today, today + timedelta(days=rules.LOOK_AHEAD_DAYS), today):
        is_to_come = clock.at(notice.on, notice.hour) > at
        if is_to_come and allowed(actor, Permission.READ_LETTERS, [notice.duty.municipality]):
            key = (notice.on, notice.duty.kind, notice.step.key)
            lines.setdefault(key, []).append(notice)
    return tuple(
        Upcoming(
            on=many[0].on,
            title=many[0].duty.subject,
            step=many[0].step.label,
            names=tuple(dict.fromkeys(getattr(one.to, "name", "") for one in many)),
            note=many[0].note,
            hour=many[0].hour,
            kind=many[0].duty.kind,
            step_key=many[0].step.key,
            duty_key=many[0].duty.key,
        )
        for many in lines.values()
    )


def _readable(actor: Actor) -> list[ColumnElement[bool]]:
    if allowed(actor, Permission.READ_LETTERS, []):
        return []
    return [Letter.municipality_id == actor.municipality_id]


def sent(
    actor: Actor, page: int, state: LetterState | None
) -> tuple[Sequence[Row[*tuple[Any, ...]]], int]:
    """A page of letters, newest first, and how many there are; own municipality or all."""
    conditions = _readable(actor)
    if state is not None:
        conditions.append(Letter.state == state)
    rows = db.session.execute(
        select(
            Letter.id,
            Letter.send_at,
            Letter.sent_at,
            Letter.subject,
            Letter.to_name,
            Letter.state,
            Letter.note,
            func.count().over(),
        )
        .where(*conditions)
        .order_by(Letter.send_at.desc(), Letter.id.desc())
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()
    return rows, (int(rows[0][-1]) if rows else 0)


def find_letter(letter_id: int) -> Letter | None:
    """One letter, or None."""
    return db.session.get(Letter, letter_id)


def attempts(letter_id: int) -> Sequence[SendAttempt]:
    """Every try to send it, oldest first."""
    return db.session.scalars(
        select(SendAttempt).where(SendAttempt.letter_id == letter_id).order_by(SendAttempt.id)
    ).all()


def watermark() -> datetime | None:
    """Up to when reminders were planned already."""
    return db.session.scalar(select(ClockState.watermark_at).where(ClockState.id == 1))


def banners() -> Sequence[tuple[str, str]]:
    """What everybody must know at once: the clock has stopped, or letters did not arrive."""
    heartbeat, lost = db.session.execute(
        select(
            select(ClockState.heartbeat_at).where(ClockState.id == 1).scalar_subquery(),
            select(func.count())
            .select_from(Letter)
            .where(Letter.state == LetterState.UNDELIVERABLE)
            .scalar_subquery(),
        )
    ).one()
    found = []
    if rules.clock_is_silent(clock.now(), heartbeat):
        found.append(("ng", SILENT))
    if lost and allowed(g.actor, Permission.MANAGE_LETTERS):
        found.append(("ng", f"{lost}件のメールが届いていません。宛先を直して送り直してください。"))
    return found
