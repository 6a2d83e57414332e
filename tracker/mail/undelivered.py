"""What the record says of a letter that did not arrive, whoever noticed it."""

from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from tracker.plumbing import history
from tracker.plumbing.history import Subject


class Addressed(Protocol):
    """What of a letter the record names."""

    @property
    def id(self) -> int: ...
    @property
    def to_name(self) -> str: ...
    @property
    def to_email(self) -> str: ...


def record(letter: Addressed, answer: str, *, at: datetime, session: Session) -> None:
    """Writes that the letter did not arrive and why, in the session's transaction."""
    history.record(
        None,
        "letter.undeliverable",
        Subject("letter", letter.id),
        f"{letter.to_name}あてのメールが届きませんでした。",
        at=at,
        after={"email": letter.to_email, "answer": answer},
        rooms=("mail",),
        session=session,
    )
