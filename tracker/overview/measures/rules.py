"""What the annex table makes of the year's parts; pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from tracker.amounts.yen import thousands
from tracker.kernel.translation import N_, _
from tracker.overview.rules import LATE, SAID_ORDER
from tracker.projects.report import Report
from tracker.projects.rules import Cell, CellState, cell


class Show(StrEnum):
    """What the annex table is narrowed to; the value stands in its address (contracts.md)."""

    ALL = "all"
    LATE = "late"
    MISSING = "missing"
    NONE = "none"

    @property
    def label(self) -> str:
        """The words on screen."""
        return _(_SHOWN[self][0])

    @property
    def wanted(self) -> frozenset[CellState]:
        """The states looked for."""
        return _SHOWN[self][1]


_EXPLAINED = {
    CellState.ON_TRACK,
    CellState.SLIGHTLY_LATE,
    CellState.LATE,
    CellState.UNREPORTED,
    CellState.NO_PROJECT,
}
_SHOWN: Mapping[Show, tuple[str, frozenset[CellState]]] = {
    Show.ALL: (N_("すべての事業"), frozenset()),
    Show.LATE: (N_("遅れ・やや遅れだけ"), frozenset(LATE)),
    Show.MISSING: (N_("未報告だけ"), frozenset({CellState.UNREPORTED})),
    Show.NONE: (N_("事業なしだけ"), frozenset({CellState.NO_PROJECT})),
}


class MeasureLine(NamedTuple):
    """A measure's row; a cell is None where no agreement in force has the measure."""

    number: str
    title: str
    cells: tuple[Cell | None, ...]
    projects: int
    yen: int | None

    @property
    def amount(self) -> str:
        """「61,840」 in 千円, 「—」 when nothing is known."""
        return _in_thousands(self.yen)


class Group(NamedTuple):
    """The rows under one heading of the annex."""

    title: str
    lines: tuple[MeasureLine, ...]


@dataclass(frozen=True)
class Table:
    """別表と事業の状況; `parts` are counted by municipality, in the order of the columns.

    Amounts are actual costs (決算額) as soon as one is known for the year, else budgets.
    """

    groups: tuple[Group, ...]
    parts: tuple[int, ...]
    projects: int
    yen: int | None
    is_actual: bool

    @property
    def amount(self) -> str:
        """The sum in 千円, rounded once."""
        return _in_thousands(self.yen)

    @property
    def legend(self) -> tuple[CellState, ...]:
        """The states to explain: those one always looks for, and the others that occur."""
        cells = (one for group in self.groups for line in group.lines for one in line.cells)
        found = {one.state for one in cells if one}
        return tuple(state for state in SAID_ORDER if state in found or state in _EXPLAINED)


def table(
    measures: Iterable[tuple[int, str, str, str, str]],
    covered: Mapping[int, Collection[str]],
    towns: Sequence[str],
    parts: Sequence[Report],
    show: Show = Show.ALL,
) -> Table:
    """The annex table (ux/spec.md 7.1).

    `measures`: id, number, title and the number and title of its heading, in the order of the
    annex. `covered`: by measure id the municipalities whose agreement in force has it.
    """
    by_measure: dict[int, list[Report]] = {}
    for part in parts:
        by_measure.setdefault(part.measure_id, []).append(part)
    is_actual = any(part.actual_yen is not None for part in parts)
    groups, kept = [], []
    for heading, rows in groupby(measures, key=lambda row: row[3:]):
        lines = []
        for id_, number, title, *_other in rows:
            own = by_measure.get(id_, [])
            line = _line(number, title, covered.get(id_, ()), towns, own, is_actual, show)
            if show is Show.ALL or any(one and one.state in show.wanted for one in line.cells):
                lines.append(line)
                kept += own
        if lines:
            groups.append(Group("　".join(heading), tuple(lines)))
    by_town = Counter(part.town.slug for part in kept)
    return Table(
        groups=tuple(groups),
        parts=tuple(by_town[town] for town in towns),
        projects=len({part.project_id for part in kept}),
        yen=_sum(kept, is_actual),
        is_actual=is_actual,
    )


def _line(
    number: str,
    title: str,
    covered: Collection[str],
    towns: Sequence[str],
    parts: Sequence[Report],
    is_actual: bool,
    show: Show,
) -> MeasureLine:
    states: dict[str, list[CellState]] = {town: [] for town in towns}
    for part in parts:
        states[part.town.slug].append(part.standing)
    return MeasureLine(
        number,
        title,
        tuple(_cell(states[town], town in covered, show) for town in towns),
        len({part.project_id for part in parts}),
        _sum(parts, is_actual),
    )


def _cell(states: Sequence[CellState], is_covered: bool, show: Show) -> Cell | None:
    """The worst state (contracts.md, States), or the one looked for where any part is in it."""
    if not states:
        return cell(()) if is_covered else None
    found = [state for state in states if state in show.wanted]
    return replace(cell(found or states), participating=len(states))


def _sum(parts: Iterable[Report], is_actual: bool) -> int | None:
    """Whole yen; None when nothing is known, which is never 0."""
    given = (part.actual_yen if is_actual else part.budget_yen for part in parts)
    known = [amount for amount in given if amount is not None]
    return sum(known) if known else None


def _in_thousands(yen: int | None) -> str:
    return "—" if yen is None else thousands(yen).removesuffix("千円")
