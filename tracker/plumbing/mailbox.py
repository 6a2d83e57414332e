"""The mailbox that undelivered letters come back to."""

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from tracker.plumbing.db import Model, UtcDateTime


class MailboxState(Model):
    """The one row of the mailbox that bounces come back to: how far it has been read."""

    __tablename__ = "mailbox_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    # IMAP's promise: while UIDVALIDITY stays, a UID names one mail for ever.
    uid_validity: Mapped[int] = mapped_column(BigInteger)
    last_uid: Mapped[int] = mapped_column(BigInteger)
    # Mails that speak of no letter of ours; they are left alone.
    unreadable: Mapped[int] = mapped_column(default=0)
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trouble: Mapped[str | None] = mapped_column(String(500))
