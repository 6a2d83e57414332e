"""estimates paid with what comes after them

An estimate may be left to 確定 or 精算.  Going back, nothing was said of it, and they ask in whole.

Revision ID: 0055
Revises: 0054
"""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def _allow(*ways: str) -> None:
    with op.batch_alter_table("payment_plan") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_payment_plan_divideby"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_payment_plan_divideby"), sa.column("divide_by").in_(ways)
        )


def upgrade() -> None:
    _allow("equal", "percent", "typed", "none", "later")


def downgrade() -> None:
    op.execute("DELETE FROM payment_plan WHERE divide_by = 'later'")
    _allow("equal", "percent", "typed", "none")
