"""The mailbox that undelivered letters come back to, read over IMAP when one is configured.

Mail servers accept first and refuse later.  Each mail is looked at once, and what follows from
it is one commit together with how far the mailbox has been read: a crash loses nothing, and two
readers do nothing twice.  What is no notice about a letter of ours is left as it was and counted.
"""

import imaplib
import logging
import ssl
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from time import monotonic
from typing import Any, TypeAlias

from flask import current_app
from flask.sansio.app import App
from imap_tools import BaseMailBox, MailboxFetchError, MailboxFolderSelectError, MailboxLoginError
from imap_tools.errors import ImapToolsError, UnexpectedCommandStatusError
from imap_tools.utils import check_command_status
from sqlalchemy import BigInteger, String, exists, func, select
from sqlalchemy.orm import Mapped, mapped_column

from tracker.incoming_mail import bounces, parts
from tracker.incoming_mail.bounces import Action, Bounce, RecipientOutcome
from tracker.mail import mime, outbox, reasons
from tracker.mail.letters import Letter, LetterState, SendAttempt
from tracker.mail.smtp import Replies
from tracker.plumbing.changes import abandon
from tracker.plumbing.db import Model, UtcDateTime, db
from tracker.storage.database import insert_missing

Reader: TypeAlias = Callable[[bytes, datetime], bool]
log = logging.getLogger(__name__)

# What one pass reads at most; the next goes on from there.
MOST_MAILS = 200
# After trouble this process lets the mailbox alone so long: wrong passwords lock accounts, and
# a server that hangs would keep the letters waiting at every pass.
REST = timedelta(minutes=10)
# A server that announces far more than was asked for is not listened to.
_MOST_ANSWER = 2 * parts.MOST_BYTES
# As much as the column of an answer holds.
_MOST_SAID = 500
_LONGEST_LINE = 16 * 1024 * 1024
_TROUBLED_AT = "mailbox-troubled-at"

# What went wrong, in words; the first that fits.
TROUBLE: tuple[tuple[type[Exception], str], ...] = (
    (MailboxLoginError, "受信用のメールサーバーにログインできませんでした"),
    (MailboxFolderSelectError, "戻ってきたメールを読むフォルダーを開けませんでした"),
    (ssl.SSLCertVerificationError, "受信用のメールサーバーの証明書を確かめられませんでした"),
    (ssl.SSLError, "受信用のメールサーバーと暗号化した通信ができませんでした"),
    (TimeoutError, "受信用のメールサーバーから時間内に返事がありませんでした"),
    (OSError, "受信用のメールサーバーにつながりませんでした"),
    (imaplib.IMAP4.error, "受信用のメールサーバーとやり取りができませんでした"),
    (ImapToolsError, "受信用のメールサーバーとやり取りができませんでした"),
    (Exception, "戻ってきたメールを読めませんでした"),
)


class MailboxState(Model):
    """The one row of the mailbox that bounces come back to: how far it has been read."""

    __tablename__ = "mailbox_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    # IMAP's promise: while UIDVALIDITY stays, a UID names one mail for ever.
    uid_validity: Mapped[int] = mapped_column(BigInteger)
    last_uid: Mapped[int] = mapped_column(BigInteger)
    # Mails that speak of no letter of ours; they are left alone.
    unreadable: Mapped[int] = mapped_column(default=0)
    # Refusals that name one of our recipients, the last of them, and no letter.
    nameless: Mapped[int] = mapped_column(default=0, server_default="0")
    nameless_to: Mapped[str | None] = mapped_column(String(320))
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trouble: Mapped[str | None] = mapped_column(String(500))


class Verdict(Enum):
    """What a mail turned out to be."""

    UNDELIVERED = auto()  # a letter did not arrive
    KNOWN = auto()  # about a letter of ours, whose state stays
    UNREADABLE = auto()
    ANSWER = auto()  # a person's answer to a letter of ours, which its room has followed
    NAMELESS = auto()  # a refusal of one of our recipients, nobody knows of which letter
    TOO_EARLY = auto()  # the try that it speaks of is still to be written down
    TAKEN = auto()  # another process has read it, or the mail is gone


