"""decisions

What meetings decided, what each municipality does of it, how it says that stands; and the question that
an item of an agenda is about.  Going back, they are gone.

Revision ID: 0049
Revises: 0048
"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def _struck() -> tuple[sa.Column, ...]:
    return (
        sa.Column("struck_at", _AT, nullable=True),
        sa.Column("struck_by", sa.String(length=200), nullable=True),
        sa.Column("struck_reason", sa.Text(), nullable=True),
    )


def upgrade() -> None:
    with op.batch_alter_table("agenda_item") as batch_op:
        batch_op.add_column(sa.Column("question_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_agenda_item_question_id"), "question", ["question_id"], ["id"]
        )
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=150), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("question_id", sa.Integer(), nullable=True),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("recorded_at", _AT, nullable=False),
        sa.Column("is_example", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *_struck(),
        _key("decision", "meeting_id", "meeting"),
        _key("decision", "item_id", "agenda_item"),
        _key("decision", "project_id", "project"),
        _key("decision", "case_id", "cost_case"),
        _key("decision", "question_id", "question"),
        _key("decision", "recorded_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_table(
        "follow_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("municipality_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("added_at", _AT, nullable=False),
        sa.Column("reported_at", _AT, nullable=True),
        sa.Column("closed_at", _AT, nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *_struck(),
        _key("follow_up", "decision_id", "decision"),
        _key("follow_up", "municipality_id", "municipality"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
    )
    op.create_table(
        "progress_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("follow_up_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("person_name", sa.String(length=200), nullable=False),
        sa.Column("at", _AT, nullable=False),
        _key("progress_note", "follow_up_id", "follow_up"),
        _key("progress_note", "person_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_progress_note")),
    )
    for table, column in (
        *(("decision", name) for name in ("meeting_id", "project_id", "case_id", "question_id")),
        *(("follow_up", "decision_id"), ("progress_note", "follow_up_id")),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    for table in ("progress_note", "follow_up", "decision"):
        op.drop_table(table)
    with op.batch_alter_table("agenda_item") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_agenda_item_question_id"), type_="foreignkey")
        batch_op.drop_column("question_id")
