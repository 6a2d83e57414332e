"""letters_found

The list of letters costs the same after many years: a page of it and the number of its rows come
from an index, as do the held letters and the mentions passed over.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

LISTS = (("send_at", "id"), ("municipality_id", "send_at", "id"))

PARTS = (
    ("ix_letter_not_sent", "letter", ("state", "send_at", "id"), "state <> 'sent'"),
    ("ix_letter_held", "letter", ("id",), "state = 'held'"),
    ("ix_letter_item_passed_over", "letter_item", ("due_at",), "state = 'skipped'"),
)


def upgrade() -> None:
    op.drop_index(op.f("ix_letter_send_at"), table_name="letter")
    for columns in LISTS:
        op.create_index(op.f(f"ix_letter_{'_'.join(columns)}"), "letter", list(columns))
    for name, table, columns, where in PARTS:
        part = sa.text(where)
        op.create_index(name, table, list(columns), sqlite_where=part, postgresql_where=part)


def downgrade() -> None:
    for name, table, *_ in PARTS:
        op.drop_index(name, table_name=table)
    for columns in LISTS:
        op.drop_index(op.f(f"ix_letter_{'_'.join(columns)}"), table_name="letter")
    op.create_index(op.f("ix_letter_send_at"), "letter", ["send_at"])
