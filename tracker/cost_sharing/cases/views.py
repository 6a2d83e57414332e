"""Pages of Article 4(2): the cases of a year, one case, and the consultations about it."""

from typing import Any

from flask import abort, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from tracker.attachments import uploads
from tracker.attachments.attaching import attach_page, download, take_out_page
from tracker.cost_sharing import queries
from tracker.cost_sharing.answers.queries import history_of
from tracker.cost_sharing.blueprint import (
    bp,
    case_to_draft,
    get_case,
    is_readable,
    own_town,
    projects_to_choose,
    rows_to_tell,
)
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.cases import actions, forms, letters
from tracker.cost_sharing.cases.rules import check_attach, reply_due
from tracker.cost_sharing.consultations.forms import ConsultationForm
from tracker.cost_sharing.duties import to_reconcile
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import ASKED, STATES, UNSENT, CaseKind, CaseState, Stage
from tracker.cost_sharing.stages.queries import carried_over, stages
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import guard, may
from tracker.plumbing.forms import SeenButtonForm, choices, in_year, whole_number
from tracker.plumbing.pages import complain, done, number_asked, page, reached

# Who opens what is attached, once the case was sent and before.
READERS = {
    True: N_("すべての市町村の担当が開けます。"),
    False: N_(
        "案を送ると、すべての市町村の担当が開けます。それまでは主担当課と連携推進担当だけです。"
    ),
}


@bp.get("/costs")
@guard(Permission.READ_AREA)
def index() -> Response:
    """The cases of a fiscal year."""
    years = queries.years(clock.today())
    asked = request.args.get("fy", type=int)
    this = FiscalYear.containing(clock.today())
    year = next((year for year in years if year.year == asked), this)
    cases = queries.of_year(year, clock.today())
    waiting = to_reconcile(cases) if year < this else ()
    return page(
        "cost_sharing/index.html",
        year=year,
        year_choices=[(one.year, one.long_label) for one in years],
        base=url_for(".index"),
        cases=[case for case in cases if is_readable(case)],
        to_settle=[case for case in waiting if may(Permission.DRAFT_COST, case.lead.slug)],
        own=own_town(),
        may_draft=may(Permission.DRAFT_COST),
    )


@bp.route("/costs/new", methods=["GET", "POST"])
@guard(Permission.DRAFT_COST)
def new() -> Response:
    """対象と金額: opens a draft."""
    this = FiscalYear.containing(clock.today())
    years, words = (this.next, this, this.previous), request.args.get("q", "")
    chosen = whole_number(request.form.get("project")) or number_asked("project", 0)
    form = forms.StartForm(data={"year": request.args.get("fy", this.year), "project": chosen})
    form.project.choices, has_more = projects_to_choose(years, words, chosen)
    form.year.choices = choices((year.year, year.long_label) for year in years)
    if form.carry_out(
        lambda act: actions.start_case(
            act,
            int(form.project.data),
            FiscalYear(int(form.year.data)),
            CaseKind(form.kind.data),
            Stage(form.stage.data),
            form.title.data or "",
            form.total_yen.data or 0,
            form.subsidy_yen.data or 0,
            form.carried_yen.data or 0,
            is_settled=form.is_settled.data,
        )
    ):
        return done(_formula_of(form.result))
    return page(
        "cost_sharing/new.html",
        form=form,
        hub=areas.hub(),
        words=words,
        has_more=has_more,
        carried=_carried(form),
    )


def _carried(form: forms.StartForm) -> list[tuple[str, int]]:
    """What the year before carried over, by the name of each project that may be chosen, in yen."""
    offered = [str(one.value) for one in form.year.choices]
    if str(form.year.data) not in offered:
        return []
    found = carried_over(FiscalYear(int(form.year.data)).previous)
    return [
        (one.label, found[id_])
        for one in form.project.choices
        if (id_ := whole_number(str(one.value))) in found
    ]


def _formula_of(row: CostCase) -> str:
    """Where a draft goes on: with the formula of the last agreed case in the boxes, if there is one."""
    found = queries.formulas_to_copy(row) if row.kind is CaseKind.MONEY else {}
    more: dict[str, Any] = {"from": str(next(iter(found)))} if found else {}
    return url_for(".formula", no=row.no, **more)


@bp.get("/costs/<no>")
@guard(Permission.READ_AREA)
def show(no: str) -> Response:
    """One case whole."""
    return case_page(get_case(no))


@bp.route("/costs/<no>/attachments", methods=["GET", "POST"])
@guard(Permission.DRAFT_COST)
def attachments(no: str) -> Response:
    """添付: the papers of a case, and adding to them; the sealed document comes after the agreement."""
    case = case_to_draft(no)
    form = in_year(forms.DocumentForm, FiscalYear.containing(clock.today()))()
    if form.carry_out(
        lambda act: actions.attach(
            act, queries.row(case), form.sent, form.sealed_on.data, is_sealed=form.is_sealed
        )
    ):
        return done(url_for(".show", no=no), _("添付しました。"))
    return attach_page(
        form,
        uploads.of("cost_case", case.id),
        url_for(".attachments", no=no),
        back=url_for(".show", no=no),
        named=f"{case.label}　{case.title}",
        readers=_(READERS[case.sent_on is not None]),
    )


