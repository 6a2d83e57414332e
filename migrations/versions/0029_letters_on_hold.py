"""letters on hold

Since when no letter goes out, because a backup was restored; going back, they go out again.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clock_state", sa.Column("held_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("clock_state") as batch_op:
        batch_op.drop_column("held_since")
