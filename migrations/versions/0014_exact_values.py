"""exact values

A project has several indicators, numbered; targets and reported values are exact numbers:
numerator, denominator, decimals and, of values, of how many they were counted. A submitted version
keeps the indicators as they were called.

Revision ID: 0014
Revises: 0013
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(one) for one in columns))


indicator = _table("indicator", "id", "project_id", "number", "name", "unit")
report = _table("progress_report", "id", "project_id")
version = _table("report_version", "id", "report_id", "content")
version.c.content.type = sa.JSON()
# A value was a whole number: what is left of a fraction is rounded half up.
_WHOLE = "CAST((2 * numerator + denominator) / (2 * denominator) AS BIGINT)"


def upgrade() -> None:
    with op.batch_alter_table("indicator") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_indicator_project_id"), type_="unique")
        batch_op.add_column(sa.Column("number", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("decimals", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_unique_constraint(
            batch_op.f("uq_indicator_project_id_number"), ["project_id", "number"]
        )
    op.execute("DELETE FROM indicator_value WHERE value IS NULL")
    for table in ("indicator_target", "indicator_value"):
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("numerator", sa.BigInteger(), nullable=True))
            batch_op.add_column(sa.Column("denominator", sa.BigInteger(), nullable=True))
            batch_op.add_column(sa.Column("decimals", sa.Integer(), nullable=True))
        op.execute(f"UPDATE {table} SET numerator = value, denominator = 1, decimals = 0")
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("value")
            for name, kind in _EXACT:
                batch_op.alter_column(name, existing_type=kind, nullable=False)
    with op.batch_alter_table("indicator_value") as batch_op:
        batch_op.add_column(sa.Column("n", sa.Integer(), nullable=True))
    _rewrite(_with_values)


_EXACT = (
    ("numerator", sa.BigInteger()),
    ("denominator", sa.BigInteger()),
    ("decimals", sa.Integer()),
)


def _rewrite(change: Any) -> None:
    """Writes the content of every submitted version anew."""
    bind = op.get_bind()
    rows = bind.execute(
        sa.select(version.c.id, version.c.content, indicator.c.name, indicator.c.unit)
        .join(report, report.c.id == version.c.report_id)
        .outerjoin(
            indicator,
            sa.and_(indicator.c.project_id == report.c.project_id, indicator.c.number == 1),
        )
    ).all()
    for id_, content, name, unit in rows:
        change(content, name, unit)
        bind.execute(sa.update(version).where(version.c.id == id_).values(content=content))


def _with_values(content: dict[str, Any], name: str | None, unit: str | None) -> None:
    value = content.pop("value", None)
    exact = {"numerator": value, "denominator": 1, "decimals": 0, "n": None}
    told = {"number": 1, "name": name, "unit": unit, "value": exact}
    content["values"] = [] if value is None or name is None else [told]


def _with_value(content: dict[str, Any], _name: str | None, _unit: str | None) -> None:
    told = [one["value"] for one in content.pop("values", []) if one["number"] == 1]
    over, under = (told[0]["numerator"], told[0]["denominator"]) if told else (None, 1)
    content["value"] = None if over is None else (2 * over + under) // (2 * under)


def downgrade() -> None:
    # The form before knows one indicator a project, and whole numbers: the first stays.
    further = "SELECT id FROM indicator WHERE number <> 1"
    _rewrite(_with_value)
    for table in ("indicator_value", "indicator_target"):
        op.execute(f"DELETE FROM {table} WHERE indicator_id IN ({further})")
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("value", sa.BigInteger(), nullable=True))
        op.execute(f"UPDATE {table} SET value = {_WHOLE}")
        with op.batch_alter_table(table) as batch_op:
            for name, _kind in _EXACT:
                batch_op.drop_column(name)
            if table == "indicator_value":
                batch_op.drop_column("n")
            else:
                batch_op.alter_column("value", existing_type=sa.BigInteger(), nullable=False)
    op.execute("DELETE FROM indicator WHERE number <> 1")
    with op.batch_alter_table("indicator") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_indicator_project_id_number"), type_="unique")
        batch_op.drop_column("number")
        batch_op.drop_column("decimals")
        batch_op.create_unique_constraint(batch_op.f("uq_indicator_project_id"), ["project_id"])
