"""What stands for ever cannot be changed, deleted or emptied, whatever migrations ran before."""

import pytest
from flask import Flask
from flask_migrate import downgrade
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tracker.plumbing.db import db
from tracker.schema import append_only
from tracker.schema.actions import upgrade

# A column of each table, and the rows of the example that are meant by it.
ROWS = {
    "history": ("actor", "true"),
    "report_version": ("submitted_by", "true"),
    "consultation": ("gist", "true"),
    "confirmation": ("person_name", "true"),
    "case_change": ("reason", "true"),
    "minutes_erratum": ("words", "true"),
    "material_file": ("reason", "true"),
    "minutes_part": ("gist", "true"),
    "minutes_reply": ("person_name", "true"),
    "poll_answer": ("answered_by", "true"),
    "progress_note": ("person_name", "true"),
    "question_consultation": ("gist", "true"),
    "question_offer": ("agreement_id", "true"),
    "question_reply": ("person_name", "true"),
    "question_settlement": ("person_name", "true"),
    "sister_reply": ("person_name", "true"),
    "case_work": (
        "what",
        "case_id IN (SELECT id FROM cost_case WHERE state IN ('agreed', 'replaced'))",
    ),
    "share": (
        "share_yen",
        "case_id IN (SELECT id FROM cost_case WHERE state IN ('agreed', 'replaced'))",
    ),
    "send_attempt": ("token", "true"),
    "attachment": ("added_by", "true"),
}


# Of each meeting: an item with final minutes, a decision and sent materials, as the example has not all.
MINUTED = (
    "INSERT INTO agenda_item (meeting_id, position, kind, title, note, proposed_by,"
    " proposed_by_id, municipality_id, proposed_at, accepted_at)"
    " SELECT id, 1, 'own', 'x', 'x', 'x', 1, 1, polled_at, polled_at FROM meeting",
    "INSERT INTO minutes (meeting_id, revision, writer_ids, is_final)"
    " SELECT id, 1, '[]', true FROM meeting WHERE id NOT IN (SELECT meeting_id FROM minutes)",
    "INSERT INTO minutes_part (item_id, meeting_id, gist, decided)"
    " SELECT id, meeting_id, 'x', 'x' FROM agenda_item WHERE title = 'x'",
    "INSERT INTO minutes_reply (meeting_id, item_id, revision, municipality_id, is_confirmed,"
    " person_id, person_name, at) SELECT meeting_id, id, 1, 1, true, 1, 'x', proposed_at"
    " FROM agenda_item WHERE title = 'x'",
    "INSERT INTO decision (meeting_id, item_id, title, text, recorded_by, recorded_by_id,"
    " recorded_at) SELECT meeting_id, id, 'x', 'x', 'x', 1, proposed_at FROM agenda_item"
    " WHERE title = 'x'",
    "INSERT INTO follow_up (decision_id, municipality_id, what, due_on, added_at)"
    " SELECT id, 1, 'x', '2027-01-28', recorded_at FROM decision",
    "INSERT INTO progress_note (follow_up_id, text, is_done, person_id, person_name, at)"
    " SELECT id, 'x', false, 1, 'x', added_at FROM follow_up",
    "UPDATE material_pack SET sent_at = '2026-11-24 00:00:00'",
    "INSERT INTO minutes_erratum (meeting_id, words, person_id, person_name, at)"
    " SELECT id, 'x', 1, 'x', polled_at FROM meeting",
)


def refused(statement: str) -> None:
    with pytest.raises(IntegrityError, match="append-only"):
        db.session.execute(text(statement))
    db.session.rollback()


