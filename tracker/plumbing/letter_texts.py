"""The words of letters: each kind's own file, or what somebody made of it."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.plumbing.db import Model, Versioned


class LetterText(Versioned, Model):
    """The words of one kind of letter where somebody changed them; else its file stands."""

    __tablename__ = "letter_text"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
