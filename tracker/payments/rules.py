"""How what is owed of an agreed case becomes instalments with due days (product.md 6).

Yen are whole, and the instalments of a municipality always add up to what it owes.  Sources of the
choices: field.md section d, rows 12 to 14 (remainder in the last part; day before or next day).
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from tracker.amounts.yen import yen
from tracker.cost_sharing.rules import Stage
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.labelled import Labelled
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.municipalities.rules import Town
from tracker.office_days import office_days

MOST_INSTALMENTS = 12
# Below which yen an instalment is not divided.
UNITS = (1, 100, 1000)


class DivideBy(Labelled):
    """What an amount is divided into instalments by."""

    EQUAL = "equal", N_("同じ額に分ける")
    PERCENT = "percent", N_("割合で分ける")
    TYPED = "typed", N_("金額を入力する")
    NONE = "none", N_("計画を作らない（別の方法で納める）")
    # Of an estimate alone: nothing is asked of it, and what comes after asks for the whole.
    LATER = "later", N_("概算では納めない（後で納める）")

    @property
    def is_plan(self) -> bool:
        """Whether there are instalments."""
        return self not in (DivideBy.NONE, DivideBy.LATER)


class RemainderTo(Labelled):
    """The instalment that takes what is left of the division."""

    FIRST = "first", N_("初回に加える")
    LAST = "last", N_("最終回に加える")


class ShiftTo(Labelled):
    """Where a due day goes on which an office is closed."""

    BEFORE = "before", N_("直前の開庁日")
    AFTER = "after", N_("次の開庁日")


class PaymentState(Labelled):
    """Where an instalment stands."""

    PLANNED = "planned", N_("予定")
    NOTICED = "noticed", N_("納入待ち")
    STATED = "stated", N_("納入の連絡あり")
    LATE = "late", N_("納期限超過")
    RECEIVED = "received", N_("納入済み")
    REPLACED = "replaced", N_("差替え前")


@dataclass(frozen=True)
class Terms:
    """A plan as it was entered.

    days: as wanted, one an instalment, before they are moved.  percents: with `PERCENT`, one each.
    typed: with `TYPED`, yen by municipality, one each (None: nothing).  refund_on: the day by which
    the lead gives back what was paid too much; None where nobody gets anything back.  reason: with
    `NONE`, how it is paid instead, in words.
    """

    by: DivideBy
    shift: ShiftTo
    days: Sequence[date]
    unit: int = 1
    remainder: RemainderTo = RemainderTo.LAST
    percents: Sequence[Decimal] = ()
    typed: Mapping[Town, Sequence[int | None]] = field(default_factory=dict)
    refund_on: date | None = None
    reason: str = ""


class PlannedPart(NamedTuple):
    """One instalment of one municipality: `number` from 1, whole yen, the day as wanted and as moved.

    is_refund: the lead pays it back to the municipality.
    """

    town: Town
    number: int
    is_refund: bool
    yen: int
    wanted_on: date
    due_on: date

    @property
    def moved_words(self) -> str:
        """Why its day is not the one wanted; nothing where it is."""
        return moved_words(self.wanted_on, self.due_on)


def divide(
    amount_yen: int, weights: Sequence[int | Decimal], unit: int, remainder: RemainderTo
) -> list[int]:
    """`amount_yen` in parts by weight, each cut below `unit` yen; the rest goes to one of them.

    The parts add up to the amount, and none is negative.
    """
    whole = sum(map(Fraction, weights))
    parts = [
        math.floor(amount_yen * Fraction(one) / whole / unit) * unit if whole else 0
        for one in weights
    ]
    parts[0 if remainder is RemainderTo.FIRST else -1] += amount_yen - sum(parts)
    return parts


def due_day(wanted_on: date, shift: ShiftTo, closures: frozenset[date]) -> date:
    """The day itself where both offices are open (`closures` are those of both), else the next one."""
    if shift is ShiftTo.BEFORE:
        return office_days.on_or_before(wanted_on, closures)
    return office_days.on_or_after(wanted_on, closures)


def moved_words(wanted_on: date, due_on: date) -> str:
    """「5月31日は日曜日のため、5月29日に繰り上げています。」; nothing for a day that stayed."""
    if wanted_on == due_on:
        return ""
    said = {
        "wanted": wareki.month_day(wanted_on),
        "why": office_days.closed_reason(wanted_on) or _("どちらかの市町村の閉庁日"),
        "due": wareki.month_day(due_on),
    }
    if due_on < wanted_on:
        return _("%(wanted)sは%(why)sのため、%(due)sに繰り上げています。", **said)
    return _("%(wanted)sは%(why)sのため、%(due)sに繰り下げています。", **said)


def year_words(year: FiscalYear, due_on: date) -> str:
    """「令和8年度分」; with its day where that lies outside the year it is paid for."""
    label = _("%(year)s分", year=year.label)
    if due_on in year:
        return label
    return _("%(label)s（納期限 %(day)s）", label=label, day=wareki.long(due_on))


def instalments(
    owed: Mapping[Town, int],
    terms: Terms,
    year: FiscalYear,
    closures: Mapping[Town, frozenset[date]],
) -> list[PlannedPart]:
    """What each municipality pays when, in the order given; `owed` in yen, negative: it gets it back.

    `closures` are the closed days of each and of the lead together.  An instalment of 0 yen is none,
    and with `NONE` and `LATER` there is none at all.
    Raises Refusal for days out of order or far from the year, percents and yen that do not add up,
    and where nobody owes anything.
    """
    if not any(owed.values()):
        raise Refusal(_("納める額も返す額もありません。納入の計画は要りません。"))
    if not terms.by.is_plan:
        return []
    _check_days(terms, year)
    found: list[PlannedPart] = []
    for town, amount in owed.items():
        if amount < 0:
            found.append(_refund(town, -amount, terms, year, closures[town]))
        elif amount:
            found += _parts(town, amount, terms, closures[town])
    return found


def _parts(
    town: Town, amount: int, terms: Terms, closures: frozenset[date]
) -> Iterator[PlannedPart]:
    if terms.by is DivideBy.TYPED:
        amounts = [one or 0 for one in terms.typed.get(town, ())]
        _check_sum(town, amount, sum(amounts))
    elif terms.by is DivideBy.PERCENT:
        _check_percents(terms.percents)
        amounts = divide(amount, terms.percents, terms.unit, terms.remainder)
    else:
        amounts = divide(amount, [1] * len(terms.days), terms.unit, terms.remainder)
    moved = [due_day(day, terms.shift, closures) for day in terms.days]
    for at, (before, after) in enumerate(pairwise(moved), 2):
        if before >= after:
            raise Refusal(
                _(
                    "%(at)s回目の納期限が、閉庁日を避けると前の回と同じ日になります。"
                    "別の日にしてください。",
                    at=at,
                ),
                field=f"part{at}_due_on",
            )
    for number, (yen_, wanted_on, due_on) in enumerate(
        zip(amounts, terms.days, moved, strict=True), 1
    ):
        if yen_:
            yield PlannedPart(town, number, False, yen_, wanted_on, due_on)


def _refund(
    town: Town, amount: int, terms: Terms, year: FiscalYear, closures: frozenset[date]
) -> PlannedPart:
    day = terms.refund_on
    if day is None:
        raise Refusal(_("還付の期日を入力してください。"), field="refund_on")
    _check_near(day, year, "refund_on")
    return PlannedPart(town, 1, True, amount, day, due_day(day, terms.shift, closures))


def _check_near(day: date, year: FiscalYear, name: str) -> None:
    if not year.begins <= day <= year.next.ends:
        raise Refusal(
            _(
                "%(day)sは、%(year)s分の期日としては離れすぎています。年を確かめてください。",
                day=wareki.long(day),
                year=year.label,
            ),
            field=name,
        )


def _check_days(terms: Terms, year: FiscalYear) -> None:
    for at, day in enumerate(terms.days, 1):
        _check_near(day, year, f"part{at}_due_on")
    for at, (before, after) in enumerate(pairwise(terms.days), 2):
        if before >= after:
            raise Refusal(
                _("%(at)s回目の納期限は、前の回より後の日にしてください。", at=at),
                field=f"part{at}_due_on",
            )


def _check_percents(percents: Sequence[Decimal]) -> None:
    whole = sum(percents)
    if whole != 100:
        raise Refusal(
            _("割合の合計が%(whole)s％です。100％にしてください。", whole=f"{whole:f}"),
            field="part1_percent",
        )


def _check_sum(town: Town, owed: int, typed: int) -> None:
    if typed == owed:
        return
    differs = (
        _("%(yen)s少なく", yen=yen(owed - typed))
        if typed < owed
        else _("%(yen)s多く", yen=yen(typed - owed))
    )
    raise Refusal(
        _(
            "%(town)sの合計（%(typed)s）が、納める額（%(owed)s）より%(differs)sなっています。",
            town=town.name,
            typed=yen(typed),
            owed=yen(owed),
            differs=differs,
        ),
        field=f"part1_yen_{town.slug}",
    )


# --- who may do what when -------------------------------------------------------------------------


def check_later(was: DivideBy | None, by: DivideBy, stage: Stage, *, is_followed: bool) -> None:
    """Only an estimate is left to what comes after it, and not once that is planned; raises Refusal.

    is_followed: whether a later stage of the project's year has a plan, made for its amounts.
    """
    if by is DivideBy.LATER and stage is not Stage.ESTIMATE:
        raise Refusal(_("後の段階で納めることにできるのは、概算の案件だけです。"), field="by")
    if DivideBy.LATER in (was, by) and was is not by and is_followed:
        raise Refusal(
            _("後の段階の納入の計画があるため、概算の納め方は変えられません。"), field="by"
        )


def check_unmarked(is_marked: bool) -> None:
    """A plan that somebody was told of, or paid by, is not divided anew.  Raises Refusal."""
    if is_marked:
        raise Refusal(
            _(
                "通知・請求の日、町村からの納入の連絡、受領の記録のどれかがある計画は直せません。"
                "連絡は知らせた町村が、ほかは連携推進担当か主担当課が取り消せます。"
            )
        )


def check_counted(is_superseded: bool) -> None:
    """What a replaced case was paid is counted in the plan of the new one, and then stays as it is.

    Raises Refusal.
    """
    if is_superseded:
        raise Refusal(
            _(
                "この案件は差し替えられ、納入済みの額を差し引いた新しい計画ができています。"
                "新しい案件で記録してください。"
            )
        )


def check_year(day: date, year: FiscalYear, name: str, field_name: str) -> None:
    """Nothing of a case is noticed, billed or paid before its fiscal year.  Raises Refusal."""
    if day < year.begins:
        raise Refusal(
            _(
                "%(name)sが%(day)sになっています。%(year)sより前の日です。年を確かめてください。",
                name=name,
                day=wareki.long(day),
                year=year.label,
            ),
            field=field_name,
        )


def check_happened(day: date, today: date, year: FiscalYear, name: str, field_name: str) -> None:
    """What has not happened yet is not recorded; `name` is the day's label.  Raises Refusal."""
    check_year(day, year, name, field_name)
    if day > today:
        raise Refusal(
            _("%(name)sがまだ来ていません。済んだ日を入れてください。", name=name), field=field_name
        )


def check_received(received_yen: int, left_yen: int) -> None:
    """At least one yen and no more than is open.  Raises Refusal."""
    if received_yen < 1:
        raise Refusal(_("納入された額を入力してください。"), field="received_yen")
    if received_yen > left_yen:
        raise Refusal(
            _(
                "残り（%(left)s）より多くなっています。額を確かめてください。",
                left=yen(left_yen),
            ),
            field="received_yen",
        )


def owed_yen(
    shares: Mapping[Town, int],
    lead: Town,
    before: Mapping[Town, int],
    paid: Mapping[Town, int],
) -> dict[Town, int]:
    """What each municipality still owes the lead, in yen; negative: the lead gives it back.

    The lead spends the money and owes itself nothing.  `before`: what it was to pay for an earlier
    stage of the same year; `paid`: what was paid for a case that this one replaced (less what was
    given back).
    """
    towns: Iterable[Town] = dict.fromkeys((*shares, *before, *paid))
    return {
        town: shares.get(town, 0) - before.get(town, 0) - paid.get(town, 0)
        for town in sorted(towns, key=lambda one: one.code)
        if town != lead
    }
