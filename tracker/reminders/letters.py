"""The letters of the clock: what is due, all in one (M4 and on), what did not arrive (M24).

And once a month the record's head (M29).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, select

from tracker.accounts import queries as accounts
from tracker.duty.duty import Duty
from tracker.history import history
from tracker.kernel import tokyo, wareki
from tracker.mail import letters
from tracker.mail.letters import UNDELIVERED, Letter, LetterState, NewLetter, Recipient
from tracker.mail.links import Composed
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.reminders.models import LetterItem
from tracker.reminders.rules import Notice, head_due, text_for

_INDENT = "　"
UNDELIVERABLE = "undeliverable"
HEAD, HEAD_PATH = "record_head", "/audit"
LATE = "遅延"
# A letter lists so many; the page lists all.
MOST = 20


def compose(due: Sequence[Notice], to: Recipient, today: date) -> tuple[str, Composed]:
    """Subject and body of one letter about all that is due (`mail.letters.compose`)."""
    weekly = [notice for notice in due if notice.step is None]
    matters = [_week(weekly, to, today)] if weekly else []
    matters += [_matter(notice, to, today) for notice in due if notice.step is not None]
    many = len(matters) > 1
    more = f" ほか{len(matters) - 1}件" if many else ""
    said = [f"【{place}】\n{body}" if many else body for place, (_, body) in enumerate(matters, 1)]
    # Nothing but bodies composed below and their numbers: the marks in them are ours.
    values = {"件名": matters[0][0] + more, "用件": Composed("\n".join(said).strip("\n"))}
    return letters.compose("reminder", to, values)


def _matter(notice: Notice, to: Recipient, today: date) -> tuple[str, Composed]:
    duty, step = notice.duty, notice.step
    assert step is not None
    left = (duty.due_on - today).days
    # The post that owes it alone: not its chief, not the office, who are told of it later.
    is_owner = to.key == f"post:{duty.owner.post_id}"
    return letters.compose(
        text_for(duty, step, left),
        to,
        matter_values(duty, left, notice.owner or to.name),
        link=duty.link if duty.link and is_owner else duty.url,
    )


def matter_values(duty: Duty, days_left: int, owner: str) -> dict[str, str]:
    """What the text about a duty may name (mail/kinds.py, DUTY)."""
    town = areas.find_town(duty.owner.municipality)
    return {
        "期限": wareki.full(duty.due_on),
        "期限の月日": wareki.month_day(duty.due_on),
        "あと何日": _left(days_left),
        "件名": duty.subject,
        "用件": duty.title,
        "内容": duty.text,
        "残り": str(duty.remaining),
        "全体": str(duty.total or duty.remaining),
        "一覧": "\n".join(f"{place}　{line}" for place, line in enumerate(_listed(duty), 1)),
        "町村": town.name if town else "",
        "首長": town.head_title if town else "",
        "担当": owner,
        "過ぎた日数": f"{-days_left}日超過" if days_left < 0 else "本日まで",
    }


def _listed(duty: Duty) -> Sequence[str]:
    return duty.listed or [
        item.label + ("（確認のお願いあり）" if item.kind == "report_returned" else "")
        for item in duty.items
    ]


def _left(days: int) -> str:
    if days == 0:
        return "本日まで"
    return f"あと{days}日" if days > 0 else "期限を過ぎています"


def _week(due: Sequence[Notice], to: Recipient, today: date) -> tuple[str, Composed]:
    """M25: the week on one page, what is overdue first; with the record's head (product.md 10)."""
    friday = today + timedelta(days=4 - today.weekday())
    late = sum(notice.duty.due_on < today for notice in due)
    days = wareki.month_day(today)
    values = {
        "週": days if friday <= today else f"{days}〜{_until(today, friday)}",
        "期限の数": str(len(due) - late),
        "過ぎた数": f"、期限を過ぎたもの {late}件" if late else "",
        "一覧": "\n\n".join(_line(notice.duty, today) for notice in due),
        "照合日": days,
        "記録の照合値": history.head() or "",
    }
    return letters.compose("digest", to, values, link="/")


def _until(first: date, last: date) -> str:
    return f"{last.day}日" if first.month == last.month else wareki.month_day(last)


def _line(duty: Duty, today: date) -> str:
    late = "（期限を過ぎています）" if duty.due_on < today else ""
    return f"{wareki.short(duty.due_on)}{late}　{duty.title}\n{_INDENT}{duty.text}"


# --- what did not arrive ------------------------------------------------------------------------


class Lost(NamedTuple):
    """A letter to one of the office about what did not arrive, as the rows to insert."""

    letter: NewLetter
    items: list[dict[str, Any]]

    @property
    def keys(self) -> set[tuple[str, str, str]]:
        """What it mentions to whom."""
        return {(one["duty_key"], one["step"], one["to_key"]) for one in self.items}


