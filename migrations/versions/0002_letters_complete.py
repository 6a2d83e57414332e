"""letters complete

Chiefs, the April confirmation, hand-over memos, the weekly digest, calendar feeds, the mailbox
of bounces, edited texts of letters, and all kinds of duty.

Revision ID: 0002
Revises: 0001
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

POST_KINDS = ("office", "lead", "officer", "confirmer", "reader", "admin", "secretary")
DUTY_KINDS = (
    "report_unsubmitted",
    "report_unchecked",
    "meeting_unplanned",
    "meeting_unheld",
    "poll_unanswered",
    "meeting_undated",
    "notice_unsent",
    "attendance_unrecorded",
    "view_unrecorded",
    "cost_unconfirmed",
    "address_undeliverable",
)
MORE_DUTY_KINDS = (
    "report_returned",
    "round_unopened",
    "results_unpublished",
    "minutes_uncirculated",
    "minutes_unconfirmed",
    "decision_open",
    "cost_unstarted",
    "cost_unsent",
    "cost_unreconciled",
    "instalment_due",
    "question_open",
    "person_unconfirmed",
    "handover_unwritten",
)


def _allow(batch_op: BatchOperations, name: str, values: tuple[str, ...]) -> None:
    """Says which values the column `kind` of a table may have from now on."""
    condition = f"kind IN ({', '.join(repr(value) for value in values)})"
    batch_op.drop_constraint(op.f(name), type_="check")
    batch_op.create_check_constraint(op.f(name), condition)


def upgrade() -> None:
    with op.batch_alter_table("step_rule", schema=None) as batch_op:
        _allow(batch_op, "ck_step_rule_kind", DUTY_KINDS + MORE_DUTY_KINDS)
    with op.batch_alter_table("post", schema=None) as batch_op:
        _allow(batch_op, "ck_post_postkind", (*POST_KINDS, "chief"))
        batch_op.add_column(sa.Column("chief_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("confirmed_year", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("confirmed_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_post_chief_id"), "post", ["chief_id"], ["id"])
    # Who holds a post already registered is taken as known for the fiscal year under way.
    tokyo = datetime.now(UTC) + timedelta(hours=9)
    fiscal_year = tokyo.year - (tokyo.month < 4)
    op.execute(sa.text("UPDATE post SET confirmed_year = :year").bindparams(year=fiscal_year))
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "weekly_digest", sa.Boolean(), server_default=sa.text("(false)"), nullable=False
            )
        )
    with op.batch_alter_table("clock_state", schema=None) as batch_op:
        batch_op.drop_column("notes")
    with op.batch_alter_table("letter_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_letter_item_due_at"), ["due_at"], unique=False)
    op.create_table(
        "handover",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("cautions", sa.Text(), nullable=False),
        sa.Column("stumbles", sa.Text(), nullable=False),
        sa.Column("contacts", sa.Text(), nullable=False),
        sa.Column("written_by", sa.String(length=200), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_handover_post_id")),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_handover")),
    )
    op.create_table(
        "calendar_key",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_calendar_key_person_id")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_calendar_key")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_key_token_hash")),
    )
    op.create_table(
        "mailbox_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("unreadable", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox_state")),
    )
    op.create_table(
        "letter_text",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_letter_text")),
    )


def downgrade() -> None:
    op.drop_table("letter_text")
    op.drop_table("mailbox_state")
    op.drop_table("calendar_key")
    op.drop_table("handover")
    with op.batch_alter_table("letter_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_letter_item_due_at"))
    with op.batch_alter_table("clock_state", schema=None) as batch_op:
        batch_op.add_column(sa.Column("notes", sa.JSON(), nullable=True))
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("weekly_digest")
    # What the old form cannot say goes: a chief's post and the days of the new kinds.
    op.execute("UPDATE post SET kind = 'secretary' WHERE kind = 'chief'")
    for kind in MORE_DUTY_KINDS:
        op.execute(sa.text("DELETE FROM step_rule WHERE kind = :kind").bindparams(kind=kind))
    with op.batch_alter_table("post", schema=None) as batch_op:
        _allow(batch_op, "ck_post_postkind", POST_KINDS)
        batch_op.drop_constraint(batch_op.f("fk_post_chief_id"), type_="foreignkey")
        for column in ("confirmed_at", "confirmed_by", "confirmed_year", "chief_id"):
            batch_op.drop_column(column)
    with op.batch_alter_table("step_rule", schema=None) as batch_op:
        _allow(batch_op, "ck_step_rule_kind", DUTY_KINDS)
