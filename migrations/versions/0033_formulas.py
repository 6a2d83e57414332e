"""formulas

Parts of a formula may be rates, be rounded by themselves, say of which time they count, and hold
decimals; a case may have caps and floors. Kinds of parts stand in the code alone. What is stored is
left as it is. Going back, rates become the fixed amounts they gave, and decimals whole numbers of
the same proportion; the shares stay what they are.

Revision ID: 0033
Revises: 0032
"""

from fractions import Fraction
from math import lcm
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_KINDS = ("equal", "population", "usage", "fiscal", "grant_cap", "ratio", "host", "fixed")
_OF_PART = (
    ("rate", sa.String(length=40)),
    ("period", sa.String(length=24)),
    ("rounding_unit", sa.Integer()),
    ("rounding_mode", sa.String(length=24)),
)

part = sa.table("cost_part", *(sa.column(one) for one in ("id", "case_id", "position", "kind")))
part.append_column(sa.column("values", sa.JSON))
share = sa.table("share", sa.column("case_id"), sa.column("municipality_id"))
share.append_column(sa.column("parts", sa.JSON))
municipality = sa.table("municipality", sa.column("id"), sa.column("name"))


def upgrade() -> None:
    with op.batch_alter_table("cost_part") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_cost_part_partkind"), type_="check")
        for name, kind in _OF_PART:
            batch_op.add_column(sa.Column(name, kind, nullable=True))
    with op.batch_alter_table("cost_case") as batch_op:
        batch_op.add_column(sa.Column("caps", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("floors", sa.JSON(), nullable=True))


def downgrade() -> None:
    on = op.get_bind()
    for id_, case_id, position, kind, values in on.execute(sa.select(part)).all():
        if kind == "rate":
            _set(id_, kind="fixed", values=_yen(on, case_id, position))
        elif values and any(isinstance(value, str) for value in values.values()):
            _set(id_, values=_whole(values))
    with op.batch_alter_table("cost_case") as batch_op:
        batch_op.drop_column("floors")
        batch_op.drop_column("caps")
    with op.batch_alter_table("cost_part") as batch_op:
        for name, _kind in reversed(_OF_PART):
            batch_op.drop_column(name)
        batch_op.create_check_constraint(
            batch_op.f("ck_cost_part_partkind"), sa.column("kind").in_(_KINDS)
        )


def _set(id_: int, **values: Any) -> None:
    op.execute(part.update().where(part.c.id == id_).values(**values))


def _yen(on: sa.Connection, case_id: int, position: int) -> dict[str, int]:
    """What that part laid on each, by name."""
    rows = on.execute(
        sa.select(municipality.c.name, share.c.parts)
        .join(municipality, municipality.c.id == share.c.municipality_id)
        .where(share.c.case_id == case_id)
    )
    return {name: int(Fraction(steps[position])) for name, steps in rows}


def _whole(values: dict[str, int | str]) -> dict[str, int]:
    exact = {name: Fraction(value) for name, value in values.items()}
    scale = lcm(*(one.denominator for one in exact.values()))
    return {name: int(one * scale) for name, one in exact.items()}
