"""Asks for the days to send on."""

from wtforms import BooleanField, FieldList, FormField, SelectField

from tracker.kernel.steps import Audience, Step, Unit
from tracker.plumbing.forms import CountField, Form, Row, SeenField, choices, labelled, optional
from tracker.reminders.rules import Schedule
from tracker.reminders.schedule.rules import MOST_STEPS


class StepForm(Row):
    """One mention: how many days, before or after, of which kind; empty means none."""

    days = CountField("日数", named="日数", validators=[optional()])
    side = SelectField("前後", choices=choices([("-1", "前"), ("1", "後")]))
    unit = SelectField("数え方", choices=labelled(Unit))
    to = SelectField("宛先", choices=labelled(Audience))


class ScheduleForm(Form):
    """送る日 of one kind."""

    is_on = BooleanField("お知らせを送る")
    hour = SelectField("時刻", choices=choices((hour, f"{hour}時") for hour in range(7, 20)))
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
