"""The words of letters: each kind's own file, or what somebody made of it."""

from collections.abc import Mapping
from functools import cache

from flask import g
from sqlalchemy import String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from tracker.mail.kinds import KINDS, fields_allowed
from tracker.mail.wording import Words
from tracker.plumbing.db import Model, Versioned, db
from tracker.plumbing.files import project_root


class LetterText(Versioned, Model):
    """The words of one kind of letter where somebody changed them; else its file stands."""

    __tablename__ = "letter_text"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)


@cache
def original(kind: str) -> Words:
    """The words of the kind's file: its first line is the subject."""
    path = project_root() / "templates" / "reminders" / "letters" / f"{kind}.txt"
    subject, _, body = path.read_text(encoding="utf-8").partition("\n")
    return Words(subject.strip(), body.strip("\n") + "\n")


def words(kind: str) -> Words:
    """The words that hold now.  One query for all kinds, once a request or pass."""
    changed = _changed().get(kind)
    # A newer version of the product may have given a field another name.
    is_usable = changed is not None and set(changed.fields) <= set(fields_allowed(kind))
    return changed if changed is not None and is_usable else original(kind)


def forget() -> None:
    """Lets the next reader see what was just written."""
    g.pop("letter_texts", None)


def _changed() -> Mapping[str, Words]:
    if "letter_texts" not in g:
        rows = db.session.execute(select(LetterText.kind, LetterText.subject, LetterText.body))
        g.letter_texts = {kind: Words(subject, body) for kind, subject, body in rows}
    found: Mapping[str, Words] = g.letter_texts
    return found


def find(kind: str) -> LetterText | None:
    """What somebody made of a kind's words, or None."""
    return db.session.get(LetterText, kind) if kind in KINDS else None
