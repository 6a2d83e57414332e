"""算式と負担額: the form, its live table, and the page before what was sent is changed."""

from collections.abc import Mapping

from flask import flash, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from tracker.cost_sharing import queries
from tracker.cost_sharing.blueprint import bp, case_to_draft
from tracker.cost_sharing.case import Case, changes
from tracker.cost_sharing.cases.forms import AgainForm
from tracker.cost_sharing.cases.rules import check_change, reply_due
from tracker.cost_sharing.formula import actions, forms
from tracker.cost_sharing.formula.forms import MOST_TRIALS, FormulaForm, from_sent
from tracker.cost_sharing.formula.proposal import work_out
from tracker.cost_sharing.rules import CaseNumber, Decision, Stage
from tracker.cost_sharing.work import forms as work
from tracker.cost_sharing.work.forms import WorkForm
from tracker.figures import queries as bases
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.plumbing import clock
from tracker.plumbing.access import guard
from tracker.plumbing.changes import Act
from tracker.plumbing.forms import in_year, whole_number
from tracker.plumbing.pages import done, page
from tracker.projects.plans.queries import members_of_project
from tracker.shares.table import SplitTable

# Buttons of the page that save nothing.
ON_THE_WAY = frozenset({"back", "calculate", "add", "drop", "pick", "compare", "remove"})
# What is said by whether the case had been sent.
SAVED = {
    False: N_("内容を保存しました。"),
    True: N_("内容を変え、確認をもう一度お願いしました。"),
}
# What the page of a change adds to the form that it carries along.
NOT_OF_FORMULA = {"csrf_token", "once", "checked", "save", "pressed", "reason", "reply_due_on"}
OF_THE_CHECK = frozenset({"reason", "reply_due_on", None})


@bp.route("/costs/<no>/formula", methods=["GET", "POST"])
@guard(Permission.DRAFT_COST)
def formula(no: str) -> Response:
    """算式と負担額; a change of what was sent goes by a page that says what it voids."""
    case, pressed = case_to_draft(no), request.form
    try:
        voids = check_change(case.state)
    except Refusal as refusal:
        flash(refusal.message, "warn")
        return redirect(url_for(".show", no=no))
    is_saved = bool(pressed) and not ON_THE_WAY & pressed.keys()
    is_checked = voids and is_saved and "checked" in pressed
    form, to_copy = content_form(case, is_checked)
    if is_saved and (is_checked or not voids):
        if form.carry_out(lambda act: _save(act, case, form, is_checked)):
            return done(url_for(".show", no=no), _(SAVED[voids]))
        then = None if form.conflict else _outcome(case, form, is_kept=True)
        if is_checked and not form.conflict and form.errors.keys() <= OF_THE_CHECK:
            return _check(case, form, then)
    elif is_saved and (then := _changed(case, form)):
        return _check(case, form, then)
    return formula_page(case, form, _table(case, form), voids, to_copy)


def formula_page(
    case: Case,
    form: FormulaForm | WorkForm,
    table: SplitTable | None,
    voids: bool,
    to_copy: Mapping[CaseNumber, str],
) -> Response:
    """The formula, or the table of work, with what was typed."""
    return page(
        "cost_sharing/formula.html" if case.is_money else "cost_sharing/work.html",
        form=form,
        case=case,
        table=table,
        problems=form.problems,
        is_edited=_is_edited(),
        voids=voids,
        to_copy=to_copy,
        towns=areas.towns(),
        newer=[] if "figures" in request.args else queries.newer(case),
        may_change=True,
        trials=carried_along(),
        units=work.UNITS,
    )


def carried_along() -> list[str]:
    """The formulas to compare that the form carries along, with one too many at most."""
    return request.form.getlist("trial")[: MOST_TRIALS + 1]


@bp.post("/costs/<no>/formula/preview")
@guard(Permission.DRAFT_COST)
def preview(no: str) -> Response:
    """The table of the formula as typed, a part of a page; nothing is saved."""
    case = case_to_draft(no)
    form, _other = content_form(case)
    then = worked_out(case, form)
    return page(
        "cost_sharing/_split.html",
        form=form,
        table=then.table if then else None,
        problems=form.problems,
        is_edited=False,
        live=True,
    )


