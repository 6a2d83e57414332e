"""Reads what came before a case: nothing carries over by itself, but it is worth seeing."""

from collections.abc import Mapping

from sqlalchemy import ScalarSelect, and_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from tracker.cost_sharing.case_number import CaseNumber
from tracker.cost_sharing.models import CaseKind, CostCase, Share
from tracker.cost_sharing.rules import CaseState, Stage
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Municipality
from tracker.plumbing.db import db
from tracker.projects.models import Participation, Project, ProjectYear


def beginnings(case: CostCase) -> tuple[frozenset[int], CaseNumber | None]:
    """Where a draft starts from: the municipalities (ids) in the project that fiscal year, and
    the latest agreed money case of the project in a year before.  One query.
    """
    older = aliased(CostCase)

    def latest(column: InstrumentedAttribute[int]) -> ScalarSelect[int]:
        return (
            select(column)
            .where(
                older.project_id == case.project_id,
                older.kind == CaseKind.MONEY,
                older.state == CaseState.AGREED,
                older.fiscal_year < case.fiscal_year,
            )
            .order_by(older.fiscal_year.desc(), older.number.desc())
            .limit(1)
            .scalar_subquery()
        )

    year = and_(ProjectYear.project_id == Project.id, ProjectYear.fiscal_year == case.fiscal_year)
    rows = db.session.execute(
        select(Participation.municipality_id, latest(older.fiscal_year), latest(older.number))
        .select_from(Project)
        .outerjoin(ProjectYear, year)
        .outerjoin(Participation, Participation.project_year_id == ProjectYear.id)
        .where(Project.id == case.project_id)
    ).all()
    _, before, number = rows[0]
    return (
        frozenset(row[0] for row in rows if row[0]),
        CaseNumber(before, number) if before else None,
    )


def share_of_last_year(case: CostCase, municipality_id: int) -> int | None:
    """What the municipality bore in yen for the same project a year before, if agreed."""
    return db.session.scalar(
        select(Share.share_yen)
        .join(CostCase, CostCase.id == Share.case_id)
        .where(
            Share.municipality_id == municipality_id,
            CostCase.project_id == case.project_id,
            CostCase.kind == CaseKind.MONEY,
            CostCase.state == CaseState.AGREED,
            CostCase.fiscal_year == case.fiscal_year - 1,
        )
        .order_by(CostCase.number.desc())
        .limit(1)
    )


def settled_before(case: CostCase) -> Mapping[Stage, Mapping[str, int]]:
    """What was agreed last for the project in the same year before 精算: yen by name, per stage."""
    names = areas.by_id()
    rows = db.session.execute(
        select(CostCase.stage, CostCase.id, Share.municipality_id, Share.share_yen)
        .join(Share, Share.case_id == CostCase.id)
        .join(Municipality, Municipality.id == Share.municipality_id)
        .where(
            CostCase.project_id == case.project_id,
            CostCase.fiscal_year == case.fiscal_year,
            CostCase.kind == CaseKind.MONEY,
            CostCase.state == CaseState.AGREED,
            CostCase.stage != Stage.RECONCILIATION,
        )
        .order_by(CostCase.number, Municipality.code)
    )
    found: dict[Stage, tuple[int, dict[str, int]]] = {}
    for stage, case_id, municipality_id, share_yen in rows:
        if stage not in found or found[stage][0] != case_id:
            found[stage] = (case_id, {})
        found[stage][1][names[municipality_id].name] = share_yen
    return {stage: shares for stage, (_, shares) in found.items()}
