"""試算: formulas side by side, to the yen, beside what was agreed last year; nothing is saved."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from tracker.cost_sharing.case import Case
from tracker.kernel.translation import _
from tracker.municipalities.rules import Town
from tracker.shares.table import formula_words


class Trial(NamedTuple):
    """One formula that is tried: its form as it was sent, and the case that comes out of it.

    case: None where nothing comes out of it any more (base figures were struck meanwhile).
    """

    sent: str
    name: str
    case: Case | None
    is_stored: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The formula in words."""
        if self.case is None:
            return ()
        return formula_words(self.case.parts), self.case.rounding_words


class TrialCell(NamedTuple):
    """What one municipality bears by one formula, in yen (None: it takes no part).

    difference: from what was agreed last year, None without it.  percent: the length of its bar,
    of the longest of that municipality.
    """

    name: str
    share_yen: int | None
    difference: int | None = None
    percent: float = 0.0


class TrialRow(NamedTuple):
    """One municipality by all formulas; the first cell is last year's, where there is one."""

    town: Town
    cells: tuple[TrialCell, ...]


class TrialTable(NamedTuple):
    """Municipalities in the order of their codes, with the sum of each column in yen."""

    heads: tuple[str, ...]
    rows: tuple[TrialRow, ...]
    sums: tuple[int, ...]
    has_last: bool


def side_by_side(trials: Sequence[Trial], before: Case | None) -> TrialTable:
    """The shares of each formula, beside `before`, the case that was agreed last year."""
    last = [(last_year(before), before.shares)] if before else []
    columns = [*last, *((one.name, one.case.shares) for one in trials if one.case)]
    towns = sorted({town for _name, shares in columns for town in shares}, key=lambda one: one.code)
    return TrialTable(
        tuple(name for name, _shares in columns),
        tuple(
            TrialRow(
                town,
                _cells(
                    [(name, shares.get(town)) for name, shares in columns],
                    before.shares.get(town, 0) if before else None,
                ),
            )
            for town in towns
        ),
        tuple(sum(shares.values()) for _name, shares in columns),
        before is not None,
    )


def last_year(before: Case) -> str:
    """「令和7年度（確定）」."""
    return _(
        "%(year)s（%(stage)s）",
        year=before.no.year.label,
        stage=before.stage.label,
    )


def _cells(shares: Sequence[tuple[str, int | None]], before: int | None) -> tuple[TrialCell, ...]:
    most = max(max((yen or 0 for _name, yen in shares), default=0), 1)
    return tuple(
        TrialCell(
            name,
            yen,
            None if before is None or not place else (yen or 0) - before,
            float(Fraction(round(1000 * (yen or 0) / most), 10)),
        )
        for place, (name, yen) in enumerate(shares)
    )