def content_form(
    case: Case, is_checked: bool = False
) -> tuple[FormulaForm | WorkForm, Mapping[CaseNumber, str]]:
    """The boxes with what is stored, and the earlier cases whose formula a new draft may copy."""
    more = [in_year(AgainForm, FiscalYear.containing(clock.today()))] if is_checked else []
    if not case.is_money:
        participants = case.participants or _members(case)
        return work.work_form(more, data=work.content_of(case, participants)), {}
    to_copy = {} if case.participants else queries.formulas_to_copy(case)
    asked = next((one for one in to_copy if str(one) == request.args.get("from")), None)
    source = queries.find(asked, clock.today()) if asked else None
    # Whoever shared by a formula that is copied; the project may have nobody in its new year yet.
    participants = (source or case).participants or _members(case)
    series = bases.series(project_id=case.project_id)
    sent = forms.edited(request.form, series) if _is_edited() else _picked()
    is_fresh = request.args.get("figures") == "new"
    data = forms.content_of(case, source or case, participants, series, is_fresh=is_fresh)
    return forms.formula_form(series, more, data=data, formdata=sent), _labels(case, to_copy)


def _members(case: Case) -> tuple[Town, ...]:
    return members_of_project(case.project_id, case.no.fiscal_year)


def _picked() -> MultiDict[str, str] | None:
    """The formula chosen among those compared, on what its author saw of the case."""
    carried, number = carried_along(), whole_number(request.form.get("pick", ""))
    if "pick" not in request.form or number >= len(carried):
        return None
    sent = from_sent(carried[number])
    sent["seen"] = request.form.get("seen", "")
    return sent


def _labels(case: Case, to_copy: Mapping[CaseNumber, Stage]) -> dict[CaseNumber, str]:
    """「前年度の算式を写す」 of each; of several of a year the older ones say which."""
    found: dict[CaseNumber, str] = {}
    names = {0: _("今年度の算式を写す"), 1: _("前年度の算式を写す")}
    for one, stage in to_copy.items():
        year = _("%(year)sの算式を写す", year=FiscalYear(one.fiscal_year).label)
        label = names.get(case.no.fiscal_year - one.fiscal_year, year)
        which = f"（{stage.label} {one.label}）" if label in found.values() else ""
        found[one] = label + which
    return found


def worked_out(case: Case, form: FormulaForm | WorkForm, *, is_kept: bool = False) -> Case | None:
    """The case as it would be with what was typed; None with all reasons at the fields."""
    is_fine = form.validate_on_submit()
    then = _outcome(case, form, is_kept=is_kept)
    return then if is_fine else None


def _changed(case: Case, form: FormulaForm | WorkForm) -> Case | None:
    """The same for the page of the check; None, too, where nothing of what was sent would change."""
    then = worked_out(case, form, is_kept=True)
    if then and then.content == case.content:
        form.refuse(Refusal(_(actions.UNCHANGED)))
        return None
    return then


def _outcome(
    case: Case, form: FormulaForm | WorkForm, *, is_kept: bool = False, is_said: bool = True
) -> Case | None:
    """None where something is lacking, which is said at the fields, or (not `is_said`) when saved."""
    if not form.is_told:
        return None
    proposal = form.proposal()
    grounds = queries.grounds(clock.today(), proposal.series_ids)
    try:
        return work_out(case, proposal, grounds, is_kept=is_kept)
    except Refusal as refusal:
        if is_said:
            form.refuse(refusal)
        return None


def _table(case: Case, form: FormulaForm | WorkForm) -> SplitTable | None:
    """The table as stored, or where it was asked for as typed."""
    if form.errors or _is_edited():
        return None
    shown: Case | None = case
    if {"calculate", "pick"} & request.form.keys():
        shown = worked_out(case, form)
    elif {"from", "figures"} & request.args.keys():
        shown = _outcome(case, form, is_said=False)
    return shown.table if shown else None


def _is_edited() -> bool:
    """Whether a part was just added or taken out: no amounts are known yet."""
    return bool({"add", "drop"} & request.form.keys())


def _save(act: Act, case: Case, form: FormulaForm | WorkForm, is_checked: bool) -> None:
    again = actions.AskAgain(form["reason"].data, form["reply_due_on"].data) if is_checked else None
    actions.save_formula(act, queries.row(case), form.proposal(), form.seen.data, again=again)


def _check(case: Case, form: FormulaForm | WorkForm, then: Case | None) -> Response:
    """Before amounts already sent change: what changes, and that all confirmations are void."""
    today = clock.today()
    check = form
    if "reason" not in form:
        check = in_year(AgainForm, FiscalYear.containing(today))(
            formdata=None, data={"reply_due_on": reply_due(today)}
        )
    answers = {side: one for (_other, side), one in case.answers.items()}
    given = [answers[town.id] for town in case.parties if town.id in answers]
    return page(
        "cost_sharing/check.html",
        form=check,
        case=case,
        changes=changes(case, then) if then else [],
        confirmed=[one.person for one in given if one.decision is Decision.CONFIRMED],
        returned=[one.person for one in given if one.decision is Decision.RETURNED],
        typed=[
            (name, value)
            for name, value in request.form.items(multi=True)
            if name not in NOT_OF_FORMULA
        ],
    )
