"""minutes

What was said and decided at a meeting, every municipality's word on it, and what was added once it was
final.  Going back, they are gone.

Revision ID: 0043
Revises: 0042
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "minutes",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("writer_ids", sa.JSON(), nullable=False),
        sa.Column("sent_at", _AT, nullable=True),
        sa.Column("reply_due_on", sa.Date(), nullable=True),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _key("minutes", "meeting_id", "meeting"),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_minutes")),
    )
    op.create_table(
        "minutes_part",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("gist", sa.Text(), nullable=False),
        sa.Column("decided", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _key("minutes_part", "item_id", "agenda_item"),
        _key("minutes_part", "meeting_id", "meeting"),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_minutes_part")),
    )
    op.create_table(
        "minutes_reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("municipality_id", sa.Integer(), nullable=False),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("person_name", sa.String(length=200), nullable=False),
        sa.Column("at", _AT, nullable=False),
        _key("minutes_reply", "item_id", "agenda_item"),
        _key("minutes_reply", "meeting_id", "meeting"),
        _key("minutes_reply", "municipality_id", "municipality"),
        _key("minutes_reply", "person_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_reply")),
    )
    op.create_table(
        "minutes_erratum",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("person_name", sa.String(length=200), nullable=False),
        sa.Column("at", _AT, nullable=False),
        _key("minutes_erratum", "meeting_id", "meeting"),
        _key("minutes_erratum", "person_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_erratum")),
    )
    for table, columns in (
        ("minutes_part", ["meeting_id"]),
        ("minutes_reply", ["meeting_id", "revision"]),
        ("minutes_erratum", ["meeting_id"]),
    ):
        with op.batch_alter_table(table) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{table}_{'_'.join(columns)}"), columns)


def downgrade() -> None:
    for table in ("minutes_erratum", "minutes_reply", "minutes_part", "minutes"):
        op.drop_table(table)
