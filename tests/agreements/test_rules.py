from datetime import date

import pytest

from tracker.agreements.rules import in_force, uncovered

SIGNED, ENDED = date(2019, 12, 25), date(2030, 3, 31)


@pytest.mark.parametrize(
    ("concluded_on", "ended_on", "day", "binds"),
    [
        (SIGNED, None, date(2019, 12, 24), False),
        (SIGNED, None, SIGNED, True),
        (SIGNED, None, date(2099, 1, 1), True),
        (SIGNED, ENDED, ENDED, True),
        (SIGNED, ENDED, date(2030, 4, 1), False),
        (None, None, date(2026, 11, 24), False),
    ],
)
def test_an_agreement_binds_from_its_signing_to_its_end(
    concluded_on: date | None, ended_on: date | None, day: date, binds: bool
) -> None:
    assert in_force(concluded_on, ended_on, day) is binds


def test_a_municipality_without_the_measure_may_not_take_part() -> None:
    assert uncovered(["aomori", "hiranai", "imabetsu"], ["aomori", "imabetsu"], "aomori") == [
        "hiranai"
    ]


def test_the_hub_is_covered_as_soon_as_anybody_is() -> None:
    assert uncovered(["aomori", "imabetsu"], ["imabetsu"], "aomori") == []
    assert uncovered(["aomori", "imabetsu"], [], "aomori") == ["aomori", "imabetsu"]
