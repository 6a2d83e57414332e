"""Workers that start at the same moment send each letter once (trust.md P3)."""

import subprocess
import sys
from collections import Counter

import pytest
from sqlalchemy import func, select

from tests.mail.faults.harness import environment_for
from tests.mail.faults.racers import RECIPIENTS
from tracker.mail.letters import Letter, LetterState
from tracker.plumbing.db import db


def race(kind: str, workers: int, rounds: int, environment: dict[str, str]) -> None:
    """Runs the rounds to their end."""
    program = [sys.executable, "-m", "tests.mail.faults.racers"]
    subprocess.run([*program, kind, str(workers), str(rounds)], env=environment, check=True)


def check_once(workers: int, rounds: int, smtp_server, environment: dict[str, str]) -> None:
    """Every letter of every round arrived, and none twice; the database agrees."""
    race("real", workers, rounds, environment)
    received = Counter(message["Message-ID"] for message in smtp_server.messages)
    assert max(received.values()) == 1
    assert len(received) == rounds * RECIPIENTS
    query = select(func.count()).where(
        Letter.state == LetterState.SENT, ~Letter.maybe_duplicate, Letter.attempts == 1
    )
    assert db.session.scalar(query) == rounds * RECIPIENTS
    db.session.rollback()


@pytest.fixture
def environment(both, database_url, tmp_path, smtp_server) -> dict[str, str]:
    """What the workers are told."""
    return environment_for(database_url, tmp_path, smtp_server)


@pytest.mark.parametrize("workers", [pytest.param(2, marks=pytest.mark.slow), 4])
def test_workers_that_start_together_send_each_letter_once(workers, smtp_server, environment):
    check_once(workers, 10, smtp_server, environment)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 4])
def test_a_thousand_starts_together_send_each_letter_once(workers, smtp_server, environment):
    check_once(workers, 1000, smtp_server, environment)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_naive_workers_that_start_together_send_twice(smtp_server, environment):
    """The control: the tests above could fail."""
    race("naive", 4, 5, environment)
    received = Counter(message["Message-ID"] for message in smtp_server.messages)
    assert max(received.values()) > 1
