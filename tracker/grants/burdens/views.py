"""年度別の負担額: the page, and its table as papers."""

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from tracker.grants.blueprint import bp
from tracker.grants.burdens import papers, queries
from tracker.grants.burdens.rules import Burdens, points
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.papers.kinds import links, paper_file, register
from tracker.plumbing.access import actor, guard
from tracker.plumbing.pages import page
from tracker.plumbing.sections import stand

bp.record(lambda state: register(state.app, papers.PAPERS))


@bp.get("/costs/burdens")
@guard(Permission.READ_AREA)
def burdens() -> Response:
    """What municipalities bore over the years: a plot of one and of all, the table, the projects."""
    table, town = queries.burdens(), _town()
    stand((_("年度別の負担額"), url_for(".burdens")))
    chosen = town.slug if town else papers.ALL
    plots = [_plot(table, one) for one in dict.fromkeys((town, None))]
    return page(
        "grants/burdens.html",
        table=table,
        town=town,
        chosen=chosen,
        towns=[
            (papers.ALL, _("圏域の合計")),
            *((one.slug, one.name) for one in areas.towns()),
        ],
        own=areas.by_id()[actor().municipality_id].name,
        whole=table.whole(None),
        projects=list(table.by_project(town)),
        of_town=table.whole(town),
        plots=plots,
        to_print=links(papers.PAPERS, ".burden_paper", town=chosen) if table.years else [],
    )


def _town() -> Town | None:
    """The municipality asked for, None for all together; one's own where nobody asked."""
    asked = request.args.get("town", "")
    own = areas.by_id()[actor().municipality_id]
    return None if asked == papers.ALL else areas.find_town(asked) or own


def _plot(table: Burdens, town: Town | None) -> tuple[str, str, object]:
    """Name, unit and bars."""
    in_millions, bars = points(table.whole(town), table.years)
    return (
        town.name if town else _("圏域の合計"),
        _("百万円") if in_millions else _("千円"),
        bars,
    )


@bp.get("/costs/burdens/papers/<kind>.<form>")
@guard(Permission.READ_AREA)
def burden_paper(kind: str, form: str) -> Response:
    """The table as a file, with the projects of whom the page shows."""
    town, asked = _town(), request.args.get("town")
    if asked and asked != (town.slug if town else papers.ALL):
        abort(404)
    of = papers.find(town.slug if town else papers.ALL)
    return paper_file(papers.PAPERS, kind, of, form, town.name if town else _("圏域"))
