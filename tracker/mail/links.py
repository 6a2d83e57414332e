"""Personal links and codes: whoever has one acts for its owner, so it stands only in the envelope.

A text that is put together holds a mark where its link belongs, a stored letter a plain sentence
and a row that says which link stands there.  The link itself is made while the letter is taken
for sending, from the secret key and a nonce in the row it opens: the same at every attempt, and
worth nothing once the nonce is another.  Nothing typed can make a mark.  contracts.md, "Trust".

A short code stands beside the link of the same row, to be typed where a gateway cuts links.
"""

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from flask import current_app
from flask.sansio.app import App
from sqlalchemy import Connection, ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column

from tracker.characters import code as codes
from tracker.duty.duty import PersonalLink
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.mail.wording import BEGIN, END
from tracker.plumbing.changes import Act
from tracker.plumbing.db import Model, db

# What stands in every letter that can be looked at.
SHOWN = N_("（ご本人あてのリンク。ここには表示しません）")
CODE_SHOWN = N_("（ご本人あてのコード。ここには表示しません）")
# The end of a kind's name whose secret is typed, not opened.
_CODE = "_code"
_MARK = re.compile(f"{BEGIN}([a-z_]+):([0-9]+)\\|([^{BEGIN}{END}]*){END}")
_ENDS = re.compile(f"[{BEGIN}{END}]")
# The number of a row, and 32 bytes as base64 without its padding.
_TOKEN = re.compile(r"([1-9][0-9]{0,17})\.[A-Za-z0-9_-]{43}", re.A)


class Composed(str):
    """Text put together by this program; only such may carry a mark into another text."""

    __slots__ = ()


class LetterSecret(Model):
    """A personal link of a letter: where `links.SHOWN` stands in its body, and what belongs there."""

    __tablename__ = "letter_secret"

    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    # In characters from the body's beginning.
    place: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    # The row that the link opens.
    subject: Mapped[int]
    base: Mapped[str] = mapped_column(String(200))


class Place(NamedTuple):
    """The same before its letter has a number."""

    place: int
    kind: str
    subject: int
    base: str


class Life(NamedTuple):
    """What a row says of its link: the nonce, who may get it (`Recipient.key`), until when (UTC)."""

    nonce: str
    to_keys: frozenset[str]
    until: datetime


@dataclass(frozen=True)
class LinkKind:
    """A kind of personal link, as the room whose rows it opens registers it.

    `path` is what the token follows, empty for a code, whose name ends in `_code`; `life` reads a
    row, None where it gives no link (any more); `renew` gives a row a fresh nonce within a change,
    and with it an end to every link before.  `for_known`: who has it speaks for a municipality, so it
    goes only to an address that the municipality knows.
    """

    name: str
    path: str
    life: Callable[[Connection, int], Life | None]
    renew: Callable[[Act, int], None]
    for_known: bool = False


def register(app: App, kind: LinkKind) -> None:
    """Makes a kind known, once at the start."""
    app.extensions.setdefault("personal_links", {})[kind.name] = kind


def kinds() -> Mapping[str, LinkKind]:
    """Every kind by its name."""
    found: Mapping[str, LinkKind] = current_app.extensions["personal_links"]
    return found


def new_nonce() -> str:
    """A nonce for a row, 16 characters."""
    return secrets.token_urlsafe(12)


# --- a text that is being put together --------------------------------------------------------


def mark(link: PersonalLink, base: str) -> Composed:
    """What stands for the link until the letter is written; `base` as "https://…"."""
    return Composed(f"{BEGIN}{link.kind}:{link.row_id}|{plain(base)}{END}")


def plain(value: str) -> str:
    """A value without the signs that make a mark, unless this program put it together."""
    if isinstance(value, Composed) or not (BEGIN in value or END in value):
        return value
    return _ENDS.sub("", value)


def hidden(text: str) -> str:
    """The text as everybody may read it."""
    return _MARK.sub(lambda found: _shown(found[1]), text) if BEGIN in text else text


def _shown(kind: str) -> str:
    return _(CODE_SHOWN if kind.endswith(_CODE) else SHOWN)


