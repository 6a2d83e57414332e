"""Attachments: files that belong to a subject, kept whole in the home and named after what they hold.

A file lies in TRACKER_HOME/uploads under its SHA-256, outside whatever is served; a row says to whose
papers it belongs.  Whoever may see the subject may have it, nobody else.  Source: issue D2, part 2.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import Connection, ForeignKey, Index, String, func, select
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.datastructures import FileStorage

from tracker.attachments import sniffing
from tracker.characters.characters import shown
from tracker.history.columns import subject_of
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.plumbing.changes import Act, Entry
from tracker.plumbing.db import PRIVATE, Model, UtcDateTime, db, reading
from tracker.storage.files import write_whole
from tracker.struck.models import Struck

# Of one file, of all files of a subject (bytes), and how many a subject may have.
LARGEST, LARGEST_OF_ONE, MOST_OF_ONE = sniffing.LARGEST, 100 * 1024 * 1024, 30
MB = 1024 * 1024
# The ending of a name -> what the file then must be, and as what it is sent.
TYPES: Mapping[str, tuple[str, str]] = {
    "pdf": ("pdf", "application/pdf"),
    "docx": (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "xlsx": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "jpg": ("jpeg", "image/jpeg"),
    "jpeg": ("jpeg", "image/jpeg"),
    "png": ("png", "image/png"),
    "csv": ("text", "text/csv"),
    "txt": ("text", "text/plain"),
}
ACCEPTED = N_(
    "PDF、Word（docx）、Excel（xlsx）、写真・画像（JPEG・PNG）、CSV、テキスト。1件10MBまで"
)
# What the child process says -> what the form says.
REFUSALS: Mapping[str, str] = {
    "empty": N_("中身がありません。元のファイルを開いて確かめてから、選び直してください。"),
    "large": N_("10MBを超えています。ページを分けるか、画像を小さくしてから添付してください。"),
    "kind": N_(
        "添付できない種類です。PDF、Word（docx）、Excel（xlsx）、画像（JPEG・PNG）、CSV、"
        "テキストのどれかで保存し直してください。"
    ),
    "mismatch": N_(
        "名前の終わり（拡張子）と中身が合いません。元のソフトで開き、PDFなどで保存し直してください。"
    ),
    "old_office": N_(
        "古い形式（.doc・.xls）か、パスワード付きです。パスワードを外して、docx・xlsx・PDFの"
        "どれかで保存し直してください。"
    ),
    "image": N_("この形式の画像は添付できません。JPEGかPNGで保存し直してください。"),
    "archive": N_("圧縮したファイルは添付できません。中のファイルを1件ずつ添付してください。"),
    "macro": N_("マクロが入っています。マクロなし（docx・xlsx）かPDFで保存し直してください。"),
    "embedded": N_("中に別のファイルが埋め込まれています。PDFで保存し直してください。"),
    "active": N_(
        "開いたときに動く命令が入っています。「PDFとして印刷」などで保存し直してください。"
    ),
    "locked": N_("パスワードか、編集・印刷の制限が付いています。外してから添付してください。"),
    "markup": N_("HTMLなどの画面用の文書は添付できません。PDFで保存し直してください。"),
    "pixels": N_("画像が大きすぎます。縮小してから添付してください。"),
    "bomb": N_("開くと極端に大きくなるため、受け取れません。PDFで保存し直してください。"),
    "broken": N_("壊れているようです。元のソフトで開けるか確かめて、保存し直してください。"),
}
# How the record's verbs end that tell of files that came and went.
VERBS = (".attached", ".detached")
_SECONDS = 10
# Each may take as much memory as `sniffing` says.
_TURNS = BoundedSemaphore(2)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TOLD = re.compile(r"attachment/(\d+)/sha256")
_LONGEST_NAME = 100
# What a file without a row may wait for: the commit of the act that brought it.
_WAITS = timedelta(days=1)


class Attachment(Struck, Model):
    """One file of one subject; what no longer counts is struck through once others may have seen it.

    `sealed_on`: the day that stands on a document both sides have sealed (押印済みの文書).
    """

    __tablename__ = "attachment"
    __table_args__ = (Index(None, "subject_kind", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(200), info=PRIVATE)
    size: Mapped[int]
    type: Mapped[str] = mapped_column(String(10))
    sealed_on: Mapped[date | None]
    added_by: Mapped[str] = mapped_column(String(200))
    added_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def size_said(self) -> str:
        """「340 KB」, at least 1."""
        kilo = max(1, self.size // 1024)
        return f"{kilo:,} KB" if kilo < 1024 else f"{self.size / MB:.1f} MB"

    @property
    def told(self) -> dict[str, str]:
        """What a decision keeps of it: name, hash and, of a sealed document, its day."""
        day = {"sealed_on": self.sealed_on.isoformat()} if self.sealed_on else {}
        return {"name": self.name, "sha256": self.sha256, **day}


class Sent(NamedTuple):
    """A file that somebody chose, judged and not yet kept."""

    name: str
    type: str
    content: bytes


def receive(files: Sequence[FileStorage]) -> list[Sent]:
    """The files of a form, each judged by what it holds; raises Refusal that names those to change.

    Ends the transaction first: nobody waits for the database while a child process reads.
    """
    db.session.rollback()
    if len(files) > MOST_OF_ONE:
        raise Refusal(
            _("一度に添付できるのは%(most)s件までです。", most=MOST_OF_ONE), field="files"
        )
    found, wrong = [], []
    for one in files:
        name = file_name(one.filename or "")
        content = one.stream.read(LARGEST + 1)
        one.stream.seek(0)
        if refused := why_not(name, content, examine):
            wrong.append(_("「%(name)s」：", name=name) + _(REFUSALS[refused]))
        else:
            found.append(Sent(name, name.rpartition(".")[2].lower(), content))
    if wrong:
        raise Refusal(" ".join(wrong), field="files")
    return found


def why_not(name: str, content: bytes, judge: Callable[[bytes], Mapping[str, str]]) -> str | None:
    """The code of what is wrong with a file, or None; `judge` says what it holds."""
    if not content or len(content) > LARGEST:
        return "large" if content else "empty"
    said = judge(content)
    known = TYPES.get(name.rpartition(".")[2].lower())
    if "refused" in said:
        return said["refused"] if said["refused"] in REFUSALS else "broken"
    if known is None:
        return "kind"
    return None if said.get("type") == known[0] else "mismatch"


def examine(content: bytes) -> Mapping[str, str]:
    """What a child process with limits of its own says of a file (`sniffing.main`)."""
    return _in_child(content, "-S", sniffing.__file__)


def cells_of(one: Sent) -> list[list[str]]:
    """The rows of the first sheet of an Excel file, read in the same way; raises Refusal."""
    said = _in_child(one.content, sniffing.__file__, "cells")
    if "rows" not in said:
        raise Refusal(_(REFUSALS.get(said.get("refused", ""), REFUSALS["broken"])), field="file")
    rows: list[list[str]] = said["rows"]
    return rows


def _in_child(content: bytes, *command: str) -> Mapping[str, Any]:
    kept = {
        name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ
    }
    if not _TURNS.acquire(timeout=_SECONDS):
        raise Refusal(
            _("今、混み合っています。少し待ってから、もう一度添付してください。"), field="files"
        )
    try:
        done = subprocess.run(
            [sys.executable, "-I", *command],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            env=kept,
            check=True,
        )
        said: dict[str, Any] = json.loads(done.stdout)
    except (OSError, subprocess.CalledProcessError) as failed:
        # Stopped by its limits, the file is to blame; ended or not begun by itself, the checking is.
        if getattr(failed, "returncode", 1) < 0:
            return {"refused": "broken"}
        current_app.logger.error("Files cannot be examined: %s", failed)
        raise Refusal(
            _("今、ファイルを確かめられないため、受け取れません。管理者へお知らせください。"),
            field="files",
        ) from None
    except (subprocess.SubprocessError, ValueError):
        return {"refused": "broken"}
    finally:
        _TURNS.release()
    return said


def file_name(sent: str) -> str:
    """The name of a file as it is kept: composed characters, no path, none that nobody sees."""
    name = unicodedata.normalize("NFC", sent).replace("\\", "/").rpartition("/")[2]
    name = re.sub(r'[<>:"|?*]', "＿", shown(" ".join(name.split()))).rstrip(". ")
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        stem, ending = name, ""
    stem = stem.strip(". ")[:_LONGEST_NAME] or _("添付ファイル")
    return f"{stem}.{ending}" if ending else stem


# --- what is kept ----------------------------------------------------------------------------------


def of(kind: str, id_: int | None) -> Sequence[Attachment]:
    """The attachments of a subject as the record calls it; sealed documents first, then as they came."""
    rows = db.session.scalars(
        select(Attachment)
        .where(Attachment.subject_kind == kind, Attachment.subject_id == id_)
        .order_by(Attachment.id)
    ).all()
    return sorted(rows, key=lambda one: one.sealed_on is None)


def find(kind: str, id_: int | None, key: int) -> Attachment | None:
    """One attachment of that subject, or None: also for those of other subjects."""
    one = db.session.get(Attachment, key)
    is_its = one is not None and (one.subject_kind, one.subject_id) == (kind, id_)
    return one if is_its else None


def add(
    act: Act,
    entry: Entry,
    subject: Model,
    sent: Sequence[Sent],
    sealed_on: date | None = None,
    *,
    replaced: Collection[str] = (),
) -> list[Attachment]:
    """Keeps files with their subject, inside the change that the room records.

    `replaced`: the digests of what others stand in for, which may come again.  Raises Refusal for a
    file that is there already, for too many, and where there is no room.
    """
    named = subject_of(subject)
    there = [one for one in of(named.kind, int(named.id)) if not one.is_struck]
    known = {one.sha256: one.name for one in there if one.sha256 not in replaced}
    made = []
    for one in sent:
        digest = digest_of(one.content)
        if digest in known:
            said = (
                _("「%(name)s」は、すでに添付されています。", name=known[digest])
                if any(digest == row.sha256 for row in there)
                else _(
                    "「%(name)s」と「%(other)s」は同じ内容です。どちらか1件だけを選んでください。",
                    name=known[digest],
                    other=one.name,
                )
            )
            raise Refusal(said, field="files")
        known[digest] = one.name
        row = Attachment(
            subject_kind=named.kind,
            subject_id=int(named.id),
            sha256=digest,
            name=one.name,
            size=len(one.content),
            type=one.type,
            sealed_on=sealed_on,
            added_by=act.person.name,
            added_by_id=act.person.person_id,
            added_at=act.at,
        )
        made.append(row)
    _check_room([*there, *made], sum(one.size for one in made))
    for row, one in zip(made, sent, strict=True):
        _keep(row.sha256, one.content)
    db.session.add_all(made)
    entry.told["attached"] = [one.sha256 for one in made]
    return made


def _check_room(all_: Sequence[Attachment], more: int) -> None:
    if len(all_) > MOST_OF_ONE or sum(one.size for one in all_) > LARGEST_OF_ONE:
        raise Refusal(
            _(
                "添付できるのは、合わせて%(most)s件、%(size)sMBまでです。"
                "1つのPDFにまとめるか、いらないものを外してください。",
                most=MOST_OF_ONE,
                size=LARGEST_OF_ONE // MB,
            ),
            field="files",
        )
    total = db.session.scalar(select(func.sum(Attachment.size))) or 0
    if total + more > current_app.config["UPLOADS_MB"] * MB:
        raise Refusal(
            _("添付ファイルを置く場所がいっぱいです。管理者へお知らせください。"), field="files"
        )


def take_out(act: Act, one: Attachment, reason: str | None) -> None:
    """Strikes a file through with its reason; without one, where others never saw it, removes it."""
    if reason is None:
        db.session.delete(one)
    else:
        one.strike(act.person.name, act.at, reason)


def digest_of(content: bytes) -> str:
    """By what a file is named."""
    return hashlib.sha256(content).hexdigest()


def path_of(digest: str) -> Path:
    """Where a file lies; the digest is one of ours, never what somebody sent."""
    assert _DIGEST.fullmatch(digest), digest
    return Path(current_app.config["HOME"]) / "uploads" / digest[:2] / digest


def _keep(digest: str, content: bytes) -> None:
    path = path_of(digest)
    if is_whole(digest):
        # Looked at now: the next sweep leaves it for this act's commit.
        path.touch()
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, content)


def content_of(digest: str) -> bytes | None:
    """What a file holds; None where it is gone, or is not what was kept."""
    with suppress(OSError):
        content = path_of(digest).read_bytes()
        if digest_of(content) == digest:
            return content
    return None


def is_whole(digest: str) -> bool:
    """Whether a file is there, and is what was kept."""
    return content_of(digest) is not None


def named(connection: Connection) -> Sequence[str]:
    """The digests that rows name, each once."""
    digest = Attachment.sha256
    return connection.scalars(select(digest).distinct().order_by(digest)).all()


def sweep(at: datetime) -> None:
    """Removes files that no row names any more, and what a process that was killed left behind."""
    there = list((Path(current_app.config["HOME"]) / "uploads").glob("??/*"))
    if not there:
        return
    with reading(), db.engine.connect() as connection:
        wanted = set(named(connection))
    for path in there:
        with suppress(FileNotFoundError):
            age = at.timestamp() - path.stat().st_mtime
            if path.name not in wanted and age > _WAITS.total_seconds():
                path.unlink()


def held() -> dict[int, list[str | None]]:
    """By row, what the record holds each attachment by: its hash, and the day of a sealed document."""
    rows = db.session.execute(select(Attachment.id, Attachment.sha256, Attachment.sealed_on))
    return {id_: [digest, day.isoformat() if day else None] for id_, digest, day in rows}


def recorded(after: Mapping[str, Any]) -> dict[int, list[str | None] | None]:
    """The same as an entry of the record told it when files came or (None) were removed."""
    found = ((_TOLD.fullmatch(name), digest) for name, digest in after.items())
    return {
        int(one[1]): [digest, after.get(f"attachment/{one[1]}/sealed_on")] if digest else None
        for one, digest in found
        if one
    }
