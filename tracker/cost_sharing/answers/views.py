"""The page on which one side gives its word."""

from collections.abc import Callable, Mapping

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from tracker.cost_sharing import queries
from tracker.cost_sharing.answers import actions, forms
from tracker.cost_sharing.answers.queries import history_of
from tracker.cost_sharing.answers.rules import shown
from tracker.cost_sharing.blueprint import bp, get_case, own_town
from tracker.cost_sharing.case import changes, own_share_first
from tracker.cost_sharing.rules import ASKED
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.plumbing import clock
from tracker.plumbing.access import guard, require
from tracker.plumbing.pages import done, page

NO_CHOICE = N_("「この内容で確認する」か「意見を付けて戻す」を選んでください。")


ANSWERS: Mapping[str, tuple[Callable[..., None], str]] = {
    "confirmed": (actions.confirm, N_("内容を確認しました。")),
    "returned": (actions.return_case, N_("意見を付けて戻しました。")),
}


@bp.route("/costs/<no>/confirm", methods=["GET", "POST"])
@guard(Permission.CONFIRM_COST)
def confirm(no: str) -> Response:
    """One side's word: the hub's counts for all its pairs, a town's for its own."""
    case, own = get_case(no), own_town()
    require(Permission.CONFIRM_COST, *(town.slug for town in case.parties))
    if case.state not in ASKED:
        return redirect(url_for(".show", no=no))
    struck = queries.struck_series(case)
    form = forms.ReplyForm(data={"seen": shown(case.revision, (one.id for one in struck))})
    answer, said = ANSWERS.get(request.form.get("decision", ""), (_no_choice, ""))
    if form.carry_out(
        lambda act: answer(act, queries.row(case), form.opinion.data or "", form.seen.data)
    ):
        return done(url_for(".show", no=no), _(said))
    before = queries.agreed_before(case, case.no.fiscal_year - 1, clock.today())
    replaced = queries.find(case.replaces, clock.today()) if case.replaces else None
    past = history_of(case)
    return page(
        "cost_sharing/confirm.html",
        form=form,
        case=case,
        own=own,
        last_year=next((one.shares[own] for one in reversed(before) if own in one.shares), None),
        has_confirmed=case.has_confirmed(own),
        since=past.since(own.name, case.revision),
        why_replaced=[one for one in past.changes if one.revision == 1],
        replaced=own_share_first((one for one in changes(replaced, case) if one.changed), own.name)
        if replaced
        else [],
        struck_series=struck,
        newer=queries.newer(case),
    )


def _no_choice(*_given: object) -> None:
    raise Refusal(_(NO_CHOICE))
