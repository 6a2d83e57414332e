"""Signs in and out; sets up the first admin; manages posts and accounts."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import current_app
from sqlalchemy import update

from tracker.accounts import entering, queries, rules
from tracker.accounts.entering import new_person, new_post
from tracker.accounts.models import Person, Post, PostKind, SignIn
from tracker.kernel.permissions import Actor
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


def end_sessions(person_id: int, *, at: datetime) -> None:
    """Ends every open session of an account, within the caller's transaction."""
    db.session.execute(
        update(SignIn)
        .where(SignIn.person_id == person_id, SignIn.ended_at.is_(None))
        .values(ended_at=at)
    )


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


def create_post(
    slug: str,
    kind: PostKind,
    name: str,
    email: str | None,
    phone: str | None,
    chief_id: int | None = None,
    *,
    by: Actor | None,
    at: datetime,
) -> Post:
    """Enters a post of a municipality; refuses a name that exists there, and an outside chief."""
    town = areas.find_town(slug)
    if town is None:
        raise Refusal("市町村を選んでください。", field="municipality")
    rules.check_chief(None, chief_id, queries.chiefs(town.id))
    address = rules.check_address(email) if email else None
    post = new_post(town.id, kind, name, address, phone, by=by, at=at)
    post.chief_id = chief_id
    history.record(
        by,
        "post.created",
        Subject("post", post.id),
        f"{town.name}に「{name}」を登録しました。",
        at=at,
        after=_said(post),
    )
    db.session.commit()
    return post


def change_post(
    post: Post,
    name: str,
    email: str | None,
    phone: str | None,
    chief_id: int | None,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Changes name, mailbox, telephone and chief of a post; refuses a chief that cannot be."""
    rules.check_chief(post.id, chief_id, queries.chiefs(post.municipality_id))
    before = _said(post)
    post.name, post.phone, post.chief_id = name, phone, chief_id
    post.email = rules.check_address(email) if email else None
    history.record(
        by,
        "post.changed",
        Subject("post", post.id),
        f"「{name}」の登録を直しました。",
        at=at,
        before=before,
        after=_said(post),
    )
    db.session.commit()


def _said(post: Post) -> dict[str, Any]:
    return {
        "name": post.name,
        "kind": post.kind.value,
        "email": post.email,
        "phone": post.phone,
        "chief": post.chief_id,
    }


def create_account(
    post: Post,
    name: str,
    email: str,
    *,
    by: Actor | None,
    at: datetime,
    password_hash: str | None = None,
) -> Person:
    """Opens an account; without a password its holder gets a letter to set one (72 hours).

    `password_hash` is what `hash_password` gives.
    """
    person = new_person(post, name, email)
    if password_hash is not None:
        person.password_hash = password_hash
    else:
        entering.invite(person, at=at)
    history.record(
        by,
        "account.created",
        Subject("account", person.id),
        f"「{post.name}」の利用者を登録しました。",
        at=at,
        after={"email": person.email},
    )
    db.session.commit()
    return person


def invite(person: Person, *, by: Actor | None, at: datetime) -> None:
    """Sends a new link to set a password; the old password and sessions end."""
    person.password_hash = None
    end_sessions(person.id, at=at)
    entering.invite(person, at=at)
    history.record(
        by,
        "account.invited",
        Subject("account", person.id),
        f"{person.email} にパスワード設定の案内を送りました。",
        at=at,
    )
    db.session.commit()


def set_active(person: Person, is_active: bool, *, by: Actor | None, at: datetime) -> None:
    """Opens or closes an account; closing ends its sessions at once."""
    if by is not None and by.person_id == person.id:
        raise Refusal("自分の利用は、自分では停止できません。ほかの管理者に頼んでください。")
    person.is_active = is_active
    if not is_active:
        end_sessions(person.id, at=at)
    word = "再開" if is_active else "停止"
    history.record(
        by,
        "account.opened" if is_active else "account.closed",
        Subject("account", person.id),
        f"{person.email} の利用を{word}しました。",
        at=at,
    )
    db.session.commit()


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
