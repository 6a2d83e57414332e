"""resets

A forgotten password is set anew by a link of its own kind; who asks for one is noted until the
clock's next pass. Sessions tell where they come from.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_USES = ("invitation", "reset")


def upgrade() -> None:
    op.create_table(
        "reset_request",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column("asked_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_reset_request")),
    )
    with op.batch_alter_table("reset_request") as batch_op:
        batch_op.create_index(batch_op.f("ix_reset_request_asked_at"), ["asked_at"])
    use = sa.Enum(*_USES, name="linkuse", native_enum=False, create_constraint=True, length=24)
    with op.batch_alter_table("invitation") as batch_op:
        batch_op.add_column(sa.Column("kind", use, nullable=False, server_default=_USES[0]))
    with op.batch_alter_table("sign_in") as batch_op:
        batch_op.add_column(sa.Column("source", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("browser", sa.String(length=120), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("sign_in") as batch_op:
        batch_op.drop_column("browser")
        batch_op.drop_column("source")
    # The release before would open an invitation with what was a reset: nobody has such a link,
    # since the kind is part of what it is made of.
    with op.batch_alter_table("invitation") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_invitation_linkuse"), type_="check")
        batch_op.drop_column("kind")
    op.drop_table("reset_request")
