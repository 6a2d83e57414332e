"""Codes are typed as people type them, and read as they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.characters import code


def test_a_code_stands_in_groups_of_signs_that_nobody_confuses() -> None:
    assert code.written(bytes(7), 2, 5) == "00000-00000"
    assert code.written(b"\xff" * 15, 6, 4) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ"
    assert len(set(code.SIGNS)) == 32 and not set(code.SIGNS) & set("ILOU")
    with pytest.raises((IndexError, ValueError)):
        code.written(bytes(6), 2, 5)


@given(st.binary(min_size=7, max_size=7))
def test_each_sign_takes_five_bits_of_the_secret(secret: bytes) -> None:
    number = int.from_bytes(secret) >> 6
    signs = code.read(code.written(secret, 2, 5))
    assert sum(code.SIGNS.index(sign) << 5 * at for at, sign in enumerate(signs[::-1])) == number


@pytest.mark.parametrize(
    "typed",
    [
        "7k0mx-1qrt9",
        "７Ｋ０ＭＸ－１ＱＲＴ９",
        " 7K0MX 1QRT9 ",
        "7KOMXーlqrt9",
        "7Komx—IQRT9",
        "7K0MX_1QRT9",
    ],
)
def test_however_it_is_typed_it_is_the_same_code(typed: str) -> None:
    assert code.read(typed) == "7K0MX1QRT9"


def test_another_code_stays_another() -> None:
    assert code.read("7K0MX-1QRT8") != code.read("7K0MX-1QRT9")
    assert code.read("あ7K0MX-1QRT9") == "あ7K0MX1QRT9"
