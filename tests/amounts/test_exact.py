"""Exact numbers, in and out."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.amounts.exact import Exact, add, read_exact
from tracker.kernel.refusal import Refusal


@pytest.mark.parametrize(
    ("typed", "decimals", "told", "shown"),
    [
        ("１２", 0, Exact(12), "12"),
        ("1,234", 1, Exact(1234), "1,234"),
        ("８.５", 1, Exact(85, 10, 1), "8.5"),
        ("92.50", 2, Exact(9250, 100, 2), "92.50"),
        ("0.05", 2, Exact(5, 100, 2), "0.05"),
    ],
)
def test_a_number_is_kept_as_it_was_typed(
    typed: str, decimals: int, told: Exact, shown: str
) -> None:
    found = read_exact(typed, "満足度", decimals)
    assert (found, str(found)) == (told, shown)


@pytest.mark.parametrize(
    ("typed", "decimals", "said"),
    [
        ("1.5", 0, "満足度は0以上の整数で"),
        ("4.25", 1, "小数は1けたまで"),
        ("-1", 1, "0以上の数字で"),
        ("多い", 2, "小数は2けたまで"),
        ("10²", 0, "数字で入力してください"),
        ("4.²", 1, "小数は1けたまで"),
        ("5\n6", 1, "小数は1けたまで"),
        ("1" * 40, 1, "桁を確かめてください"),
        ("1" * 40 + ".5", 1, "桁を確かめてください"),
    ],
)
def test_what_is_no_such_number_is_refused(typed: str, decimals: int, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        read_exact(typed, "満足度", decimals)


def test_a_ratio_is_shown_rounded_half_up_and_kept_whole() -> None:
    assert [str(Exact(2, 3, 1)), str(Exact(1, 8, 2)), str(Exact(1, 3))] == ["0.7", "0.13", "0"]
    assert f"{Exact(2_500, 2):,}" == "1,250"


@given(st.lists(st.tuples(st.integers(0, 10**15), st.integers(0, 2)), max_size=9))
def test_a_sum_is_exact(told: list[tuple[int, int]]) -> None:
    values = [Exact(number, 10**decimals, decimals) for number, decimals in told]
    assert add(values).fraction == sum((one.fraction for one in values), Fraction())
    assert Fraction(str(add(values)).replace(",", "")) == add(values).fraction
