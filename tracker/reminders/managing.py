"""What the office does with letters: mend and resend, skip one, try one out, set the days."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time

from sqlalchemy import delete, select, tuple_

from tracker.accounts import queries as accounts
from tracker.accounts.people import actions as people
from tracker.accounts.rules import check_address
from tracker.kernel import wareki
from tracker.kernel.duty import KINDS, Kind
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.kernel.steps import Step
from tracker.mail import letters
from tracker.mail.letters import ClockState, Letter, LetterItem, LetterState
from tracker.plumbing import clock, history
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db, insert_many
from tracker.plumbing.history import Subject
from tracker.reminders import queries, rules
from tracker.reminders.actions import item, preview_of
from tracker.reminders.models import StepRule
from tracker.reminders.rules import Notice, Schedule, check_schedule


def mend_and_resend(letter: Letter, email: str, *, by: Actor, at: datetime) -> bool:
    """Sends an undeliverable letter again to a mended address; only where it never arrived.

    A post's mailbox is mended with it, so that the next letter arrives, too: whether it was.
    """
    if letter.state is not LetterState.UNDELIVERABLE:
        raise Refusal("このメールは届いているか、まだ送る途中です。送り直しはできません。")
    before, act = letter.to_email, Act(by, at)
    with act:
        letter.to_email = check_address(email)
        letter.state, letter.next_attempt_at, letter.attempts = LetterState.QUEUED, at, 0
        is_mended = people.correct_mailbox(act, letter.to_key, before, letter.to_email)
        history.record(
            by,
            "letter.resent",
            Subject("letter", letter.id),
            f"{letter.to_name}あての宛先を直して送り直しました。",
            at=at,
            before={"email": before},
            after={"email": letter.to_email},
        )
    return is_mended


def skip(kind: str, step: str, on: date, *, by: Actor, at: datetime) -> int:
    """今回は送らない: that mention goes to nobody; later steps stay.  Returns how many.

    `kind` and `step` are those of the line (letter_queries.Upcoming).
    """
    found = _meant(kind, step, on, at, None)
    insert_many(LetterItem, [item(one) for one in found], ["duty_key", "step", "to_key"])
    _record_choice("reminder.skipped", found[0], "見送りました", by, at)
    db.session.commit()
    return len(found)


def resume(kind: str, step: str, on: date, *, by: Actor, at: datetime) -> int:
    """送ることにする: takes back that a mention goes to nobody.  Returns how many."""
    found = _meant(kind, step, on, at, LetterState.SKIPPED)
    db.session.execute(
        delete(LetterItem).where(
            LetterItem.letter_id.is_(None),
            LetterItem.state == LetterState.SKIPPED,
            tuple_(LetterItem.duty_key, LetterItem.step, LetterItem.to_key).in_(
                [one.key for one in found]
            ),
        )
    )
    _record_choice("reminder.resumed", found[0], "送ることにしました", by, at)
    db.session.commit()
    return len(found)


def _meant(
    kind: str, step: str, on: date, at: datetime, state: LetterState | None
) -> Sequence[Notice]:
    found = [
        notice
        for notice, now in queries.mentions(on, on, clock.day(at))
        if (notice.kind, notice.step_name) == (kind, step) and now is state and notice.moment > at
    ]
    if not found:
        raise Refusal("このお知らせは、すでに送られたか、なくなっています。")
    return found


def _record_choice(verb: str, notice: Notice, done: str, by: Actor, at: datetime) -> None:
    title = notice.duty.subject if notice.step else ""
    history.record(
        by,
        verb,
        Subject("reminder", f"{notice.kind}:{notice.step_name}"),
        f"{wareki.short(notice.on)}の「{title}　{notice.label}」を{done}。",
        at=at,
    )


def try_out(duty_key: str, on: date, *, by: Actor, at: datetime) -> str:
    """自分あてに試し送り: the same words to oneself; returns the address."""
    draft = preview_of(duty_key, on, clock.day(at))
    if draft is None:
        raise Refusal("このお知らせは、すでに送られたか、なくなっています。")
    return send_to_oneself(draft.subject, draft.body, f"test:{duty_key}", by=by, at=at)


def send_to_oneself(subject: str, body: str, cause: str, *, by: Actor, at: datetime) -> str:
    """Puts a letter to try it out into the outbox and commits; returns the address."""
    [to, *_] = accounts.recipients_of_person(by.person_id)
    key = f"{cause}:{at.isoformat()}:{to.key}"
    letters.write("test", to, f"【試し送り】{subject}", body, key=key, at=at)
    db.session.commit()
    return to.email


def let_go(letter_id: int, *, by: Actor, at: datetime) -> int:
    """Lets a held letter, or all of them (0), go out; returns how many."""
    return _decide_held(letter_id, letters.release, "letter.released", "送ることにしました", by, at)


def give_up(letter_id: int, *, by: Actor, at: datetime) -> int:
    """見送り: a held letter, or all of them (0), will not go out; returns how many."""
    return _decide_held(letter_id, letters.give_up, "letter.given_up", "見送りました", by, at)


def _decide_held(
    letter_id: int,
    act: Callable[[Sequence[int], datetime], int],
    verb: str,
    done: str,
    by: Actor,
    at: datetime,
) -> int:
    query = select(Letter.id).where(Letter.state == LetterState.HELD)
    ids = db.session.scalars(query.where(Letter.id == letter_id) if letter_id else query).all()
    count = act(ids, at)
    if not count:
        raise Refusal("保留しているメールはありません。ほかの人が先に決めたようです。")
    which = str(letter_id or "all")
    history.record(
        by, verb, Subject("letter", which), f"保留していたメール{count}通を{done}。", at=at
    )
    db.session.commit()
    return count


def trust_clock(*, by: Actor, at: datetime) -> None:
    """Goes on from this instant although the clock was ahead before: a person says it is right.

    What was mentioned while it was ahead is written down and not mentioned again.  Raises
    Refusal where the clock had not gone back.
    """
    state = db.session.get(ClockState, 1)
    if state is None or not rules.clock_is_wrong(at, state.watermark_at):
        raise Refusal("時計は合っています。お知らせは予定どおり送られます。")
    history.record(
        by,
        "clock.trusted",
        Subject("clock", 1),
        "サーバーの時計が今は正しいと確かめ、お知らせを続けることにしました。",
        at=at,
        before={"planned_until": state.watermark_at.isoformat() if state.watermark_at else None},
        after={"planned_until": at.isoformat()},
    )
    state.watermark_at = state.heartbeat_at = at
    db.session.commit()


def set_schedule(
    kind: Kind,
    steps: Sequence[Step],
    hour: time,
    is_on: bool,
    version: int,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Changes 送る日 of one kind; what was planned by the old days is planned anew.

    `version` is the one the person saw, 0 for the defaults.
    """
    check_schedule(steps)
    row = db.session.get(StepRule, kind)
    if (row.version if row else 0) != version:
        raise Refusal(
            "ほかの人が先に直しました。最新の内容を確かめてから、もう一度保存してください。"
        )
    before = queries.schedules()[kind]
    row = row or StepRule(kind=kind)
    row.is_on, row.hour = is_on, hour
    row.steps = [(step.offset, step.unit.value, step.to.value) for step in steps]
    db.session.add(row)
    history.record(
        by,
        "schedule.changed",
        Subject("schedule", kind),
        f"「{KINDS[kind].label}」を送る日を直しました。",
        at=at,
        before=_said(before),
        after=_said(Schedule(tuple(steps), hour, is_on)),
    )
    db.session.commit()


def _said(schedule: Schedule) -> dict[str, object]:
    return {
        "is_on": schedule.is_on,
        "hour": schedule.hour.isoformat(),
        "steps": [step.label for step in schedule.steps],
    }
