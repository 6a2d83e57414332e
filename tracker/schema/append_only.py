"""Rows that stay as they were written: triggers refuse to change or delete them, on both engines.

migrations/env.py lifts them while migrations run and puts them in afterwards, because SQLite's
batch migrations drop triggers silently (contracts.md, "Trust").
"""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import (
    JSON,
    Connection,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    inspect,
)

from tracker.chain.rules import DISPOSED
from tracker.plumbing.db import db


class Kept(NamedTuple):
    """What stands for ever: columns that may change all the same, when, and whose rows it means.

    `if_` and `of` are conditions in SQL on OLD and NEW.
    """

    free: tuple[str, ...] = ()
    if_: str = ""
    of: str = "true"


_IS_DISPOSED = f"""NEW.summary = '' AND NEW.payload IS NULL AND NEW.salt IS NULL AND EXISTS (
    SELECT 1 FROM history AS one WHERE one.subject_kind = 'history' AND one.verb = '{DISPOSED}'
    AND one.subject_id = CAST(OLD.number AS VARCHAR(60)))"""
_IS_AGREED = """EXISTS (SELECT 1 FROM cost_case WHERE cost_case.id = OLD.case_id
    AND cost_case.state IN ('agreed', 'replaced'))"""
# A file that others may have seen: of a case that was sent, of a report submitted with it.
_IS_SEEN = """(OLD.subject_kind = 'cost_case' AND EXISTS (SELECT 1 FROM cost_case
    WHERE cost_case.id = OLD.subject_id AND cost_case.sent_on IS NOT NULL))
    OR (OLD.subject_kind = 'report' AND EXISTS (SELECT 1 FROM report_version
    WHERE report_version.report_id = OLD.subject_id
    AND report_version.submitted_at >= OLD.added_at))
    OR (OLD.subject_kind = 'material' AND EXISTS (SELECT 1 FROM material JOIN material_pack
    ON material_pack.meeting_id = material.meeting_id WHERE material.id = OLD.subject_id
    AND material_pack.sent_at IS NOT NULL))"""
_IS_SENT = """EXISTS (SELECT 1 FROM material JOIN material_pack
    ON material_pack.meeting_id = material.meeting_id WHERE material.id = OLD.material_id
    AND material_pack.sent_at IS NOT NULL)"""
_IS_FINAL = """EXISTS (SELECT 1 FROM minutes WHERE minutes.meeting_id = OLD.meeting_id
    AND minutes.is_final)"""
_STRUCK = ("struck_at", "struck_by", "struck_reason")

KEPT = {
    "history": Kept(("summary", "payload", "salt"), if_=_IS_DISPOSED),
    "report_version": Kept(),
    "attachment": Kept(_STRUCK, of=f"({_IS_SEEN})"),
    "consultation": Kept(_STRUCK),
    "confirmation": Kept(),
    "case_change": Kept(),
    "material_file": Kept(of=_IS_SENT),
    "minutes_erratum": Kept(),
    "minutes_part": Kept(of=_IS_FINAL),
    "minutes_reply": Kept(),
    "poll_answer": Kept(),
    "progress_note": Kept(),
    "question_consultation": Kept(_STRUCK),
    "question_offer": Kept(),
    "question_reply": Kept(),
    "question_settlement": Kept(),
    "sister_reply": Kept(),
    "share": Kept(of=_IS_AGREED),
    "case_work": Kept(("done", "version"), of=_IS_AGREED),
    "send_attempt": Kept(),
}


def names(connection: Connection) -> set[str]:
    """The triggers that are in the database."""
    found = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'keep\\_%' ESCAPE '\\'"
        if connection.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'keep\\_%'"
    )
    return {row[0] for row in connection.exec_driver_sql(found.replace("%", "%%"))}


