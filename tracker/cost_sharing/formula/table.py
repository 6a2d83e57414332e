"""The table of shares as people read it: every step of the arithmetic, rounded only for the eye.

Stored shares and a split just calculated become the same table, so that the page without
JavaScript, the live one and the case itself cannot differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, NamedTuple

from tracker.cost_sharing.formula.split import (
    LARGEST_REMAINDER,
    FormulaPart,
    Rounding,
    ShareLine,
    at_places,
)
from tracker.cost_sharing.rules import KINDS, PartKind
from tracker.kernel.translation import _
from tracker.kernel.yen import grouped, yen

_MINUS = "\N{MINUS SIGN}"
_VALUE_FIELDS = ("basis", "weights", "amounts")


class PartSource(NamedTuple):
    """A part of the formula with what its figures count, who says so, and their series' id."""

    part: FormulaPart
    unit: str
    source: str
    series_id: int | None = None

    @property
    def percent(self) -> str | None:
        """The percent as an exact decimal, as a part is stored and shown."""
        return None if self.part.percent is None else _percent(Fraction(self.part.percent))

    @property
    def values(self) -> dict[str, int] | None:
        """Base figures, weights or yen by municipality's name, as the kind says."""
        values = self.part.figures or self.part.amounts
        return None if values is None else {name: int(one) for name, one in values.items()}

    @property
    def label(self) -> str:
        """「人口割」, 「開催地等の負担（今別町）」."""
        only = f"（{'・'.join(self.part.only)}）" if self.part.only else ""
        return self.part.kind.label + only

    @property
    def extent(self) -> str:
        """「80％」, or the sum of fixed amounts 「計 30,000円」."""
        if self.percent is not None:
            return f"{self.percent}％"
        return _("計 %(sum)s", sum=yen(sum((self.part.amounts or {}).values())))

    @property
    def note(self) -> str:
        """The figures and their source: 「人口：青森市 275,192人、…（計 295,593人）。…」."""
        values = self.part.figures or self.part.amounts
        if not values:
            return ""
        unit = _("円") if self.part.amounts else self.unit
        listed = "、".join(f"{name} {value:,}{unit}" for name, value in values.items())
        of = self.part.kind.label.removesuffix("割")
        what = _("%(kind)sの重み", kind=self.part.kind.label) if self.part.weights else of
        source = f"{self.source}。" if self.source else ""
        return _(
            "%(what)s：%(listed)s（計 %(sum)s%(unit)s）。%(source)s",
            what=what,
            listed=listed,
            sum=format(sum(values.values()), ","),
            unit=unit,
            source=source,
        )


class SplitRow(NamedTuple):
    """One municipality's line, or the sum, in the words of the screen."""

    name: str
    parts: tuple[str, ...]
    exact: str
    adjustment: str
    share: str
    percent: str
    takes_remainder: bool = False


@dataclass(frozen=True)
class SplitTable:
    """均等割｜人口割｜…｜計算値｜端数調整｜負担額｜割合(%), with the sum and the notes under it."""

    heads: tuple[str, ...]
    rows: tuple[SplitRow, ...]
    total: SplitRow
    bars: tuple[tuple[str, int, str], ...]
    notes: tuple[str, ...]

    def say(self, name: str) -> str:
        """What is read aloud after a change: 「今別町 115,000円」."""
        return next((f"{name} {text}" for who, _other, text in self.bars if who == name), "")


def part_of(
    kind: PartKind,
    percent: str | None,
    values: Mapping[str, int] | None,
    only: Sequence[str] | None,
) -> FormulaPart:
    """A part as the arithmetic takes it; what its values are, its kind says."""
    row = KINDS[kind]
    named = next((field for field in _VALUE_FIELDS if field in row.needs + row.may), None)
    made = FormulaPart(
        kind,
        percent=None if percent is None else Fraction(percent),
        only=None if only is None else tuple(only),
    )
    of: dict[str, Any] = {named: values} if named and values is not None else {}
    return replace(made, **of)


def split_table(
    lines: Sequence[ShareLine], parts: Sequence[PartSource], remainder: str
) -> SplitTable:
    """The table of a split; `remainder` names who takes it, or is `LARGEST_REMAINDER`."""
    total_yen = sum(line.share for line in lines)
    by_part = list(zip(*(line.parts for line in lines), strict=True))
    columns = [
        *(_column(values) for values in by_part),
        _column([line.exact for line in lines]),
        _column([line.adjustment for line in lines], signed=True),
        [grouped(line.share) for line in lines] + [grouped(total_yen)],
        [_share_of(line.share, total_yen) for line in lines] + [_share_of(total_yen, total_yen)],
    ]
    rows = [
        SplitRow(name, cells[:-4], cells[-4], cells[-3], cells[-2], cells[-1], name == remainder)
        for name, cells in zip(
            [*(line.municipality for line in lines), _("合計")],
            zip(*columns, strict=True),
            strict=True,
        )
    ]
    return SplitTable(
        heads=tuple(part.label for part in parts),
        rows=tuple(rows[:-1]),
        total=rows[-1],
        bars=tuple((line.municipality, line.share, yen(line.share)) for line in lines),
        notes=tuple(note for part in parts if (note := part.note)),
    )


def rounding_words(rounding: Rounding, remainder: str) -> str:
    """「千円未満切捨て、端数は青森市が負担」."""
    if remainder == LARGEST_REMAINDER:
        return _(
            "%(rounding)s単位、端数は最大剰余の順", rounding=rounding.label.partition("未満")[0]
        )
    return _(
        "%(rounding)s、端数は%(remainder)sが負担", rounding=rounding.label, remainder=remainder
    )


def formula_words(parts: Sequence[PartSource]) -> str:
    """「均等割 20％、人口割 80％」."""
    return "、".join(f"{part.label} {part.extent}" for part in parts)


def _column(values: Sequence[Fraction], *, signed: bool = False) -> list[str]:
    """A column with its sum: whole yen where all are whole, else one decimal."""
    all_values = [*values, sum(values, Fraction())]
    places = 0 if all(value.denominator == 1 for value in all_values) else 1
    return [_figure(value, places, signed=signed) for value in all_values]


def _figure(value: Fraction, places: int, *, signed: bool) -> str:
    shown = at_places(value, places)
    plus = "+" if signed and shown > 0 else ""
    return plus + f"{shown:,f}".replace("-", _MINUS)


def _share_of(share: int, total: int) -> str:
    return f"{at_places(Fraction(100 * share, total), 2):f}" if total else "—"


def _percent(value: Fraction) -> str:
    return f"{at_places(value, 6).normalize():f}"