@dataclass(frozen=True)
class Collected:
    """What one pass found: mails looked at, letters that turned out undelivered, mails not of ours."""

    read: int = 0
    bounced: int = 0
    unreadable: int = 0


def register(app: App, take: Reader) -> None:
    """Makes known, once at the start, who looks at mails that are no notices.

    `take` gets a mail and the instant and says whether it was an answer that it has followed, in one
    act, which commits how far the mailbox has been read too.
    """
    app.extensions.setdefault("mail_readers", []).append(take)


def standing() -> MailboxState | None:
    """How the reading goes; None when no mailbox is configured or none was looked at yet."""
    if not current_app.config["IMAP_SERVER"]:
        return None
    return db.session.get(MailboxState, 1)


def collect(at: datetime) -> Collected:
    """Reads what came back since the last time; commits mail by mail.

    Trouble with the mailbox is never raised but written down in words (`standing`), and the
    next pass that works clears it.  Ends the caller's transaction first: nothing may be pending.
    """
    if not current_app.config["IMAP_SERVER"] or _is_resting(at):
        return Collected()
    db.session.rollback()
    found: Counter[Verdict] = Counter()
    try:
        with _Box() as box:
            _read(box, at, found)
    except Exception as error:
        _note_trouble(error, at)
    return Collected(found.total(), found[Verdict.UNDELIVERED], found[Verdict.UNREADABLE])


def trouble() -> str | None:
    """Why the mailbox cannot be read now, in words; None where it can, or none is named."""
    if not current_app.config["IMAP_SERVER"]:
        return None
    try:
        with _Box() as box:
            box.enter()
    except Exception as error:
        return _in_words(error)
    return None


def _read(box: "_Box", at: datetime, found: Counter[Verdict]) -> None:
    """Mail after mail, until there are no more or it is time for other work."""
    validity = box.enter()
    tired_at = monotonic() + current_app.config["MAIL_COMMAND_SECONDS"]
    for uid in box.after(_last_uid(validity))[:MOST_MAILS]:
        verdict = _file(validity, uid, box.beginning(uid), at)
        if verdict is Verdict.TOO_EARLY:
            break
        found[verdict] += verdict is not Verdict.TAKEN
        if verdict in (Verdict.UNDELIVERED, Verdict.KNOWN, Verdict.ANSWER):
            box.mark_seen(uid)
        if monotonic() > tired_at:
            break
    state = _state()
    state.looked_at, state.trouble = at, None
    db.session.commit()


# --- how far it has been read --------------------------------------------------------------


def _state() -> MailboxState:
    """The row, locked: who else reads the mailbox waits here."""
    blank = {"id": 1, "uid_validity": 0, "last_uid": 0, "unreadable": 0, "nameless": 0}
    insert_missing(MailboxState, [blank], ["id"])
    query = select(MailboxState).where(MailboxState.id == 1).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _last_uid(validity: int) -> int:
    """The last mail that was looked at; a mailbox made anew is read from its beginning."""
    state = _state()
    if state.uid_validity != validity:
        state.uid_validity, state.last_uid = validity, 0
        state.unreadable, state.nameless, state.nameless_to = 0, 0, None
    last_uid = state.last_uid
    db.session.commit()
    return last_uid


def _file(validity: int, uid: int, raw: bytes | None, at: datetime) -> Verdict:
    """Does what follows from one mail (None: gone by now), and commits that with its UID."""
    bounce = bounces.read(raw or b"")
    state = _state()
    verdict = Verdict.TAKEN
    if state.uid_validity == validity and state.last_uid < uid:
        verdict = verdict if raw is None else _follow(bounce, at)
        if verdict is not Verdict.TOO_EARLY:
            state.last_uid = uid
        if verdict is Verdict.UNREADABLE and raw:
            verdict = _answered(raw, at)
            # What was followed is committed, what went wrong taken back: the lock is gone either way.
            state = _state()
            state.last_uid = max(state.last_uid, uid) if state.uid_validity == validity else 0
        state.unreadable += verdict is Verdict.UNREADABLE
        if bounce and verdict is Verdict.NAMELESS:
            state.nameless, state.nameless_to = state.nameless + 1, _recipient(bounce)
    db.session.commit()
    return verdict


