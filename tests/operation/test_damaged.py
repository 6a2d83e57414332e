"""A file that is no whole backup is refused before anything is replaced, and in words."""

import hashlib
import json
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.app_fixtures import copy_database, opened
from tests.operation.kept import everything
from tracker.history.history import Subject
from tracker.kernel.refusal import Refusal
from tracker.operation.backup.actions import back_up, restore
from tracker.operation.backup.rules import MANIFEST
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

Members = dict[str, bytes]
TOWNS = "tables/municipality.jsonl"
RECORD = "tables/history.jsonl"


def packed(members: Mapping[str, bytes], path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)


def told(members: Members, change: Callable[[dict[str, Any]], object]) -> Members:
    """The same with a manifest that says otherwise."""
    said = json.loads(members[MANIFEST])
    change(said)
    return {**members, MANIFEST: json.dumps(said).encode()}


def sealed(members: Members, name: str, content: bytes, **more: Any) -> Members:
    """Other content, to which size, digest and count of the manifest fit: somebody's work."""
    part = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), **more}
    old = json.loads(members[MANIFEST])["parts"].get(name, {})
    if "rows" in old:
        part.setdefault("rows", content.count(b"\n"))
    there = told(members, lambda said: said["parts"].update({name: {**old, **part}}))
    return {**there, name: content}


def upload(content: bytes) -> str:
    """The name under which a backup keeps a file."""
    digest = hashlib.sha256(content).hexdigest()
    return f"uploads/{digest[:2]}/{digest}"


def rows(members: Members, name: str) -> list[list[Any]]:
    return [json.loads(line) for line in members[name].splitlines()]


def lines(some: list[list[Any]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in some)


def changed(members: Members, name: str, place: int, value: Any) -> Members:
    some = rows(members, name)
    some[0][place] = value
    return sealed(members, name, lines(some))


def columns(members: Members) -> list[str]:
    return list(json.loads(members[MANIFEST])["parts"][RECORD]["columns"])


def without(members: Members, name: str) -> Members:
    return {one: content for one, content in members.items() if one != name}


DAMAGED: Mapping[str, Callable[[Members], Members]] = {
    "no manifest": lambda m: without(m, MANIFEST),
    "a manifest that is no JSON": lambda m: {**m, MANIFEST: m[MANIFEST][:-40]},
    "another format": lambda m: told(m, lambda said: said.update(format=2)),
    "another revision": lambda m: told(m, lambda said: said.update(revision="0001")),
    "a table is missing": lambda m: without(m, TOWNS),
    "a table is missing, and not named": lambda m: told(
        without(m, TOWNS), lambda said: said["parts"].pop(TOWNS)
    ),
    "a row is missing": lambda m: {**m, TOWNS: m[TOWNS].split(b"\n", 1)[1]},
    "a letter is another": lambda m: {**m, TOWNS: m[TOWNS].replace(b"aomori", b"Aomori")},
    "fewer rows than are told": lambda m: sealed(m, TOWNS, m[TOWNS], rows=6),
    "a column is another": lambda m: told(
        m, lambda said: said["parts"][TOWNS]["columns"].update(code="whole")
    ),
    "text for a number": lambda m: changed(m, TOWNS, 0, "1"),
    "a number too large": lambda m: changed(m, TOWNS, 0, 2**64),
    "a time without its zone": lambda m: changed(
        m, RECORD, columns(m).index("at"), "2026-01-01T00:00:00"
    ),
    "nothing where something must be": lambda m: changed(m, TOWNS, 1, None),
    "a reference to nothing": lambda m: sealed(m, TOWNS, lines(rows(m, TOWNS)[1:])),
    "twice the same key": lambda m: sealed(m, TOWNS, m[TOWNS] + m[TOWNS]),
    "an entry was taken out": lambda m: sealed(m, RECORD, lines(rows(m, RECORD)[1:])),
    "the last entry was taken out": lambda m: sealed(m, RECORD, lines(rows(m, RECORD)[:-1])),
    "an entry says otherwise": lambda m: sealed(
        m, RECORD, m[RECORD].replace("試した".encode(), "試さぬ".encode())
    ),
    "a row of lists": lambda m: sealed(m, TOWNS, b"[" * 100_000 + b"\n"),
    "a row that is none": lambda m: sealed(m, TOWNS, b'{"id": 1}\n'),
    "a file of others": lambda m: {**m, "more": b"x"},
    "a name that leads out": lambda m: sealed(m, "uploads/../../x", b"x"),
    "a name from the root": lambda m: sealed(m, "/etc/cron.d/x", b"x"),
    "a name of Windows": lambda m: sealed(m, "uploads\\..\\x", b"x"),
    "a table of others": lambda m: sealed(m, "tables/more.jsonl", b"", rows=0, columns={}),
    "a bomb": lambda m: sealed(m, upload(b"0" * 50_000_000), b"0" * 50_000_000),
    "a file under another's name": lambda m: sealed(m, upload(b"x"), b"y"),
    "a bomb of one row": lambda m: sealed(m, TOWNS, b"[" + b" " * 50_000_000 + b"]\n"),
    "a manifest without end": lambda m: {**m, MANIFEST: m[MANIFEST] + b" " * 20_000_000},
    "numbers below nothing": lambda m: told(m, lambda said: said["parts"][TOWNS].update(bytes=-1)),
}


# What only the database itself, or the chain of the record in it, finds.
REACHING = {
    "nothing where something must be",
    "a reference to nothing",
    "twice the same key",
    "an entry was taken out",
    "the last entry was taken out",
    "an entry says otherwise",
}


def _with_another_byte(whole: bytes) -> bytes:
    at = whole.index(RECORD.encode()) + len(RECORD) + 40
    return whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :]


