"""試算: up to four formulas side by side, carried along by the form; nothing is saved."""

from collections.abc import Sequence

from flask import Blueprint, redirect, request, url_for
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from tracker.cost_sharing import queries
from tracker.cost_sharing.blueprint import case_to_draft
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.formula import forms
from tracker.cost_sharing.formula.forms import MOST_TRIALS, FormulaForm, from_sent
from tracker.cost_sharing.formula.proposal import Proposal, work_out
from tracker.cost_sharing.formula.views import carried_along, content_form, formula_page, worked_out
from tracker.cost_sharing.rules import STATES
from tracker.cost_trials.rules import Trial, side_by_side
from tracker.figures import queries as bases
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.plumbing import clock
from tracker.plumbing.access import guard
from tracker.plumbing.forms import ButtonForm, whole_number
from tracker.plumbing.pages import page

bp = Blueprint("cost_trials", __name__)


@bp.post("/costs/<no>/formula/trials")
@guard(Permission.DRAFT_COST)
def trials(no: str) -> Response:
    """試算: up to four formulas side by side, carried along by the form; nothing is saved."""
    case, press, carried = case_to_draft(no), ButtonForm(), carried_along()
    voids = STATES[case.state].voids
    if voids is None or not case.is_money:
        return redirect(url_for("cost_sharing.formula", no=no))
    if "remove" not in request.form:
        form, to_copy = content_form(case)
        if not isinstance(form, FormulaForm) or not worked_out(case, form):
            return formula_page(case, form, None, voids, to_copy)
        carried = [*(carried or _earlier(case, form)), forms.as_sent(form)]
    elif press.validate():
        gone = whole_number(request.form["remove"])
        carried = [one for place, one in enumerate(carried) if place != gone]
    return _trials_page(case, press, _tried(case, carried))


def _trials_page(case: Case, press: ButtonForm, found: Sequence[Trial]) -> Response:
    if not found:
        return redirect(url_for("cost_sharing.formula", no=case.no))
    before = queries.agreed_before(case, case.no.fiscal_year - 1, clock.today())
    return page(
        "cost_trials/trials.html",
        form=press,
        case=case,
        trials=found[:MOST_TRIALS],
        carried=[one.sent for one in found],
        waiting=len(found) > MOST_TRIALS,
        table=side_by_side(found[:MOST_TRIALS], before[-1] if before else None),
        seen=request.form.get("seen", ""),
    )


def _earlier(case: Case, form: FormulaForm) -> list[str]:
    """The formula of the case as it is stored, and that agreed last, on the amounts as typed."""
    last = next((one for one in queries.formulas_to_copy(case)), None)
    sources = [case, queries.find(last, clock.today()) if last else None]
    series, typed = (
        bases.series(project_id=case.project_id),
        ("title", "stage", "total_yen", "subsidy_yen", "carried_yen"),
    )
    return [
        forms.as_sent(
            forms.formula_form(
                series,
                data={
                    **forms.content_of(case, one, one.participants, series),
                    **({name: form[name].data for name in typed} if one is not case else {}),
                },
                formdata=MultiDict(),
            )
        )
        for one in sources
        if one and one.shares
    ]


def _tried(case: Case, carried: Sequence[str]) -> list[Trial]:
    """What comes out of each formula, each once; one that nobody can read is left out."""
    series, told = bases.series(project_id=case.project_id), list[tuple[str, Proposal]]()
    for sent in carried:
        form = forms.formula_form(series, data={}, formdata=from_sent(sent))
        # The page's own form answers for the token.
        is_fine = FlaskForm.validate(form) or form.is_told
        if is_fine and form.parts and form.proposal() not in [one for _sent, one in told]:
            told.append((sent, form.proposal()))
    ids = {id_ for _sent, proposal in told for id_ in proposal.series_ids}
    grounds, found = queries.grounds(clock.today(), sorted(ids)), list[Trial]()
    for number, (sent, proposal) in enumerate(told, 1):
        try:
            then = work_out(case, proposal, grounds)
        except Refusal:
            then = None
        is_stored = then is not None and then.content == case.content
        found.append(Trial(sent, _("算式%(number)s", number=number), then, is_stored))
    return found
