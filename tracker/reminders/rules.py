"""Which mentions fall due, to whom, and what becomes one letter (product.md 8, trust.md 6)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from tracker.duty.duty import Duty
from tracker.duty.kinds import Kind
from tracker.duty.steps import Audience, Step
from tracker.kernel import tokyo
from tracker.kernel.translation import _
from tracker.office_days import office_days

HOUR = time(9)

# A clock this far behind what was planned already is wrong: nothing is sent.
CLOCK_MAY_LAG = timedelta(minutes=5)
HEART_MAY_PAUSE = timedelta(minutes=10)
LOOK_AHEAD_DAYS = 30
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Schedule:
    """送る日 of one kind: its steps, the hour, and whether it is mentioned at all."""

    steps: tuple[Step, ...]
    hour: time = HOUR
    is_on: bool = True


# What holds until somebody changes it on the page 送る日.
SCHEDULES: Mapping[Kind, Schedule] = {kind: Schedule(kind.rule.steps) for kind in Kind}


def text_for(duty: Duty, step: Step, days_left: int) -> str:
    """The kind of letter that mentions a duty; `days_left` until its day, negative after it."""
    if step.to is not Audience.OWNER:
        return f"escalated_{step.to}"
    until, after = duty.rule.letters
    return until if days_left >= 0 else after


class To(Protocol):
    """Whoever a notice goes to."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def is_weekly(self) -> bool: ...


# Who hears of a duty, by its key and as what.
Recipients = Mapping[tuple[str, Audience], Sequence[To]]


