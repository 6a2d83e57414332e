"""The table of shares as people read it: every step of the arithmetic, rounded only for the eye.

Stored shares and a split just calculated become the same table, so that the page without
JavaScript, the live one and the case itself cannot differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, NamedTuple

from tracker.amounts.yen import grouped, yen
from tracker.figures.rules import PROVISIONAL
from tracker.kernel.translation import _
from tracker.shares.rules import KINDS, PartKind, UsagePeriod
from tracker.shares.split import (
    LARGEST_REMAINDER,
    NO_LIMITS,
    Figure,
    FormulaPart,
    Limits,
    Rounding,
    ShareLine,
    at_places,
    in_digits,
)

_MINUS = "\N{MINUS SIGN}"
# More names than a heading has room for.
_MOST_NAMES = 2
_VALUE_FIELDS = ("basis", "weights", "amounts")


class PartSource(NamedTuple):
    """A part of the formula with what its figures count, who says so, and their series' id.

    period: of which time the usage is counted, where somebody has said so.
    """

    part: FormulaPart
    unit: str
    source: str
    series_id: int | None = None
    period: UsagePeriod | None = None

    @property
    def percent(self) -> str | None:
        """The percent as an exact decimal, as a part is stored and shown."""
        return None if self.part.percent is None else in_digits(self.part.percent)

    @property
    def values(self) -> dict[str, int | str] | None:
        """Base figures, weights or yen by municipality's name, as they are stored."""
        values = self.part.figures or self.part.amounts
        return None if values is None else {name: _stored(one) for name, one in values.items()}

    @property
    def label(self) -> str:
        """「人口割」, 「利用実績割（前々年度）」, 「開催地等の負担（今別町）」."""
        only = self.part.only or ()
        who = _("%(count)s市町村", count=len(only)) if len(only) > _MOST_NAMES else "・".join(only)
        more = "、".join(filter(None, (self.period.label if self.period else "", who)))
        return self.part.kind.label + (f"（{more}）" if more else "")

    @property
    def is_provisional(self) -> bool:
        """Whether its base figures were not settled yet when it took them."""
        return self.series_id is not None and PROVISIONAL in self.source

    @property
    def extent(self) -> str:
        """「80％」, 「率 0.0123」, the sum of fixed amounts 「計 30,000円」; with its own rounding."""
        if self.percent is not None:
            found = f"{self.percent}％"
        elif self.part.rate is not None:
            found = _("率 %(rate)s", rate=in_digits(self.part.rate))
        else:
            found = _("計 %(sum)s", sum=yen(sum((self.part.amounts or {}).values())))
        return found + (f"（{self.part.rounding.label}）" if self.part.rounding else "")

    @property
    def note(self) -> str:
        """The figures and their source: 「人口：青森市 275,192人、…（計 295,593人）。…」."""
        values = self.part.figures or self.part.amounts
        if not values:
            return (
                _(
                    "%(kind)s：%(names)sで等分。",
                    kind=self.part.kind.label,
                    names="・".join(self.part.only or ()),
                )
                if self.part.kind is PartKind.EQUAL and self.part.only
                else ""
            )
        if self.part.only is not None:
            values = {name: value for name, value in values.items() if name in self.part.only}
        unit = _("円") if self.part.amounts else self.unit
        listed = "、".join(
            f"{name} {in_digits(value, grouped=True)}{unit}" for name, value in values.items()
        )
        of = self.part.kind.label.removesuffix("割")
        what = _("%(kind)sの重み", kind=self.part.kind.label) if self.part.weights else of
        source = f"{self.source}。" if self.source else ""
        return _(
            "%(what)s：%(listed)s（計 %(sum)s%(unit)s）。%(source)s",
            what=what,
            listed=listed,
            sum=in_digits(sum(map(Fraction, values.values())), grouped=True),
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
    remark: str = ""


@dataclass(frozen=True)
class SplitTable:
    """負担額｜均等割｜人口割｜…｜計算値｜端数調整｜割合(%), with the sum and the notes under it.

    cautions: what a drafter may have overlooked.  provisional: which figures are not settled yet.
    """

    heads: tuple[str, ...]
    rows: tuple[SplitRow, ...]
    total: SplitRow
    bars: tuple[tuple[str, int, str], ...]
    notes: tuple[str, ...]
    cautions: tuple[str, ...] = ()
    provisional: tuple[str, ...] = ()

    def say(self, name: str) -> str:
        """What is read aloud after a change: 「今別町 115,000円」."""
        return next((f"{name} {text}" for who, _other, text in self.bars if who == name), "")


def part_of(
    kind: PartKind,
    percent: str | None,
    values: Mapping[str, Figure | str] | None,
    only: Sequence[str] | None,
    rate: str | None = None,
    rounding: Rounding | None = None,
) -> FormulaPart:
    """A part as the arithmetic takes it; what its values are, its kind says."""
    row = KINDS[kind]
    named = next((field for field in _VALUE_FIELDS if field in row.needs + row.may), None)
    made = FormulaPart(
        kind,
        percent=None if percent is None else Fraction(percent),
        only=None if only is None else tuple(only),
        rate=None if rate is None else Fraction(rate),
        rounding=rounding,
    )
    if named is None or values is None:
        return made
    exact = {name: Fraction(one) if isinstance(one, str) else one for name, one in values.items()}
    of: dict[str, Any] = {named: exact}
    return replace(made, **of)


def split_table(
    lines: Sequence[ShareLine],
    parts: Sequence[PartSource],
    remainder: str,
    limits: Limits = NO_LIMITS,
) -> SplitTable:
    """The table of a split; `remainder` names who takes it, or is `LARGEST_REMAINDER`."""
    remarks = {line.municipality: _moved_by(line, limits) for line in lines}
    remarks[remainder] = _("端数を負担")
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
        SplitRow(
            name, cells[:-4], cells[-4], cells[-3], cells[-2], cells[-1], remarks.get(name, "")
        )
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
        notes=tuple(
            note
            for note in (
                *(part.note for part in parts),
                _limits_note(limits),
                *_ties(lines, remainder),
            )
            if note
        ),
        cautions=tuple(_twice_laid_on(parts)),
        provisional=tuple(
            _("%(part)sの基礎数値は暫定値です。", part=part.label)
            for part in parts
            if part.is_provisional
        ),
    )


