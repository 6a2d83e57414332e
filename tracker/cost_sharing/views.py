"""The pages of cost sharing (Article 4(2)), and those that take out the base figures it counts by."""

from flask import abort, url_for
from werkzeug.wrappers import Response

from tracker.cost_sharing import queries
from tracker.cost_sharing.answers import views as answer_views
from tracker.cost_sharing.blueprint import bp, is_readable
from tracker.cost_sharing.cases import views as case_views
from tracker.cost_sharing.consultations import views as consultation_views
from tracker.cost_sharing.formula import views as formula_views
from tracker.cost_sharing.stages import views as stage_views
from tracker.cost_sharing.work import views as work_views
from tracker.figures import actions as figures
from tracker.figures import queries as bases
from tracker.figures.models import FigureSeries
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import guard, require
from tracker.plumbing.db import db
from tracker.struck.views import strike_page

__all__ = [
    "answer_views",
    "bp",
    "case_views",
    "consultation_views",
    "formula_views",
    "stage_views",
    "work_views",
]


@bp.route("/admin/bases/<int:series_id>/strike", methods=["GET", "POST"])
@guard(Permission.EDIT_FIGURES)
def strike_figures(series_id: int) -> Response:
    """Takes wrong base figures out, or puts them back."""
    return _strike_figures(db.get_or_404(FigureSeries, series_id))


@bp.route("/admin/bases/projects/<int:project_id>/<int:series_id>/strike", methods=["GET", "POST"])
@guard(Permission.ENTER_USAGE)
def strike_usage(project_id: int, series_id: int) -> Response:
    """The same of the usage of one project: its lead, or the office."""
    usage = bases.usage_of(project_id) or abort(404)
    require(Permission.ENTER_USAGE, areas.by_id()[usage.lead_id].slug)
    row = db.get_or_404(FigureSeries, series_id)
    return _strike_figures(row) if row.project_id == project_id else abort(404)


def _strike_figures(row: FigureSeries) -> Response:
    """Names the cases under way that used them."""
    used = [one for one in queries.using(row.id, clock.today()) if is_readable(one)]
    notes = [_("合意済みの案件に写した数値は変わりません。")]
    if used:
        notes.append(
            _("次の案件は、この数値を算式に使っています。取り消した後、算式を直してください。")
        )
    return strike_page(
        row,
        row.seen,
        lambda act, reason, seen: figures.strike_figures(act, row, reason, seen),
        lambda act, seen: figures.put_figures_back(act, row, seen),
        named=_("基礎数値 %(name)s", name=row.name),
        back=url_for("figures.index"),
        check=lambda: None,
        notes=notes,
        links=[(f"{one.label}　{one.title}", one.no.path) for one in used],
    )
