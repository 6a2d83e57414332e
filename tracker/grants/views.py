"""Pages of the special-grant ledger."""

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from tracker.cost_sharing import queries as cases
from tracker.cost_sharing.case import Case
from tracker.grants import actions, forms, papers, queries
from tracker.grants.blueprint import bp
from tracker.grants.burdens import views as burden_views
from tracker.grants.queries import LedgerRow
from tracker.kernel.fiscal_year import FIRST, LAST, FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import N_, _
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.papers.kinds import links, paper_file, register
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may, require
from tracker.plumbing.pages import done, number_asked, page
from tracker.plumbing.sections import stand

UNCHANGED = N_("変わったところはありません。")

bp.record(lambda state: register(state.app, (*papers.PAPERS, *papers.AREA_PAPERS)))


@bp.get("/costs/ledger")
@guard(Permission.READ_AREA)
def ledger() -> Response:
    """One municipality's lines of a year, with what an audit would find."""
    this = FiscalYear.containing(clock.today())
    year = _year(number_asked("fy", this.year))
    town = areas.find_town(request.args.get("town", "")) or areas.by_id()[actor().municipality_id]
    rows, wide = papers.apart(queries.of_town(year, town))
    return page(
        "grants/ledger.html",
        year=year,
        year_choices=[(one, FiscalYear(one).long_label) for one in _years(this, year)],
        town=town,
        towns=[(one.slug, one.name) for one in areas.towns()],
        rows=rows,
        cap=queries.caps(year)[0].get(town.name),
        claimed=sum(one.line.claimed_yen for one in rows),
        wide=wide,
        found=len(wide) + sum(len(one.findings) for one in rows),
        not_entered=sum(not one.is_entered for one in rows),
        may_write=may(Permission.CLAIM_GRANT, town.slug),
        may_cap=(is_office := may(Permission.EDIT_FIGURES)),
        to_print=[
            *links(papers.offered(town), ".paper", fy=year.year, town=town.slug),
            *(links(papers.offered(None), ".paper", fy=year.year) if is_office else ()),
        ],
    )


@bp.get("/costs/ledger/<int:fy>/papers/<kind>.<form>")
@guard(Permission.READ_AREA)
def paper(fy: int, kind: str, form: str) -> Response:
    """The ledger as a paper: of the municipality asked for; of the whole area, for the office."""
    year, town = _year(fy), areas.find_town(slug := request.args.get("town", ""))
    if town is None:
        if slug:
            abort(404)
        require(Permission.EDIT_FIGURES)
    of, named = papers.subject(year, town), town.name if town else _("圏域")
    return paper_file(papers.offered(town), kind, of, form, f"{year.year}_{named}")


def _year(number: int) -> FiscalYear:
    return FiscalYear(number) if FIRST <= number <= LAST else abort(404)


def _years(this: FiscalYear, shown: FiscalYear) -> list[int]:
    """The years to choose from, newest first: a claim is asked about for five years."""
    return sorted({shown.year, *(this.year - back for back in range(6))}, reverse=True)


@bp.route("/costs/ledger/<int:fy>/<int:project_id>/<slug>", methods=["GET", "POST"])
@guard(Permission.CLAIM_GRANT)
def claim(fy: int, project_id: int, slug: str) -> Response:
    """What a municipality claims of one project's year."""
    year, town, row = _line(fy, project_id, slug)
    line = row.line
    form = forms.ClaimForm(
        data={
            "seen": row.seen,
            "national_yen": line.national_yen or None,
            "prefectural_yen": line.prefectural_yen or None,
            "other_yen": line.other_yen or None,
            "claimed_yen": line.claimed_yen or None,
            "eligible": (forms.YES if line.is_eligible else forms.NO) if row.is_entered else None,
            "why": line.why,
            "claimed_under": "\n".join(line.claimed_under),
            "proof": row.proof,
        }
    )
    if form.carry_out(
        lambda act: actions.claim(
            act,
            project_id,
            year,
            town,
            line._replace(
                national_yen=form.national_yen.data or 0,
                prefectural_yen=form.prefectural_yen.data or 0,
                other_yen=form.other_yen.data or 0,
                claimed_yen=form.claimed_yen.data or 0,
                claimed_under=form.others,
                is_eligible=form.eligible.data == forms.YES,
                why=form.why.data or "",
            ),
            form.proof.data or "",
            form.seen.data,
        )
    ):
        said = _("「%(project)s」の算定を保存しました。", project=line.project)
        back = url_for(".ledger", fy=year.year, town=town.slug)
        return done(back, said if form.result else _(UNCHANGED))
    received = _received(row)
    return page("grants/claim.html", form=form, row=row, year=year, town=town, received=received)


def _received(row: LedgerRow) -> Case | None:
    """The case by which others pay the municipality of a line, which leads it; None for the rest.

    Auditors find their shares claimed twice: by those who pay them, and in what the lead spent.
    """
    case = cases.find(row.shared.case, clock.today()) if row.shared else None
    return case if case and case.lead == row.town else None


def _line(fy: int, project_id: int, slug: str) -> tuple[FiscalYear, Town, LedgerRow]:
    town = areas.find_town(slug) or abort(404)
    require(Permission.CLAIM_GRANT, slug)
    year = _year(fy)
    row = next((one for one in queries.of_town(year, town) if one.project_id == project_id), None)
    stand((_("特別交付税の台帳"), url_for(".ledger", fy=fy, town=slug)))
    return year, town, row or abort(404)


@bp.route("/costs/ledger/<int:fy>/caps", methods=["GET", "POST"])
@guard(Permission.EDIT_FIGURES)
def caps(fy: int) -> Response:
    """The year's ceilings."""
    year, towns = _year(fy), areas.towns()
    stored, seen = queries.caps(year)
    shown = {f"cap_yen_{town.slug}": stored.get(town.name) for town in towns}
    form = forms.caps_form(towns, data={**shown, "seen": seen})
    if form.carry_out(
        lambda act: actions.set_caps(
            act,
            year,
            {town.slug: form[f"cap_yen_{town.slug}"].data for town in towns},
            form.seen.data,
        )
    ):
        said = _("上限額を保存しました。") if form.result else _(UNCHANGED)
        return done(url_for(".ledger", fy=year.year), said)
    stand((_("特別交付税の台帳"), url_for(".ledger", fy=fy)))
    return page("grants/caps.html", form=form, year=year, towns=towns)


__all__ = ["bp", "burden_views"]
