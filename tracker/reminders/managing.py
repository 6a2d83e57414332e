"""What the office does with letters: mend and resend, skip one, try one out, set the days."""

from collections.abc import Sequence
from datetime import date, datetime, time

from tracker.accounts import queries as accounts
from tracker.accounts.rules import check_address
from tracker.duties.duty import Kind
from tracker.kernel import wareki
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.plumbing import clock, history, letters
from tracker.plumbing.db import db, insert_missing
from tracker.plumbing.history import Subject
from tracker.plumbing.letters import Letter, LetterItem, LetterState
from tracker.reminders import queries, rules
from tracker.reminders.actions import preview_of
from tracker.reminders.models import StepRule
from tracker.reminders.rules import Notice, Schedule, Step


def mend_and_resend(letter: Letter, email: str, *, by: Actor, at: datetime) -> None:
    """Sends an undeliverable letter again to a mended address; only where it never arrived."""
    if letter.state is not LetterState.UNDELIVERABLE:
        raise Refusal("このメールは届いているか、まだ送る途中です。送り直しはできません。")
    before = letter.to_email
    letter.to_email = check_address(email)
    letter.state, letter.next_attempt_at, letter.attempts = LetterState.QUEUED, at, 0
    history.record(
        by,
        "letter.resent",
        Subject("letter", letter.id),
        f"{letter.to_name}あての宛先を直して送り直しました。",
        at=at,
        before={"email": before},
        after={"email": letter.to_email},
    )
    db.session.commit()


def skip(kind: Kind, step: str, on: date, *, by: Actor, at: datetime) -> int:
    """今回は送らない: that mention goes to nobody; later steps stay.  Returns how many."""
    found = [
        notice
        for notice in queries.notices(on, on, clock.day(at))
        if notice.duty.kind is kind and notice.step.key == step
    ]
    if not found or clock.at(on, found[0].hour) <= at:
        raise Refusal("このお知らせは、すでに送られたか、なくなっています。")
    insert_missing(LetterItem, [_skipped(one) for one in found], ["duty_key", "step", "to_key"])
    history.record(
        by,
        "reminder.skipped",
        Subject("reminder", f"{kind}:{step}"),
        f"{wareki.short(on)}の「{found[0].duty.subject}　{found[0].step.label}」を見送りました。",
        at=at,
    )
    db.session.commit()
    return len(found)


def _skipped(notice: Notice) -> dict[str, object]:
    return {
        "letter_id": None,
        "duty_key": notice.duty.key,
        "step": notice.step.key,
        "to_key": notice.to.key,
        "due_at": clock.at(notice.on, notice.hour),
        "state": LetterState.SKIPPED,
        "title": notice.duty.subject,
    }


def try_out(duty_key: str, on: date, *, by: Actor, at: datetime) -> str:
    """自分あてに試し送り: the same words to oneself; returns the address."""
    draft = preview_of(duty_key, on, clock.day(at))
    if draft is None:
        raise Refusal("このお知らせは、すでに送られたか、なくなっています。")
    [to, *_] = accounts.recipients_of_person(by.person_id)
    key = f"test:{duty_key}:{at.isoformat()}:{to.key}"
    letters.write("test", to, f"【試し送り】{draft.subject}", draft.body, key=key, at=at)
    db.session.commit()
    return to.email


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
    rules.check_schedule(steps)
    row = db.session.get(StepRule, kind)
    if (row.version if row else 0) != version:
        raise Refusal(
            "ほかの人が先に直しました。最新の内容を確かめてから、もう一度保存してください。"
        )
    before = queries.schedules()[kind]
    row = row or StepRule(kind=kind)
    row.is_on, row.hour = is_on, hour
    row.steps = [(step.offset, step.unit.value) for step in steps]
    db.session.add(row)
    history.record(
        by,
        "schedule.changed",
        Subject("schedule", kind),
        f"「{rules.KIND_LABELS[kind]}」を送る日を直しました。",
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
