"""Enters and changes posts and accounts, and invites who holds them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from tracker.accounts import queries, rules
from tracker.accounts.duties import changed
from tracker.accounts.models import (
    CalendarKey,
    Invitation,
    LinkUse,
    OutsideChange,
    Person,
    Post,
    PostKind,
    SignIn,
)
from tracker.accounts.people.letters import changed_by_others, coded
from tracker.accounts.people.queries import has_other_admin
from tracker.characters.search import search_key
from tracker.duty.duty import PersonalLink
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.mail import letters, links
from tracker.mail.letters import Recipient
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Municipality
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.struck.models import referring


def create_post(
    act: Act,
    slug: str,
    kind: PostKind,
    name: str,
    email: str | None,
    phone: str | None,
    chief_id: int | None = None,
) -> Post:
    """Enters a post of a municipality, which whoever enters it knows to be held this fiscal year.

    Refuses a name that exists there or looks like one that does, and an outside chief.
    """
    town = areas.find_town(slug)
    if town is None:
        raise Refusal(_("市町村を選んでください。"), field="municipality")
    act.lock((db.session.get_one(Municipality, town.id), None))
    _check_name(town.id, name)
    rules.check_chief(None, chief_id, queries.chiefs(town.id))
    told = _others_of(town.id) if email and _is_outside(act, town.id) else None
    post = Post(
        municipality_id=town.id,
        kind=kind,
        name=name,
        email=rules.check_address(email) if email else None,
        phone=phone,
        chief_id=chief_id,
    )
    with act.change("post.created", post, f"{town.name}に「{name}」を登録しました。"):
        confirm_holder(act, post)
        db.session.add(post)
        if told is not None:
            db.session.flush()
            # Nobody signs in by it yet.
            _tell(act, post, _Outside(told, False, None), before=None, after=post.email)
    return post


def change_post(
    act: Act,
    post: Post,
    name: str,
    email: str | None,
    phone: str | None,
    chief_id: int | None,
    seen: str | None = None,
    reason: str | None = None,
) -> None:
    """Changes name, mailbox, telephone and chief of a post; refuses a chief that cannot be.

    A name that looks like another's there is refused; one given up frees those that looked like it.

    Where somebody of another municipality moves the mailbox, its own is told (`_tell`), and a
    confirmer's mailbox where nobody else is there to look takes a `reason`.
    """
    act.lock((post, seen), (db.session.get_one(Municipality, post.municipality_id), None))
    post.must_count()
    is_renamed = name != post.name
    if is_renamed:
        _check_name(post.municipality_id, name, post.id)
    rules.check_chief(post.id, chief_id, queries.chiefs(post.municipality_id))
    before, address = post.email, rules.check_address(email) if email else None
    outside = _outside(act, post, reason, but_post_id=post.id) if address != before else None
    with act.change("post.changed", post, f"「{name}」の登録を直しました。"):
        post.email, post.phone, post.chief_id = address, phone, chief_id
        if is_renamed:
            post.name = name
            _free_names(post.municipality_id)
        _tell(act, post, outside, before=before, after=address)


def strike_post(act: Act, post: Post, reason: str, seen: str | None = None) -> None:
    """Takes out a post that was entered by mistake; its name is free again.

    Raises Refusal as `rules.check_strike` does.
    """
    act.lock((post, seen), (db.session.get_one(Municipality, post.municipality_id), None))
    check_strike(post)
    said = f"「{post.name}」の登録を取り消しました。理由：{reason}"
    with act.change("post.struck", post, said):
        post.strike(act.person.name, act.at, reason)
        post.name_key = None
        _free_names(post.municipality_id)


def check_strike(post: Post) -> None:
    """Raises Refusal where the post has a past."""
    rules.check_strike(referring(post), queries.has_letters(post.id))


def put_post_back(act: Act, post: Post, seen: str | None = None) -> None:
    """Counts a post again; refused where another's name looks like its own by now."""
    act.lock((post, seen), (db.session.get_one(Municipality, post.municipality_id), None))
    _check_name(post.municipality_id, post.name, post.id)
    with act.change("post.restored", post, f"「{post.name}」の登録を元に戻しました。"):
        post.put_back()
        post.name_key = search_key(post.name)


@dataclass(frozen=True)
class _Outside:
    """What another municipality enters: who hears of it, whether it holds until looked at, why."""

    recipients: Sequence[Recipient]
    is_holding: bool
    reason: str | None


NO_REASON = N_(
    "この市町村には、この登録を確かめられる利用者がほかにいません。"
    "どのように本人と確かめたかを、理由に書いてください。"
)


def _is_outside(act: Act, municipality_id: int) -> bool:
    return act.by is not None and act.by.municipality_id != municipality_id


