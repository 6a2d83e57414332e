"""special grant

What each municipality claims of a project's year for the special grant, and the year's ceilings.
Going back, both are gone.

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "grant_cap",
        sa.Column("fiscal_year", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("caps_yen", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("fiscal_year", name=op.f("pk_grant_cap")),
    )
    op.create_table(
        "grant_claim",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("municipality_id", sa.Integer(), nullable=False),
        sa.Column("national_yen", sa.BigInteger(), nullable=False),
        sa.Column("prefectural_yen", sa.BigInteger(), nullable=False),
        sa.Column("other_yen", sa.BigInteger(), nullable=False),
        sa.Column("claimed_yen", sa.BigInteger(), nullable=False),
        sa.Column("claimed_under", sa.JSON(), nullable=False),
        sa.Column("is_eligible", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("proof", sa.String(length=300), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id"],
            ["municipality.id"],
            name=op.f("fk_grant_claim_municipality_id"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_grant_claim_project_id")
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "fiscal_year", "municipality_id", name=op.f("pk_grant_claim")
        ),
    )


def downgrade() -> None:
    op.drop_table("grant_claim")
    op.drop_table("grant_cap")
