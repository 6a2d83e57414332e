"""Tells the duties who holds the posts, and which hand-over memos are written."""

from datetime import date, time
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import select

from tracker.accounts.models import Handover, Post, PostKind
from tracker.kernel.asked import Asked
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.db import db

WRITERS = (PostKind.OFFICE, PostKind.OFFICER)


class _Held(NamedTuple):
    """A post in use: for which fiscal year its holder was confirmed, and its memo written."""

    municipality_id: int
    kind: PostKind
    confirmed_year: int | None
    memo_year: int | None


def confirm_due(year: FiscalYear) -> date:
    """30 April, by which it is said who holds the posts (ux/spec.md 6 and M21)."""
    return date(year.year, 4, 30)


def hand_over(today: date) -> tuple[Asked, ...]:
    """Of each municipality: its people confirmed by 30 April, its memo by 31 March.  One query."""
    year, towns = FiscalYear.containing(today), areas.by_id()
    rows = db.session.execute(
        select(Post.municipality_id, Post.kind, Post.confirmed_year, Handover.fiscal_year)
        .outerjoin(Handover, Handover.post_id == Post.id)
        .where(Post.is_active)
        .order_by(Post.municipality_id)
    )
    found = []
    for municipality_id, group in groupby((_Held(*row) for row in rows), lambda one: one[0]):
        held, slug = list(group), towns[municipality_id].slug
        found.append(_people(held, slug, year))
        if today.month == 3:
            found += _memo(held, slug, year)
    return tuple(found)


def _people(held: list[_Held], slug: str, year: FiscalYear) -> Asked:
    """From 1 April on; a post that nobody vouched for this year is still open afterwards."""
    left = sum((one.confirmed_year or 0) < year.year for one in held)
    return Asked(
        kind="person_unconfirmed",
        about=str(year.year),
        municipality=slug,
        due_on=confirm_due(year),
        url="/handover",
        subject=f"担当者の確認（{year.label}）",
        text=(
            f"{len(held)}の役職のうち{left}の担当者と連絡先を、まだ確かめていません。"
            "変わりがないときも「変更なし」を押してください。"
        ),
        is_done=not left,
        remaining=left,
        total=len(held),
        known_since=clock.at(year.begins, time.min),
    )


def _memo(held: list[_Held], slug: str, year: FiscalYear) -> list[Asked]:
    """In March, for whoever may move in April; a municipality without such a post owes none."""
    writers = [one for one in held if one.kind in WRITERS]
    left = sum(one.memo_year != year.year for one in writers)
    march = date(year.ends.year, 3, 1)
    memo = Asked(
        kind="handover_unwritten",
        about=str(year.year),
        municipality=slug,
        due_on=year.ends,
        url="/handover",
        subject="引継ぎメモ",
        text=(
            "次の担当の方のために、今年の要注意、毎年つまずく所、連絡先を残してください。"
            "異動がないときも、来年の自分の助けになります。"
        ),
        is_done=not left,
        remaining=left,
        total=len(writers),
        known_since=clock.at(march, time.min),
    )
    return [memo] if writers else []
