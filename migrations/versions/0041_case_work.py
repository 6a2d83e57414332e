"""case work

Who does what for a case, in rows.  What was arranged in words stays where it stands; going back,
the rows become words below it, and what was done is gone.

Revision ID: 0041
Revises: 0040
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_work",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("municipality_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("promised", sa.String(length=30), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("done", sa.String(length=30), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cost_case.id"], name=op.f("fk_case_work_case_id")),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_case_work_municipality_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_work")),
        sa.UniqueConstraint("case_id", "position", name=op.f("uq_case_work_case_id_position")),
    )


def downgrade() -> None:
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT case_work.case_id, municipality.name, what, promised, case_work.unit"
            " FROM case_work JOIN municipality ON municipality.id = case_work.municipality_id"
            " ORDER BY case_work.case_id, position"
        )
    )
    words: dict[int, list[str]] = {}
    for case_id, name, what, promised, unit in rows:
        words.setdefault(case_id, []).append(f"{name}　{what}　{promised}{unit}")
    for case_id, lines in words.items():
        asked = {"id": case_id}
        of = sa.text("SELECT work FROM cost_case WHERE id = :id")
        before = connection.execute(of, asked).scalar_one()
        work = "\n".join([*filter(None, [before]), *lines])
        change = sa.text("UPDATE cost_case SET work = :work WHERE id = :id")
        connection.execute(change, {**asked, "work": work})
    op.drop_table("case_work")
