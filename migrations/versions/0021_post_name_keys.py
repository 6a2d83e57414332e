"""post name keys

What a post's name looks like is unique in its municipality.  Of posts that look alike already, the
oldest holds the key; the others stand without one, until somebody gives them other names.

Revision ID: 0021
Revises: 0020
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_TO_KATAKANA = {ord(kana): ord(kana) + 0x60 for kana in map(chr, range(0x3041, 0x3097))}
_SMALL_KE = re.compile(r"(?<=[\u4e00-\u9fff々])[ヶヵガケ](?=[\u4e00-\u9fff々])")
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\ufff0-\ufff8\U000e0000-\U000e0fff]"
)


def _key(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).lower().translate(_TO_KATAKANA)
    bare = (
        one
        for one in folded
        if not one.isspace() and not _UNSEEN.match(one) and unicodedata.category(one) != "Cf"
    )
    return _SMALL_KE.sub("ケ", "".join(bare))[:200]


def upgrade() -> None:
    with op.batch_alter_table("post") as batch_op:
        batch_op.add_column(sa.Column("name_key", sa.String(length=200), nullable=True))
    connection = op.get_bind()
    post = sa.table("post", *map(sa.column, ("id", "municipality_id", "name", "name_key")))
    taken = set()
    for row in connection.execute(
        sa.select(post.c.id, post.c.municipality_id, post.c.name).order_by(post.c.id)
    ).all():
        place = (row.municipality_id, _key(row.name))
        if place not in taken:
            taken.add(place)
            connection.execute(sa.update(post).where(post.c.id == row.id).values(name_key=place[1]))
    # Searches pass over what nobody sees from now on.
    project = sa.table("project", *map(sa.column, ("id", "name", "search_key")))
    for row in connection.execute(sa.select(project)).all():
        if row.search_key != _key(row.name):
            connection.execute(
                sa.update(project).where(project.c.id == row.id).values(search_key=_key(row.name))
            )
    with op.batch_alter_table("post") as batch_op:
        batch_op.create_unique_constraint(
            batch_op.f("uq_post_municipality_id_name_key"), ["municipality_id", "name_key"]
        )


def downgrade() -> None:
    with op.batch_alter_table("post") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_post_municipality_id_name_key"), type_="unique")
        batch_op.drop_column("name_key")
