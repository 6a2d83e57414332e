"""When a duty is mentioned by mail, and to whom: one table, kind -> steps (product.md 8).

A new reminder is a row here and a text in templates/reminders/letters/.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum

from tracker.duties.duty import Kind
from tracker.kernel import office_days
from tracker.kernel.refusal import Refusal

HOUR = time(9)


class Unit(StrEnum):
    """What a step counts: calendar days (a closed day moves it to the open day before),
    or office days."""

    DAYS = "days"
    OFFICE_DAYS = "office_days"


class Audience(StrEnum):
    """Who is written to: whoever owes it, that post's chief, or the coordination office."""

    OWNER = "owner"
    CHIEF = "chief"
    OFFICE = "office"

    @property
    def label(self) -> str:
        """The words on screen."""
        return {"owner": "担当", "chief": "上司", "office": "連携推進担当"}[self]


@dataclass(frozen=True)
class Step:
    """One mention: so many days after the due day (before it when negative), to somebody."""

    offset: int
    unit: Unit = Unit.DAYS
    to: Audience = Audience.OWNER

    @property
    def key(self) -> str:
        """A short name that stays: -3d, -1o, +3o:chief."""
        return f"{self.offset:+d}{self.unit[0]}" + (
            "" if self.to is Audience.OWNER else f":{self.to}"
        )

    @property
    def label(self) -> str:
        """期限3日前, 期限の日, 期限を過ぎた方へ, 期限を過ぎた方の上司へ."""
        if self.to is Audience.CHIEF:
            return "期限を過ぎた方の上司へ"
        if self.to is Audience.OFFICE:
            return "期限を過ぎた件を連携推進担当へ"
        return "期限を過ぎた方へ" if self.offset > 0 else self.day_label

    @property
    def day_label(self) -> str:
        """期限3日前, 期限の日, 期限の1開庁日後: for a list of days."""
        if self.offset == 0:
            return "期限の日"
        days = "開庁日" if self.unit is Unit.OFFICE_DAYS else "日"
        return f"期限{-self.offset}{days}前" if self.offset < 0 else f"期限の{self.offset}{days}後"

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


@dataclass(frozen=True)
class Schedule:
    """送る日 of one kind: its steps, the hour, and whether it is mentioned at all."""

    steps: tuple[Step, ...]
    hour: time = HOUR
    is_on: bool = True


def _days(*offsets: int) -> tuple[Step, ...]:
    return tuple(Step(offset) for offset in offsets)


def _office_days(*offsets: int) -> tuple[Step, ...]:
    return tuple(Step(offset, Unit.OFFICE_DAYS) for offset in offsets)


# What others owe and leave: after so many office days its chief hears of it, then the office.
_ESCALATION = (
    Step(3, Unit.OFFICE_DAYS, Audience.CHIEF),
    Step(5, Unit.OFFICE_DAYS, Audience.OFFICE),
)

STEPS: Mapping[Kind, tuple[Step, ...]] = {
    Kind.REPORT_UNSUBMITTED: (*_days(-14, -7, -3), *_office_days(1), *_ESCALATION),
    Kind.REPORT_RETURNED: (*_office_days(-1, 1), *_ESCALATION),
    Kind.REPORT_UNCHECKED: (*_office_days(0), *_ESCALATION),
    Kind.ROUND_UNOPENED: _days(-7, 0),
    Kind.RESULTS_UNPUBLISHED: _days(-14, 0),
    Kind.POLL_UNANSWERED: _office_days(-3, -1),
    Kind.MEETING_UNPLANNED: _days(-100, -60, -30),
    Kind.MEETING_UNHELD: _days(-100, -60, -30),
    Kind.MEETING_UNDATED: _office_days(1),
    Kind.NOTICE_UNSENT: _days(-3),
    Kind.ATTENDANCE_UNRECORDED: _office_days(0),
    Kind.VIEW_UNRECORDED: (*_office_days(-3, 1), *_ESCALATION),
    Kind.MINUTES_UNCIRCULATED: _office_days(0),
    Kind.MINUTES_UNCONFIRMED: (*_office_days(-3, 1), *_ESCALATION),
    Kind.DECISION_OPEN: (*_days(-14, 0), *_ESCALATION),
    Kind.COST_UNSTARTED: _days(-30),
    Kind.COST_UNSENT: _days(-14),
    Kind.COST_UNCONFIRMED: (*_days(-2), *_ESCALATION),
    Kind.COST_UNRECONCILED: _days(-14, -3),
    Kind.INSTALMENT_DUE: (*_days(-14, -3), *_ESCALATION),
    Kind.QUESTION_OPEN: (*_office_days(-3, 1), *_ESCALATION),
    # Not on 1 April itself: where that is a Saturday, the day before is last year's.
    Kind.PERSON_UNCONFIRMED: (*_days(-25, -7), *_office_days(1), *_ESCALATION),
    Kind.HANDOVER_UNWRITTEN: _days(-11, -3),
    # Told at once, by a letter of its own (M24).
    Kind.ADDRESS_UNDELIVERABLE: (),
}
# What nobody can do any more when its day is over: a late letter would only puzzle.
OVER_WITH_ITS_DAY = frozenset({Kind.POLL_UNANSWERED})
# What holds until somebody changes it on the page 送る日.
SCHEDULES: Mapping[Kind, Schedule] = {kind: Schedule(steps) for kind, steps in STEPS.items()}
MOST_STEPS = 7
FARTHEST_DAYS = 200

