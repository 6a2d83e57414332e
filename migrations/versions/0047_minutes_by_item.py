"""minutes by item

A confirmation counts for the items that its municipality could read, each as it stood.  Going back, a
municipality's words of one moment are one again.

Revision ID: 0047
Revises: 0046
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

# A confirmation of the whole text, with each item of it.
_WHOLE = sa.text(
    "SELECT reply.id, part.item_id, item.only, municipality.slug FROM minutes_reply AS reply"
    " JOIN minutes_part AS part ON part.meeting_id = reply.meeting_id"
    " JOIN agenda_item AS item ON item.id = part.item_id"
    " JOIN municipality ON municipality.id = reply.municipality_id"
    " WHERE reply.item_id IS NULL ORDER BY reply.id, part.item_id"
)
_OF_ITEM = sa.text(
    "INSERT INTO minutes_reply (meeting_id, revision, municipality_id, is_confirmed, item_id, words,"
    " person_id, person_name, at) SELECT meeting_id, revision, municipality_id, is_confirmed, :item,"
    " words, person_id, person_name, at FROM minutes_reply WHERE id = :id"
)


def upgrade() -> None:
    op.add_column(
        "minutes_part", sa.Column("revision", sa.Integer(), server_default="1", nullable=False)
    )
    op.execute(
        "UPDATE minutes_part SET revision = (SELECT revision FROM minutes"
        " WHERE minutes.meeting_id = minutes_part.meeting_id)"
    )
    op.add_column("minutes_reply", sa.Column("mark", sa.String(length=64), nullable=True))
    op.add_column("minutes_reply", sa.Column("quote", sa.Text(), nullable=True))
    on = op.get_bind()
    for id_, item, only, slug in on.execute(_WHOLE).all():
        slugs = json.loads(only) if isinstance(only, str) else only
        if not slugs or slug in slugs:
            on.execute(_OF_ITEM, {"id": id_, "item": item})
    op.execute("DELETE FROM minutes_reply WHERE item_id IS NULL")
    with op.batch_alter_table("minutes_reply") as batch_op:
        batch_op.alter_column("item_id", existing_type=sa.Integer(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("minutes_reply") as batch_op:
        batch_op.alter_column("item_id", existing_type=sa.Integer(), nullable=True)
    op.execute(
        "DELETE FROM minutes_reply WHERE is_confirmed AND id NOT IN (SELECT MIN(id)"
        " FROM minutes_reply WHERE is_confirmed GROUP BY meeting_id, municipality_id, at)"
    )
    op.execute("UPDATE minutes_reply SET item_id = NULL WHERE is_confirmed")
    for table, column in (
        ("minutes_reply", "quote"),
        ("minutes_reply", "mark"),
        ("minutes_part", "revision"),
    ):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column(column)
