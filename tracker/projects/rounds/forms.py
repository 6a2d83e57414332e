"""Asks for the reports of a period, and which of them to confirm at one go."""

from collections.abc import Iterable

from wtforms import BooleanField, RadioField

from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.kernel.translation import N_
from tracker.plumbing.forms import (
    DayField,
    Form,
    LinesField,
    SeenField,
    at_most,
    choices,
    choose,
    in_year,
    labelled,
    must_choose,
    optional,
    required,
    with_fields,
)
from tracker.projects.report import Report
from tracker.projects.rounds.rules import Telling
from tracker.projects.rules import LONGEST_TEXT


class RoundForm(Form):
    """A reporting round; the periods to choose from are this year's and last year's."""

    period = must_choose(N_("期間"), N_("期間を選んでください。"))
    due_on = DayField(N_("期限"), validators=required(N_("期限を入力してください。")))
    covering_note = LinesField(N_("添える文"), [optional(), at_most(LONGEST_TEXT)])


def round_form(year: FiscalYear) -> RoundForm:
    """The form for somebody who opens a round in that fiscal year."""

    form = in_year(RoundForm, year)()
    asked = (
        Period(year.year, Half.H1),
        Period(year.previous.year, Half.FY),
        Period(year.year, Half.FY),
    )
    form.period.choices = choices([choose(), *((period, period.label) for period in asked)])
    return form


class DueDayForm(Form):
    """Another due day of an open round."""

    seen = SeenField()
    due_on = DayField(N_("期限"), validators=required(N_("期限を入力してください。")))
    telling = must_choose(
        N_("お願いした先への手紙"),
        N_("手紙を送るかどうかを選んでください。"),
        labelled(Telling),
        RadioField,
    )


class ReopenForm(Form):
    """Takes reports once more in a round that was closed, until another day."""

    seen = SeenField()
    due_on = DayField(N_("新しい期限"), validators=required(N_("期限を入力してください。")))
    reason = LinesField(
        N_("もう一度受け付ける理由"),
        [*required(N_("理由を入力してください。")), at_most(LONGEST_TEXT)],
    )
    telling = BooleanField(N_("まだ提出のない市町村・担当課に、手紙で知らせる"), default=True)


def confirm_all_form(reports: Iterable[Report]) -> Form:
    """Confirms at one go: of each report what was seen."""
    fields = {seen_name(report): SeenField(default=report.seen) for report in reports}
    return with_fields(Form, fields)()


def seen_name(report: Report) -> str:
    """The field that carries what was seen of a report among others."""
    return f"{report.project_id}-{report.town.slug}-seen"
