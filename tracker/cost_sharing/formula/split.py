"""Shares add up to the yen: the arithmetic of cost sharing (contracts.md, product.md 6).

Whole yen and exact fractions only. Every base figure is handed in, so a case that froze its
figures gives the same shares for ever.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn, TypeAlias

from tracker.cost_sharing.rules import KINDS, PartKind, RoundingMode
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.kernel.yen import yen

# Grows when the same formula would give other shares.
FORMULA_VERSION = 1
LARGEST_REMAINDER = "largest_remainder"
Figure: TypeAlias = int | Fraction
PART_FIELDS: Mapping[str, str] = {
    "percent": "％",
    "basis": N_("基礎数値"),
    "weights": N_("重み"),
    "amounts": N_("金額"),
    "only": N_("対象の市町村"),
}
_UNITS: Mapping[int, str] = {
    1: N_("円"),
    10: N_("十円"),
    100: N_("百円"),
    1000: N_("千円"),
    10000: N_("万円"),
}
_ROUNDERS: Mapping[RoundingMode, Callable[[Fraction], int]] = {
    RoundingMode.DOWN: math.floor,
    RoundingMode.UP: math.ceil,
    RoundingMode.HALF_UP: lambda units: math.floor(units + Fraction(1, 2)),
}


@dataclass(frozen=True)
class Rounding:
    """端数の扱い: the unit in yen, and the mode."""

    unit: int
    mode: RoundingMode

    @property
    def label(self) -> str:
        """「千円未満切捨て」."""
        return _(
            "%(units)s未満%(mode)s",
            units=_UNITS.get(self.unit, yen(self.unit)),
            mode=self.mode.label,
        )

    def apply(self, exact: Fraction) -> int:
        """The exact yen rounded to whole units, in yen."""
        return _ROUNDERS[self.mode](exact / self.unit) * self.unit


@dataclass(frozen=True)
class FormulaPart:
    """One part of a formula; `KINDS` says which fields its kind takes.

    percent: of what is left after the fixed amounts. basis, weights: how much each counts, by
    municipality. amounts: yen by municipality. only: who takes part (None: everybody).
    """

    kind: PartKind
    percent: Figure | None = None
    basis: Mapping[str, Figure] | None = None
    weights: Mapping[str, Figure] | None = None
    amounts: Mapping[str, int] | None = None
    only: tuple[str, ...] | None = None

    @property
    def figures(self) -> Mapping[str, Figure] | None:
        """By what the part is divided; None counts everybody as one."""
        return self.weights if self.basis is None else self.basis

    def participants(self, municipalities: Sequence[str]) -> Sequence[str]:
        """Who takes part, of all on the list."""
        return municipalities if self.only is None else self.only


@dataclass(frozen=True)
class ShareLine:
    """One municipality's row: exact yen per part, their sum, that rounded, and its share."""

    municipality: str
    parts: tuple[Fraction, ...]
    exact: Fraction
    rounded: int
    share: int

    @property
    def adjustment(self) -> Fraction:
        """端数調整: every yen moved by rounding and by the remainder."""
        return self.share - self.exact

    @property
    def steps(self) -> dict[str, Any]:
        """Its exact values as they are stored and handed out: "p/q", whole ones too."""
        parts = [_p_over_q(value) for value in self.parts]
        return {"parts": parts, "exact": _p_over_q(self.exact)}


@dataclass(frozen=True)
class Split:
    """Who bears how much; the shares of `lines` add up to `total_yen`, always."""

    lines: tuple[ShareLine, ...]
    total_yen: int

    @property
    def shares(self) -> dict[str, int]:
        """Municipality -> yen, in the order of the list."""
        return {line.municipality: line.share for line in self.lines}


def amount_to_share(total_yen: int, subsidy_yen: int) -> int:
    """負担の対象額 in yen: the total less national, prefectural and other funds.

    Raises Refusal when the funds exceed the total.
    """
    if subsidy_yen > total_yen:
        raise Refusal(
            _("補助の額が総事業費を超えています。どちらかを直してください。"), field="subsidy_yen"
        )
    return total_yen - subsidy_yen