def limits_words(limits: Limits) -> str:
    """「上限：平内町 150,000円　下限：今別町 50,000円」; empty without any."""
    said = (
        (label, "、".join(f"{name} {yen(value)}" for name, value in values.items()))
        for label, values in ((_("上限"), limits.caps), (_("下限"), limits.floors))
    )
    return "　".join(f"{label}：{listed}" for label, listed in said if listed)


def _limits_note(limits: Limits) -> str:
    words = limits_words(limits)
    return (
        _("%(words)s。超えた分と足りない分は、端数の負担者が負担します。", words=words)
        if words
        else ""
    )


def _moved_by(line: ShareLine, limits: Limits) -> str:
    if line.share < line.rounded and line.share == limits.caps.get(line.municipality):
        return _("上限")
    is_lifted = line.share > line.rounded and line.share == limits.floors.get(line.municipality)
    return _("下限") if is_lifted else ""


def _ties(lines: Sequence[ShareLine], remainder: str) -> Iterator[str]:
    """Whose equal remainders only the code put in an order, and who was served."""
    if remainder != LARGEST_REMAINDER:
        return
    equal: dict[Fraction, list[ShareLine]] = {}
    for line in lines:
        equal.setdefault(line.exact - line.rounded, []).append(line)
    for tied in equal.values():
        given = {line.municipality: line.share - line.rounded for line in tied}
        most = max(given.values())
        served = [name for name, moved in given.items() if moved == most]
        if len(served) < len(given):
            yield _(
                "%(names)sは剰余が同じため、団体コードの順に、%(served)sへ端数を割り当てました。",
                names="・".join(given),
                served="・".join(served),
            )


def _twice_laid_on(parts: Sequence[PartSource]) -> Iterator[str]:
    """Hosts that also take part in what the others share by percent."""
    of_percent = [one for one in parts if one.part.percent and one.part.kind is not PartKind.HOST]
    for host in (
        name for one in parts if one.part.kind is PartKind.HOST for name in one.part.only or ()
    ):
        also = [
            one.part.kind.label
            for one in of_percent
            if one.part.only is None or host in one.part.only
        ]
        if also:
            yield _(
                "%(host)sは、開催地等の負担のほかに、%(also)sでも負担します。ほかの市町村だけで分けるときは、"
                "%(also)sの対象から%(host)sを外してください。",
                host=host,
                also="・".join(dict.fromkeys(also)),
            )


def rounding_words(rounding: Rounding, remainder: str) -> str:
    """「千円未満切捨て、端数は青森市が負担」."""
    if remainder == LARGEST_REMAINDER:
        return _(
            "%(rounding)s単位、端数は最大剰余の順（同じときは団体コードの順）",
            rounding=rounding.label.partition("未満")[0],
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


def _stored(value: Figure) -> int | str:
    exact = Fraction(value)
    return int(exact) if exact.denominator == 1 else in_digits(exact)
