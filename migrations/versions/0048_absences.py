"""absences of heads, who entered days, and what meetings keep to

Several municipalities' days are entered at once, so each says who did; when a head is away only the
municipality and the office know, so it stands in a table of its own.  Going back, absences are gone.

Revision ID: 0048
Revises: 0047
"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

AVOIDED = "12/28、1/4、3/31、4/1"


def upgrade() -> None:
    op.create_table(
        "head_absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("municipality_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id"],
            ["municipality.id"],
            name=op.f("fk_head_absence_municipality_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_head_absence")),
    )
    for column in ("municipality_id", "begins_on"):
        op.create_index(op.f(f"ix_head_absence_{column}"), "head_absence", [column])
    op.add_column("calendar_entry", sa.Column("entered_by", sa.String(200), nullable=True))
    for column in (
        sa.Column("notice_days", sa.Integer(), nullable=False, server_default="14"),
        sa.Column("poll_office_days", sa.Integer(), nullable=False, server_default="10"),
        sa.Column("avoided_days", sa.String(200), nullable=False, server_default=AVOIDED),
    ):
        op.add_column("area", column)


def downgrade() -> None:
    for column in ("avoided_days", "poll_office_days", "notice_days"):
        op.drop_column("area", column)
    op.drop_column("calendar_entry", "entered_by")
    op.drop_table("head_absence")
