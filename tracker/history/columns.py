"""What a database session changed, column by column, as far as the record may show it.

Source: contracts.md, "Acts, conflicts, keys".
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

from flask import current_app
from sqlalchemy import Table, Text, event, inspect, select
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.orm.attributes import get_state_history
from sqlalchemy.orm.base import PASSIVE_NO_INITIALIZE

from tracker.characters.characters import check_line, check_lines
from tracker.history.history import Subject
from tracker.storage.database import Model

# Tables of which the record says nothing, each with its reason.
EXEMPT: Mapping[str, str] = {
    "alembic_version": "which migrations have run",
    "clock_state": "the clock's own book, written at every pass",
    "data_version": "what caches go by; says nothing of its own",
    "history": "the record itself",
    "letter": "mail keeps its own books: every state and attempt stands on the letter's page",
    "letter_item": "mail's books",
    "letter_secret": "mail's books",
    "mailbox_state": "mail's books",
    "material_opening": "who opened a paper first when; not what anybody decided",
    "once": "the keys of forms already carried out",
    "reset_request": "what the clock's next pass does; the letter itself is recorded",
    "send_attempt": "mail's books",
    "sign_in": "who is signed in where; ends by itself",
    "sign_in_event": "the record of signing in itself",
    "sign_in_delay": "tries at signing in; a count ends by itself",
}


class Mark(StrEnum):
    """What the record may say of a column (contracts.md, "Acts, conflicts, keys").

    PRIVATE: digest and length; NEVER: nothing, it is a secret; UNRECORDED: it follows from others.
    """

    OPEN = "open"
    PRIVATE = "private"
    NEVER = "never"
    UNRECORDED = "unrecorded"


# For `mapped_column(info=...)`.
PRIVATE, NEVER, UNRECORDED = (
    {"record": mark} for mark in (Mark.PRIVATE, Mark.NEVER, Mark.UNRECORDED)
)


def subject_of(row: Model) -> Subject:
    """How the record calls a row: by its class's `subject_kind`, else its table, and its key."""
    kind = getattr(row, "subject_kind", row.__tablename__)
    return Subject(kind, key_of(row))


def key_of(row: Model) -> str:
    """A row's key in one word; parts of a compound one are joined with hyphens."""
    state = inspect(row)
    # A row just flushed has its key, but not yet its identity.
    key = state.identity or state.mapper.primary_key_from_instance(row)
    return "-".join(str(as_json(part)) for part in key)


def room_of(kind: type[Model]) -> str:
    """What caches call the data of a table: its folder, or the part of it that is read by itself."""
    return getattr(kind, "data_room", None) or kind.__module__.split(".")[1]


class Noted:
    """Every column changed since the collecting began: by row and column, first → last."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], dict[str, list[Any]]] = {}
        self.rooms: set[str] = set()

    def is_touched(self, row: Model) -> bool:
        """Whether a column of that row was changed."""
        return bool(self.rows.get((row.__tablename__, key_of(row))))

    def note(self, row: Model, column: Any, before: Any, after: Any) -> None:
        """Takes one change in, as far as the record may show it; raises Refusal for characters."""
        mark = column.info.get("record", Mark.OPEN)
        if row.__tablename__ in EXEMPT:
            return
        if isinstance(after, str):
            # Whatever way it came: what forms say beside the box is said of files and commands too.
            (check_lines if isinstance(column.type, Text) else check_line)(after, column.name)
        self.rooms.add(room_of(type(row)))
        cells = self.rows.setdefault((row.__tablename__, key_of(row)), {})
        if mark in (Mark.NEVER, Mark.UNRECORDED):
            return
        show = sealed if mark is Mark.PRIVATE else as_json
        if column.name in cells:
            cells[column.name][1] = show(after)
        else:
            cells[column.name] = [show(before), show(after)]

    def told(self, subject: Model | Subject) -> tuple[dict[str, Any], dict[str, Any]]:
        """Before and after: the subject's own columns by name, others as table/key/column."""
        own = None if isinstance(subject, Subject) else (subject.__tablename__, key_of(subject))
        before, after = {}, {}
        for place, cells in self.rows.items():
            prefix = "" if place == own else f"{place[0]}/{place[1]}/"
            for name, (was, now) in cells.items():
                if was == now:
                    continue
                if was is not None:
                    before[prefix + name] = was
                if now is not None or was is not None:
                    after[prefix + name] = now
        return before, after


def as_json(value: Any) -> Any:
    """A value as JSON keeps it."""
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | str():
            return value
        case datetime() | date() | time():
            return value.isoformat()
        case Mapping():
            return {str(key): as_json(one) for key, one in value.items()}
        case list() | tuple():
            return [as_json(one) for one in value]
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)


def sealed(value: Any) -> Any:
    """Digest and length of what only readers of the subject may see.

    The digest takes the secret key: a short text or a number cannot be found by trying.
    """
    if value is None:
        return None
    text = str(as_json(value))
    secret = str(current_app.config["SECRET_KEY"]).encode()
    digest = hmac.new(secret, b"record " + text.encode(), hashlib.sha256).hexdigest()
    return {"digest": digest, "length": len(text)}


@event.listens_for(Session, "before_flush")
def _note_changes(session: Session, _context: Any, _instances: Any) -> None:
    noted: Noted | None = session.info.get("noted")
    changed = [row for row in session.dirty if session.is_modified(row)]
    if noted is None:
        if session.info.get("acts"):
            _refuse_unrecorded([*changed, *session.new, *session.deleted])
        return
    for row in changed:
        _note_change(session, noted, row)
    for row in session.deleted:
        state = inspect(row)
        for one in state.mapper.column_attrs:
            noted.note(row, one.columns[0], getattr(row, one.key), None)


def _note_change(session: Session, noted: Noted, row: Any) -> None:
    state = inspect(row)
    unknown = {}
    for one in state.mapper.column_attrs:
        told = get_state_history(state, one.key, PASSIVE_NO_INITIALIZE)
        if told.added and told.deleted:
            noted.note(row, one.columns[0], told.deleted[0], told.added[0])
        elif told.added:
            unknown[one.columns[0]] = told.added[0]
    if not unknown:
        return
    table: Table = state.mapper.local_table
    where = [column == part for column, part in zip(table.primary_key, state.identity, strict=True)]
    stored = session.connection().execute(select(*unknown).where(*where)).one()
    for (column, now), was in zip(unknown.items(), stored, strict=True):
        noted.note(row, column, was, now)


@event.listens_for(Session, "after_flush")
def _note_new(session: Session, _context: Any) -> None:
    noted: Noted | None = session.info.get("noted")
    if noted is None:
        return
    for row in session.new:
        state = inspect(row)
        for one in state.mapper.column_attrs:
            column = one.columns[0]
            if not column.primary_key or column.foreign_keys:
                noted.note(row, column, None, state.dict.get(one.key))


def _refuse_unrecorded(rows: Iterable[Any]) -> None:
    loose = [row for row in rows if row.__tablename__ not in EXEMPT]
    if loose:
        raise RuntimeError(f"changed outside act.change: {loose[0].__tablename__}")


@event.listens_for(Session, "do_orm_execute")
def _refuse_bulk(state: ORMExecuteState) -> None:
    """The record sees rows, not statements: within an act a table is not written in bulk."""
    if not (state.is_insert or state.is_update or state.is_delete):
        return
    if not state.session.info.get("acts"):
        return
    mapper = state.bind_mapper
    if mapper is not None and str(mapper.local_table) not in EXEMPT:
        raise RuntimeError(f"written in bulk, which the record cannot see: {mapper.local_table}")
