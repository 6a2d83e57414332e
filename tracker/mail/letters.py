"""A mail is a row before it is a mail: the outbox and how a letter gets into it.

States, keys and wording: contracts.md "Letters".  Sending is in `delivery`.
"""

import hmac
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from flask import Flask, current_app
from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    Text,
    Update,
    case,
    false,
    or_,
    select,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.duty.duty import PersonalLink
from tracker.kernel.labelled import Labelled
from tracker.kernel.translation import N_
from tracker.mail import links, texts, wording
from tracker.mail.duties import OpenLetter
from tracker.mail.links import Composed, LetterSecret, Place
from tracker.mail.texts import LETTER_KINDS
from tracker.mail.wording import Wording
from tracker.plumbing.db import Model, UtcDateTime, db
from tracker.plumbing.db import words as words_column
from tracker.storage.database import insert_many, insert_missing


class LetterState(Labelled):
    """What is known of a letter, and how everybody reads it."""

    PLANNED = "planned", N_("予定")
    QUEUED = "queued", N_("送信待ち")
    SENDING = "sending", N_("送信中")
    SENT = "sent", N_("送信済み")
    RETRYING = "retrying", N_("再送予定")
    UNDELIVERABLE = "undeliverable", N_("届いていません")
    RESENT = "resent", N_("再送済み(重複の可能性)")
    SKIPPED = "skipped", N_("見送り")
    HELD = "held", N_("保留")
    CANCELLED = "cancelled", N_("取消")


# Why a letter is held that would go to an address which others gave.
UNKNOWN_ADDRESS = N_(
    "宛先は、ほかの市町村が登録したものです。その市町村の方が「引継ぎ」で確認すると送ります。"
)
# In these states somebody must still do something about a letter.
OPEN = text("state IN ('queued', 'retrying', 'sending')")
# These letters wait for a person.
UNDELIVERED = text("state = 'undeliverable'")
HELD = text("state = 'held'")
# All but the many of former years; named where a list of one of the other states is read.
NOT_SENT = text("state <> 'sent'")


