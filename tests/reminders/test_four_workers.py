"""Four processes run the same day at once: nobody gets a letter twice (trust.md P3)."""

import subprocess
import sys
from collections import Counter

import pytest

from tests.mail.faults.harness import environment_for
from tests.reminders.makers import make_round


@pytest.fixture
def environment(both, database_url, tmp_path, smtp_server) -> dict[str, str]:
    """What the workers are told: a round is open, four officers are to be reminded."""
    make_round()
    return environment_for(database_url, tmp_path, smtp_server)


def received(kind: str, environment: dict[str, str], smtp_server) -> Counter[str]:
    """How often each address got its letter."""
    program = [sys.executable, "-m", "tests.reminders.workers", kind]
    subprocess.run(program, env=environment, check=True)
    return Counter(mail["To"].addresses[0].addr_spec for mail in smtp_server.messages)


@pytest.mark.engines_by_turns
def test_four_workers_send_each_letter_once(environment, smtp_server):
    assert sorted(received("real", environment, smtp_server).values()) == [1, 1, 1, 1]


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_naive_way_sends_twice(environment, smtp_server):
    """The control: the test above could fail."""
    assert max(received("naive", environment, smtp_server).values()) > 1
