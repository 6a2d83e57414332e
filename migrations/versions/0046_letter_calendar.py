"""letter calendar

A letter may carry an invitation for the recipient's calendar.  Going back, letters are text only.

Revision ID: 0046
Revises: 0045
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("letter", sa.Column("calendar", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("letter", "calendar")