def _answered(raw: bytes, at: datetime) -> Verdict:
    """Whether one of the rooms takes a mail for an answer; no mail may stop the rest."""
    try:
        taken = any(take(raw, at) for take in current_app.extensions.get("mail_readers", ()))
    except Exception:
        log.exception("a mail could not be read as an answer")
        abandon()
        taken = False
    return Verdict.ANSWER if taken else Verdict.UNREADABLE


def _note_trouble(error: Exception, at: datetime) -> None:
    is_the_mailbox = isinstance(error, OSError | imaplib.IMAP4.error | ImapToolsError)
    said = _in_words(error)
    log.warning("mailbox: %s", said, exc_info=None if is_the_mailbox else error)
    current_app.extensions[_TROUBLED_AT] = at
    db.session.rollback()
    _state().trouble = said
    db.session.commit()


def _in_words(error: Exception) -> str:
    sentence = next(words for kind, words in TROUBLE if isinstance(error, kind))
    is_the_mailbox = isinstance(error, OSError | imaplib.IMAP4.error | ImapToolsError)
    return reasons.behind(
        sentence, (_said(error) if is_the_mailbox else "") or type(error).__name__
    )


def _said(error: Exception) -> str:
    """The server's own words."""
    if isinstance(error, UnexpectedCommandStatusError):
        words = error.command_result[1]
        return " ".join(one.decode(errors="replace") for one in words if isinstance(one, bytes))
    return str(error)


def _is_resting(at: datetime) -> bool:
    since: datetime | None = current_app.extensions.get(_TROUBLED_AT)
    return since is not None and timedelta() <= at - since < REST


# --- what a notice means for its letter ------------------------------------------------------


def _follow(bounce: Bounce | None, at: datetime) -> Verdict:
    """What a notice means for its letter, in the caller's transaction."""
    if bounce and not bounce.message_id:
        return Verdict.NAMELESS if _recipient(bounce) else Verdict.UNREADABLE
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
    outcome, is_there = _about(letter.to_email, bounce)
    is_sent = letter.state in (LetterState.SENT, LetterState.RESENT)
    if outcome is None or not is_sent or _is_noted(letter, bounce):
        return Verdict.KNOWN
    said = outcome.explained
    if not is_there:
        said = f"送り先から先の宛先 {outcome.recipients[0]} に届きませんでした。{said}"
    if outcome.action in (Action.FAILED, Action.DELAYED):
        _note(letter, bounce, outcome.words, said[:_MOST_SAID], at)
    if outcome.action is not Action.FAILED or not is_there:
        return Verdict.KNOWN
    letter.state, letter.next_attempt_at = LetterState.UNDELIVERABLE, at
    letter.last_answer = said
    outbox.record_undelivered(letter, said, at=at, session=db.session())
    return Verdict.UNDELIVERED


def _about(address: str, bounce: Bounce) -> tuple[RecipientOutcome | None, bool]:
    """What became of it, and whether at this address rather than where it was sent on to.

    A letter has one recipient: whoever else is named had it from there. None where a late notice
    speaks of an address corrected since.
    """
    ours = mime.same_form(address)
    for one in bounce.outcomes:
        if ours in map(mime.same_form, one.recipients) or not one.recipients:
            return one, True
    is_late = bounce.sent_to and mime.same_form(bounce.sent_to) != ours
    failed = (one for one in bounce.outcomes if one.action is Action.FAILED)
    return (None if is_late else next(failed, None)), False


def _recipient(bounce: Bounce) -> str | None:
    """Which of the addresses that a notice names was ever written to."""
    named = {name for one in bounce.outcomes for name in map(mime.same_form, one.recipients)}
    written = select(Letter.to_email).where(func.lower(Letter.to_email).in_(named)).limit(1)
    return db.session.scalar(written)


def _is_noted(letter: Letter, bounce: Bounce) -> bool:
    """Whether this notice was followed already, should it come again or be read again."""
    noted = (SendAttempt.letter_id == letter.id, SendAttempt.token == bounce.mark)
    return bool(db.session.scalar(select(exists().where(*noted))))


