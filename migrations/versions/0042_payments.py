"""payments

The plan by which an agreed case is paid, its instalments, and what was received of each. Going
back, all three are gone.

Revision ID: 0042
Revises: 0041
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment_plan",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("divide_by", _words("divideby", "equal", "percent", "typed"), nullable=False),
        sa.Column("unit_yen", sa.Integer(), nullable=False),
        sa.Column("remainder", _words("remainderto", "first", "last"), nullable=False),
        sa.Column("shift", _words("shiftto", "before", "after"), nullable=False),
        sa.Column("percents", sa.JSON(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cost_case.id"], name=op.f("fk_payment_plan_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["municipality.id"], name=op.f("fk_payment_plan_lead_id")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_payment_plan")),
    )
    op.create_table(
        "instalment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("municipality_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("is_refund", sa.Boolean(), nullable=False),
        sa.Column("yen", sa.BigInteger(), nullable=False),
        sa.Column("wanted_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("noticed_on", sa.Date(), nullable=True),
        sa.Column("notice_no", sa.String(length=60), nullable=False),
        sa.Column("billed_on", sa.Date(), nullable=True),
        sa.Column("bill_no", sa.String(length=60), nullable=False),
        sa.Column("stated_on", sa.Date(), nullable=True),
        sa.Column("stated_by", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["payment_plan.case_id"], name=op.f("fk_instalment_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_instalment_municipality_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instalment")),
        sa.UniqueConstraint(
            "case_id",
            "municipality_id",
            "number",
            name=op.f("uq_instalment_case_id_municipality_id_number"),
        ),
    )
    op.create_table(
        "instalment_receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("instalment_id", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("received_yen", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("struck_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("struck_by", sa.String(length=200), nullable=True),
        sa.Column("struck_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["instalment_id"], ["instalment.id"], name=op.f("fk_instalment_receipt_instalment_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["person.id"], name=op.f("fk_instalment_receipt_recorded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instalment_receipt")),
    )
    op.create_index(
        op.f("ix_instalment_receipt_instalment_id"), "instalment_receipt", ["instalment_id"]
    )


def _words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=24)


def downgrade() -> None:
    op.drop_table("instalment_receipt")
    op.drop_table("instalment")
    op.drop_table("payment_plan")
