"""Asks for the days to send on."""

from wtforms import BooleanField, FieldList, FormField, SelectField

from tracker.duty.steps import Audience, Step, Unit
from tracker.kernel.translation import N_, _
from tracker.plumbing.forms import CountField, Form, Row, SeenField, choices, labelled, optional
from tracker.reminders.rules import Schedule
from tracker.reminders.schedule.rules import FARTHEST_DAYS, MOST_STEPS


class StepForm(Row):
    """One mention: how many days, before or after, of which kind; empty means none."""

    days = CountField(
        N_("日数"), named=N_("日数"), limits=(0, FARTHEST_DAYS), validators=[optional()]
    )
    side = SelectField(N_("前後"), choices=choices([("-1", N_("前")), ("1", N_("後"))]))
    unit = SelectField(N_("数え方"), choices=labelled(Unit))
    to = SelectField(N_("宛先"), choices=labelled(Audience))


class ScheduleForm(Form):
    """送る日 of one kind."""

    is_on = BooleanField(N_("お知らせを送る"))
    hour = SelectField(
        N_("時刻"),
        choices=lambda: choices((hour, _("%(hour)s時", hour=hour)) for hour in range(7, 20)),
    )
    steps = FieldList(FormField(StepForm), min_entries=MOST_STEPS, max_entries=MOST_STEPS)
    seen = SeenField()

    def read_steps(self) -> list[Step]:
        """The mentions as typed, in order of time."""
        found = [
            Step(int(row.side.data) * row.days.data, Unit(row.unit.data), Audience(row.to.data))
            for row in self.steps
            if row.days.data is not None
        ]
        return sorted(found, key=lambda step: step.offset)


def schedule_form(schedule: Schedule, seen: str) -> ScheduleForm:
    """The form filled with what holds now."""
    return ScheduleForm(
        is_on=schedule.is_on,
        hour=str(schedule.hour.hour),
        seen=seen,
        steps=[
            {
                "days": abs(step.offset),
                "side": "1" if step.offset > 0 else "-1",
                "unit": step.unit.value,
                "to": step.to.value,
            }
            for step in schedule.steps
        ],
    )
