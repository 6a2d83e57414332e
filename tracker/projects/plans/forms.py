"""Asks for a project and one of its fiscal years."""

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, RadioField

from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities.rules import Town
from tracker.plumbing.forms import (
    CHOOSE,
    CountField,
    Form,
    LineField,
    LinesField,
    SeenField,
    YenField,
    at_most,
    choices,
    must_choose,
    optional,
    per_town,
    required,
    with_fields,
)
from tracker.projects.plans.rules import IndicatorText, Part, Plan
from tracker.projects.rules import LONGEST_TEXT, YearMark

FIRST_YEAR = 2010
_GOING = "going"


class ProjectForm(Form):
    """A project and one of its fiscal years; a row per municipality is added by `project_form`."""

    seen = SeenField()
    name = LineField("事業の名前", [*required("事業の名前を入力してください。"), at_most(200)])
    summary = LinesField(
        "事業の内容", [*required("事業の内容を1文か2文で入力してください。"), at_most(LONGEST_TEXT)]
    )
    measure = must_choose("連携施策", "連携施策を選んでください。")
    lead = must_choose("主担当の市町村", "主担当の市町村を選んでください。")
    lead_section = LineField(
        "主担当の課・係",
        [
            *required("主担当の課・係の名前を入力してください（例 農業振興センター）。"),
            at_most(100),
        ],
    )
    lead_post = must_choose("お知らせの宛先", "お知らせの宛先を選んでください。")
    since_year = must_choose("始まった年度", "始まった年度を選んでください。")
    indicator_name = LineField("成果指標の名前", [optional(), at_most(200)])
    indicator_unit = LineField("単位", [optional(), at_most(20)])
    indicator_definition = LinesField("数え方", [optional(), at_most(LONGEST_TEXT)])
    mark = must_choose(
        "年度の扱い",
        "年度の扱いを1つ選んでください。",
        choices([(_GOING, "予定どおり進める"), *((mark, mark.label) for mark in YearMark)]),
        RadioField,
    )
    comment = LinesField("主担当から見た状況", [optional(), at_most(LONGEST_TEXT)])

    def plan(self, year: FiscalYear, towns: Sequence[Town]) -> Plan:
        """What was filled in, as the action takes it."""
        texts = [self[f"indicator_{name}"].data or "" for name in ("name", "unit", "definition")]
        return Plan(
            name=self.name.data,
            summary=self.summary.data,
            measure_id=int(self.measure.data),
            lead=self.lead.data,
            lead_section=self.lead_section.data,
            since_year=int(self.since_year.data),
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
            lead_post_id=int(self.lead_post.data) or None,
            indicator=IndicatorText(*texts) if any(texts) else None,
            mark=None if self.mark.data == _GOING else YearMark(self.mark.data),
            comment=self.comment.data or "",
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
    fields = {
        **per_town("part", towns, lambda _: BooleanField("参加する")),
        **per_town("budget", towns, lambda _: YenField("予算額", validators=[optional()])),
        **per_town("actual", towns, lambda _: YenField("決算額", validators=[optional()])),
        **per_town("target", towns, _target),
    }
    form = with_fields(ProjectForm, fields)(**{"mark": _GOING, **values})
    form.measure.choices = choices([CHOOSE, *measures])
    form.lead.choices = choices([CHOOSE, *((town.slug, town.name) for town in leads)])
    form.lead_post.choices = choices([(0, "決めていない"), *posts])
    form.since_year.choices = choices(
        (one, FiscalYear(one).long_label) for one in range(year.next.year, FIRST_YEAR - 1, -1)
    )
    return form


def _target(town: Town) -> CountField:
    return CountField("目標", named=f"{town.name}の目標", validators=[optional()])
