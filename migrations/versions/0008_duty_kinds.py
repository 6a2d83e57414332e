"""duty kinds

What a kind of duty may be called stands in one table of the code: the database no longer repeats it.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KINDS = (
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


def upgrade() -> None:
    with op.batch_alter_table("step_rule", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_step_rule_kind"), type_="check")


def downgrade() -> None:
    quoted = ", ".join(repr(kind) for kind in KINDS)
    with op.batch_alter_table("step_rule", schema=None) as batch_op:
        batch_op.create_check_constraint(op.f("ck_step_rule_kind"), f"kind IN ({quoted})")
