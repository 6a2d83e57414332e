"""words as rows

A side's later word on a cost case is a row of its own, and the newest counts: rows are only added.

Revision ID: 0028
Revises: 0027
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_COLUMNS = ["case_id", "agreement_id", "municipality_id", "revision"]


def upgrade() -> None:
    with op.batch_alter_table("confirmation") as batch_op:
        batch_op.drop_constraint(
            batch_op.f("uq_confirmation_case_id_agreement_id_municipality_id_revision"),
            type_="unique",
        )
        batch_op.create_index(
            batch_op.f("ix_confirmation_case_id_revision"), ["case_id", "revision"]
        )


def downgrade() -> None:
    """The release before keeps the newest word of each side alone."""
    op.execute(
        "DELETE FROM confirmation WHERE id NOT IN (SELECT max(id) FROM confirmation"
        f" GROUP BY {', '.join(_COLUMNS)})"
    )
    with op.batch_alter_table("confirmation") as batch_op:
        batch_op.drop_index(batch_op.f("ix_confirmation_case_id_revision"))
        batch_op.create_unique_constraint(
            batch_op.f("uq_confirmation_case_id_agreement_id_municipality_id_revision"), _COLUMNS
        )
