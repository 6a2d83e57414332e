"""Enters a post, an account, an invitation: what several actions do within their transaction."""

import secrets
from datetime import datetime

from sqlalchemy import select

from tracker.accounts import queries, rules
from tracker.accounts.models import Invitation, Person, Post, PostKind
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.mail import letters
from tracker.plumbing import clock, history
from tracker.plumbing.db import db
from tracker.plumbing.history import Subject


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


def invite(person: Person, *, at: datetime) -> None:
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
