"""Pages on which base figures are read and entered."""

from flask import Blueprint, url_for
from werkzeug.wrappers import Response

from tracker.figures import actions, forms, queries
from tracker.figures.rules import FigureKind
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.plumbing.access import guard, may
from tracker.plumbing.pages import done, page

bp = Blueprint("figures", __name__)


@bp.get("/admin/bases")
@guard(Permission.READ_AREA)
def index() -> Response:
    """基礎数値: every series with its source and day."""
    series = queries.every_series()
    return page(
        "figures/index.html",
        series=series,
        values=queries.figures([one.id for one in series]),
        towns=areas.towns(),
        may_edit=may(Permission.EDIT_FIGURES),
    )


@bp.route("/admin/bases/new", methods=["GET", "POST"])
@guard(Permission.EDIT_FIGURES)
def new() -> Response:
    """Enters one series."""
    towns = tuple(areas.towns())
    form = forms.figures_form(towns)
    if form.carry_out(
        lambda act: actions.enter_figures(
            act,
            FigureKind(form.kind.data),
            form.name.data,
            form.as_of_on.data,
            form.source.data,
            {town.slug: form[f"value_{town.slug}"].data for town in towns},
            is_confirmed=form.is_confirmed.data,
        )
    ):
        return done(
            url_for(".index"), _("基礎数値「%(name)s」を登録しました。", name=form.result.name)
        )
    return page("figures/new.html", form=form, towns=towns)
