"""Asks for projects, rounds, reports and the lead's questions."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from wtforms import (
    BooleanField,
    Field,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import StopValidation

from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.kernel.yen import ask_for_count
from tracker.municipalities.rules import Town
from tracker.plumbing.forms import (
    CountField,
    DayField,
    Form,
    SeenField,
    YenField,
    at_most,
    choices,
    optional,
    required,
)
from tracker.projects.plans.rules import Content, IndicatorText, Part, Plan
from tracker.projects.report import Report
from tracker.projects.reports.actions import QUESTION_MISSING
from tracker.projects.rules import LONGEST_TEXT, Rating, YearMark

FIRST_YEAR = 2010
_GOING = "going"
_CHOOSE = ("", "選んでください")


class Picked:
    """One of the choices shown must be taken."""

    field_flags: ClassVar = {"required": True}

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def __call__(self, _form: Form, field: Field) -> None:
        """Says the sentence instead of what the field itself complained about."""
        if str(field.data) not in {choice.value for choice in field.choices} - {""}:
            field.errors[:] = []
            raise StopValidation(self.sentence)


def _number(text: Any) -> int | None:
    return int(text) if str(text).isdecimal() else None


def _one_sign_line_ends(text: str | None) -> str | None:
    return text and text.replace("\r\n", "\n")


class _Words(TextAreaField):
    """A text of several lines, counted as its writer counts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, filters=[_one_sign_line_ends], **kwargs)


class ProjectForm(Form):
    """A project and one of its fiscal years; a row per municipality is added by `project_form`."""

    seen = SeenField()
    name = StringField("事業の名前", [*required("事業の名前を入力してください。"), at_most(200)])
    summary = _Words(
        "事業の内容", [*required("事業の内容を1文か2文で入力してください。"), at_most(LONGEST_TEXT)]
    )
    measure = SelectField("連携施策", [Picked("連携施策を選んでください。")], coerce=_number)
    lead = SelectField("主担当の市町村", [Picked("主担当の市町村を選んでください。")])
    lead_section = StringField(
        "主担当の課・係",
        [
            *required("主担当の課・係の名前を入力してください（例 農業振興センター）。"),
            at_most(100),
        ],
    )
    lead_post = SelectField(
        "お知らせの宛先", [Picked("お知らせの宛先を選んでください。")], coerce=_number
    )
    since_year = SelectField(
        "始まった年度", [Picked("始まった年度を選んでください。")], coerce=_number
    )
    indicator_name = StringField("成果指標の名前", [optional(), at_most(200)])
    indicator_unit = StringField("単位", [optional(), at_most(20)])
    indicator_definition = _Words("数え方", [optional(), at_most(LONGEST_TEXT)])
    mark = RadioField(
        "年度の扱い",
        [Picked("年度の扱いを1つ選んでください。")],
        choices=choices([(_GOING, "予定どおり進める"), *((mark, mark.label) for mark in YearMark)]),
        default=_GOING,
    )
    comment = _Words("主担当から見た状況", [optional(), at_most(LONGEST_TEXT)])

    def plan(self, year: FiscalYear, towns: Sequence[Town]) -> Plan:
        """What was filled in, as the action takes it."""
        texts = [
            (self[f"indicator_{name}"].data or "").strip()
            for name in ("name", "unit", "definition")
        ]
        return Plan(
            name=self.name.data.strip(),
            summary=self.summary.data.strip(),
            measure_id=self.measure.data,
            lead=self.lead.data,
            lead_section=self.lead_section.data.strip(),
            since_year=self.since_year.data,
            year=year,
            parts={
                town.slug: Part(
                    self[f"budget_{town.slug}"].data,
                    self[f"actual_{town.slug}"].data,
                    self[f"target_{town.slug}"].data,
                )
                for town in towns
                if self[f"part_{town.slug}"].data
            },
            lead_post_id=self.lead_post.data or None,
            indicator=IndicatorText(*texts) if any(texts) else None,
            mark=None if self.mark.data == _GOING else YearMark(self.mark.data),
            comment=(self.comment.data or "").strip(),
        )


