"""What every test stands on. Settings of the machine's own installation must not reach a test."""

import os

from hypothesis import settings

pytest_plugins = ["tests.services", "tests.imap", "tests.app_fixtures"]

for name in [name for name in os.environ if name.startswith("TRACKER_")]:
    if name not in {"TRACKER_REQUIRE_ALL", "TRACKER_TEST_FOLDER"}:
        del os.environ[name]

# Two busy cores make any deadline a lottery; in CI the same cases run each time.
settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("house")
