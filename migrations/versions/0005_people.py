"""people

Who confirmed a post and who wrote a hand-over memo as persons beside the names of their posts, and
the code of a municipality in five digits.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
town = sa.table("municipality", sa.column("id", sa.Integer), sa.column("code", sa.String))
history = sa.table(
    "history",
    sa.column("id", sa.Integer),
    sa.column("at", _AT),
    sa.column("person_id", sa.Integer),
    sa.column("actor", sa.String),
)
person = sa.table("person", sa.column("id", sa.Integer))
post = sa.table(
    "post",
    sa.column("confirmed_by", sa.String),
    sa.column("confirmed_at", _AT),
    sa.column("confirmed_by_id", sa.Integer),
)
handover = sa.table(
    "handover",
    sa.column("written_by", sa.String),
    sa.column("written_at", _AT),
    sa.column("written_by_id", sa.Integer),
)


def upgrade() -> None:
    with op.batch_alter_table("post") as batch_op:
        batch_op.add_column(sa.Column("confirmed_by_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_post_confirmed_by_id"), "person", ["confirmed_by_id"], ["id"]
        )
    with op.batch_alter_table("handover") as batch_op:
        batch_op.add_column(sa.Column("written_by_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_handover_written_by_id"), "person", ["written_by_id"], ["id"]
        )
    op.execute(
        sa.update(post).values(confirmed_by_id=_who(post.c.confirmed_by, post.c.confirmed_at))
    )
    op.execute(
        sa.update(handover).values(written_by_id=_who(handover.c.written_by, handover.c.written_at))
    )
    _shorten_codes()
    with op.batch_alter_table("municipality") as batch_op:
        batch_op.alter_column("code", existing_type=sa.String(6), type_=sa.String(5))


def _who(name: sa.ColumnElement[str], at: sa.ColumnElement[object]) -> sa.ScalarSelect[int]:
    """The record knows who it was: the same moment, the same post."""
    return (
        sa.select(sa.func.max(history.c.person_id))
        .where(
            history.c.actor == name,
            history.c.at == at,
            history.c.person_id.in_(sa.select(person.c.id)),
        )
        .scalar_subquery()
    )


def _shorten_codes() -> None:
    """Six digits lose the last, which checks the others; a leading zero a spreadsheet took is back.

    A code that would then stand twice stays as it is, as far as it fits.
    """
    bind = op.get_bind()
    codes = {row.id: row.code for row in bind.execute(sa.select(town.c.id, town.c.code))}
    for id_, code in codes.items():
        five = _five(code)
        if five in {other for key, other in codes.items() if key != id_}:
            five = code[:5]
        if five != code:
            codes[id_] = five
            bind.execute(sa.update(town).where(town.c.id == id_).values(code=five))


def _five(code: str) -> str:
    if len(code) == 4:
        return f"0{code}"
    # No municipality has a number below 100: five digits that say so are six without their zero.
    if len(code) == 5 and code.isdecimal() and code[2] == "0" and _checks(f"0{code}"):
        return f"0{code[:4]}"
    return code[:5]


def _checks(six: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(six, (6, 5, 4, 3, 2), strict=False))
    return str(11 - total % 11)[-1] == six[5]


def downgrade() -> None:
    with op.batch_alter_table("municipality") as batch_op:
        batch_op.alter_column("code", existing_type=sa.String(5), type_=sa.String(6))
    with op.batch_alter_table("handover") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_handover_written_by_id"), type_="foreignkey")
        batch_op.drop_column("written_by_id")
    with op.batch_alter_table("post") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_post_confirmed_by_id"), type_="foreignkey")
        batch_op.drop_column("confirmed_by_id")
