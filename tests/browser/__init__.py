"""The whole product in a real Chromium, over a real server, with real letters."""

import pytest

pytest.register_assert_rewrite("tests.browser.house", "tests.browser.chapters")