def split(
    amount_yen: int,
    municipalities: Sequence[str],
    parts: Sequence[FormulaPart],
    rounding: Rounding,
    remainder: str,
) -> Split:
    """Divide `amount_yen` (contracts.md, `tracker costs split`).

    `remainder` names who takes the difference rounding leaves, or is `LARGEST_REMAINDER`: then all
    go down to the unit whatever the mode, whole units follow the largest remainders (ties: order
    of the list), and what is left below a unit goes to the first in that order.
    Raises Refusal when the formula is not complete, or a share would become negative.
    """
    _check_frame(amount_yen, municipalities, rounding, remainder)
    if not parts:
        _refuse(_("割り方を1つ以上入れてください。"))
    for part in parts:
        _check_part(part, municipalities)
    rest = _after_fixed(amount_yen, parts)
    columns = [_column(part, rest, municipalities) for part in parts]
    rows = list(zip(*columns, strict=True))
    exact = [sum(row, Fraction()) for row in rows]
    if remainder == LARGEST_REMAINDER:
        rounding = Rounding(rounding.unit, RoundingMode.DOWN)
    rounded = [rounding.apply(value) for value in exact]
    shares = list(rounded)
    spare = amount_yen - sum(rounded)
    if remainder == LARGEST_REMAINDER:
        order = sorted(range(len(shares)), key=lambda i: rounded[i] - exact[i])
        whole_units, spare = divmod(spare, rounding.unit)
        for i in order[:whole_units]:
            shares[i] += rounding.unit
        shares[order[0]] += spare
    else:
        shares[municipalities.index(remainder)] += spare
    lines = zip(municipalities, rows, exact, rounded, shares, strict=True)
    result = Split(tuple(ShareLine(*line) for line in lines), amount_yen)
    _check_shares(result.shares)
    return result


