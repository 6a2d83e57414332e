"""Reads who is signed in, who holds which post, and where letters go."""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from flask import current_app
from sqlalchemy import and_, bindparam, exists, or_, select
from sqlalchemy.orm import aliased

from tracker.accounts.duties import HeldPost, SharedName, UnseenChange
from tracker.accounts.models import (
    CalendarKey,
    Handover,
    OutsideChange,
    Person,
    Post,
    PostKind,
    SecondFactor,
    SignIn,
)
from tracker.accounts.rules import StaffMember, comparable
from tracker.characters.search import search_key
from tracker.kernel.permissions import Actor, Permission, Role, allowed
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.mail.letters import Letter, Recipient
from tracker.municipalities.models import Municipality
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept

K = TypeVar("K", bound=Hashable)


def digest(token: str) -> str:
    """What is stored of a secret token."""
    return hashlib.sha256(token.encode()).hexdigest()


_UNSEEN = OutsideChange.looked_at.is_(None)
# Of an account and its post: whether somebody of its municipality has yet to look at it.
_IS_HELD = (
    exists()
    .where(
        _UNSEEN,
        OutsideChange.is_holding,
        OutsideChange.post_id == Post.id,
        or_(OutsideChange.person_id.is_(None), OutsideChange.person_id == Person.id),
    )
    .correlate(Post, Person)
)
_colleague, _other = aliased(Person), aliased(Post)
# Of a post: whether its own mailbox was given by another municipality and nobody of its own has
# looked at it.  The first one of a post counts where somebody is there who could look.
_IS_UNKNOWN = (
    exists()
    .where(
        _UNSEEN,
        OutsideChange.post_id == Post.id,
        OutsideChange.person_id.is_(None),
        or_(
            OutsideChange.before.is_not(None),
            exists()
            .where(
                _colleague.is_active,
                _other.id == _colleague.post_id,
                _other.municipality_id == Post.municipality_id,
            )
            .correlate(Post),
        ),
    )
    .correlate(Post)
)
_SIGNED_IN = (
    select(
        SignIn.id,
        SignIn.last_seen_at,
        Person.id,
        Post.name,
        Post.kind,
        Municipality.slug,
        Municipality.id,
        Municipality.name,
        Post.id,
        Municipality.is_hub,
        _IS_HELD.label("is_held"),
        Person.welcomed_at.is_(None).label("is_new"),
    )
    .join(Person, Person.id == SignIn.person_id)
    .join(Post, Post.id == Person.post_id)
    .join(Municipality, Municipality.id == Post.municipality_id)
    .where(SignIn.ended_at.is_(None), Person.is_active, Post.is_active)
)
# Put together once: every request asks it.
_BY_TOKEN = _SIGNED_IN.where(
    SignIn.token_hash == bindparam("digest"),
    SignIn.created_at > bindparam("since"),
    SignIn.last_seen_at > bindparam("seen_since"),
)


def oldest(at: datetime) -> dict[str, datetime]:
    """Sessions opened, and seen last, before these instants have ended."""
    config = current_app.config
    return {
        "since": at - timedelta(minutes=config["SESSION_MINUTES"]),
        "seen_since": at - timedelta(minutes=config["SESSION_IDLE_MINUTES"]),
    }


def signed_in(token: str, at: datetime) -> tuple[Actor, int, datetime] | None:
    """The actor of a session's token, the session's id and when it was last seen."""
    row = db.session.execute(_BY_TOKEN, {"digest": digest(token), **oldest(at)}).first()
    return (_actor(row[2:]), row[0], row[1]) if row else None


_ACTORS = (
    select(*_SIGNED_IN.selected_columns[2:])
    .select_from(Person)
    .join(Post, Post.id == Person.post_id)
    .join(Municipality, Municipality.id == Post.municipality_id)
)


def actor_of(email: str) -> Actor:
    """The actor behind an account, for commands and the example."""
    return _actor(db.session.execute(_ACTORS.where(Person.email == email)).one())


def subscriber(token: str) -> Actor | None:
    """Whose calendar feed the secret opens; None when it is no longer good, or never was."""
    row = db.session.execute(
        _ACTORS.join(CalendarKey, CalendarKey.person_id == Person.id).where(
            CalendarKey.token_hash == digest(token), Person.is_active, Post.is_active
        )
    ).first()
    return _actor(row) if row else None


def _actor(row: Sequence[Any]) -> Actor:
    person_id, post, kind, slug, municipality_id, town, post_id, is_hub, is_held, is_new = row
    return Actor(
        person_id,
        f"{town} {post}",
        Role(kind),
        slug,
        municipality_id,
        town,
        post_id,
        is_hub,
        is_held,
        is_new,
    )


