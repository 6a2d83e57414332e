"""Asks for a corrected address, which letter is meant, and the days to send on."""

from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)

from tracker.kernel.steps import Audience, Step, Unit
from tracker.mail.wording import Wording
from tracker.plumbing.forms import (
    CountField,
    DayField,
    Form,
    Row,
    SeenField,
    at_most,
    choices,
    optional,
    required,
    whole_number,
)
from tracker.reminders.letter_words import MOST_BODY, MOST_SUBJECT
from tracker.reminders.rules import MOST_STEPS, Schedule

WHICH = "どのお知らせかを読み取れませんでした。画面を開き直してください。"


class CorrectForm(Form):
    """The right address for a letter that did not arrive."""

    email = StringField(
        "正しいメールアドレス",
        validators=[*required("メールアドレスを入力してください。"), at_most(254)],
    )


class PickForm(Form):
    """A button beside one line of これから送るもの: which one is meant."""

    kind = HiddenField("種類", validators=[at_most(40)])
    step = HiddenField("送る日", validators=[at_most(40)])
    duty = HiddenField("内容", validators=[at_most(160)])
    on = DayField("日", validators=required(WHICH))


class StepForm(Row):
    """One mention: how many days, before or after, of which kind; empty means none."""

    days = CountField("日数", named="日数", validators=[optional()])
    side = SelectField("前後", choices=choices([("-1", "前"), ("1", "後")]))
    unit = SelectField("数え方", choices=choices([(Unit.DAYS, "日"), (Unit.OFFICE_DAYS, "開庁日")]))
    to = SelectField("宛先", choices=choices((one, one.label) for one in Audience))


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


class LetterForm(Form):
    """Which held letter is meant; all of them without one."""

    letter = HiddenField("メール", filters=[whole_number])


class WordsForm(Form):
    """The words of one kind of letter."""

    asides = ("post",)

    subject = StringField("件名", validators=[at_most(MOST_SUBJECT)])
    body = TextAreaField(
        "本文", validators=[*required("本文を入力してください。"), at_most(MOST_BODY)]
    )
    post = SelectField("見本の宛先", validate_choice=False)
    seen = SeenField()

    def read(self) -> Wording:
        """The words as typed."""
        lines = (self.body.data or "").replace("\r\n", "\n").strip("\n")
        return Wording((self.subject.data or "").strip(), lines + "\n")
