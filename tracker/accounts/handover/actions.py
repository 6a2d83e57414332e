"""Confirms each April who holds the posts, hands a post over, and writes the hand-over memo."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select

from tracker.accounts import queries, rules
from tracker.accounts.handover.queries import memos
from tracker.accounts.models import Handover, OutsideChange, Person, Post
from tracker.accounts.people.actions import (
    check_last_admin,
    confirm_holder,
    create_account,
    put_invitation,
    take_back,
)
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.mail import letters
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

LONGEST_WORDS = 400


@dataclass(frozen=True)
class Words:
    """The three boxes of a memo: 今年の要注意, 毎年つまずく所, 連絡先."""

    cautions: str
    stumbles: str
    contacts: str


def confirm_people(act: Act, seen: Mapping[int, str] | None = None) -> int:
    """「変更なし」: the actor's municipality vouches for every post not yet confirmed this year.

    `seen` is what the page showed of each post, by its id.  Returns how many were confirmed.
    Raises Refusal when there were none, Conflict when one was changed meanwhile or is new.
    """
    by, year = _actor(act), FiscalYear.containing(act.today)
    waiting = [
        post
        for post in db.session.scalars(
            select(Post)
            .where(Post.municipality_id == by.municipality_id, Post.is_active, Post.is_of_office)
            .order_by(Post.id)
        )
        if (post.confirmed_year or 0) < year.year
    ]
    if not waiting:
        raise Refusal(_("%(year)sの担当者は、すでに確認済みです。", year=year.label))
    act.lock(*((one, None if seen is None else seen.get(one.id, ""), one.name) for one in waiting))
    with act:
        for post in waiting:
            said = (
                f"{by.municipality_name} {post.name}の{year.label}の担当者を"
                "確認しました（変更なし）。"
            )
            with act.change("post.confirmed", post, said):
                confirm_holder(act, post)
    return len(waiting)


def look_at_changes(act: Act, seen: Mapping[int, str]) -> int:
    """「確認しました」: the actor's municipality knows of what others entered of its posts.

    `seen` is what the page showed of each change, by its id; others stay open.  Returns how many.
    Raises Refusal when there were none, Conflict when one was looked at meanwhile.
    """
    by = act.person
    query = (
        select(OutsideChange)
        .join(Post, Post.id == OutsideChange.post_id)
        .where(OutsideChange.id.in_(seen), Post.municipality_id == by.municipality_id)
        .order_by(OutsideChange.id)
    )
    found = [one for one in db.session.scalars(query) if one.looked_at is None]
    if not found:
        raise Refusal(_("確認するものはありません。ほかの人が先に確認したようです。"))
    act.lock(*((one, seen[one.id]) for one in found))
    with act:
        for one in found:
            said = f"{by.municipality_name}が、{one.changed_by}による登録を確認しました。"
            with act.change("post.looked_at", one, said):
                one.looked_by, one.looked_by_id, one.looked_at = by.name, by.person_id, act.at
        db.session.flush()
        for post_id in {one.post_id for one in found}:
            for to in queries.recipients_of_post(post_id):
                if to.is_known:
                    letters.let_known(to, act.at)
    return len(found)


def hand_over(
    act: Act,
    post: Post,
    name: str,
    email: str,
    phone: str | None,
    seen: str | None = None,
) -> Person | None:
    """「替わりました」: the accounts on the post close, the new holder is invited (M23).

    A post without accounts gets its new mailbox; None is returned.  Where the address stays and
    only the person changes, the account goes on under the new name and without its password.
    Raises Refusal as `rules.check_hand_over` does, and for an address somebody else uses.
    """
    town = areas.by_id()[post.municipality_id]
    rules.check_hand_over(_actor(act), post.id, post.kind, town.slug)
    former = db.session.scalars(select(Person).where(Person.post_id == post.id)).all()
    act.lock((post, seen), *((one, None) for one in former))
    post.must_count()
    # A wrong address would leave nobody who could correct it.
    check_last_admin(post, *former)
    address, person = rules.check_address(email), None
    with act:
        if post.kind.signs_in:
            person = _new_holder(act, post, former, name, address)
        said = f"{town.name} {post.name}の担当を替えました。"
        with act.change("post.handed_over", post, said):
            if person is None:
                post.email = address
            post.phone = phone
            confirm_holder(act, post)
            for one in former:
                if one is not person:
                    take_back(act, one)
    return person


def _new_holder(act: Act, post: Post, former: Sequence[Person], name: str, address: str) -> Person:
    stays = next((one for one in former if one.email == address), None)
    for one in former:
        if one.is_active and one is not stays:
            said = f"{one.email} の利用を停止しました。"
            with act.change("account.closed", one, said):
                one.is_active = False
                take_back(act, one)
    if stays is None:
        return create_account(act, post, name, address)
    with act.change("account.handed_over", stays, f"{address} を新しい担当者に引き継ぎました。"):
        take_back(act, stays)
        stays.name, stays.is_active, stays.password_hash = name, True, None
        stays.signed_in_at, stays.weekly_digest, stays.welcomed_at = None, False, None
        put_invitation(act, stays)
    return stays


def write_memo(act: Act, words: Words, seen: str | None = None) -> Handover:
    """Keeps the memo of the actor's own post.

    `seen` is `UNSEEN` where its writer saw none.  Raises Conflict when somebody saved meanwhile, Refusal
    for a memo without a word or with too many.
    """
    _check_words(words)
    by = _actor(act)
    # Two may write the first memo of a post at once.
    act.lock((db.session.get_one(Post, by.post_id), None))
    memo = act.own(Handover, by.post_id, seen)
    before = next((one for one in memos(by.municipality_id) if one.post_id == by.post_id), None)
    memo = memo or Handover(post_id=by.post_id)
    with act.change("handover.written", memo, f"{by.name}の引継ぎメモを書きました。"):
        db.session.add(memo)
        if before and before.is_former(by):
            memo.former, memo.former_by = before.text, before.written_by
            memo.former_at = before.written_at
        memo.cautions, memo.stumbles, memo.contacts = words.cautions, words.stumbles, words.contacts
        memo.fiscal_year = FiscalYear.containing(act.today).year
        memo.written_by, memo.written_by_id, memo.written_at = by.name, by.person_id, act.at
    return memo


def _actor(act: Act) -> Actor:
    assert act.by is not None, "the system holds no post"
    return act.by


def _check_words(words: Words) -> None:
    for field, text in asdict(words).items():
        if len(text) > LONGEST_WORDS:
            raise Refusal(
                _(
                    "%(longest_words)s字までで入力してください（今 %(count)s字）。",
                    longest_words=LONGEST_WORDS,
                    count=len(text),
                ),
                field=field,
            )
    if not any(text.strip() for text in asdict(words).values()):
        raise Refusal(
            _("どれか1つは書いてください。次の担当の方が最初に読むメモになります。"),
            field="cautions",
        )
