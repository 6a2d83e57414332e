"""letter secrets

Personal links stand in letters only while these go out: stored bodies show a sentence instead, and
a row says which link belongs there. Every link given out before ends: invitations and seats get
new nonces. What mail servers quoted of links is blanked.

Revision ID: 0013
Revises: 0012
"""

import base64
import json
import re
import secrets
import zlib
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_SHOWN = "（ご本人あてのリンク。ここには表示しません）"
_QUOTED = "（リンク）"
_LINK = re.compile(r"(?P<base>https?://\S*?)?/(?P<kind>invitations|p)/(?P<token>[\w.-]{8,})", re.A)
_KINDS = {"invitations": "invitation", "p": "poll"}
_KEY = re.compile(r"invitation:(\d+):")
# What can no longer go out needs no place for a link.
_OVER = ("sent", "resent", "skipped", "cancelled")
_BACK = "版を戻したため、ご本人あてのリンクのあるこのメールは送りませんでした。"


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(one) for one in columns))


letter = _table(
    "letter",
    *("id", "key", "kind", "to_key", "subject", "body", "state", "last_answer", "has_secrets"),
)
attempt = _table("send_attempt", "id", "answer")
secret = _table("letter_secret", "letter_id", "place", "kind", "subject", "base")
invitation = _table("invitation", "id", "nonce", "token_hash")
seat = _table("meeting_seat", "id", "nonce", "post_id")
_MANY = 500


def upgrade() -> None:
    op.create_table(
        "letter_secret",
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.Integer(), nullable=False),
        sa.Column("base", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_letter_secret_letter_id")
        ),
        sa.PrimaryKeyConstraint("letter_id", "place", name=op.f("pk_letter_secret")),
    )
    op.add_column(
        "letter",
        sa.Column("has_secrets", sa.Boolean(), nullable=False, server_default=sa.text("(false)")),
    )
    with op.batch_alter_table("invitation") as batch_op:
        batch_op.add_column(sa.Column("nonce", sa.String(length=32), nullable=True))
    _renew(invitation)
    _renew(seat)
    with op.batch_alter_table("invitation") as batch_op:
        batch_op.alter_column("nonce", existing_type=sa.String(length=32), nullable=False)
        batch_op.drop_constraint(batch_op.f("uq_invitation_token_hash"), type_="unique")
        batch_op.drop_column("token_hash")
    _rewrite_letters()
    _blank(letter, "last_answer")
    _blank(attempt, "answer")


def _renew(table: sa.TableClause) -> None:
    """Ends every link given out before."""
    bind = op.get_bind()
    for id_ in bind.scalars(sa.select(table.c.id)).all():
        nonce = secrets.token_urlsafe(12)
        bind.execute(sa.update(table).where(table.c.id == id_).values(nonce=nonce))


def _rewrite_letters() -> None:
    bind = op.get_bind()
    seats = {row.id: row.post_id for row in bind.execute(sa.select(seat.c.id, seat.c.post_id))}
    invitations = set(bind.scalars(sa.select(invitation.c.id)))
    holds = sa.or_(
        *(
            column.contains(f"/{kind}/")
            for kind in _KINDS
            for column in (letter.c.body, letter.c.subject)
        )
    )
    for one in _in_turn(sa.select(letter).where(holds), letter):
        places = []
        stored, end = "", 0
        for found in _LINK.finditer(one.body):
            stored += one.body[end : found.start()]
            subject = _subject(one, found, seats, invitations)
            if subject is not None and one.state not in _OVER and found["base"]:
                where = {"letter_id": one.id, "place": len(stored), "base": found["base"]}
                places.append({**where, "kind": _KINDS[found["kind"]], "subject": subject})
            stored, end = stored + _SHOWN, found.end()
        values = {
            "body": stored + one.body[end:],
            "subject": _LINK.sub(_QUOTED, one.subject)[:300],
            "has_secrets": bool(places),
        }
        bind.execute(sa.update(letter).where(letter.c.id == one.id).values(**values))
        if places:
            bind.execute(sa.insert(secret), places)


def _subject(
    one: Any, found: re.Match[str], seats: dict[int, int | None], invitations: set[int]
) -> int | None:
    """The row that the link opened, where the letter goes to whoever may have it."""
    if found["kind"] == "invitations":
        key = _KEY.match(one.key)
        return int(key[1]) if key and int(key[1]) in invitations else None
    seat_id = _seat(found["token"])
    return seat_id if seat_id and one.to_key == f"post:{seats.get(seat_id)}" else None


def _seat(token: str) -> int | None:
    """The seat that a signed link named: base64 of [seat, nonce], deflated behind a dot."""
    is_deflated, text = token.startswith("."), token.lstrip(".").partition(".")[0]
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        found = json.loads(zlib.decompress(raw) if is_deflated else raw)
        return int(found[0])
    except (ValueError, TypeError, LookupError, zlib.error):
        return None


def _blank(table: sa.TableClause, column: str) -> None:
    bind, said = op.get_bind(), table.c[column]
    holds = sa.or_(*(said.contains(f"/{kind}/") for kind in _KINDS))
    for one in _in_turn(sa.select(table.c.id, said.label("said")).where(holds), table):
        text = _LINK.sub(_QUOTED, one.said)
        bind.execute(sa.update(table).where(table.c.id == one.id).values({column: text}))


def _in_turn(query: sa.Select[Any], table: sa.TableClause) -> Any:
    """The rows in the order of their ids, some hundreds at a time."""
    last = 0
    while rows := (
        op.get_bind()
        .execute(query.where(table.c.id > last).order_by(table.c.id).limit(_MANY))
        .all()
    ):
        yield from rows
        last = rows[-1].id


def downgrade() -> None:
    # Bodies keep the sentence: what stood there nobody knows. An unsent letter with a link does not
    # go out; invitations are sent anew by hand, and a poll is asked for again.
    bind = op.get_bind()
    bind.execute(
        sa.update(letter)
        .where(letter.c.has_secrets.is_(sa.true()), letter.c.state.not_in(_OVER))
        .values(state="skipped", last_answer=_BACK)
    )
    with op.batch_alter_table("invitation") as batch_op:
        batch_op.add_column(sa.Column("token_hash", sa.String(length=64), nullable=True))
    for id_ in bind.scalars(sa.select(invitation.c.id)).all():
        # Of no token: nobody has one.
        values = {"token_hash": secrets.token_hex(32)}
        bind.execute(sa.update(invitation).where(invitation.c.id == id_).values(**values))
    with op.batch_alter_table("invitation") as batch_op:
        batch_op.alter_column("token_hash", existing_type=sa.String(length=64), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_invitation_token_hash"), ["token_hash"])
        batch_op.drop_column("nonce")
    op.drop_column("letter", "has_secrets")
    op.drop_table("letter_secret")
