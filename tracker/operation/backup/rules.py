"""The shape of a backup: what its manifest says, and each value as JSON and back, exactly.

A zip with `manifest.json`, `tables/NAME.jsonl` (a JSON array a row, in the order of the columns)
and `uploads/…`.  Nothing in it depends on the engine.  Source: issue D2, part 2.
"""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

FORMAT = 1
MANIFEST = "manifest.json"
# Sessions and one-time keys end with a restore; forms kept for them are files, and no part of it.
LEFT_OUT = frozenset({"sign_in", "once"})
LARGEST_MANIFEST = 16 * 1024 * 1024
LONGEST_ROW = 64 * 1024 * 1024
# Text of ours takes a tenth when packed; what takes a thousandth was made to fill a disk.
MOST_UNPACKED = 100
_FREE = 1024 * 1024
_UPLOAD = re.compile(r"uploads/([0-9a-f]{2})/(\1[0-9a-f]{62})")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Damaged(ValueError):
    """A file that is no whole backup; its words say where."""


@dataclass(frozen=True)
class Member:
    """A file inside: its bytes, the sha256 of these, and for a table its rows."""

    size: int
    sha256: str
    rows: int = 0
    columns: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself; `key` is the fingerprint of the secret key, never the key."""

    version: str
    revision: str
    engine: str
    made_at: datetime
    key: str
    head: str | None
    parts: Mapping[str, Member]

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(part.rows for part in self.parts.values())


def part_of(table: str) -> str:
    """The name inside the zip of a table."""
    return f"tables/{table}.jsonl"


def fingerprint(secret_key: str) -> str:
    """16 hex digits that tell secret keys apart and from which none can be made."""
    return hmac.digest(secret_key.encode(), b"fingerprint", "sha256").hex()[:16]


def write_manifest(manifest: Manifest) -> bytes:
    """The manifest as JSON."""
    said = {
        "format": FORMAT,
        "product": "renkei-tracker",
        **{name: getattr(manifest, name) for name in ("version", "revision", "engine")},
        "made_at": manifest.made_at.isoformat(),
        "key_fingerprint": manifest.key,
        "history_head": manifest.head,
        "parts": {
            name: {"bytes": part.size, "sha256": part.sha256}
            | ({} if part.columns is None else {"rows": part.rows, "columns": part.columns})
            for name, part in manifest.parts.items()
        },
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode()


def read_manifest(text: bytes) -> Manifest:
    """Raises Damaged for whatever is no manifest of this format."""
    try:
        said = json.loads(text)
        if said["format"] != FORMAT or said["product"] != "renkei-tracker":
            raise Damaged(MANIFEST)
        parts = {name: _part(one) for name, one in said["parts"].items()}
        made_at = datetime.fromisoformat(said["made_at"])
        words = [said[name] for name in ("version", "revision", "engine", "key_fingerprint")]
        head = said["history_head"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(MANIFEST) from error
    if made_at.tzinfo is None or not all(isinstance(one, str) for one in (*words, head or "")):
        raise Damaged(MANIFEST)
    version, revision, engine, key = words
    return Manifest(version, revision, engine, made_at, key, head, parts)


def _part(said: Mapping[str, Any]) -> Member:
    columns = said.get("columns")
    part = Member(said["bytes"], said["sha256"], said.get("rows", 0), columns)
    numbers = all(type(one) is int and one >= 0 for one in (part.size, part.rows))
    known = columns is None or all(kind in KINDS for kind in columns.values())
    if not (numbers and known and _DIGEST.fullmatch(part.sha256)):
        raise Damaged(MANIFEST)
    return part


def check_parts(
    manifest: Manifest,
    tables: Mapping[str, Mapping[str, str]],
    found: Sequence[tuple[str, int]],
    packed: int,
) -> None:
    """Whether the zip holds what its manifest says, and that what the product has, nothing else.

    `tables` are the product's own with the kind of each column, `found` the names and unpacked
    sizes inside a zip of `packed` bytes.  Raises Damaged.
    """
    names = [name for name, _ in found]
    if len(names) != len(set(names)):
        raise Damaged("two files of one name")
    if set(names) != {MANIFEST, *manifest.parts}:
        raise Damaged("、".join(sorted(set(names) ^ {MANIFEST, *manifest.parts})[:3]))
    for name, size in found:
        if name != MANIFEST and size != manifest.parts[name].size:
            raise Damaged(name)
    if sum(size for _, size in found) > _FREE + MOST_UNPACKED * packed:
        raise Damaged("packed too tightly")
    of_tables = {name for name, part in manifest.parts.items() if part.columns is not None}
    for table, columns in tables.items():
        part = manifest.parts.get(part_of(table))
        if part is None or part.columns != columns:
            raise Damaged(part_of(table))
    if more := of_tables - set(map(part_of, tables)):
        raise Damaged(min(more))
    for name in manifest.parts.keys() - of_tables:
        found_name = _UPLOAD.fullmatch(name)
        if not found_name or found_name[2] != manifest.parts[name].sha256:
            raise Damaged(name[:100])


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("no text")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueError("no whole number")
    return value


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError("neither true nor false")
    return value


def _instant(value: Any) -> datetime:
    found = datetime.fromisoformat(_text(value))
    if found.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return found


def _json(value: Any) -> str:
    json.loads(_text(value))
    return str(value)


def _plain_bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(_text(value), validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


def _same(value: Any) -> Any:
    return value


def _iso(value: Any) -> str:
    return str(value.isoformat())


# Kind of a column -> its value as JSON, and back (ValueError where it is none).
KINDS: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "text": (_same, _text),
    "whole": (_same, _whole),
    "flag": (_same, _flag),
    "instant": (lambda value: value.astimezone(UTC).isoformat(), _instant),
    "date": (_iso, lambda value: date.fromisoformat(_text(value))),
    "time": (_iso, lambda value: time.fromisoformat(_text(value))),
    # As the text that stands in the database: a value is neither rounded nor put in order.
    "json": (_same, _json),
    "exact": (str, lambda value: Decimal(_text(value))),
    "bytes": (lambda value: base64.b64encode(value).decode(), _plain_bytes),
}


def write_row(kinds: Sequence[str], values: Iterable[Any]) -> bytes:
    """A row as a line."""
    plain = [
        None if value is None else KINDS[kind][0](value)
        for kind, value in zip(kinds, values, strict=True)
    ]
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read_row(kinds: Sequence[str], line: bytes) -> list[Any]:
    """The values of a line; raises ValueError where it is no row of these kinds."""
    try:
        plain = json.loads(line)
        if not isinstance(plain, list):
            raise ValueError("no row")
        return [
            None if value is None else KINDS[kind][1](value)
            for kind, value in zip(kinds, plain, strict=True)
        ]
    except (ArithmeticError, RecursionError) as error:
        raise ValueError("no row") from error
