"""What every test stands on. Settings of the machine's own installation must not reach a test."""

import gc
import os

import pytest
from hypothesis import settings

pytest_plugins = ["tests.services", "tests.imap", "tests.app_fixtures"]

for name in [name for name in os.environ if name.startswith("TRACKER_")]:
    if name not in {"TRACKER_REQUIRE_ALL", "TRACKER_TEST_FOLDER"}:
        del os.environ[name]

# Two busy cores make any deadline a lottery; in CI the same cases run each time.
settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("house")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves half of what is tried on both engines, test by test the other one, to the slow run."""
    met: dict[str, int] = {}
    for item in items:
        if not item.get_closest_marker("engines_by_turns"):
            continue
        name, _, engine = item.nodeid.partition("[")
        turn = met.setdefault(name, len(met)) % 2
        if ("sqlite", "postgresql")[turn] in engine:
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Looks for garbage no more among what was loaded, and less often: 10 % of a page test's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
