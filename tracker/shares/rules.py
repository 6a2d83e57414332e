"""The words of a formula: by what an amount is divided, and how it is rounded (contracts.md)."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from tracker.kernel.labelled import Labelled
from tracker.kernel.translation import N_


class PartKind(Labelled):
    """What a part of the amount is divided by; the value is pinned in contracts.md."""

    EQUAL = "equal", N_("均等割")
    POPULATION = "population", N_("人口割")
    USAGE = "usage", N_("利用実績割")
    FISCAL = "fiscal", N_("財政規模割")
    GRANT_CAP = "grant_cap", N_("特別交付税上限割")
    RATIO = "ratio", N_("比率割")
    HOST = "host", N_("開催地等の負担")
    FIXED = "fixed", N_("定額")
    RATE = "rate", N_("定率")


class KindRow(NamedTuple):
    """Which fields of a part its kind must have, and which it may have."""

    needs: tuple[str, ...]
    may: tuple[str, ...] = ("only",)


KINDS: Mapping[PartKind, KindRow] = {
    PartKind.EQUAL: KindRow(("percent",), ("weights", "only")),
    PartKind.POPULATION: KindRow(("percent", "basis")),
    PartKind.USAGE: KindRow(("percent", "basis")),
    PartKind.FISCAL: KindRow(("percent", "basis")),
    PartKind.GRANT_CAP: KindRow(("percent", "basis")),
    PartKind.RATIO: KindRow(("percent", "weights")),
    PartKind.HOST: KindRow(("percent", "only"), ()),
    PartKind.FIXED: KindRow(("amounts",)),
    PartKind.RATE: KindRow(("basis", "rate")),
}


class UsagePeriod(Labelled):
    """Of which time the usage is counted (field.md section d)."""

    LAST_YEAR = "last_year", N_("前年度")
    YEAR_BEFORE_LAST = "year_before_last", N_("前々年度")
    CALENDAR_YEAR = "calendar_year", N_("前年1月〜12月")

    def span(self, fiscal_year: int) -> tuple[date, date]:
        """First and last day, for a case of that fiscal year."""
        if self is UsagePeriod.CALENDAR_YEAR:
            return date(fiscal_year - 1, 1, 1), date(fiscal_year - 1, 12, 31)
        back = 1 if self is UsagePeriod.LAST_YEAR else 2
        return date(fiscal_year - back, 4, 1), date(fiscal_year - back + 1, 3, 31)


class RoundingMode(Labelled):
    """How an exact value becomes whole units; the value is pinned in contracts.md."""

    DOWN = "down", N_("切捨て")
    UP = "up", N_("切上げ")
    HALF_UP = "half_up", N_("四捨五入")
