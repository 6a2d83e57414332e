"""Pages of projects: the plain list, one project, and the forms that enter and change it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from tracker.agreements.queries import measures
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.papers.kinds import links, paper_file, register
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may, require
from tracker.plumbing.db import db
from tracker.plumbing.forms import ButtonForm
from tracker.plumbing.pages import complain, done, page, paginate
from tracker.plumbing.sections import stand
from tracker.projects import papers, queries
from tracker.projects.blueprint import bp, year_of
from tracker.projects.models import Project
from tracker.projects.plans import actions, forms
from tracker.projects.plans import queries as plan_queries
from tracker.projects.plans.rules import check_strike
from tracker.projects.project import Head, Sheet
from tracker.projects.report import Measured, Report
from tracker.projects.rules import field_of
from tracker.struck.models import referring
from tracker.struck.views import strike_page

bp.record(lambda state: register(state.app, papers.PAPERS))


@bp.get("/projects")
@guard(Permission.READ_AREA)
def index() -> Response:
    """事業の一覧 of a fiscal year, by name, 50 a page."""
    year = year_of(request.args.get("fy"))
    return page(
        "projects/index.html",
        form=ButtonForm(),
        year=year,
        years=_years(),
        listed=paginate(partial(plan_queries.listing, year)),
        may_enter=may(Permission.EDIT_PROJECT),
        may_copy=may(Permission.OPEN_ROUND),
        taken_out=plan_queries.struck(year),
    )


def _years() -> list[tuple[int, str]]:
    """The fiscal years to choose from: next year's plans, this year, and ten before."""
    newest = FiscalYear.containing(clock.today()).next.year
    return [(one, FiscalYear(one).long_label) for one in range(newest, newest - 12, -1)]


@bp.post("/projects/copy")
@guard(Permission.OPEN_ROUND)
def copy() -> Response:
    """前年度の事業を写す: whole years are the office's business, like rounds."""
    year = year_of(request.args.get("fy"))
    form, back = ButtonForm(), url_for(".index", fy=year.year)
    if form.carry_out(lambda act: actions.copy_year(act, year.previous, year)):
        return done(
            back,
            _(
                "%(previous)sの%(count)s事業を%(year)sに写しました。"
                "参加・予算額・目標を確かめてください。",
                previous=year.previous.label,
                count=form.result,
                year=year.label,
            ),
        )
    return complain(form, back)


@bp.get("/projects/<int:project_id>")
@guard(Permission.READ_AREA)
def project(project_id: int) -> Response:
    """事業ページ: how it stands, its indicator by year and municipality, and what happened."""
    head = queries.head(project_id) or abort(404)
    ran = queries.years_of(project_id)
    year = _year_shown(ran)
    shown = queries.shown(project_id, year)
    return page(
        "projects/project.html",
        head=head,
        sheet=shown,
        years=[(one, FiscalYear(one).long_label) for one in ran],
        towns=areas.towns(),
        questions_of=_questions_of(head, shown),
        own=None if head.is_struck else _own_report(shown),
        todo=() if head.is_struck else shown.todo(head.lead),
        since=f"{FiscalYear(head.since_year).label}〜",
        to_print=links(papers.PAPERS, ".paper", project_id=head.id, fy=year.year),
        may_edit=may(Permission.EDIT_PROJECT, head.lead_slug),
    )


@bp.get("/projects/<int:project_id>/papers/<kind>.<form>")
@guard(Permission.READ_AREA)
def paper(project_id: int, kind: str, form: str) -> Response:
    """A paper of the project in the year asked for."""
    year = _year_shown(queries.years_of(project_id))
    found = papers.subject(project_id, year) or abort(404)
    named = f"{found.head.name}_{year.label}"
    return paper_file(papers.PAPERS, kind, found, form, named)


def _year_shown(ran: Sequence[int]) -> FiscalYear:
    """The year asked for; else this year, or the newest before it in which the project ran."""
    if request.args.get("fy"):
        return year_of(request.args["fy"])
    now = year_of(None)
    return FiscalYear(max((one for one in ran if one <= now.year), default=now.year))


def _questions_of(head: Head, shown: Sheet) -> frozenset[str]:
    """The municipalities whose returned questions the reader may read, like their 相談."""
    hub = areas.hub().slug
    return frozenset(
        row.town.slug
        for row in shown.rows
        if may(Permission.READ_TROUBLES, row.town.slug, head.lead_slug, hub)
    )


def _own_report(shown: Sheet) -> Town | None:
    """The reader's municipality, if a report can be written for it now."""
    if shown.period is None or shown.is_closed:
        return None
    return next(
        (
            row.town
            for row in shown.participants
            if row.is_asked
            and row.town.slug == actor().municipality
            and may(Permission.WRITE_REPORT, row.town.slug)
        ),
        None,
    )


