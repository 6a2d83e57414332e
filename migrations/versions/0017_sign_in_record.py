"""sign-in record

Who signed in, tried, or set a password, when and from where.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_STEPS = (
    "signed_in",
    "wrong",
    "signed_out",
    "ended",
    "reset_sent",
    "password_set",
    "password_changed",
    "lifted",
)


def upgrade() -> None:
    step = sa.Enum(*_STEPS, name="signinstep", native_enum=False, create_constraint=True, length=24)
    op.create_table(
        "sign_in_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("step", step, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("browser", sa.String(length=120), nullable=True),
        sa.Column("wait_seconds", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_sign_in_event_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_event")),
    )
    op.create_index(op.f("ix_sign_in_event_at"), "sign_in_event", ["at"])
    op.create_index(op.f("ix_sign_in_event_person_id_id"), "sign_in_event", ["person_id", "id"])


def downgrade() -> None:
    op.drop_table("sign_in_event")
