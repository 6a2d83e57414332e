"""What Article 4(2) asks of the office year by year: nothing carries over by itself; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from tracker.cost_sharing import days
from tracker.cost_sharing.rules import CaseState, Stage
from tracker.kernel.asked import Asked, some
from tracker.kernel.fiscal_year import FiscalYear

UNSENT = (CaseState.DRAFT, CaseState.CONSULTING)
SENT = (CaseState.AWAITING, CaseState.RETURNED, CaseState.AGREED)


@dataclass(frozen=True)
class CaseFact:
    """One case and its project; `goes_on`: the project is planned for the present year."""

    path: str
    title: str
    fiscal_year: int
    project_id: int
    project: str
    goes_on: bool
    is_money: bool
    stage: Stage
    state: CaseState
    consulted_at: datetime | None = None


def owed(
    cases: Sequence[CaseFact], year: FiscalYear, hub: str, begins_at: datetime
) -> tuple[Asked, ...]:
    """The office's next steps in `year`: to start, to send, to reconcile; `begins_at` its 1 April.

    `cases` are those of this year and the last, and older ones that were never sent.
    """
    found = (
        _unstarted(cases, year, hub, begins_at),
        *_unsent(cases, hub),
        _unreconciled(cases, year.previous, hub, begins_at),
    )
    return tuple(one for one in found if one is not None)


def _unstarted(
    cases: Iterable[CaseFact], year: FiscalYear, hub: str, begins_at: datetime
) -> Asked | None:
    """Projects shared last year that go on; one that was withdrawn this year was thought of."""
    begun = {case.project_id for case in cases if case.fiscal_year == year.year}
    waiting = {
        case.project_id: case.project
        for case in cases
        if case.fiscal_year == year.previous.year
        and case.state in SENT
        and case.goes_on
        and case.project_id not in begun
    }
    return _of_projects(
        "cost_unstarted",
        waiting,
        year,
        days.start_due(year),
        hub,
        "は、前年度に負担を取り決めた事業です。"
        "取決めは引き継がれないため、今年度の協議を始めます（協約第4条第2項）。",
        begins_at,
    )


def _unsent(cases: Iterable[CaseFact], hub: str) -> Iterable[Asked]:
    waiting = sorted(
        (case for case in cases if case.state in UNSENT), key=lambda case: case.fiscal_year
    )
    for number, group in groupby(waiting, key=lambda case: case.fiscal_year):
        year, own = FiscalYear(number), list(group)
        heard = [case.consulted_at for case in own if case.consulted_at]
        yield Asked(
            kind="cost_unsent",
            about=str(number),
            municipality=hub,
            due_on=days.send_due(year),
            url=own[0].path if len(own) == 1 else f"/costs?fy={number}",
            subject=f"{year.label}の費用負担の案",
            text=f"{some(case.title for case in own)}は、まだ双方に確認をお願いしていません。",
            remaining=len(own),
            known_since=min(heard, default=None),
        )


def _unreconciled(
    cases: Iterable[CaseFact], year: FiscalYear, hub: str, begins_at: datetime
) -> Asked | None:
    """Projects whose last word on that year's money is agreed, but 概算 or 確定."""
    stages = list(Stage)
    live = sorted(
        (
            case
            for case in cases
            if case.fiscal_year == year.year and case.is_money and case.state in (*UNSENT, *SENT)
        ),
        key=lambda case: (stages.index(case.stage), case.state is CaseState.AGREED),
    )
    last = {case.project_id: case for case in live}
    waiting = {
        id_: case.project
        for id_, case in last.items()
        if case.state is CaseState.AGREED and case.stage is not Stage.RECONCILIATION
    }
    return _of_projects(
        "cost_unreconciled",
        waiting,
        year,
        days.reconcile_due(year),
        hub,
        "の額は、まだ精算していません。決算額で計算し直し、差額を確かめます。",
        begins_at,
    )


def _of_projects(
    kind: str,
    waiting: dict[int, str],
    year: FiscalYear,
    due_on: date,
    hub: str,
    said: str,
    known_since: datetime,
) -> Asked | None:
    """One thing to do for all projects waiting; None when none is."""
    if not waiting:
        return None
    only = f"&project={next(iter(waiting))}" if len(waiting) == 1 else ""
    return Asked(
        kind=kind,
        about=str(year.year),
        municipality=hub,
        due_on=due_on,
        url=f"/costs/new?fy={year.year}{only}",
        subject=f"{year.label}の費用負担",
        text=some(waiting.values()) + said,
        remaining=len(waiting),
        known_since=known_since,
    )