def find_person(email: str) -> Person | None:
    """The account with that address, or None."""
    return db.session.scalar(select(Person).where(Person.email == comparable(email)))


def get_person(email: str) -> Person:
    """The same; raises Refusal where there is none."""
    person = find_person(email)
    if person is None:
        raise Refusal(_("%(email)s という利用者は登録されていません。", email=email))
    return person


def act_by(email: str | None, permission: Permission) -> Act:
    """The act of a person through a command, or of the machine's operator where none is named.

    Raises Refusal for an account that is not in use, or that may not everywhere.
    """
    if email is None:
        return Act(None, clock.now())
    person = get_person(email)
    actor = actor_of(person.email)
    if not person.is_active or not allowed(actor, permission, ()):
        raise Refusal(_("%(email)s では、この操作はできません。", email=email))
    name = _("%(name)s　コマンドから（代理入力）", name=actor.name)
    return Act(replace(actor, name=name), clock.now())


def find_post(municipality_id: int, name: str, but_id: int | None = None) -> Post | None:
    """The post of that name in a municipality, else one whose name looks like it, or None.

    `but_id`: other than that one.
    """
    looks_alike = or_(Post.name == name, Post.name_key == search_key(name))
    found = select(Post).where(Post.municipality_id == municipality_id, looks_alike, Post.is_active)
    if but_id is not None:
        found = found.where(Post.id != but_id)
    return db.session.scalars(found.order_by((Post.name == name).desc())).first()


def posts_that_share_names(municipality_id: int) -> Sequence[Post]:
    """The posts of a municipality whose names look like an older one's, oldest first."""
    found = select(Post).where(
        Post.municipality_id == municipality_id, Post.name_key.is_(None), Post.is_active
    )
    return db.session.scalars(found.order_by(Post.id)).all()


def chiefs(municipality_id: int | None = None) -> Mapping[int, int | None]:
    """The chief's post of every post, or of those of a municipality, by the post's id."""
    found = select(Post.id, Post.chief_id).where(Post.is_active)
    if municipality_id is not None:
        found = found.where(Post.municipality_id == municipality_id)
    return {row.id: row.chief_id for row in db.session.execute(found)}


def post_names(municipality_id: int | None = None) -> Sequence[tuple[int, str]]:
    """Every active post of an office, or those of a municipality, as 「今別町 企画課長」.

    Kept until a post or a municipality changes.
    """

    def read() -> Sequence[tuple[int, str]]:
        found = (
            select(Post.id, Municipality.name, Post.name)
            .join(Municipality, Municipality.id == Post.municipality_id)
            .where(Post.is_active, Post.is_of_office)
            .order_by(Municipality.code, Post.id)
        )
        if municipality_id is not None:
            found = found.where(Post.municipality_id == municipality_id)
        return [(id_, f"{town} {name}") for id_, town, name in db.session.execute(found)]

    return kept(("post names", municipality_id), ("accounts", "municipalities"), read)


def recipients(
    *kinds: PostKind, municipality_ids: Sequence[int] | None = None
) -> Mapping[int, list[Recipient]]:
    """Who gets letters for posts of those kinds, by municipality id (one query).

    A post with a mailbox of its own is the recipient; otherwise each account holding it.
    """
    conditions: list[Any] = [Post.kind.in_(kinds)]
    if municipality_ids is not None:
        conditions.append(Post.municipality_id.in_(municipality_ids))
    return _grouped(lambda post, _person_id: post.municipality_id, *conditions)


def recipients_by_role(kinds: Iterable[str]) -> Mapping[tuple[str, int], list[Recipient]]:
    """The same by (kind of post, municipality id), for several kinds at once (one query)."""
    return _grouped(
        lambda post, _person_id: (post.kind.value, post.municipality_id),
        Post.kind.in_([PostKind(kind) for kind in kinds]),
    )


def recipients_by_post(post_ids: Iterable[int | None]) -> Mapping[int, list[Recipient]]:
    """Who gets the letters of each of those posts (one query, none without a post)."""
    wanted = {post_id for post_id in post_ids if post_id}
    return _grouped(lambda post, _person_id: post.id, Post.id.in_(wanted)) if wanted else {}


def recipients_of_post(post_id: int | None) -> list[Recipient]:
    """Who gets the letters of one post."""
    return recipients_by_post([post_id]).get(post_id or 0, [])


def recipients_of_person(person_id: int) -> list[Recipient]:
    """The account itself, at its own address or its post's mailbox."""
    return _grouped(lambda _post, found: found, Person.id == person_id).get(person_id, [])


