"""Letters in the outbox, and a sender that goes step by step and can be stopped between them."""

from sqlalchemy import select

from tracker.mail import letters, outbox
from tracker.mail.letters import Letter, LetterState, Recipient
from tracker.mail.outbox import Claimed, SendResult
from tracker.plumbing import clock
from tracker.plumbing.db import db

LEASE_AND_MORE = 16 * 60


def write(number: int = 1, email: str = "") -> None:
    """Puts one letter into the outbox and commits."""
    address = email or f"officer{number}@imabetsu.example"
    to = Recipient(f"person:{number}", "今別町 企画担当, 係", address, None)
    key = f"letter:{number}"
    letters.write("reminder", to, "件名", "本文\n" * 10, key=key, at=clock.now())
    db.session.commit()


def states() -> list[LetterState]:
    """The states of all letters, oldest first."""
    db.session.rollback()
    found = list(db.session.scalars(select(Letter.state).order_by(Letter.id)))
    db.session.rollback()
    return found


def take() -> Claimed | None:
    """Takes a letter as a pass does at its start."""
    with db.engine.begin() as on:
        outbox.recover(on, clock.now())
        return outbox.take(on, clock.now())


def mark(claimed: Claimed) -> bool:
    """Marks that the text goes out; whether the letter is still the sender's."""
    with db.engine.begin() as on:
        return outbox.mark(on, claimed, clock.now())


def settle(claimed: Claimed, state: LetterState) -> LetterState | None:
    """Writes down how it ended; None when the letter is somebody else's."""
    with db.engine.begin() as on:
        return outbox.settle(on, claimed, SendResult(state), clock.now())


def crash_before_the_mark() -> None:
    """A sender that died with the letter in hand."""
    assert take() is not None


def crash_after_the_mark() -> None:
    """A sender that died while the text was on its way."""
    claimed = take()
    assert claimed is not None and mark(claimed)
