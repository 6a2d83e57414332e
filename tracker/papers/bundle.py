"""起案用一式: all papers of a subject and its files as one zip, the same bytes for the same state.

Names are 「資料番号_件名.pdf」, in UTF-8, as document systems take them; a list tells each file's size
and SHA-256.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator

from tracker.papers.delimited import csv_file
from tracker.papers.kinds import Bundle, paper
from tracker.plumbing import clock

LIST = "00_一覧.csv"
HEADS = ("資料番号", "ファイル名", "件名", "大きさ（バイト）", "SHA-256", "備考")
LOST = "ファイルが見つからないため、入っていません。"
# The first moment that a zip can tell.
_FIRST = (1980, 1, 1, 0, 0, 0)


def write(of: Bundle) -> bytes:
    """The bytes of the zip: its list, then the files, one after the other."""
    rows: list[tuple[str, ...]] = []
    at = of.as_of.astimezone(clock.TOKYO)
    return fixed_zip(_files(of, rows), (at.year, at.month, at.day, at.hour, at.minute, at.second))


def fixed_zip(
    files: Iterable[tuple[str, bytes]],
    moment: tuple[int, int, int, int, int, int] = _FIRST,
    *,
    is_packed: bool = False,
) -> bytes:
    """Files by name in a zip that says nothing of when and where it was made."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for name, content in files:
            info = zipfile.ZipInfo(name, moment)
            info.create_system, info.external_attr = 3, 0o644 << 16
            how = zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED
            archive.writestr(info, content, how)
    return kept.getvalue()


def _files(of: Bundle, rows: list[tuple[str, ...]]) -> Iterator[tuple[str, bytes]]:
    """Each file; the list comes last, when all of them are known."""
    for number, title, name, content in _read(of):
        told = f"{number:02}_{name}"
        note = "" if content is not None else LOST
        digest = hashlib.sha256(content).hexdigest() if content is not None else ""
        size = str(len(content)) if content is not None else ""
        rows.append((f"{number:02}", told, title, size, digest, note))
        if content is not None:
            yield told, content
    yield LIST, csv_file([HEADS, *rows])


def _read(of: Bundle) -> Iterator[tuple[int, str, str, bytes | None]]:
    """Number, title, name and content of each file; the formats of a paper share its number."""
    for number, (kind, subject) in enumerate(of.papers, 1):
        for form in kind.formats:
            made = paper(kind.kind, subject, form, of.as_of)
            yield number, f"{of.title}　{kind.name}", f"{kind.name}_{of.label}.{form}", made
    for number, one in enumerate(of.files, len(of.papers) + 1):
        yield number, one.title, one.name, one.read()
