"""record indexes

The list of the record is read newest first, narrowed to a municipality, a person, a kind or days,
and reads as much of it however long it has grown.

Revision ID: 0034
Revises: 0033
"""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_history_at_id": ["at", "id"],
    "ix_history_municipality_at_id": ["municipality", "at", "id"],
    "ix_history_person_id_at_id": ["person_id", "at", "id"],
    "ix_history_verb_at_id": ["verb", "at", "id"],
    "ix_history_kind": ["subject_kind", "at", "id"],
}


def upgrade() -> None:
    for name, columns in _INDEXES.items():
        op.create_index(name, "history", columns)
    op.drop_index("ix_history_at", table_name="history")


def downgrade() -> None:
    op.create_index("ix_history_at", "history", ["at"])
    for name in _INDEXES:
        op.drop_index(name, table_name="history")
