"""1冊のPDF: many files as one, with cover, contents, bookmarks and running numbers; and as one zip.

PDFs and pictures are bound by a child process with limits (`binding`); what else there is, Word and
Excel, is named in the contents as enclosed separately.  Nobody waits for the database meanwhile.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, NamedTuple

from flask import current_app

from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.papers import binding, pdf
from tracker.papers.bundle import HEADS, LIST, LOST, fixed_zip
from tracker.papers.delimited import csv_file
from tracker.papers.kinds import PDF, Block, Document, Grid, Lines, NewPage, Title
from tracker.plumbing import clock
from tracker.storage.files import project_root, write_whole

# Of all that is bound together, in bytes.
MOST_BYTES = 60 * 1024 * 1024
# What the child process says -> what people read.
REFUSALS: Mapping[str, str] = {
    "locked": N_(
        "パスワードか、編集・印刷の制限が付いています（開くときには聞かれないものもあります）。"
        "作成元で外すか、元の文書からPDFを作り直して、選び直してください。"
    ),
    "broken": N_(
        "PDFが壊れているようです。元のソフトで開けるか確かめて、PDFとして保存し直してください。"
    ),
    "pages": N_("ページが多すぎます。300ページまでに分けてください。"),
    "bound": N_("合わせて600ページを超えるため、1冊にできません。資料ごとに開いてください。"),
    "large": N_("合わせて60MBを超えるため、1冊にできません。資料ごとに開いてください。"),
    "slow": N_("読み取りに時間がかかりすぎました。「PDFとして印刷」などで保存し直してください。"),
}
PICTURES = ("jpg", "jpeg", "png")
SEPARATE = "別添"
# Grows with `binding`: what was bound before is bound anew.
EDITION = 3
# Bound volumes that stay in the home.
MOST_KEPT = 20
_SECONDS = 90
_WAIT = 20
# Each may take as much memory as `binding` says.
_TURNS = BoundedSemaphore(1)


class VolumePart(NamedTuple):
    """One paper of a volume: its number (資料1), what it is called, and its file.

    `ending`: of the file's name; `content`: None where the file is lost; `pages`: how many it has.
    `label` stands on each page; `only` (from 0): the pages that are taken, None for all.
    """

    number: str
    title: str
    ending: str
    content: bytes | None
    pages: int
    label: str = ""
    only: tuple[int, ...] | None = None

    @property
    def is_bound(self) -> bool:
        """Whether it becomes pages of the volume."""
        return self.content is not None and self.ending in ("pdf", *PICTURES)

    @property
    def length(self) -> int:
        """The pages it takes in the volume."""
        if not self.is_bound:
            return 0
        return self.pages if self.only is None else len(self.only)


class Volume(NamedTuple):
    """Parts in order under one title.  lines: what else stands on the cover; as_of: its day.

    notice: what cover and contents say of the whole.  numbers: what stands below
    each page; a volume that has them goes without cover and contents.
    """

    title: str
    lines: Sequence[str]
    parts: Sequence[VolumePart]
    as_of: datetime
    numbers: Sequence[str] = ()
    notice: str = ""

    def as_file(self, form: str) -> bytes:
        """1冊のPDF or the zip; raises Refusal as `bind` does."""
        return bind(self) if form == PDF else pack(self)


def pages_of(content: bytes) -> list[str]:
    """By page of a PDF what tells whether it is the same (empty: unknown); raises Refusal."""
    return list(json.loads(_ask({"asked": "pages"}, [content]))["pages"])


# --- one PDF --------------------------------------------------------------------------------------


def bind(of: Volume) -> bytes:
    """The volume as one PDF; raises Refusal where it would be too large, or cannot be bound.

    The last ones are kept in the home: whoever asks for the same gets the same bytes.
    """
    parts = [(one._replace(content=None), _digest(one.content)) for one in of.parts]
    told = repr((EDITION, of._replace(parts=()), parts))
    folder = Path(current_app.config["HOME"]) / "books"
    path = folder / _digest(told.encode())
    with suppress(OSError):
        os.utime(path)
        return path.read_bytes()
    made = _bound(of)
    folder.mkdir(mode=0o700, exist_ok=True)
    write_whole(path, made)
    for old in sorted(folder.iterdir(), key=lambda one: one.stat().st_mtime)[:-MOST_KEPT]:
        old.unlink(missing_ok=True)
    return made


def _digest(content: bytes | None) -> str:
    return hashlib.sha256(content or b"").hexdigest()


def _bound(of: Volume) -> bytes:
    parts = [one for one in of.parts if one.is_bound]
    contents = [one.content for one in parts if one.content is not None]
    if sum(map(len, contents)) > MOST_BYTES:
        raise Refusal(_(REFUSALS["large"]))
    front, own = (b"", 0) if of.numbers else _front(of)
    whole = own + sum(one.length for one in parts)
    numbers = of.numbers or ["", *(str(at) for at in range(2, whole + 1))]
    labels = [one.label or one.number for one in parts]
    manifest = {
        "asked": "book",
        "title": of.title,
        "numbers": numbers,
        "front": {"title": _("表紙・目次"), "only": [] if of.numbers else None},
        "parts": [
            {
                "title": f"{one.number}　{one.title}",
                "picture": one.ending in PICTURES,
                "only": one.only,
            }
            for one in parts
        ],
    }
    return _ask(manifest, [front, _strips(numbers, labels), *contents])


def _front(of: Volume) -> tuple[bytes, int]:
    """Cover and contents, and how many pages they have.

    How long the contents are is known once they are set; they are set again with the numbers.
    """
    own = 2
    while True:
        made = pdf.write(_contents(of, own))
        pages = len(binding.read(made).pages)
        if pages == own:
            return made, own
        own = pages


def _contents(of: Volume, begins: int) -> Document:
    rows, at = [], begins
    for one in of.parts:
        page = str(at + 1) if one.is_bound else SEPARATE if one.content is not None else "—"
        rows.append((one.number, one.title, page))
        at += one.length
    notice = [of.notice] if of.notice else []
    blocks: list[Block] = [
        Lines(["\n\n\n"]),
        Title(of.title),
        *(Lines([one], "center") for one in (*of.lines, *notice)),
        NewPage(),
        Title("目次"),
        *(Lines([one]) for one in notice),
        Grid(("資料番号", "件名", "ページ"), rows, (1.3, 5, 1)),
    ]
    if any(not one.is_bound for one in of.parts):
        blocks.append(
            Lines([f"「{SEPARATE}」は、この冊子に綴じていないファイルです。zipに入っています。"])
        )
    at_ = of.as_of.astimezone(clock.TOKYO)
    return Document(of.title, blocks, is_letter=True, made_at=at_, version="volume/1")


def begins(of: Volume, number: str) -> int:
    """On which page (from 1) the part with that number begins."""
    _made, at = _front(of)
    for one in of.parts:
        if one.number == number:
            break
        at += one.length
    return at + 1


def _strips(numbers: Sequence[str], labels: Sequence[str]) -> bytes:
    import typst

    made = typst.compile(
        str(project_root() / "templates/papers/strips.typ"),
        format="pdf",
        font_paths=[str(pdf.FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"strips": json.dumps({"numbers": list(numbers), "labels": list(labels)})},
        pdf_tags=False,
        timestamp=0,
    )
    assert isinstance(made, bytes)
    return made


def _ask(manifest: dict[str, Any], contents: Sequence[bytes]) -> bytes:
    """What the child process answers; raises Refusal where it will not, or breaks."""
    manifest["sizes"] = [len(one) for one in contents]
    head = json.dumps(manifest).encode()
    given = b"".join((len(head).to_bytes(8, "big"), head, *contents))
    kept = {
        name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ
    }
    if not _TURNS.acquire(timeout=_WAIT):
        raise Refusal(_("今、混み合っています。少し待ってから、もう一度お試しください。"))
    try:
        told = subprocess.run(
            [sys.executable, "-I", binding.__file__],
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            env=kept,
            check=True,
        ).stdout
    except subprocess.TimeoutExpired:
        raise Refusal(_(REFUSALS["slow"])) from None
    except (OSError, subprocess.CalledProcessError) as failed:
        current_app.logger.error("Papers cannot be bound: %s", failed)
        raise Refusal(_(REFUSALS["broken"])) from None
    finally:
        _TURNS.release()
    if told.startswith(b'{"refused"'):
        raise Refusal(_refusal(json.loads(told)["refused"]))
    return told


def _refusal(code: str) -> str:
    kind, _colon, title = code.partition(":")
    if kind == "part":
        return _(
            "「%(title)s」は、綴じられませんでした。PDFを作り直して差し替えてください。",
            title=title,
        )
    return _(REFUSALS.get(code, REFUSALS["broken"]))


# --- one zip --------------------------------------------------------------------------------------


def pack(of: Volume) -> bytes:
    """The parts as a zip of 「資料番号_件名.pdf」, as paperless systems take them, with their list."""
    rows: list[tuple[str, ...]] = []
    files: list[tuple[str, bytes]] = []
    for one in of.parts:
        name, content = safe_name(f"{one.number}_{one.title}", one.ending), one.content
        digest = _digest(content) if content is not None else ""
        size = str(len(content)) if content is not None else ""
        rows.append(
            (one.number, name, one.title, size, digest, "" if content is not None else LOST)
        )
        if content is not None:
            files.append((name, content))
    at = of.as_of.astimezone(clock.TOKYO)
    moment = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    return fixed_zip([*files, (LIST, csv_file([HEADS, *rows]))], moment)


def safe_name(stem: str, ending: str) -> str:
    """A file's name in a zip: no folder, nothing that Windows refuses, short enough for it."""
    kept = "".join("＿" if one in '\\/<>:"|?*' or not one.isprintable() else one for one in stem)
    return f"{' '.join(kept.split()).strip('. ')[:80]}.{ending}"
