"""分担なし on one screen, and 実績: what was done of the work that was agreed."""

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from tracker.cost_sharing import queries
from tracker.cost_sharing.blueprint import bp, get_case, projects_to_choose, rows_to_tell
from tracker.cost_sharing.cases.rules import reply_due
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.work import actions, forms
from tracker.cost_sharing.work.rules import check_done
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import guard, require
from tracker.plumbing.changes import Act
from tracker.plumbing.forms import choices, in_year, whole_number
from tracker.plumbing.pages import done, number_asked, page
from tracker.projects.plans.queries import members_of_project


@bp.route("/costs/new/none", methods=["GET", "POST"])
@guard(Permission.DRAFT_COST)
def nothing() -> Response:
    """分担なし: reason and consultation on one screen, then both sides are asked."""
    today, words = clock.today(), request.args.get("q", "")
    this = FiscalYear.containing(today)
    years = (this, this.next, this.previous)
    chosen = whole_number(request.form.get("project")) or number_asked("project", 0)
    members = members_of_project(chosen, this.year) or areas.towns()
    form = in_year(forms.NothingForm, this)(
        data={
            "project": chosen,
            "towns": [town.slug for town in members],
            "reply_due_on": reply_due(today),
        }
    )
    form.project.choices, has_more = projects_to_choose(years, words, chosen)
    form.year.choices = choices((year.year, year.long_label) for year in years)
    form.towns.choices = choices((town.slug, town.name) for town in areas.towns())
    if form.carry_out(lambda act: _decide(act, form)):
        return done(url_for(".show", no=form.result.no), _("分担なしの案を送りました。"))
    return page("cost_sharing/none.html", form=form, words=words, has_more=has_more)


def _decide(act: Act, form: forms.NothingForm) -> CostCase:
    return actions.decide_nothing(
        act,
        int(form.project.data),
        FiscalYear(int(form.year.data)),
        form.proposal(),
        (form.consulted_on.data, form.place.data, form.participants.data, form.gist.data),
        form.reply_due_on.data,
    )


@bp.route("/costs/<no>/work", methods=["GET", "POST"])
@guard(Permission.WRITE_REPORT)
def work(no: str) -> Response:
    """実績の入力: each municipality its own rows, the one that leads the project all."""
    case = get_case(no)
    rows = rows_to_tell(case)
    require(Permission.WRITE_REPORT, case.lead.slug, *(row.town.slug for row in case.rows))
    try:
        check_done(case.kind, case.state)
    except Refusal as refusal:
        flash(refusal.message, "warn")
        return redirect(url_for(".show", no=no))
    form = forms.done_form(rows)
    if form.carry_out(
        lambda act: actions.tell_done(act, queries.row(case), form.done(rows), form.seen_rows(rows))
    ):
        return done(url_for(".show", no=no), _("実績を保存しました。"))
    return page("cost_sharing/done.html", form=form, case=case, rows=rows)
