"""reopened rounds

A round that was closed can be opened again: when last, by whom, and why.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_COLUMNS = ("reopened_at", "reopened_by", "reopened_by_id", "reopen_reason")


def upgrade() -> None:
    with op.batch_alter_table("reporting_round") as batch_op:
        batch_op.add_column(sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reopened_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("reopened_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("reopen_reason", sa.Text(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_reporting_round_reopened_by_id"), "person", ["reopened_by_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("reporting_round") as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_reporting_round_reopened_by_id"), type_="foreignkey"
        )
        for column in reversed(_COLUMNS):
            batch_op.drop_column(column)
