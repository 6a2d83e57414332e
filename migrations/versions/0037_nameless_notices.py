"""nameless notices

Counts the refusals that name one of our recipients and no letter.  Going back, the count is gone.

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "mailbox_state", sa.Column("nameless", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("mailbox_state", sa.Column("nameless_to", sa.String(length=320), nullable=True))


def downgrade() -> None:
    op.drop_column("mailbox_state", "nameless_to")
    op.drop_column("mailbox_state", "nameless")
