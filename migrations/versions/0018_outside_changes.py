"""outside changes

What another municipality entered of a post's address or accounts stands in a table until somebody
of its own municipality has looked at it.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "outside_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("before", sa.String(length=254), nullable=True),
        sa.Column("after", sa.String(length=254), nullable=True),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", _AT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("is_holding", sa.Boolean(), nullable=False),
        sa.Column("looked_by", sa.String(length=200), nullable=True),
        sa.Column("looked_by_id", sa.Integer(), nullable=True),
        sa.Column("looked_at", _AT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_outside_change_{column}")
            )
            for column, table in (
                ("post_id", "post"),
                ("person_id", "person"),
                ("changed_by_id", "person"),
                ("looked_by_id", "person"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_change")),
    )
    with op.batch_alter_table("outside_change") as batch_op:
        for column in ("post_id", "person_id"):
            batch_op.create_index(batch_op.f(f"ix_outside_change_{column}"), [column])


def downgrade() -> None:
    op.drop_table("outside_change")