def _note(letter: Letter, bounce: Bounce, words: str, said: str, at: datetime) -> None:
    db.session.add(
        SendAttempt(
            letter_id=letter.id,
            token=bounce.mark,
            begun_at=at,
            ended_at=at,
            phase="bounce",
            code=reasons.code_in(words),
            answer=said,
        )
    )


# --- the server --------------------------------------------------------------------------------


class _Imap(imaplib.IMAP4):
    """imaplib's client with one deadline a command (trust.md section 3)."""

    _replies: Replies | None = None

    def open(self, host: str = "", port: Any = 143, timeout: float | None = None) -> None:
        """Connects; the greeting is waited for as long as an answer."""
        self._seconds = timeout or 0.0
        super().open(host, port, timeout)
        self._deadline = monotonic() + self._seconds

    def send(self, data: Any) -> None:
        """Sends a command: from now on its answer is waited for."""
        self._deadline = monotonic() + self._seconds
        self.sock.settimeout(self._seconds)
        super().send(data)

    def read(self, size: int) -> bytes:
        """So many bytes of an answer. Raises TimeoutError."""
        if size > _MOST_ANSWER:
            raise self.abort(f"an answer of {size} bytes")
        return self._listening().read(size)

    def readline(self) -> bytes:
        """A line of an answer. Raises TimeoutError."""
        return self._listening().readline(_LONGEST_LINE)

    def _listening(self) -> Replies:
        # STARTTLS puts another socket in place; what came over the open one is forgotten.
        if self._replies is None or self._replies.sock is not self.sock:
            self._replies = Replies(self.sock)
        self._replies.deadline = self._deadline
        return self._replies


class _ImapTls(_Imap, imaplib.IMAP4_SSL):
    """The same inside TLS from the first byte."""


class _Box(BaseMailBox):
    """The folder, over a connection that checks certificates and is closed whatever happens."""

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        config = current_app.config
        host, port, tls = config["IMAP_SERVER"], config["IMAP_PORT"], config["IMAP_TLS"]
        seconds = config["MAIL_COMMAND_SECONDS"]
        if tls == "ssl":
            context = ssl.create_default_context()
            return _ImapTls(host, port, ssl_context=context, timeout=seconds)
        client = _Imap(host, port, timeout=seconds)
        try:
            if tls == "starttls":
                client.starttls(ssl.create_default_context())
        except BaseException:
            _hang_up(client)
            raise
        return client

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Says good-bye where all went well; what a server makes of that is its own matter."""
        if kind is None:
            with suppress(OSError, imaplib.IMAP4.error):
                self.client.logout()
        _hang_up(self.client)

    def enter(self) -> int:
        """Signs in and opens the folder; returns its UIDVALIDITY."""
        config = current_app.config
        name, password = config["IMAP_USERNAME"], config["IMAP_PASSWORD"]
        sign_in = self.login if f"{name}{password}".isascii() else self.login_utf8
        sign_in(name, password, config["IMAP_FOLDER"])
        return int(self.client.response("UIDVALIDITY")[1][0])

    def after(self, uid: int) -> list[int]:
        """The UIDs above, in order; `n:*` names the newest mail even where that is below n."""
        found = map(int, self.uids(f"UID {uid + 1}:*", None))
        return sorted(one for one in found if one > uid)

    def beginning(self, uid: int) -> bytes | None:
        """As much of a mail as says what it is; it stays unseen. None when it is gone."""
        answer = self.client.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{parts.MOST_BYTES}>)")
        check_command_status(answer, MailboxFetchError)
        return next((part[1] for part in answer[1] if isinstance(part, tuple)), None)

    def mark_seen(self, uid: int) -> None:
        """Best effort.  Not by imap-tools: its `flag` expunges what others marked as deleted."""
        with suppress(OSError, imaplib.IMAP4.error):
            self.client.uid("STORE", str(uid), "+FLAGS", r"(\Seen)")


def _hang_up(client: imaplib.IMAP4) -> None:
    with suppress(OSError):
        client.shutdown()