def every_recipient() -> Mapping[str, Recipient]:
    """Whoever can get letters, by the recipient's key, in the order of municipalities and posts."""
    found = _grouped(lambda _post, _person: "")
    return {to.key: to for to in found.get("", [])}


def _grouped(key: Callable[[Any, int], K], *conditions: Any) -> Mapping[K, list[Recipient]]:
    rows = db.session.execute(
        select(
            Post.id,
            Post.kind,
            Post.municipality_id,
            Post.name,
            Post.email,
            Person.id.label("person_id"),
            Person.email.label("address"),
            Municipality.name.label("town"),
            Municipality.base_url,
            Person.weekly_digest,
            _IS_UNKNOWN.label("is_unknown"),
        )
        .join(Municipality, Municipality.id == Post.municipality_id)
        .outerjoin(Person, (Person.post_id == Post.id) & Person.is_active)
        .where(Post.is_active, *conditions)
        .order_by(Municipality.code, Post.id, Person.id)
    )
    found: dict[K, dict[str, Recipient]] = {}
    for row in rows:
        if not (row.email or row.address):
            continue
        who = f"post:{row.id}" if row.email else f"person:{row.person_id}"
        group = found.setdefault(key(row, row.person_id), {})
        others_want_each = who in group and not group[who].is_weekly
        group[who] = Recipient(
            who,
            f"{row.town} {row.name}",
            row.email or row.address,
            row.municipality_id,
            row.base_url,
            # A shared mailbox is spared the single letters when all who read it wish so.
            is_weekly=bool(row.weekly_digest) and not others_want_each,
            post_id=row.id,
            is_known=not row.is_unknown,
        )
    return {group: list(many.values()) for group, many in found.items()}


class InUse(NamedTuple):
    """The offices' posts in use, who signs in, and whether others entered what nobody has looked at.

    And the posts whose names look like another's of their municipality, and whether the council
    has members.
    """

    posts: tuple[HeldPost, ...]
    shared_names: tuple[SharedName, ...]
    staff: tuple[StaffMember, ...]
    is_looked_at: bool
    has_council: bool


def in_use() -> InUse:
    """One query.  Kept until a post, an account or a memo changes."""

    def read() -> InUse:
        rows = db.session.execute(
            select(
                Post.id,
                Post.kind,
                Municipality.slug,
                Post.confirmed_year,
                Handover.fiscal_year,
                Person.id,
                Municipality.name,
                Post.name,
                Post.name_key,
                Person.password_hash.is_not(None),
                exists().where(_UNSEEN),
            )
            .join(Municipality, Municipality.id == Post.municipality_id)
            .outerjoin(Handover, Handover.post_id == Post.id)
            .outerjoin(Person, and_(Person.post_id == Post.id, Person.is_active))
            .where(Post.is_active)
            .order_by(Person.id, Post.id)
        ).all()
        posts = {
            id_: HeldPost(slug, kind, *rest[:2])
            for id_, kind, slug, *rest in rows
            if kind is not PostKind.COUNCIL
        }
        staff = tuple(
            StaffMember(person, id_, Role(kind), slug, has_password)
            for id_, kind, slug, _, _, person, _, _, _, has_password, _ in rows
            if person
        )
        holders = {(row[2], row[8]): row[7] for row in rows}
        shared = {
            row[0]: SharedName(row[0], row[6], row[7], holders.get((row[2], search_key(row[7]))))
            for row in rows
            if row[8] is None
        }
        is_looked_at = not any(row[-1] for row in rows)
        has_council = any(row[1] is PostKind.COUNCIL for row in rows)
        held, alike = tuple(posts.values()), tuple(shared.values())
        return InUse(held, alike, staff, is_looked_at, has_council)

    return kept("posts in use", ("accounts", "municipalities"), read)


def staff() -> Sequence[StaffMember]:
    """Everybody who signs in, by account."""
    return in_use().staff


def unseen_changes() -> tuple[UnseenChange, ...]:
    """What others entered of posts and accounts and nobody has looked at, oldest first.

    One query, none where all is looked at.
    """
    if in_use().is_looked_at:
        return ()
    rows = db.session.execute(
        select(
            OutsideChange.id,
            Municipality.slug,
            Post.name,
            Person.name,
            OutsideChange.before,
            OutsideChange.after,
            OutsideChange.changed_by,
            OutsideChange.changed_at,
            OutsideChange.reason,
            OutsideChange.version,
        )
        .join(Post, Post.id == OutsideChange.post_id)
        .join(Municipality, Municipality.id == Post.municipality_id)
        .outerjoin(Person, Person.id == OutsideChange.person_id)
        .where(_UNSEEN, Post.is_active)
        .order_by(OutsideChange.id)
    )
    return tuple(UnseenChange._make(row) for row in rows)


