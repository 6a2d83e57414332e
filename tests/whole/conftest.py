"""The furnished house, built once a process and put back before every test that asks for it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app_fixtures import make_app
from tests.services import Postgres
from tests.whole.visitors import AnyHouse, House, furnished


@pytest.fixture(scope="session")
def standing_house(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """One house for all tests of this process; `house` is the one to ask for."""
    path = tmp_path_factory.mktemp("house") / "house.sqlite3"
    shutil.copy(sqlite_template, path)
    with furnished(lambda: House(make_app(f"sqlite:///{path}", path.parent), path)) as house:
        yield house


@pytest.fixture
def house(standing_house: House) -> Iterator[House]:
    """The application with one object of every kind, everybody signed in, no CSRF tokens asked."""
    standing_house.app.config["WTF_CSRF_ENABLED"] = False
    standing_house.restore()
    yield standing_house
    standing_house.app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def postgres_house(
    postgres: Postgres, postgres_template: str, tmp_path: Path
) -> Iterator[AnyHouse]:
    """The same on PostgreSQL, where nothing is put back."""
    url = postgres.url(postgres.make_database(template=postgres_template))
    with furnished(lambda: AnyHouse(make_app(url, tmp_path))) as house:
        yield house
