"""Writing a backup while everything runs, and bringing one back into a database of either engine."""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any, NamedTuple

from flask import current_app
from sqlalchemy import ColumnClause, Connection, String, column, func, insert, select, table, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.types import UserDefinedType

from tracker.attachments import uploads
from tracker.history import history
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.operation.backup import queries
from tracker.operation.backup.rules import (
    LARGEST_MANIFEST,
    LONGEST_ROW,
    MANIFEST,
    Damaged,
    Manifest,
    Member,
    check_parts,
    fingerprint,
    part_of,
    read_manifest,
    read_row,
    write_manifest,
    write_row,
)
from tracker.plumbing.db import UtcDateTime, db
from tracker.reminders.actions import hold
from tracker.schema.actions import upgrade
from tracker.storage.files import written_whole

DAMAGED = N_("バックアップのファイルが壊れているか、このしくみのものではありません（%(where)s）。")
OTHER_VERSION = N_(
    "このバックアップは、別の版（%(version)s、データの形 %(revision)s）で作られました。"
    "その版で復元してから、新しい版に上げてください。"
)
FULL = N_(
    "復元先には、すでにデータがあります（%(where)s）。"
    "置き換えてよければ、--replace を付けて、もう一度実行してください。"
)
BROKEN_CHAIN = N_("バックアップの中の監査記録がつながっていないため、復元しませんでした。")
# Everything a damaged zip makes its reader raise.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    # Damaged among them, and what is encrypted or packed in ways of others.
    ValueError,
    EOFError,
    KeyError,
    RuntimeError,
)
_PIECE = 1024 * 1024


class Restored(NamedTuple):
    """What a restore brought back."""

    manifest: Manifest
    rows: int
    held: int
    is_same_key: bool


def own_fingerprint() -> str:
    """The fingerprint of this installation's secret key."""
    return fingerprint(str(current_app.config["SECRET_KEY"]))


# --- backup ----------------------------------------------------------------------------------------


def back_up(path: Path, at: datetime, lost: list[str] | None = None) -> Manifest:
    """Writes the whole installation into a file, from one moment of the database.

    Without sessions and one-time keys, the secret key, and letters and forms that lie as files.
    Attachments that are gone, or are not what was kept, are left out and noted in `lost`.  Raises
    OSError where the file cannot be written; nothing of it is there then.
    """
    parts: dict[str, Member] = {}
    with (
        written_whole(path) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zipped,
        queries.snapshot() as connection,
    ):
        if not queries.is_newest(connection):
            raise Refusal(
                _("データの形が古いままです。先に tracker db upgrade を実行してください。")
            )
        for name, columns in queries.shape().items():
            kinds = list(columns.values())
            found = queries.rows(connection, db.metadata.tables[name])
            lines = (write_row(kinds, row) for row in found)
            parts[part_of(name)] = _add(zipped, part_of(name), lines, columns)
        newest = connection.execute(_HEAD).first()
        for digest in uploads.named(connection):
            content = uploads.content_of(digest)
            if content is None:
                (lost if lost is not None else []).append(digest)
            else:
                name = f"uploads/{digest[:2]}/{digest}"
                parts[name] = _add(zipped, name, iter([content]), None)
        made = Manifest(
            _version(),
            queries.revision(),
            connection.dialect.name,
            at,
            own_fingerprint(),
            f"{newest.number}-{newest.hash}" if newest else None,
            parts,
        )
        zipped.writestr(MANIFEST, write_manifest(made))
    return made


def _version() -> str:
    try:
        return version("renkei-tracker")
    except PackageNotFoundError:
        # Run from its source, as `./dev run` does.
        return "source"


_ENTRY = history.HistoryEntry
_HEAD = select(_ENTRY.number, _ENTRY.hash).order_by(_ENTRY.number.desc()).limit(1)


def _add(
    zipped: zipfile.ZipFile,
    name: str,
    pieces: Iterator[bytes],
    columns: Mapping[str, str] | None,
) -> Member:
    digest, size, count = hashlib.sha256(), 0, 0
    with zipped.open(name, "w", force_zip64=True) as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
            size, count = size + len(piece), count + 1
    return Member(size, digest.hexdigest(), 0 if columns is None else count, columns)


# --- restore ---------------------------------------------------------------------------------------


