"""What a split promises, in random cases over all kinds, beside naive rounding that keeps no promise."""

import random
from fractions import Fraction
from typing import NamedTuple

import pytest
from apportionment import methods
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shares.test_split import TO_THE_YEN, usage
from tracker.kernel.refusal import Refusal
from tracker.shares.rules import PartKind, RoundingMode
from tracker.shares.split import (
    LARGEST_REMAINDER,
    NO_LIMITS,
    FormulaPart,
    Limits,
    Rounding,
    Split,
    split,
)


class Case(NamedTuple):
    amount: int
    names: tuple[str, ...]
    parts: tuple[FormulaPart, ...]
    rounding: Rounding
    remainder: str
    limits: Limits = NO_LIMITS
    codes: dict[str, str] | None = None


BASED = (PartKind.POPULATION, PartKind.USAGE, PartKind.FISCAL, PartKind.GRANT_CAP)
MODES = tuple(RoundingMode)


def random_figures(rng: random.Random, names: tuple[str, ...]) -> dict[str, int | Fraction]:
    # Few different ones, so that remainders are often the same.
    small = rng.random() < 0.4
    choices = (0, 1, 1, 2) if small else (0, 50, Fraction(rng.randint(1, 9_999), 100))
    return {name: rng.choice((*choices, 1 if small else rng.randint(1, 300_000))) for name in names}


def random_part(rng: random.Random, percent: Fraction, names: tuple[str, ...]) -> FormulaPart:
    only = tuple(rng.sample(names, rng.randint(1, len(names)))) if rng.random() < 0.3 else None
    kind = rng.choice((PartKind.EQUAL, PartKind.RATIO, PartKind.HOST, *BASED))
    own = Rounding(rng.choice((1, 100, 1000)), rng.choice(MODES)) if rng.random() < 0.15 else None
    if kind is PartKind.HOST:
        return FormulaPart(kind, percent, only=(rng.choice(names),), rounding=own)
    figures = random_figures(rng, names)
    figures[(only or names)[0]] += 1
    if kind in BASED:
        return FormulaPart(kind, percent, basis=figures, only=only, rounding=own)
    weighted = kind is PartKind.RATIO or rng.random() < 0.5
    weights = figures if weighted else None
    return FormulaPart(kind, percent, weights=weights, only=only, rounding=own)