def check_address_is_known(post_id: int | None) -> None:
    """Refuses a new personal link for an address that another municipality gave the post.

    Until somebody of the post's own has looked at it, who moved the address could act by the link.
    """
    if db.session.scalar(select(_IS_UNKNOWN).select_from(Post).where(Post.id == post_id)):
        raise Refusal(
            _(
                "この役職の宛先は、ほかの市町村が直したもので、まだ確認されていません。"
                "その市町村の方が「引継ぎ」で確認すると、新しいリンクを送れます。"
            )
        )


def has_letters(post_id: int) -> bool:
    """Whether a letter was ever written to the post's mailbox."""
    written = exists().where(Letter.to_key == f"post:{post_id}")
    return bool(db.session.scalar(select(written)))


def has_somebody_to_look(municipality_id: int, but_post_id: int | None = None) -> bool:
    """Whether an account of the municipality may look at what others entered of it.

    `but_post_id`: besides those on that post.
    """
    found = (
        select(Person.id)
        .join(Post, Post.id == Person.post_id)
        .where(Post.municipality_id == municipality_id, Person.is_active, Post.is_active, ~_IS_HELD)
        .limit(1)
    )
    if but_post_id is not None:
        found = found.where(Post.id != but_post_id)
    return db.session.scalar(found) is not None


@dataclass(frozen=True)
class Holder:
    """An account on a post, of now or before; without a password it waits for its holder."""

    id: int
    name: str
    email: str
    is_active: bool
    has_password: bool
    has_second_factor: bool
    seen: str

    @property
    def state(self) -> str:
        """closed, waiting (no password yet) or open."""
        return "closed" if not self.is_active else "open" if self.has_password else "waiting"


@dataclass(frozen=True)
class StaffedPost:
    """A post with all its accounts, and who vouched for its holder when."""

    id: int
    town: str
    kind: PostKind
    name: str
    mailbox: str | None
    phone: str | None
    shares_name: bool
    seen: str
    accounts: tuple[Holder, ...]
    confirmed_year: int | None
    confirmed_by: str | None
    confirmed_at: datetime | None
    # Taken out by mistake's mending (`struck.models.Struck`): when, by whom and why.
    struck_at: datetime | None = None
    struck_by: str | None = None
    struck_reason: str | None = None

    @property
    def is_struck(self) -> bool:
        """Whether it was taken out."""
        return self.struck_at is not None

    @property
    def holders(self) -> tuple[Holder, ...]:
        """Who holds it now."""
        return tuple(one for one in self.accounts if one.is_active)

    @property
    def former(self) -> Holder | None:
        """Who held it last."""
        return next((one for one in reversed(self.accounts) if not one.is_active), None)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where its letters go: its own mailbox, or each holder's."""
        return (self.mailbox,) if self.mailbox else tuple(one.email for one in self.holders)


def staffed_posts(municipality_id: int | None = None) -> Sequence[StaffedPost]:
    """Every post, or those in use of one municipality's offices, as entered (one query)."""
    found = (
        select(Post, Municipality.name, Person, SecondFactor.person_id)
        .join(Municipality, Municipality.id == Post.municipality_id)
        .outerjoin(Person, Person.post_id == Post.id)
        .outerjoin(SecondFactor, SecondFactor.person_id == Person.id)
        .order_by(Municipality.code, Post.id, Person.id)
    )
    if municipality_id is not None:
        found = found.where(
            Post.municipality_id == municipality_id, Post.is_active, Post.is_of_office
        )
    return [
        _staffed(post, town, [(person, bool(factor)) for *_, person, factor in own if person])
        for (post, town), own in groupby(db.session.execute(found), lambda row: (row[0], row[1]))
    ]


def _staffed(post: Post, town: str, people: Iterable[tuple[Person, bool]]) -> StaffedPost:
    return StaffedPost(
        post.id,
        town,
        post.kind,
        post.name,
        post.email,
        post.phone,
        post.name_key is None and post.is_active,
        post.seen,
        tuple(
            Holder(
                *(one.id, one.name, one.email, one.is_active, bool(one.password_hash)),
                has_second_factor,
                one.seen,
            )
            for one, has_second_factor in people
        ),
        post.confirmed_year,
        post.confirmed_by,
        post.confirmed_at,
        post.struck_at,
        post.struck_by,
        post.struck_reason,
    )
