"""welcome

What the predecessor wrote stays beside a memo written anew, and each person puts away the words for
those who begin.  Going back, only the newer memo stays.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("handover") as batch_op:
        batch_op.add_column(sa.Column("former", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("former_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("former_at", _AT, nullable=True))
    with op.batch_alter_table("person") as batch_op:
        batch_op.add_column(sa.Column("welcomed_at", _AT, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("person") as batch_op:
        batch_op.drop_column("welcomed_at")
    with op.batch_alter_table("handover") as batch_op:
        for column in ("former_at", "former_by", "former"):
            batch_op.drop_column(column)
