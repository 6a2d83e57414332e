"""Asks for a project and one of its fiscal years."""

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import BooleanField, RadioField

from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.translation import N_, _
from tracker.municipalities.rules import Town
from tracker.plumbing.forms import (
    ExactField,
    Form,
    LineField,
    LinesField,
    SeenField,
    YenField,
    at_most,
    choices,
    choose,
    must_choose,
    optional,
    per_town,
    required,
    with_fields,
)
from tracker.projects.plans.rules import IndicatorText, Part, Plan
from tracker.projects.report import Measured
from tracker.projects.rules import LONGEST_TEXT, YearMark, field_of

FIRST_YEAR = 2010
_GOING = "going"
DECIMALS = {"0": N_("なし（整数）"), "1": N_("1けたまで"), "2": N_("2けたまで")}
_DECIMALS_MISSING = N_("小数のけた数を選んでください。")
MOST_INDICATORS = 6


class ProjectForm(Form):
    """A project and one of its fiscal years.

    Indicators (`numbers`) and a row per municipality are added by `project_form`.
    """

    numbers: Sequence[int] = ()

    seen = SeenField()
    name = LineField(
        N_("事業の名前"), [*required(N_("事業の名前を入力してください。")), at_most(200)]
    )
    summary = LinesField(
        N_("事業の内容"),
        [*required(N_("事業の内容を1文か2文で入力してください。")), at_most(LONGEST_TEXT)],
    )
    measure = must_choose(N_("連携施策"), N_("連携施策を選んでください。"))
    lead = must_choose(N_("主担当の市町村"), N_("主担当の市町村を選んでください。"))
    lead_section = LineField(
        N_("主担当の課・係"),
        [
            *required(N_("主担当の課・係の名前を入力してください（例 農業振興センター）。")),
            at_most(100),
        ],
    )
    lead_post = must_choose(N_("お知らせの宛先"), N_("お知らせの宛先を選んでください。"))
    since_year = must_choose(N_("始まった年度"), N_("始まった年度を選んでください。"))
    mark = must_choose(
        N_("年度の扱い"),
        N_("年度の扱いを1つ選んでください。"),
        choices([(_GOING, N_("予定どおり進める")), *((mark, mark.label) for mark in YearMark)]),
        RadioField,
    )
    comment = LinesField(N_("主担当から見た状況"), [optional(), at_most(LONGEST_TEXT)])

    def plan(self, year: FiscalYear, towns: Sequence[Town]) -> Plan:
        """What was filled in, as the action takes it."""
        texts = {number: self._indicator(number) for number in self.numbers}
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
                    {
                        number: target
                        for number in self.numbers
                        if (target := self[field_of(f"target_{town.slug}", number)].data)
                    },
                )
                for town in towns
                if self[f"part_{town.slug}"].data
            },
            lead_post_id=int(self.lead_post.data) or None,
            indicators={number: one for number, one in texts.items() if one},
            mark=None if self.mark.data == _GOING else YearMark(self.mark.data),
            comment=self.comment.data or "",
        )

    def _indicator(self, number: int) -> IndicatorText | None:
        """One indicator; None where nothing was written."""
        name, unit, definition = (
            self[field_of(f"indicator_{box}", number)].data or ""
            for box in ("name", "unit", "definition")
        )
        if not (name or unit or definition):
            return None
        decimals = int(self[field_of("indicator_decimals", number)].data)
        return IndicatorText(name, unit, definition, decimals)


def asked_indicators(stored: Sequence[Measured], sent: Mapping[str, str]) -> Mapping[int, int]:
    """The indicators that a form asks for, by number: how many decimals each may have.

    Those stored and those sent, one more where that was asked for, and always a first.
    """
    asked = {one.number: one.decimals for one in stored}
    for number in range(1, MOST_INDICATORS + 1):
        told = sent.get(field_of("indicator_decimals", number), "")
        if told in DECIMALS or number in asked:
            asked[number] = int(told) if told in DECIMALS else asked[number]
    if not asked or ("add" in sent and len(asked) < MOST_INDICATORS):
        asked[max(asked, default=0) + 1] = 0
    return dict(sorted(asked.items()))


def project_form(
    towns: Sequence[Town],
    year: FiscalYear,
    *,
    decimals: Mapping[int, int],
    leads: Sequence[Town],
    measures: Sequence[tuple[int, str]],
    posts: Sequence[tuple[int, str]],
    **values: Any,
) -> ProjectForm:
    """The form with its indicators and every municipality's part, amounts and targets.

    `decimals` says by the indicator's number how many its targets may have.
    """
    fields = {
        **_indicators(decimals),
        **per_town("part", towns, lambda _: BooleanField(N_("参加する"))),
        **per_town("budget", towns, lambda _: YenField(N_("予算額"), validators=[optional()])),
        **per_town("actual", towns, lambda _: YenField(N_("決算額"), validators=[optional()])),
        **_targets(decimals, towns),
    }
    form = with_fields(ProjectForm, fields)(**{"mark": _GOING, **values})
    form.numbers = tuple(decimals)
    form.measure.choices = choices([choose(), *measures])
    form.lead.choices = choices([choose(), *((town.slug, town.name) for town in leads)])
    form.lead_post.choices = choices([(0, _("決めていない")), *posts])
    form.since_year.choices = choices(
        (one, FiscalYear(one).long_label) for one in range(year.next.year, FIRST_YEAR - 1, -1)
    )
    return form


def _indicators(decimals: Mapping[int, int]) -> dict[str, Any]:
    return {
        field_of(f"indicator_{name}", number): box
        for number in decimals
        for name, box in (
            ("name", LineField(N_("成果指標の名前"), [optional(), at_most(200)])),
            ("unit", LineField(N_("単位"), [optional(), at_most(20)])),
            ("decimals", must_choose(N_("小数"), _DECIMALS_MISSING, choices(DECIMALS.items()))),
            ("definition", LinesField(N_("数え方"), [optional(), at_most(LONGEST_TEXT)])),
        )
    }


def _targets(decimals: Mapping[int, int], towns: Sequence[Town]) -> dict[str, Any]:
    many = len(decimals) > 1
    return {
        field_of(f"target_{town.slug}", number): ExactField(
            _("目標%(place)s", place=place if many else ""),
            named=_("%(town)sの目標", town=town.name),
            decimals=decimals[number],
            validators=[optional()],
        )
        for town in towns
        for place, number in enumerate(decimals, 1)
    }
