"""What is read while something is made that will be kept, and by which rooms it is kept."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

from tracker.history.columns import EXEMPT, room_of
from tracker.plumbing import memo
from tracker.plumbing.db import Model


@dataclass
class Reads:
    """The keys of what was made, and which of them read a table whose room they do not name."""

    keys: set[str] = field(default_factory=set)
    unnamed: set[str] = field(default_factory=set)


def tables_of(statement: str) -> set[str]:
    """The tables that a statement reads."""
    return set(re.findall(r"(?:FROM|JOIN) (\w+)", statement))


def rooms_of_tables() -> dict[str, str]:
    """By recorded table, what caches call its data."""
    return {
        table.name: room_of(mapper.class_)
        for mapper in Model.registry.mappers
        if (table := mapper.local_table) is not None and table.name not in EXEMPT
    }


def _keeping() -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Key and rooms of each value that is just being made."""
    frame = sys._getframe()
    while frame := frame.f_back:
        if frame.f_code is memo.kept.__code__ and frame.f_locals["rooms"] is not None:
            yield frame.f_locals["key"], frame.f_locals["rooms"]


@contextmanager
def noting_reads() -> Iterator[Reads]:
    """Watches every statement meanwhile."""
    found, room_of_table = Reads(), rooms_of_tables()

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        for key, named in _keeping():
            found.keys.add(str(key))
            read = {room_of_table[one] for one in tables_of(statement) if one in room_of_table}
            found.unnamed |= {f"{key} reads {room}" for room in read - set(named)}

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)
