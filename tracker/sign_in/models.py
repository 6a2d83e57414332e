"""What only signing in knows: the record of it, recovery codes, and who asked for a new password."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tracker.accounts.models import SignInStep
from tracker.plumbing.db import NEVER, Model, UtcDateTime, words


class RecoveryCode(Model):
    """A code that opens once where the app is lost; only its digest is kept."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True, info=NEVER)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInEvent(Model):
    """One line of the sign-in record; None for an address that nobody has.

    A try that is not looked at, because one must wait, makes no line: it would cost nothing to
    write millions.
    """

    __tablename__ = "sign_in_event"
    __table_args__ = (Index(None, "person_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    step: Mapped[SignInStep] = mapped_column(words(SignInStep, guarded=False))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    source: Mapped[str | None] = mapped_column(String(64))
    browser: Mapped[str | None] = mapped_column(String(120))
    # How long nobody may try again there, in seconds.
    wait_seconds: Mapped[int | None]


class ResetRequest(Model):
    """An address that somebody wants a link for; the clock's next pass writes the letter.

    Whether anybody has the address is asked there alone: asking takes the same work for all.
    """

    __tablename__ = "reset_request"

    # `sign_in.rules.address_mark`: one letter an address and 10 minutes.
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    # None when it is done.
    address: Mapped[str | None] = mapped_column(String(254))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
