"""A process that dies in the middle of a request leaves no half decision (issue D1).

SIGKILL before every statement, and before and after every commit: afterwards nothing of the act is
there or all of it (rows, record, letters, key), the chain holds, and the same press once more carries
it out exactly once.
"""

import random
from collections.abc import Iterator

import pytest

from tests.whole.conftest import Standing
from tests.whole.kills.harness import SAMPLE, WRITING, Case, Killer

ENGINES = ("sqlite", "postgresql")


@pytest.fixture(scope="module")
def killer(standing: Standing) -> Iterator[Killer]:
    """A process to be killed, beside a house on each engine."""
    made = Killer({engine: standing(engine) for engine in ENGINES})
    yield made
    made.close()


@pytest.fixture
def in_place(killer: Killer) -> Killer:
    """The same with everything in its place."""
    for house in killer.houses.values():
        house.app.config["WTF_CSRF_ENABLED"] = False
        house.restore()
    return killer


def test_a_kill_at_the_moments_of_a_sample_leaves_no_half(in_place: Killer) -> None:
    wrong = []
    for name, engine in SAMPLE:
        case = Case(in_place, engine, name)
        last, found = case.last_commit, {}
        # Every fifth, those around the commit, and when all is done.
        for at in sorted({*range(1, last, 5), last - 1, last, last + 1, len(case.moments)}):
            found[at], said = case.judge(at=at, presses=at in (last, last + 1))
            wrong += said
        assert {found[1], found[last]} == {"nothing"} and found[last + 1] == "all"
    assert wrong == [], "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", WRITING)
def test_a_kill_before_each_statement_leaves_no_half(
    in_place: Killer, engine: str, name: str
) -> None:
    case = Case(in_place, engine, name)
    found, wrong = set(), []
    for at in range(1, len(case.moments) + 1):
        left, said = case.judge(at=at)
        found.add(left)
        wrong += said
    print(f"{name} on {engine}: {len(case.moments)} kills, {len(wrong)} wrong")
    assert wrong == [], "\n".join(wrong)
    assert found == {"nothing", "all"}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_a_kill_at_a_random_moment_leaves_no_half(in_place: Killer, engine: str) -> None:
    chance, wrong, found = random.Random(20261128), [], set()
    for name, _ in SAMPLE:
        case = Case(in_place, engine, name)
        for _ in range(20):
            left, said = case.judge(seconds=chance.uniform(0, 2 * case.seconds))
            found.add(left)
            wrong += said
    assert wrong == [], "\n".join(wrong)
    assert found == {"nothing", "all"}


def test_the_control_that_commits_what_it_recorded_leaves_a_half(in_place: Killer) -> None:
    """The tests above could fail."""
    case = Case(in_place, "sqlite", SAMPLE[0][0])
    moments = range(case.last_commit, case.last_commit + 4)
    found = [case.judge(at=at, naive=True, presses=False)[0] for at in moments]
    assert "half" in found
