"""What somebody with the database in hand may do to the record, and what it is called."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, delete, insert, null, select, update

from tracker.chain import rules as chain
from tracker.history.history import HistoryEntry

TABLE = HistoryEntry.__table__
Tampering = Callable[[Connection, int], str]


def _set(connection: Connection, number: int, /, **values: Any) -> None:
    connection.execute(update(TABLE).where(TABLE.c.number == number).values(**values))


def _row(connection: Connection, number: int) -> dict[str, Any]:
    return dict(connection.execute(select(TABLE).where(TABLE.c.number == number)).mappings().one())


def _rehash(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "hash": chain.link({**row, "at": row["at"].isoformat()})}


def _count(connection: Connection) -> int:
    return int(connection.execute(select(TABLE.c.number).order_by(-TABLE.c.number)).scalar() or 0)


def change_sentence(connection: Connection, number: int) -> str:
    """Another sentence, and nothing else."""
    _set(connection, number, summary="別のこと")
    return str(number)


def change_value(connection: Connection, number: int) -> str:
    """Another value in the payload."""
    payload = {"before": {}, "after": {"share_yen": 1}}
    _set(connection, number, payload=payload)
    return str(number)


def change_actor(connection: Connection, number: int) -> str:
    """Another person."""
    _set(connection, number, actor="別の人")
    return str(number)


def change_and_hash(connection: Connection, number: int) -> str:
    """Another sentence with all hashes of the entry made anew."""
    row = {**_row(connection, number), "summary": "別のこと"}
    row["summary_hash"] = chain.digest([row["salt"], row["summary"]])
    _set(connection, number, **_rehash(row))
    return str(number)


def change_hash(connection: Connection, number: int) -> str:
    """Another hash only."""
    _set(connection, number, hash="0" * 64)
    return str(number)


def change_previous(connection: Connection, number: int) -> str:
    """Another hash before only."""
    _set(connection, number, previous="0" * 64)
    return str(number)


def remove(connection: Connection, number: int) -> str:
    """One entry is gone."""
    connection.execute(delete(TABLE).where(TABLE.c.number == number))
    return str(number)


def remove_two(connection: Connection, number: int) -> str:
    """Two entries are gone."""
    connection.execute(delete(TABLE).where(TABLE.c.number.in_([number, number + 1])))
    return f"{number}-{number + 1}"


def remove_and_close(connection: Connection, number: int) -> str:
    """One entry is gone, and all numbers after it are lowered."""
    remove(connection, number)
    _shift(connection, number, -1)
    return str(number)


def _shift(connection: Connection, after: int, by: int) -> None:
    # By way of numbers that nobody has: SQLite asks for each row whether it is unique.
    later = TABLE.c.number > after
    connection.execute(update(TABLE).where(later).values(number=-TABLE.c.number))
    connection.execute(update(TABLE).where(TABLE.c.number < 0).values(number=-TABLE.c.number + by))


def insert_between(connection: Connection, number: int) -> str:
    """A made-up entry that fits the one before it; all after it are numbered anew."""
    row = _row(connection, number)
    _shift(connection, number, 1)
    made = {**row, "number": number + 1, "previous": row["hash"], "actor": "別の人"}
    made["id"] = 10_000 + number
    connection.execute(insert(TABLE), [_rehash(made)])
    return str(number + 1)


def insert_stray(connection: Connection, number: int) -> str:
    """A copy of an entry under the next free number."""
    row, last = _row(connection, number), _count(connection)
    made = {**row, "id": 10_000, "number": last + 1, "hash": "f" * 64}
    connection.execute(insert(TABLE), [made])
    return str(last + 1)


def exchange_numbers(connection: Connection, number: int) -> str:
    """Two entries have each other's number."""
    _set(connection, number, number=0)
    _set(connection, number + 1, number=number)
    _set(connection, 0, number=number + 1)
    return f"{number}-{number + 1}"


def exchange_rows(connection: Connection, number: int) -> str:
    """Two entries stand in each other's row, numbers and all."""
    one, other = _row(connection, number), _row(connection, number + 1)
    for row in (one, other):
        connection.execute(delete(TABLE).where(TABLE.c.id == row["id"]))
    swapped = [{**one, "id": other["id"]}, {**other, "id": one["id"]}]
    connection.execute(insert(TABLE), swapped)
    return f"{number}-{number + 1}"


def exchange_contents(connection: Connection, number: int) -> str:
    """Two entries hold each other's contents under their own number and hashes."""
    one, other = _row(connection, number), _row(connection, number + 1)
    own = {"id", "number", "hash", "previous"}
    for row, content in ((one, other), (other, one)):
        values = {name: value for name, value in content.items() if name not in own}
        _set(connection, row["number"], **values)
    return f"{number}-{number + 1}"


def blank(connection: Connection, number: int) -> str:
    """The sentence and the values are gone, without a disposal."""
    _set(connection, number, summary="", payload=null(), salt=None)
    return str(number)


def blank_payload(connection: Connection, number: int) -> str:
    """The values are gone."""
    _set(connection, number, payload=null())
    return str(number)


def cut_tail(connection: Connection, number: int) -> str:
    """All entries from one on are gone."""
    last = _count(connection)
    connection.execute(delete(TABLE).where(TABLE.c.number >= number))
    return f"{number}-{last}" if last > number else str(last)


def chain_anew(connection: Connection, number: int) -> str:
    """An entry is changed, and every hash after it made anew."""
    last = _count(connection)
    row = {**_row(connection, number), "summary": "別のこと"}
    row["summary_hash"] = chain.digest([row["salt"], row["summary"]])
    for each in range(number, last + 1):
        row = _rehash(row)
        _set(connection, each, **row)
        if each < last:
            row = {**_row(connection, each + 1), "previous": row["hash"]}
    return str(last)


KINDS: dict[str, tuple[Tampering, ...]] = {
    "changed": (
        change_sentence,
        change_value,
        change_actor,
        change_and_hash,
        change_hash,
        change_previous,
    ),
    "removed": (remove, remove_two, remove_and_close),
    "inserted": (insert_between, insert_stray),
    "order": (exchange_numbers, exchange_rows, exchange_contents),
    "blanked": (blank, blank_payload),
    "tail_cut": (cut_tail,),
    "rechained": (chain_anew,),
}
