"""Reads a year's claims for the special grant beside what each municipality bears."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import aliased

from tracker.agreements.models import Measure, PolicyField
from tracker.cost_sharing import queries as cases
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import CaseNumber, Stage
from tracker.grants.models import GrantCap, GrantClaim
from tracker.grants.rules import AgreedShare, GrantFinding, LedgerLine, findings
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.plumbing.db import UNSEEN, db
from tracker.projects.models import Participation, Project, ProjectCost, ProjectYear
from tracker.projects.rules import CostPhase


class LedgerRow(NamedTuple):
    """A line of the ledger as a page needs it.

    `spent_yen` is the municipality's own spending, as settled or (`is_planned`) as planned;
    `shared` its share of the year's cost case, if it has one.  `seen` is for the claim's form.
    """

    project_id: int
    town: Town
    spent_yen: int
    is_planned: bool
    shared: AgreedShare | None
    line: LedgerLine
    proof: str
    seen: str
    findings: tuple[GrantFinding, ...] = ()

    @property
    def is_entered(self) -> bool:
        """Whether anybody has written the claim."""
        return self.seen != UNSEEN


def rows(year: FiscalYear, *where: ColumnElement[bool]) -> list[LedgerRow]:
    """Every project of the year with each municipality that takes part, in the annex's order.

    What an audit would find is worked out over the municipalities in `where` whole: one asks for
    all, or for a municipality, never for part of one.  Two queries.
    """
    budget, settled = aliased(ProjectCost), aliased(ProjectCost)
    town = Participation.municipality_id

    def own(cost: type[ProjectCost], phase: CostPhase) -> ColumnElement[bool]:
        return and_(
            cost.project_id == ProjectYear.project_id,
            cost.fiscal_year == ProjectYear.fiscal_year,
            cost.municipality_id == town,
            cost.phase == phase,
        )

    shared = cases.last_agreed(CostCase.fiscal_year == year.year)
    query = (
        select(
            Project.id,
            Project.name,
            town,
            budget.total_yen,
            settled.total_yen,
            shared.c.share_yen,
            shared.c.number,
            shared.c.stage,
            GrantClaim,
        )
        .select_from(ProjectYear)
        .join(Project, Project.id == ProjectYear.project_id)
        .join(Measure, Measure.id == Project.measure_id)
        .join(PolicyField, PolicyField.id == Measure.field_id)
        .join(Participation, Participation.project_year_id == ProjectYear.id)
        .outerjoin(budget, own(budget, CostPhase.BUDGET))
        .outerjoin(settled, own(settled, CostPhase.SETTLED))
        .outerjoin(
            shared, and_(shared.c.project_id == Project.id, shared.c.municipality_id == town)
        )
        .outerjoin(
            GrantClaim,
            and_(
                GrantClaim.project_id == Project.id,
                GrantClaim.fiscal_year == ProjectYear.fiscal_year,
                GrantClaim.municipality_id == town,
            ),
        )
        .where(ProjectYear.fiscal_year == year.year, Project.struck_at.is_(None), *where)
        .order_by(PolicyField.position, Measure.position, Project.name, Project.id, town)
    )
    towns = areas.by_id()
    found = [
        _row(id_, name, towns[town_id], planned, actual, _shared(year, *case), claim)
        for id_, name, town_id, planned, actual, *case, claim in db.session.execute(query)
    ]
    limits = caps(year)[0]
    judged = findings([one.line for one in found], limits)
    return [one._replace(findings=wrong) for one, (_line, wrong) in zip(found, judged, strict=True)]


def _shared(
    year: FiscalYear, yen: int | None, number: int | None, stage: Stage | None
) -> AgreedShare | None:
    if yen is None or number is None or stage is None:
        return None
    return AgreedShare(CaseNumber(year.year, number), stage, yen)


def _row(
    project_id: int,
    name: str,
    town: Town,
    planned: int | None,
    actual: int | None,
    shared: AgreedShare | None,
    claim: GrantClaim | None,
) -> LedgerRow:
    spent = (planned or 0) if actual is None else actual
    line = LedgerLine(
        name,
        town.name,
        spent + (shared.yen if shared else 0),
        claim.national_yen if claim else 0,
        claim.prefectural_yen if claim else 0,
        claim.other_yen if claim else 0,
        claim.claimed_yen if claim else 0,
        tuple(claim.claimed_under) if claim else (),
        bool(claim and claim.is_eligible),
        claim.why if claim else "",
        bool(claim and claim.proof),
    )
    return LedgerRow(
        project_id,
        town,
        spent,
        actual is None and planned is not None,
        shared,
        line,
        claim.proof if claim else "",
        claim.seen if claim else UNSEEN,
    )


def of_town(year: FiscalYear, town: Town) -> list[LedgerRow]:
    """A municipality's lines of the year."""
    return rows(year, Participation.municipality_id == town.id)


def caps(year: FiscalYear) -> tuple[Mapping[str, int], str]:
    """The year's ceilings in yen by the municipality's name, and what a form saw of them."""
    row = db.session.get(GrantCap, year.year, populate_existing=True)
    if row is None:
        return {}, UNSEEN
    names = {town.code: town.name for town in areas.towns()}
    return {names[code]: yen for code, yen in row.caps_yen.items() if code in names}, row.seen


def told(many: Sequence[LedgerRow]) -> list[tuple[LedgerLine, tuple[GrantFinding, ...]]]:
    """The lines in which anything is borne or claimed, for `tracker costs ledger`."""
    return [(one.line, one.findings) for one in many if one.line.total_yen or one.line.claimed_yen]
