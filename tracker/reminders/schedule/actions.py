"""Changes 送る日."""

from collections.abc import Sequence
from datetime import time

from tracker.duty.kinds import Kind
from tracker.duty.steps import Step
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.reminders import queries
from tracker.reminders.models import StepRule
from tracker.reminders.rules import Schedule
from tracker.reminders.schedule.rules import check_schedule


def set_schedule(
    act: Act, kind: Kind, steps: Sequence[Step], hour: time, is_on: bool, seen: str | None = None
) -> None:
    """Changes 送る日 of one kind; what was planned by the old days is planned anew.

    `seen` is what the person saw, `UNSEEN` for the defaults.  Raises Conflict and Refusal.
    """
    check_schedule(steps)
    row = act.own(StepRule, kind, seen)
    before = queries.schedules()[kind]
    said = f"「{kind.rule.label}」を送る日を直しました。"
    with act.change("schedule.changed", row, said) as entry:
        if row is None:
            row = entry.subject = StepRule(kind=kind)
            db.session.add(row)
        row.is_on, row.hour = is_on, hour
        row.steps = [(step.offset, step.unit.value, step.to.value) for step in steps]
        entry.was, entry.told = _said(before), _said(Schedule(tuple(steps), hour, is_on))


def _said(schedule: Schedule) -> dict[str, object]:
    return {"days": [step.label for step in schedule.steps]}