def test_every_row_that_stands_is_held(demo_both: Flask):
    assert ROWS.keys() == append_only.KEPT.keys()
    db.session.execute(
        text(
            "INSERT INTO attachment (subject_kind, subject_id, sha256, name, size, type,"
            " added_by, added_by_id, added_at) SELECT 'cost_case', id, 'x', 'x', 1, 'pdf', 'x', 1,"
            " sent_on FROM cost_case WHERE sent_on IS NOT NULL UNION SELECT 'report', report_id,"
            " 'x', 'x', 1, 'pdf', 'x', 1, submitted_at FROM report_version"
        )
    )
    db.session.commit()
    db.session.execute(
        text(
            "INSERT INTO case_change (case_id, revision, items, reason, person_id, person_name, at)"
            " SELECT id, 2, '[]', 'x', 1, 'x', agreed_at FROM cost_case WHERE agreed_at IS NOT NULL"
        )
    )
    db.session.commit()
    db.session.execute(
        text(
            "INSERT INTO case_work (case_id, position, municipality_id, what, promised, unit)"
            " SELECT id, 9, 1, 'x', '1', '回' FROM cost_case WHERE agreed_at IS NOT NULL"
        )
    )
    for statement in MINUTED:
        db.session.execute(text(statement))
    db.session.commit()
    for table, (column, which) in ROWS.items():
        count = db.session.scalar(text(f"SELECT count(*) FROM {table} WHERE {which}"))
        assert (table, count > 0) == (table, True)
        other = "1" if column in ("share_yen", "agreement_id") else f"{column} || '1'"
        refused(f"UPDATE {table} SET {column} = {other} WHERE {which}")
        refused(f"DELETE FROM {table} WHERE {which}")
        if db.engine.dialect.name == "sqlite":
            refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE {which}")
        if db.engine.dialect.name == "postgresql":
            refused(f"TRUNCATE {table} CASCADE")


def test_a_migration_leaves_every_trigger_in_place(both: Flask):
    """SQLite drops them with the table that it builds anew."""
    with db.engine.connect() as connection:
        wanted = append_only.names(connection)
        assert append_only.is_installed(connection)
    downgrade(revision="-1")
    with db.engine.connect() as connection:
        assert append_only.names(connection) == set()
    upgrade()
    with db.engine.connect() as connection:
        assert append_only.names(connection) == wanted
        append_only.lift(connection)
        connection.commit()
    upgrade()
    with db.engine.connect() as connection:
        assert append_only.names(connection) == wanted


def test_the_release_before_keeps_the_newest_word_of_each_side(demo_both: Flask):
    count = "SELECT count(*) FROM confirmation"
    before = db.session.scalar(text(count))
    columns = "case_id, agreement_id, municipality_id, revision, opinion, person_id, person_name"
    db.session.execute(
        text(
            f"INSERT INTO confirmation (decision, decided_at, {columns})"
            f" SELECT 'returned', decided_at, {columns} FROM confirmation"
        )
    )
    db.session.commit()
    downgrade(revision="0027")
    assert db.session.scalar(text(count)) == before
    assert not db.session.scalar(text(f"{count} WHERE decision <> 'returned'"))
    db.session.rollback()
    upgrade()
    assert db.session.scalar(text(count)) == before


def test_the_release_before_keeps_the_newest_answer_to_each_date(demo_both: Flask):
    answers = "SELECT seat_id, candidate_id, answer FROM poll_answer ORDER BY 1, 2"
    before = [tuple(row) for row in db.session.execute(text(answers))]
    columns = "seat_id, candidate_id, answered_at, answered_by"
    [first, second, *others] = before
    for (seat, date, _was), said in ((first, "'no'"), (second, "NULL"), (first, "'maybe'")):
        db.session.execute(
            text(
                f"INSERT INTO poll_answer (answer, {columns}) SELECT {said}, {columns}"
                f" FROM poll_answer WHERE seat_id = {seat} AND candidate_id = {date} LIMIT 1"
            )
        )
    db.session.commit()
    downgrade(revision="0030")
    left = [(*first[:2], "maybe"), *others]
    assert len(before) > 10 and [tuple(row) for row in db.session.execute(text(answers))] == left
    db.session.rollback()
    upgrade()
    assert [tuple(row) for row in db.session.execute(text(answers))] == left
    refused("DELETE FROM poll_answer")
