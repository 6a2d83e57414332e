"""The example as an earlier release loaded it, kept as a file: what an upgrade must not lose.

Written once by `write` from that release's own database; revision 0002 is that of the release
before acts, rounds' parts, exact values and personal links were kept as they are now.
"""

import gzip
import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, MetaData, Table, create_engine, text

FILE = Path(__file__).with_name("release_0002.json.gz")
Rows = dict[str, list[dict[str, Any]]]
_READ = {"datetime": datetime.fromisoformat, "date": date.fromisoformat, "time": time.fromisoformat}


def _tables(engine: Engine) -> list[Table]:
    found = MetaData()
    found.reflect(engine)
    return [found.tables[name] for name in sorted(found.tables) if name != "alembic_version"]


def rows(engine: Engine) -> Rows:
    """All that stands in a database, by table and in the order of the keys; instants without zone."""
    tables = _tables(engine)
    with engine.connect() as connection:
        return {
            table.name: [
                {name: _plain(value) for name, value in row._mapping.items()}
                for row in connection.execute(table.select().order_by(*table.primary_key))
            ]
            for table in tables
        }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def write(url: str) -> None:
    """Keeps a database as the file."""
    told = {
        table: [
            {
                name: {type(value).__name__: value.isoformat()}
                if isinstance(value, date | time)
                else {"json": value}
                if isinstance(value, dict | list)
                else value
                for name, value in row.items()
            }
            for row in many
        ]
        for table, many in rows(create_engine(url)).items()
    }
    FILE.write_bytes(gzip.compress(json.dumps(told, ensure_ascii=False).encode(), 9, mtime=0))


def read() -> Rows:
    """What the file holds."""
    told: dict[str, list[dict[str, Any]]] = json.loads(gzip.decompress(FILE.read_bytes()))
    return {
        table: [{name: _value(value) for name, value in row.items()} for row in many]
        for table, many in told.items()
    }


def _value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    [(kind, kept)] = value.items()
    return kept if kind == "json" else _READ[kind](kept)


def fill(engine: Engine, stored: Rows) -> None:
    """Puts rows into a database of that release, whatever points at what."""
    is_postgres, tables = engine.dialect.name == "postgresql", _tables(engine)
    with engine.begin() as connection:
        if is_postgres:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        for table in tables:
            connection.execute(table.delete())
            if many := stored[table.name]:
                connection.execute(table.insert(), [_row(table, one, is_postgres) for one in many])
            if is_postgres and "id" in table.c:
                connection.execute(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'),"
                        f' (SELECT max(id) FROM "{table.name}"))'
                        f" WHERE pg_get_serial_sequence('{table.name}', 'id') IS NOT NULL"
                    )
                )


def _row(table: Table, row: dict[str, Any], is_postgres: bool) -> dict[str, Any]:
    """A row as the engine takes it: PostgreSQL's instants have a zone."""
    return {
        name: value.replace(tzinfo=UTC) if is_postgres and isinstance(value, datetime) else value
        for name, value in row.items()
    }
