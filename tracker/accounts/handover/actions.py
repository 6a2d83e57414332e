"""Confirms each April who holds the posts, hands a post over, and writes the hand-over memo."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm.attributes import flag_modified

from tracker.accounts import rules
from tracker.accounts.models import CalendarKey, Handover, Invitation, Person, Post
from tracker.accounts.people import actions as people
from tracker.accounts.people.actions import end_sessions
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.plumbing import clock, history
from tracker.plumbing.db import db, insert_missing
from tracker.plumbing.history import Subject

LONGEST_WORDS = 400


@dataclass(frozen=True)
class Words:
    """The three boxes of a memo: 今年の要注意, 毎年つまずく所, 連絡先."""

    cautions: str
    stumbles: str
    contacts: str


def confirm_people(*, by: Actor, at: datetime) -> int:
    """「変更なし」: the actor's municipality vouches for every post not yet confirmed this year.

    Returns how many there were.  Raises Refusal when there were none.
    """
    year = FiscalYear.containing(clock.day(at))
    waiting = db.session.scalars(
        select(Post)
        .where(
            Post.municipality_id == by.municipality_id,
            Post.is_active,
            or_(Post.confirmed_year.is_(None), Post.confirmed_year < year.year),
        )
        .order_by(Post.id)
        .with_for_update()
    ).all()
    if not waiting:
        raise Refusal(f"{year.label}の担当者は、すでに確認済みです。")
    for post in waiting:
        people.confirm(post, by=by, at=at)
    history.record(
        by,
        "people.confirmed",
        Subject("municipality", by.municipality),
        f"{by.municipality_name}の{year.label}の担当者を確認しました（変更なし）。",
        at=at,
        after={"year": year.year, "posts": [post.name for post in waiting]},
    )
    db.session.commit()
    return len(waiting)


def hand_over(
    post: Post, name: str, email: str, phone: str | None, *, by: Actor, at: datetime
) -> Person | None:
    """「替わりました」: the accounts on the post close, the new holder is invited (M23).

    A post without accounts gets its new mailbox; None is returned.  Where the address stays and
    only the person changes, the account goes on under the new name and without its password.
    Raises Refusal as `rules.check_hand_over` does, and for an address somebody else uses.
    """
    towns = areas.by_id()
    rules.check_hand_over(by, post.id, post.kind, towns[post.municipality_id].slug)
    former = db.session.scalars(select(Person).where(Person.post_id == post.id)).all()
    before = _said(post, (one for one in former if one.is_active))
    person = _new_holder(post, former, name, email, at) if post.kind.signs_in else None
    if person is None:
        post.email = rules.check_address(email)
    post.phone = phone
    people.confirm(post, by=by, at=at)
    history.record(
        by,
        "post.handed_over",
        Subject("post", post.id),
        f"{towns[post.municipality_id].name} {post.name}の担当を替えました。",
        at=at,
        before=before,
        after=_said(post, [person] if person else []),
    )
    db.session.commit()
    return person


def _said(post: Post, holders: Iterable[Person]) -> dict[str, Any]:
    return {
        "phone": post.phone,
        "mailbox": post.email,
        "holders": [one.email for one in holders],
    }


def _new_holder(
    post: Post, former: Sequence[Person], name: str, email: str, at: datetime
) -> Person:
    address = rules.check_address(email)
    for one in former:
        _close(one, at)
    person = next((one for one in former if one.email == address), None)
    if person is None:
        person = people.new_person(post, name, email)
    person.name, person.is_active, person.password_hash = name, True, None
    person.failed_count, person.locked_until, person.signed_in_at = 0, None, None
    person.weekly_digest = False
    people.put_invitation(person, at=at)
    return person


def _close(person: Person, at: datetime) -> None:
    """Whoever held the post comes in no more: no session, no link, no calendar of theirs is left."""
    person.is_active = False
    end_sessions(person.id, at=at)
    db.session.execute(
        update(Invitation)
        .where(Invitation.person_id == person.id, Invitation.used_at.is_(None))
        .values(used_at=at)
    )
    db.session.execute(delete(CalendarKey).where(CalendarKey.person_id == person.id))


class Overtaken(Refusal):
    """Somebody else holding the same post saved first: what both wrote must stay visible."""

    def __init__(self, who: str) -> None:
        super().__init__(
            f"{who}が先に直しました。最新の内容を確かめてから、もう一度保存してください。"
        )


def write_memo(words: Words, version: int, *, by: Actor, at: datetime) -> Handover:
    """Keeps the memo of the actor's own post; its words are no part of the record.

    `version` is the one the writer saw, 0 for none.  Raises Overtaken when somebody saved
    meanwhile, Refusal for a memo without a word or with too many.
    """
    _check_words(words)
    year = FiscalYear.containing(clock.day(at)).year
    fresh = {**asdict(words), "fiscal_year": year, "written_by": by.name, "written_at": at}
    is_new = not version and insert_missing(
        Handover, [{"post_id": by.post_id, **fresh}], ["post_id"]
    )
    memo = db.session.scalars(
        select(Handover)
        .where(Handover.post_id == by.post_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if memo is None or not (is_new or memo.version == version):
        raise Overtaken(memo.written_by if memo else "ほかの人")
    for field, value in fresh.items():
        setattr(memo, field, value)
    if not is_new:
        flag_modified(memo, "written_at")
    history.record(
        by,
        "handover.written",
        Subject("post", by.post_id),
        f"{by.name}の引継ぎメモを書きました。",
        at=at,
    )
    db.session.commit()
    return memo


def _check_words(words: Words) -> None:
    for field, text in asdict(words).items():
        if len(text) > LONGEST_WORDS:
            raise Refusal(
                f"{LONGEST_WORDS}字までで入力してください（今 {len(text)}字）。", field=field
            )
    if not any(text.strip() for text in asdict(words).values()):
        raise Refusal(
            "どれか1つは書いてください。次の担当の方が最初に読むメモになります。", field="cautions"
        )
