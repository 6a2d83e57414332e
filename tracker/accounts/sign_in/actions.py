"""Sets up the area and its first admin; signs in and out; sets passwords."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import current_app
from sqlalchemy import update

from tracker.accounts import queries
from tracker.accounts.models import Person, PostKind, SignIn
from tracker.accounts.people.actions import create_account, create_post, end_sessions
from tracker.accounts.sign_in import rules
from tracker.kernel.refusal import Refusal
from tracker.municipalities import actions as municipalities
from tracker.municipalities import queries as areas
from tracker.plumbing import exposure
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db


def _hasher() -> PasswordHasher:
    return PasswordHasher(
        time_cost=current_app.config["ARGON2_PASSES"],
        memory_cost=current_app.config["ARGON2_MEMORY_KIB"],
    )


def hash_password(password: str) -> str:
    """The Argon2id hash to store; refuses a weak password."""
    rules.check_password(password)
    return _hasher().hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether a password belongs to a stored hash; None is that of nobody."""
    hasher = _hasher()
    try:
        # An unknown address takes the same time as a wrong password.
        return hasher.verify(stored or hasher.hash("nobody's password"), password) and bool(stored)
    except (VerifyMismatchError, InvalidHashError):
        return False


def sign_in(email: str, password: str, *, at: datetime) -> str:
    """Opens a session and returns its secret token; refuses, counts and locks otherwise.

    The published password of the example opens nothing once the settings name another.
    """
    person = queries.find_person(email)
    stored = person.password_hash if person and person.is_active else None
    locked = person is not None and rules.is_locked(person.locked_until, at)
    # Hashing takes its time: nobody else's writing waits for it.
    db.session.rollback()
    is_right = matches(stored, password) and not _is_void(password)
    person = queries.find_person(email)
    if locked or person is None or not is_right:
        if person is not None and not locked:
            failed_count, locked_until = rules.after_failure(person.failed_count, at)
            _count(person.id, failed_count=failed_count, locked_until=locked_until)
            db.session.commit()
            locked = locked_until is not None
        raise Refusal(rules.LOCKED if locked else rules.WRONG)
    _count(person.id, failed_count=0, locked_until=None, signed_in_at=at)
    token = secrets.token_urlsafe(32)
    db.session.add(
        SignIn(
            token_hash=queries.digest(token), person_id=person.id, created_at=at, last_seen_at=at
        )
    )
    db.session.commit()
    return token


def _is_void(password: str) -> bool:
    published = exposure.PUBLISHED_PASSWORD
    return password == published and not exposure.is_password_published(current_app)


def _count(person_id: int, **values: Any) -> None:
    """Keeps the books of signing in, which say nothing new of the account: its version stays."""
    db.session.execute(update(Person).where(Person.id == person_id).values(**values))


def sign_out(token: str, *, at: datetime) -> None:
    """Ends the session on the server; the cookie is worth nothing afterwards."""
    db.session.execute(
        update(SignIn).where(SignIn.token_hash == queries.digest(token)).values(ended_at=at)
    )
    db.session.commit()


def set_up(
    act: Act,
    area: str,
    towns: Sequence[municipalities.NewTown],
    hub: str,
    email: str,
    password: str,
    *,
    is_example: bool = False,
    office_phone: str = "",
    meeting_place: str = "",
) -> Person:
    """Enters area, municipalities and the first admin in one commit."""
    with act:
        municipalities.create_area(
            act,
            area,
            towns,
            hub,
            is_example=is_example,
            office_phone=office_phone,
            meeting_place=meeting_place,
        )
        name = PostKind.ADMIN.label
        post = create_post(act, areas.hub().slug, PostKind.ADMIN, name, None, None)
        hashed = hash_password(password)
        return create_account(act, post, name, email, password_hash=hashed)


def renew_password(act: Act, person: Person, hashed: str) -> None:
    """Another password for an account, by its hash; its sessions end."""
    act.lock((person, None))
    with act.change("account.password_set", person, f"{person.email} のパスワードを替えました。"):
        person.password_hash = hashed
        end_sessions(act, person)


def set_password(act: Act, token: str, password: str) -> Person:
    """Sets a password by the link of an invitation, which then is used up."""
    found = queries.find_invitation(token, act.at)
    if found is not None:
        act.lock((found[0], None), (found[1], None))
    if found is None or found[0].used_at is not None:
        raise Refusal("このリンクの期限が過ぎました。メールの差出人へお知らせください。")
    invitation, person = found
    hashed = hash_password(password)
    said = f"{person.email} のパスワードが設定されました。"
    with act.change("account.password_set", person, said):
        person.password_hash = hashed
        invitation.used_at = act.at
        end_sessions(act, person)
    return person
