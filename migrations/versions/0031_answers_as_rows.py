"""answers as rows

A later answer to a candidate date is a row of its own, and the newest counts: rows are only added.
Without an answer a row takes back what was said before.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_COLUMNS = "seat_id, candidate_id, answer, answered_at, answered_by, answered_by_id, told_by"
_FOREIGN = {
    "seat_id": "meeting_seat.id",
    "candidate_id": "candidate_date.id",
    "answered_by_id": "person.id",
}


def upgrade() -> None:
    _rebuild(
        [sa.Column("id", sa.Integer(), nullable=False)],
        ["id"],
        is_kept=True,
        rows=f"{_COLUMNS} FROM poll_answer ORDER BY answered_at, seat_id, candidate_id",
    )
    op.create_index(
        op.f("ix_poll_answer_seat_id_candidate_id"), "poll_answer", ["seat_id", "candidate_id"]
    )


def downgrade() -> None:
    """The release before keeps the newest answer to each date alone."""
    op.drop_index(op.f("ix_poll_answer_seat_id_candidate_id"), table_name="poll_answer")
    _rebuild(
        [],
        ["seat_id", "candidate_id"],
        is_kept=False,
        rows=f"{_COLUMNS} FROM poll_answer WHERE answer IS NOT NULL AND id IN"
        " (SELECT max(id) FROM poll_answer GROUP BY seat_id, candidate_id)",
    )


def _rebuild(more: list[sa.Column], key: list[str], *, is_kept: bool, rows: str) -> None:
    """The table anew, with these rows of the one before: a key cannot be changed in place."""
    op.execute(f"CREATE TABLE answers_before AS SELECT {rows}")
    op.drop_table("poll_answer")
    op.create_table(
        "poll_answer",
        *more,
        sa.Column("seat_id", sa.Integer(), nullable=False),
        sa.Column("candidate_id", sa.Integer(), nullable=False),
        sa.Column(
            "answer",
            sa.Enum(
                *("yes", "maybe", "no"),
                name="answer",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=is_kept,
        ),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.String(length=200), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("told_by", sa.String(length=200), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [to],
                name=op.f(f"fk_poll_answer_{column}"),
                # Before, an answer went with its date.
                ondelete="CASCADE" if column == "candidate_id" and not is_kept else None,
            )
            for column, to in _FOREIGN.items()
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_poll_answer")),
    )
    op.execute(f"INSERT INTO poll_answer ({_COLUMNS}) SELECT {_COLUMNS} FROM answers_before")
    op.execute("DROP TABLE answers_before")
