"""The words of letters: each kind's own file, or what somebody made of it."""

from collections.abc import Mapping
from pathlib import Path

from flask import g
from sqlalchemy import String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from tracker.mail import kinds
from tracker.mail.kinds import LetterKind
from tracker.mail.wording import Wording
from tracker.plumbing.db import Model, Versioned, db
from tracker.storage.files import project_root


def read_folder(folder: Path) -> Mapping[str, LetterKind]:
    """Every kind by the name of its file, in the specification's order.  Raises WrongHeader."""
    found = {
        path.stem: kinds.read(path.name, path.read_text(encoding="utf-8"))
        for path in folder.glob("*.txt")
    }
    return dict(sorted(found.items(), key=lambda item: item[1].order))


# Read at the start, so that a wrong file is noticed before anything is sent.
LETTER_KINDS: Mapping[str, LetterKind] = read_folder(project_root() / "templates" / "mail")


class LetterText(Versioned, Model):
    """The words of one kind of letter where somebody changed them; else its file stands."""

    __tablename__ = "letter_text"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)


def words(kind: str) -> Wording:
    """The words that hold now.  One query for all kinds, once a request or pass."""
    changed = _changed().get(kind)
    # A newer version of the product may have given a field another name.
    is_usable = changed is not None and set(changed.fields) <= LETTER_KINDS[kind].allowed.keys()
    return changed if changed is not None and is_usable else LETTER_KINDS[kind].original


def forget() -> None:
    """Lets the next reader see what was just written."""
    g.pop("letter_texts", None)


def _changed() -> Mapping[str, Wording]:
    if "letter_texts" not in g:
        rows = db.session.execute(select(LetterText.kind, LetterText.subject, LetterText.body))
        g.letter_texts = {kind: Wording(subject, body) for kind, subject, body in rows}
    found: Mapping[str, Wording] = g.letter_texts
    return found


def find(kind: str) -> LetterText | None:
    """What somebody made of a kind's words, or None."""
    return db.session.get(LetterText, kind) if kind in LETTER_KINDS else None
