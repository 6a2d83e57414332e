"""The migrations build the house the models describe, on SQLite and PostgreSQL, and take it down."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask_migrate import downgrade
from flask_migrate import upgrade as upgrade_to
from sqlalchemy import Column, Engine, Integer, MetaData, create_engine, func, inspect, select
from sqlalchemy.pool import NullPool

from tests.app_fixtures import make_app
from tracker.plumbing.db import db
from tracker.schema.actions import upgrade

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"


def _empty_url(request: pytest.FixtureRequest, folder: Path, engine: str) -> str:
    if engine == "sqlite":
        return f"sqlite:///{folder / 'empty.sqlite3'}"
    postgres = request.getfixturevalue("postgres")
    return str(postgres.url(postgres.make_database()))


# In the quick run PostgreSQL goes its way with data in it: tests/whole/test_upgrade.py.
@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The application over a database without a single table."""
    app = make_app(_empty_url(request, tmp_path, request.param), tmp_path)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def modelled(
    empty: Flask, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A second database of the same kind, made from the models without any migration."""
    folder = tmp_path_factory.mktemp("modelled")
    engine = create_engine(_empty_url(request, folder, db.engine.dialect.name), poolclass=NullPool)
    db.metadata.create_all(engine)
    yield engine
    engine.dispose()


def differences(metadata: MetaData = db.metadata) -> list[Any]:
    """What a new revision would have to change."""
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        found: list[Any] = compare_metadata(context, metadata)
        return found


def shape(engine: Engine) -> dict[str, Any]:
    """Every table with its columns, keys, checks and indexes, as the database tells them."""
    seen = inspect(engine)
    return {
        table: {
            # A column added later stands last: their order says nothing.
            "columns": sorted(
                (one["name"], str(one["type"]), one["nullable"], str(one["default"]))
                for one in seen.get_columns(table)
            ),
            "key": seen.get_pk_constraint(table),
            "foreign": _sorted(seen.get_foreign_keys(table)),
            "unique": _sorted(seen.get_unique_constraints(table)),
            "checks": sorted(map(_check, seen.get_check_constraints(table))),
            "indexes": _sorted(seen.get_indexes(table)),
        }
        for table in seen.get_table_names()
        if table != "alembic_version"
    }


def _sorted(found: Any) -> list[str]:
    # As text: the condition of a partial index is equal only to itself.
    return sorted(f"{one['name']} {_plain(one)}" for one in found)


def _check(found: Any) -> tuple[str, str, list[str]]:
    # In what order an enum names its words says nothing.
    words = r"'[^']*'"
    sql = found["sqltext"]
    return found["name"], re.sub(words, "word", sql), sorted(re.findall(words, sql))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in sorted(value.items())}
    return [_plain(one) for one in value] if isinstance(value, list) else str(value)


# The quick run goes down and up again over the newest steps only.
@pytest.mark.parametrize("first", [-8, pytest.param(0, marks=pytest.mark.slow)])
def test_every_step_up_and_down_leads_to_what_the_models_say(
    empty: Flask, modelled: Engine, first: int
) -> None:
    for revision in _revisions()[first:]:
        upgrade_to(revision=revision)
        taken = shape(db.engine)
        downgrade(revision="-1")
        upgrade_to(revision=revision)
        assert shape(db.engine) == taken
    assert differences() == []
    migrated, described = shape(db.engine), shape(modelled)
    assert migrated.keys() == described.keys() == set(db.metadata.tables)
    for table, wanted in described.items():
        assert (table, migrated[table]) == (table, wanted)
    assert sum(len(table["checks"]) for table in described.values()) > 10

    downgrade(revision="base")
    assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}
    assert shape(db.engine) == {}
    upgrade()
    assert shape(db.engine) == migrated


def test_a_database_at_its_newest_form_is_left_alone(both: Flask) -> None:
    counts = _counts()
    upgrade()
    assert _counts() == counts
    assert differences() == []
    assert counts["municipality"] == 5
    assert counts["annex_entry"] == 12


def _counts() -> dict[str, int]:
    with db.engine.connect() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in db.metadata.tables.items()
        }


def test_a_model_without_its_migration_is_found(both: Flask) -> None:
    planted = MetaData(naming_convention=db.metadata.naming_convention)
    for table in db.metadata.tables.values():
        table.to_metadata(planted)
    planted.tables["area"].append_column(Column("founded", Integer, nullable=True))
    assert [found[0] for found in differences(planted)] == ["add_column"]


def _revisions() -> list[str]:
    """The revisions from the ground up."""
    script = ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
    return [one.revision for one in script.walk_revisions()][::-1]


def test_the_files_are_numbered_in_one_line(both: Flask) -> None:
    files = sorted(path.name for path in VERSIONS.glob("*.py"))
    assert _revisions() == [f"{number:04}" for number in range(1, len(files) + 1)]
    for number, name in enumerate(files, 1):
        assert re.fullmatch(rf"{number:04}_[a-z0-9_]+\.py", name), name
        text = (VERSIONS / name).read_text("utf-8")
        before = f"'{number - 1:04}'" if number > 1 else "None"
        assert re.search(rf"^down_revision = {before}$", text.replace('"', "'"), re.MULTILINE), name
        assert not re.search(r"^(?:from|import) tracker", text, re.MULTILINE), (
            f"{name} leans on code that will change after it"
        )
