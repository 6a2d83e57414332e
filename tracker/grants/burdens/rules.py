"""What municipalities bore over the years, as a table; pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from tracker.grants.rules import AgreedShare
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities.rules import Town

# How many of the years that have anything are shown: the last ones.
MOST_YEARS = 10
# From so many thousand yen on a plot tells millions: its numbers have room.
_IN_MILLIONS = 50_000


class Burden(NamedTuple):
    """What a municipality bore of a project's year, by the case that counts."""

    year: FiscalYear
    town: Town
    project_id: int
    project: str
    share: AgreedShare


class BurdenPoint(NamedTuple):
    """A bar of the plot: a year's sum, None where nothing was agreed."""

    label: str
    value: int | None


class BurdenRow(NamedTuple):
    """A project's or a municipality's yen by year, None where nothing was agreed, and their sum.

    cases: by year what a single municipality's yen rest on.
    """

    name: str
    yen: Sequence[int | None]
    cases: Sequence[AgreedShare | None] = ()

    @property
    def total(self) -> int:
        """Over the years shown, in yen."""
        return sum(one or 0 for one in self.yen)


@dataclass(frozen=True)
class Burdens:
    """All burdens of an area, by year, municipality and project; `towns` in their order."""

    burdens: Sequence[Burden]
    towns: Sequence[Town]

    @cached_property
    def years(self) -> Sequence[FiscalYear]:
        """The last ten years in which anything was agreed, oldest first."""
        found = {one.year.year for one in self.burdens}
        return [FiscalYear(year) for year in sorted(found)[-MOST_YEARS:]]

    @cached_property
    def by_town(self) -> Sequence[BurdenRow]:
        """A row each municipality, also of one that bore nothing."""
        return [
            self._row(town.name, [one for one in self.burdens if one.town == town])
            for town in self.towns
        ]

    def whole(self, town: Town | None) -> BurdenRow:
        """What one bore, or (None) all together."""
        return self._row(town.name if town else "", self._of(town))

    def by_project(self, town: Town | None) -> Iterator[BurdenRow]:
        """A row each project of the years shown; of one municipality with the cases behind it."""
        projects: dict[int, list[Burden]] = {}
        for one in self._of(town):
            projects.setdefault(one.project_id, []).append(one)
        for many in sorted(projects.values(), key=lambda many: (many[0].project, many[0][2])):
            row = self._row(many[0].project, many)
            if any(one is not None for one in row.yen):
                by_year = {one.year: one.share for one in many} if town else {}
                yield row._replace(cases=[by_year.get(year) for year in self.years])

    def _of(self, town: Town | None) -> Sequence[Burden]:
        return [one for one in self.burdens if town is None or one.town == town]

    def _row(self, name: str, burdens: Iterable[Burden]) -> BurdenRow:
        sums: dict[FiscalYear, int] = {}
        for one in burdens:
            sums[one.year] = sums.get(one.year, 0) + one.share.yen
        return BurdenRow(name, [sums.get(year) for year in self.years])


def points(row: BurdenRow, years: Sequence[FiscalYear]) -> tuple[bool, Sequence[BurdenPoint]]:
    """The bars of a row in thousands of yen, or (True) in millions; rounded half up."""
    in_millions = max((abs(one or 0) for one in row.yen), default=0) > _IN_MILLIONS * 1000
    unit = 1_000_000 if in_millions else 1000
    return in_millions, [
        BurdenPoint(year.label.removesuffix("年度"), None if one is None else _rounded(one, unit))
        for year, one in zip(years, row.yen, strict=True)
    ]


def _rounded(yen: int, unit: int) -> int:
    whole = (abs(yen) + unit // 2) // unit
    return whole if yen >= 0 else -whole