def random_first(rng: random.Random, amount: int, names: tuple[str, ...]) -> list[FormulaPart]:
    """What comes off before the percents, within the amount."""
    found = []
    if rng.random() < 0.2:
        least = -amount // 9 if rng.random() < 0.4 else 0
        amounts = {names[-1]: rng.randint(least, amount // 2)}
        found.append(FormulaPart(PartKind.FIXED, amounts=amounts))
    if rng.random() < 0.2:
        basis = random_figures(rng, names)
        basis[names[0]] += 1
        rate = Fraction(amount, 3 * int(sum(basis.values()) + 1)) * Fraction(
            rng.randint(0, 100), 100
        )
        found.append(FormulaPart(PartKind.RATE, basis=basis, rate=rate))
    return found


def random_limits(rng: random.Random, amount: int, names: tuple[str, ...], taker: str) -> Limits:
    if taker == LARGEST_REMAINDER or rng.random() < 0.7:
        return NO_LIMITS
    others = [name for name in names if name != taker and rng.random() < 0.6]
    caps = {name: rng.randint(0, amount) for name in others if rng.random() < 0.6}
    floors = {
        name: rng.randint(0, min(caps.get(name, amount), amount // (len(names) + 1)))
        for name in others
        if rng.random() < 0.5
    }
    return Limits(caps, floors)


def random_case(rng: random.Random) -> Case:
    names = tuple(f"町{i}" for i in range(rng.randint(1, 6)))
    amount = rng.randint(0, rng.choice((9, 9_999, 9_999_999, 10**15)))
    cuts = sorted(rng.randint(0, 1000) for _ in range(rng.randint(0, 3)))
    edges = zip((0, *cuts), (*cuts, 1000), strict=True)
    parts = [random_part(rng, Fraction(high - low, 10), names) for low, high in edges]
    parts += random_first(rng, amount, names)
    rounding = Rounding(rng.choice((1, 1, 100, 1000)), rng.choice(MODES))
    taker = rng.choice((LARGEST_REMAINDER, LARGEST_REMAINDER, *names))
    codes = {name: f"{rng.randint(0, 99):05}" for name in names if rng.random() < 0.7}
    limits = random_limits(rng, amount, names, taker)
    return Case(amount, names, tuple(parts), rounding, taker, limits, codes)


def has_ties(result: Split) -> bool:
    left = [line.exact - line.rounded for line in result.lines]
    return len(set(left)) < len(left)


def check_largest_first(case: Case, result: Split) -> None:
    """Each takes a unit before anybody with a smaller remainder does."""
    unit = case.rounding.unit
    by_size = sorted(result.lines, key=lambda line: line.rounded - line.exact)
    units = [(line.share - line.rounded) // unit for line in by_size]
    left = [line.exact - line.rounded for line in by_size]
    for place, taken in enumerate(units[:-1]):
        assert taken >= units[place + 1] or left[place] == left[place + 1]
    assert max(units) - min(units) <= 1
    odd = [line for line in result.lines if line.share % unit]
    assert len(odd) == (1 if result.total_yen % unit else 0)


def gives_back(case: Case) -> bool:
    """Whether a fixed amount is below 0."""
    amounts = [part.amounts for part in case.parts if part.amounts]
    return any(value < 0 for of in amounts for value in of.values())


def check_promises(case: Case, rng: random.Random) -> Split | None:
    """The split, once it kept every promise; None when it refused a share below zero."""
    own = any(part.own_rounding for part in case.parts)
    try:
        result = split(*case)
    except Refusal as refusal:
        assert "マイナス" in refusal.message or "を超えています" in refusal.message
        is_down = case.rounding.mode is RoundingMode.DOWN
        assert own or case.limits.floors or gives_back(case) or not is_down
        return None
    shares = result.shares
    assert sum(shares.values()) == case.amount
    assert all(type(share) is int and share >= 0 for share in shares.values())
    assert own or sum(line.exact for line in result.lines) == case.amount
    for line in result.lines:
        assert sum(line.parts) == line.exact
        if case.remainder not in (LARGEST_REMAINDER, line.municipality):
            assert line.share == case.limits.apply(line.municipality, line.rounded)
            assert abs(line.rounded - line.exact) < case.rounding.unit
    if case.remainder == LARGEST_REMAINDER:
        check_largest_first(case, result)
    shuffled = tuple(rng.sample(case.names, len(case.names)))
    assert split(*case._replace(names=shuffled)).shares == shares
    assert split(*case) == result
    return result


def naive(case: Case, result: Split) -> int:
    """What a spreadsheet gives: each share rounded for itself, nobody takes the remainder."""
    return sum(case.rounding.apply(line.exact) for line in result.lines)


@pytest.mark.parametrize("many", [400, pytest.param(100_000, marks=pytest.mark.slow)])
def test_random_cases_keep_every_promise_and_naive_rounding_does_not(many: int) -> None:
    rng = random.Random(42)
    kept = refused = naive_missed = tied = limited = lowered = 0
    for _ in range(many):
        case = random_case(rng)
        result = check_promises(case, rng)
        if result is None:
            refused += 1
            continue
        kept += 1
        naive_missed += naive(case, result) != case.amount
        tied += case.remainder == LARGEST_REMAINDER and has_ties(result)
        limited += bool(case.limits.caps or case.limits.floors)
        lowered += gives_back(case)
    assert kept > many * 3 // 4
    assert refused > many // 200
    assert tied > many // 20
    assert limited > many // 20
    assert lowered > many // 100
    assert naive_missed > many // 4


@pytest.mark.parametrize("many", [200, pytest.param(20_000, marks=pytest.mark.slow)])
def test_what_a_year_before_gives_back_comes_off_that_share_alone(many: int) -> None:
    """More is divided by as much as is given back, and nobody else's part of that is less."""
    rng, seen = random.Random(11), 0
    while seen < many:
        case = random_case(rng)._replace(rounding=TO_THE_YEN, limits=NO_LIMITS)
        if any(part.amounts for part in case.parts):
            continue
        back = {name: rng.randint(0, 1 + case.amount // 99) for name in case.names[:2]}
        total = case.amount + sum(back.values())
        part = FormulaPart(PartKind.FIXED, amounts={name: -one for name, one in back.items()})
        try:
            whole = split(*case._replace(amount=total)).shares
            less = split(*case._replace(parts=(part, *case.parts)))
        except Refusal:
            continue
        assert less.shares == {name: one - back.get(name, 0) for name, one in whole.items()}
        assert [line.parts[0] for line in less.lines] == [-back.get(name, 0) for name in case.names]
        seen += 1


def test_every_kind_is_among_the_random_cases() -> None:
    rng = random.Random(42)
    parts = [part for _ in range(400) for part in random_case(rng).parts]
    assert {part.kind for part in parts} == set(PartKind)
    assert any(part.rounding for part in parts)


@pytest.mark.parametrize("many", [200, pytest.param(20_000, marks=pytest.mark.slow)])
def test_another_program_agrees_on_largest_remainders_where_nothing_ties(many: int) -> None:
    rng, agreed = random.Random(7), 0
    while agreed < many:
        names = tuple(f"町{i}" for i in range(rng.randint(2, 8)))
        weights = {name: rng.randint(1, 300_000) for name in names}
        amount = rng.randint(1, 10_000_000)
        part = FormulaPart(PartKind.RATIO, 100, weights=weights)
        result = split(amount, names, [part], TO_THE_YEN, LARGEST_REMAINDER)
        if has_ties(result):
            continue
        # Reckoned in fractions: in floats it errs.
        theirs = methods.largest_remainder([*weights.values()], amount, fractions=True)
        assert [*result.shares.values()] == theirs
        agreed += 1


@settings(max_examples=100)
@given(seed=st.integers(min_value=0), amount=st.integers(0, 10**18), unit=st.integers(1, 10**7))
def test_no_amount_and_no_unit_breaks_the_promises(seed: int, amount: int, unit: int) -> None:
    rng = random.Random(seed)
    case = random_case(rng)
    if all(part.percent is not None for part in case.parts):
        rounding = Rounding(unit, RoundingMode.DOWN)
        check_promises(case._replace(amount=amount, rounding=rounding, limits=NO_LIMITS), rng)


@settings(max_examples=100)
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
