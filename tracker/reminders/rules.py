"""When a duty is mentioned by mail, and to whom: one table, kind -> steps (product.md 8).

A new reminder is a row here and a text in templates/reminders/letters/.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol

from tracker.duties.duty import Duty, Kind
from tracker.kernel import office_days
from tracker.kernel.refusal import Refusal

HOUR = time(9)
# A clock this far behind what was planned already is wrong: nothing is sent.
CLOCK_MAY_LAG = timedelta(minutes=5)
HEART_MAY_PAUSE = timedelta(minutes=10)
LOOK_AHEAD_DAYS = 30


class Unit(StrEnum):
    """What a step counts: calendar days (a closed day moves it to the open day before),
    or office days."""

    DAYS = "days"
    OFFICE_DAYS = "office_days"


@dataclass(frozen=True)
class Step:
    """One mention: so many days after the due day (before it when negative)."""

    offset: int
    unit: Unit = Unit.DAYS

    @property
    def key(self) -> str:
        """A short name that stays: -3d, -1o."""
        return f"{self.offset:+d}{self.unit[0]}"

    @property
    def label(self) -> str:
        """期限3日前, 期限の日, 期限を過ぎた方へ."""
        if self.offset == 0:
            return "期限の日"
        if self.offset > 0:
            return "期限を過ぎた方へ"
        days = "開庁日" if self.unit is Unit.OFFICE_DAYS else "日"
        return f"期限{-self.offset}{days}前"

    @property
    def after_label(self) -> str:
        """期限の1開庁日後, for a list of days."""
        days = "開庁日" if self.unit is Unit.OFFICE_DAYS else "日"
        return f"期限の{self.offset}{days}後"

    def day(self, due_on: date, closures: frozenset[date]) -> date:
        """The open day on which the step falls."""
        if self.unit is Unit.OFFICE_DAYS:
            return office_days.add(due_on, self.offset, closures)
        return office_days.on_or_before(due_on + timedelta(days=self.offset), closures)

    def moved_because(self, due_on: date, closures: frozenset[date]) -> str | None:
        """「23日が祝日（勤労感謝の日）のため繰上げ」, or None when nothing moved."""
        wanted = due_on + timedelta(days=self.offset)
        if self.unit is Unit.OFFICE_DAYS or office_days.is_open(wanted, closures):
            return None
        reason = office_days.closed_reason(wanted, closures)
        return f"{wanted.day}日が{reason}のため繰上げ"


def _days(*offsets: int) -> tuple[Step, ...]:
    return tuple(Step(offset) for offset in offsets)


def _office_days(*offsets: int) -> tuple[Step, ...]:
    return tuple(Step(offset, Unit.OFFICE_DAYS) for offset in offsets)


@dataclass(frozen=True)
class Schedule:
    """送る日 of one kind: its steps, the hour, and whether it is mentioned at all."""

    steps: tuple[Step, ...]
    hour: time = HOUR
    is_on: bool = True


STEPS: Mapping[Kind, tuple[Step, ...]] = {
    Kind.REPORT_UNSUBMITTED: (*_days(-14, -7, -3), *_office_days(1)),
    Kind.REPORT_UNCHECKED: _office_days(0),
    Kind.POLL_UNANSWERED: _office_days(-3, -1),
    Kind.MEETING_UNPLANNED: _days(-100, -60, -30),
    Kind.MEETING_UNHELD: _days(-100, -60, -30),
    Kind.MEETING_UNDATED: _office_days(1),
    Kind.NOTICE_UNSENT: _days(-3),
    Kind.ATTENDANCE_UNRECORDED: _office_days(0),
    Kind.VIEW_UNRECORDED: _office_days(-3, 1),
    Kind.COST_UNCONFIRMED: _days(-2),
    Kind.ADDRESS_UNDELIVERABLE: (),
    Kind.REPORT_RETURNED: _office_days(-1, 1),
    Kind.ROUND_UNOPENED: _days(-7, 0),
    Kind.RESULTS_UNPUBLISHED: _days(-14, 0),
    Kind.MINUTES_UNCIRCULATED: _office_days(0),
    Kind.MINUTES_UNCONFIRMED: _office_days(-3, 1),
    Kind.DECISION_OPEN: _days(-14, 0),
    Kind.COST_UNSTARTED: _days(-30),
    Kind.COST_UNSENT: _days(-14),
    Kind.COST_UNRECONCILED: _days(-14, -3),
    Kind.INSTALMENT_DUE: _days(-14, -3),
    Kind.QUESTION_OPEN: _office_days(-3, 1),
    Kind.PERSON_UNCONFIRMED: (*_days(-29, -7), *_office_days(1)),
    Kind.HANDOVER_UNWRITTEN: _days(-11, -3),
}
# What holds until somebody changes it on the page 送る日.
SCHEDULES: Mapping[Kind, Schedule] = {kind: Schedule(steps) for kind, steps in STEPS.items()}

KIND_LABELS: Mapping[Kind, str] = {
    Kind.REPORT_UNSUBMITTED: "進捗報告の提出",
    Kind.REPORT_UNCHECKED: "進捗報告の確認",
    Kind.POLL_UNANSWERED: "市町村長会議の日程の回答",
    Kind.MEETING_UNPLANNED: "市町村長会議の準備（第5条）",
    Kind.MEETING_UNHELD: "市町村長会議の開催（第5条）",
    Kind.MEETING_UNDATED: "市町村長会議の日程の決定",
    Kind.NOTICE_UNSENT: "市町村長会議の開催案内",
    Kind.ATTENDANCE_UNRECORDED: "市町村長会議の出席の記録",
    Kind.VIEW_UNRECORDED: "市町村長会議の扱いの記録",
    Kind.COST_UNCONFIRMED: "費用負担の案の確認",
    Kind.ADDRESS_UNDELIVERABLE: "届かなかったメール",
    Kind.REPORT_RETURNED: "差し戻された進捗報告",
    Kind.ROUND_UNOPENED: "進捗報告の依頼を始めること",
    Kind.RESULTS_UNPUBLISHED: "実績と決算額の公表",
    Kind.MINUTES_UNCIRCULATED: "市町村長会議の議事録の送付",
    Kind.MINUTES_UNCONFIRMED: "市町村長会議の議事録の確認",
    Kind.DECISION_OPEN: "市町村長会議の決定事項の状況",
    Kind.COST_UNSTARTED: "費用負担の協議を始めること",
    Kind.COST_UNSENT: "費用負担の案の送付",
    Kind.COST_UNRECONCILED: "費用負担の精算",
    Kind.INSTALMENT_DUE: "負担金の納入",
    Kind.QUESTION_OPEN: "疑義への回答（第6条）",
    Kind.PERSON_UNCONFIRMED: "4月の担当者の確認",
    Kind.HANDOVER_UNWRITTEN: "3月の引継ぎメモ",
}
MOST_STEPS = 6
FARTHEST_DAYS = 200

# The text of each kind in templates/reminders/letters/matters/.
_OWN_TEXT = (
    Kind.REPORT_UNSUBMITTED,
    Kind.REPORT_UNCHECKED,
    Kind.MEETING_UNPLANNED,
    Kind.MEETING_UNHELD,
    Kind.POLL_UNANSWERED,
    Kind.COST_UNCONFIRMED,
)
TEXTS: Mapping[Kind, str] = {
    kind: kind.value if kind in _OWN_TEXT else "next_step" for kind in Kind
}


class To(Protocol):
    """Whoever a notice goes to."""

    @property
    def key(self) -> str: ...


@dataclass(frozen=True)
class Notice:
    """One duty to be mentioned to one recipient on one day."""

    duty: Duty
    step: Step
    to: To
    on: date
    hour: time
    note: str | None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it unique: duty, step, person (contracts.md)."""
        return self.duty.key, self.step.key, self.to.key


