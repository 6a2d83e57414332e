"""posts of the council's members

They have a kind of their own.  Going back, they are posts that only get letters, as before.

Revision ID: 0058
Revises: 0057
"""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

KINDS = ("office", "lead", "officer", "confirmer", "reader", "admin", "secretary", "chief")


def _allow(*kinds: str) -> None:
    with op.batch_alter_table("post") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_post_postkind"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_post_postkind"), sa.column("kind").in_(kinds)
        )


def upgrade() -> None:
    _allow(*KINDS, "council")
    op.execute("UPDATE post SET kind = 'council' WHERE id IN (SELECT post_id FROM council_member)")


def downgrade() -> None:
    op.execute("UPDATE post SET kind = 'chief' WHERE kind = 'council'")
    _allow(*KINDS)
