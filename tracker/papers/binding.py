"""Reads PDFs of others page by page, and binds them into one; run as a child process with limits.

A hostile or broken file may break this process and nothing else (`volume` starts it).  It leans on
pypdf and typst alone.  Standard input: the length of a manifest (8 bytes), the manifest as JSON, then
the bytes of each part; standard output: JSON, or the PDF that was bound.
"""

import hashlib
import io
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    ContentStream,
    DecodedStreamObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    RectangleObject,
    TextStringObject,
)

# What the child may take: memory in bytes, seconds of the processor.
MEMORY, SECONDS = 1024 * 1024 * 1024, 60
# Pages of one file, and of all that is bound.
MOST_PAGES, MOST_BOUND = 300, 600
# Seconds for comparing what stands on pages; the rest of a slow file is not compared.
COMPARING = 5.0
# Points from the edge of a page to the strip with its number.
EDGE = 14.0
_PATHS = frozenset((b"re", b"m", b"l", b"c", b"v", b"y", b"h"))
_DEEPEST = 4


class CannotBind(Exception):
    """Why a file is not taken: a code of `attachments.uploads.REFUSALS`, or of `volume`."""


def read(content: bytes) -> PdfReader:
    """A PDF whose pages can all be reached; raises CannotBind for a locked, broken or endless one."""
    try:
        found = PdfReader(io.BytesIO(content), strict=False)
        if found.is_encrypted:
            raise CannotBind("locked")
        pages = len(found.pages)
        if not 0 < pages <= MOST_PAGES:
            raise CannotBind("pages" if pages else "broken")
        for page in found.pages:
            box = page.cropbox
            if not (9 <= box.width <= 15_000 and 9 <= box.height <= 15_000):
                raise CannotBind("broken")
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
        raise CannotBind("broken") from wrong
    return found


# --- what stands on a page ------------------------------------------------------------------------


def fingerprints(content: bytes) -> list[str]:
    """By page the digest of its words, pictures and lines; empty where there was no time for it."""
    reader, until = read(content), time.process_time() + COMPARING
    return [
        _fingerprint(page, reader) if time.process_time() < until else "" for page in reader.pages
    ]


def _fingerprint(page: Any, reader: PdfReader) -> str:
    told = hashlib.sha256()
    try:
        told.update(f"{page.cropbox}{page.get('/Rotate', 0)}{page.extract_text()}".encode())
        for one in _drawn(page.get_contents(), page.get("/Resources"), reader, 0):
            told.update(one)
    except Exception:
        # Not to be compared; it can still be read.
        return ""
    return told.hexdigest()[:32]


def _drawn(contents: Any, resources: Any, reader: Any, depth: int) -> Iterator[bytes]:
    """Lines and pictures, in the order of drawing; how a picture is called does not matter."""
    if contents is None or depth > _DEEPEST:
        return
    resources = resources.get_object() if resources is not None else {}
    things = resources.get("/XObject", {})
    things = things.get_object() if things else {}
    for operands, operator in ContentStream(contents, reader).operations:
        if operator in _PATHS:
            yield operator + b",".join(b"%.1f" % float(one) for one in operands)
        elif operator == b"Do" and operands[0] in things:
            thing = things[operands[0]].get_object()
            if thing.get("/Subtype") == "/Image":
                yield hashlib.sha256(thing._data).digest()
            else:
                yield from _drawn(thing, thing.get("/Resources"), reader, depth + 1)


# --- one book of many -----------------------------------------------------------------------------


def bind(manifest: Mapping[str, Any], contents: Sequence[bytes]) -> bytes:
    """Front matter and parts in order, each with a bookmark, the running number on every page.

    The first of `contents` is the front, the second one the strips: a small page for each number,
    then one for each label.  A part's `only` names the pages (from 0) that are taken.
    """
    writer = PdfWriter()
    front, strips, *files = contents
    for part, content in zip([manifest["front"], *manifest["parts"]], [front, *files], strict=True):
        begins, wanted = len(writer.pages), part.get("only")
        part["begins"] = part["ends"] = begins
        if wanted == []:
            continue
        reader = read(_picture(content, part["title"]) if part.get("picture") else content)
        pages = [at for at in wanted if at < len(reader.pages)] if wanted is not None else None
        try:
            writer.append(reader, pages=pages, import_outline=False)
        except Exception as wrong:
            raise CannotBind(f"part:{part['title']}") from wrong
        if len(writer.pages) > MOST_BOUND:
            raise CannotBind("bound")
        part["ends"] = len(writer.pages)
        if len(writer.pages) > begins:
            writer.add_outline_item(title=part["title"], page_number=begins)
    _number(writer, manifest, PdfReader(io.BytesIO(strips)))
    return _written(writer, manifest)


def _number(writer: PdfWriter, manifest: Mapping[str, Any], strips: PdfReader) -> None:
    """Puts the running number below each page but the cover, and each part's label above it."""
    forms: dict[int, IndirectObject] = {}

    def form(at: int) -> Any:
        if at not in forms:
            forms[at] = writer._add_object(_form(strips.pages[at], writer))
        return forms[at]

    numbers = manifest["numbers"]
    labels = {
        page: len(numbers) + at
        for at, part in enumerate(manifest["parts"])
        for page in range(part["begins"], part["ends"])
    }
    for at, page in enumerate(writer.pages):
        placed = [(form(labels[at]), "above")] if at in labels else []
        if at < len(numbers) and numbers[at]:
            placed.append((form(at), "below"))
        _place(writer, page, placed)


