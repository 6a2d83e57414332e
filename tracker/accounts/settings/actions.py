"""What each person settles for themselves: the address of their calendar, one letter a week."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from tracker.accounts import queries
from tracker.accounts.models import CalendarKey, Person
from tracker.kernel.permissions import Actor
from tracker.plumbing import history
from tracker.plumbing.db import db
from tracker.plumbing.history import Subject


def make_calendar_key(*, by: Actor, at: datetime) -> str:
    """Makes the secret of a new address for the calendar feed; the one before stops working.

    It can be shown now and never again: only its digest is stored.
    """
    _own_account(by)
    token = secrets.token_urlsafe(32)
    key = db.session.get(CalendarKey, by.person_id)
    word = "作り直しました" if key else "作りました"
    key = key or CalendarKey(person_id=by.person_id)
    key.token_hash, key.created_at = queries.digest(token), at
    db.session.add(key)
    _record(by, "account.calendar_made", f"予定表のアドレスを{word}。", at)
    db.session.commit()
    return token


def revoke_calendar_key(*, by: Actor, at: datetime) -> None:
    """Takes the address of the calendar feed back; without one nothing happens."""
    _own_account(by)
    key = db.session.get(CalendarKey, by.person_id)
    if key is not None:
        db.session.delete(key)
        _record(by, "account.calendar_revoked", "予定表のアドレスを使えなくしました。", at)
    db.session.commit()


def choose_digest(is_weekly: bool, *, by: Actor, at: datetime) -> None:
    """Whether the actor's reminders come as one letter a week (週のまとめ) or as each falls due."""
    person = _own_account(by)
    before = person.weekly_digest
    person.weekly_digest = is_weekly
    word = "週に1回まとめて" if is_weekly else "期限ごとに1通ずつ"
    _record(
        by,
        "account.digest_chosen",
        f"お知らせの受け取り方を「{word}」にしました。",
        at,
        {"weekly_digest": before},
        {"weekly_digest": is_weekly},
    )
    db.session.commit()


def _own_account(by: Actor) -> Person:
    """The actor's account, held: a button pressed twice acts once after the other."""
    return db.session.get_one(Person, by.person_id, with_for_update=True)


def _record(
    by: Actor,
    verb: str,
    summary: str,
    at: datetime,
    before: Mapping[str, bool] | None = None,
    after: Mapping[str, bool] | None = None,
) -> None:
    subject = Subject("account", by.person_id)
    history.record(by, verb, subject, summary, at=at, before=before, after=after)
