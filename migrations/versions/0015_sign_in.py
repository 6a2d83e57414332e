"""sign-in

Tries at signing in are counted by address and source, in a table of their own, in place of an
account's lock that any stranger could turn.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sign_in_delay",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("counted_at", _AT, nullable=False),
        sa.Column("open_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_sign_in_delay_person_id")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_delay")),
    )
    with op.batch_alter_table("sign_in_delay") as batch_op:
        for column in ("person_id", "counted_at"):
            batch_op.create_index(batch_op.f(f"ix_sign_in_delay_{column}"), [column])
    with op.batch_alter_table("person") as batch_op:
        batch_op.drop_column("locked_until")
        batch_op.drop_column("failed_count")


def downgrade() -> None:
    # Nobody is locked out after it.
    with op.batch_alter_table("person") as batch_op:
        batch_op.add_column(
            sa.Column("failed_count", sa.Integer(), nullable=False, server_default="0")
        )
        batch_op.add_column(sa.Column("locked_until", _AT, nullable=True))
    with op.batch_alter_table("person") as batch_op:
        batch_op.alter_column("failed_count", existing_type=sa.Integer(), server_default=None)
    op.drop_table("sign_in_delay")
