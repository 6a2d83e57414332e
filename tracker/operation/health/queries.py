"""What must work, one row a check: its name, what asks it, and whether /healthz asks it too.

Source: contracts.md, "Trust" (doctor, healthz).
"""

import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from flask import current_app
from sqlalchemy import select

from tracker.attachments import uploads
from tracker.history import history
from tracker.incoming_mail import mailbox
from tracker.kernel.translation import N_, _
from tracker.mail import letters, transports
from tracker.municipalities import queries as areas
from tracker.operation.backup.actions import own_fingerprint
from tracker.operation.backup.queries import is_newest
from tracker.papers.pdf import FONT_FILES, FONTS
from tracker.plumbing.db import db, reading
from tracker.reminders import queries as reminders
from tracker.reminders.models import ClockState
from tracker.reminders.rules import clock_is_silent, clock_is_wrong
from tracker.storage.files import OTHERS

# A day of letters and a backup of ten years take less.
LEAST_FREE = 500 * 1024 * 1024
GOOD = N_("問題ありません。")
UNKNOWN = N_("調べられませんでした（%(why)s）。")


class Finding(NamedTuple):
    """What a check found, in words."""

    check: str
    ok: bool
    words: str


class _Check(NamedTuple):
    """`ask` gives what is wrong, or None; a cheap one takes a millisecond and asks nobody outside."""

    ask: Callable[[datetime], str | None]
    is_cheap: bool = True


def _database(_at: datetime) -> str | None:
    db.session.execute(select(1))
    return None


def _migrations(_at: datetime) -> str | None:
    if is_newest(db.session.connection()):
        return None
    return _("データの形が古いままです。先に tracker db upgrade を実行してください。")


def _clock(at: datetime) -> str | None:
    state = db.session.get(ClockState, 1)
    if clock_is_silent(at, state.heartbeat_at if state else None):
        return _(reminders.SILENT)
    return None


def _skew(at: datetime) -> str | None:
    return _(reminders.CLOCK_WRONG) if clock_is_wrong(at, reminders.watermark()) else None


def _mail(_at: datetime) -> str | None:
    return transports.trouble()


def _mailbox(_at: datetime) -> str | None:
    return mailbox.trouble()


def _base_url(_at: datetime) -> str | None:
    is_known = areas.area() is None or reminders.is_address_known()
    return None if is_known else _(reminders.NO_ADDRESS)


def _disk(_at: datetime) -> str | None:
    free = shutil.disk_usage(current_app.config["HOME"]).free
    if free >= LEAST_FREE:
        return None
    return _("TRACKER_HOME のディスクの空きが%(free)s MBしかありません。", free=free // 1024**2)


def _held(_at: datetime) -> str | None:
    return _(reminders.ON_HOLD) if reminders.held_since() else None


def _chain(_at: datetime) -> str | None:
    problem = history.verify()
    if problem is None:
        return None
    return _("監査記録がつながっていません（%(where)s）。", where=problem.where)


def _modes(_at: datetime) -> str | None:
    home = Path(current_app.config["HOME"])
    for path in (home, *home.glob("secret_key"), *home.glob("tracker.sqlite3*")):
        if path.stat().st_mode & OTHERS:
            return _("%(path)s を、ほかの利用者が開けます。", path=path)
    return None


def _key(_at: datetime) -> str | None:
    if letters.has_own_key():
        return None
    return _(
        "秘密鍵（指紋 %(key)s）が、前のメールを作ったときと違います。送ってあるリンクは使えません。",
        key=own_fingerprint(),
    )


def _uploads(_at: datetime) -> str | None:
    connection = db.session.connection()
    lost = [digest for digest in uploads.named(connection) if not uploads.is_whole(digest)]
    if not lost:
        return None
    return _(
        "添付ファイル%(count)s件が、失われたか壊れています（%(path)s）。バックアップから戻してください。",
        count=len(lost),
        path=uploads.path_of(lost[0]),
    )


def _fonts(_at: datetime) -> str | None:
    missing = [name for name in FONT_FILES if not (FONTS / name).is_file()]
    if not missing:
        return None
    return _("PDFに使う書体のファイルがありません（%(names)s）。", names="、".join(missing))


CHECKS: Mapping[str, _Check] = {
    "database": _Check(_database),
    "migrations": _Check(_migrations),
    "clock": _Check(_clock),
    "clock_skew": _Check(_skew),
    "base_url": _Check(_base_url),
    "disk": _Check(_disk),
    "file_modes": _Check(_modes),
    "key": _Check(_key),
    "fonts": _Check(_fonts),
    "held_letters": _Check(_held, is_cheap=False),
    "mail": _Check(_mail, is_cheap=False),
    "mailbox": _Check(_mailbox, is_cheap=False),
    "chain": _Check(_chain, is_cheap=False),
    "uploads": _Check(_uploads, is_cheap=False),
}


def examine(at: datetime, *, only_cheap: bool = False) -> list[Finding]:
    """Asks each check; what cannot be asked is not well.  Changes nothing."""
    with reading():
        return [
            _find(name, one, at) for name, one in CHECKS.items() if one.is_cheap or not only_cheap
        ]


def _find(name: str, one: _Check, at: datetime) -> Finding:
    try:
        wrong = one.ask(at)
    except Exception as error:
        wrong = _(UNKNOWN, why=type(error).__name__)
    finally:
        db.session.rollback()
    return Finding(name, wrong is None, wrong or _(GOOD))
