"""What base figures are, and which of them are newer (product.md section 6); pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import NamedTuple

from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.labelled import Labelled
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _

# How the source of figures says that they are not settled yet; a case keeps these words.
PROVISIONAL = "（暫定値、"
# Usage is entered of this year and of so many before.
YEARS_BACK = 4
_CALENDAR = "-cy"


class FigureKind(Labelled):
    """What a base figure counts; the values are the kinds of parts of a cost split."""

    POPULATION = "population", N_("人口")
    USAGE = "usage", N_("利用実績")
    FISCAL = "fiscal", N_("財政規模・需要額")
    GRANT_CAP = "grant_cap", N_("特別交付税の上限")


@dataclass(frozen=True)
class Series:
    """One set of base figures by municipality's name; an absent one was not counted.

    period: the year whose usage it is (`period_label`).  project_id: whose usage it is; None: of
    the whole area.  struck_at: when it was taken out, by whom and why; None: it counts.
    """

    id: int
    kind: FigureKind
    name: str
    unit: str
    period: str | None
    as_of_on: date
    source: str
    is_confirmed: bool
    project_id: int | None
    values: Mapping[str, int]
    struck_at: datetime | None = None
    struck_by: str = ""
    struck_reason: str = ""

    @property
    def is_struck(self) -> bool:
        """Whether it was taken out."""
        return self.struck_at is not None

    @property
    def words(self) -> str:
        """「令和2年国勢調査（確定値、令和2年10月1日現在、出典 …）」: as a case keeps it."""
        how = f"（確定値、{self._of}" if self.is_confirmed else f"{PROVISIONAL}{self._of}"
        return f"{self.name}{how}{wareki.long(self.as_of_on)}現在、出典 {self.source}）"

    @property
    def _of(self) -> str:
        return f"{period_label(self.period)}分、" if self.period else ""

    def is_newer_than(self, other: "Series") -> bool:
        """Whether it counts the same (kind, unit, project) as of a later day, or was confirmed since.

        Of the same day it is newer, too, than one that was taken out.
        """
        same = (self.kind, self.unit, self.project_id) == (other.kind, other.unit, other.project_id)
        mine, its = (self.as_of_on, self.is_confirmed), (other.as_of_on, other.is_confirmed)
        return same and not self.is_struck and (mine > its or (other.is_struck and mine == its))


def newest(series: Series, among: Iterable[Series]) -> Series | None:
    """The newest that is newer than that series, or None."""
    found = [one for one in among if one.is_newer_than(series)]
    return max(found, key=lambda one: (one.as_of_on, one.is_confirmed, one.id), default=None)


class FigureChange(NamedTuple):
    """What a municipality's figure was and is; None: not counted any more."""

    town: str
    before: int
    after: int | None

    @property
    def change(self) -> int | None:
        """More (or less, below 0) than before."""
        return None if self.after is None else self.after - self.before


def differences(before: Mapping[str, int | Fraction], after: Series) -> list[FigureChange]:
    """Each municipality's figure as it was taken, and in the other series."""
    return [FigureChange(name, int(one), after.values.get(name)) for name, one in before.items()]


def periods(today: date) -> list[tuple[str, str]]:
    """The years of which usage is entered, with their labels: fiscal ones, then calendar ones."""
    year = FiscalYear.containing(today).year
    last = range(year, year - YEARS_BACK, -1)
    values = [*(str(one) for one in last), *(f"{one}{_CALENDAR}" for one in last)]
    return [(value, period_label(value)) for value in values]


def period_label(period: str) -> str:
    """「令和7年度」, 「令和7年1月〜12月」."""
    if period.endswith(_CALENDAR):
        year = wareki.year_name(int(period.removesuffix(_CALENDAR)))
        return _("%(year)s1月〜12月", year=year)
    return FiscalYear(int(period)).label


def check_figures(values: Mapping[str, int | None], as_of_on: date, today: date) -> None:
    """Refuses a series without any figure, or one counted on a day to come."""
    if as_of_on > today:
        raise Refusal(
            _("基準日がまだ来ていません。数えた日、または公表の基準日を入れてください。"),
            field="as_of_on",
        )
    if not any(values.values()):
        raise Refusal(_("市町村の数値を1つ以上入力してください。"))
