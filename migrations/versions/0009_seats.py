"""seats

Who is asked to a meeting and who came is one row a seat, of a municipality or an outside member;
each answer to a date names who gave it and when. Several meetings a year, one of them the yearly
one of Article 5; who recorded a party's view; the letters of a meeting found by their page.

Revision ID: 0009
Revises: 0008
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(
        name, *(sa.column(one, _AT if one.endswith("_at") else None) for one in columns)
    )


town = _table("municipality", "id", "name")
seat = _table(
    "meeting_seat",
    *("id", "meeting_id", "municipality_id", "title", "post_id", "nonce", "revoked_at"),
    *("comment", "attendance", "deputy", "version"),
)
asked = _table(
    "poll_invitation",
    *("id", "meeting_id", "municipality_id", "post_id", "nonce", "revoked_at", "answered_at"),
    *("answered_by", "told_by", "comment", "version"),
)
came = _table("meeting_attendance", "meeting_id", "municipality_id", "attendance", "deputy")
old_answer = _table("poll_answer", "invitation_id", "candidate_id", "answer")
answer = _table(
    "poll_answer",
    *("seat_id", "candidate_id", "answer", "answered_at", "answered_by", "answered_by_id"),
    "told_by",
)
view = _table(
    "held_view",
    *("meeting_id", "agreement_id", "municipality_id", "person_name", "person_id", "recorded_at"),
)
history = _table("history", "id", "at", "person_id", "verb", "actor")
history.c.at.type = _AT
person = _table("person", "id")


def _is(kind: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=kind, native_enum=False, create_constraint=True, length=24)


def upgrade() -> None:
    bind = op.get_bind()
    asked_rows = bind.execute(sa.select(asked).order_by(asked.c.id)).all()
    came_rows = bind.execute(sa.select(came)).all()
    answers = bind.execute(sa.select(old_answer)).all()
    for name in ("poll_answer", "meeting_attendance", "poll_invitation"):
        op.drop_table(name)
    _create_seats()
    _write_seats(asked_rows, came_rows)
    people = _People()
    by_id = {one.id: one for one in asked_rows}
    for given in answers:
        one = by_id[given.invitation_id]
        who = {
            "answered_at": one.answered_at,
            "answered_by": one.answered_by,
            "answered_by_id": people.of("poll.answered", one.answered_by, one.answered_at),
            "told_by": one.told_by,
        }
        row = {"seat_id": one.id, "candidate_id": given.candidate_id, "answer": given.answer}
        bind.execute(sa.insert(answer).values(**row, **who))
    with op.batch_alter_table("held_view") as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("person_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_held_view_person_id"), "person", ["person_id"], ["id"]
        )
    for one in bind.execute(sa.select(view)).all():
        bind.execute(
            sa.update(view)
            .where(
                view.c.meeting_id == one.meeting_id,
                view.c.agreement_id == one.agreement_id,
                view.c.municipality_id == one.municipality_id,
            )
            .values(person_id=people.of("meeting.viewed", one.person_name, one.recorded_at))
        )
    op.drop_index("uq_meeting_active_fiscal_year", table_name="meeting")
    with op.batch_alter_table("meeting") as batch_op:
        batch_op.add_column(
            sa.Column("is_yearly", sa.Boolean(), nullable=False, server_default=sa.text("(true)"))
        )
        batch_op.add_column(sa.Column("published_at", _AT, nullable=True))
    _index_years("cancelled_at IS NULL AND is_yearly")
    op.drop_index(op.f("ix_letter_to_key"), table_name="letter")
    op.create_index(op.f("ix_letter_to_key_path_id"), "letter", ["to_key", "path", "id"])


class _People:
    """Who did what, by the record: same act, same moment, same post."""

    def __init__(self) -> None:
        bind = op.get_bind()
        known = set(bind.scalars(sa.select(person.c.id)))
        told = sa.select(history.c.verb, history.c.actor, history.c.at, history.c.person_id).where(
            history.c.verb.in_(("poll.answered", "meeting.viewed"))
        )
        self._found = {
            (verb, actor, at): id_ for verb, actor, at, id_ in bind.execute(told) if id_ in known
        }

    def of(self, verb: str, actor: str | None, at: Any) -> int | None:
        return self._found.get((verb, actor, at))


def _create_seats() -> None:
    op.create_table(
        "meeting_seat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("municipality_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("revoked_at", _AT, nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("attendance", _is("attendance", "head", "deputy", "absent"), nullable=True),
        sa.Column("deputy", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_seat_meeting_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_meeting_seat_municipality_id")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_meeting_seat_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_seat")),
        sa.UniqueConstraint(
            "meeting_id",
            "municipality_id",
            "title",
            name=op.f("uq_meeting_seat_meeting_id_municipality_id_title"),
        ),
    )
    op.create_table(
        "poll_answer",
        sa.Column("seat_id", sa.Integer(), nullable=False),
        sa.Column("candidate_id", sa.Integer(), nullable=False),
        sa.Column("answer", _is("answer", "yes", "maybe", "no"), nullable=False),
        sa.Column("answered_at", _AT, nullable=False),
        sa.Column("answered_by", sa.String(length=200), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("told_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["seat_id"], ["meeting_seat.id"], name=op.f("fk_poll_answer_seat_id")
        ),
        sa.ForeignKeyConstraint(
            ["candidate_id"],
            ["candidate_date.id"],
            name=op.f("fk_poll_answer_candidate_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["person.id"], name=op.f("fk_poll_answer_answered_by_id")
        ),
        sa.PrimaryKeyConstraint("seat_id", "candidate_id", name=op.f("pk_poll_answer")),
    )


def _write_seats(asked_rows: Any, came_rows: Any) -> None:
    bind = op.get_bind()
    names = {one.id: one.name for one in bind.execute(sa.select(town.c.id, town.c.name))}
    came_by = {(one.meeting_id, one.municipality_id): one for one in came_rows}
    for one in asked_rows:
        attended = came_by.get((one.meeting_id, one.municipality_id))
        row = {name: getattr(one, name) for name in _BOTH}
        bind.execute(
            sa.insert(seat).values(
                **row,
                title=f"{names[one.municipality_id]}長",
                attendance=attended.attendance if attended else None,
                deputy=attended.deputy if attended else None,
            )
        )
    _count_on("meeting_seat")


_BOTH = (
    *("id", "meeting_id", "municipality_id", "post_id", "nonce", "revoked_at"),
    *("comment", "version"),
)


def _count_on(table: str) -> None:
    """Ids were kept, so that links given out stay good: the next is after the last."""
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        last = f"(SELECT coalesce(max(id), 0) + 1 FROM {table})"
        bind.execute(
            sa.text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last}, false)")
        )


def _index_years(where: str) -> None:
    op.create_index(
        "uq_meeting_active_fiscal_year",
        "meeting",
        ["fiscal_year"],
        unique=True,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def downgrade() -> None:
    bind = op.get_bind()
    op.drop_index(op.f("ix_letter_to_key_path_id"), table_name="letter")
    op.create_index(op.f("ix_letter_to_key"), "letter", ["to_key"])
    op.drop_index("uq_meeting_active_fiscal_year", table_name="meeting")
    # The form before knows one meeting a year: the others stand as called off.
    bind.execute(
        sa.text(
            "UPDATE meeting SET cancelled_at = coalesce(cancelled_at, polled_at)"
            " WHERE NOT is_yearly"
        )
    )
    with op.batch_alter_table("meeting") as batch_op:
        batch_op.drop_column("published_at")
        batch_op.drop_column("is_yearly")
    _index_years("cancelled_at IS NULL")
    with op.batch_alter_table("held_view") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_held_view_person_id"), type_="foreignkey")
        batch_op.drop_column("person_id")
        batch_op.drop_column("version")
    # Nor does it know outside members.
    seats = bind.execute(
        sa.select(seat).where(seat.c.municipality_id.is_not(None)).order_by(seat.c.id)
    ).all()
    answers = bind.execute(sa.select(answer).order_by(answer.c.answered_at)).all()
    op.drop_table("poll_answer")
    op.drop_table("meeting_seat")
    _create_invitations()
    last = {one.seat_id: one for one in answers}
    for one in seats:
        row = {name: getattr(one, name) for name in _BOTH}
        given = last.get(one.id)
        who = ("answered_at", "answered_by", "told_by")
        row.update({name: getattr(given, name) if given else None for name in who})
        bind.execute(sa.insert(asked).values(**row))
        if one.attendance is not None:
            bind.execute(
                sa.insert(came).values(
                    meeting_id=one.meeting_id,
                    municipality_id=one.municipality_id,
                    attendance=one.attendance,
                    deputy=one.deputy,
                )
            )
    _count_on("poll_invitation")
    kept = {one.id for one in seats}
    for one in answers:
        if one.seat_id in kept:
            row = {"candidate_id": one.candidate_id, "answer": one.answer}
            bind.execute(sa.insert(old_answer).values(invitation_id=one.seat_id, **row))


def _create_invitations() -> None:
    op.create_table(
        "poll_invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("municipality_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("revoked_at", _AT, nullable=True),
        sa.Column("answered_at", _AT, nullable=True),
        sa.Column("answered_by", sa.String(length=200), nullable=True),
        sa.Column("told_by", sa.String(length=200), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_poll_invitation_meeting_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"],
            ["municipality.id"],
            name=op.f("fk_poll_invitation_municipality_id"),
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_poll_invitation_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_invitation")),
        sa.UniqueConstraint(
            "meeting_id",
            "municipality_id",
            name=op.f("uq_poll_invitation_meeting_id_municipality_id"),
        ),
    )
    op.create_table(
        "meeting_attendance",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("municipality_id", sa.Integer(), nullable=False),
        sa.Column("attendance", _is("attendance", "head", "deputy", "absent"), nullable=False),
        sa.Column("deputy", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_attendance_meeting_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"],
            ["municipality.id"],
            name=op.f("fk_meeting_attendance_municipality_id"),
        ),
        sa.PrimaryKeyConstraint(
            "meeting_id", "municipality_id", name=op.f("pk_meeting_attendance")
        ),
    )
    op.create_table(
        "poll_answer",
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("candidate_id", sa.Integer(), nullable=False),
        sa.Column("answer", _is("answer", "yes", "maybe", "no"), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate_id"],
            ["candidate_date.id"],
            name=op.f("fk_poll_answer_candidate_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["poll_invitation.id"],
            name=op.f("fk_poll_answer_invitation_id"),
        ),
        sa.PrimaryKeyConstraint("invitation_id", "candidate_id", name=op.f("pk_poll_answer")),
    )
