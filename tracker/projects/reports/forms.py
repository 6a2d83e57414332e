"""Asks for a report, and what its lead wants to know when it goes back."""

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, RadioField

from tracker.amounts.yen import ask_for_count
from tracker.kernel.fiscal_year import Half
from tracker.kernel.translation import N_, _
from tracker.plumbing.forms import (
    ExactField,
    Form,
    LinesField,
    SeenField,
    at_most,
    labelled,
    must_choose,
    optional,
    required,
    with_fields,
)
from tracker.projects.report import Measured, Report
from tracker.projects.reports.rules import QUESTION_MISSING, Content
from tracker.projects.rules import LONGEST_TEXT, Rating


class ReportForm(Form):
    """A report; its fields are asked in the words of the place by `report_form`."""

    measured: Sequence[Measured] = ()
    seen: Any
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
            values={
                one.number: value
                for one in self.measured
                if (value := self[one.field].data) is not None
            },
            rating=Rating(self.rating.data) if self.rating.data else None,
            done=self.done.data or "",
            trouble=self.trouble.data or "",
            for_meeting=self.for_meeting.data,
            plan=self.plan.data or "",
        )


def report_form(place: Report, content: Content) -> ReportForm:
    """The form of one report, filled in with `content` until something is typed."""
    span = _("この半年") if place.period.half is Half.H1 else _("この1年")
    missing = _(
        "%(span)sに行ったことを入力してください。行っていないときは、その理由を入れてください。",
        span=span,
    )

    # Made first, they stand first.
    numbers = {one.field: _number(place, one) for one in place.measured}

    class Asked(ReportForm):
        measured = place.measured
        seen = SeenField()
        rating = must_choose(
            N_("事業の状況"), N_("事業の状況を1つ選んでください。"), labelled(Rating), RadioField
        )
        done = LinesField(
            _("%(span)sに行ったこと", span=span), [*required(missing), at_most(LONGEST_TEXT)]
        )
        trouble = LinesField(
            N_("困っていること・青森市や他町村への相談"), [optional(), at_most(LONGEST_TEXT)]
        )
        for_meeting = BooleanField(N_("市町村長会議の議題の候補にする"))
        plan = LinesField(N_("これからの予定"), [optional(), at_most(LONGEST_TEXT)])

    return with_fields(Asked, numbers)(
        **{one.field: content.values.get(one.number) for one in place.measured},
        seen=place.seen,
        rating=content.rating and content.rating.value,
        done=content.done,
        trouble=content.trouble,
        for_meeting=content.for_meeting,
        plan=content.plan,
    )


def _number(place: Report, one: Measured) -> ExactField:
    label = _("%(town)sの%(one)s", town=place.town.name, one=one.name)
    return ExactField(
        label, named=one.name, decimals=one.decimals, validators=required(ask_for_count(label))
    )


class QuestionForm(Form):
    """What the lead asks when a report goes back."""

    seen = SeenField()
    question = LinesField(
        N_("確認したいこと"), [*required(QUESTION_MISSING), at_most(LONGEST_TEXT)]
    )
