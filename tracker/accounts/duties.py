"""What each municipality owes its successors: its people confirmed, its memo written."""

from collections.abc import Iterable, Sequence
from datetime import date, time
from typing import NamedTuple

from tracker.kernel import tokyo
from tracker.kernel.duty import Duty, Kind, grouped
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Role
from tracker.kernel.translation import _
from tracker.municipalities.rules import Members

WRITERS = (Role.OFFICE, Role.OFFICER)


class HeldPost(NamedTuple):
    """A post in use: for which fiscal year its holder was confirmed, and its memo written."""

    municipality: str
    kind: str
    confirmed_year: int | None
    memo_year: int | None


def confirm_due(year: FiscalYear) -> date:
    """30 April, by which it is said who holds the posts (ux/spec.md 6 and M21)."""
    return date(year.year, 4, 30)


def duties(posts: Iterable[HeldPost], members: Members, today: date) -> Iterable[Duty]:
    """Of each municipality: its people confirmed by 30 April, its memo by 31 March."""
    year = FiscalYear.containing(today)
    for (slug,), held in grouped(posts, lambda post: (post.municipality,)):
        yield _people(held, slug, members, year)
        writers = [post for post in held if post.kind in WRITERS]
        if today.month == 3 and writers:
            yield _memo(writers, slug, members, year)


def _people(held: Sequence[HeldPost], slug: str, members: Members, year: FiscalYear) -> Duty:
    """From 1 April on; a post that nobody vouched for this year is still open afterwards."""
    left = sum((post.confirmed_year or 0) < year.year for post in held)
    return Duty(
        Kind.PERSON_UNCONFIRMED,
        key=f"person_unconfirmed:{year.year}:{slug}",
        municipality=slug,
        is_hub=slug == members.hub,
        due_on=confirm_due(year),
        url="/handover",
        name=_("担当者の確認（%(year)s）", year=year.label),
        text=(
            _(
                "%(count)sの役職のうち%(left)sの担当者と連絡先を、まだ確かめていません。"
                "変わりがないときも「変更なし」を押してください。",
                count=len(held),
                left=left,
            )
        ),
        remaining=left,
        total=len(held),
        known_since=tokyo.at(year.begins, time.min),
    )


def _memo(writers: Sequence[HeldPost], slug: str, members: Members, year: FiscalYear) -> Duty:
    """In March, for whoever may move in April."""
    return Duty(
        Kind.HANDOVER_UNWRITTEN,
        key=f"handover_unwritten:{year.year}:{slug}",
        municipality=slug,
        is_hub=slug == members.hub,
        due_on=year.ends,
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
