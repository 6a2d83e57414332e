"""question shown

A word on a text to settle a question counts for the views beside it, too.  Going back, it counts for the
text alone.

Revision ID: 0052
Revises: 0051
"""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("question_reply", sa.Column("mark", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("question_reply") as batch_op:
        batch_op.drop_column("mark")
