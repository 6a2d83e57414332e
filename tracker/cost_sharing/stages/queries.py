"""Reads what stands before and after a stage of a case."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select

from tracker.cost_sharing.case import Case
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.queries import FINAL, agreed_before
from tracker.cost_sharing.rules import CaseKind, CaseNumber, CaseState, Stage
from tracker.cost_sharing.stages.rules import StageTable, stage_table
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities.rules import Town
from tracker.plumbing import beside
from tracker.plumbing.db import db
from tracker.projects.models import ProjectCost
from tracker.projects.rules import CostPhase


def carried_over(year: FiscalYear) -> dict[int, int]:
    """What agreed settlements of a fiscal year carry over to the next, in yen by project (id)."""
    found = db.session.execute(
        select(CostCase.project_id, CostCase.carried_yen).where(
            CostCase.fiscal_year == year.year,
            CostCase.state == CaseState.AGREED,
            CostCase.carried_yen > 0,
        )
    )
    return {row.project_id: row.carried_yen for row in found}


def settled_before(case: Case, today: date) -> Mapping[Stage, Mapping[Town, int]]:
    """What was agreed last in the same year for earlier stages: yen by municipality, per stage."""
    if not FINAL[case.stage]:
        return {}
    return {
        one.stage: one.shares
        for one in agreed_before(case, case.no.fiscal_year, today)
        if FINAL[one.stage] < FINAL[case.stage]
    }


def stages(case: Case, today: date) -> StageTable | None:
    """A stage beside those agreed before it; None for the first.  Payments say whether an estimate
    was left to what comes after it (`beside`, "estimate_before").
    """
    settled = settled_before(case, today) if case.shares else {}
    told = beside.told("estimate_before", case) if [*settled] == [Stage.ESTIMATE] else []
    left = "".join(one.title for one in told)
    return stage_table(settled, case.shares, case.stage, left) if settled else None


def stage_there(case: Case, stage: Stage) -> CaseNumber | None:
    """A case of that stage about the project's money in the same year, neither withdrawn nor replaced."""
    found = db.session.execute(
        select(CostCase.fiscal_year, CostCase.number)
        .where(
            CostCase.project_id == case.project_id,
            CostCase.fiscal_year == case.no.fiscal_year,
            CostCase.kind == CaseKind.MONEY,
            CostCase.stage == stage,
            CostCase.state.not_in((CaseState.WITHDRAWN, CaseState.REPLACED)),
        )
        .limit(1)
    ).first()
    return CaseNumber(*found) if found else None


def settled_of_lead(case: Case) -> ProjectCost | None:
    """What the municipality that leads the project has told that it spent in the year of a case."""
    return db.session.scalar(
        select(ProjectCost).where(
            ProjectCost.project_id == case.project_id,
            ProjectCost.fiscal_year == case.no.fiscal_year,
            ProjectCost.municipality_id == case.lead.id,
            ProjectCost.phase == CostPhase.SETTLED,
        )
    )