@bp.route("/projects/<int:project_id>/strike", methods=["GET", "POST"])
@guard(Permission.EDIT_PROJECT)
def strike(project_id: int) -> Response:
    """Takes out a project entered by mistake, or puts it back."""
    head = queries.head(project_id) or abort(404)
    require(Permission.EDIT_PROJECT, head.lead_slug)
    row, back = db.get_or_404(Project, project_id), url_for(".project", project_id=project_id)
    stand((head.name, back), back=url_for(".index"))
    return strike_page(
        row,
        head.seen,
        lambda act, reason, seen: actions.strike_project(act, row, reason, seen),
        lambda act, seen: actions.put_project_back(act, row, seen),
        named=head.name,
        back=back,
        check=lambda: check_strike(referring(row)),
        notes=[
            _("進捗報告のお願い、別表、事業の一覧から外れます。事業のページは、このまま読めます。")
        ],
    )


@bp.route("/projects/new", methods=["GET", "POST"])
@guard(Permission.EDIT_PROJECT)
def new() -> Response:
    """Enters a project with its first fiscal year."""
    year = year_of(request.args.get("fy"))
    form = _form(
        year, (), lead=actor().municipality, lead_post=actor().post_id, since_year=year.year
    )
    if _is_sent() and form.carry_out(
        lambda act: actions.create_project(act, form.plan(year, areas.towns()))
    ):
        return done(
            url_for(".project", project_id=form.result.id, fy=year.year),
            _("「%(name)s」を登録しました。", name=form.result.name),
        )
    return page("projects/edit.html", **_page(form, year, None))


@bp.route("/projects/<int:project_id>/edit", methods=["GET", "POST"])
@guard(Permission.EDIT_PROJECT)
def edit(project_id: int) -> Response:
    """Changes a project and one of its fiscal years."""
    head = queries.head(project_id) or abort(404)
    require(Permission.EDIT_PROJECT, head.lead_slug)
    year = year_of(request.args.get("fy"))
    stand(
        (head.name, url_for(".project", project_id=project_id, fy=year.year)),
        back=url_for(".index", fy=year.year),
    )
    stored = queries.indicators(project_id)
    form = _form(year, stored, **_values(head, stored, queries.parts(project_id, year)))
    if _is_sent() and form.carry_out(
        lambda act: actions.change_project(
            act,
            db.get_or_404(Project, project_id),
            form.plan(year, areas.towns()),
            form.seen.data,
        )
    ):
        return done(url_for(".project", project_id=project_id, fy=year.year), _("保存しました。"))
    return page("projects/edit.html", **_page(form, year, head), years=_years())


def _page(form: forms.ProjectForm, year: FiscalYear, head: Head | None) -> dict[str, Any]:
    return {
        "form": form,
        "year": year,
        "head": head,
        "towns": areas.towns(),
        "most_indicators": forms.MOST_INDICATORS,
    }


def _is_sent() -> bool:
    """Whether the form shall be saved, not only shown with one indicator more."""
    return "add" not in request.form


def _form(year: FiscalYear, stored: Sequence[Measured], **values: Any) -> forms.ProjectForm:
    return forms.project_form(
        areas.towns(),
        year,
        decimals=forms.asked_indicators(stored, request.form),
        leads=[town for town in areas.towns() if may(Permission.EDIT_PROJECT, town.slug)],
        measures=[(one.id, f"{one.number}　{one.title}") for one in measures()],
        posts=plan_queries.lead_posts(),
        **values,
    )


def _values(head: Head, stored: Sequence[Measured], parts: Sequence[Report]) -> dict[str, Any]:
    """The project as the form shows it before anything is typed."""
    words = next(iter(parts), None)
    values: dict[str, Any] = {
        "seen": head.seen,
        "name": head.name,
        "summary": head.summary,
        "measure": head.measure_id,
        "lead": head.lead_slug,
        "lead_section": head.lead_section,
        "lead_post": head.lead_post_id or 0,
        "since_year": head.since_year,
        "comment": words.comment if words else None,
    }
    for one in stored:
        for name in ("name", "unit", "decimals", "definition"):
            values[field_of(f"indicator_{name}", one.number)] = getattr(one, name)
    if words and words.mark:
        values["mark"] = words.mark.value
    for part in parts:
        slug = part.town.slug
        values |= {
            f"part_{slug}": True,
            f"budget_{slug}": part.budget_yen,
            f"actual_{slug}": part.actual_yen,
        }
        for one in part.measured:
            values[field_of(f"target_{slug}", one.number)] = one.target
    return values
