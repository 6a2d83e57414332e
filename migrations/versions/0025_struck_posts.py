"""struck posts

A post entered by mistake is struck through, with who did so, when and why, and leaves its name to
others.  It is what is_active said before, which nobody could change.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_COUNTS = sa.text("struck_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("post") as batch_op:
        batch_op.add_column(sa.Column("struck_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("struck_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("struck_reason", sa.Text(), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_post_municipality_id_name"), type_="unique")
    op.execute(
        "UPDATE post SET struck_at = CURRENT_TIMESTAMP, struck_by = '（記録なし）', name_key = NULL,"
        " struck_reason = '使わない役職とされていたため。' WHERE NOT is_active"
    )
    with op.batch_alter_table("post") as batch_op:
        batch_op.drop_column("is_active")
    op.create_index(
        "ix_post_name",
        "post",
        ["municipality_id", "name"],
        unique=True,
        sqlite_where=_COUNTS,
        postgresql_where=_COUNTS,
    )


def downgrade() -> None:
    """What was struck is out of use in the release before, under a name that others do not need."""
    op.drop_index("ix_post_name", "post")
    with op.batch_alter_table("post") as batch_op:
        batch_op.add_column(
            sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
    op.execute(
        "UPDATE post SET is_active = (struck_at IS NULL), name = CASE WHEN struck_at IS NULL"
        " THEN name ELSE substr(name, 1, 80) || '（取消し' || id || '）' END"
    )
    with op.batch_alter_table("post") as batch_op:
        batch_op.alter_column("is_active", server_default=None)
        for column in ("struck_reason", "struck_by", "struck_at"):
            batch_op.drop_column(column)
        batch_op.create_unique_constraint(
            batch_op.f("uq_post_municipality_id_name"), ["municipality_id", "name"]
        )
