"""Shares add up to the yen: the arithmetic of cost sharing (contracts.md, product.md 6).

Whole yen and exact fractions only. Every base figure is handed in, so a case that froze its
figures gives the same shares for ever.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from tracker.amounts.yen import yen
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.shares.rules import KINDS, PartKind, RoundingMode

# Grows when the same formula would give other shares.
FORMULA_VERSION = 1
LARGEST_REMAINDER = "largest_remainder"
Figure: TypeAlias = int | Fraction
PART_FIELDS: Mapping[str, str] = {
    "percent": "％",
    "basis": N_("基礎数値"),
    "weights": N_("重み"),
    "amounts": N_("金額"),
    "rate": N_("率"),
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

    percent: of what is left after the amounts that come off first. basis, weights: how much each
    counts, by municipality. amounts: yen by municipality, below 0 what an earlier year gives back.
    only: who takes part (None: everybody).
    rate: each pays basis × rate, and that comes off first like the fixed amounts. rounding: of this
    part by itself, before the sum (None: once, at the end).
    """

    kind: PartKind
    percent: Figure | None = None
    basis: Mapping[str, Figure] | None = None
    weights: Mapping[str, Figure] | None = None
    amounts: Mapping[str, int] | None = None
    only: tuple[str, ...] | None = None
    rate: Figure | None = None
    rounding: Rounding | None = None

    @property
    def own_rounding(self) -> Rounding | None:
        """How each one's yen of this part are rounded; a rate gives whole yen in any case."""
        whole_yen = None if self.rate is None else Rounding(1, RoundingMode.DOWN)
        return self.rounding or whole_yen

    @property
    def figures(self) -> Mapping[str, Figure] | None:
        """By what the part is divided; None counts everybody as one."""
        return self.weights if self.basis is None else self.basis

    def participants(self, municipalities: Sequence[str]) -> Sequence[str]:
        """Who takes part, of all on the list."""
        return municipalities if self.only is None else self.only


@dataclass(frozen=True)
class Limits:
    """上限・下限: the most and the least that a municipality bears, in yen by its name."""

    caps: Mapping[str, int] = field(default_factory=dict)
    floors: Mapping[str, int] = field(default_factory=dict)

    def apply(self, name: str, share: int) -> int:
        """Its share in yen, brought within its limits."""
        capped = min(share, self.caps.get(name, share))
        return max(capped, self.floors.get(name, capped))


NO_LIMITS = Limits()


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
        """端数調整: every yen moved by rounding, by limits and by the remainder."""
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


def amount_to_share(total_yen: int, subsidy_yen: int, carried_yen: int = 0) -> int:
    """負担の対象額 in yen: the total less national, prefectural and other funds, and less what is
    carried over to the next year.

    Raises Refusal when either exceeds what is there.
    """
    if subsidy_yen > total_yen:
        raise Refusal(
            _("補助の額が総事業費を超えています。どちらかを直してください。"), field="subsidy_yen"
        )
    if subsidy_yen + carried_yen > total_yen:
        raise Refusal(
            _("繰り越す額が、総事業費から補助を引いた額を超えています。"), field="carried_yen"
        )
    return total_yen - subsidy_yen - carried_yen


def split(
    amount_yen: int,
    municipalities: Sequence[str],
    parts: Sequence[FormulaPart],
    rounding: Rounding,
    remainder: str,
    limits: Limits = NO_LIMITS,
    codes: Mapping[str, str] | None = None,
) -> Split:
    """Divide `amount_yen` (contracts.md, `tracker costs split`).

    `remainder` names who takes the difference that rounding and `limits` leave, or is
    `LARGEST_REMAINDER`: then all go down to the unit whatever the mode, whole units follow the
    largest remainders, and what is left below a unit goes to the first in that order. Ties go by
    団体コード (`codes`, by name), names without one after those, by code point: the order of the list
    never matters.
    Raises Refusal when the formula is not complete, or a share would become negative.
    """
    for gap in gaps(amount_yen, municipalities, parts, rounding, remainder, limits):
        raise gap
    rest = amount_yen - _taken_first(parts, municipalities)
    columns = [_column(part, rest, municipalities) for part in parts]
    rows = list(zip(*columns, strict=True))
    exact = [sum(row, Fraction()) for row in rows]
    if remainder == LARGEST_REMAINDER:
        rounding = Rounding(rounding.unit, RoundingMode.DOWN)
    rounded = [rounding.apply(value) for value in exact]
    named = zip(municipalities, rounded, strict=True)
    shares = {name: limits.apply(name, share) for name, share in named}
    spare = amount_yen - sum(shares.values())
    if remainder == LARGEST_REMAINDER:
        left = dict(zip(municipalities, map(Fraction.__sub__, exact, rounded), strict=True))
        _hand_out(shares, spare, rounding.unit, _by_remainder(left, codes or {}))
    else:
        shares[remainder] += spare
    _check_shares(shares)
    lines = zip(municipalities, rows, exact, rounded, shares.values(), strict=True)
    return Split(tuple(ShareLine(*line) for line in lines), amount_yen)


