"""When something due is mentioned by mail: so many days from its day, and to whom (contracts.md)."""

from dataclasses import dataclass
from datetime import date, timedelta

from tracker.kernel.labelled import Labelled
from tracker.kernel.translation import N_, _
from tracker.office_days import office_days


class Unit(Labelled):
    """What a step counts: calendar days (a closed day moves it to the open day before),
    or office days."""

    DAYS = "days", N_("日")
    OFFICE_DAYS = "office_days", N_("開庁日")


class Audience(Labelled):
    """Who is written to: whoever owes it, that post's chief, or the coordination office."""

    OWNER = "owner", N_("担当")
    CHIEF = "chief", N_("上司")
    OFFICE = "office", N_("連携推進担当")


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
            return _("期限を過ぎた方の上司へ")
        if self.to is Audience.OFFICE:
            return _("期限を過ぎた件を連携推進担当へ")
        return _("期限を過ぎた方へ") if self.offset > 0 else self.day_label

    @property
    def day_label(self) -> str:
        """期限3日前, 期限の日, 期限の1開庁日後: for a list of days."""
        if self.offset == 0:
            return _("期限の日")
        days = f"{abs(self.offset)}{self.unit.label}"
        return (
            _("期限%(days)s前", days=days) if self.offset < 0 else _("期限の%(days)s後", days=days)
        )

    def day(self, due_on: date, closures: frozenset[date]) -> date:
        """The open day on which the step falls."""
        if self.unit is Unit.OFFICE_DAYS:
            return office_days.add(due_on, self.offset, closures)
        return office_days.on_or_before(self._wanted(due_on), closures)

    def _wanted(self, due_on: date) -> date:
        return office_days.moved(due_on, timedelta(days=self.offset))

    def moved_because(self, due_on: date, closures: frozenset[date]) -> str | None:
        """「23日が祝日（勤労感謝の日）のため繰上げ」, or None when nothing moved."""
        wanted = self._wanted(due_on)
        if self.unit is Unit.OFFICE_DAYS or office_days.is_open(wanted, closures):
            return None
        reason = office_days.closed_reason(wanted, closures)
        return _("%(day)s日が%(reason)sのため繰上げ", day=wanted.day, reason=reason)


def days(*offsets: int) -> tuple[Step, ...]:
    """Mentions to whoever owes it, counted in calendar days from the due day."""
    return tuple(Step(offset) for offset in offsets)


def open_days(*offsets: int) -> tuple[Step, ...]:
    """The same counted in office days."""
    return tuple(Step(offset, Unit.OFFICE_DAYS) for offset in offsets)


# What others owe and leave: after so many office days its chief hears of it, then the office.
ESCALATION = (
    Step(3, Unit.OFFICE_DAYS, Audience.CHIEF),
    Step(5, Unit.OFFICE_DAYS, Audience.OFFICE),
)
