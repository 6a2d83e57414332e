"""opinions of the council

What was said at a meeting, by whose seat, and what became of it.  Going back, they are forgotten.

Revision ID: 0057
Revises: 0056
"""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "council_opinion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("seat_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("responded_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_council_opinion_meeting_id")
        ),
        sa.ForeignKeyConstraint(
            ["seat_id"], ["meeting_seat.id"], name=op.f("fk_council_opinion_seat_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_council_opinion")),
    )
    op.create_index(op.f("ix_council_opinion_meeting_id"), "council_opinion", ["meeting_id"])


def downgrade() -> None:
    op.drop_table("council_opinion")
