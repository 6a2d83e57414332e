"""What tests of backups compare: every table of a database, row by row."""

import json
from typing import Any

from sqlalchemy import text

from tracker.operation.backup.queries import kept_tables, kind_of, rows, snapshot
from tracker.operation.backup.rules import write_row

# What a restore changes: letters wait, and the clock knows since when.
HELD = {"letter": ("state", "lease_token", "maybe_duplicate"), "clock_state": ("held_since",)}


def everything(*, with_held: bool = False) -> dict[str, list[Any]]:
    """Each table's rows as plain values, but for what a restore holds back."""
    found: dict[str, list[Any]] = {}
    with snapshot() as connection:
        for one in kept_tables():
            kinds = [kind_of(column) for column in one.columns]
            left = () if with_held else HELD.get(one.name, ())
            told = [n for n, column in enumerate(one.columns) if column.name not in left]
            found[one.name] = [
                [row[n] for n in told]
                for row in (json.loads(write_row(kinds, row)) for row in rows(connection, one))
            ]
    return found


def count_of(table: str) -> int:
    with snapshot() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
