"""The words of cost sharing (Article 4(2); contracts.md, product.md 6).

The arithmetic is in shares, the steps of a case in cases/rules.py.  State labels come
from here and from nowhere else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Self, TypeAlias

from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.labelled import Labelled
from tracker.kernel.translation import N_
from tracker.projects.rules import CostPhase


class CaseKind(Labelled):
    """What Article 4(2) shares: money, or procedures and staff; or that nobody bears anything."""

    MONEY = "money", N_("費用")
    WORK = "work", N_("手続・人員")
    NONE = "none", N_("分担なし")


class CaseNumber(NamedTuple):
    """A case's fiscal year and its running number within it."""

    fiscal_year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Reads 「2026-04」 in the one form it is written; None for anything else."""
        found = re.fullmatch(r"(\d{4})-(\d{2,4})", text, re.ASCII)
        number = cls(int(found[1]), int(found[2])) if found else None
        return number if number and str(number) == text else None

    def __str__(self) -> str:
        return f"{self.fiscal_year}-{self.number:02}"

    @property
    def label(self) -> str:
        """「第8-04号」: the year of the era in which the fiscal year began."""
        year_of_era = wareki.dotted(date(self.fiscal_year, 12, 31)).partition(".")[0]
        return f"第{year_of_era}-{self.number:02}号"

    @property
    def year(self) -> FiscalYear:
        """The fiscal year whose money is divided."""
        return FiscalYear(self.fiscal_year)

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/costs/{self}"


class Stage(Labelled):
    """How final the amounts are."""

    ESTIMATE = "estimate", N_("概算")
    FIXED = "fixed", N_("確定")
    RECONCILIATION = "reconciliation", N_("精算")

    @property
    def phase(self) -> CostPhase:
        """Which yen of the project are divided: 精算 those that the accounts closed with."""
        return CostPhase.SETTLED if self is Stage.RECONCILIATION else CostPhase.BUDGET


class Decision(Labelled):
    """One side's answer to the amounts; never a 決裁 or a seal."""

    CONFIRMED = "confirmed", N_("確認")
    RETURNED = "returned", N_("意見あり")


class CaseState(Labelled):
    """Where a case stands; the value is pinned in contracts.md."""

    DRAFT = "draft", N_("下書き")
    CONSULTING = "consulting", N_("協議中")
    AWAITING = "awaiting", N_("確認待ち")
    RETURNED = "returned", N_("意見あり")
    AGREED = "agreed", N_("合意済み")
    WITHDRAWN = "withdrawn", N_("取下げ")
    REPLACED = "replaced", N_("差替え")


class StateRow(NamedTuple):
    """Where a case may go from a state, and whether a change there voids answers.

    voids: None where nothing may be changed at all.
    """

    next: tuple[CaseState, ...] = ()
    voids: bool | None = None


_S = CaseState
# Answers move a case among these; a change of amounts asks again at once, or goes back to 協議中.
_ONCE_SENT = (_S.CONSULTING, _S.AWAITING, _S.RETURNED, _S.AGREED, _S.WITHDRAWN)
STATES: Mapping[CaseState, StateRow] = {
    _S.DRAFT: StateRow((_S.CONSULTING, _S.WITHDRAWN), voids=False),
    _S.CONSULTING: StateRow((_S.AWAITING, _S.WITHDRAWN), voids=False),
    _S.AWAITING: StateRow(_ONCE_SENT, voids=True),
    _S.RETURNED: StateRow(_ONCE_SENT, voids=True),
    _S.AGREED: StateRow((_S.REPLACED,)),
    _S.WITHDRAWN: StateRow(),
    _S.REPLACED: StateRow(),
}
UNSENT = (_S.DRAFT, _S.CONSULTING)
ASKED = (_S.AWAITING, _S.RETURNED)
SENT = (*ASKED, _S.AGREED)


@dataclass(frozen=True)
class Pair:
    """The two municipalities of one agreement (ids): a case has one pair per agreement."""

    agreement: int
    party_a: int
    party_b: int

    @property
    def parties(self) -> tuple[int, int]:
        """Both sides, 甲 first."""
        return self.party_a, self.party_b


# What each side of a pair has answered to the present amounts: (agreement, municipality), both ids.
Answers: TypeAlias = Mapping[tuple[int, int], Decision]