def taken_out(body: str) -> tuple[str, list[Place]]:
    """A composed body as it is stored, and where its links belong."""
    if BEGIN not in body or not isinstance(body, Composed):
        return plain(body), []
    places, stored, end = [], "", 0
    for found in _MARK.finditer(body):
        stored += body[end : found.start()]
        places.append(Place(len(stored), found[1], int(found[2]), found[3]))
        stored, end = stored + _shown(found[1]), found.end()
    return stored + body[end:], places


# --- the link itself --------------------------------------------------------------------------


def filled(on: Connection, letter_id: int, to_key: str, body: str, at: datetime) -> str | None:
    """A stored body as it goes out; None when one of its links is no longer good, or another's."""
    rows = on.execute(_PLACES.where(LetterSecret.letter_id == letter_id)).all()
    for place, kind, subject, base in rows:
        known = kinds().get(kind)
        life = known and known.life(on, subject)
        if not known or not life or life.until <= at or to_key not in life.to_keys:
            return None
        secret = secret_of(kind, subject, life.nonce)
        body = body[:place] + base + known.path + secret + body[place + len(_shown(kind)) :]
    return body


_PLACES = select(
    LetterSecret.place, LetterSecret.kind, LetterSecret.subject, LetterSecret.base
).order_by(LetterSecret.place.desc())


def named(given: str) -> int | None:
    """The row that a token speaks of, whether it is good or not; None for what is none."""
    found = _TOKEN.fullmatch(given)
    return int(found[1]) if found else None


def verify(kind: str, given: str, at: datetime, on: Connection | None = None) -> int | None:
    """The row that a token opens at this instant; None when it opens nothing."""
    row_id = named(given)
    life = row_id and kinds()[kind].life(on or db.session.connection(), row_id)
    if not row_id or not life or life.until <= at:
        return None
    return row_id if is_made_of(kind, given, life.nonce) else None


def is_made_of(kind: str, given: str, nonce: str) -> bool:
    """Whether a token was given out for the row it names with this nonce, whatever it opens by now."""
    row_id = named(given)
    return row_id is not None and hmac.compare_digest(given, token(kind, row_id, nonce))


def are_good(text: str, at: datetime, on: Connection) -> bool:
    """Whether every link that stands in the text still opens."""
    standing = (
        (kind.name, found[0])
        for kind in kinds().values()
        if kind.path
        for found in re.finditer(rf"(?<={re.escape(kind.path)}){_TOKEN.pattern}", text, re.A)
    )
    return all(verify(kind, one, at, on) for kind, one in standing)


def renew(act: Act, letter_id: int) -> None:
    """New links for a letter in place of those given out before, within the caller's change.

    Refuses where a row gives no link any more.
    """
    rows = db.session.execute(_PLACES.where(LetterSecret.letter_id == letter_id)).all()
    for kind, subject in dict.fromkeys((row.kind, row.subject) for row in rows):
        known = kinds()[kind]
        known.renew(act, subject)
        db.session.flush()
        life = known.life(db.session.connection(), subject)
        if life is None or life.until <= act.at:
            raise Refusal(
                _(
                    "このメールのリンクは、期限が過ぎたか、新しいものに替わっています。送り直しはできません。"
                )
            )


def token(kind: str, row_id: int, nonce: str) -> str:
    """What stands in the address: the row, and what only this installation can make of its nonce."""
    return f"{row_id}.{urlsafe_b64encode(_made(kind, row_id, nonce)).rstrip(b'=').decode()}"


def secret_of(kind: str, row_id: int, nonce: str) -> str:
    """What a letter holds of that kind: the token of a link, or a code (XXXXX-XXXXX, 50 bits)."""
    if kind.endswith(_CODE):
        return codes.written(_made(kind, row_id, nonce), 2, 5)
    return token(kind, row_id, nonce)


def _made(kind: str, row_id: int, nonce: str) -> bytes:
    said = "\0".join(("personal link", kind, str(row_id), nonce))
    return hmac.digest(current_app.config["SECRET_KEY"].encode(), said.encode(), "sha256")