def lift(connection: Connection) -> None:
    """Takes all triggers out, in the caller's transaction: rows may be changed until `install`."""
    there = set(inspect(connection).get_table_names())
    for table in KEPT.keys() & there:
        if connection.dialect.name == "sqlite":
            for act in ("insert", "update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS keep_{table}_{act}")
        else:
            for function in (f"keep_{table}()", f"keep_{table}_whole()"):
                connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {function} CASCADE")


def is_installed(connection: Connection) -> bool:
    """Whether every trigger is in the database."""
    each = 3 if connection.dialect.name == "sqlite" else 2
    return len(names(connection)) == each * len(KEPT)


def install(connection: Connection) -> None:
    """Puts all triggers in, in the caller's transaction; those of before are replaced."""
    lift(connection)
    make = _sqlite if connection.dialect.name == "sqlite" else _postgresql
    for name, kept in KEPT.items():
        for statement in make(db.metadata.tables[name], kept):
            connection.exec_driver_sql(statement)


def _sqlite(table: Table, kept: Kept) -> Iterator[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table.name} is append-only'); END"
    is_free = _free(table, kept, "OLD.{0} IS NEW.{0}", "OLD.{0} IS NEW.{0}")
    yield (
        f"CREATE TRIGGER keep_{table.name}_update BEFORE UPDATE ON {table.name}"
        f" WHEN {kept.of} AND NOT ({is_free}) {refuse}"
    )
    yield (
        f"CREATE TRIGGER keep_{table.name}_delete BEFORE DELETE ON {table.name}"
        f" WHEN {kept.of} {refuse}"
    )
    # INSERT OR REPLACE takes out what is in its way without asking any other trigger.
    unique = [
        one
        for one in table.constraints
        if isinstance(one, (PrimaryKeyConstraint, UniqueConstraint))
    ]
    taken = " OR ".join(
        "(" + " AND ".join(f"one.{column.name} = NEW.{column.name}" for column in one.columns) + ")"
        for one in unique
    )
    yield (
        f"CREATE TRIGGER keep_{table.name}_insert BEFORE INSERT ON {table.name}"
        f" WHEN EXISTS (SELECT 1 FROM {table.name} AS one WHERE {taken})"
        f" AND {kept.of.replace('OLD.', 'NEW.')} {refuse}"
    )


def _postgresql(table: Table, kept: Kept) -> Iterator[str]:
    same = "OLD.{0} IS NOT DISTINCT FROM NEW.{0}"
    # Of json there is no equality.
    is_free = _free(table, kept, same, same.replace("{0}", "{0}::text"))
    refuse = (
        f"RAISE EXCEPTION '{table.name} is append-only'"
        " USING ERRCODE = 'integrity_constraint_violation';"
    )
    yield (
        f"CREATE FUNCTION keep_{table.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF NOT ({kept.of}) THEN RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; END IF;"
        f" IF TG_OP = 'UPDATE' THEN IF {is_free} THEN RETURN NEW; END IF; END IF;"
        f" {refuse} END $$"
    )
    yield (
        f"CREATE FUNCTION keep_{table.name}_whole() RETURNS trigger LANGUAGE plpgsql"
        f" AS $$ BEGIN {refuse} END $$"
    )
    yield (
        f"CREATE TRIGGER keep_{table.name} BEFORE UPDATE OR DELETE ON {table.name}"
        f" FOR EACH ROW EXECUTE FUNCTION keep_{table.name}()"
    )
    yield (
        f"CREATE TRIGGER keep_{table.name}_whole BEFORE TRUNCATE ON {table.name}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION keep_{table.name}_whole()"
    )


def _free(table: Table, kept: Kept, same: str, same_json: str) -> str:
    """The condition under which a change is one of those that may be."""
    if not kept.free:
        return "false"
    held = [one for one in table.columns if one.name not in kept.free]
    parts = [(same_json if isinstance(one.type, JSON) else same).format(one.name) for one in held]
    return " AND ".join([*parts, *([kept.if_] if kept.if_ else [])])
