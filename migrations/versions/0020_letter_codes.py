"""letter codes

An invitation counts wrong tries at the short code of its letter, and the sign-in record takes any
step that the program knows.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# What the release before knows.
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


def _step(is_guarded: bool) -> sa.Enum:
    return sa.Enum(
        *_STEPS, name="signinstep", native_enum=False, create_constraint=is_guarded, length=24
    )


def upgrade() -> None:
    with op.batch_alter_table("invitation") as batch_op:
        batch_op.add_column(
            sa.Column("code_tries", sa.Integer(), nullable=False, server_default="0")
        )
    with op.batch_alter_table("sign_in_event") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_sign_in_event_signinstep"), type_="check")


def downgrade() -> None:
    event = sa.table("sign_in_event", sa.column("step", sa.String))
    op.execute(event.delete().where(event.c.step.not_in(_STEPS)))
    # A letter that waits would go out with a place for a code that nobody fills in.
    secret = sa.table("letter_secret", sa.column("kind", sa.String))
    op.execute(secret.delete().where(secret.c.kind.in_(["invitation_code", "reset_code"])))
    with op.batch_alter_table("sign_in_event") as batch_op:
        batch_op.create_check_constraint(
            batch_op.f("ck_sign_in_event_signinstep"), sa.column("step").in_(_STEPS)
        )
    with op.batch_alter_table("invitation") as batch_op:
        batch_op.drop_column("code_tries")