@dataclass(frozen=True)
class Notice:
    """One duty to be mentioned to one recipient on one day; without a step, in the week's letter."""

    duty: Duty
    step: Step | None
    to: To
    on: date
    hour: time
    note: str | None = None
    # Who owes it, where somebody else is told.
    owner: str = ""

    @property
    def step_key(self) -> str:
        """The step and the due day it counts from: when that moves, the mention is another."""
        if self.step is None:
            return f"week@{self.on:%Y%m%d}"
        return f"{self.step.key}@{self.duty.due_on:%Y%m%d}"

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it unique: duty, step, person (contracts.md)."""
        return self.duty.key, self.step_key, self.to.key

    @property
    def kind(self) -> str:
        """What lines of the same mention share: the duty's kind, or the week's letter."""
        return self.duty.kind.value if self.step else "week"

    @property
    def step_name(self) -> str:
        """-3d, or week."""
        return self.step.key if self.step else "week"

    @property
    def label(self) -> str:
        """期限3日前, 週のまとめ."""
        return self.step.label if self.step else _("週のまとめ")

    @property
    def moment(self) -> datetime:
        """The instant it is meant for."""
        return tokyo.at(self.on, self.hour)


def notices(
    all_duties: Iterable[Duty],
    recipients: Recipients,
    closures: Mapping[str, frozenset[date]],
    first: date,
    last: date,
    schedules: Mapping[Kind, Schedule] = SCHEDULES,
) -> tuple[Notice, ...]:
    """Every mention from the first to the last day; a done duty is silent.

    What did not exist yet at a step's moment is not mentioned for it.  Who wants one letter a
    week gets that instead of the steps.  `closures` are those of a municipality's slug.
    """
    found: list[Notice] = []
    for duty in all_duties:
        schedule = schedules[duty.kind]
        if schedule.is_on and schedule.steps and not duty.is_done:
            closed = closures.get(duty.owner.municipality, frozenset())
            found += _by_steps(duty, schedule, recipients, closed, first, last)
            found += _by_week(duty, recipients, closed, first, last)
    return tuple(sorted(filter(_was_known, found), key=lambda one: (one.on, one.duty.due_on)))


def _was_known(notice: Notice) -> bool:
    return notice.duty.known_since is None or notice.duty.known_since < notice.moment


def _by_steps(
    duty: Duty,
    schedule: Schedule,
    recipients: Recipients,
    closed: frozenset[date],
    first: date,
    last: date,
) -> Iterator[Notice]:
    owners = recipients.get((duty.key, Audience.OWNER), ())
    for step in schedule.steps:
        on = step.day(duty.due_on, closed)
        if not first <= on <= last:
            continue
        note = step.moved_because(duty.due_on, closed)
        if step.to is Audience.OWNER:
            for to in owners:
                if not to.is_weekly:
                    yield Notice(duty, step, to, on, schedule.hour, note)
        else:
            owner = owners[0].name if owners else ""
            for to in recipients.get((duty.key, step.to), ()):
                yield Notice(duty, step, to, on, schedule.hour, note, owner)


def _by_week(
    duty: Duty, recipients: Recipients, closed: frozenset[date], first: date, last: date
) -> Iterator[Notice]:
    weekly = [to for to in recipients.get((duty.key, Audience.OWNER), ()) if to.is_weekly]
    for on in _week_days(duty, closed, first, last) if weekly else ():
        for to in weekly:
            yield Notice(duty, None, to, on, HOUR)


def _week_days(duty: Duty, closed: frozenset[date], first: date, last: date) -> Iterator[date]:
    """The first open day of each week by whose Sunday the duty falls due."""
    monday = first - timedelta(days=first.weekday())
    while monday <= last:
        on = office_days.on_or_after(monday, closed)
        if first <= on <= last and on < monday + _WEEK and duty.due_on < monday + _WEEK:
            yield on
        monday += _WEEK


@dataclass(frozen=True)
class Merged:
    """What one person gets in one letter, and which older mentions it makes needless."""

    to: To
    notices: tuple[Notice, ...]
    passed_over: tuple[Notice, ...]


def is_of_use(notice: Notice, today: date) -> bool:
    """Whether a mention that comes late can still be followed."""
    return not notice.duty.rule.ends_with_its_day or today <= notice.duty.due_on


def useful_until(mentioned: Sequence[Notice]) -> datetime | None:
    """When a letter that keeps failing is worth no more try; None: as long as any."""
    if any(not notice.duty.rule.ends_with_its_day for notice in mentioned):
        return None
    last = max(notice.duty.due_on for notice in mentioned)
    return tokyo.at(office_days.moved(last, timedelta(days=1)), time.min)


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
        chosen = {one.key for one in kept}
        passed_over = tuple(one for one in many if one.key not in chosen)
        merged.append(Merged(many[0].to, kept, passed_over))
    return tuple(merged)


def head_due(
    since: datetime, until: datetime, closed: frozenset[date]
) -> tuple[date, datetime] | None:
    """The month whose record's head fell due between two instants, and when; the newest of several.

    It goes out on the first day of the month that is open, so after an outage there is one of it.
    """
    first = tokyo.day(until).replace(day=1)
    for month in (first, (first - timedelta(days=1)).replace(day=1)):
        moment = tokyo.at(office_days.on_or_after(month, closed), HOUR)
        if moment <= until:
            return (month, moment) if since < moment else None
    return None


def clock_is_wrong(at: datetime, watermark: datetime | None) -> bool:
    """Whether the clock went back behind what was planned already (trust.md P6)."""
    return watermark is not None and at < watermark - CLOCK_MAY_LAG


def clock_is_silent(at: datetime, heartbeat: datetime | None) -> bool:
    """Whether the clock that sends letters has stopped."""
    return heartbeat is not None and at - heartbeat > HEART_MAY_PAUSE


# What was done to a record that does not hold (chain/rules.py), as the record says it.
TAMPERING: Mapping[str, str] = {
    "changed": "書き換え",
    "removed": "抜け",
    "inserted": "差し込み",
    "order": "順序の入替え",
    "tail_cut": "末尾の抜け",
    "rechained": "つなぎ直し",
    "blanked": "内容の消去",
}
