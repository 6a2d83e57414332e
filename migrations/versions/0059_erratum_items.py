"""corrections of final minutes by item

A correction says of which item of the agenda it is: only who may read that item reads it.  Those
that stand are of the meeting as a whole, as everybody has read them.

Revision ID: 0059
Revises: 0058
"""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("minutes_erratum") as batch_op:
        batch_op.add_column(sa.Column("item_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_minutes_erratum_item_id"), "agenda_item", ["item_id"], ["id"]
        )


def downgrade() -> None:
    # Everybody would read it: what was kept to some goes.
    op.execute("DELETE FROM minutes_erratum WHERE item_id IS NOT NULL")
    with op.batch_alter_table("minutes_erratum") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_minutes_erratum_item_id"), type_="foreignkey")
        batch_op.drop_column("item_id")
