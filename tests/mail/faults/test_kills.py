"""A killed process loses no letter, and what may be there twice is flagged (trust.md P1, P2)."""

import random
from collections.abc import Iterator
from datetime import date

import pytest

from tests import cast
from tests.mail.faults.harness import LATER, Harness, Outcome
from tests.mail.faults.points import MAY_DOUBLE, ONCE, PER_RECIPIENT, POINTS
from tests.meetings.makers import make_meeting
from tests.reminders.makers import make_round
from tests.sent import links_in
from tests.services import SmtpServer
from tracker.meetings import queries as meetings
from tracker.plumbing.db import db

KILLED = -9
EVERY_CASE = [
    *((point, 1) for point in ONCE),
    *((point, number) for point in PER_RECIPIENT for number in (1, 2, 3)),
]
# Each point once, each recipient in turn, the engines by turns; the slow test has them all.
SAMPLE = [(point, 1 if point in ONCE else place % 3 + 1) for place, point in enumerate(POINTS)]


# What the link of a letter goes through: taken, marked, on its way, not yet written down.
LINKED = [("05", 1), ("09", 2), ("11", 1), ("12", 2), ("13", 3)]
SECRETARIES = [f"secretary@{slug}.example" for _, slug, *_ in cast.TOWNS]


@pytest.fixture
def harness(both, database_url, tmp_path, smtp_server) -> Iterator[Harness]:
    """Four officers are to be reminded."""
    make_round()
    made = Harness(both, database_url, tmp_path, smtp_server)
    yield made
    made.close()


@pytest.fixture
def turn(database_url: str) -> int:
    """The engines share out a sample: 0 or 1."""
    return int(database_url.startswith("postgresql"))


def check(outcome: Outcome, on_the_way: set[str], case: object) -> None:
    """What must hold whenever and wherever the process died."""
    assert outcome.missing == set(), case
    assert outcome.doubled <= outcome.flagged, case
    assert outcome.doubled <= on_the_way, case
    assert all(len(ids) == 1 for ids in outcome.message_ids.values()), case


def kill_at(harness: Harness, point: str, number: int) -> Outcome:
    """Kills one pass at the point and lets a fresh process go on after the lease."""
    case = f"point {point}, recipient {number}"
    harness.clear()
    assert harness.run(point=point, number=number)[0] == KILLED, case
    on_the_way = harness.on_the_way()
    assert harness.run(minutes=LATER)[0] == 0, case
    outcome = harness.outcome()
    check(outcome, on_the_way, case)
    return outcome


def kill_at_each(harness: Harness, cases: list[tuple[str, int]]) -> None:
    """At 11 to 13 the server has the letter already: there a double must be seen and flagged."""
    doubled_at = {point for point, number in cases if kill_at(harness, point, number).doubled}
    assert {"11", "12", "13"} & {point for point, _ in cases} <= doubled_at
    assert doubled_at <= set(MAY_DOUBLE)


def kill_at_random(harness: Harness, times: int, seed: int) -> None:
    """So many kills, anywhere between the start of a pass and its usual end.

    Every other pass hands its letters over by several connections.
    """
    chance = random.Random(seed)
    usual = min(harness.run(minutes=0)[1] for _ in (harness.clear(), harness.clear()))
    killed = turns = 0
    while killed < times:
        turns += 1
        assert turns < 10 * times, "the kills come too late to show anything"
        harness.clear()
        seconds = chance.uniform(0, usual)
        status, _ = harness.run(seconds=seconds, many=turns % 2)
        killed += status == KILLED
        on_the_way = harness.on_the_way()
        assert harness.run(minutes=LATER)[0] == 0
        check(harness.outcome(), on_the_way, f"turn {turns} of seed {seed}, {seconds:.4f} s")


@pytest.fixture
def asked(both, database_url, tmp_path, smtp_server) -> Iterator[Harness]:
    """Five secretaries are to be reminded, each by a letter with a link of their own."""
    make_meeting(reply_due_on=date(2026, 11, 30))
    made = Harness(both, database_url, tmp_path, smtp_server)
    yield made
    made.close()


def broken_links(harness: Harness, server: SmtpServer, cases: list, kind: str = "real") -> list:
    """Where a copy delivered before or after a kill holds a link that does not open."""
    broken, doubled_at = [], set()
    for point, number in cases:
        harness.clear()
        assert harness.run(kind, point=point, number=number)[0] == KILLED
        assert harness.run(kind, minutes=LATER)[0] == 0
        for address in SECRETARIES:
            copies = server.for_(address)
            paths = [path for copy in copies for path in links_in(copy, "/p/")]
            assert copies and len(paths) == len(copies), (point, number, address)
            found = [meetings.find_by_link(path[3:], cast.NOW) for path in paths]
            db.session.rollback()
            is_whole = len({copy.as_bytes() for copy in copies}) == 1
            if not is_whole or not all(one and one[1] for one in found):
                broken.append((point, number, address))
            doubled_at |= {point} if len(copies) > 1 else set()
    assert {"11", "12", "13"} & {point for point, _ in cases} <= doubled_at
    return broken


@pytest.mark.engines_by_turns
def test_the_link_of_a_copy_delivered_before_the_kill_still_opens(asked, smtp_server, turn):
    assert broken_links(asked, smtp_server, LINKED[turn::2]) == []


@pytest.mark.slow
def test_every_link_opens_whatever_the_point_of_the_kill(asked, smtp_server):
    assert broken_links(asked, smtp_server, EVERY_CASE) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_control_that_makes_a_link_an_attempt_breaks_the_first(asked, smtp_server):
    """The tests above could fail."""
    assert broken_links(asked, smtp_server, [("12", 1)], "naive_links")


def test_a_kill_at_any_point_loses_nothing_and_flags_what_it_doubles(harness, turn):
    kill_at_each(harness, SAMPLE[turn::2])


@pytest.mark.engines_by_turns
def test_a_kill_at_a_random_moment_loses_nothing(harness, turn):
    kill_at_random(harness, 2, seed=20261122 + turn)


@pytest.mark.slow
def test_a_kill_at_every_point_of_three_recipients_loses_nothing(harness):
    kill_at_each(harness, EVERY_CASE)


@pytest.mark.slow
def test_two_hundred_kills_at_random_moments_lose_nothing(harness):
    kill_at_random(harness, 200, seed=2522)


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_control_that_marks_afterwards_doubles_unnoticed(harness):
    """The tests above could fail."""
    harness.clear()
    assert harness.run("naive_after", point="12", number=2)[0] == KILLED
    assert harness.run("naive_after", minutes=LATER)[0] == 0
    outcome = harness.outcome()
    assert outcome.doubled - outcome.flagged


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_control_that_marks_first_loses(harness):
    """The tests above could fail."""
    harness.clear()
    assert harness.run("naive_before", point="07", number=2)[0] == KILLED
    assert harness.run("naive_before", minutes=LATER)[0] == 0
    assert harness.outcome().missing
