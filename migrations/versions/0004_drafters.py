"""drafters

Each drafter of a case as a row, who recorded a consultation, which arithmetic gave the shares of a
case, and when a case was published.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_DRAFTED = ("cost.started", "cost.drafted", "cost.changed")
case = sa.table(
    "cost_case",
    sa.column("id", sa.Integer),
    sa.column("fiscal_year", sa.Integer),
    sa.column("number", sa.Integer),
    sa.column("drafted_by_id", sa.Integer),
    sa.column("agreed_at", _AT),
)
drafter = sa.table(
    "case_drafter",
    sa.column("case_id", sa.Integer),
    sa.column("person_id", sa.Integer),
    sa.column("person_name", sa.String),
    sa.column("at", _AT),
)
consultation = sa.table(
    "consultation",
    sa.column("id", sa.Integer),
    sa.column("case_id", sa.Integer),
    sa.column("recorded_by", sa.String),
    sa.column("recorded_by_id", sa.Integer),
    sa.column("recorded_at", _AT),
)
history = sa.table(
    "history",
    sa.column("id", sa.Integer),
    sa.column("at", _AT),
    sa.column("person_id", sa.Integer),
    sa.column("actor", sa.String),
    sa.column("verb", sa.String),
    sa.column("subject_kind", sa.String),
    sa.column("subject_id", sa.String),
)
person = sa.table("person", sa.column("id", sa.Integer), sa.column("post_id", sa.Integer))
post = sa.table(
    "post",
    sa.column("id", sa.Integer),
    sa.column("name", sa.String),
    sa.column("municipality_id", sa.Integer),
)
town = sa.table("municipality", sa.column("id", sa.Integer), sa.column("name", sa.String))


def upgrade() -> None:
    op.create_table(
        "case_drafter",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("person_name", sa.String(length=200), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cost_case.id"], name=op.f("fk_case_drafter_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_case_drafter_person_id")
        ),
        sa.PrimaryKeyConstraint("case_id", "person_id", name=op.f("pk_case_drafter")),
    )
    with op.batch_alter_table("consultation") as batch_op:
        batch_op.add_column(sa.Column("recorded_by_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_consultation_recorded_by_id"), "person", ["recorded_by_id"], ["id"]
        )
    _keep_drafters()
    _name_recorders()
    with op.batch_alter_table("cost_case") as batch_op:
        batch_op.add_column(
            sa.Column("formula_version", sa.Integer(), nullable=False, server_default="1")
        )
        batch_op.add_column(sa.Column("published_at", _AT, nullable=True))
        batch_op.drop_constraint(batch_op.f("fk_cost_case_drafted_by_id"), type_="foreignkey")
        batch_op.drop_column("drafted_by_id")


def _keep_drafters() -> None:
    """Whoever the record names as a drafter, and whom the case itself did."""
    bind = op.get_bind()
    names = {
        id_: f"{of} {name}"
        for id_, of, name in bind.execute(
            sa.select(person.c.id, town.c.name, post.c.name)
            .join(post, post.c.id == person.c.post_id)
            .join(town, town.c.id == post.c.municipality_id)
        )
    }
    cases = bind.execute(sa.select(case).order_by(case.c.id)).all()
    ids = {f"{one.fiscal_year}-{one.number:02}": one.id for one in cases}
    found: dict[tuple[int, int], dict[str, object]] = {}
    told = sa.select(history).where(
        history.c.subject_kind == "cost_case", history.c.verb.in_(_DRAFTED)
    )
    for entry in bind.execute(told.order_by(history.c.id)):
        case_id = ids.get(entry.subject_id)
        if case_id and entry.person_id in names:
            found[case_id, entry.person_id] = {"person_name": entry.actor, "at": entry.at}
    for one in cases:
        last = max((row["at"] for key, row in found.items() if key[0] == one.id), default=None)
        at = last or one.agreed_at or sa.func.current_timestamp()
        found.setdefault(
            (one.id, one.drafted_by_id), {"person_name": names[one.drafted_by_id], "at": at}
        )
    for (case_id, person_id), row in found.items():
        bind.execute(sa.insert(drafter).values(case_id=case_id, person_id=person_id, **row))


def _name_recorders() -> None:
    """The record knows who recorded a consultation: same case, same moment, same post."""
    bind = op.get_bind()
    of_case = sa.select(case.c.id, case.c.fiscal_year, case.c.number)
    numbers = {id_: f"{year}-{number:02}" for id_, year, number in bind.execute(of_case)}
    people = set(bind.scalars(sa.select(person.c.id)))
    for one in bind.execute(sa.select(consultation)).all():
        who = bind.scalar(
            sa.select(history.c.person_id).where(
                history.c.verb == "cost.consulted",
                history.c.subject_id == numbers[one.case_id],
                history.c.actor == one.recorded_by,
                history.c.at == one.recorded_at,
            )
        )
        if who in people:
            bind.execute(
                sa.update(consultation)
                .where(consultation.c.id == one.id)
                .values(recorded_by_id=who)
            )


def downgrade() -> None:
    with op.batch_alter_table("cost_case") as batch_op:
        batch_op.add_column(sa.Column("drafted_by_id", sa.Integer(), nullable=True))
        batch_op.drop_column("published_at")
        batch_op.drop_column("formula_version")
    bind = op.get_bind()
    for one in bind.execute(sa.select(drafter).order_by(drafter.c.at)).all():
        bind.execute(
            sa.update(case).where(case.c.id == one.case_id).values(drafted_by_id=one.person_id)
        )
    with op.batch_alter_table("cost_case") as batch_op:
        batch_op.alter_column("drafted_by_id", existing_type=sa.Integer(), nullable=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_cost_case_drafted_by_id"), "person", ["drafted_by_id"], ["id"]
        )
    with op.batch_alter_table("consultation") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_consultation_recorded_by_id"), type_="foreignkey")
        batch_op.drop_column("recorded_by_id")
    op.drop_table("case_drafter")
