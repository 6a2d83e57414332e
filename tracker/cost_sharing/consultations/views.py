"""協議の記録: adding one, and taking one out."""

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from tracker.cost_sharing import queries
from tracker.cost_sharing.blueprint import bp, case_to_draft
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.cases.views import case_page
from tracker.cost_sharing.consultations import actions, forms
from tracker.cost_sharing.models import Consultation
from tracker.cost_sharing.rules import ASKED
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.plumbing import clock
from tracker.plumbing.access import guard
from tracker.plumbing.forms import in_year
from tracker.plumbing.pages import done
from tracker.struck.views import strike_page


@bp.post("/costs/<no>/consultations")
@guard(Permission.DRAFT_COST)
def add_consultation(no: str) -> Response:
    """協議の記録: adds one."""
    case = case_to_draft(no)
    form = in_year(forms.ConsultationForm, FiscalYear.containing(clock.today()))()
    if form.carry_out(
        lambda act: actions.add_consultation(
            act,
            queries.row(case),
            form.consulted_on.data,
            form.place.data,
            form.participants.data,
            form.gist.data,
        )
    ):
        goes_on = "send" in request.form
        return done(url_for(".send" if goes_on else ".show", no=no), _("協議の記録を加えました。"))
    return case_page(case, form)


@bp.route("/costs/<no>/consultations/<int:consultation_id>/strike", methods=["GET", "POST"])
@guard(Permission.DRAFT_COST)
def strike_consultation(no: str, consultation_id: int) -> Response:
    """Takes a consultation out that was recorded by mistake, or puts it back."""
    case, back = case_to_draft(no), url_for(".show", no=no)
    found = queries.consultations(case)
    one = next((one for one in found if one.id == consultation_id), None) or abort(404)
    row = queries.row(case)
    return strike_page(
        one,
        case.seen,
        lambda act, reason, seen: actions.strike_consultation(act, row, one, reason, seen),
        lambda act, seen: actions.put_consultation_back(act, row, one, seen),
        named=_("協議の記録 %(day)s %(place)s", day=wareki.full(one.consulted_on), place=one.place),
        back=back,
        check=lambda: actions.after_strike(row, one, case),
        notes=_strike_notes(case, one),
    )


def _strike_notes(case: Case, one: Consultation) -> list[str]:
    if case.state not in ASKED:
        return []
    if actions.after_strike(queries.row(case), one, case) in ASKED:
        return [_("送る前の協議の記録がほかにあるため、いただいた確認はそのまま残ります。")]
    return [
        _(
            "送る前の協議の記録がほかにありません。いただいた確認はすべて取り消しになり、"
            "案件は「協議中」に戻ります。確認をお願いした方に、手紙で知らせます。"
        )
    ]