def _others_of(municipality_id: int) -> Sequence[Recipient]:
    found = queries.every_recipient().values()
    return [to for to in found if to.municipality_id == municipality_id]


def _outside(
    act: Act, post: Post, reason: str | None, *, but_post_id: int | None = None
) -> _Outside | None:
    """None where the post's own municipality acts; asked before anything is changed.

    So the letters go to the address that stood before.  Raises Refusal where a confirmer's post
    needs a reason (contracts.md, "Changed by others").
    """
    if not _is_outside(act, post.municipality_id):
        return None
    can_look = queries.has_somebody_to_look(post.municipality_id, but_post_id)
    if post.kind is PostKind.CONFIRMER and not can_look and not reason:
        raise Refusal(_(NO_REASON), field="reason")
    return _Outside(_others_of(post.municipality_id), can_look, reason)


def _tell(
    act: Act,
    post: Post,
    outside: _Outside | None,
    *,
    before: str | None,
    after: str | None,
    person: Person | None = None,
) -> None:
    """Notes what another municipality entered, and writes to all posts of the post's own one.

    Within a change of the post or the account.
    """
    if outside is None:
        return
    row = OutsideChange(
        post_id=post.id,
        person_id=person.id if person else None,
        before=before,
        after=after,
        changed_by=act.person.name,
        changed_by_id=act.person.person_id,
        changed_at=act.at,
        reason=outside.reason,
        is_holding=outside.is_holding,
    )
    db.session.add(row)
    db.session.flush()
    words = changed_by_others(
        f"{areas.by_id()[post.municipality_id].name} {post.name}",
        act.person.name,
        changed(person.name if person else None, before, after),
        outside.reason,
    )
    for to in outside.recipients:
        letters.put(
            "changed_by_others",
            to,
            words,
            cause=f"outside_change:{row.id}",
            at=act.at,
            link="/handover",
        )


def _check_name(municipality_id: int, name: str, but_id: int | None = None) -> None:
    found = queries.find_post(municipality_id, name, but_id)
    if found is None:
        return
    said = _("「%(name)s」はすでに登録されています。", name=found.name)
    if found.name != name:
        said += _("全角・半角や空白、字の形だけが違う名前は、見分けがつかないため使えません。")
    raise Refusal(said, field="name")


def _free_names(municipality_id: int) -> None:
    """Posts whose names looked like the one given up hold theirs now; within a change."""
    db.session.flush()
    for one in queries.posts_that_share_names(municipality_id):
        if queries.find_post(municipality_id, one.name, one.id) is None:
            one.name_key = search_key(one.name)
            db.session.flush()


def confirm_holder(act: Act, post: Post) -> None:
    """Somebody said who holds the post in this fiscal year; within a change of the post."""
    post.confirmed_year = FiscalYear.containing(act.today).year
    post.confirmed_by, post.confirmed_at = (act.by.name if act.by else None), act.at
    post.confirmed_by_id = act.by.person_id if act.by else None


def correct_mailbox(act: Act, to_key: str, before: str, after: str) -> bool:
    """Where a post's own mailbox was the wrong address, corrects it; whether it did.

    `to_key` is that of a letter's recipient.  An account's address is its holder's name for
    signing in: that the admin changes.  Another municipality is told (`_tell`); a post whose
    mailbox nobody there could look at stays as it is.
    """
    kind, _other, number = to_key.partition(":")
    post = db.session.get(Post, int(number)) if kind == "post" else None
    if post is None or post.email != before:
        return False
    act.lock((post, None))
    address = rules.check_address(after)
    try:
        moves = address != before
        outside = _outside(act, post, None, but_post_id=post.id) if moves else None
    except Refusal:
        return False
    with act.change("post.changed", post, f"「{post.name}」のお知らせの宛先を直しました。"):
        post.email = address
        _tell(act, post, outside, before=before, after=address)
    return True


def create_account(
    act: Act,
    post: Post,
    name: str,
    email: str,
    *,
    password_hash: str | None = None,
    reason: str | None = None,
) -> Person:
    """Opens an account; without a password its holder gets a letter to set one (72 hours).

    `password_hash` is what `sign_in.actions.hash_password` gives.  Refuses a post that needs no
    account, and an address that has one already.  Where somebody of another municipality opens it,
    the post's own is told (`_tell`), and a confirmer's takes a `reason` where nobody can look.
    """
    act.lock((post, None))
    post.must_count()
    if not post.kind.signs_in:
        said = _("この種類の役職には、利用者の登録は要りません。お知らせは、役職の宛先に届きます。")
        raise Refusal(said)
    address = rules.check_address(email)
    if queries.find_person(address):
        raise Refusal(_("このメールアドレスは、すでに使われています。"), field="email")
    outside = _outside(act, post, reason)
    person = Person(post_id=post.id, name=name, email=address, password_hash=password_hash)
    said = f"「{post.name}」の利用者を登録しました。"
    with act.change("account.created", person, said) as entry:
        if reason:
            entry.told["reason"] = reason
        db.session.add(person)
        db.session.flush()
        _tell(act, post, outside, before=None, after=address, person=person)
        if password_hash is None:
            put_invitation(act, person)
    return person