def check_schedule(steps: Sequence[Step]) -> None:
    """Refuses the same day twice, or days nobody can mean."""
    if len(set(steps)) < len(steps):
        raise Refusal("同じ日が2回あります。どちらかを空にしてください。")
    if any(abs(step.offset) > FARTHEST_DAYS for step in steps):
        raise Refusal(f"日数は{FARTHEST_DAYS}日までで入力してください。")


def notices(
    all_duties: Iterable[Duty],
    recipients: Mapping[str, Sequence[To]],
    closures: Mapping[str, frozenset[date]],
    first: date,
    last: date,
    schedules: Mapping[Kind, Schedule] = SCHEDULES,
) -> tuple[Notice, ...]:
    """Every mention from the first to the last day; a done duty is silent.

    `recipients` are those of a duty by its key; `closures` those of a municipality's slug.
    """
    found = []
    for duty in all_duties:
        schedule = schedules[duty.kind]
        if duty.is_done or not schedule.is_on:
            continue
        closed = closures.get(duty.municipality, frozenset())
        for step in schedule.steps:
            on = step.day(duty.due_on, closed)
            if first <= on <= last:
                note = step.moved_because(duty.due_on, closed)
                found += [
                    Notice(duty, step, to, on, schedule.hour, note)
                    for to in recipients.get(duty.key, ())
                ]
    return tuple(sorted(found, key=lambda one: (one.on, one.duty.due_on)))


@dataclass(frozen=True)
class Merged:
    """What one person gets in one letter, and which older mentions it makes needless."""

    to: To
    notices: tuple[Notice, ...]
    passed_over: tuple[Notice, ...]


def moments(found: Iterable[Notice]) -> Mapping[tuple[str, date], time]:
    """When each person's letter of a day goes: at the earliest hour of what it mentions."""
    hours: dict[tuple[str, date], time] = {}
    for notice in found:
        key = (notice.to.key, notice.on)
        hours[key] = min(notice.hour, hours.get(key, notice.hour))
    return hours


def merge(due: Iterable[Notice]) -> tuple[Merged, ...]:
    """One letter a person: each duty once, by its newest step (trust.md P5)."""
    people: dict[str, list[Notice]] = {}
    for notice in due:
        people.setdefault(notice.to.key, []).append(notice)
    merged = []
    for many in people.values():
        newest = {notice.duty.key: notice for notice in sorted(many, key=lambda one: one.on)}
        kept = tuple(sorted(newest.values(), key=lambda one: (one.duty.due_on, one.duty.key)))
        merged.append(Merged(many[0].to, kept, tuple(one for one in many if one not in kept)))
    return tuple(merged)


def clock_is_wrong(at: datetime, watermark: datetime | None) -> bool:
    """Whether the clock went back behind what was planned already (trust.md P6)."""
    return watermark is not None and at < watermark - CLOCK_MAY_LAG


def clock_is_silent(at: datetime, heartbeat: datetime | None) -> bool:
    """Whether the clock that sends letters has stopped."""
    return heartbeat is not None and at - heartbeat > HEART_MAY_PAUSE
