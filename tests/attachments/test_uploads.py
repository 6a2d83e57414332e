"""What a hostile file may not do, what a file is called, and what is kept of it."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.datastructures import FileStorage

from tests import cast
from tests.cost_sharing.makers import act_of, make_draft
from tests.hostile import GOOD, HOSTILE
from tests.troubles import no_room
from tracker.attachments import sniffing, uploads
from tracker.attachments.uploads import Sent, examine, file_name, why_not
from tracker.cost_sharing.cases import actions
from tracker.cost_sharing.models import CostCase
from tracker.kernel.refusal import Refusal
from tracker.plumbing.db import db

# Of a child, as issue D2 has it.
MOST_SECONDS, MOST_KIB = 2.0, 300 * 1024
# Runs what the product runs, and then tells what it took: its own memory's peak, not its parent's.
MEASURED = f"""
import runpy, time
runpy.run_path({sniffing.__file__!r}, run_name="__main__")
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print("", peak, time.process_time(), sep="\\n")
"""


class Measured(NamedTuple):
    said: dict[str, str]
    kib: int
    seconds: float


def measured(content: bytes) -> Measured:
    """What the child says of a file, and what it took."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", MEASURED],
        input=content,
        capture_output=True,
        check=True,
    )
    said, peak, seconds = done.stdout.decode().splitlines()
    return Measured(json.loads(said), int(peak), float(seconds))


def judged(names: list[str]) -> Iterator[str]:
    """Sentences about the hostile files that a child takes, or takes too long or too much for."""
    for what in names:
        name, refused, make, _is_heavy = HOSTILE[what]
        content = make()
        found = measured(content)
        why = why_not(name, content, lambda _, said=found.said: said)  # type: ignore[misc]
        if (why, found.seconds < MOST_SECONDS, found.kib < MOST_KIB) != (refused, True, True):
            yield f"{what}: {why}, {found.seconds} s, {found.kib} KiB"


def test_each_hostile_file_is_refused_for_what_it_is() -> None:
    quick = [one for one in HOSTILE.values() if not one.is_heavy]
    wrong = [
        f"{one.name} is {why}, not {one.refused}"
        for one in quick
        if (why := why_not(one.name, one.make(), sniffing.judge)) != one.refused
    ]
    assert wrong == []
    assert len(HOSTILE) >= 60 and {one.refused for one in quick} >= uploads.REFUSALS.keys() - {
        "large"
    }


@pytest.mark.parametrize("every", [12, pytest.param(1, marks=pytest.mark.slow)])
def test_a_child_refuses_them_quickly_and_takes_little(every: int) -> None:
    names = [what for what, one in HOSTILE.items() if every == 1 or not one.is_heavy][::every]
    assert list(judged(names)) == []


def test_good_files_of_every_kind_are_taken() -> None:
    assert [name for name, make in GOOD.items() if why_not(name, make(), sniffing.judge)] == []
    assert {name.rpartition(".")[2].lower() for name in GOOD} >= {
        kind for kind, _ in uploads.TYPES.values() if kind != "text"
    } - {"jpeg"}
    assert examine(GOOD["協議の記録.docx"]()) == {"type": "docx"}


# Takes two seconds of the processor: that is what it shows.
@pytest.mark.slow
@pytest.mark.parametrize("code", ["bytes(300 << 20)", "\nwhile True: pass"])
def test_a_judge_that_would_take_more_ends(code: str) -> None:
    """The control of the limits: without them the child takes what it likes."""
    begin = f"import runpy\nm = runpy.run_path({sniffing.__file__!r})\nm['_limit']()\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", begin + code], capture_output=True, check=False
    )
    assert done.returncode != 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("覚書（案）第2版.pdf", "覚書（案）第2版.pdf"),
        ("か\u3099い\u3099と\u3099.docx", "がい゙ど.docx"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\報告\\積算.xlsx", "積算.xlsx"),
        ("報告\u202efdp.exe.pdf", "報告fdp.exe.pdf"),
        ("改\r\n行\t表\0.csv", "改 行 表.csv"),
        ("見え\u200bない\ufeff.pdf", "見えない.pdf"),
        ('a<b>:"c|?*.pdf', "a＿b＿＿＿c＿＿＿.pdf"),
        (".pdf", "添付ファイル.pdf"),
        ("", "添付ファイル"),
        ("...", "添付ファイル"),
        ("名前.pdf. . ", "名前.pdf"),
        ("長" * 300 + ".pdf", "長" * 100 + ".pdf"),
        ("葛\U000e0100城.PDF", "葛\U000e0100城.PDF"),
    ],
)
def test_a_name_is_kept_without_path_and_without_what_nobody_sees(sent: str, kept: str) -> None:
    assert file_name(sent) == kept


