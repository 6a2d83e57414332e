"""round parts

What a round asks is a row for each municipality and project, frozen when the round opened. Rounds
opened before ask what they asked until now: the parts of their year and whatever was reported. A
year called off asks nothing, since the day the round opened: the true day is not known.

Revision ID: 0011
Revises: 0010
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ASKED = """
INSERT INTO round_part (round_id, project_id, municipality_id)
SELECT r.id, y.project_id, p.municipality_id
FROM reporting_round r
JOIN project_year y ON y.fiscal_year = r.fiscal_year
JOIN participation p ON p.project_year_id = y.id
UNION
SELECT round_id, project_id, municipality_id FROM progress_report
"""
_CALLED_OFF = """
UPDATE round_part SET ended = 'called_off', ended_on = :day
WHERE round_id = :round AND project_id IN (
    SELECT project_id FROM project_year WHERE fiscal_year = :year AND mark = 'skipped'
)
"""
_IN_TOKYO = timedelta(hours=9)
_rounds = sa.table(
    "reporting_round",
    sa.column("id"),
    sa.column("fiscal_year"),
    sa.column("opened_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    op.create_table(
        "round_part",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("municipality_id", sa.Integer(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column(
            "ended",
            sa.Enum(
                "left",
                "called_off",
                name="ended",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["reporting_round.id"], name=op.f("fk_round_part_round_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_round_part_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_round_part_municipality_id")
        ),
        sa.PrimaryKeyConstraint(
            "round_id", "project_id", "municipality_id", name=op.f("pk_round_part")
        ),
    )
    op.create_index(
        op.f("ix_round_part_project_id_municipality_id"),
        "round_part",
        ["project_id", "municipality_id"],
    )
    bind = op.get_bind()
    bind.execute(sa.text(_ASKED))
    called_off = sa.text(_CALLED_OFF).bindparams(sa.bindparam("day", type_=sa.Date()))
    for one in bind.execute(sa.select(_rounds)).all():
        day = (_utc(one.opened_at) + _IN_TOKYO).date()
        bind.execute(called_off, {"day": day, "round": one.id, "year": one.fiscal_year})


def _utc(at: datetime) -> datetime:
    """SQLite gives its times, which are UTC, without their zone."""
    return at.astimezone(UTC) if at.tzinfo else at


def downgrade() -> None:
    op.drop_table("round_part")
