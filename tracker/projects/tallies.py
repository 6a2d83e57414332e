"""How parts and values come together: a cell of the annex table, a total, the published sentence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from tracker.kernel.yen import grouped
from tracker.projects.rules import REPORTED, Rating, ReportState, YearMark


class CellState(StrEnum):
    """How one municipality's part in a project stands, as the annex table shows it."""

    LATE = "late"
    SLIGHTLY_LATE = "slightly_late"
    UNREPORTED = "unreported"
    NOT_STARTED = "not_started"
    ON_TRACK = "on_track"
    DONE = "done"
    SKIPPED = "skipped"
    NO_PROJECT = "none_project"

    @property
    def label(self) -> str:
        """The words on screen."""
        return _CELL_LABELS[self]

    @property
    def kind(self) -> str:
        """The key of its colour and icon."""
        return str(self)


_CELL_LABELS: Mapping[CellState, str] = {
    CellState.LATE: Rating.LATE.label,
    CellState.SLIGHTLY_LATE: Rating.SLIGHTLY_LATE.label,
    CellState.UNREPORTED: "未報告",
    CellState.NOT_STARTED: YearMark.NOT_STARTED.label,
    CellState.ON_TRACK: Rating.ON_TRACK.label,
    CellState.DONE: Rating.DONE.label,
    CellState.SKIPPED: YearMark.SKIPPED.label,
    CellState.NO_PROJECT: "事業なし",
}
# A cell shows the first of these that any of its projects is in (contracts.md, States).
CELL_ORDER = tuple(state for state in CellState if state is not CellState.NO_PROJECT)
_COUNTED_APART = frozenset(CELL_ORDER[: CELL_ORDER.index(CellState.ON_TRACK)])


def part_state(report: ReportState, rating: Rating | None, mark: YearMark | None) -> CellState:
    """How one part stands: 見送り before all, then what was reported, then 未着手 or 未報告."""
    if mark is YearMark.SKIPPED:
        return CellState.SKIPPED
    if report in REPORTED and rating is not None:
        return CellState(rating.value)
    return CellState.NOT_STARTED if mark is YearMark.NOT_STARTED else CellState.UNREPORTED


@dataclass(frozen=True)
class Cell:
    """One cell of the annex table: its worst state, the parts in that state, and all its parts."""

    state: CellState
    count: int
    participating: int

    @property
    def figure(self) -> str:
        """「1/3」 for a state to notice, 「3」 for a cell without one, nothing for 事業なし."""
        if self.state in _COUNTED_APART:
            return f"{self.count}/{self.participating}"
        return str(self.participating) if self.participating else ""

    @property
    def spoken(self) -> str:
        """For screen readers: 「未報告1件、参加2事業」「順調、参加2事業」「事業なし」."""
        if not self.participating:
            return self.state.label
        count = f"{self.count}件" if self.state in _COUNTED_APART else ""
        return f"{self.state.label}{count}、参加{self.participating}事業"


def cell(states: Iterable[CellState]) -> Cell:
    """The first of `CELL_ORDER` among the parts; no part at all is 事業なし."""
    given = list(states)
    worst = min(given, key=CELL_ORDER.index, default=CellState.NO_PROJECT)
    return Cell(worst, given.count(worst), len(given))


class Total(NamedTuple):
    """A sum that says how many it is of; no value at all is None, never 0."""

    sum: int | None
    reported: int
    expected: int

    def note(self, half: str) -> str | None:
        """「上期は4市町村分」 when some have not reported yet, otherwise None."""
        partial = self.reported < self.expected
        return f"{half}は{self.reported}市町村分" if partial else None


def total(values: Iterable[int | None]) -> Total:
    """Adds up what was reported; None is a municipality that has not."""
    given = list(values)
    reported = [value for value in given if value is not None]
    return Total(sum(reported) if reported else None, len(reported), len(given))


def contribution_sentence(unit: str, values: Mapping[str, int | None], hub: str) -> str:
    """What the city publishes: 「11箇所（平内町6、今別町1、外ヶ浜町1、青森市3）」, the hub last.

    Municipalities that reported nothing are left out; when none reported it is 「—」.
    """
    given = {name: value for name, value in values.items() if value is not None}
    if not given:
        return "—"
    hub_last = sorted(given, key=lambda name: name == hub)
    parts = "、".join(f"{name}{grouped(given[name])}" for name in hub_last)
    return f"{grouped(sum(given.values()))}{unit}（{parts}）"
