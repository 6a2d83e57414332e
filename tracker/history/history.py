"""The audit record: who, what, before and after, when; append-only and hash-chained.

Each entry's hash covers its number, the hash before it and the hashes of its sentence and payload,
so that these may later be blanked by a recorded disposal while the chain still holds
(chain/rules.py; contracts.md, "Trust").
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping
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
    and_,
    cast,
    func,
    insert,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from tracker.chain import rules as chain
from tracker.kernel.permissions import Actor
from tracker.storage.database import Model, UtcDateTime, db, insert_into

# Stands for all rooms where a change does not say which.
EVERY_ROOM = "*"
# How many entries are read at a time.
CHUNK = 1000
# What the clock's daily check of the whole record is called.
VERIFIED = "history.verified"
_BIG = BigInteger().with_variant(Integer, "sqlite")


class HistoryEntry(Model):
    """One thing that was done."""

    __tablename__ = "history"
    __table_args__ = (
        Index(None, "subject_kind", "subject_id", "id"),
        # A page of the list, newest first: of all, or of what one filter leaves.
        Index(None, "at", "id"),
        Index(None, "municipality", "at", "id"),
        Index(None, "person_id", "at", "id"),
        Index(None, "verb", "at", "id"),
        Index("ix_history_kind", "subject_kind", "at", "id"),
    )

    id: Mapped[int] = mapped_column(_BIG, primary_key=True)
    # From 1, without gaps; the identifier may have some.
    number: Mapped[int] = mapped_column(_BIG, unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    person_id: Mapped[int | None]
    actor: Mapped[str] = mapped_column(String(200))
    municipality: Mapped[str | None] = mapped_column(String(40))
    verb: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(60))
    # Empty, as the payload, where it was disposed of.
    summary: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # Without it, hashes of short sentences could be guessed once they are disposed of.
    salt: Mapped[str | None] = mapped_column(String(32))
    # None: format 1, whose hash covers the sentence itself and no number.
    summary_hash: Mapped[str | None] = mapped_column(String(64))
    payload_hash: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str | None] = mapped_column(String(64))
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
    made = HistoryEntry(**_chained(row, *_last(session)))
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
    salt = secrets.token_hex(16)
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
        "salt": salt,
        "summary_hash": chain.digest([salt, summary]),
        "payload_hash": chain.digest([salt, payload]),
    }


def append(rows: Iterable[dict[str, Any]]) -> None:
    """Chains many entries (`new_row`) to the record in their order, in the caller's transaction."""
    number, last = _last(db.session())
    chained = []
    for row in rows:
        chained.append(_chained(row, number, last))
        number, last = chained[-1]["number"], chained[-1]["hash"]
    if chained:
        db.session.connection().execute(insert(HistoryEntry), chained)
        newest = db.session.scalar(select(func.max(HistoryEntry.id)))
        _mark_rooms(db.session(), (EVERY_ROOM,), newest or 0)


def _last(session: Session) -> tuple[int, str | None]:
    """Number and hash of the newest entry; until the commit nobody else adds one."""
    if db.engine.dialect.name == "postgresql":
        # Two writers must not lean on the same last entry.
        session.execute(text("SELECT pg_advisory_xact_lock(2522)"))
    session.flush()
    newest = select(HistoryEntry.number, HistoryEntry.hash).order_by(HistoryEntry.number.desc())
    found = session.execute(newest.limit(1)).first()
    return (found.number, found.hash) if found else (0, None)


def _chained(row: dict[str, Any], number: int, last: str | None) -> dict[str, Any]:
    placed = {**row, "number": number + 1, "previous": last}
    return {**placed, "hash": chain.link({**placed, "at": row["at"].isoformat()})}


def _mark_rooms(session: Session, rooms: Iterable[str], number: int) -> None:
    statement = insert_into(DataVersion.__table__)
    statement = statement.on_conflict_do_update(
        index_elements=["room"], set_={"number": statement.excluded.number}
    )
    rows = [{"room": room, "number": number} for room in sorted(rooms)]
    session.connection().execute(statement, rows)


def versions() -> Mapping[str, int]:
    """By room, a number that grows with every recorded change of its tables."""
    rows = db.session.execute(select(DataVersion.room, DataVersion.number))
    return {room: number for room, number in rows}  # noqa: C416 (a Row is no tuple to mypy)


def last_of(subject: Subject, verb: str | None = None, part: str = "") -> HistoryEntry | None:
    """The newest entry about a subject: who changed it last; with a `verb`, who did that last.

    With a `part` (table/key/) also an entry of another subject that told of that row.
    """
    own = HistoryEntry.subject_kind == subject.kind, HistoryEntry.subject_id == str(subject.id)
    told = cast(HistoryEntry.payload, Text).contains(f'"{part}', autoescape=True)
    done = true() if verb is None else HistoryEntry.verb == verb
    wanted = select(HistoryEntry).where(or_(and_(*own), told) if part else and_(*own), done)
    return db.session.scalar(wanted.order_by(HistoryEntry.id.desc()).limit(1))


def head() -> str | None:
    """N-HASH of the newest entry: whoever keeps it can prove that nothing before was changed."""
    newest = select(HistoryEntry.number, HistoryEntry.hash).order_by(HistoryEntry.number.desc())
    found = db.session.execute(newest.limit(1)).first()
    return f"{found.number}-{found.hash}" if found else None


def plain(since: int = 0) -> Iterator[dict[str, Any]]:
    """The entries after an identifier as the chain hashes them, in the order they were written."""
    table = HistoryEntry.__table__
    while True:
        chunk = select(table).where(table.c.id > since).order_by(table.c.id).limit(CHUNK)
        rows = db.session.execute(chunk).mappings().all()
        for row in rows:
            since = row["id"]
            yield {**row, "at": row["at"].isoformat()}
        if not rows:
            return


def verify(noted: str | None = None) -> chain.Problem | None:
    """The first thing that is wrong with the record, or None; `noted`: a head of an earlier day."""
    return next(iter(chain.check(plain(), noted).problems), None)
