"""算式と負担額: the form, its live table, and the page before what was sent is changed."""

from collections.abc import Iterable

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from tracker.cost_sharing import actions, earlier, forms, formula_form, queries, rules
from tracker.cost_sharing.blueprint import bp, get_dossier
from tracker.cost_sharing.case_number import CaseNumber
from tracker.cost_sharing.days import reply_due
from tracker.cost_sharing.dossier import Dossier
from tracker.cost_sharing.formula_form import FormulaForm, WorkForm
from tracker.cost_sharing.proposal import Proposal, compare, table_of, work_out
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard
from tracker.plumbing.pages import page


@bp.route("/costs/<no>/formula", methods=["GET", "POST"])
@guard(Permission.DRAFT_COST)
def formula(no: str) -> Response:
    """算式と負担額; a change of what was sent goes by a page that says what it voids."""
    dossier = get_dossier(no)
    try:
        voids = rules.check_change(dossier.case.state)
    except Refusal as refusal:
        flash(refusal.message, "warn")
        return redirect(url_for(".show", no=no))
    form, copied = _content_form(dossier)
    table = dossier.table
    if form.validate_on_submit() and "back" not in request.form:
        proposal, today = form.proposal(), clock.today()
        if "calculate" in request.form or voids:
            if form.attempt(lambda: work_out(proposal, today)):
                if "calculate" not in request.form:
                    return _change(dossier, proposal, form)
                table = table_of(proposal, form.result)
        elif form.attempt(
            lambda: actions.save_formula(
                dossier.case, proposal, version=form.seen.data, by=actor(), at=clock.now()
            )
        ):
            flash("内容を保存しました。", "ok")
            return redirect(url_for(".show", no=no))
    problems = _problems(form)
    return page(
        "cost_sharing/formula.html" if dossier.is_money else "cost_sharing/work.html",
        form=form,
        case=dossier.case,
        table=None if problems else table,
        problems=problems,
        voids=voids,
        earlier=copied,
        towns=areas.towns(),
        boxes=formula_form.BOXES,
    )


@bp.post("/costs/<no>/formula/preview")
@guard(Permission.DRAFT_COST)
def preview(no: str) -> Response:
    """The table of the formula as typed, a part of a page; nothing is saved."""
    dossier = get_dossier(no)
    form, _ = _content_form(dossier)
    table = None
    if form.validate_on_submit():
        proposal, today = form.proposal(), clock.today()
        if form.attempt(lambda: work_out(proposal, today)):
            table = table_of(proposal, form.result)
    return page(
        "cost_sharing/_split.html", form=form, table=table, problems=_problems(form), live=True
    )


def _content_form(dossier: Dossier) -> tuple[FormulaForm | WorkForm, CaseNumber | None]:
    """The boxes with what is stored, and the earlier case whose formula a new draft may copy."""
    case, formula, last = dossier.case, dossier, None
    takers: Iterable[int] = dossier.shares
    if not dossier.shares:
        takers, last = earlier.beginnings(case)
    if not dossier.is_money:
        data = formula_form.content_of(dossier, dossier, takers, ())
        return formula_form.work_form(data=data), None
    if last and request.args.get("from") == str(last):
        formula = queries.find(last, formula_only=True) or dossier
    series = areas.series()
    data = formula_form.content_of(dossier, formula, takers, series)
    return formula_form.formula_form(series, data=data), last


def _problems(form: FormulaForm | WorkForm) -> list[str]:
    return [*form.form_errors, *(error for field in form for error in field.errors)]


def _change(dossier: Dossier, proposal: Proposal, typed: FormulaForm | WorkForm) -> Response:
    """Before amounts already sent change: what changes, and that all confirmations are void."""
    checked = "checked" in request.form
    today = clock.today()
    form = forms.in_year(
        forms.AgainForm,
        today,
        **({} if checked else {"formdata": None, "data": {"reply_due_on": reply_due(today)}}),
    )
    changes = compare(dossier, proposal, typed.result)
    answers = {one.municipality_id: one.person_name for one in dossier.answers.values()}
    confirmed = [answers[town.id] for town in dossier.parties if town.id in answers]
    if (
        checked
        and form.validate_on_submit()
        and form.attempt(
            lambda: actions.save_formula(
                dossier.case,
                proposal,
                version=typed.seen.data,
                again=actions.AskAgain(form.reason.data, form.reply_due_on.data),
                by=actor(),
                at=clock.now(),
            )
        )
    ):
        flash("内容を変え、確認をもう一度お願いしました。", "ok")
        return redirect(url_for(".show", no=dossier.case.no))
    return page(
        "cost_sharing/check.html",
        form=form,
        case=dossier.case,
        changes=changes,
        confirmed=confirmed,
        typed=[
            (name, value)
            for name, value in request.form.items(multi=True)
            if name not in {"csrf_token", "checked", "reason", "reply_due_on"}
        ],
    )