@pytest.fixture
def inside(app: Flask) -> Iterator[Flask]:
    """The application inside its context, on SQLite: which engine it is does not matter here."""
    with app.app_context():
        yield app
        db.session.remove()


def test_the_sentence_names_the_files_and_says_what_to_do(inside: Flask) -> None:
    files = [
        FileStorage(BytesIO(GOOD["現場.jpg"]()), "現場.jpg"),
        FileStorage(BytesIO(HOSTILE["an old document"].make()), "様式.doc"),
    ]
    files.append(FileStorage(BytesIO(b""), "空.pdf"))
    with pytest.raises(Refusal, match="^「様式.doc」：古い形式.*。 「空.pdf」：中身がありません。"):
        uploads.receive(files)
    db.session.execute(text("SELECT 1"))
    [sent] = uploads.receive(files[:1])
    # Nobody waited for the database while the child read.
    assert not db.session().in_transaction()
    assert sent == Sent("現場.jpg", "jpg", GOOD["現場.jpg"]())


# --- what is kept -----------------------------------------------------------------------------------


def attach(row: CostCase, *contents: bytes) -> None:
    sent = [Sent(f"{n}.csv", "csv", content) for n, content in enumerate(contents)]
    actions.attach(act_of("office"), row, sent, None, is_sealed=False)


def files(home: Path) -> list[Path]:
    return sorted(one for one in (home / "uploads").rglob("*") if one.is_file())


def test_a_file_lies_under_its_hash_closed_to_others_and_once(
    inside: Flask, tmp_path: Path
) -> None:
    first, second = make_draft(), make_draft()
    attach(first, b"same", b"other")
    attach(second, b"same")
    found = files(tmp_path)
    assert [one.name for one in found] == sorted(uploads.digest_of(b) for b in (b"same", b"other"))
    for path in (*found, *(one.parent for one in found), tmp_path / "uploads"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    with pytest.raises(Refusal, match="「0.csv」は、すでに添付されています。"):
        attach(first, b"same")
    with pytest.raises(Refusal, match="「0.csv」と「1.csv」は同じ内容です。"):
        attach(second, b"twice", b"twice")


def test_a_checking_that_fails_is_not_called_the_fault_of_the_file(
    inside: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sniffing, "__file__", "/nowhere/sniffing.py")
    with pytest.raises(Refusal, match="今、ファイルを確かめられないため"):
        examine(b"a,b\n")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(Refusal, match="今、ファイルを確かめられないため"):
        examine(b"a,b\n")


def test_too_many_too_much_and_no_room(inside: Flask, tmp_path: Path) -> None:
    row = make_draft()
    with pytest.raises(Refusal, match="合わせて30件、100MBまで"):
        attach(row, *(f"{n}".encode() for n in range(31)))
    with pytest.raises(Refusal, match="一度に添付できるのは30件までです"):
        uploads.receive([FileStorage(BytesIO(b"x"), "x.csv")] * 31)
    inside.config["UPLOADS_MB"] = 0
    with pytest.raises(Refusal, match="置く場所がいっぱいです"):
        attach(row, b"x")
    inside.config["UPLOADS_MB"] = 10
    with no_room(10), pytest.raises(OSError, match="too large"):
        attach(row, b"y" * 1000)
    assert uploads.of("cost_case", row.id) == []
    assert files(tmp_path) == []


def test_a_file_goes_when_no_row_names_it_and_a_day_has_passed(
    inside: Flask, tmp_path: Path
) -> None:
    first, second = make_draft(), make_draft()
    attach(first, b"same", b"alone")
    attach(second, b"same")
    for one in uploads.of("cost_case", first.id):
        actions.detach(act_of("office"), first, one, None)
    assert uploads.of("cost_case", first.id) == [] and len(files(tmp_path)) == 2
    (tmp_path / "uploads" / "ab").mkdir()
    (tmp_path / "uploads" / "ab" / "x.1234.part").write_bytes(b"half")
    for path in files(tmp_path):
        os.utime(path, (cast.NOW.timestamp(), cast.NOW.timestamp()))
    uploads.sweep(cast.NOW + timedelta(hours=23))
    assert len(files(tmp_path)) == 3
    uploads.sweep(cast.NOW + timedelta(hours=25))
    assert [one.name for one in files(tmp_path)] == [uploads.digest_of(b"same")]


def test_what_was_altered_or_lost_is_not_given(inside: Flask, tmp_path: Path) -> None:
    row = make_draft()
    attach(row, b"1,2\n", b"3,4\n")
    altered, lost = uploads.of("cost_case", row.id)
    uploads.path_of(altered.sha256).write_bytes(b"1,9\n")
    uploads.path_of(lost.sha256).unlink()
    assert [uploads.content_of(one.sha256) for one in (altered, lost)] == [None, None]
    # The same file once more mends it.
    attach(make_draft(), b"1,2\n")
    assert uploads.content_of(altered.sha256) == b"1,2\n"