def about_undelivered(at: datetime) -> list[Lost]:
    """One letter to each of the office about what did not arrive since the last.

    A letter of this kind that does not arrive itself is shown, and told of no further.
    """
    found = db.session.execute(
        select(
            Letter.id,
            Letter.to_name,
            Letter.subject,
            Letter.send_at,
            Letter.last_answer,
            Letter.next_attempt_at,
        )
        .where(UNDELIVERED, Letter.kind != UNDELIVERABLE)
        .order_by(Letter.id)
    ).all()
    if not found:
        return []
    names = {_name(row): row for row in found}
    told = db.session.execute(
        select(LetterItem.duty_key, LetterItem.step, LetterItem.to_key).where(
            LetterItem.duty_key.in_([key for key, _ in names])
        )
    )
    known = {tuple(row) for row in told}
    office = accounts.recipients_by_role({"office"}).get(("office", areas.hub().id), [])
    new = [
        (to, [row for name, row in names.items() if (*name, to.key) not in known]) for to in office
    ]
    return [_about(rows, to, at) for to, rows in new if rows]


def _about(rows: Sequence[Row[*tuple[Any, ...]]], to: Recipient, at: datetime) -> Lost:
    first, *others = rows
    shown = "\n\n".join(_told(row) for row in rows[:MOST])
    more = f"\n\nほか{len(rows) - MOST}件" if len(rows) > MOST else ""
    values = {
        "宛先の名": first.to_name + (f" ほか{len(others)}件" if others else ""),
        "一覧": shown + more,
    }
    link = "/notices?state=undeliverable" if others else f"/notices/{first.id}"
    words = letters.compose(UNDELIVERABLE, to, values, link=link)
    key = f"lost:{first.id}:{at.isoformat()}:{to.key}"
    items = [
        {
            "letter_id": None,
            "duty_key": duty_key,
            "step": step,
            "to_key": to.key,
            "due_at": at,
            "state": LetterState.QUEUED,
            "title": row.subject,
        }
        for row in rows
        for duty_key, step in [_name(row)]
    ]
    return Lost(letters.new_row(UNDELIVERABLE, to, *words, key=key, at=at, path=link), items)


def _name(row: Row[*tuple[Any, ...]]) -> tuple[str, str]:
    """A letter that fails once more after its address was corrected is told of once more.

    The names stand in the database as they are: by them nothing is told twice.
    """
    return f"letter:{row.id}", f"lost@{row.next_attempt_at:%Y%m%dT%H%M%S}"


def _told(row: Row[*tuple[Any, ...]]) -> str:
    answer = row.last_answer or "相手のサーバーが受け取りませんでした。"
    return f"{row.to_name}（{wareki.short(tokyo.day(row.send_at))}）\n　{row.subject}\n　{answer}"


# --- the record's head, once a month ------------------------------------------------------------


class _HeadFor(NamedTuple):
    """Which month's head goes to somebody, when, and for which towns it cannot go out."""

    month: date
    meant_at: datetime
    without: list[str]


def about_head(since: datetime, until: datetime) -> list[NewLetter]:
    """The record's head to the confirmers of each municipality, as far as it fell due in between.

    Who keeps it can prove later that nothing before it was changed (contracts.md, "Trust").  Where
    nobody confirms it goes to the officers; where they are missing too the office is told.
    """
    head, today = history.head(), clock.day(until)
    closures = areas.closures(today - timedelta(days=62), today)
    due = {
        town: found
        for town in areas.towns()
        if (found := head_due(since, until, closures.get(town.slug, frozenset())))
    }
    if not due or head is None:
        return []
    by_role = accounts.recipients_by_role(("confirmer", "officer", "office"))
    office = by_role.get(("office", areas.hub().id), [])
    wanted: dict[Recipient, _HeadFor] = {}
    for town, moment in due.items():
        own = by_role.get(("confirmer", town.id)) or by_role.get(("officer", town.id)) or []
        for to in own or office:
            without = wanted.setdefault(to, _HeadFor(*moment, [])).without
            without += [] if own or town.is_hub else [town.name]
    keys = {to: f"head:{one.month:%Y-%m}:{to.key}" for to, one in wanted.items()}
    written = set(db.session.scalars(select(Letter.key).where(Letter.key.in_(keys.values()))))
    return [
        _head(head, to, one, keys[to], until)
        for to, one in wanted.items()
        if keys[to] not in written
    ]


def _head(head: str, to: Recipient, one: _HeadFor, key: str, at: datetime) -> NewLetter:
    lacking = (
        f"{'、'.join(one.without)}には、確認者も町村担当も登録されていないため、"
        "お送りできません。役職と利用者の登録をお願いします。"
    )
    values = {
        "照合日": wareki.long(clock.day(at)),
        "記録の数": f"{int(head.partition('-')[0]):,}",
        "照合値": head,
        "登録のお願い": lacking if one.without else "",
    }
    words = letters.compose(HEAD, to, values, link=HEAD_PATH)
    return letters.new_row(
        HEAD, to, *words, key=key, at=at, path=HEAD_PATH, **timing(one.meant_at, at)
    )


# --- early or late ------------------------------------------------------------------------------


def timing(meant_at: datetime, at: datetime, notes: Sequence[str] = ()) -> dict[str, Any]:
    """The hour and the note of a letter's row (`mail.letters.new_row`): a day late says so."""
    is_late = at - meant_at >= timedelta(days=1)
    said = "、".join([*notes, LATE] if is_late else notes)
    return {"send_at": at if is_late else meant_at, "note": said[:300] or None}