def _flagged(whole: bytes, local: int, central: int, value: int) -> bytes:
    """Another number in the headers of the first file."""
    made = bytearray(whole)
    struct.pack_into("<H", made, local, value)
    struct.pack_into("<H", made, whole.index(b"PK\x01\x02") + central, value)
    return bytes(made)


# Where the zip itself is not whole.
BROKEN: Mapping[str, Callable[[bytes], bytes]] = {
    "cut": lambda whole: whole[: len(whole) // 2],
    "empty": lambda whole: b"",
    "no zip": lambda whole: b"%PDF-1.7 " + whole[9:400],
    "a byte is another": _with_another_byte,
    "encrypted": lambda whole: _flagged(whole, 6, 8, 1),
    "packed in an unknown way": lambda whole: _flagged(whole, 8, 10, 99),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("whole")
    path = folder / "kept.zip"
    with opened(copy_database("cast", "sqlite", folder), folder) as app, app.app_context():
        for _turn in range(2):
            with Act(None, clock.now()).change("test.done", Subject("test", 1), "試した。"):
                pass
        back_up(path, clock.now())
    return path.read_bytes()


@pytest.fixture
def held(both: Flask) -> Iterator[Callable[[Path], str]]:
    """Tries a file on data that are there, and gives what is said; nothing may be another after."""
    before = everything(with_held=True)

    def refused(path: Path) -> str:
        with pytest.raises(Refusal) as caught:
            restore(path, clock.now(), replace=True)
        assert everything(with_held=True) == before
        return caught.value.message

    yield refused


@pytest.mark.engines_by_turns
def test_damaged_and_hostile_backups_are_refused(
    held: Callable[[Path], str], whole: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "tried.zip"
    path.write_bytes(whole)
    with zipfile.ZipFile(path) as zipped:
        members = {name: zipped.read(name) for name in zipped.namelist()}
    said = {}
    for name, damage in DAMAGED.items():
        # What is seen before the database is asked is tried on one engine.
        if db.engine.name == "sqlite" or name in REACHING:
            packed(damage(members), path)
            said[name] = held(path)
    for name, cut in BROKEN.items():
        path.write_bytes(cut(whole))
        said[name] = held(path)
    assert said.keys() > REACHING
    assert {name for name, words in said.items() if "壊れている" not in words} - {
        "another revision",
    } == {
        "an entry was taken out",
        "the last entry was taken out",
        "an entry says otherwise",
    }
    assert "監査記録" in said["an entry was taken out"]
    assert "0001" in said.get("another revision", "0001")
    assert not (tmp_path / "x").exists() and not (tmp_path / "uploads").exists()


def test_what_was_not_damaged_is_taken(both: Flask, whole: bytes, tmp_path: Path) -> None:
    """The test above could fail: the file it damages is good, and so is one packed anew."""
    path = tmp_path / "tried.zip"
    path.write_bytes(whole)
    with zipfile.ZipFile(path) as zipped:
        members = {name: zipped.read(name) for name in zipped.namelist()}
    packed(sealed(members, upload(b"kept"), b"kept"), path)
    restore(path, clock.now(), replace=True)
    assert len(everything()["history"]) == 2
    assert (tmp_path / upload(b"kept")).read_bytes() == b"kept"
