"""What a notice about a letter means for the letter."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum, auto

from sqlalchemy import exists, select

from tracker.mail import mime, reasons, undelivered
from tracker.mail.bounces import Action, Bounce, Outcome
from tracker.mail.letters import Letter, LetterState, SendAttempt
from tracker.plumbing.db import db


class Verdict(Enum):
    """What a mail turned out to be."""

    LOST = auto()  # a letter did not arrive
    KNOWN = auto()  # about a letter of ours, whose state stays
    UNREADABLE = auto()
    TOO_EARLY = auto()  # the try that it speaks of is still to be written down
    TAKEN = auto()  # another process has read it, or the mail is gone


def follow(bounce: Bounce | None, at: datetime) -> Verdict:
    """What a notice means for its letter, in the caller's transaction."""
    letter = bounce and db.session.scalar(
        select(Letter)
        .where(Letter.message_id == bounce.message_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if not bounce or not letter:
        return Verdict.UNREADABLE
    if letter.state is LetterState.SENDING:
        return Verdict.TOO_EARLY
    outcome = _about(letter.to_email, bounce.outcomes)
    is_sent = letter.state in (LetterState.SENT, LetterState.RESENT)
    if outcome is None or not is_sent or _is_noted(letter, bounce):
        return Verdict.KNOWN
    if outcome.action in (Action.FAILED, Action.DELAYED):
        _note(letter, bounce, outcome, at)
    if outcome.action is not Action.FAILED:
        return Verdict.KNOWN
    letter.state, letter.next_attempt_at = LetterState.UNDELIVERABLE, at
    letter.last_answer = outcome.explained
    undelivered.record(letter, outcome.explained, at=at, session=db.session())
    return Verdict.LOST


def _about(address: str, outcomes: Sequence[Outcome]) -> Outcome | None:
    """What became of it at this address: a late notice may speak of one mended since."""
    ours = _comparable(address)
    fitting = (one for one in outcomes if ours in map(_comparable, one.recipients))
    return next(fitting, None)


def _comparable(address: str) -> str:
    try:
        return mime.ascii_address(address).casefold()
    except mime.Unsendable:
        return address.casefold()


def _is_noted(letter: Letter, bounce: Bounce) -> bool:
    """Whether this notice was followed already, should it come again or be read again."""
    noted = (SendAttempt.letter_id == letter.id, SendAttempt.token == bounce.mark)
    return bool(db.session.scalar(select(exists().where(*noted))))


def _note(letter: Letter, bounce: Bounce, outcome: Outcome, at: datetime) -> None:
    db.session.add(
        SendAttempt(
            letter_id=letter.id,
            token=bounce.mark,
            begun_at=at,
            ended_at=at,
            phase="bounce",
            code=reasons.code_in(outcome.words),
            answer=outcome.explained,
        )
    )
