"""required heads

A head without whom a meeting makes no sense is marked at the seat (必ず出席); nobody is so far.

Revision ID: 0054
Revises: 0053
"""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("meeting_seat") as batch_op:
        batch_op.add_column(
            sa.Column("is_required", sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("meeting_seat") as batch_op:
        batch_op.drop_column("is_required")
