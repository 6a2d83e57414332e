"""Reads sessions, the record of sign-ins, and the links that set a password."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Row, func, select

from tracker.accounts.models import Invitation, LinkUse, Person, SignIn, SignInStep
from tracker.accounts.people.queries import invitation_life
from tracker.accounts.queries import digest, oldest
from tracker.accounts.rules import comparable
from tracker.mail import links
from tracker.mail.links import Life
from tracker.plumbing.db import db
from tracker.sign_in.models import SignInEvent


def past_session(token: str) -> SignIn | None:
    """The session of a token, whether it has ended or not; None for an account that was closed."""
    return db.session.scalar(
        select(SignIn)
        .join(Person, Person.id == SignIn.person_id)
        .where(SignIn.token_hash == digest(token), Person.is_active)
    )


class SignedInPlace(NamedTuple):
    """A session of somebody that is open: where, since when, and whether it is this one."""

    id: int
    browser: str | None
    source: str | None
    created_at: datetime
    last_seen_at: datetime
    step: SignInStep
    is_this: bool


def places(person_id: int, token: str, at: datetime) -> Sequence[SignedInPlace]:
    """Where somebody is signed in, newest first; `token` is that of this session."""
    mine, since = SignIn.token_hash == digest(token), oldest(at)
    columns = (
        SignIn.id,
        SignIn.browser,
        SignIn.source,
        SignIn.created_at,
        SignIn.last_seen_at,
        SignIn.step,
    )
    rows = db.session.execute(
        select(*columns, mine)
        .where(
            SignIn.person_id == person_id,
            SignIn.ended_at.is_(None),
            SignIn.created_at > since["since"],
            SignIn.last_seen_at > since["seen_since"],
        )
        .order_by(SignIn.id.desc())
        .limit(100)
    )
    return [SignedInPlace(*row) for row in rows]


class SignInLine(NamedTuple):
    """A line of the sign-in record; `email` is None for an address that nobody has."""

    at: datetime
    step: SignInStep
    email: str | None
    source: str | None
    browser: str | None
    wait_seconds: int | None


def sign_in_record(
    limit: int, offset: int, person_id: int | None = None
) -> tuple[Sequence[SignInLine], int]:
    """The lines of everybody or of one account, newest first, and how many there are."""
    own = [] if person_id is None else [SignInEvent.person_id == person_id]
    count = db.session.scalar(select(func.count()).select_from(SignInEvent).where(*own)) or 0
    columns = (SignInEvent.at, SignInEvent.step, Person.email)
    more = (SignInEvent.source, SignInEvent.browser, SignInEvent.wait_seconds)
    rows = db.session.execute(
        select(*columns, *more)
        .outerjoin(Person, Person.id == SignInEvent.person_id)
        .where(*own)
        .order_by(SignInEvent.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [SignInLine(*row) for row in rows], count


def find_invitation(use: LinkUse, token: str, at: datetime) -> Row[Invitation, Person] | None:
    """An invitation that is still good for that use, with its person."""
    row_id = links.verify(use, token, at)
    if row_id is None:
        return None
    return db.session.execute(
        select(Invitation, Person)
        .join(Person, Person.id == Invitation.person_id)
        .where(Invitation.id == row_id)
    ).first()


def open_invitation(email: str, at: datetime) -> tuple[LinkUse, int, Life | None]:
    """Use and number of the newest invitation of an address, and its life while it is good.

    What nobody has costs the same: use and number are then those of none.
    """
    newest = (
        select(Invitation.kind, Invitation.id)
        .join(Person, Person.id == Invitation.person_id)
        .where(Person.email == comparable(email))
        .order_by(Invitation.id.desc())
        .limit(1)
    )
    row = db.session.execute(newest).first()
    use, row_id = (row.kind, row.id) if row else (LinkUse.INVITATION, 0)
    life = invitation_life(use, db.session.connection(), row_id)
    return use, row_id, life if life and life.until > at else None
