"""Tells the office of each letter that did not arrive: M24, at once, in the pass's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from tracker.accounts import queries as accounts
from tracker.mail import letters
from tracker.mail.letters import UNDELIVERED, Letter, LetterState, Recipient
from tracker.municipalities import queries as areas
from tracker.plumbing.db import db, insert_many
from tracker.plumbing.pages import jst_day
from tracker.reminders.models import LetterItem

KIND = "undeliverable"
# A letter lists so many; the page lists all.
MOST = 20


def tell(at: datetime) -> int:
    """One letter to each of the office about what did not arrive since the last; how many letters.

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
        .where(UNDELIVERED, Letter.kind != KIND)
        .order_by(Letter.id)
    ).all()
    if not found:
        return 0
    office = accounts.recipients_by_role({"office"}).get(("office", areas.hub().id), [])
    return sum(_tell(found, to, at) for to in office)


def _tell(found: Sequence[Row[*tuple[Any, ...]]], to: Recipient, at: datetime) -> bool:
    names = {_name(row): row for row in found}
    told = db.session.execute(
        select(LetterItem.duty_key, LetterItem.step).where(
            LetterItem.to_key == to.key, LetterItem.duty_key.in_([key for key, _ in names])
        )
    )
    new = {name: names[name] for name in names.keys() - {(key, step) for key, step in told}}
    if not new:
        return False
    insert_many(
        LetterItem,
        [
            {
                "letter_id": None,
                "duty_key": duty_key,
                "step": step,
                "to_key": to.key,
                "due_at": at,
                "state": LetterState.QUEUED,
                "title": row.subject,
            }
            for (duty_key, step), row in new.items()
        ],
        ["duty_key", "step", "to_key"],
    )
    first, *others = sorted(new.values(), key=lambda row: row.id)
    shown = "\n\n".join(_said(row) for row in (first, *others[: MOST - 1]))
    more = f"\n\nほか{len(others) + 1 - MOST}件" if len(others) >= MOST else ""
    values = {
        "宛先の名": first.to_name + (f" ほか{len(others)}件" if others else ""),
        "一覧": shown + more,
    }
    link = "/notices?state=undeliverable" if others else f"/notices/{first.id}"
    cause = f"lost:{first.id}:{at.isoformat()}"
    return letters.put(KIND, to, values, cause=cause, at=at, link=link, path=link)


def _name(row: Row[*tuple[Any, ...]]) -> tuple[str, str]:
    """A letter that fails once more after its address was corrected is told of once more.

    The names stand in the database as they are: by them nothing is told twice.
    """
    return f"letter:{row.id}", f"lost@{row.next_attempt_at:%Y%m%dT%H%M%S}"


def _said(row: Row[*tuple[Any, ...]]) -> str:
    answer = row.last_answer or "相手のサーバーが受け取りませんでした。"
    return f"{row.to_name}（{jst_day(row.send_at)}）\n　{row.subject}\n　{answer}"
