"""Pages on which base figures are read and entered."""

from collections.abc import Sequence

from flask import Blueprint, abort, request, url_for
from werkzeug.wrappers import Response

from tracker.figures import actions, queries
from tracker.figures.forms import FiguresForm, SeriesForm, UsageForm, series_form
from tracker.figures.reading.rules import FigureTable
from tracker.figures.rules import FigureKind, Series
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.plumbing.access import guard, may, require
from tracker.plumbing.pages import done, page

bp = Blueprint("figures", __name__)


@bp.get("/admin/bases")
@guard(Permission.READ_AREA)
def index() -> Response:
    """基礎数値: every series with its source and day."""
    rows, towns = queries.rows(), areas.by_id()
    return page(
        "figures/index.html",
        series=[(one, project) for one, project, _lead in rows],
        own_usage={
            one.id
            for one, _project, lead in rows
            if lead and may(Permission.ENTER_USAGE, towns[lead].slug)
        },
        values={one.id: one.values for one in queries.every()},
        towns=areas.towns(),
        may_edit=may(Permission.EDIT_FIGURES),
        may_enter=may(Permission.ENTER_USAGE),
    )


@bp.route("/admin/bases/new", methods=["GET", "POST"])
@guard(Permission.EDIT_FIGURES)
def new() -> Response:
    """Enters one series of the whole area."""
    form, reading = series_form(FiguresForm)
    if reading is None and form.carry_out(
        lambda act: actions.enter_figures(act, kind=FigureKind(form.kind.data), **form.told)
    ):
        return _entered(form)
    kind = form.kind.data or request.args.get("kind")
    before = queries.series(FigureKind(kind)) if kind in list(FigureKind) else []
    return _form_page(form, reading, before)


@bp.route("/admin/bases/projects/<int:project_id>/new", methods=["GET", "POST"])
@guard(Permission.ENTER_USAGE)
def new_usage(project_id: int) -> Response:
    """Enters the usage of one project: its lead, or the office."""
    usage = queries.usage_of(project_id) or abort(404)
    require(Permission.ENTER_USAGE, areas.by_id()[usage.lead_id].slug)
    form, reading = series_form(UsageForm)
    if reading is None and form.carry_out(
        lambda act: actions.enter_figures(act, project_id=project_id, **form.told)
    ):
        return _entered(form)
    before = queries.series(FigureKind.USAGE, project_id)
    return _form_page(form, reading, [one for one in before if one.project_id], usage.name)


def _entered(form: SeriesForm) -> Response:
    name = form.result.name
    return done(url_for(".index"), _("基礎数値「%(name)s」を登録しました。", name=name))


def _form_page(
    form: SeriesForm, reading: FigureTable | None, before: Sequence[Series], project: str = ""
) -> Response:
    return page(
        "figures/new.html",
        form=form,
        reading=reading,
        towns=areas.towns(),
        last=before[0] if before else None,
        project=project,
    )
