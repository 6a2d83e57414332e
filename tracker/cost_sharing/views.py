"""Pages of Article 4(2): the cases of a year, one case, and the consultations about it."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from tracker.cost_sharing import actions, confirming, forms, formula_form, mailing, queries, rules
from tracker.cost_sharing.case_number import CaseNumber
from tracker.cost_sharing.days import reply_due
from tracker.cost_sharing.dossier import Dossier
from tracker.cost_sharing.formula_form import FormulaForm, WorkForm
from tracker.cost_sharing.models import CaseKind
from tracker.cost_sharing.proposal import work_out
from tracker.cost_sharing.rules import CaseState, Stage
from tracker.cost_sharing.table import split_table
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing import clock, letters
from tracker.plumbing.access import actor, guard, may, require
from tracker.plumbing.forms import choices
from tracker.plumbing.pages import page, section

bp = Blueprint("cost_sharing", __name__)
ASKED = (CaseState.AWAITING, CaseState.RETURNED)


def _dossier(no: str) -> Dossier:
    """The case, or the 404 page: also for a draft, where the reader may not know of it."""
    section("costs")
    number = CaseNumber.parse(no)
    found = queries.find(number) if number else None
    if found is None or not (found.case.sent_on or may(Permission.READ_COST_DRAFT)):
        abort(404)
    return found


@bp.get("/costs")
@guard(Permission.READ_AREA)
def index() -> Response:
    """The cases of a fiscal year."""
    section("costs")
    asked = request.args.get("fy", type=int)
    year = FiscalYear(asked) if asked else FiscalYear.containing(clock.today())
    return page(
        "cost_sharing/index.html",
        year=year,
        years=queries.years(clock.today()),
        cases=queries.cases(
            year, actor().municipality_id, drafts=may(Permission.READ_COST_DRAFT)
        ),
        may_draft=may(Permission.DRAFT_COST),
    )


@bp.route("/costs/new", methods=["GET", "POST"])
@guard(Permission.DRAFT_COST)
def new() -> Response:
    """対象と金額: opens a draft."""
    section("costs")
    this = FiscalYear.containing(clock.today())
    form = forms.StartForm(
        data={"year": request.args.get("fy", this.year), "project": request.args.get("project")}
    )
    form.project.choices = choices([("", "選んでください"), *queries.projects()])
    form.year.choices = choices(
        (year.year, year.long_label) for year in (this.next, this, this.previous)
    )
    if form.validate_on_submit() and form.attempt(
        lambda: actions.start_case(
            int(form.project.data),
            FiscalYear(int(form.year.data)),
            CaseKind(form.kind.data),
            Stage(form.stage.data),
            form.title.data or "",
            form.total_yen.data or 0,
            form.subsidy_yen.data or 0,
            by=actor(),
            at=clock.now(),
        )
    ):
        return redirect(url_for(".formula", no=form.result.no))
    return page("cost_sharing/new.html", form=form)


@bp.get("/costs/<no>")
@guard(Permission.READ_AREA)
def show(no: str) -> Response:
    """One case whole."""
    return _case_page(_dossier(no), forms.in_year(forms.ConsultationForm, clock.today()))


@bp.post("/costs/<no>/consultations")
@guard(Permission.DRAFT_COST)
def add_consultation(no: str) -> Response:
    """協議の記録: adds one."""
    dossier = _dossier(no)
    form = forms.in_year(forms.ConsultationForm, clock.today())
    if form.validate_on_submit() and form.attempt(
        lambda: actions.add_consultation(
            dossier.case,
            form.consulted_on.data,
            form.place.data,
            form.participants.data,
            form.gist.data,
            by=actor(),
            at=clock.now(),
        )
    ):
        flash("協議の記録を加えました。", "ok")
        return redirect(url_for(".show", no=no))
    return _case_page(dossier, form)
