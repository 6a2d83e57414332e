"""seat invitations

Each seat has its own invitation to a calendar, and says who is to come.  Going back, what was said
before a meeting is forgotten: there it would count as recorded attendance.

Revision ID: 0053
Revises: 0052
"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

_NEW = (
    "invited_at",
    "companions",
    "vehicles",
    "replied_at",
    "replied_by",
    "replied_by_id",
    "reply_told_by",
)
_EARLY = (
    "UPDATE meeting_seat SET attendance = NULL, deputy = NULL"
    " WHERE meeting_id IN (SELECT id FROM meeting WHERE attendance_at IS NULL)"
)


def upgrade() -> None:
    with op.batch_alter_table("meeting_seat") as batch_op:
        batch_op.add_column(sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("companions", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("vehicles", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("replied_by", sa.String(200), nullable=True))
        batch_op.add_column(sa.Column("replied_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("reply_told_by", sa.String(200), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_meeting_seat_replied_by_id"), "person", ["replied_by_id"], ["id"]
        )
    op.create_table(
        "seat_invitation",
        sa.Column("seat_id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(120), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(32), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("to_key", sa.String(40), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("begins", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("doubt", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["seat_id"], ["meeting_seat.id"], name=op.f("fk_seat_invitation_seat_id")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_seat_invitation_post_id")),
        sa.PrimaryKeyConstraint("seat_id", name=op.f("pk_seat_invitation")),
        sa.UniqueConstraint("uid", name=op.f("uq_seat_invitation_uid")),
    )


def downgrade() -> None:
    op.drop_table("seat_invitation")
    op.execute(_EARLY)
    with op.batch_alter_table("meeting_seat") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_meeting_seat_replied_by_id"), type_="foreignkey")
        for name in _NEW:
            batch_op.drop_column(name)