def _p_over_q(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def at_places(value: Fraction, places: int) -> Decimal:
    """The exact value rounded half up, away from zero, for display: 1961965.6, -513.1, 78.56."""
    scaled = math.floor(abs(value) * 10**places + Fraction(1, 2))
    return Decimal(scaled if value >= 0 else -scaled).scaleb(-places)


def _column(part: FormulaPart, rest: int, municipalities: Sequence[str]) -> list[Fraction]:
    """What one part lays on each municipality, in exact yen."""
    if part.percent is None:
        return [Fraction((part.amounts or {}).get(name, 0)) for name in municipalities]
    sharing = part.participants(municipalities)
    counts = dict.fromkeys(sharing, 1) if part.figures is None else part.figures
    per_count = rest * Fraction(part.percent) / 100 / sum(counts[name] for name in sharing)
    return [per_count * counts[name] if name in sharing else Fraction() for name in municipalities]


def _after_fixed(amount_yen: int, parts: Sequence[FormulaPart]) -> int:
    """Yen left to the percents once the fixed amounts came off."""
    fixed = sum(sum(part.amounts.values()) for part in parts if part.amounts)
    rest = amount_yen - fixed
    percents = [Fraction(part.percent) for part in parts if part.percent is not None]
    now = _("定額の合計（%(fixed)s）が対象額", fixed=yen(fixed))
    if rest < 0:
        _refuse(
            _("%(now)sを%(rest)s超えています。どちらかを直してください。", now=now, rest=yen(-rest))
        )
    if rest and not percents:
        _refuse(
            _(
                "%(now)sより%(rest)s少なくなっています。残りの割り方を足してください。",
                now=now,
                rest=yen(rest),
            )
        )
    if percents:
        _check_percents(sum(percents, Fraction()))
    return rest


def _check_percents(total: Fraction) -> None:
    now = _("割り方の合計が%(total)s％です。", total=_decimal(total))
    if total < 100:
        _refuse(
            _(
                "%(now)sあと%(rest)s％をどこかに足してください。",
                now=now,
                rest=_decimal(100 - total),
            )
        )
    if total > 100:
        _refuse(
            _("%(now)s%(rest)s％をどこかから引いてください。", now=now, rest=_decimal(total - 100))
        )


def _decimal(value: Fraction) -> str:
    places = next((n for n in range(7) if (value * 10**n).denominator == 1), None)
    return str(value) if places is None else f"{at_places(value, places):f}"


def _check_frame(
    amount_yen: int, municipalities: Sequence[str], rounding: Rounding, remainder: str
) -> None:
    if amount_yen < 0:
        _refuse(_("負担の対象額は0円以上で入れてください。"), "amount_yen")
    if not municipalities:
        _refuse(_("市町村を1つ以上入れてください。"), "municipalities")
    _check_once(municipalities, _("市町村の一覧"), "municipalities")
    if rounding.unit < 1:
        _refuse(_("端数の単位は1円以上にしてください。"), "rounding")
    if remainder != LARGEST_REMAINDER:
        _check_listed((remainder,), municipalities, _("端数の負担者"), "remainder")


def _check_part(part: FormulaPart, municipalities: Sequence[str]) -> None:
    row, name = KINDS[part.kind], part.kind.label
    for field, words in PART_FIELDS.items():
        value, label = getattr(part, field), _(words)
        if value is not None and field not in row.needs + row.may:
            _refuse(
                _(
                    "%(name)sでは%(label)sを使いません。%(label)sを消してください。",
                    name=name,
                    label=label,
                )
            )
        if value in ({}, ()) or (value is None and field in row.needs):
            _refuse(_("%(name)sの%(label)sを入れてください。", name=name, label=label))
        if value is not None and field != "percent":
            _check_listed(value, municipalities, _("%(name)sの%(label)s", name=name, label=label))
    _check_once(part.only or (), _("%(name)sの対象の市町村", name=name))
    if part.kind is PartKind.HOST and len(part.only or ()) != 1:
        _refuse(_("%(name)sの対象は1市町村だけにしてください。", name=name))
    _check_numbers(part, municipalities)


def _check_numbers(part: FormulaPart, municipalities: Sequence[str]) -> None:
    label, sharing = part.kind.label, part.participants(municipalities)
    if part.percent is not None and part.percent < 0:
        _refuse(_("%(label)sの％がマイナスです。0以上の数にしてください。", label=label))
    for name, number in (part.figures or part.amounts or {}).items():
        if number < 0:
            _refuse(
                _(
                    "%(label)sの「%(name)s」の値がマイナスです。0以上の数にしてください。",
                    label=label,
                    name=name,
                )
            )
    for name in part.amounts or ():
        if name not in sharing:
            _refuse(
                _(
                    "%(label)sの「%(name)s」は対象の市町村ではありません。どちらかを直してください。",
                    label=label,
                    name=name,
                )
            )
    if part.figures is None:
        return
    for name in sharing:
        if name not in part.figures:
            _refuse(
                _(
                    "%(label)sに「%(name)s」の値がありません。ないときは0を入れてください。",
                    label=label,
                    name=name,
                )
            )
    if not any(part.figures[name] for name in sharing):
        _refuse(
            _("%(label)sの値がすべて0です。1つ以上は0より大きい数にしてください。", label=label)
        )


def _check_once(names: Sequence[str], where: str, field: str = "parts") -> None:
    for name in names:
        if names.count(name) > 1:
            _refuse(
                _(
                    "%(where)sに「%(name)s」が2回あります。1回だけにしてください。",
                    where=where,
                    name=name,
                ),
                field,
            )


def _check_listed(
    names: Iterable[str],
    municipalities: Sequence[str],
    where: str,
    field: str = "parts",
) -> None:
    for name in names:
        if name not in municipalities:
            _refuse(
                _(
                    "%(where)sの「%(name)s」は市町村の一覧にありません。名前を確かめてください。",
                    where=where,
                    name=name,
                ),
                field,
            )


def _check_shares(shares: Mapping[str, int]) -> None:
    for name, share in shares.items():
        if share < 0:
            _refuse(
                _(
                    "「%(name)s」の負担額がマイナス（%(share)s）になります。端数の扱いか、"
                    "端数の負担者を変えてください。",
                    name=name,
                    share=yen(share),
                ),
                "remainder",
            )


def _refuse(message: str, field: str = "parts") -> NoReturn:
    raise Refusal(message, field=field)
