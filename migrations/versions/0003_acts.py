"""acts

One-time keys of forms, versions of the data by room, and the record found by its subject.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "once",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("location", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_once")),
        sa.UniqueConstraint("owner", "key", "digest", name=op.f("uq_once_owner_key_digest")),
    )
    op.create_index(op.f("ix_once_at"), "once", ["at"])
    op.create_table(
        "data_version",
        sa.Column("room", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("room", name=op.f("pk_data_version")),
    )
    op.create_index(
        op.f("ix_history_subject_kind_subject_id_id"),
        "history",
        ["subject_kind", "subject_id", "id"],
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_history_subject_kind_subject_id_id"), table_name="history")
    op.drop_table("data_version")
    op.drop_index(op.f("ix_once_at"), table_name="once")
    op.drop_table("once")
