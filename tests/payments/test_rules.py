"""Instalments add up to what is owed, on days when both offices are open."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cost_sharing.cases import AOMORI, IMABETSU, YOMOGITA
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.office_days import office_days
from tracker.payments.rules import (
    UNITS,
    DivideBy,
    RemainderTo,
    ShiftTo,
    Terms,
    divide,
    due_day,
    instalments,
    moved_words,
    owed_yen,
    year_words,
)

YEAR = FiscalYear(2026)
NONE: frozenset[date] = frozenset()
OPEN = {IMABETSU: NONE, YOMOGITA: NONE}
DAYS = [date(2026, 5, 31), date(2026, 11, 30)]
HALVES = Terms(DivideBy.EQUAL, ShiftTo.BEFORE, DAYS)


@pytest.mark.parametrize(
    ("amount", "weights", "unit", "remainder", "parts"),
    [
        (115_001, [1, 1], 1, RemainderTo.LAST, [57_500, 57_501]),
        (115_001, [1, 1], 1, RemainderTo.FIRST, [57_501, 57_500]),
        # 鳥栖: three quarters in thousands, the last takes the difference (field.md d, row 12).
        (115_500, [25, 25, 25, 25], 1000, RemainderTo.LAST, [28_000, 28_000, 28_000, 31_500]),
        # 沖縄南部: 30/30/20/20 (row 13).
        (100_003, [30, 30, 20, 20], 1, RemainderTo.LAST, [30_000, 30_000, 20_000, 20_003]),
        (500, [1, 1], 1000, RemainderTo.FIRST, [500, 0]),
        (1, [Decimal("33.3"), Decimal("66.7")], 1, RemainderTo.LAST, [0, 1]),
    ],
)
def test_an_amount_is_divided(amount, weights, unit, remainder, parts) -> None:
    assert divide(amount, weights, unit, remainder) == parts


_weights = st.lists(st.decimals(0, 100, places=2), min_size=1, max_size=12)


@settings(max_examples=60)
@given(
    st.integers(0, 10**12),
    _weights,
    st.sampled_from(UNITS),
    st.sampled_from(list(RemainderTo)),
)
def test_parts_add_up_and_none_is_negative(amount, weights, unit, remainder) -> None:
    parts = divide(amount, weights, unit, remainder)
    assert sum(parts) == amount and min(parts) >= 0 and len(parts) == len(weights)
    takes = 0 if remainder is RemainderTo.FIRST else len(parts) - 1
    assert all(one % unit == 0 for at, one in enumerate(parts) if at != takes)


@settings(max_examples=60)
@given(
    st.dates(date(2026, 4, 1), date(2028, 3, 31)),
    st.sampled_from(list(ShiftTo)),
    st.frozensets(st.dates(date(2026, 4, 1), date(2028, 3, 31)), max_size=9),
)
def test_a_due_day_is_open_and_none_open_lies_between(wanted, shift, closures) -> None:
    due = due_day(wanted, shift, closures)
    assert office_days.is_open(due, closures)
    assert (due <= wanted) if shift is ShiftTo.BEFORE else (due >= wanted)
    first, last = sorted((wanted, due))
    between = [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]
    assert [one for one in between if one != due and office_days.is_open(one, closures)] == []


@pytest.mark.parametrize(
    ("wanted", "shift", "closures", "due", "said"),
    [
        ((2026, 5, 31), ShiftTo.BEFORE, NONE, (2026, 5, 29),
         "5月31日は日曜日のため、5月29日に繰り上げています。"),
        ((2026, 5, 31), ShiftTo.AFTER, NONE, (2026, 6, 1),
         "5月31日は日曜日のため、6月1日に繰り下げています。"),
        ((2026, 11, 30), ShiftTo.AFTER, NONE, (2026, 11, 30), ""),
        ((2026, 11, 30), ShiftTo.AFTER, frozenset({date(2026, 11, 30)}), (2026, 12, 1),
         "11月30日はどちらかの市町村の閉庁日のため、12月1日に繰り下げています。"),
        ((2026, 12, 31), ShiftTo.BEFORE, NONE, (2026, 12, 28),
         "12月31日は年末年始のため、12月28日に繰り上げています。"),
    ],
)  # fmt: skip
def test_a_moved_day_says_why(wanted, shift, closures, due, said) -> None:
    moved = due_day(date(*wanted), shift, closures)
    assert (moved, moved_words(date(*wanted), moved)) == (date(*due), said)


def test_a_day_moved_over_the_year_s_end_keeps_its_year_and_says_it() -> None:
    """31 March 2029 is a Saturday, and so is 1 April 2028."""
    year = FiscalYear(2028)
    moved = due_day(date(2029, 3, 31), ShiftTo.AFTER, NONE)
    assert year_words(year, moved) == "令和10年度分（納期限 令和11年4月2日）"
    back = due_day(date(2028, 4, 1), ShiftTo.BEFORE, NONE)
    assert year_words(year, back) == "令和10年度分（納期限 令和10年3月31日）"
    assert year_words(YEAR, date(2027, 4, 1)) == "令和8年度分（納期限 令和9年4月1日）"
    assert year_words(YEAR, date(2027, 3, 31)) == "令和8年度分"


def test_all_owe_the_lead_and_the_lead_owes_itself_nothing() -> None:
    shares = {AOMORI: 900, IMABETSU: 115, YOMOGITA: 117}
    assert owed_yen(shares, AOMORI, {}, {}) == {IMABETSU: 115, YOMOGITA: 117}
    assert owed_yen(shares, IMABETSU, {}, {}) == {AOMORI: 900, YOMOGITA: 117}
    before, paid = {IMABETSU: 100, YOMOGITA: 120}, {IMABETSU: 20}
    assert owed_yen(shares, AOMORI, before, paid) == {IMABETSU: -5, YOMOGITA: -3}
    # Whoever takes no part any more gets all of it back.
    assert owed_yen({AOMORI: 900}, AOMORI, {}, {IMABETSU: 20}) == {IMABETSU: -20}


def test_a_plan_for_all() -> None:
    parts = instalments({IMABETSU: 115_001, YOMOGITA: 0}, HALVES, YEAR, OPEN)
    assert [(one.town.slug, one.number, one.yen, one.due_on.isoformat()) for one in parts] == [
        ("imabetsu", 1, 57_500, "2026-05-29"),
        ("imabetsu", 2, 57_501, "2026-11-30"),
    ]


def test_what_was_paid_too_much_goes_back_on_a_day_of_its_own() -> None:
    terms = Terms(DivideBy.EQUAL, ShiftTo.AFTER, [date(2027, 6, 30)], refund_on=date(2027, 7, 31))
    parts = instalments({IMABETSU: 5, YOMOGITA: -3}, terms, YEAR, OPEN)
    assert [(one.town.slug, one.is_refund, one.yen, one.due_on) for one in parts] == [
        ("imabetsu", False, 5, date(2027, 6, 30)),
        ("yomogita", True, 3, date(2027, 8, 2)),
    ]
    with pytest.raises(Refusal) as refused:
        instalments({YOMOGITA: -3}, HALVES, YEAR, OPEN)
    assert refused.value.field == "refund_on"


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"days": DAYS[::-1]}, "part2_due_on", "前の回より後"),
        ({"days": [date(2028, 5, 31)]}, "part1_due_on", "離れすぎています"),
        ({"days": [date(2026, 3, 31)]}, "part1_due_on", "離れすぎています"),
        ({"days": [date(2026, 5, 30), date(2026, 5, 31)]}, "part2_due_on", "同じ日になります"),
        (
            {"by": DivideBy.PERCENT, "percents": [Decimal(60), Decimal(30)]},
            "part1_percent",
            "合計が90％です",
        ),
        (
            {"by": DivideBy.TYPED, "typed": {IMABETSU: [100, None]}},
            "part1_yen_imabetsu",
            "今別町の合計（100円）が、納める額（115円）より15円少なく",
        ),
        (
            {"by": DivideBy.TYPED, "typed": {IMABETSU: [100, 16]}},
            "part1_yen_imabetsu",
            "1円多く",
        ),
    ],
)
def test_a_plan_that_does_not_add_up_is_refused(changes, field, said) -> None:
    with pytest.raises(Refusal) as refused:
        instalments({IMABETSU: 115}, replace(HALVES, **changes), YEAR, OPEN)
    assert (refused.value.field, said in refused.value.message) == (field, True)


def test_nothing_owed_needs_no_plan() -> None:
    with pytest.raises(Refusal):
        instalments({IMABETSU: 0}, HALVES, YEAR, OPEN)