@bp.get("/costs/<no>/attachments/<int:attachment_id>")
@guard(Permission.READ_AREA)
def attachment(no: str, attachment_id: int) -> Response:
    """One paper, for whoever may read the case."""
    return download(uploads.find("cost_case", get_case(no).id, attachment_id))


@bp.route("/costs/<no>/attachments/<int:attachment_id>/take-out", methods=["GET", "POST"])
@guard(Permission.DRAFT_COST)
def detach(no: str, attachment_id: int) -> Response:
    """Takes a paper out, or puts it back."""
    case = case_to_draft(no)
    one = uploads.find("cost_case", case.id, attachment_id) or abort(404)
    row = queries.row(case)
    return take_out_page(
        one,
        case.seen,
        lambda act, reason, seen: actions.detach(act, row, one, reason, seen),
        lambda act, seen: actions.put_attachment_back(act, row, one, seen),
        has_been_seen=case.sent_on is not None,
        back=url_for(".show", no=no),
        check=lambda: check_attach(case.state),
    )


def case_page(
    case: Case,
    talk: ConsultationForm | None = None,
    replacing: forms.ReplaceForm | None = None,
) -> Response:
    """One case whole, with the form of a consultation or of a replacement as it was sent."""
    consultations = queries.consultations(case)
    may_draft = may(Permission.DRAFT_COST, case.lead.slug)
    may_change = may_draft and STATES[case.state].voids is not None
    is_asked = case.state in ASKED and may(
        Permission.CONFIRM_COST, *(town.slug for town in case.parties)
    )
    at_stages = stages(case, clock.today())
    return page(
        "cost_sharing/show.html",
        form=talk or in_year(ConsultationForm, FiscalYear.containing(clock.today()))(None),
        press=SeenButtonForm(formdata=None, data={"seen": case.seen}),
        replacing=replacing or forms.ReplaceForm(None, data={"seen": case.seen}),
        case=case,
        entries=history_of(case).entries,
        consultations=[
            (f"{wareki.full(one.consulted_on)}　{one.place}（{one.participants}）", one)
            for one in consultations
        ],
        year=case.no.year,
        formula=[(part.label, part.extent) for part in case.parts],
        stages=at_stages,
        settles=case.is_money and case.stage is Stage.RECONCILIATION,
        may_tell=bool(rows_to_tell(case)),
        struck_series=queries.struck_series(case),
        newer=queries.newer(case),
        change_link=_change_link(case) if may_change else None,
        steps=_steps(case),
        may_draft=may_draft,
        may_change=may_change,
        attachments=uploads.of("cost_case", case.id),
        papers=url_for(".attachments", no=case.no),
        may_attach=may_change or (may_draft and case.state is CaseState.AGREED),
        may_confirm=is_asked and not case.has_confirmed(own_town()),
    )


def _change_link(case: Case) -> Markup:
    return Markup('<a href="{}">{}</a>').format(url_for(".formula", no=case.no), _("直す"))


def _steps(case: Case) -> list[tuple[str, str]]:
    """How far the case has come."""
    agreed = case.agreed_at is not None
    return reached(
        {
            _("対象と金額"): True,
            _("算式と負担額") if case.is_money else _("分担の内容"): bool(case.shares),
            _("協議の記録"): case.consulted_at is not None,
            _("双方の確認"): agreed,
            _("合意"): agreed,
        }
    )


@bp.route("/costs/<no>/send", methods=["GET", "POST"])
@guard(Permission.DRAFT_COST)
def send(no: str) -> Response:
    """Shows each letter before it goes out, then asks both sides of every pair."""
    case, today = case_to_draft(no), clock.today()
    if case.state not in UNSENT or not case.shares:
        return redirect(url_for(".show", no=no))
    form = in_year(forms.SendForm, FiscalYear.containing(today))(
        data={"seen": case.seen, "reply_due_on": reply_due(today)}
    )
    if "preview" not in request.form and form.carry_out(
        lambda act: actions.send(act, queries.row(case), form.reply_due_on.data, form.seen.data)
    ):
        return done(
            url_for(".show", no=no), _("案を送りました。確認がそろうまで、この画面で見られます。")
        )
    due_on = form.reply_due_on.data or reply_due(today)
    refusal, previews = None, []
    try:
        previews = [
            (to, *letters.preview(case, to, due_on)) for to in letters.confirmers(case.parties)
        ]
    except Refusal as found:
        refusal = found.message
    return page("cost_sharing/send.html", form=form, case=case, previews=previews, refusal=refusal)


@bp.post("/costs/<no>/withdraw")
@guard(Permission.DRAFT_COST)
def withdraw(no: str) -> Response:
    """取り下げる."""
    case = case_to_draft(no)
    form = SeenButtonForm(data={"seen": case.seen})
    if form.carry_out(lambda act: actions.withdraw(act, queries.row(case), form.seen.data)):
        return done(url_for(".show", no=no), _("取り下げました。"))
    return complain(form, url_for(".show", no=no))


@bp.post("/costs/<no>/replace")
@guard(Permission.DRAFT_COST)
def replace(no: str) -> Response:
    """差し替える: a new draft in the place of an agreed case."""
    case = case_to_draft(no)
    form = forms.ReplaceForm(data={"seen": case.seen})
    if form.carry_out(
        lambda act: actions.replace(act, queries.row(case), form.reason.data, form.seen.data)
    ):
        return done(url_for(".formula", no=form.result.no))
    answer = case_page(case, replacing=form)
    answer.status_code = form.status
    return answer
