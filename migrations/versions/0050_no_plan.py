"""no plan of payment

An agreed case may be paid without a plan, with a reason in words.  Going back, nothing was said of it.

Revision ID: 0050
Revises: 0049
"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def _allow(*ways: str) -> None:
    with op.batch_alter_table("payment_plan") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_payment_plan_divideby"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_payment_plan_divideby"), sa.column("divide_by").in_(ways)
        )


def upgrade() -> None:
    op.add_column("payment_plan", sa.Column("reason", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("payment_plan") as batch_op:
        batch_op.alter_column("reason", server_default=None)
    _allow("equal", "percent", "typed", "none")


def downgrade() -> None:
    op.execute("DELETE FROM payment_plan WHERE divide_by = 'none'")
    _allow("equal", "percent", "typed")
    op.drop_column("payment_plan", "reason")
