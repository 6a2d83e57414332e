"""materials

The materials of a meeting, their files, when they were sent and who opened them.  Going back, they are
gone, and so are the rows of their files.

Revision ID: 0051
Revises: 0050
"""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "material_pack",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("sent_at", _AT, nullable=True),
        sa.Column("sent_by", sa.String(length=200), nullable=True),
        sa.Column("sent_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _key("material_pack", "meeting_id", "meeting"),
        _key("material_pack", "sent_by_id", "person"),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_material_pack")),
    )
    op.create_table(
        "material",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("title", sa.String(length=150), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("only", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("struck_at", _AT, nullable=True),
        sa.Column("struck_by", sa.String(length=200), nullable=True),
        sa.Column("struck_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _key("material", "meeting_id", "meeting"),
        _key("material", "item_id", "agenda_item"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_material")),
    )
    op.create_table(
        "material_file",
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("material_id", sa.Integer(), nullable=False),
        sa.Column("pages", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _key("material_file", "attachment_id", "attachment"),
        _key("material_file", "material_id", "material"),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk_material_file")),
    )
    op.create_table(
        "material_opening",
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("municipality_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", _AT, nullable=False),
        _key("material_opening", "attachment_id", "attachment"),
        _key("material_opening", "person_id", "person"),
        _key("material_opening", "municipality_id", "municipality"),
        sa.PrimaryKeyConstraint("attachment_id", "person_id", name=op.f("pk_material_opening")),
    )
    for table, columns in (
        ("material", ["meeting_id", "position"]),
        ("material_file", ["material_id"]),
    ):
        with op.batch_alter_table(table) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{table}_{'_'.join(columns)}"), columns)


def downgrade() -> None:
    for table in ("material_opening", "material_file", "material", "material_pack"):
        op.drop_table(table)
    op.execute("DELETE FROM attachment WHERE subject_kind = 'material'")
