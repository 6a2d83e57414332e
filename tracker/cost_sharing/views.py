"""Pages of Article 4(2): the cases of a year, one case, and the consultations about it."""

from collections.abc import Callable, Mapping

from flask import flash, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from tracker.cost_sharing import (
    actions,
    confirming,
    earlier,
    forms,
    formula_views,
    mailing,
    queries,
    rules,
)
from tracker.cost_sharing.blueprint import bp, get_dossier
from tracker.cost_sharing.days import reply_due
from tracker.cost_sharing.dossier import Dossier
from tracker.cost_sharing.models import CaseKind, CostCase
from tracker.cost_sharing.rules import CaseState, Stage
from tracker.cost_sharing.table import StageTable, stage_table
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may, require
from tracker.plumbing.forms import choices
from tracker.plumbing.pages import page, section

__all__ = ["bp", "formula_views"]
ANSWERS: Mapping[str, Callable[..., None]] = {
    "confirmed": confirming.confirm,
    "returned": confirming.give_back,
}
UNSENT = (CaseState.DRAFT, CaseState.CONSULTING)
ASKED = (CaseState.AWAITING, CaseState.RETURNED)


@bp.get("/costs")
@guard(Permission.READ_AREA)
def index() -> Response:
    """The cases of a fiscal year."""
    section("costs")
    years = queries.years(clock.today())
    asked = request.args.get("fy", type=int)
    this = FiscalYear.containing(clock.today())
    year = next((year for year in years if year.year == asked), this)
    return page(
        "cost_sharing/index.html",
        year=year,
        year_choices=[(one.year, one.long_label) for one in years],
        own_name=actor().municipality_name,
        base=url_for(".index"),
        cases=queries.cases(year, actor().municipality_id, drafts=may(Permission.READ_COST_DRAFT)),
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
    return page("cost_sharing/new.html", form=form, hub=areas.hub())


@bp.get("/costs/<no>")
@guard(Permission.READ_AREA)
def show(no: str) -> Response:
    """One case whole."""
    return _case_page(get_dossier(no), forms.in_year(forms.ConsultationForm, clock.today()))


@bp.post("/costs/<no>/consultations")
@guard(Permission.DRAFT_COST)
def add_consultation(no: str) -> Response:
    """協議の記録: adds one."""
    dossier = get_dossier(no)
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


def _case_page(dossier: Dossier, form: forms.ConsultationForm) -> Response:
    case = dossier.case
    consultations = queries.consultations(case.id)
    open_for_change = may(Permission.DRAFT_COST) and rules.STATES[case.state].voids is not None
    may_confirm = case.state in ASKED and may(
        Permission.CONFIRM_COST, *(town.slug for town in dossier.parties)
    )
    return page(
        "cost_sharing/show.html",
        form=form,
        dossier=dossier,
        case=case,
        consultations=consultations,
        talks=[
            (f"{wareki.short(one.consulted_on)}　{one.place}（{one.participants}）", one.gist)
            for one in consultations
        ],
        year=FiscalYear(case.fiscal_year),
        formula=[(part.label, part.extent) for part in dossier.sources],
        stages=_stages(dossier),
        change_link=_change_link(case) if open_for_change else None,
        steps=_steps(dossier, bool(consultations)),
        towns=areas.by_id(),
        hub=areas.hub(),
        may_draft=may(Permission.DRAFT_COST),
        may_change=open_for_change,
        may_confirm=may_confirm and not dossier.has_confirmed(actor().municipality_id),
    )


def _stages(dossier: Dossier) -> StageTable | None:
    """For 精算: what each still pays or gets back."""
    if dossier.case.stage is not Stage.RECONCILIATION or not dossier.shares:
        return None
    settled = earlier.settled_before(dossier.case)
    now = {town.name: dossier.share_yen(town.id) for town in dossier.takers}
    return stage_table(settled, now) if settled else None


def _change_link(case: CostCase) -> Markup:
    return Markup('<a href="{}">直す</a>').format(url_for(".formula", no=case.no))


def _steps(dossier: Dossier, consulted: bool) -> list[tuple[str, str]]:
    """How far the case has come: everything before the first step not done is done."""
    agreed = dossier.case.agreed_at is not None
    done = {
        "対象と金額": True,
        "算式と負担額" if dossier.is_money else "分担の内容": bool(dossier.shares),
        "協議の記録": consulted,
        "双方の確認": agreed,
        "合意": agreed,
    }
    now = next((label for label, is_done in done.items() if not is_done), None)
    return [
        (label, "now" if label == now else "done" if is_done else "todo")
        for label, is_done in done.items()
    ]


@bp.route("/costs/<no>/send", methods=["GET", "POST"])
@guard(Permission.DRAFT_COST)
def send(no: str) -> Response:
    """Shows each letter before it goes out, then asks both sides of every pair."""
    dossier = get_dossier(no)
    if dossier.case.state not in UNSENT or not dossier.shares:
        return redirect(url_for(".show", no=no))
    today = clock.today()
    form = forms.in_year(
        forms.SendForm, today, data={"seen": dossier.case.version, "reply_due_on": reply_due(today)}
    )
    if (
        form.validate_on_submit()
        and "preview" not in request.form
        and form.attempt(
            lambda: actions.send(
                dossier.case,
                form.reply_due_on.data,
                version=form.seen.data,
                by=actor(),
                at=clock.now(),
            )
        )
    ):
        flash("案を送りました。確認がそろうまで、この画面で見られます。", "ok")
        return redirect(url_for(".show", no=no))
    if request.method == "POST":  # a refusal has rolled back what was read
        dossier = get_dossier(no)
    due_on = form.reply_due_on.data or reply_due(today)
    refusal, previews = None, []
    try:
        previews = [
            (to, *mailing.preview(dossier, to, due_on))
            for to in mailing.confirmers(dossier.parties)
        ]
    except Refusal as found:
        refusal = found.message
    return page(
        "cost_sharing/send.html",
        form=form,
        case=dossier.case,
        dossier=dossier,
        previews=previews,
        refusal=refusal,
    )


@bp.route("/costs/<no>/confirm", methods=["GET", "POST"])
@guard(Permission.CONFIRM_COST)
def confirm(no: str) -> Response:
    """One side's word: the hub's counts for all its pairs, a town's for its own."""
    dossier = get_dossier(no)
    require(Permission.CONFIRM_COST, *(town.slug for town in dossier.parties))
    if dossier.case.state not in ASKED:
        return redirect(url_for(".show", no=no))
    form = forms.AnswerForm(data={"seen": dossier.case.revision})
    answer = ANSWERS.get(request.form.get("decision", ""))
    if form.validate_on_submit():
        if answer is None:
            form.refuse(Refusal("「この内容で確認する」か「意見を付けて戻す」を選んでください。"))
        elif form.attempt(
            lambda: answer(
                dossier.case,
                form.opinion.data or "",
                revision=form.seen.data,
                by=actor(),
                at=clock.now(),
            )
        ):
            flash(
                "内容を確認しました。"
                if answer is confirming.confirm
                else "意見を付けて戻しました。",
                "ok",
            )
            return redirect(url_for(".show", no=no))
    if request.method == "POST":  # a refusal has rolled back what was read
        dossier = get_dossier(no)
    me = actor().municipality_id
    return page(
        "cost_sharing/confirm.html",
        form=form,
        case=dossier.case,
        dossier=dossier,
        own=areas.by_id()[me],
        last_year=earlier.share_of_last_year(dossier.case, me),
        has_confirmed=dossier.has_confirmed(me),
        towns=areas.by_id(),
    )


@bp.post("/costs/<no>/withdraw")
@guard(Permission.DRAFT_COST)
def withdraw(no: str) -> Response:
    """取り下げる."""
    case = get_dossier(no).case
    form = forms.ButtonForm()
    if form.validate_on_submit() and form.attempt(
        lambda: actions.withdraw(case, by=actor(), at=clock.now())
    ):
        flash("取り下げました。", "ok")
    else:
        flash(form.form_errors[0], "warn")
    return redirect(url_for(".show", no=no))


@bp.post("/costs/<no>/replace")
@guard(Permission.DRAFT_COST)
def replace(no: str) -> Response:
    """差し替える: a new draft in the place of an agreed case."""
    case = get_dossier(no).case
    form = forms.ButtonForm()
    if form.validate_on_submit() and form.attempt(
        lambda: actions.replace(case, by=actor(), at=clock.now())
    ):
        return redirect(url_for(".formula", no=form.result.no))
    flash(form.form_errors[0], "warn")
    return redirect(url_for(".show", no=no))
