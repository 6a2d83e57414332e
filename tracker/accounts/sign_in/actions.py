"""Sets up the area and its first admin; signs in and out; sets passwords."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import current_app
from sqlalchemy import update

from tracker.accounts import queries
from tracker.accounts.models import Person, PostKind, SignIn
from tracker.accounts.people.actions import end_sessions, new_person, new_post
from tracker.accounts.sign_in import rules
from tracker.kernel.refusal import Refusal
from tracker.municipalities import actions as municipalities
from tracker.municipalities import queries as areas
from tracker.plumbing import history
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.plumbing.history import Subject


def _hasher() -> PasswordHasher:
    return PasswordHasher(
        time_cost=current_app.config["ARGON2_PASSES"],
        memory_cost=current_app.config["ARGON2_MEMORY_KIB"],
    )


def hash_password(password: str) -> str:
    """The Argon2id hash to store; refuses a weak password."""
    rules.check_password(password)
    return _hasher().hash(password)


def _matches(stored: str | None, password: str) -> bool:
    hasher = _hasher()
    try:
        # An unknown address takes the same time as a wrong password.
        return hasher.verify(stored or hasher.hash("nobody's password"), password) and bool(stored)
    except (VerifyMismatchError, InvalidHashError):
        return False


def sign_in(email: str, password: str, *, at: datetime) -> str:
    """Opens a session and returns its secret token; refuses, counts and locks otherwise."""
    person = queries.find_person(email)
    stored = person.password_hash if person and person.is_active else None
    locked = person is not None and rules.is_locked(person.locked_until, at)
    # Hashing takes its time: nobody else's writing waits for it.
    db.session.rollback()
    matches = _matches(stored, password)
    person = queries.find_person(email)
    if locked or person is None or not matches:
        if person is not None and not locked:
            person.failed_count, person.locked_until = rules.after_failure(person.failed_count, at)
            db.session.commit()
            locked = person.locked_until is not None
        raise Refusal(rules.LOCKED if locked else rules.WRONG)
    person.failed_count, person.locked_until, person.signed_in_at = 0, None, at
    token = secrets.token_urlsafe(32)
    db.session.add(
        SignIn(
            token_hash=queries.digest(token), person_id=person.id, created_at=at, last_seen_at=at
        )
    )
    db.session.commit()
    return token


def sign_out(token: str, *, at: datetime) -> None:
    """Ends the session on the server; the cookie is worth nothing afterwards."""
    db.session.execute(
        update(SignIn).where(SignIn.token_hash == queries.digest(token)).values(ended_at=at)
    )
    db.session.commit()


def set_up(
    area: str,
    towns: Sequence[municipalities.NewTown],
    hub: str,
    email: str,
    password: str,
    *,
    at: datetime,
    is_example: bool = False,
    office_phone: str = "",
    meeting_place: str = "",
) -> Person:
    """Enters area, municipalities and the first admin in one commit."""
    act = Act(None, at)
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
        with act.change("account.created", None, "最初の管理者を登録しました。") as entry:
            post = new_post(areas.hub().id, PostKind.ADMIN, "管理者", by=None, at=at)
            entry.subject = person = new_person(post, "管理者", email)
            person.password_hash = hash_password(password)
    return person


def set_password(token: str, password: str, *, at: datetime) -> Person:
    """Sets a password by the link of an invitation, which then is used up."""
    found = queries.find_invitation(token, at)
    if found is None:
        raise Refusal("このリンクの期限が過ぎました。メールの差出人へお知らせください。")
    invitation, person = found
    person.password_hash = hash_password(password)
    invitation.used_at = at
    end_sessions(person.id, at=at)
    history.record(
        None,
        "account.password_set",
        Subject("account", person.id),
        f"{person.email} のパスワードが設定されました。",
        at=at,
    )
    db.session.commit()
    return person
