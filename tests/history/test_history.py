"""The record can be read, and what was changed behind its back is found and named."""

import json
import time
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from tests.history.tampering import KINDS, Tampering, insert_stray
from tracker.chain import rules as chain
from tracker.history import history
from tracker.history.history import HistoryEntry, Subject
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.schema import append_only
from tracker.storage.files import project_root

pytestmark = pytest.mark.engines_by_turns

ALL = [(kind, one) for kind, many in KINDS.items() for one in many]


def write(count: int) -> list[int]:
    """That many entries, committed; their ids."""
    ids = []
    for number in range(count):
        entry = history.record(
            None,
            "test.done",
            Subject("test", number),
            f"{number}番目のこと",
            at=clock.now(),
            before={"値": number},
            after={"値": number + 1},
        )
        ids.append(entry.id)
    db.session.commit()
    return ids


def found(kind: str, tamper: Tampering, number: int, noted: str | None) -> None:
    """Tampers, asks what is wrong, of the database and of a file, and puts all back.

    With the triggers in place nobody can.
    """
    if tamper is not insert_stray:
        with pytest.raises(IntegrityError):
            tamper(db.session.connection(), number)
        db.session.rollback()
    append_only.lift(db.session.connection())
    where = tamper(db.session.connection(), number)
    verdict = chain.check(history.plain(), noted)
    assert (tamper.__name__, verdict.problems) == (tamper.__name__, [(kind, where)])
    exported = [json.dumps(one, default=str, ensure_ascii=False) for one in history.plain()]
    assert chain.check(chain.read(exported), noted) == verdict
    db.session.rollback()


def test_an_untouched_record_holds(both):
    write(5)
    assert history.verify() is None
    noted = history.head()
    write(2)
    for head in (noted, noted.split("-")[1], history.head()):
        verdict = chain.check(history.plain(), head)
        assert verdict == (7, history.head(), [])
    assert history.head().startswith("7-")


@pytest.mark.parametrize(("kind", "tamper"), ALL, ids=[one.__name__ for _, one in ALL])
def test_every_tampering_is_found_and_named_with_its_place(both, kind, tamper):
    write(9)
    noted = history.head()
    for number in (2, 5, 7):
        found(kind, tamper, number, noted)
    assert history.verify(noted) is None


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "tamper"), ALL, ids=[one.__name__ for _, one in ALL])
def test_in_each_of_a_hundred_rows(both, kind, tamper):
    write(104)
    noted = history.head()
    for number in range(2, 102):
        found(kind, tamper, number, noted)


def test_the_ends_of_the_record_too(both):
    write(4)
    noted = history.head()
    for kind in ("changed", "removed", "blanked"):
        found(kind, KINDS[kind][0], 1, noted)
    found("changed", KINDS["changed"][0], 4, noted)
    found("tail_cut", KINDS["removed"][0], 4, noted)
    assert history.verify("9-" + "0" * 64) == ("tail_cut", "5-9")
    assert history.verify("0" * 64).kind == "rechained"


def test_two_at_once_are_both_named(both):
    write(9)
    connection = db.session.connection()
    append_only.lift(connection)
    for _, tamper, number in (("", KINDS["changed"][0], 3), ("", KINDS["removed"][0], 6)):
        tamper(connection, number)
    assert set(chain.check(history.plain()).problems) == {("changed", "3"), ("removed", "6")}
    db.session.rollback()


def test_an_entry_of_format_1_is_held_by_its_sentence(both):
    """As the migration leaves them: no hash of the sentence, a number that is not hashed."""
    write(4)
    append_only.lift(db.session.connection())
    last = None
    for row in [*history.plain()]:
        values = {"previous": last, "summary_hash": None, "salt": None}
        values["payload_hash"] = chain.digest(row["payload"])
        last = values["hash"] = chain.link({**row, **values})
        db.session.execute(update(HistoryEntry).filter_by(id=row["id"]).values(**values))
    append_only.install(db.session.connection())
    db.session.commit()
    write(2)
    noted = history.head()
    assert history.verify(noted) is None
    for kind in ("changed", "removed", "order", "blanked", "tail_cut"):
        found(kind, KINDS[kind][0], 3, noted)


def test_the_verifier_is_the_file_that_is_handed_out():
    own, handed = Path(chain.__file__), project_root() / "docs" / "verify_history.py"
    assert handed.read_text("utf-8") == own.read_text("utf-8")


@pytest.mark.slow
def test_200_000_entries_are_checked_within_a_minute():
    """4 s of processor time; some 9 s where all numbers after a removal were lowered."""
    now, rows = clock.now().isoformat(), []
    number, last = 0, None
    for one in range(200_000):
        made = history.new_row(None, "test.done", Subject("test", one), "提出", at=clock.now())
        placed = {**made, "at": now, "number": number + 1, "previous": last}
        rows.append({**placed, "hash": chain.link(placed)})
        number, last = number + 1, rows[-1]["hash"]
    begun = time.process_time()
    assert chain.check(rows).problems == []
    del rows[149_999]
    for row in rows[149_999:]:
        row["number"] -= 1
    assert chain.check(rows).problems == [("removed", "150000")]
    assert time.process_time() - begun < 60
