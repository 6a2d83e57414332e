"""Enters and changes posts and accounts, and invites who holds them."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from tracker.accounts import queries, rules
from tracker.accounts.models import Invitation, Person, Post, PostKind, SignIn
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.mail import letters
from tracker.municipalities import queries as areas
from tracker.plumbing import clock, history
from tracker.plumbing.db import db
from tracker.plumbing.history import Subject


def end_sessions(person_id: int, *, at: datetime) -> None:
    """Ends every open session of an account, within the caller's transaction."""
    db.session.execute(
        update(SignIn)
        .where(SignIn.person_id == person_id, SignIn.ended_at.is_(None))
        .values(ended_at=at)
    )


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
        put_invitation(person, at=at)
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
    put_invitation(person, at=at)
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


# --- within the acts of other rooms, too -------------------------------------------------------


def new_post(
    municipality_id: int,
    kind: PostKind,
    name: str,
    email: str | None = None,
    phone: str | None = None,
    *,
    by: Actor | None,
    at: datetime,
) -> Post:
    """A post, which whoever enters it knows to be held this fiscal year.

    Raises Refusal for a name that the municipality has already.
    """
    taken = select(Post.id).where(Post.municipality_id == municipality_id, Post.name == name)
    if db.session.scalar(taken):
        raise Refusal(f"「{name}」はすでに登録されています。", field="name")
    post = Post(municipality_id=municipality_id, kind=kind, name=name, email=email, phone=phone)
    confirm(post, by=by, at=at)
    db.session.add(post)
    db.session.flush()
    return post


def confirm(post: Post, *, by: Actor | None, at: datetime) -> None:
    """Somebody said who holds the post in the fiscal year of `at`."""
    post.confirmed_year = FiscalYear.containing(clock.day(at)).year
    post.confirmed_by, post.confirmed_at = (by.name if by else None), at


def mend_mailbox(to_key: str, before: str, after: str, *, by: Actor, at: datetime) -> bool:
    """Where a post's own mailbox was the wrong address, mends it; whether it did.

    `to_key` is that of a letter's recipient.  An account's address is its holder's name at the
    door: that the admin changes.
    """
    kind, _, number = to_key.partition(":")
    post = db.session.get(Post, int(number)) if kind == "post" else None
    if post is None or post.email != before:
        return False
    post.email = rules.check_address(after)
    history.record(
        by,
        "post.changed",
        Subject("post", post.id),
        f"「{post.name}」のお知らせの宛先を直しました。",
        at=at,
        before={"email": before},
        after={"email": post.email},
    )
    return True


def new_person(post: Post, name: str, email: str) -> Person:
    """An account that holds the post; refuses an address that has an account already."""
    if not post.kind.signs_in:
        raise Refusal("秘書と上司の役職には、利用者の登録は要りません。お知らせは届きます。")
    address = rules.check_address(email)
    if queries.find_person(address):
        raise Refusal("このメールアドレスは、すでに使われています。", field="email")
    person = Person(post_id=post.id, name=name, email=address)
    db.session.add(person)
    db.session.flush()
    return person


def put_invitation(person: Person, *, at: datetime) -> None:
    """The letter with a link to set a password (M23)."""
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        person_id=person.id,
        token_hash=queries.digest(token),
        expires_at=at + rules.INVITATION_FOR,
    )
    db.session.add(invitation)
    db.session.flush()
    for recipient in queries.recipients_of_person(person.id):
        letters.put(
            "invitation",
            recipient,
            {},
            cause=f"invitation:{invitation.id}",
            at=at,
            link=f"/invitations/{token}",
        )
