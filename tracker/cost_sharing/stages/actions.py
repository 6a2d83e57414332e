"""Starts the next stage of an agreed case."""

from dataclasses import replace

from tracker.cost_sharing import queries
from tracker.cost_sharing.cases.actions import area_row, start_case
from tracker.cost_sharing.formula.actions import write
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import Stage
from tracker.cost_sharing.stages import rules
from tracker.cost_sharing.stages.queries import stage_there
from tracker.kernel.fiscal_year import FiscalYear
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import Project
from tracker.projects.plans.actions import settle
from tracker.shares.split import amount_to_share, split


def start_next(
    act: Act,
    row: CostCase,
    stage: Stage,
    total_yen: int,
    subsidy_yen: int,
    carried_yen: int = 0,
    seen: str | None = None,
    *,
    is_settled: bool = False,
) -> CostCase:
    """Drafts the next stage of an agreed case's year: its title, formula and municipalities with
    the base figures frozen in it, divided anew; only the yen are others.

    is_settled: with 精算 the total is the lead's own settled cost too, where it has told none.

    Raises Refusal as `rules.check_next` does, and as `split` does for these yen.
    """
    project = db.session.get_one(Project, row.project_id)
    act.lock((area_row(), None), (row, seen), (project, None))
    case = queries.of(row, act.today)
    there = stage_there(case, stage)
    rules.check_next(case.state, case.stage, stage, there.label if there else None)
    year = FiscalYear(row.fiscal_year)
    yens = total_yen, subsidy_yen, carried_yen
    with act:
        new = start_case(
            act,
            row.project_id,
            year,
            row.kind,
            stage,
            row.title,
            *yens,
            is_settled=is_settled,
        )
        towns = {town.name: town for town in case.shares}
        lines = split(
            amount_to_share(*yens),
            list(towns),
            [one.part for one in case.parts],
            case.rounding,
            case.remainder,
            case.limits,
            codes={name: town.code for name, town in towns.items()},
        ).lines
        then = replace(
            case,
            stage=stage,
            total_yen=total_yen,
            subsidy_yen=subsidy_yen,
            carried_yen=carried_yen,
            shares={towns[line.municipality]: line.share for line in lines},
            lines=lines,
        )
        with act.change("cost.drafted", new, f"{new.named}の内容を決めました。"):
            write(act, new, then)
    return new


def record_settled(act: Act, row: CostCase, seen: str | None = None) -> None:
    """Enters the total of a settlement as the settled cost of its project's lead, whatever the
    lead had told before; raises Refusal for another stage, and for a case that counts no more.
    """
    project = db.session.get_one(Project, row.project_id)
    act.lock((row, seen), (project, None))
    rules.check_record_settled(row.state, row.stage)
    case = queries.of(row, act.today)
    year = FiscalYear(row.fiscal_year)
    settle(act, project, year, case.lead.id, case.total_yen, again=True)
