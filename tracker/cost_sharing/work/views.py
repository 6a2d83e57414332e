"""実績: what was done of the work that was agreed."""

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from tracker.cost_sharing import queries
from tracker.cost_sharing.blueprint import bp, get_case, rows_to_tell
from tracker.cost_sharing.work import actions, forms
from tracker.cost_sharing.work.rules import check_done
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.plumbing.access import guard, require
from tracker.plumbing.pages import done, page


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
