"""carry-over

What a settlement carries over to the next year is not shared now.  Going back, it is no part of the
total, so that the shares still add up.

Revision ID: 0045
Revises: 0044
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cost_case", sa.Column("carried_yen", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.execute(
        "UPDATE project_cost SET total_yen = total_yen - (SELECT carried_yen FROM cost_case"
        " WHERE cost_case.cost_id = project_cost.id)"
        " WHERE id IN (SELECT cost_id FROM cost_case WHERE carried_yen IS NOT NULL)"
    )
    op.drop_column("cost_case", "carried_yen")
