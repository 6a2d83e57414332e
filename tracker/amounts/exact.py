"""Exact numbers as people tell them: kept as told, added as fractions, rounded only on screen."""

import math
import re
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from tracker.amounts.yen import grouped, read_count
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.kernel.typed import plain


class Exact(NamedTuple):
    """`numerator` of `denominator`, shown with so many decimals.

    `n` is of how many it was counted, where that says how far to trust it (a survey's answers).
    """

    numerator: int
    denominator: int = 1
    decimals: int = 0
    n: int | None = None

    @property
    def fraction(self) -> Fraction:
        """What is reckoned with."""
        return Fraction(self.numerator, self.denominator)

    def __float__(self) -> float:
        return float(self.fraction)

    def __str__(self) -> str:
        """「1,234」「92.5」: rounded half up to its decimals."""
        units = math.floor(self.fraction * 10**self.decimals + Fraction(1, 2))
        whole, rest = divmod(units, 10**self.decimals)
        return f"{grouped(whole)}.{rest:0{self.decimals}}" if self.decimals else grouped(whole)

    def __format__(self, _how: str) -> str:
        return str(self)


def fraction(value: int | Exact) -> Fraction:
    """A count or an exact number, to be reckoned with."""
    return Fraction(value) if isinstance(value, int) else value.fraction


def add(values: Iterable[Exact]) -> Exact:
    """The sum, shown with as many decimals as the most precise part."""
    given = list(values)
    total = sum((one.fraction for one in given), Fraction())
    most = max((one.decimals for one in given), default=0)
    return Exact(total.numerator, total.denominator, most)


def read_exact(text: str, name: str, decimals: int) -> Exact:
    """Reads a number from 0 up with at most so many decimals; without any it is a count.

    Raises Refusal with the sentences of ux/spec.md 8; `name` is what it tells (「満足度」).
    """
    if not decimals:
        return Exact(read_count(text, name))
    found = re.fullmatch(rf"([0-9,]+)(?:\.([0-9]{{1,{decimals}}}))?", plain(text))
    if not found:
        raise Refusal(
            _(
                "%(name)sは0以上の数字で、小数は%(decimals)sけたまで入力してください（例 12.5）。",
                name=name,
                decimals=decimals,
            )
        )
    whole, rest = read_count(found[1], name), found[2] or ""
    scale = 10 ** len(rest)
    return Exact(whole * scale + int(rest or 0), scale, len(rest))
