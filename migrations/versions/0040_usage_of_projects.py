"""usage of projects

A series of base figures may be the usage of one project, in one year.  Going back, it is one of the
whole area, and its name says which series it was: cases took figures from it.

Revision ID: 0040
Revises: 0039
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

COUNTS = sa.text("struck_at IS NULL")
OF_AREA = sa.text("struck_at IS NULL AND project_id IS NULL")
NAME, OF_PROJECT = "ix_figure_series_name", "ix_figure_series_of_project"


def _index(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(
        name, "figure_series", columns, unique=True, sqlite_where=where, postgresql_where=where
    )


def upgrade() -> None:
    op.drop_index(NAME, table_name="figure_series")
    with op.batch_alter_table("figure_series") as table:
        table.add_column(sa.Column("project_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("period", sa.String(length=10), nullable=True))
        table.create_foreign_key(
            op.f("fk_figure_series_project_id"), "project", ["project_id"], ["id"]
        )
        table.create_index(op.f("ix_figure_series_project_id"), ["project_id"])
    _index(NAME, ["kind", "name"], OF_AREA)
    _index(OF_PROJECT, ["project_id", "name"], COUNTS)


def downgrade() -> None:
    op.execute(
        "UPDATE figure_series SET name = substr(name, 1, 80) || '（' || id || '）' "
        "WHERE project_id IS NOT NULL"
    )
    op.drop_index(OF_PROJECT, table_name="figure_series")
    op.drop_index(NAME, table_name="figure_series")
    with op.batch_alter_table("figure_series") as table:
        table.drop_index(op.f("ix_figure_series_project_id"))
        table.drop_constraint(op.f("fk_figure_series_project_id"), type_="foreignkey")
        table.drop_column("period")
        table.drop_column("project_id")
    _index(NAME, ["kind", "name"], COUNTS)
