"""authors

Who wrote, submitted, returned and confirmed a report as a person, beside the name of their post.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Table, column of the name, and the verbs under which the record tells of it.
AUTHORS = (
    ("progress_report", "written_by", ("report.begun", "report.saved", "report.submitted")),
    ("progress_report", "asked_by", ("report.returned",)),
    ("progress_report", "confirmed_by", ("report.confirmed",)),
    ("report_version", "submitted_by", ("report.submitted",)),
)


def upgrade() -> None:
    for table in ("progress_report", "report_version"):
        columns = [f"{name}_id" for of, name, _ in AUTHORS if of == table]
        with op.batch_alter_table(table) as batch_op:
            for column in columns:
                batch_op.add_column(sa.Column(column, sa.Integer(), nullable=True))
                batch_op.create_foreign_key(
                    batch_op.f(f"fk_{table}_{column}"), "person", [column], ["id"]
                )
    for table, name, verbs in AUTHORS:
        _fill(table, name, verbs)


def _fill(table: str, name: str, verbs: tuple[str, ...]) -> None:
    """The newest entry about the report under one of the verbs by somebody of that name."""
    report = "report_id" if table == "report_version" else "id"
    # Of several submissions each has its own author.
    moment = "AND history.at = report_version.submitted_at" if report == "report_id" else ""
    op.execute(
        f"""
        UPDATE {table} SET {name}_id = (
            SELECT history.person_id FROM history
            JOIN person ON person.id = history.person_id
            WHERE history.subject_kind = 'report'
              AND history.subject_id = CAST({table}.{report} AS VARCHAR(20))
              AND history.verb IN ({", ".join(repr(verb) for verb in verbs)})
              AND history.actor = {table}.{name} {moment}
            ORDER BY history.id DESC LIMIT 1
        ) WHERE {name} IS NOT NULL
        """
    )


def downgrade() -> None:
    for table in ("progress_report", "report_version"):
        with op.batch_alter_table(table) as batch_op:
            for column in [f"{name}_id" for of, name, _ in AUTHORS if of == table]:
                batch_op.drop_constraint(batch_op.f(f"fk_{table}_{column}"), type_="foreignkey")
                batch_op.drop_column(column)