def project_form(
    towns: Sequence[Town],
    year: FiscalYear,
    *,
    leads: Sequence[Town],
    measures: Sequence[tuple[int, str]],
    posts: Sequence[tuple[int, str]],
    **values: Any,
) -> ProjectForm:
    """The form with a part, two amounts and a target for every municipality."""

    class WithTowns(ProjectForm):
        pass

    for town in towns:
        for name, field in (
            ("part", BooleanField("参加する")),
            ("budget", YenField("予算額", validators=[optional()])),
            ("actual", YenField("決算額", validators=[optional()])),
            ("target", CountField("目標", named=f"{town.name}の目標", validators=[optional()])),
        ):
            setattr(WithTowns, f"{name}_{town.slug}", field)
    form = WithTowns(**values)
    form.measure.choices = choices([_CHOOSE, *measures])
    form.lead.choices = choices([_CHOOSE, *((town.slug, town.name) for town in leads)])
    form.lead_post.choices = choices([(0, "決めていない"), *posts])
    form.since_year.choices = choices(
        (one, FiscalYear(one).long_label) for one in range(year.next.year, FIRST_YEAR - 1, -1)
    )
    return form


class RoundForm(Form):
    """A reporting round; the periods to choose from are this year's and last year's."""

    period = SelectField("期間", [Picked("期間を選んでください。")])
    due_on = DayField("期限")
    covering_note = _Words("添える文", [optional(), at_most(LONGEST_TEXT)])


def round_form(year: FiscalYear) -> RoundForm:
    """The form for somebody who opens a round in that fiscal year."""

    class WithYear(RoundForm):
        due_on = DayField("期限", validators=required("期限を入力してください。"), within=year)

    form = WithYear()
    asked = (
        Period(year.year, Half.H1),
        Period(year.previous.year, Half.FY),
        Period(year.year, Half.FY),
    )
    form.period.choices = choices([_CHOOSE, *((period, period.label) for period in asked)])
    return form


class ReportForm(Form):
    """A report; its fields are asked in the words of the place by `report_form`."""

    seen: Any
    value: Any
    rating: Any
    done: Any
    trouble: Any
    for_meeting: Any
    plan: Any

    def let_unfinished(self) -> None:
        """A draft may have gaps: only what cannot be read is still said."""
        for field in self:
            if field.name != "csrf_token":
                field.validators = [optional()]

    @property
    def content(self) -> Content:
        """What was filled in, as the action takes it."""
        return Content(
            value=self.value.data if self.value else None,
            rating=Rating(self.rating.data) if self.rating.data else None,
            done=self.done.data or "",
            trouble=self.trouble.data or "",
            for_meeting=self.for_meeting.data,
            plan=self.plan.data or "",
        )


def report_form(place: Report, content: Content) -> ReportForm:
    """The form of one report, filled in with `content` until something is typed."""
    span = "この半年" if place.period.half is Half.H1 else "この1年"
    number = f"{place.town.name}の{place.indicator}"
    missing = (
        f"{span}に行ったことを入力してください。行っていないときは、その理由を入れてください。"
    )

    class Asked(ReportForm):
        seen = SeenField()
        value = place.indicator and CountField(
            number, named=place.indicator, validators=required(ask_for_count(number))
        )
        rating = RadioField(
            "事業の状況",
            [Picked("事業の状況を1つ選んでください。")],
            choices=choices((rating, rating.label) for rating in Rating),
            validate_choice=False,
            filters=[lambda value: value if value in set(Rating) else None],
        )
        done = _Words(f"{span}に行ったこと", [*required(missing), at_most(LONGEST_TEXT)])
        trouble = _Words(
            "困っていること・青森市や他町村への相談", [optional(), at_most(LONGEST_TEXT)]
        )
        for_meeting = BooleanField("市町村長会議の議題の候補にする")
        plan = _Words("これからの予定", [optional(), at_most(LONGEST_TEXT)])

    return Asked(
        seen=place.seen,
        value=content.value,
        rating=content.rating and content.rating.value,
        done=content.done,
        trouble=content.trouble,
        for_meeting=content.for_meeting,
        plan=content.plan,
    )


def confirm_all_form(reports: Iterable[Report]) -> Form:
    """Confirms at one go: of each report what was seen."""

    class WithReports(Form):
        pass

    for report in reports:
        setattr(WithReports, seen_name(report), SeenField(default=report.seen))
    return WithReports()


def seen_name(report: Report) -> str:
    """The field that carries what was seen of a report among others."""
    return f"{report.project_id}-{report.town.slug}-seen"


class QuestionForm(Form):
    """What the lead asks when a report goes back."""

    seen = SeenField()
    question = _Words("確認したいこと", [*required(QUESTION_MISSING), at_most(LONGEST_TEXT)])
