"""年度: 1 April to 31 March, its halves, and the periods reports are about (product.md 2)."""

import re
from dataclasses import dataclass
from datetime import date
from functools import total_ordering
from typing import Self

from tracker.kernel import wareki
from tracker.kernel.labelled import Labelled
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _

FIRST, LAST = 1868, 2999


@dataclass(frozen=True, order=True)
class FiscalYear:
    """One 年度, named by the Western year it begins in; stored as that integer.

    Raises Refusal for a year no era names (before 1868) or nobody plans for (after 2999).
    """

    year: int

    def __post_init__(self) -> None:
        if not FIRST <= self.year <= LAST:
            raise Refusal(_("その年度は扱えません。年度を選び直してください。"))

    @classmethod
    def containing(cls, day: date) -> Self:
        """The fiscal year `day` falls in: 31 March still belongs to the old one."""
        return cls(day.year if day.month >= 4 else day.year - 1)

    def __contains__(self, day: date) -> bool:
        return self.begins <= day <= self.ends

    def nearest(self, day: date) -> date:
        """`day` itself, or the nearer end of the year where it lies outside."""
        return min(max(day, self.begins), self.ends)

    @property
    def begins(self) -> date:
        """1 April."""
        return date(self.year, 4, 1)

    @property
    def ends(self) -> date:
        """31 March of the following calendar year."""
        return date(self.year + 1, 3, 31)

    @property
    def next(self) -> Self:
        """The fiscal year after this one."""
        return type(self)(self.year + 1)

    @property
    def previous(self) -> Self:
        """The fiscal year before this one."""
        return type(self)(self.year - 1)

    @property
    def label(self) -> str:
        """「令和8年度」; 2019 is 令和元年度 although it began in 平成."""
        return f"{wareki.year_name(self.year)}度"

    @property
    def long_label(self) -> str:
        """「令和8年度（2026年度）」, for selectors."""
        return f"{self.label}（{self.year}年度）"

    @property
    def months(self) -> tuple[date, ...]:
        """The first days of its twelve months, April first."""
        return tuple(date(self.year + month // 12, month % 12 + 1, 1) for month in range(3, 15))


class Half(Labelled):
    """上期 closes on 30 September; 年度末 holds the value of the whole year."""

    H1 = "h1", N_("上期"), N_("4月〜9月")
    FY = "fy", N_("年度末"), N_("4月〜3月")

    def __init__(self, _value: str, _label: str = "", span: str = "") -> None:
        self._span = span

    @property
    def span(self) -> str:
        """Its months: 「4月〜9月」."""
        return _(self._span)


@total_ordering
@dataclass(frozen=True)
class Period:
    """What a progress report is about: 上期 or 年度末 of one fiscal year; ordered by its end."""

    year: int
    half: Half

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read 「2026-h1」 as it stands in addresses. Raises Refusal for anything else."""
        found = re.fullmatch(r"([0-9]{4})-(h1|fy)", text)
        if found is None:
            raise Refusal(_("期間は「2026-h1」（上期）か「2026-fy」（年度末）で指定してください。"))
        return cls(FiscalYear(int(found[1])).year, Half(found[2]))

    def __str__(self) -> str:
        return f"{self.year}-{self.half}"

    def __lt__(self, other: "Period") -> bool:
        return self.ends < other.ends

    @property
    def fiscal_year(self) -> FiscalYear:
        """The fiscal year it lies in."""
        return FiscalYear(self.year)

    @property
    def begins(self) -> date:
        """1 April, of both kinds."""
        return self.fiscal_year.begins

    @property
    def ends(self) -> date:
        """30 September, or 31 March."""
        return date(self.year, 9, 30) if self.half is Half.H1 else self.fiscal_year.ends

    @property
    def label(self) -> str:
        """「令和8年度上期」「令和8年度末」."""
        return f"{self.fiscal_year.label}{self.half.label.removeprefix(_('年度'))}"

    @property
    def half_label(self) -> str:
        """「上期」「年度末」."""
        return self.half.label

    @property
    def span_label(self) -> str:
        """「4月〜9月」「4月〜3月」."""
        return self.half.span

    @property
    def same_half_last_year(self) -> Self:
        """前年同期."""
        return type(self)(self.year - 1, self.half)

    @property
    def previous(self) -> Self:
        """前回: before 上期 comes last year's 年度末, before 年度末 this year's 上期."""
        if self.half is Half.FY:
            return type(self)(self.year, Half.H1)
        return type(self)(self.year - 1, Half.FY)