def _form(page: Any, writer: PdfWriter) -> Any:
    """A small page as something that is drawn on others."""
    drawn = DecodedStreamObject()
    drawn.set_data(page.get_contents().get_data())
    drawn.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Form"),
            NameObject("/BBox"): RectangleObject(tuple(page.mediabox)),
            NameObject("/Resources"): page["/Resources"].get_object().clone(writer),
        }
    )
    return drawn.flate_encode()


def _place(writer: PdfWriter, page: Any, placed: Sequence[tuple[Any, str]]) -> None:
    """Draws strips on a page as somebody sees it, however it is turned, apart from its own words."""
    if not placed:
        return
    box, turned = page.cropbox, int(page.get("/Rotate", 0)) % 360
    wide, high = float(box.width), float(box.height)
    if turned in (90, 270):
        wide, high = high, wide
    names, drawn = [], []
    for number, (thing, where) in enumerate(placed):
        strip = thing.get_object()["/BBox"]
        right, up = float(strip[2]), float(strip[3])
        u = (wide - right) / 2 if where == "below" else wide - right - EDGE
        v = EDGE - 4 if where == "below" else high - up - EDGE + 4
        a, b, c, d, e, f = _turned(turned, u, v, box)
        names.append((f"/Tracker{number}", thing))
        drawn.append(f"q {a} {b} {c} {d} {e:.2f} {f:.2f} cm /Tracker{number} Do Q")
    resources = page.get("/Resources")
    resources = DictionaryObject(resources.get_object() if resources is not None else {})
    things = resources.get("/XObject")
    things = DictionaryObject(things.get_object() if things is not None else {})
    things.update({NameObject(name): thing for name, thing in names})
    resources[NameObject("/XObject")] = things
    page[NameObject("/Resources")] = resources
    own = page.get("/Contents")
    own = own.get_object() if own is not None else ArrayObject()
    parts = list(own) if isinstance(own, ArrayObject) else [page.raw_get("/Contents")]
    begin, end = (
        _stream(writer, "q\n"),
        _stream(writer, "\nQ\n/Artifact BMC\n" + "\n".join(drawn) + "\nEMC\n"),
    )
    page[NameObject("/Contents")] = ArrayObject([begin, *parts, end])


def _turned(turned: int, u: float, v: float, box: Any) -> tuple[float, ...]:
    """The matrix that puts a strip at (u, v) from the lower left corner of the page as it is seen."""
    x, y = float(box.left), float(box.bottom)
    right, top = float(box.right), float(box.top)
    return {
        0: (1, 0, 0, 1, x + u, y + v),
        90: (0, 1, -1, 0, right - v, y + u),
        180: (-1, 0, 0, -1, right - u, top - v),
        270: (0, -1, 1, 0, x + v, top - u),
    }.get(turned, (1, 0, 0, 1, x + u, y + v))


def _stream(writer: PdfWriter, text: str) -> Any:
    stream = DecodedStreamObject()
    stream.set_data(text.encode("ascii"))
    return writer._add_object(stream)


def _picture(content: bytes, title: str) -> bytes:
    """A picture on a page of its own, A4, upright or on its side as it is itself."""
    import typst

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "picture").write_bytes(content)
        page = Path(folder, "page.typ")
        form = "png" if content.startswith(b"\x89PNG") else "jpg"
        asked = {"title": title, "format": form}
        page.write_text(
            '#set document(title: sys.inputs.title)\n#set text(lang: "ja")\n'
            '#let shown = image.with("/picture", format: sys.inputs.format, alt: sys.inputs.title)\n'
            "#context { let size = measure(shown())\n"
            'set page("a4", flipped: size.width > size.height, margin: 16mm)\n'
            'align(center + horizon, shown(width: 100%, height: 100%, fit: "contain")) }'
        )
        try:
            made = typst.compile(str(page), root=folder, format="pdf", sys_inputs=asked)
        except Exception as wrong:
            raise CannotBind("broken") from wrong
    assert isinstance(made, bytes)
    return made


def _written(writer: PdfWriter, manifest: Mapping[str, Any]) -> bytes:
    root = writer._root_object
    for name in ("/OpenAction", "/AA", "/Names", "/AcroForm"):
        root.pop(NameObject(name), None)
    root[NameObject("/Lang")] = TextStringObject("ja")
    root[NameObject("/PageMode")] = NameObject("/UseOutlines")
    root[NameObject("/ViewerPreferences")] = DictionaryObject(
        {NameObject("/DisplayDocTitle"): NumberObject(1)}
    )
    writer.add_metadata({"/Title": manifest["title"], "/Producer": "tracker"})
    kept = io.BytesIO()
    writer.write(kept)
    return kept.getvalue()


# --- the child process ----------------------------------------------------------------------------


def _limit() -> None:
    try:
        import resource
    except ImportError:
        # Windows has no such limits; there the time-out of whoever started us is the only one.
        return
    for which, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (most, most))


def answer(given: bytes) -> bytes:
    """What is said to one request: JSON, or the bytes of a PDF."""
    length = int.from_bytes(given[:8], "big")
    manifest = json.loads(given[8 : 8 + length])
    contents, at = [], 8 + length
    for size in manifest["sizes"]:
        contents.append(given[at : at + size])
        at += size
    try:
        if manifest["asked"] == "pages":
            return json.dumps({"pages": fingerprints(contents[0])}).encode()
        return bind(manifest, contents)
    except CannotBind as refused:
        return json.dumps({"refused": str(refused)}).encode()
    except Exception:
        return json.dumps({"refused": "broken"}).encode()


def main() -> None:
    """Answers what comes in, within the limits."""
    _limit()
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
