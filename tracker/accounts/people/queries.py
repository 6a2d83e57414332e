"""Reads what becomes of accounts: their invitations, guesses at them, who else manages them."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, select
from sqlalchemy.orm import aliased

from tracker.accounts.models import Invitation, LinkUse, Person, Post, PostKind, SignInDelay
from tracker.accounts.rules import wait
from tracker.mail.links import Life
from tracker.plumbing.db import db


def delays(at: datetime) -> Mapping[int, timedelta]:
    """The accounts at which somebody guessed, by id, and how long the longest wait is yet."""
    found: dict[int, timedelta] = {}
    rows = db.session.execute(
        select(SignInDelay.person_id, SignInDelay.counted_at, SignInDelay.open_at).where(
            SignInDelay.person_id.is_not(None), SignInDelay.open_at > at
        )
    )
    for person_id, counted_at, open_at in rows:
        left = wait(counted_at, open_at, at)
        if left and person_id is not None:
            found[person_id] = max(left, found.get(person_id, left))
    return found


def has_other_admin(*person_ids: int) -> bool:
    """Whether somebody else than these can manage accounts: in use, with a password."""
    other = (
        select(Person.id)
        .join(Post, Post.id == Person.post_id)
        .where(
            Post.kind == PostKind.ADMIN,
            Post.is_active,
            Person.is_active,
            Person.password_hash.is_not(None),
            Person.id.not_in(person_ids),
        )
    )
    return db.session.execute(other.limit(1)).first() is not None


def invitation_life(use: LinkUse, on: Connection, row_id: int) -> Life | None:
    """What an invitation says of its link: not used, of an account in use, the newest of it.

    Of invitations and resets only the newest one is good, whatever its use.
    """
    later = aliased(Invitation)
    row = on.execute(
        select(Invitation.nonce, Invitation.expires_at, Person.id, Person.post_id)
        .join(Person, Person.id == Invitation.person_id)
        .where(
            Invitation.id == row_id,
            Invitation.kind == use,
            Invitation.used_at.is_(None),
            Person.is_active,
            ~exists().where(later.person_id == Person.id, later.id > Invitation.id),
        )
    ).first()
    if row is None:
        return None
    return Life(row.nonce, frozenset({f"person:{row.id}", f"post:{row.post_id}"}), row.expires_at)