class Letter(Model):
    """One message to one recipient, its words frozen when it was written.

    `key` is the promise of once: cause and recipient, or recipient and day for reminders.
    `next_attempt_at` is when it is looked at next: its hour, the next try, or, while it is
    being sent, the end of its lease.  A failing letter is tried until `useful_until`.
    """

    __tablename__ = "letter"
    __table_args__ = (
        # Taking the next letter and counting those that did not arrive cost the same after many years.
        Index("ix_letter_open", "next_attempt_at", "id", sqlite_where=OPEN, postgresql_where=OPEN),
        # What a recipient was told about one page.
        Index(None, "to_key", "path", "id"),
        Index("ix_letter_lost", "id", sqlite_where=UNDELIVERED, postgresql_where=UNDELIVERED),
        Index("ix_letter_held", "id", sqlite_where=HELD, postgresql_where=HELD),
        # A page of the list, newest first: of all, of one municipality, in one state.
        Index(None, "send_at", "id"),
        Index(None, "municipality_id", "send_at", "id"),
        Index(
            "ix_letter_not_sent",
            *("state", "send_at", "id"),
            sqlite_where=NOT_SENT,
            postgresql_where=NOT_SENT,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    to_key: Mapped[str] = mapped_column(String(40))
    to_name: Mapped[str] = mapped_column(String(200))
    to_email: Mapped[str] = mapped_column(String(254))
    municipality_id: Mapped[int | None] = mapped_column(ForeignKey("municipality.id"))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    # Whether personal links belong into it when it goes out (`links.LetterSecret`).
    has_secrets: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # What goes to the recipient's calendar program with it (RFC 5546), as the file itself.
    calendar: Mapped[str | None] = mapped_column(Text, deferred=True)
    path: Mapped[str | None] = mapped_column(String(300))
    state: Mapped[LetterState] = mapped_column(
        words_column(LetterState), default=LetterState.QUEUED
    )
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    send_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    useful_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[str | None] = mapped_column(String(36))
    phase: Mapped[str | None] = mapped_column(String(10))
    maybe_duplicate: Mapped[bool] = mapped_column(default=False)
    last_answer: Mapped[str | None] = mapped_column(String(500))
    note: Mapped[str | None] = mapped_column(String(300))


class SendAttempt(Model):
    """One try to hand a letter to the mail server; append-only."""

    __tablename__ = "send_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), index=True)
    token: Mapped[str] = mapped_column(String(36))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    phase: Mapped[str | None] = mapped_column(String(10))
    code: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(String(500))


@dataclass(frozen=True)
class Recipient:
    """Who a letter goes to: a post's mailbox or an account.  `key` is post:3 or person:7."""

    key: str
    name: str
    email: str
    municipality_id: int | None
    base_url: str | None = None
    # Wants one letter a week instead of one for each thing due.
    is_weekly: bool = False
    # The post it goes to, itself or through who holds it.
    post_id: int | None = None
    # False where another municipality gave the address and its own has yet to look at it.
    is_known: bool = True


def init_app(app: Flask, frame: Callable[[], Mapping[str, str]]) -> None:
    """`frame` tells what every letter may name: 窓口, 電話, 連絡先, 会議名, 圏域."""
    app.extensions["letter_frame"] = frame


class NewLetter(NamedTuple):
    """A letter to be put into the outbox: its row, and where its personal links belong."""

    row: dict[str, Any]
    places: list[Place]


def compose(
    kind: str,
    to: Recipient,
    values: Mapping[str, str],
    *,
    link: str | PersonalLink = "",
    words: Wording | None = None,
) -> tuple[str, Composed]:
    """Subject and body of a letter, from the words that hold for its kind.

    `values` are exactly the fields of the kind, else LookupError; `link` is the path the letter
    leads to, in the recipient's own network, or the personal link that is filled in when it goes
    out: `links.hidden` shows the body without it.  `words` tries others than those that hold.
    """
    if values.keys() != LETTER_KINDS[kind].fields.keys():
        raise LookupError(f"{kind}: {sorted(values.keys() ^ LETTER_KINDS[kind].fields.keys())}")
    words = words or texts.words(kind)
    base = to.base_url or str(current_app.config["BASE_URL"])
    given = {**current_app.extensions["letter_frame"](), "宛先": to.name, **values}
    every = {name: links.plain(value) for name, value in given.items()}
    if isinstance(link, PersonalLink):
        every["リンク"] = links.mark(link, base)
    else:
        every["リンク"] = links.plain(base + link) if link else ""
    for name, part in (("冒頭", "opening"), ("結び", "closing")):
        if name in words.fields:
            filled = wording.fill(links.plain(texts.words(part).body), every)
            every[name] = filled.strip("\n")
    subject = wording.fill_line(links.plain(words.subject), every)
    body = wording.fill(links.plain(words.body), every)
    return links.hidden(subject), Composed(body)


def message_id(key: str) -> str:
    """The Message-ID derived from the key, the same at every attempt, and guessed by nobody.

    Whoever could guess it could say of a letter that it did not arrive (`incoming_mail.bounces`).
    """
    sender = str(current_app.config["MAIL_DEFAULT_SENDER"])
    domain = sender.rpartition("@")[2].rstrip(">") or "tracker.example"
    said = f"message id\0{key}".encode()
    code = hmac.digest(current_app.config["SECRET_KEY"].encode(), said, "sha256")
    return f"<{code.hex()[:32]}@{domain}>"


def subject_code(cause: str, to: Recipient) -> str:
    """Ten digits that name the letter of this cause in its subject, guessed by nobody either."""
    return message_id(f"subject:{cause}:{to.key}")[1:11]


def has_own_key() -> bool:
    """Whether the newest letter was made with this secret key; so where there is none."""
    newest = select(Letter.key, Letter.message_id).order_by(Letter.id.desc()).limit(1)
    row = db.session.execute(newest).first()
    return row is None or message_id(row.key).partition("@")[0] == row.message_id.partition("@")[0]


def put(
    kind: str,
    to: Recipient,
    values: Mapping[str, str],
    *,
    cause: str,
    at: datetime,
    link: str | PersonalLink = "",
    path: str | None = None,
    calendar: str | None = None,
) -> bool:
    """Puts a letter that answers an action into the outbox, in the caller's transaction.

    Unique by (cause, recipient): the same cause twice writes one letter; returns whether
    this call wrote it.  It goes out when the clock looks next.  `path` is the page its record
    leads to, else that of its link (see `compose`).  `calendar` is an .ics that goes with it.
    """
    subject, body = compose(kind, to, values, link=link)
    path = path or (link if isinstance(link, str) else "") or None
    key = f"{cause}:{to.key}"
    return write(kind, to, subject, body, key=key, at=at, path=path, calendar=calendar)


def sent_last(kinds: Collection[str], about: str) -> tuple[str, Collection[str]]:
    """The last cause that begins so of letters of these kinds, and who (`Recipient.key`) has one by it.

    Empty where none was written (one query).
    """
    rows = db.session.execute(
        select(Letter.key, Letter.to_key)
        .where(Letter.kind.in_(kinds), Letter.key.startswith(about, autoescape=True))
        .order_by(Letter.id.desc())
    )
    found = [(key.removesuffix(f":{to}"), to) for key, to in rows]
    last = found[0][0] if found else ""
    return last, frozenset(to for cause, to in found if cause == last)


def write(
    kind: str,
    to: Recipient,
    subject: str,
    body: str,
    *,
    key: str,
    at: datetime,
    path: str | None = None,
    calendar: str | None = None,
) -> bool:
    """Writes a letter whose words stand already, unless one with its key is there."""
    new = new_row(kind, to, subject, body, key=key, at=at, path=path)
    is_new = bool(insert_missing(Letter, [{**new.row, "calendar": calendar}], ["key"]))
    if is_new:
        _keep_places([new])
    return is_new


def write_many(many: Iterable[NewLetter]) -> None:
    """The same for letters of one instant, a few statements for all."""
    many = list(many)
    insert_many(Letter, [one.row for one in many], ["key"])
    _keep_places(many)


def _keep_places(many: Sequence[NewLetter]) -> None:
    """Says which personal links belong into letters just written."""
    places = {one.row["key"]: one.places for one in many if one.places}
    if not places:
        return
    [at] = {one.row["written_at"] for one in many if one.places}
    # Where another letter had the key already, it keeps what it has.
    rows = db.session.execute(
        select(Letter.id, Letter.key).where(
            Letter.key.in_(places), Letter.written_at == at, Letter.has_secrets
        )
    )
    insert_many(
        LetterSecret,
        [{"letter_id": id_, **one._asdict()} for id_, key in rows for one in places[key]],
        ["letter_id", "place"],
    )


def new_row(
    kind: str,
    to: Recipient,
    subject: str,
    body: str,
    *,
    key: str,
    at: datetime,
    send_at: datetime | None = None,
    useful_until: datetime | None = None,
    path: str | None = None,
    note: str | None = None,
) -> NewLetter:
    """A letter as the row to insert.

    `send_at` is when it was meant to go (now unless said): what is late shows both.  When the
    mail server fails, it is tried until `useful_until` (a week unless said).  A link by which its
    recipient speaks for a municipality waits where that does not know the address (`let_known`).
    """
    stored, places = links.taken_out(body)
    waits = not to.is_known and any(links.kinds()[one.kind].for_known for one in places)
    row = {
        "key": key,
        "message_id": message_id(key),
        "kind": kind,
        "to_key": to.key,
        "to_name": to.name,
        "to_email": to.email,
        "municipality_id": to.municipality_id,
        "subject": links.plain(subject),
        "body": stored,
        "has_secrets": bool(places),
        "path": path,
        "state": LetterState.HELD if waits else LetterState.QUEUED,
        "written_at": at,
        "send_at": send_at or at,
        "next_attempt_at": at,
        "useful_until": useful_until,
        "attempts": 0,
        "maybe_duplicate": False,
        "note": UNKNOWN_ADDRESS if waits else note,
    }
    return NewLetter(row, places)


# --- letters that wait for a person: held after a restored backup, and let go again ------------


def hold_all(at: datetime) -> int:
    """Sets every unsent letter to 保留, in the caller's transaction; returns how many.

    For a restored backup: what it calls unsent may have gone out since.  Letters whose hour
    had come by then are therefore flagged; who is sending one right now loses its lease.
    """
    unsent = (LetterState.PLANNED, LetterState.QUEUED, LetterState.SENDING, LetterState.RETRYING)
    return _change(
        update(Letter)
        .where(Letter.state.in_(unsent))
        .values(
            state=LetterState.HELD,
            lease_token=None,
            maybe_duplicate=or_(Letter.maybe_duplicate, Letter.send_at <= at),
        )
    )


def release(ids: Iterable[int], at: datetime) -> int:
    """Lets held letters go out, in the caller's transaction; returns how many were held.

    Not those that wait for their recipient's municipality: it lets them go (`let_known`).
    """
    is_known = or_(Letter.note.is_(None), Letter.note != UNKNOWN_ADDRESS)
    return _change(
        update(Letter)
        .where(Letter.id.in_(list(ids)), Letter.state == LetterState.HELD, is_known)
        .values(
            state=LetterState.QUEUED,
            next_attempt_at=case((Letter.send_at > at, Letter.send_at), else_=at),
        )
    )


def waiting(path: str) -> Sequence[str]:
    """Whose letters about that page wait until their municipality looked at the address."""
    found = select(Letter.to_name).where(HELD, Letter.path == path, Letter.note == UNKNOWN_ADDRESS)
    return db.session.scalars(found.order_by(Letter.id)).all()


def let_known(to: Recipient, at: datetime) -> None:
    """Letters that waited until its municipality looked at the address go out, to that of now."""
    waiting = select(Letter.id).where(HELD, Letter.to_key == to.key, Letter.note == UNKNOWN_ADDRESS)
    ids = db.session.scalars(waiting).all()
    _change(update(Letter).where(Letter.id.in_(ids)).values(to_email=to.email, note=None))
    release(ids, at)


def give_up(ids: Iterable[int], at: datetime) -> int:
    """Held letters that will not go out (見送り), in the caller's transaction; returns how many."""
    return _change(
        update(Letter)
        .where(Letter.id.in_(list(ids)), Letter.state == LetterState.HELD)
        .values(state=LetterState.SKIPPED, next_attempt_at=at)
    )


def _change(statement: Update) -> int:
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    db.session.expire_all()
    return int(result.rowcount)  # type: ignore[attr-defined]


def waiting_for_a_person() -> tuple[OpenLetter, ...]:
    """The letters that did not arrive, and those held, for the duties (one query).

    But for those that wait for their recipient's municipality (`let_known`).
    """
    is_known = or_(Letter.note.is_(None), Letter.note != UNKNOWN_ADDRESS)
    columns = Letter.id, Letter.to_name, Letter.next_attempt_at
    both = union_all(
        select(*columns, false()).where(UNDELIVERED), select(*columns, true()).where(HELD, is_known)
    )
    return tuple(sorted(OpenLetter(*row) for row in db.session.execute(both)))
