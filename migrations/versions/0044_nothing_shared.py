"""nothing shared

A case may say that nobody bears anything.  Going back, it is one about work, in words.

Revision ID: 0044
Revises: 0043
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def _allow(*kinds: str) -> None:
    with op.batch_alter_table("cost_case") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_cost_case_casekind"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_cost_case_casekind"), sa.column("kind").in_(kinds)
        )


def upgrade() -> None:
    _allow("money", "work", "none")


def downgrade() -> None:
    op.execute(
        "UPDATE cost_case SET kind = 'work', work = '費用を分担しない。理由：' || work"
        " WHERE kind = 'none'"
    )
    _allow("money", "work")
