"""The number of a case: 2026-04 in addresses, 第8-04号 on paper (contracts.md, Addresses)."""

import re
from datetime import date
from typing import NamedTuple, Self

from tracker.kernel import wareki


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
    def path(self) -> str:
        """The address of its page."""
        return f"/costs/{self}"
