"""What each person settles for themselves: the address of their calendar, one letter a week."""

import secrets

from tracker.accounts import queries
from tracker.accounts.models import CalendarKey, Person
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db


def make_calendar_key(act: Act, person: Person) -> str:
    """Makes the secret of a new address for the calendar feed; the one before stops working.

    It can be shown now and never again: only its digest is stored.
    """
    act.lock((person, None))
    token = secrets.token_urlsafe(32)
    key = db.session.get(CalendarKey, person.id, populate_existing=True)
    word = "作り直しました" if key else "作りました"
    with act.change("account.calendar_made", person, f"予定表のアドレスを{word}。"):
        key = key or CalendarKey(person_id=person.id)
        key.token_hash, key.created_at = queries.digest(token), act.at
        db.session.add(key)
    return token


def revoke_calendar_key(act: Act, person: Person) -> None:
    """Takes the address of the calendar feed back; without one nothing happens."""
    act.lock((person, None))
    key = db.session.get(CalendarKey, person.id, populate_existing=True)
    if key is not None:
        said = "予定表のアドレスを使えなくしました。"
        with act.change("account.calendar_revoked", person, said):
            db.session.delete(key)


def put_away_welcome(act: Act, person: Person) -> None:
    """「はじめて担当される方へ」 leaves the person's home."""
    act.lock((person, None))
    with act.change("account.welcomed", person, "はじめて担当される方への案内を片づけました。"):
        person.welcomed_at = act.at


def choose_digest(act: Act, person: Person, is_weekly: bool, seen: str | None = None) -> None:
    """Whether the person's reminders come as one letter a week (週のまとめ) or as each falls due."""
    act.lock((person, seen))
    word = "週に1回まとめて" if is_weekly else "期限ごとに1通ずつ"
    said = f"お知らせの受け取り方を「{word}」にしました。"
    with act.change("account.digest_chosen", person, said):
        person.weekly_digest = is_weekly
