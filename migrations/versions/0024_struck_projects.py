"""struck projects

A project entered by mistake is struck through, with who did so, when and why.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("project") as batch_op:
        batch_op.add_column(sa.Column("struck_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("struck_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("struck_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    """What was struck counts nowhere: in the release before, its years are called off, and named so."""
    op.execute(
        "UPDATE project_year SET mark = 'skipped'"
        " WHERE project_id IN (SELECT id FROM project WHERE struck_at IS NOT NULL)"
    )
    op.execute(
        "UPDATE round_part SET ended = 'called_off', ended_on = CURRENT_DATE WHERE ended IS NULL"
        " AND project_id IN (SELECT id FROM project WHERE struck_at IS NOT NULL)"
    )
    op.execute(
        "UPDATE project SET name = substr(name, 1, 180) || '（取消し' || id || '）'"
        " WHERE struck_at IS NOT NULL"
    )
    with op.batch_alter_table("project") as batch_op:
        for column in ("struck_reason", "struck_by", "struck_at"):
            batch_op.drop_column(column)
