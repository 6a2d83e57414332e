"""The audit record: who, what, before and after, when; append-only and hash-chained.

Each entry's hash covers the hash of its payload and the hash before it, so that a payload
may later be blanked by a recorded disposal while the chain still holds (product.md 10).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Index,
    Integer,
    String,
    Text,
    func,
    insert,
    select,
    text,
    true,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracker.kernel.permissions import Actor
from tracker.plumbing.db import Model, UtcDateTime, db

# Stands for all rooms where a change does not say which.
EVERY_ROOM = "*"
_BIG = BigInteger().with_variant(Integer, "sqlite")


class HistoryEntry(Model):
    """One thing that was done."""

    __tablename__ = "history"
    __table_args__ = (Index(None, "subject_kind", "subject_id", "id"),)

    id: Mapped[int] = mapped_column(_BIG, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    person_id: Mapped[int | None]
    actor: Mapped[str] = mapped_column(String(200))
    municipality: Mapped[str | None] = mapped_column(String(40))
    verb: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(60))
    summary: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    payload_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class DataVersion(Model):
    """The number of the newest entry that changed something of a room."""

    __tablename__ = "data_version"

    room: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int] = mapped_column(_BIG)


@dataclass(frozen=True)
class Subject:
    """What was acted on: a kind of record and its identifier."""

    kind: str
    id: int | str


def record(
    by: Actor | None,
    verb: str,
    subject: Subject,
    summary: str,
    *,
    at: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    rooms: Iterable[str] = (EVERY_ROOM,),
    session: Session | None = None,
) -> HistoryEntry:
    """Adds an entry to the caller's transaction; `by` None means the system itself.

    `verb` is a dotted word (report.submitted); `summary` is one Japanese sentence;
    `before` and `after` hold plain JSON values of what changed, `rooms` the folders whose tables
    did.  `session` is for who keeps a connection of their own.
    """
    session = session or db.session()
    row = new_row(by, verb, subject, summary, at=at, before=before, after=after)
    made = HistoryEntry(**row, hash=_link(row, _last_hash(session)))
    session.add(made)
    session.flush()
    _mark_rooms(session, rooms, made.id)
    return made


def new_row(
    by: Actor | None,
    verb: str,
    subject: Subject,
    summary: str,
    *,
    at: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """An entry as the row to insert, not yet chained; takes what `record` takes."""
    payload = {"before": dict(before or {}), "after": dict(after or {})}
    return {
        "at": at,
        "person_id": by.person_id if by else None,
        "actor": by.name if by else "連携協約 進行管理",
        "municipality": by.municipality if by else None,
        "verb": verb,
        "subject_kind": subject.kind,
        "subject_id": str(subject.id),
        "summary": summary,
        "payload": payload,
        "payload_hash": _digest(payload),
    }


def append(rows: Iterable[dict[str, Any]]) -> None:
    """Chains many entries (`new_row`) to the record in their order, in the caller's transaction."""
    last, chained = _last_hash(db.session()), []
    for row in rows:
        last = _link(row, last)
        chained.append({**row, "hash": last})
    if chained:
        db.session.connection().execute(insert(HistoryEntry), chained)
        newest = db.session.scalar(select(func.max(HistoryEntry.id)))
        _mark_rooms(db.session(), (EVERY_ROOM,), newest or 0)


def _last_hash(session: Session) -> str | None:
    if db.engine.dialect.name == "postgresql":
        # Two writers must not lean on the same last entry.
        session.execute(text("SELECT pg_advisory_xact_lock(2522)"))
    session.flush()
    return session.scalar(select(HistoryEntry.hash).order_by(HistoryEntry.id.desc()).limit(1))


def _mark_rooms(session: Session, rooms: Iterable[str], number: int) -> None:
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(DataVersion.__table__)
    statement = statement.on_conflict_do_update(
        index_elements=["room"], set_={"number": statement.excluded.number}
    )
    rows = [{"room": room, "number": number} for room in sorted(rooms)]
    session.connection().execute(statement, rows)


def versions() -> Mapping[str, int]:
    """By room, a number that grows with every recorded change of its tables."""
    rows = db.session.execute(select(DataVersion.room, DataVersion.number))
    return {room: number for room, number in rows}  # noqa: C416 (a Row is no tuple to mypy)


def last_of(subject: Subject, verb: str | None = None) -> HistoryEntry | None:
    """The newest entry about a subject: who changed it last; with a `verb`, who did that last."""
    return db.session.scalar(
        select(HistoryEntry)
        .where(
            HistoryEntry.subject_kind == subject.kind,
            HistoryEntry.subject_id == str(subject.id),
            true() if verb is None else HistoryEntry.verb == verb,
        )
        .order_by(HistoryEntry.id.desc())
        .limit(1)
    )


def entries(limit: int, offset: int = 0) -> tuple[Sequence[HistoryEntry], int]:
    """`limit` entries of the record after `offset`, newest first, and how many there are."""
    count = db.session.scalar(select(func.count()).select_from(HistoryEntry)) or 0
    newest_first = select(HistoryEntry.id).order_by(HistoryEntry.id.desc())
    ids = newest_first.limit(limit).offset(offset)
    return (
        db.session.scalars(
            select(HistoryEntry).where(HistoryEntry.id.in_(ids)).order_by(HistoryEntry.id.desc())
        ).all(),
        count,
    )


def head() -> str | None:
    """The hash of the newest entry: whoever keeps it can prove that nothing before was changed."""
    return db.session.scalar(select(HistoryEntry.hash).order_by(HistoryEntry.id.desc()).limit(1))


def verify() -> int | None:
    """Walks the chain; the id of the first entry that does not fit, or None when all do."""
    last: str | None = None
    last_id = 0
    table = HistoryEntry.__table__
    while True:
        chunk = db.session.execute(
            select(table).where(table.c.id > last_id).order_by(table.c.id).limit(500)
        ).mappings()
        before = last_id
        for entry in map(dict[str, Any], chunk):
            whole = entry["payload"] is None or _digest(entry["payload"]) == entry["payload_hash"]
            if not whole or entry["hash"] != _link(entry, last):
                return int(entry["id"])
            last, last_id = entry["hash"], entry["id"]
        if last_id == before:
            return None


def _digest(value: Any) -> str:
    plain = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def _link(entry: Mapping[str, Any], last: str | None) -> str:
    names = ("person_id", "actor", "municipality", "verb", "subject_kind", "subject_id", "summary")
    values = (entry[name] for name in (*names, "payload_hash"))
    return _digest([last, entry["at"].isoformat(), *values])
