"""確定 or 精算 from what is agreed."""

from flask import redirect, url_for
from werkzeug.wrappers import Response

from tracker.cost_sharing import queries
from tracker.cost_sharing.blueprint import bp, case_to_draft
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import CaseState, Stage
from tracker.cost_sharing.stages import actions
from tracker.cost_sharing.stages.forms import NextForm
from tracker.cost_sharing.stages.queries import settled_of_lead
from tracker.cost_sharing.stages.rules import next_stages
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.plumbing.access import guard
from tracker.plumbing.changes import Act
from tracker.plumbing.forms import SeenButtonForm, labelled
from tracker.plumbing.pages import complain, done, page


@bp.route("/costs/<no>/next", methods=["GET", "POST"])
@guard(Permission.DRAFT_COST)
def next_stage(no: str) -> Response:
    """確定 or 精算 from what is agreed: only the new yen are asked."""
    case = case_to_draft(no)
    stages = next_stages(case.stage)
    if case.state is not CaseState.AGREED or not case.is_money or not stages:
        return redirect(url_for(".show", no=no))
    told = settled_of_lead(case)
    funds = told.subsidy_yen if told else None
    form = NextForm(
        data={
            "seen": case.seen,
            "stage": stages[-1].value,
            "total_yen": told.total_yen if told else None,
            "subsidy_yen": case.subsidy_yen if funds is None else funds,
            "is_settled": True,
        }
    )
    form.stage.choices = labelled(stages)
    if form.carry_out(lambda act: _next(act, case, form)):
        return done(url_for(".show", no=form.result.no), _("次の段階の下書きを作りました。"))
    return page("cost_sharing/next.html", form=form, case=case, told=told)


def _next(act: Act, case: Case, form: NextForm) -> CostCase:
    return actions.start_next(
        act,
        queries.row(case),
        Stage(form.stage.data),
        form.total_yen.data,
        form.subsidy_yen.data or 0,
        form.carried_yen.data or 0,
        form.seen.data,
        is_settled=form.is_settled.data,
    )


@bp.post("/costs/<no>/settled")
@guard(Permission.DRAFT_COST)
def record_settled(no: str) -> Response:
    """Enters the total of a settlement as what its project closed with."""
    case = case_to_draft(no)
    form = SeenButtonForm(data={"seen": case.seen})
    if form.carry_out(lambda act: actions.record_settled(act, queries.row(case), form.seen.data)):
        return done(url_for(".show", no=no), _("事業の決算額に記録しました。"))
    return complain(form, url_for(".show", no=no))
