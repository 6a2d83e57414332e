"""project costs

One place for the yen of a project in a fiscal year: what each municipality plans and has spent,
and what several bear together, which a cost case divides.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_PHASE = sa.Enum(
    *("budget", "settled"), name="costphase", native_enum=False, create_constraint=True, length=24
)


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(one) for one in columns))


cost = _table(
    "project_cost",
    *("id", "project_id", "fiscal_year", "municipality_id", "phase", "total_yen", "subsidy_yen"),
)
year = _table("project_year", "id", "project_id", "fiscal_year")
part = _table("participation", "project_year_id", "municipality_id", "budget_yen", "actual_yen")
case = _table(
    "cost_case",
    *("id", "project_id", "fiscal_year", "stage", "total_yen", "subsidy_yen", "cost_id"),
)
OF_PHASE = {"budget": part.c.budget_yen, "settled": part.c.actual_yen}


def upgrade() -> None:
    op.create_table(
        "project_cost",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("municipality_id", sa.Integer(), nullable=True),
        sa.Column("phase", _PHASE, nullable=False),
        *_yen("total_yen", nullable=False),
        *_yen("subsidy_yen", "national_yen", "prefectural_yen"),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_project_cost_municipality_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_project_cost_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_cost")),
        sa.UniqueConstraint(
            *("project_id", "fiscal_year", "municipality_id", "phase"),
            name=op.f("uq_project_cost_project_id_fiscal_year_municipality_id_phase"),
        ),
    )
    bind = op.get_bind()
    for phase, yen in OF_PHASE.items():
        own = (
            sa.select(
                year.c.project_id,
                year.c.fiscal_year,
                part.c.municipality_id,
                sa.literal(phase),
                yen,
            )
            .join_from(part, year, year.c.id == part.c.project_year_id)
            .where(yen.is_not(None))
        )
        names = ("project_id", "fiscal_year", "municipality_id", "phase", "total_yen")
        bind.execute(sa.insert(cost).from_select(names, own))
    with op.batch_alter_table("cost_case") as batch_op:
        batch_op.add_column(sa.Column("cost_id", sa.Integer(), nullable=True))
    for one in bind.execute(sa.select(case)).all():
        cost_id = bind.scalar(
            sa.insert(cost)
            .values(
                project_id=one.project_id,
                fiscal_year=one.fiscal_year,
                phase="settled" if one.stage == "reconciliation" else "budget",
                total_yen=one.total_yen,
                subsidy_yen=one.subsidy_yen,
            )
            .returning(cost.c.id)
        )
        bind.execute(sa.update(case).where(case.c.id == one.id).values(cost_id=cost_id))
    with op.batch_alter_table("cost_case") as batch_op:
        batch_op.alter_column("cost_id", existing_type=sa.Integer(), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_cost_case_cost_id"), ["cost_id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_cost_case_cost_id"), "project_cost", ["cost_id"], ["id"]
        )
        batch_op.drop_column("subsidy_yen")
        batch_op.drop_column("total_yen")
    with op.batch_alter_table("participation") as batch_op:
        batch_op.drop_column("actual_yen")
        batch_op.drop_column("budget_yen")


def _yen(*names: str, nullable: bool = True) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def downgrade() -> None:
    bind = op.get_bind()
    with op.batch_alter_table("participation") as batch_op:
        for column in _yen("budget_yen", "actual_yen"):
            batch_op.add_column(column)
    for phase, yen in OF_PHASE.items():
        found = (
            sa.select(cost.c.total_yen)
            .join_from(cost, year, year.c.project_id == cost.c.project_id)
            .where(
                year.c.fiscal_year == cost.c.fiscal_year,
                year.c.id == part.c.project_year_id,
                cost.c.municipality_id == part.c.municipality_id,
                cost.c.phase == phase,
            )
            .correlate(part)
            .scalar_subquery()
        )
        bind.execute(sa.update(part).values({yen: found}))
    with op.batch_alter_table("cost_case") as batch_op:
        for column in _yen("total_yen", "subsidy_yen"):
            batch_op.add_column(column)
    for yen in (case.c.total_yen, case.c.subsidy_yen):
        found = sa.select(cost.c[yen.name]).where(cost.c.id == case.c.cost_id)
        bind.execute(
            sa.update(case).values(
                {yen: sa.func.coalesce(found.correlate(case).scalar_subquery(), 0)}
            )
        )
    with op.batch_alter_table("cost_case") as batch_op:
        for column in _yen("total_yen", "subsidy_yen"):
            batch_op.alter_column(column.name, existing_type=sa.BigInteger(), nullable=False)
        batch_op.drop_constraint(batch_op.f("fk_cost_case_cost_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_cost_case_cost_id"), type_="unique")
        batch_op.drop_column("cost_id")
    op.drop_table("project_cost")
