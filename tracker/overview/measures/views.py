"""The annex table, and the page of one measure."""

from collections.abc import Mapping

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from tracker.agreements import queries as agreements
from tracker.agreements.rules import common, differing
from tracker.kernel.fiscal_year import Half, Period
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.overview.blueprint import bp
from tracker.overview.measures import queries, rules
from tracker.overview.measures.rules import Show
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may
from tracker.plumbing.pages import page
from tracker.plumbing.sections import stand
from tracker.projects import queries as projects
from tracker.projects.blueprint import year_of

# ?half=1 is 上期, ?half=2 年度末.
HALVES: Mapping[str, Half] = {"1": Half.H1, "2": Half.FY}


@bp.get("/measures")
@guard(Permission.READ_AREA)
def matrix() -> Response:
    """別表と事業の状況: every measure by every municipality (ux/spec.md 7.1)."""
    period, columns = _period(), areas.columns(actor().municipality)
    year, chosen = period.fiscal_year, _town(request.args.get("town"))
    towns = [chosen] if chosen else columns.towns
    show = next((one for one in Show if one == request.args.get("show")), Show.ALL)
    parts = [
        part
        for part in projects.of_year(year, period.half)
        if chosen is None or part.town == chosen
    ]
    measures = queries.measures()
    return page(
        "overview/matrix.html",
        period=period,
        query=_query(period),
        columns=columns,
        names=[("", _("すべての市町村")), *((town.slug, town.name) for town in columns.towns)],
        chosen=chosen,
        parts_of={row.number: [p for p in parts if p.measure_id == row.id] for row in measures},
        half=_half(period),
        is_asked=any(one.period == period for one in projects.rounds()),
        others=[one and (one.label, _query(one)) for one in queries.neighbours(period)],
        towns=towns,
        measures=measures,
        projects=len({part.project_id for part in parts}),
        table=rules.table(
            measures,
            queries.coverage(year.nearest(clock.today())),
            [town.slug for town in towns],
            parts,
            show,
        ),
        show=show,
        choices=[(one.value, one.label) for one in Show],
        may_import=may(Permission.IMPORT_AGREEMENT),
    )


@bp.get("/measures/<number>")
@guard(Permission.READ_AREA)
def measure(number: str) -> Response:
    """連携施策: how the agreements word it, and its projects by municipality (ux/spec.md 7.2)."""
    period = _period()
    year = period.fiscal_year
    stand(back=f"{url_for('.matrix')}?{_query(period)}")
    found = agreements.measure(number, year.nearest(clock.today())) or abort(404)
    usual = common(found.entries) if found.entries else None
    others = differing(found.entries)
    parts = [part for part in projects.of_year(year, period.half) if part.measure_id == found.id]
    covered = {name for entry in found.entries for name in (entry.party_a, entry.party_b)}
    return page(
        "overview/measure.html",
        measure=found,
        period=period,
        query=_query(period),
        usual=usual,
        alike=[entry for entry in found.entries if entry not in others],
        others=others,
        towns=[
            (town, [part for part in parts if part.town == town])
            for town in areas.towns()
            if town.name in covered or any(part.town == town for part in parts)
        ],
        projects=len({part.project_id for part in parts}),
    )


def _town(slug: str | None) -> Town | None:
    """The one municipality that the table is turned round to, if any."""
    return (areas.find_town(slug) or abort(404)) if slug else None


def _period() -> Period:
    """What ?fy=2026&half=1 asks for (2 is 年度末); without them, what is in hand this year."""
    year = year_of(request.args.get("fy"))
    half = request.args.get("half")
    if not half:
        return queries.period_in_hand(year)
    return Period(
        year.year, HALVES.get(half) or abort(404, _("時期は「1」（上期）か「2」（年度末）です。"))
    )


def _half(period: Period) -> str:
    return next(number for number, half in HALVES.items() if half is period.half)


def _query(period: Period) -> str:
    return f"fy={period.year}&half={_half(period)}"