def invite(act: Act, person: Person, seen: str | None = None) -> None:
    """Sends a new link to set a password; the old password and sessions end."""
    act.lock((person, seen), *_other_admins(person))
    if act.by is not None:
        # From the terminal there is always a way back.
        check_last_admin(db.session.get_one(Post, person.post_id), person)
    said = f"{person.email} にパスワード設定の案内を送りました。"
    with act.change("account.invited", person, said):
        person.password_hash = None
        end_sessions(act, person)
        put_invitation(act, person)


LINK_FOR = {LinkUse.INVITATION: rules.INVITATION_FOR, LinkUse.RESET: rules.RESET_FOR}


def put_invitation(act: Act, person: Person, use: LinkUse = LinkUse.INVITATION) -> None:
    """The letter with a link to set a password (M23, M27); within a change of the account."""
    invitation = Invitation(
        person_id=person.id,
        kind=use,
        nonce=links.new_nonce(),
        expires_at=act.at + LINK_FOR[use],
    )
    db.session.add(invitation)
    db.session.flush()
    for recipient in queries.recipients_of_person(person.id):
        letters.put(
            use.value,
            recipient,
            coded(links.mark(PersonalLink(use.code, invitation.id), "")),
            cause=f"invitation:{invitation.id}",
            at=act.at,
            link=PersonalLink(use.value, invitation.id),
        )


def renew_invitation(act: Act, invitation_id: int) -> None:
    """A new link in place of the one before, good from now; within the caller's change."""
    invitation = db.session.get_one(Invitation, invitation_id)
    invitation.nonce, invitation.expires_at = links.new_nonce(), act.at + LINK_FOR[invitation.kind]
    invitation.code_tries = 0


def set_active(
    act: Act,
    person: Person,
    is_active: bool,
    seen: str | None = None,
    reason: str | None = None,
) -> None:
    """Opens or closes an account; closing ends its sessions at once.

    One that another municipality opens again is as a new one on its post (`create_account`).
    """
    if act.by is not None and act.by.person_id == person.id:
        raise Refusal(_("自分の利用は、自分では停止できません。ほかの管理者に頼んでください。"))
    act.lock((person, seen), *_other_admins(person))
    post, outside = db.session.get_one(Post, person.post_id), None
    if not is_active:
        check_last_admin(post, person)
    elif not person.is_active:
        outside = _outside(act, post, reason)
    verb, word = ("account.opened", "再開") if is_active else ("account.closed", "停止")
    with act.change(verb, person, f"{person.email} の利用を{word}しました。"):
        person.is_active = is_active
        if not is_active:
            take_back(act, person)
        _tell(act, post, outside, before=None, after=person.email, person=person)


def _other_admins(person: Person) -> Iterator[tuple[Person, None]]:
    # Two admins who close each other's account at once must not both succeed.
    admins = select(Person).join(Post, Post.id == Person.post_id).where(Post.kind == PostKind.ADMIN)
    found = db.session.scalars(admins.where(Post.is_active, Person.is_active)).all()
    if person in found:
        yield from ((one, None) for one in found if one is not person)


def check_last_admin(post: Post, *people: Person) -> None:
    """Refuses what closes those accounts on a post where nobody else could manage accounts."""
    if post.kind is PostKind.ADMIN and not has_other_admin(*(one.id for one in people)):
        raise Refusal(
            _(
                "利用できる管理者がいなくなるため、できません。"
                "先に、ほかの管理者を登録し、パスワードの設定が済んだことを確かめてください。"
            )
        )


def end_sessions(act: Act, person: Person, but: str | None = None) -> None:
    """Ends every open session of an account, within the caller's change.

    `but` is what is stored of the token of one that goes on.
    """
    ended = update(SignIn).where(SignIn.person_id == person.id, SignIn.ended_at.is_(None))
    if but is not None:
        ended = ended.where(SignIn.token_hash != but)
    db.session.execute(ended.values(ended_at=act.at))


def end_invitations(act: Act, person: Person) -> None:
    """Ends every link to set a password, within the caller's change."""
    for one in db.session.scalars(
        select(Invitation).where(Invitation.person_id == person.id, Invitation.used_at.is_(None))
    ):
        one.used_at = act.at


def take_back(act: Act, person: Person) -> None:
    """Nobody comes in by that account: no session, no link, no calendar; within a change."""
    end_sessions(act, person)
    end_invitations(act, person)
    key = db.session.get(CalendarKey, person.id)
    if key is not None:
        db.session.delete(key)
