"""chain format 2

Every entry of the record has its number and the hash before it; those from now on are hashed with
both, and with the hash of their sentence, which a recorded disposal may blank.  Entries written
before keep their hash (format 1: no hash of the sentence).

Revision ID: 0027
Revises: 0026
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_WHO = ("person_id", "actor", "municipality", "verb", "subject_kind", "subject_id", "summary")
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_history = sa.table(
    "history",
    *(sa.column(name) for name in ("id", "number", "hash", "payload_hash", *_WHO)),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("payload", sa.JSON()),
)


def upgrade() -> None:
    with op.batch_alter_table("history") as batch_op:
        batch_op.add_column(sa.Column("number", _BIG, nullable=True))
        batch_op.add_column(sa.Column("previous", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("summary_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("salt", sa.String(length=32), nullable=True))
    op.execute(
        "UPDATE history SET number = found.number, previous = found.previous FROM"
        " (SELECT id, row_number() OVER (ORDER BY id) AS number,"
        " lag(hash) OVER (ORDER BY id) AS previous FROM history) AS found"
        " WHERE found.id = history.id"
    )
    with op.batch_alter_table("history") as batch_op:
        batch_op.alter_column("number", existing_type=_BIG, nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_history_number"), ["number"])


def downgrade() -> None:
    """The release before knows format 1 alone: what was written since is chained anew under it."""
    connection = op.get_bind()
    last: str | None = None
    rows = connection.execute(
        sa.select(_history, sa.text("summary_hash")).order_by(_history.c.number)
    )
    for row in map(dict[str, Any], rows.mappings().all()):
        if row["summary_hash"] is not None:
            at = row["at"] if row["at"].tzinfo else row["at"].replace(tzinfo=UTC)
            payload = _digest(row["payload"]) if row["payload"] else row["payload_hash"]
            values = (row[name] for name in _WHO)
            row["hash"] = _digest([last, _instant(at), *values, payload])
            connection.execute(
                sa.update(_history)
                .where(_history.c.id == row["id"])
                .values(hash=row["hash"], payload_hash=payload)
            )
        last = row["hash"]
    with op.batch_alter_table("history") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_history_number"), type_="unique")
        for column in ("salt", "summary_hash", "previous", "number"):
            batch_op.drop_column(column)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _digest(value: Any) -> str:
    plain = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()
