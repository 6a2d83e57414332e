"""What a split promises, in 20,000 random cases, beside naive rounding that keeps no promise."""

import random
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cost_sharing.test_split import TO_THE_YEN, usage
from tracker.cost_sharing.formula.split import (
    LARGEST_REMAINDER,
    FormulaPart,
    Rounding,
    Split,
    split,
)
from tracker.cost_sharing.rules import PartKind, RoundingMode
from tracker.kernel.refusal import Refusal


class Case(NamedTuple):
    amount: int
    names: tuple[str, ...]
    parts: tuple[FormulaPart, ...]
    rounding: Rounding
    remainder: str


FIGURE_KINDS = (PartKind.POPULATION, PartKind.USAGE, PartKind.FISCAL, PartKind.GRANT_CAP)


def random_part(rng: random.Random, percent: Fraction, names: tuple[str, ...]) -> FormulaPart:
    only = tuple(rng.sample(names, rng.randint(1, len(names)))) if rng.random() < 0.3 else None
    kind = rng.choice((PartKind.EQUAL, PartKind.RATIO, PartKind.HOST, *FIGURE_KINDS))
    if kind is PartKind.HOST:
        return FormulaPart(kind, percent, only=(rng.choice(names),))
    figures = {name: rng.choice((0, 1, 50, rng.randint(1, 300_000))) for name in names}
    figures[(only or names)[0]] += 1
    if kind in FIGURE_KINDS:
        return FormulaPart(kind, percent, basis=figures, only=only)
    weighted = kind is PartKind.RATIO or rng.random() < 0.5
    return FormulaPart(kind, percent, weights=figures if weighted else None, only=only)


def random_case(rng: random.Random) -> Case:
    names = tuple(f"町{i}" for i in range(rng.randint(1, 6)))
    amount = rng.randint(0, rng.choice((9, 9_999, 9_999_999, 10**15)))
    cuts = sorted(rng.randint(0, 1000) for _ in range(rng.randint(0, 2)))
    edges = zip((0, *cuts), (*cuts, 1000), strict=True)
    parts = [random_part(rng, Fraction(high - low, 10), names) for low, high in edges]
    if rng.random() < 0.2:
        parts.append(FormulaPart(PartKind.FIXED, amounts={names[-1]: rng.randint(0, amount)}))
    rounding = Rounding(rng.choice((1, 1, 100, 1000)), rng.choice(tuple(RoundingMode)))
    return Case(amount, names, tuple(parts), rounding, rng.choice((LARGEST_REMAINDER, *names)))


def has_ties(result: Split) -> bool:
    left = [line.exact - line.rounded for line in result.lines if line.exact != line.rounded]
    return len(set(left)) < len(left)


def check_largest_first(result: Split, unit: int) -> None:
    served = [line.exact - line.rounded for line in result.lines if line.share > line.rounded]
    others = [line.exact - line.rounded for line in result.lines if line.share == line.rounded]
    assert min(served, default=Fraction(unit)) >= max(others, default=Fraction())
    odd = [line for line in result.lines if line.share % unit]
    assert len(odd) == (1 if result.total_yen % unit else 0)


def check_promises(case: Case, rng: random.Random) -> Split | None:
    """The split, once it kept every promise; None when it refused a share below zero."""
    try:
        result = split(*case)
    except Refusal as refusal:
        assert "マイナス" in refusal.message
        assert case.rounding.mode is not RoundingMode.DOWN
        assert case.remainder != LARGEST_REMAINDER
        return None
    shares = result.shares
    assert sum(shares.values()) == case.amount
    assert all(type(share) is int and share >= 0 for share in shares.values())
    assert sum(line.exact for line in result.lines) == case.amount
    for line in result.lines:
        assert sum(line.parts) == line.exact
        if case.remainder != LARGEST_REMAINDER and line.municipality != case.remainder:
            assert line.share == line.rounded
            assert abs(line.adjustment) < case.rounding.unit
    if case.remainder == LARGEST_REMAINDER:
        check_largest_first(result, case.rounding.unit)
    if case.remainder != LARGEST_REMAINDER or not has_ties(result):
        shuffled = tuple(rng.sample(case.names, len(case.names)))
        assert split(*case._replace(names=shuffled)).shares == shares
    else:
        assert split(*case) == result
    return result


def naive(case: Case, result: Split) -> int:
    """What a spreadsheet gives: each share rounded for itself, nobody takes the remainder."""
    return sum(case.rounding.apply(line.exact) for line in result.lines)


@pytest.mark.parametrize("many", [5_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_random_cases_keep_every_promise_and_naive_rounding_does_not(many: int) -> None:
    rng = random.Random(42)
    kept = refused = naive_missed = ordered = 0
    for _ in range(many):
        case = random_case(rng)
        result = check_promises(case, rng)
        if result is None:
            refused += 1
            continue
        kept += 1
        naive_missed += naive(case, result) != case.amount
        ordered += len(case.names) > 1 and not has_ties(result)
    assert kept > many * 3 // 4
    assert refused > many // 200
    assert ordered > many // 4
    assert naive_missed > many // 4


@settings(max_examples=500)
@given(seed=st.integers(min_value=0), amount=st.integers(0, 10**18), unit=st.integers(1, 10**7))
def test_no_amount_and_no_unit_breaks_the_promises(seed: int, amount: int, unit: int) -> None:
    rng = random.Random(seed)
    case = random_case(rng)
    if case.parts[-1].kind is not PartKind.FIXED:
        check_promises(
            case._replace(amount=amount, rounding=Rounding(unit, RoundingMode.DOWN)), rng
        )


@settings(max_examples=300)
@given(
    basis=st.lists(st.integers(1, 10**6), min_size=2, max_size=6),
    amount=st.integers(0, 10**9),
    more=st.integers(1, 10**6),
)
def test_whoever_counts_more_never_pays_less(basis: list[int], amount: int, more: int) -> None:
    names = tuple(str(i) for i in range(len(basis)))
    figures = dict(zip(names, basis, strict=True))

    def share_of_the_first(counted: dict[str, int]) -> int:
        parts = [usage(100, counted)]
        return split(amount, names, parts, TO_THE_YEN, LARGEST_REMAINDER).shares["0"]

    assert share_of_the_first(figures | {"0": basis[0] + more}) >= share_of_the_first(figures)
