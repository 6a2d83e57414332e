"""Changes the words of letters, and takes them back to the original."""

from datetime import datetime

from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.mail import letters, texts
from tracker.mail.kinds import TextUse
from tracker.mail.letters import Recipient
from tracker.mail.texts import LETTER_KINDS, LetterText
from tracker.mail.wording import Wording
from tracker.plumbing import history
from tracker.plumbing.db import db
from tracker.plumbing.forms import CONFLICT
from tracker.plumbing.history import Subject
from tracker.reminders.letter_words import check_words

LINK = "/reports/2026-h1"


def change(kind: str, words: Wording, version: int, *, by: Actor, at: datetime) -> None:
    """Letters of this kind are written with these words from now on.

    `version` is the one the person saw, 0 for the original.  Raises Refusal.
    """
    check_words(LETTER_KINDS[kind], words)
    row = texts.find(kind)
    if (row.version if row else 0) != version:
        raise Refusal(CONFLICT)
    before = texts.words(kind)
    row = row or LetterText(kind=kind)
    row.subject, row.body = words
    db.session.add(row)
    _record("letter_text.changed", kind, "直しました", before, words, by, at)
    db.session.commit()
    texts.forget()


def restore(kind: str, *, by: Actor, at: datetime) -> None:
    """最初の文面に戻す."""
    row = texts.find(kind)
    if row is None:
        raise Refusal("この文面は、最初のままです。")
    before = Wording(row.subject, row.body)
    db.session.delete(row)
    _record(
        "letter_text.restored",
        kind,
        "最初に戻しました",
        before,
        LETTER_KINDS[kind].original,
        by,
        at,
    )
    db.session.commit()
    texts.forget()


def preview(kind: str, words: Wording, to: Recipient) -> tuple[str, str]:
    """Subject and body with sample values, as this recipient would read them.  Raises Refusal."""
    check_words(LETTER_KINDS[kind], words)
    subject, body = letters.compose(kind, to, LETTER_KINDS[kind].fields, link=LINK, words=words)
    if LETTER_KINDS[kind].use is TextUse.MATTER:
        return letters.compose("reminder", to, {"件名": subject, "用件": body.strip("\n")})
    return subject, body


def _record(
    verb: str, kind: str, done: str, before: Wording, after: Wording, by: Actor, at: datetime
) -> None:
    history.record(
        by,
        verb,
        Subject("letter_text", kind),
        f"「{LETTER_KINDS[kind].label}」の文面を{done}。",
        at=at,
        before=before._asdict(),
        after=after._asdict(),
    )