def restore(path: Path, at: datetime, *, replace: bool = False) -> Restored:
    """Brings a backup back into this home and database, all of it or nothing.

    Everything of the file is checked first; the rows then go in within one transaction, which ends
    only where the database takes them and the record's chain holds.  Letters that were to go out
    wait until `tracker letters release`.  Raises Refusal.
    """
    with _opened(path) as (zipped, manifest):
        _check_content(zipped, manifest)
        if not replace and (where := queries.filled() or _filled_home()):
            raise Refusal(_(FULL, where=where))
        upgrade()
        try:
            db.session.rollback()
            connection = db.session.connection()
            with _unguarded(connection):
                _empty(connection)
                _fill(connection, zipped, manifest)
                held = hold(at)
            if history.verify(manifest.head) is not None:
                raise Refusal(_(BROKEN_CHAIN))
            _bring_uploads(zipped, manifest)
            db.session.commit()
        except (DBAPIError, StatementError, OverflowError) as error:
            raise Refusal(_(DAMAGED, where=_first_line(error))) from error
        finally:
            db.session.rollback()
    for post in (Path(current_app.config["HOME"]) / "kept").glob("*"):
        post.unlink(missing_ok=True)
    return Restored(manifest, manifest.rows, held, manifest.key == own_fingerprint())


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    try:
        with zipfile.ZipFile(path) as zipped:
            found = [(one.filename, one.file_size) for one in zipped.infolist()]
            if dict(found).get(MANIFEST, LARGEST_MANIFEST) >= LARGEST_MANIFEST:
                raise Damaged(MANIFEST)
            with zipped.open(MANIFEST) as file:
                manifest = read_manifest(file.read(LARGEST_MANIFEST))
            if manifest.revision != queries.revision():
                said = {"version": manifest.version, "revision": manifest.revision}
                raise Refusal(_(OTHER_VERSION, **said))
            check_parts(manifest, queries.shape(), found, path.stat().st_size)
            yield zipped, manifest
    except OSError as error:
        raise Refusal(
            _("ファイルを読めませんでした（%(where)s）。", where=_first_line(error))
        ) from error
    except _UNREADABLE as error:
        raise Refusal(_(DAMAGED, where=_first_line(error))) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _check_content(zipped: zipfile.ZipFile, manifest: Manifest) -> None:
    """Reads all of it once: sizes, digests, how many rows, and that each value is of its kind."""
    for name, part in manifest.parts.items():
        digest, size, count = hashlib.sha256(), 0, 0
        kinds = list(part.columns.values()) if part.columns is not None else []
        with zipped.open(name) as file:
            for piece in _lines(file) if kinds else iter(lambda: file.read(_PIECE), b""):
                digest.update(piece)
                size, count = size + len(piece), count + 1
                if size > part.size:
                    raise Damaged(name)
                if kinds:
                    _read(name, count, kinds, piece)
        if (size, digest.hexdigest()) != (part.size, part.sha256):
            raise Damaged(name)
        if kinds and count != part.rows:
            raise Damaged(name)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(LONGEST_ROW + 1):
        if len(line) > LONGEST_ROW:
            raise Damaged("a row without end")
        yield line


def _read(name: str, number: int, kinds: list[str], line: bytes) -> list[Any]:
    try:
        return read_row(kinds, line)
    except ValueError as error:
        raise Damaged(f"{name} {number}") from error


def _filled_home() -> str | None:
    """What a home holds that belongs to other data, or None."""
    home = Path(current_app.config["HOME"])
    found = (one for folder in ("outbox", "uploads") for one in (home / folder).rglob("*"))
    return next((str(one) for one in found if one.is_file()), None)


_REFERENCES = text(
    "SELECT CAST(conrelid AS regclass), conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE contype = 'f' AND connamespace = CAST(current_schema() AS regnamespace)"
)


@contextmanager
def _unguarded(connection: Connection) -> Iterator[None]:
    """Rows may go and come inside in any order: no trigger refuses it, references hold at the end."""
    if connection.dialect.name == "postgresql":
        names, references = sorted(db.metadata.tables), connection.execute(_REFERENCES).all()
        for name in names:
            connection.execute(text(f'ALTER TABLE "{name}" DISABLE TRIGGER USER'))
        for name, reference, _said in references:
            connection.execute(text(f'ALTER TABLE {name} DROP CONSTRAINT "{reference}"'))
        yield
        for name, reference, said in references:
            connection.execute(text(f'ALTER TABLE {name} ADD CONSTRAINT "{reference}" {said}'))
        for name in names:
            connection.execute(text(f'ALTER TABLE "{name}" ENABLE TRIGGER USER'))
        return
    connection.execute(text("PRAGMA defer_foreign_keys=ON"))
    found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    triggers = found.all()
    for name, _sql in triggers:
        connection.execute(text(f'DROP TRIGGER "{name}"'))
    yield
    for _name, sql in triggers:
        connection.exec_driver_sql(sql)


def _empty(connection: Connection) -> None:
    for one in reversed(db.metadata.sorted_tables):
        connection.execute(one.delete())


class _Json(UserDefinedType[str]):
    """JSON as the text that is to stand in the database."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The name of the type; SQLAlchemy asks for it."""
        return "JSON"


def _fill(connection: Connection, zipped: zipfile.ZipFile, manifest: Manifest) -> None:
    for one in queries.kept_tables():
        part = manifest.parts[part_of(one.name)]
        assert part.columns is not None
        kinds = list(part.columns.values())
        stored: dict[str, Any] = {"json": _Json(), "text": String(), "instant": UtcDateTime()}
        columns: list[ColumnClause[Any]] = [
            column(c.name, stored.get(kind, c.type)) for c, kind in zip(one.c, kinds, strict=True)
        ]
        target = insert(table(one.name, *columns))
        names = [c.name for c in columns]
        with zipped.open(part_of(one.name)) as file:
            some: list[dict[str, Any]] = []
            for number, line in enumerate(_lines(file), 1):
                values = _read(one.name, number, kinds, line)
                some.append(dict(zip(names, values, strict=True)))
                if len(some) == queries.AT_ONCE:
                    connection.execute(target, some)
                    some = []
            if some:
                connection.execute(target, some)
        _count_on(connection, one)


def _count_on(connection: Connection, one: Any) -> None:
    """New rows get numbers after those that came: PostgreSQL counts apart from the rows."""
    key = list(one.primary_key.columns)
    if connection.dialect.name != "postgresql" or len(key) != 1:
        return
    asked = select(func.pg_get_serial_sequence(f'"{one.name}"', key[0].name))
    if sequence := connection.scalar(asked):
        newest = connection.scalar(select(func.max(key[0])))
        connection.execute(select(func.setval(sequence, newest or 1, newest is not None)))


def _bring_uploads(zipped: zipfile.ZipFile, manifest: Manifest) -> None:
    """Files are named after what they hold: one that is there already is the same."""
    for name, part in manifest.parts.items():
        if part.columns is None:
            path = Path(current_app.config["HOME"]) / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with written_whole(path) as file, zipped.open(name) as content:
                while piece := content.read(_PIECE):
                    file.write(piece)
