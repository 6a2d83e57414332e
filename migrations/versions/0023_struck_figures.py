"""struck figures

Base figures entered by mistake are struck through, with who did so, when and why, and leave their
name to the right ones. Whoever does so must have seen them as they are: they get a version.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_COUNTS = sa.text("struck_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("figure_series") as batch_op:
        batch_op.add_column(sa.Column("struck_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("struck_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("struck_reason", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch_op.drop_constraint(batch_op.f("uq_figure_series_kind_name"), type_="unique")
    op.create_index(
        "ix_figure_series_name",
        "figure_series",
        ["kind", "name"],
        unique=True,
        sqlite_where=_COUNTS,
        postgresql_where=_COUNTS,
    )


def downgrade() -> None:
    """What was struck is named so: cases refer to it, and the release before would offer it."""
    op.execute(
        "UPDATE figure_series SET name = substr(name, 1, 80) || '（取消し' || id || '）'"
        " WHERE struck_at IS NOT NULL"
    )
    op.drop_index("ix_figure_series_name", "figure_series")
    with op.batch_alter_table("figure_series") as batch_op:
        for column in ("version", "struck_reason", "struck_by", "struck_at"):
            batch_op.drop_column(column)
        batch_op.create_unique_constraint(
            batch_op.f("uq_figure_series_kind_name"), ["kind", "name"]
        )