KIND_LABELS: Mapping[Kind, str] = {
    Kind.REPORT_UNSUBMITTED: "進捗報告の提出",
    Kind.REPORT_RETURNED: "差し戻された進捗報告",
    Kind.REPORT_UNCHECKED: "進捗報告の確認",
    Kind.ROUND_UNOPENED: "進捗報告の依頼を始めること",
    Kind.RESULTS_UNPUBLISHED: "実績と決算額の公表",
    Kind.POLL_UNANSWERED: "市町村長会議の日程の回答",
    Kind.MEETING_UNPLANNED: "市町村長会議の準備（第5条）",
    Kind.MEETING_UNHELD: "市町村長会議の開催（第5条）",
    Kind.MEETING_UNDATED: "市町村長会議の日程の決定",
    Kind.NOTICE_UNSENT: "市町村長会議の開催案内",
    Kind.ATTENDANCE_UNRECORDED: "市町村長会議の出席の記録",
    Kind.VIEW_UNRECORDED: "市町村長会議の扱いの記録",
    Kind.MINUTES_UNCIRCULATED: "市町村長会議の議事録の送付",
    Kind.MINUTES_UNCONFIRMED: "市町村長会議の議事録の確認",
    Kind.DECISION_OPEN: "市町村長会議の決定事項の状況",
    Kind.COST_UNSTARTED: "費用負担の協議を始めること",
    Kind.COST_UNSENT: "費用負担の案の送付",
    Kind.COST_UNCONFIRMED: "費用負担の案の確認",
    Kind.COST_UNRECONCILED: "費用負担の精算",
    Kind.INSTALMENT_DUE: "負担金の納入",
    Kind.QUESTION_OPEN: "疑義への回答（第6条）",
    Kind.PERSON_UNCONFIRMED: "4月の担当者の確認",
    Kind.HANDOVER_UNWRITTEN: "3月の引継ぎメモ",
    Kind.ADDRESS_UNDELIVERABLE: "届かなかったメール",
}

# The text that mentions a kind, and after the due day where that is another one.
_OWN_TEXTS: Mapping[Kind, tuple[str, str]] = {
    Kind.REPORT_UNSUBMITTED: ("report_unsubmitted", "report_overdue"),
    Kind.REPORT_RETURNED: ("report_unanswered", "report_unanswered"),
    **{
        kind: (kind.value, kind.value)
        for kind in (
            Kind.REPORT_UNCHECKED,
            Kind.POLL_UNANSWERED,
            Kind.MEETING_UNPLANNED,
            Kind.MEETING_UNHELD,
            Kind.DECISION_OPEN,
            Kind.COST_UNCONFIRMED,
            Kind.PERSON_UNCONFIRMED,
            Kind.HANDOVER_UNWRITTEN,
        )
    },
}


def text_for(kind: Kind, step: Step, days_left: int) -> str:
    """The kind of letter (mail/kinds.py) that says it; `days_left` until the due day."""
    if step.to is not Audience.OWNER:
        return f"escalated_{step.to}"
    before, after = _OWN_TEXTS.get(kind, ("next_step", "next_step"))
    return before if days_left >= 0 else after


def check_schedule(steps: Sequence[Step]) -> None:
    """Refuses the same day twice, or days nobody can mean."""
    if len(set(steps)) < len(steps):
        raise Refusal("同じ日が2回あります。どちらかを空にしてください。")
    if any(abs(step.offset) > FARTHEST_DAYS for step in steps):
        raise Refusal(f"日数は{FARTHEST_DAYS}日までで入力してください。")
    if any(step.to is not Audience.OWNER and step.offset < 0 for step in steps):
        raise Refusal("上司と連携推進担当へは、期限の日か、その後に送ります。")
