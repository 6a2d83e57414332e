"""The states of reports and projects, and how they come together (contracts.md States)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, TypeVar

from tracker.amounts.exact import Exact
from tracker.kernel.labelled import Labelled
from tracker.kernel.translation import N_, _

N = TypeVar("N", int, Exact)
LONGEST_TEXT = 400
"""Characters of what people write about a project or in a report."""


class ReportState(Labelled):
    """Where a report stands; 期限超過 is derived (`shown`), never stored (contracts.md)."""

    NONE = "none", N_("未提出")
    DRAFT = "draft", N_("下書きあり")
    SUBMITTED = "submitted", N_("確認中")
    RETURNED = "returned", N_("差戻し")
    CONFIRMED = "confirmed", N_("確認済み")

    @property
    def kind(self) -> str:
        """The key of its colour and icon."""
        return f"report_{self}"


# A returned report has to come again, so its value does not count meanwhile.
REPORTED = frozenset({ReportState.SUBMITTED, ReportState.CONFIRMED})


class Rating(Labelled):
    """事業の状況, chosen by the reporter and never preselected (ux/spec.md 7.4); `hint` explains."""

    ON_TRACK = "on_track", N_("順調"), N_("目標に届く見込み")
    SLIGHTLY_LATE = "slightly_late", N_("やや遅れ"), N_("手を打てば届く")
    LATE = "late", N_("遅れ"), N_("届かない見込み")
    DONE = "done", N_("完了"), N_("今年度分は終わった")

    def __init__(self, _value: str, _label: str = "", hint: str = "") -> None:
        self._hint = hint

    @property
    def hint(self) -> str:
        """What it means, in a few words."""
        return _(self._hint)


class YearMark(Labelled):
    """What only the lead says about a project's year (contracts.md)."""

    NOT_STARTED = "not_started", N_("未着手")
    SKIPPED = "skipped", N_("見送り")


class CostPhase(Labelled):
    """What the yen of a project are: planned for the year, or as the accounts closed."""

    BUDGET = "budget", N_("予算額")
    SETTLED = "settled", N_("決算額")


class Ended(Labelled):
    """Why an open round asks for a report no longer."""

    LEFT = "left", N_("参加の取りやめ")
    CALLED_OFF = "called_off", YearMark.SKIPPED.label


def ended_by(mark: YearMark | None, *, takes_part: bool) -> Ended | None:
    """Why a round no longer asks a part that it asked; None while it does."""
    if mark is YearMark.SKIPPED:
        return Ended.CALLED_OFF
    return None if takes_part else Ended.LEFT


def field_of(name: str, number: int) -> str:
    """A box of the indicator with that number; the first has the plain name."""
    return name if number == 1 else f"{name}_{number}"


class Shown(NamedTuple):
    """A state as a page shows it: the key of its colour and icon, and the words."""

    kind: str
    label: str


def days_overdue(state: ReportState, due_on: date, today: date) -> int:
    """Calendar days since the due day of a report nobody has submitted; 0 when not overdue."""
    waiting = state in (ReportState.NONE, ReportState.DRAFT)
    return max(0, (today - due_on).days) if waiting else 0


def shown(state: ReportState, due_on: date, today: date) -> Shown:
    """The state, or 期限超過 when the report is overdue."""
    if days_overdue(state, due_on, today):
        return Shown("overdue", _("期限超過"))
    return Shown(state.kind, state.label)


# --- how parts and values come together ----------------------------------------------------------


class CellState(Labelled):
    """How one municipality's part in a project stands, as the annex table shows it."""

    LATE = "late", Rating.LATE.source
    SLIGHTLY_LATE = "slightly_late", Rating.SLIGHTLY_LATE.source
    UNREPORTED = "unreported", N_("未報告")
    NOT_STARTED = "not_started", YearMark.NOT_STARTED.label
    ON_TRACK = "on_track", Rating.ON_TRACK.source
    DONE = "done", Rating.DONE.source
    SKIPPED = "skipped", YearMark.SKIPPED.label
    NO_PROJECT = "none_project", N_("事業なし")

    @property
    def kind(self) -> str:
        """The key of its colour and icon."""
        return str(self)


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
        count = _("%(count)s件", count=self.count) if self.state in _COUNTED_APART else ""
        return _(
            "%(state)s%(count)s、参加%(participating)s事業",
            state=self.state.label,
            count=count,
            participating=self.participating,
        )


def cell(states: Iterable[CellState]) -> Cell:
    """The first of `CELL_ORDER` among the parts; no part at all is 事業なし."""
    given = list(states)
    worst = min(given, key=CELL_ORDER.index, default=CellState.NO_PROJECT)
    return Cell(worst, given.count(worst), len(given))


class Total(NamedTuple):
    """A sum, of yen or of exact numbers, that says how many it is of; of none it is None, never 0."""

    sum: Any
    reported: int
    expected: int

    def note(self, half: str) -> str | None:
        """「上期は4市町村分」 when some have not reported yet, otherwise None."""
        partial = self.reported < self.expected
        return (
            _("%(half)sは%(reported)s市町村分", half=half, reported=self.reported)
            if partial
            else None
        )


def total(values: Iterable[N | None], add: Callable[[list[N]], Any] = sum) -> Total:
    """Adds up what was reported; None is a municipality that has not."""
    given = list(values)
    reported = [value for value in given if value is not None]
    return Total(add(reported) if reported else None, len(reported), len(given))
