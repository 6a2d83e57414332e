"""The record and the decisions it keeps prove themselves, by command, by file and by database."""

import json
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests import cast
from tests.history.tampering import KINDS
from tracker.history import history
from tracker.kernel.refusal import Refusal
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.record import actions, queries
from tracker.record.commands import record
from tracker.schema import append_only
from tracker.storage.files import project_root

pytestmark = pytest.mark.engines_by_turns

SYSTEM = Act(None, cast.NOW)
# Of each decided kind: the rows a decision rests on, what is done to one of them, and whether
# triggers refuse it.
_AGREED = "cost_case AS own WHERE own.state IN ('agreed', 'replaced')"
ON_DECISIONS = {
    "share": (
        "SELECT own.id, own.id, part.municipality_id FROM share AS part, "
        + _AGREED
        + " AND own.id = part.case_id",
        "UPDATE share SET share_yen = share_yen + 1 WHERE case_id = {} AND municipality_id = {}",
        True,
    ),
    "project_cost": (
        "SELECT own.id, own.cost_id FROM " + _AGREED,
        "UPDATE project_cost SET subsidy_yen = subsidy_yen + 1 WHERE id = {}",
        False,
    ),
    "cost_case": (
        "SELECT own.id, own.id FROM " + _AGREED,
        "UPDATE cost_case SET revision = revision + 1 WHERE id = {}",
        False,
    ),
    "report_version": (
        "SELECT own.id, own.id, max(part.number) FROM progress_report AS own"
        " JOIN report_version AS part ON part.report_id = own.id WHERE own.state = 'confirmed' GROUP BY own.id",
        "UPDATE report_version SET content = '[]' WHERE report_id = {} AND number = {}",
        True,
    ),
    "progress_report": (
        "SELECT id, id FROM progress_report WHERE state = 'confirmed'",
        "UPDATE progress_report SET state = 'submitted' WHERE id = {}",
        False,
    ),
    "meeting_seat": (
        "SELECT own.id, part.id FROM meeting AS own JOIN meeting_seat AS part"
        " ON part.meeting_id = own.id WHERE own.attendance_at IS NOT NULL",
        "UPDATE meeting_seat SET deputy = '別の人' WHERE id = {}",
        False,
    ),
}
SUBJECTS = {
    "share": "cost_case",
    "project_cost": "cost_case",
    "report_version": "report",
    "progress_report": "report",
    "meeting_seat": "meeting",
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


@pytest.mark.engines_by_turns
def test_a_changed_decision_of_each_kind_is_named(demo_both: Flask):
    rows = decided(len(ON_DECISIONS))
    for table, _, keys in rows:
        check_refusal(table, keys)
    append_only.lift(db.session.connection())
    for table, _, keys in rows:
        tamper(table, keys)
    problems = queries.verdict().problems
    assert {one.kind for one in problems} == {"decision_changed"}
    named = [one.where.split()[0] for one in problems]
    assert sorted(named) == sorted(
        {f"{SUBJECTS.get(table, table)}/{id_}" for table, id_, _ in rows}
    )
    db.session.rollback()
    assert queries.verdict().problems == []


@pytest.mark.slow
def test_a_decision_changed_in_each_of_a_hundred_rows_is_named(demo_both: Flask):
    for table, subject, keys in decided(100):
        check_refusal(table, keys)
        append_only.lift(db.session.connection())
        tamper(table, keys)
        [problem] = queries.verdict().problems
        assert problem.kind == "decision_changed"
        assert problem.where.split()[0] == f"{SUBJECTS.get(table, table)}/{subject}", (table, keys)
        db.session.rollback()
    assert queries.verdict().problems == []


def decided(count: int) -> list[tuple[str, int, tuple[int, ...]]]:
    """So many rows that decisions rest on, of each table as evenly as may be: table, subject, keys."""
    tables = {
        name: [(name, row[0], tuple(row[1:])) for row in db.session.execute(text(found))]
        for name, (found, *_) in ON_DECISIONS.items()
    }
    db.session.rollback()
    rows = [one for many in zip_longest(*tables.values()) for one in many if one][:count]
    assert len(rows) == count
    assert {table for table, *_ in rows} == ON_DECISIONS.keys()
    return rows


def check_refusal(table: str, keys: tuple[int, ...]) -> None:
    """With the triggers in place what is decided cannot be changed, where the table has them."""
    _, statement, is_refused = ON_DECISIONS[table]
    if is_refused:
        with pytest.raises(IntegrityError):
            db.session.execute(text(statement.format(*keys)))
        db.session.rollback()


def tamper(table: str, keys: tuple[int, ...]) -> None:
    statement = ON_DECISIONS[table][1]
    assert db.session.execute(text(statement.format(*keys))).rowcount == 1


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


def test_who_disposes_by_command_is_asked_whether_they_may_and_recorded(both: Flask):
    for number in range(2):
        with SYSTEM.change("test.done", history.Subject("test", number), "個人の言葉"):
            pass
    runner = both.test_cli_runner()
    for address in ("confirmer@aomori.example", "officer@imabetsu.example", "nobody@x.example"):
        refused = runner.invoke(record, ["dispose", "1", "--reason", "求め", "--by", address])
        assert isinstance(refused.exception, Refusal), address
        db.session.rollback()
    assert [one["summary"] for one in history.plain()] == ["個人の言葉"] * 2
    by = ["--by", "office@aomori.example"]
    assert runner.invoke(record, ["dispose", "1", "--reason", "求め", *by]).exit_code == 0
    assert runner.invoke(record, ["dispose", "2", "--reason", "求め"]).exit_code == 0
    *_, told, by_nobody = history.plain()
    assert told["actor"] == "青森市 連携推進担当　コマンドから（代理入力）"
    assert (by_nobody["actor"], by_nobody["person_id"]) == ("連携協約 進行管理", None)
    assert queries.verdict().problems == []
