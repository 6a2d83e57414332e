"""The one-time key of every form: what is pressed twice is done once.

The key counts together with the digest of what was posted (contracts.md, "Acts, conflicts, keys").
It is written in the transaction of the act it stands for, so that two presses at the same time
wait for each other: on SQLite for the one writer's seat, on PostgreSQL for the unique key.
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import Flask, abort, current_app, g, redirect, request
from itsdangerous import BadSignature, TimestampSigner
from sqlalchemy import String, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.wrappers import Response

from tracker.kernel.translation import N_
from tracker.plumbing import clock
from tracker.plumbing.changes import abandon
from tracker.plumbing.db import Model, UtcDateTime, db
from tracker.storage.database import insert_missing

KEPT = timedelta(days=7)
MISSING = N_("この画面からは、まだ送られていません。内容を確かめて、もう一度押してください。")
# Stands in a stored address where the page's own link stood.
_LINK = "{link}"
_NO_PART = {"csrf_token", "once", "pressed"}


class Once(Model):
    """A form carried out: whose it was, its key, what was posted, and where the answer led."""

    __tablename__ = "once"
    __table_args__ = (UniqueConstraint("owner", "key", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    location: Mapped[str | None] = mapped_column(String(500))


class Press(NamedTuple):
    """One press of a button: `key` is empty where the page's key did not come along."""

    owner: str
    key: str
    digest: str


def new_key() -> str:
    """A key for one form on one page; sealed with it, whom the page was made for (`_owner`).

    A kept form has the same key as often as it is shown: sent from two windows it is done once.
    """
    shown = current_app.extensions["shown_post"]()
    key, owner = shown or secrets.token_urlsafe(12), _owner().removeprefix("person:")
    return _signer().sign(f"{key}.{owner}").decode() if owner else key


def made_for() -> tuple[int | None, bool]:
    """Whom the page of the posted form was made for, and whether that is not too long ago."""
    owner, at = _sealed()
    return (int(owner), clock.now() - at < KEPT) if at and owner.isdecimal() else (None, False)


def _sealed() -> tuple[str, datetime | None]:
    try:
        sealed, at = _signer().unsign(request.form.get("once", ""), return_timestamp=True)
    except BadSignature:
        return "", None
    return sealed.decode().rpartition(".")[2], at


def _signer() -> TimestampSigner:
    return TimestampSigner(current_app.config["SECRET_KEY"], salt="once")


def init_app(app: Flask, link_of: Callable[[], str | None], shown_post: Callable[[], str]) -> None:
    """Answers what was carried out before as it was answered then.

    `link_of` gives the token of a page whose sign-in is its link, `shown_post` the mark of the kept
    post that this page shows, or "".  To be called after the guard
    stands: it is the person, not the session, to whom a key belongs.
    """
    app.extensions["shown_post"], app.extensions["link_of"] = shown_post, link_of
    app.jinja_env.globals["once_key"] = new_key

    @app.before_request
    def answer_again() -> Response | None:
        if request.method != "POST" or request.endpoint is None:
            return None
        g.link = link_of()
        g.press = press = _press()
        return _answered(press) if press and press.key else None


def _owner() -> str:
    """Whose a page is: of who holds its link, whoever is signed in besides, or of a person; or ""."""
    token, actor = current_app.extensions["link_of"](), g.get("actor")
    if token:
        return f"link:{hashlib.sha256(token.encode()).hexdigest()}"
    return f"person:{actor.person_id}" if actor else ""


def _press() -> Press | None:
    """None where nobody is known; without a key, too, where the page was that of another link."""
    owner, (sealed, _at), key = _owner(), _sealed(), request.form.get("once", "")
    if not owner:
        return None
    if sealed:
        key = "" if sealed.startswith("link:") and sealed != owner else key.partition(".")[0]
    return Press(owner, key if len(key) <= 40 else "", _digest() if key else "")


def _digest() -> str:
    fields = [
        (name, values)
        for name, values in sorted(request.form.lists())
        if name not in _NO_PART and not name.endswith("-csrf_token")
    ]
    files = []
    for name, file in sorted(request.files.items(multi=True), key=lambda one: one[0]):
        files.append((name, file.filename, hashlib.sha256(file.stream.read()).hexdigest()))
        file.stream.seek(0)
    plain = json.dumps([request.full_path, fields, files], ensure_ascii=False)
    return hashlib.sha256(plain.encode(errors="surrogatepass")).hexdigest()


def _answered(press: Press) -> Response | None:
    found = db.session.execute(
        select(Once.location).where(
            Once.owner == press.owner, Once.key == press.key, Once.digest == press.digest
        )
    ).first()
    if found is None:
        return None
    return redirect((found[0] or _here()).replace(_LINK, g.link or ""), 303)


def _here() -> str:
    """Where somebody looks after an act that led nowhere: the page itself, or home."""
    adapter = current_app.create_url_adapter(request)
    if adapter is not None and adapter.test(request.path, method="GET"):
        return request.path
    return "/"


def is_missing() -> bool:
    """Whether the page's key should have come along and did not."""
    press: Press | None = g.get("press")
    return press is not None and not press.key


def claim() -> None:
    """Takes the key for the act about to begin; answers at once when another press has it."""
    press: Press | None = g.get("press")
    if press is None:
        return
    at = clock.now()
    db.session.execute(delete(Once).where(Once.at < at - KEPT))
    row = {**press._asdict(), "at": at}
    if not insert_missing(Once, [row], ["owner", "key", "digest"]):
        answer = _answered(press)
        abandon()
        abort(answer or redirect(_here(), 303))


def note_answer(location: str) -> None:
    """Keeps where the answer leads, within the act's own transaction; a page's secret is left out."""
    press: Press | None = g.get("press")
    if g.get("link"):
        location = location.replace(g.link, _LINK)
    if press is not None and len(location) <= 500:
        db.session.execute(
            update(Once)
            .where(Once.owner == press.owner, Once.key == press.key, Once.digest == press.digest)
            .values(location=location)
        )
