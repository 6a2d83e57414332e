"""struck consultations

A consultation recorded by mistake is struck through, with who did so, when and why.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("consultation") as batch_op:
        batch_op.add_column(sa.Column("struck_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("struck_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("struck_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    """What was struck counts nowhere: the release before, which would count it, does without."""
    op.execute("DELETE FROM consultation WHERE struck_at IS NOT NULL")
    with op.batch_alter_table("consultation") as batch_op:
        for column in ("struck_reason", "struck_by", "struck_at"):
            batch_op.drop_column(column)
