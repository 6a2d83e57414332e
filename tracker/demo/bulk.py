"""Rows written in bulk: plain values by table, numbered here, and what was done, in order of time."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Table, func, insert, select

from tracker.history import history
from tracker.history.history import Subject
from tracker.kernel.permissions import Actor
from tracker.plumbing.db import Model, db

# What somebody did at an instant: a verb for the record, and what it says.
Deed = tuple[datetime, Actor | None, str, str]


class Book:
    """Rows put down one by one and written at once, as they stand at the instant `until`.

    Rows may lean on each other's numbers.  Nobody else writes meanwhile.
    """

    def __init__(self, until: datetime) -> None:
        self.until = until
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._last: dict[str, int] = {}
        self._done: list[dict[str, Any]] = []

    def add(self, model: type[Model], **values: Any) -> int:
        """Puts a row down; gives its number, 0 in a table that does not number its rows."""
        name, columns = model.__tablename__, model.__table__.c
        rows = self._rows.setdefault(name, [])
        if "id" not in columns:
            rows.append(values)
            return 0
        if name not in self._last:
            self._last[name] = db.session.scalar(select(func.max(columns.id))) or 0
        self._last[name] += 1
        rows.append({"id": self._last[name], **values})
        return self._last[name]

    def tell(self, kind: str, id_: int | str, deeds: Iterable[Deed]) -> None:
        """Puts down for the record what was done with a subject; later deeds are left out."""
        self._done += (
            history.new_row(by, verb, Subject(kind, id_), said, at=at)
            for at, by, verb, said in deeds
            if at <= self.until
        )

    def write(self) -> None:
        """Writes all rows in the caller's transaction, the record in order of time."""
        for table in db.metadata.sorted_tables:
            self._insert(table, self._rows.pop(table.name, []))
        if db.engine.dialect.name == "postgresql":
            for name, last in self._last.items():
                sequence = func.pg_get_serial_sequence(name, "id")
                db.session.execute(select(func.setval(sequence, last)))
        history.append(sorted(self._done, key=lambda row: row["at"]))
        self._done.clear()

    def _insert(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Rows that name the same columns in one statement."""
        for _, alike in groupby(sorted(rows, key=len), key=lambda row: row.keys()):
            db.session.execute(insert(table), list(alike))
