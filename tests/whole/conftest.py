"""Furnished houses: each is filled once a run, opened once a process, put back before every test."""

import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from tests import cast
from tests.app_fixtures import copy_files, copy_of, home_of, made_once, opened, template
from tests.services import FOLDER
from tests.whole.clients import House, PostgresHouse, SqliteHouse, fill

Standing = Callable[[str], House]
HOUSES: dict[str, type[House]] = {"sqlite": SqliteHouse, "postgresql": PostgresHouse}


def _filled(engine: str) -> str:
    """A house as a template, what stands in it and everybody's cookies; their file."""
    folder = Path(os.environ[FOLDER])
    url, made = copy_of(template("cast", engine), engine, folder / "house.sqlite3")
    # A cookie signed later than a test begins would not be good yet.
    with (
        time_machine.travel(cast.NOW - timedelta(minutes=1), tick=True),
        opened(url, home_of("house", engine)) as app,
    ):
        path = folder / f"house-{engine}.pickle"
        path.write_bytes(pickle.dumps((made, *fill(app))))
    return str(path)


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """standing("sqlite") is the house of this process on that engine, as the last test left it."""
    made: dict[str, House] = {}
    folder = tmp_path_factory.mktemp("house")
    with ExitStack() as stack:

        def house(engine: str) -> House:
            if engine not in made:
                note = made_once(f"house-{engine}", lambda: _filled(engine))
                filled, stock, cookies = pickle.loads(Path(note).read_bytes())
                url, _ = copy_of(filled, engine, folder / "house.sqlite3")
                copy_files("house", engine, folder)
                app = stack.enter_context(opened(url, folder))
                made[engine] = HOUSES[engine](app, stock, cookies)
                stack.callback(made[engine].close)
            return made[engine]

        yield house


def _ready(house: House) -> House:
    """No CSRF tokens are asked, and everything is in its place."""
    house.app.config["WTF_CSRF_ENABLED"] = False
    house.restore()
    return house


@pytest.fixture
def house(standing: Standing) -> House:
    """The application with one object of every kind, everybody signed in, on SQLite."""
    return _ready(standing("sqlite"))


@pytest.fixture
def postgres_house(standing: Standing) -> House:
    """The same on PostgreSQL."""
    return _ready(standing("postgresql"))


@pytest.fixture(
    params=["by turns", *(pytest.param(name, marks=pytest.mark.slow) for name in HOUSES)]
)
def houses(request: pytest.FixtureRequest, standing: Standing) -> list[House]:
    """One house an engine, which share out what is generated; in the slow run each has it all."""
    engines = list(HOUSES) if request.param == "by turns" else [request.param]
    return [_ready(standing(engine)) for engine in engines]


@pytest.fixture
def shared_out(houses: list[House]) -> list[tuple[House, list[str]]]:
    """Houses, each with the endpoints it is to be asked for: each endpoint once."""
    known = sorted(set(houses[0].app.view_functions) - {"static"})
    return [(house, known[turn :: len(houses)]) for turn, house in enumerate(houses)]
