"""What each municipality owes its successors: its people confirmed, its memo written."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import NamedTuple

from tracker.accounts.rules import StaffMember
from tracker.duty.duty import Duty, Owner, grouped, some
from tracker.duty.kinds import Kind
from tracker.kernel import tokyo
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Role
from tracker.kernel.translation import _
from tracker.municipalities.rules import Members
from tracker.office_days import office_days

WRITERS = (Role.OFFICE, Role.OFFICER)


class UnseenChange(NamedTuple):
    """What another municipality entered of a post, and nobody of its own has looked at.

    `before` and `after` are addresses (None: each account's own); `account` is the new account's
    name, None where the post's own address changed.  `changed_at` is UTC.
    """

    id: int
    municipality: str
    post: str
    account: str | None
    before: str | None
    after: str | None
    changed_by: str
    changed_at: datetime
    reason: str | None
    version: int

    @property
    def seen(self) -> str:
        """What a form carries of it, as of every row (plumbing/db.py)."""
        return str(self.version)

    @property
    def changed_on(self) -> date:
        """The day in Tokyo."""
        return tokyo.day(self.changed_at)

    @property
    def what(self) -> str:
        """「お知らせの宛先　a@… → b@…」, 「新しい利用者　課長（b@…）」."""
        return changed(self.account, self.before, self.after)


def changed(account: str | None, before: str | None, after: str | None) -> str:
    """What was entered of a post, in words; parts as in `UnseenChange`."""
    if account is not None:
        return _("新しい利用者　%(name)s（%(address)s）", name=account, address=after)
    each = _("利用者それぞれのアドレス")
    return _("お知らせの宛先　%(before)s → %(after)s", before=before or each, after=after or each)


class SharedName(NamedTuple):
    """A post whose name looks like an older one's of its municipality (`other`)."""

    post_id: int
    town: str
    name: str
    other: str | None


class HeldPost(NamedTuple):
    """A post in use: for which fiscal year its holder was confirmed, and its memo written."""

    municipality: str
    kind: str
    confirmed_year: int | None
    memo_year: int | None


def confirm_due(year: FiscalYear) -> date:
    """30 April or the open day before, by which it is said who holds the posts (ux/spec.md 6, M21)."""
    return office_days.on_or_before(date(year.year, 4, 30))


def duties(posts: Iterable[HeldPost], members: Members, today: date) -> Iterable[Duty]:
    """Of each municipality: its people confirmed by 30 April, its memo by 31 March."""
    year = FiscalYear.containing(today)
    for (slug,), held in grouped(posts, lambda post: (post.municipality,)):
        yield _people(held, members.owner(slug), year)
        writers = [post for post in held if post.kind in WRITERS]
        if today.month == 3 and writers:
            yield _memo(writers, members.owner(slug), year)


def look_duties(changes: Iterable[UnseenChange], members: Members) -> Iterable[Duty]:
    """Of each municipality: what others entered of its posts and accounts is looked at."""
    for (slug,), own in grouped(changes, lambda change: (change.municipality,)):
        first = min(own, key=lambda change: change.changed_at)
        yield Duty(
            Kind.CHANGE_UNSEEN,
            members.owner(slug),
            key=f"change_unseen:{slug}:{first.id}",
            due_on=office_days.on_or_after(tokyo.day(first.changed_at)),
            url="/handover",
            text=_(
                "%(who)sが登録しました。%(post)s　%(what)s",
                who=first.changed_by,
                post=first.post,
                what=first.what,
            ),
            remaining=len(own),
            total=len(own),
            known_since=first.changed_at,
        )


def name_duties(
    shared: Sequence[SharedName], admins: frozenset[int], members: Members, today: date
) -> Iterable[Duty]:
    """Of the admins (persons' ids): posts that nobody can tell apart get other names."""
    if shared:
        first = shared[0]
        yield Duty(
            Kind.NAME_SHARED,
            members.owner(members.hub, only=admins),
            key=f"name_shared:{first.post_id}",
            due_on=office_days.on_or_after(today),
            url="/admin/users",
            text=_(
                "%(town)sの「%(name)s」は「%(other)s」と見分けがつきません。"
                "どちらかを、違いのわかる名前に変えてください。",
                town=first.town,
                name=first.name,
                other=first.other or first.name,
            ),
            remaining=len(shared),
            total=len(shared),
        )


def vacancy_duties(
    staff: Sequence[StaffMember],
    names: Mapping[str, str],
    admins: frozenset[int],
    members: Members,
    today: date,
) -> Iterable[Duty]:
    """Of the admins (persons' ids): whoever acts for a municipality has somebody who signs in.

    Without one nothing that is asked of the municipality stands on anybody's home. `names` are the
    municipalities' by slug.
    """
    there = {(one.municipality, one.role) for one in staff if one.has_password}
    wanted = [
        (slug, role)
        for slug in members.slugs
        for role in (Role.OFFICE if slug == members.hub else Role.OFFICER, Role.CONFIRMER)
    ]
    vacant = [(slug, role) for slug, role in wanted if (slug, role) not in there]
    said = [_("%(town)sの%(role)s", town=names[slug], role=role.label) for slug, role in vacant]
    if vacant:
        yield Duty(
            Kind.ROLE_VACANT,
            members.owner(members.hub, only=admins),
            key=f"role_vacant:{vacant[0][0]}:{vacant[0][1]}",
            due_on=office_days.on_or_after(today),
            url="/admin/users",
            text=_(
                "%(names)sとしてログインできる人がいません。その市町村にお願いすることが、"
                "だれのホームにも並びません。",
                names=some(said),
            ),
            remaining=len(vacant),
            total=len(vacant),
        )


def _people(held: Sequence[HeldPost], owner: Owner, year: FiscalYear) -> Duty:
    """From 1 April on; a post that nobody vouched for this year is still open afterwards."""
    left = sum((post.confirmed_year or 0) < year.year for post in held)
    return Duty(
        Kind.PERSON_UNCONFIRMED,
        owner,
        key=f"person_unconfirmed:{year.year}:{owner.municipality}",
        due_on=confirm_due(year),
        url="/handover",
        name=_("担当者の確認（%(year)s）", year=year.label),
        text=(
            _(
                "%(count)s件の役職のうち%(left)s件の担当者と連絡先を、まだ確かめていません。"
                "変わりがないときも「変更なし」を押してください。",
                count=len(held),
                left=left,
            )
        ),
        remaining=left,
        total=len(held),
        known_since=tokyo.at(year.begins, time.min),
    )


def _memo(writers: Sequence[HeldPost], owner: Owner, year: FiscalYear) -> Duty:
    """In March, for whoever may move in April."""
    return Duty(
        Kind.HANDOVER_UNWRITTEN,
        owner,
        key=f"handover_unwritten:{year.year}:{owner.municipality}",
        due_on=office_days.on_or_before(year.ends),
        url="/handover",
        name=_("引継ぎメモ"),
        text=(
            _(
                "次の担当の方のために、今年の要注意、毎年つまずく所、連絡先を残してください。"
                "異動がないときも、来年の自分の助けになります。"
            )
        ),
        remaining=sum(post.memo_year != year.year for post in writers),
        total=len(writers),
        known_since=tokyo.at(date(year.ends.year, 3, 1), time.min),
    )
