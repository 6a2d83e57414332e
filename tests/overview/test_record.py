"""The record and the decisions it keeps prove themselves, by command, by file and by database."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from tests import cast
from tests.plumbing.tampering import KINDS
from tracker.kernel.refusal import Refusal
from tracker.overview.commands import record
from tracker.overview.record import actions, queries
from tracker.plumbing import append_only, history
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.plumbing.files import project_root

SYSTEM = Act(None, cast.NOW)
# What somebody does to a decision with the triggers out of the way, and whose it is.
ON_DECISIONS = {
    "cost_case": (
        "UPDATE share SET share_yen = share_yen + 1 WHERE case_id ="
        " (SELECT min(id) FROM cost_case WHERE state = 'agreed')"
    ),
    "report": "UPDATE progress_report SET state = 'submitted' WHERE state = 'confirmed'",
    "meeting": "UPDATE meeting_seat SET attendance = 'absent' WHERE attendance = 'head'",
}


def verify(app: Flask, *more: str) -> tuple[int, dict]:
    """Exit code and answer of the command."""
    result = app.test_cli_runner().invoke(record, ["verify", "--json", *more])
    return result.exit_code, json.loads(result.output)


def by_file(app: Flask, folder: Path, *more: str) -> tuple[int, dict]:
    """The same of the stand-alone verifier, over an exported file."""
    file = folder / "record.jsonl"
    assert app.test_cli_runner().invoke(record, ["export", str(file)]).exit_code == 0
    verifier = project_root() / "docs" / "verify_history.py"
    said = subprocess.run(
        [sys.executable, "-I", str(verifier), str(file), "--json", *more],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stderr == ""
    return said.returncode, json.loads(said.stdout)


def test_the_example_holds_with_every_decision(demo_both: Flask, tmp_path: Path):
    code, answer = verify(demo_both)
    assert (code, answer["ok"], answer["problems"]) == (0, True, [])
    assert answer["head"] == history.head()
    assert {one.split("/")[0] for one in queries.standing()} >= {"cost_case", "report"}
    assert by_file(demo_both, tmp_path, "--head", answer["head"]) == (0, answer)


def test_a_changed_decision_is_named(demo_both: Flask):
    append_only.lift(db.session.connection())
    db.session.commit()
    named = set()
    for kind, statement in ON_DECISIONS.items():
        if not db.session.execute(text(statement)).rowcount:
            continue
        problems = queries.verdict().problems
        assert problems
        assert {one.kind for one in problems} == {"decision_changed"}
        assert {one.where.split("/")[0] for one in problems} == {kind}
        named.add(kind)
        db.session.rollback()
    assert named >= {"cost_case", "report"}


def test_the_command_and_the_file_agree_on_each_kind(demo_both: Flask, tmp_path: Path):
    noted = history.head()
    append_only.lift(db.session.connection())
    db.session.commit()
    tampered = (("changed", 5), ("removed", 9))
    expected = [
        {"kind": kind, "where": KINDS[kind][0](db.session.connection(), number)}
        for kind, number in tampered
    ]
    db.session.commit()
    code, answer = verify(demo_both, "--head", noted)
    assert code == 1
    assert sorted(map(str, answer["problems"])) == sorted(map(str, expected))
    assert by_file(demo_both, tmp_path, "--head", noted) == (1, answer)


def test_a_disposal_blanks_and_holds(both: Flask):
    for number in range(3):
        with SYSTEM.change("test.done", history.Subject("test", number), "個人の言葉") as entry:
            entry.told["words"] = "個人の言葉"
    noted = history.head()
    for number, reason in ((2, " "), (9, "誤記")):
        with pytest.raises(Refusal):
            actions.dispose(SYSTEM, number, reason)
        db.session.rollback()
    actions.dispose(SYSTEM, 2, "本人の求め")
    for number in (2, 4):
        with pytest.raises(Refusal):
            actions.dispose(SYSTEM, number, "もう一度")
        db.session.rollback()
    assert queries.verdict(noted).problems == []
    first, second, _, last = history.plain()
    assert (first["summary"], second["summary"], second["payload"]) == ("個人の言葉", "", None)
    assert last["summary"] == "記録2番の内容を廃棄しました。理由：本人の求め"
    append_only.lift(db.session.connection())
    db.session.execute(text("UPDATE history SET actor = '別の人' WHERE number = 2"))
    assert [tuple(one) for one in queries.verdict().problems] == [
        ("changed", "2"),
        ("blanked", "2"),
    ]


def test_decisions_of_before_are_kept_once(demo_both: Flask):
    actions.keep_digests(SYSTEM)
    count = text(f"SELECT count(*) FROM history WHERE verb = '{queries.KEPT}'")
    assert db.session.scalar(count) <= 1
