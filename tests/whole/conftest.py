"""The furnished house, built once a process and put back before every test that asks for it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.whole.visitors import House, furnished


@pytest.fixture(scope="session")
def standing_house(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """One house for all tests of this process; `house` is the one to ask for."""
    path = tmp_path_factory.mktemp("house") / "house.sqlite3"
    shutil.copy(sqlite_template, path)
    with furnished(path) as house:
        yield house


@pytest.fixture
def house(standing_house: House) -> Iterator[House]:
    """The application with one object of every kind, everybody signed in, no CSRF tokens asked."""
    standing_house.app.config["WTF_CSRF_ENABLED"] = False
    standing_house.restore()
    yield standing_house
    standing_house.app.config["WTF_CSRF_ENABLED"] = False