def _by_remainder(left: Mapping[str, Fraction], codes: Mapping[str, str]) -> list[str]:
    """The names by largest remainder; of equal ones by code, then by code point."""
    # The sixth digit only checks the five before it.
    return sorted(
        left, key=lambda name: (-left[name], name not in codes, codes.get(name, "")[:5], name)
    )


def _hand_out(shares: dict[str, int], spare: int, unit: int, order: Sequence[str]) -> None:
    """Adds whole units one by one in that order, and what is below a unit to the first.

    Parts that are rounded by themselves may leave more than a unit each, or too little.
    """
    units, below = divmod(spare, unit)
    each, more = divmod(units, len(order))
    for place, name in enumerate(order):
        shares[name] += (each + (place < more)) * unit
    shares[order[0]] += below


def _p_over_q(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def at_places(value: Fraction, places: int) -> Decimal:
    """The exact value rounded half up, away from zero, for display: 1961965.6, -513.1, 78.56."""
    scaled = math.floor(abs(value) * 10**places + Fraction(1, 2))
    return Decimal(scaled if value >= 0 else -scaled).scaleb(-places)


def _taken_first(parts: Sequence[FormulaPart], municipalities: Sequence[str]) -> int:
    """What comes off before the percents: fixed amounts and rates, in yen."""
    return int(sum(sum(_column(one, 0, municipalities)) for one in parts if one.percent is None))


def _column(part: FormulaPart, rest: int, municipalities: Sequence[str]) -> list[Fraction]:
    """What one part lays on each municipality, in exact yen, or in whole units as it is rounded."""
    sharing = part.participants(municipalities)
    if part.amounts is not None:
        laid = {name: Fraction(value) for name, value in part.amounts.items()}
    else:
        counts = dict.fromkeys(sharing, 1) if part.figures is None else part.figures
        per_count = (
            Fraction(part.rate)
            if part.rate is not None
            else rest * Fraction(part.percent or 0) / 100 / sum(counts[name] for name in sharing)
        )
        laid = {name: per_count * counts[name] for name in sharing}
    if own := part.own_rounding:
        # What is given back is rounded like what is paid: 千円未満切捨て of −1,500 is −1,000.
        laid = {
            name: Fraction(own.apply(abs(value)) * (1 if value >= 0 else -1))
            for name, value in laid.items()
        }
    return [laid.get(name, Fraction()) for name in municipalities]


class NotListed(Refusal):
    """A `name` that is given something (`where`) and stands nowhere among those who share."""

    def __init__(self, message: str, where: str, name: str, *, field: str) -> None:
        super().__init__(message, field=field)
        self.where, self.name = where, name


def gaps(
    amount_yen: int,
    municipalities: Sequence[str],
    parts: Sequence[FormulaPart],
    rounding: Rounding,
    remainder: str,
    limits: Limits = NO_LIMITS,
) -> Iterator[Refusal]:
    """All that a formula lacks, each in one sentence with its field; nothing: it can be divided.

    A field is an argument's name; of a part 「parts-0-percent」, and 「parts-0-weights-今別町」 of one
    municipality's figure.
    """
    yield from _frame_gaps(amount_yen, municipalities, rounding, remainder)
    if not parts:
        yield _gap(_("割り方を1つ以上入れてください。"))
    sound = []
    numbers, many = Counter[PartKind](), Counter(part.kind for part in parts)
    for place, part in enumerate(parts):
        numbers[part.kind] += 1
        name = numbered(part.kind, numbers[part.kind], many[part.kind])
        found = list(_part_gaps(part, name, f"parts-{place}", municipalities))
        yield from found
        if not found:
            sound.append(part)
    percents = [Fraction(part.percent) for part in parts if part.percent is not None]
    if municipalities and all(part in sound for part in parts if part.percent is None):
        yield from _gaps_of_first(amount_yen, municipalities, parts)
    if percents and min(percents) >= 0:
        yield from _gaps_of_percents(sum(percents, Fraction()))
    yield from _gaps_of_limits(limits, municipalities, remainder)


def numbered(kind: PartKind, number: int, many: int) -> str:
    """What a part is called where there are `many` of its kind: 「均等割（2つ目）」."""
    if many == 1:
        return kind.label
    return _("%(name)s（%(number)sつ目）", name=kind.label, number=number)


def _gaps_of_first(
    amount_yen: int, municipalities: Sequence[str], parts: Sequence[FormulaPart]
) -> Iterator[Refusal]:
    """What comes off first stays within the amount; alone it makes the whole of it.

    Rates alone may miss it by what rounding moves.
    """
    first = [part for part in parts if part.percent is None]
    fixed = _taken_first(first, municipalities)
    moved = sum(
        len(part.participants(municipalities)) * own.unit
        for part in first
        if (own := part.own_rounding)
    )
    rest, is_all = amount_yen - fixed, len(first) == len(parts)
    if not first or (is_all and abs(rest) < max(moved, 1)):
        return
    kinds = "・".join(dict.fromkeys(part.kind.label for part in first))
    now = _("%(kinds)sの合計（%(fixed)s）が対象額", kinds=kinds, fixed=yen(fixed))
    if rest < 0:
        yield _gap(
            _("%(now)sを%(rest)s超えています。どちらかを直してください。", now=now, rest=yen(-rest))
        )
    elif is_all:
        yield _gap(
            _(
                "%(now)sより%(rest)s少なくなっています。残りの割り方を足してください。",
                now=now,
                rest=yen(rest),
            )
        )


def _gaps_of_percents(total: Fraction) -> Iterator[Refusal]:
    now = _("割り方の合計が%(total)s％です。", total=in_digits(total))
    if total < 100:
        rest = in_digits(100 - total)
        yield _gap(_("%(now)sあと%(rest)s％をどこかに足してください。", now=now, rest=rest))
    if total > 100:
        rest = in_digits(total - 100)
        yield _gap(_("%(now)s%(rest)s％をどこかから引いてください。", now=now, rest=rest))


def in_digits(value: Figure, *, grouped: bool = False) -> str:
    """An exact number as it is written: 「21.18」, 「275,192」 where grouped, 「100/3」 that has no end."""
    exact = Fraction(value)
    places = next((n for n in range(31) if (exact * 10**n).denominator == 1), None)
    if places is None:
        return str(exact)
    digits = format(at_places(exact, places), ",f" if grouped else "f")
    return digits.replace("-", "\N{MINUS SIGN}") if grouped else digits


def _frame_gaps(
    amount_yen: int, municipalities: Sequence[str], rounding: Rounding, remainder: str
) -> Iterator[Refusal]:
    if amount_yen < 0:
        yield _gap(_("負担の対象額は0円以上で入れてください。"), "amount_yen")
    if not municipalities:
        yield _gap(_("市町村を1つ以上入れてください。"), "municipalities")
    yield from _twice(municipalities, _("市町村の一覧"), "municipalities")
    if rounding.unit < 1:
        yield _gap(_("端数の単位は1円以上にしてください。"), "rounding")
    if remainder != LARGEST_REMAINDER:
        yield from not_listed((remainder,), municipalities, _("端数の負担者"), "remainder")


def _part_gaps(
    part: FormulaPart, name: str, place: str, municipalities: Sequence[str]
) -> Iterator[Refusal]:
    row = KINDS[part.kind]
    for of, words in PART_FIELDS.items():
        value, label, where = getattr(part, of), _(words), f"{place}-{of}"
        if value is not None and of not in row.needs + row.may:
            said = N_("%(name)sでは%(label)sを使いません。%(label)sを消してください。")
            yield _gap(_(said, name=name, label=label), where)
        elif value in ({}, ()) or (value is None and of in row.needs):
            yield _gap(_("%(name)sの%(label)sを入れてください。", name=name, label=label), where)
        elif isinstance(value, Collection):
            in_words = _("%(name)sの%(label)s", name=name, label=label)
            yield from not_listed(value, municipalities, in_words, where)
    if part.rounding and part.rounding.unit < 1:
        said = _("%(name)sの端数の単位は1円以上にしてください。", name=name)
        yield _gap(said, f"{place}-rounding")
    yield from _twice(part.only or (), _("%(name)sの対象の市町村", name=name), f"{place}-only")
    if part.kind is PartKind.HOST and len(part.only or ()) > 1:
        yield _gap(_("%(name)sの対象は1市町村だけにしてください。", name=name), f"{place}-only")
    yield from _number_gaps(part, name, place, municipalities)


def _number_gaps(
    part: FormulaPart, label: str, place: str, municipalities: Sequence[str]
) -> Iterator[Refusal]:
    sharing = part.participants(municipalities)
    for of in ("percent", "rate"):
        if (getattr(part, of) or 0) < 0:
            said = N_("%(label)sの%(of)sがマイナスです。0以上の数にしてください。")
            yield _gap(_(said, label=label, of=_(PART_FIELDS[of])), f"{place}-{of}")
    given = [one for one in ("basis", "weights", "amounts") if getattr(part, one)]
    if not given:
        return
    of = given[0]
    values: Mapping[str, Figure] = getattr(part, of)
    for name, number in values.items():
        if number < 0 and of != "amounts":
            said = N_("%(label)sの「%(name)s」の値がマイナスです。0以上の数にしてください。")
            yield _gap(_(said, label=label, name=name), f"{place}-{of}-{name}")
        if of == "amounts" and name in municipalities and name not in sharing:
            said = N_(
                "%(label)sの「%(name)s」は対象の市町村ではありません。どちらかを直してください。"
            )
            yield _gap(_(said, label=label, name=name), f"{place}-{of}-{name}")
    if of == "amounts":
        return
    missing = [name for name in sharing if name not in values]
    if missing:
        said = N_("%(label)sに%(names)sの値がありません。ないときは0を入れてください。")
        names = "".join(f"「{name}」" for name in missing)
        yield _gap(_(said, label=label, names=names), f"{place}-{of}-{missing[0]}")
    if not missing and sharing and not any(values[name] for name in sharing):
        said = N_("%(label)sの値がすべて0です。1つ以上は0より大きい数にしてください。")
        yield _gap(_(said, label=label), f"{place}-{of}")


def _gaps_of_limits(
    limits: Limits, municipalities: Sequence[str], remainder: str
) -> Iterator[Refusal]:
    """Limits need somebody named who takes what they cut off or add, and who has none."""
    if not (limits.caps or limits.floors):
        return
    if remainder == LARGEST_REMAINDER:
        said = _("上限・下限があるときは、端数の負担者を1つの市町村にしてください。")
        yield _gap(said, "remainder")
    for of, label in (("caps", _("上限")), ("floors", _("下限"))):
        values: Mapping[str, int] = getattr(limits, of)
        yield from not_listed(values, municipalities, label, of)
        for name, value in values.items():
            if value < 0:
                said = _("「%(name)s」の%(of)sは0円以上にしてください。", name=name, of=label)
                yield _gap(said, f"{of}-{name}")
            if name == remainder:
                said = _(
                    "端数の負担者（%(name)s）には、%(of)sを付けられません。どちらかを直してください。",
                    name=name,
                    of=label,
                )
                yield _gap(said, f"{of}-{name}")
    for name, cap in limits.caps.items():
        if cap < limits.floors.get(name, cap):
            said = _("「%(name)s」の上限が下限より小さくなっています。", name=name)
            yield _gap(said + _("どちらかを直してください。"), f"caps-{name}")


def _twice(names: Sequence[str], where: str, at: str) -> Iterator[Refusal]:
    for name, times in Counter(names).items():
        if times > 1:
            said = N_("%(where)sに「%(name)s」が2回あります。1回だけにしてください。")
            yield _gap(_(said, where=where, name=name), at)


def not_listed(
    names: Collection[str], municipalities: Sequence[str], where: str, at: str
) -> Iterator[Refusal]:
    """Names that stand nowhere in the list, each in a sentence; of figures at the name itself."""
    for name in names:
        if name not in municipalities:
            said = N_("%(where)sの「%(name)s」は市町村の一覧にありません。名前を確かめてください。")
            place = f"{at}-{name}" if isinstance(names, Mapping) else at
            yield NotListed(_(said, where=where, name=name), where, name, field=place)


def _check_shares(shares: Mapping[str, int]) -> None:
    for name, share in shares.items():
        if share < 0:
            raise _gap(
                _(
                    "「%(name)s」の負担額がマイナス（%(share)s）になります。端数の扱い、"
                    "端数の負担者、マイナスの定額か、下限を変えてください。",
                    name=name,
                    share=yen(share),
                ),
                "remainder",
            )


def _gap(message: str, at: str = "parts") -> Refusal:
    return Refusal(message, field=at)
