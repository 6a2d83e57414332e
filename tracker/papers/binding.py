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
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    ContentStream,
    DecodedStreamObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NullObject,
    NumberObject,
    RectangleObject,
    StreamObject,
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
_SHOWS_TEXT = frozenset((b"Tj", b"TJ", b"'", b'"'))
_DEEPEST = 4
# Elements of a file's structure, and how deep they stand.
MOST_TAGS, DEEPEST_TAG = 60_000, 60
_UNREADABLE = (
    *(PyPdfError, DependencyError, NotImplementedError),
    *(ValueError, KeyError, TypeError, AttributeError, RecursionError),
)
_SAID = ("/T", "/Alt", "/ActualText", "/E", "/Lang")


class CannotBind(Exception):
    """Why a file is not taken: a code of `attachments.uploads.REFUSALS`, or of `volume`."""


def read(content: bytes) -> PdfReader:
    """A PDF whose pages can all be reached; raises CannotBind for a locked, broken or endless one.

    Locked is also what opens without a password and limits what is done with it: a volume would be
    a copy without these limits.
    """
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
    except _UNREADABLE as wrong:
        # Ciphers that nobody here reads (AES-256) are found out at once, and the file opens elsewhere.
        raise CannotBind("locked" if b"/Encrypt" in content else "broken") from wrong
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

    What screen readers follow is taken over
    from each part that has it, of some pages as far as it stands there; the whole says that it is
    tagged only where all parts are.
    """
    writer = PdfWriter()
    structure = _Structure(writer)
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
        structure.take(reader, part["title"], begins, pages)
        if len(writer.pages) > begins:
            writer.add_outline_item(title=part["title"], page_number=begins)
    _number(writer, manifest, PdfReader(io.BytesIO(strips)))
    structure.finish()
    return _written(writer, manifest)


class _Structure:
    """The elements of all parts under one root (PDF 1.7, 14.7), told apart by the number of each part."""

    def __init__(self, writer: PdfWriter) -> None:
        self.writer, self.parts, self.is_whole = writer, ArrayObject(), True
        # By page (number of its object) which element each marked piece of it belongs to; ids.
        self.marked: dict[int, dict[int, Any]] = {}
        self.ids: dict[str, Any] = {}

    def take(self, reader: PdfReader, title: str, begins: int, pages: Sequence[int] | None) -> None:
        """Takes over what a part has on those of its pages; a part without or a broken one has none."""
        try:
            part = _Part(self.writer, f"{begins}-", reader, begins, pages)
            tops = part.tops()
        except Exception:
            tops = []
        if not tops:
            self.is_whole = False
        for top in tops:
            top[NameObject("/T")] = TextStringObject(title)
            self.parts.append(self.writer._add_object(top))
            part.settle(top, self.parts[-1])
        self.marked |= part.marked
        self.ids |= part.ids

    def finish(self) -> None:
        """Puts one root over them, and says on each page where its pieces belong."""
        names = ArrayObject()
        for page in self.writer.pages:
            page.pop(NameObject("/StructParents"), None)
            for note in map(_here, _several(page.get("/Annots"))):
                if isinstance(note, DictionaryObject):
                    note.pop(NameObject("/StructParent"), None)
        if not self.parts:
            return
        numbers = ArrayObject()
        for at, page in enumerate(self.writer.pages):
            if marked := self.marked.get(_place_of(page)):
                own = [marked.get(one, NullObject()) for one in range(max(marked) + 1)]
                numbers += [NumberObject(at), self.writer._add_object(ArrayObject(own))]
                page[NameObject("/StructParents")] = NumberObject(at)
                page[NameObject("/Tabs")] = NameObject("/S")
        for name in sorted(self.ids):
            names += [TextStringObject(name), self.ids[name]]
        book = _dictionary(Type="StructElem", S="Document", K=self.parts)
        tree = _dictionary(
            **{"Type": "StructTreeRoot", "ParentTreeNextKey": NumberObject(len(self.writer.pages))},
            ParentTree=self.writer._add_object(_dictionary(Nums=numbers)),
            K=(kept := self.writer._add_object(book)),
        )
        if names:
            tree[NameObject("/IDTree")] = self.writer._add_object(_dictionary(Names=names))
        book[NameObject("/P")] = self.writer._add_object(tree)
        for one in self.parts:
            one.get_object()[NameObject("/P")] = kept
        root = self.writer._root_object
        root[NameObject("/StructTreeRoot")] = book["/P"].indirect_reference
        root[NameObject("/MarkInfo")] = _dictionary(Marked=BooleanObject(self.is_whole))


class _Part:
    """Copies one part's elements; only plain values come with them, nothing that points elsewhere.

    Of some pages (from 0) of a part only what stands there comes, with all cells of its rows and
    the heads of its tables, which those cells name, in words where they stand on other pages.
    """

    def __init__(
        self,
        writer: PdfWriter,
        prefix: str,
        reader: PdfReader,
        begins: int,
        pages: Sequence[int] | None = None,
    ) -> None:
        self.writer, self.prefix, self.reader = writer, prefix, reader
        self.root: Any = reader.trailer["/Root"]
        own = [_place_of(one) for one in reader.pages]
        taken = own if pages is None else [own[at] for at in pages]
        self.left_out = set(own) - set(taken)
        self.pages = dict(zip(taken, map(_place_of, writer.pages[begins:]), strict=False))
        # Elements (id) with a piece of a taken page below them, and those with the head of a table.
        self._filled: set[int] = set()
        self._headed: set[int] = set()
        self.roles: Any = {}
        self.marked: dict[int, dict[int, Any]] = {}
        self.ids: dict[str, Any] = {}
        self.count = 0
        self._pieces: dict[int, list[tuple[int, int]]] = {}
        self._kept: list[DictionaryObject] = []
        # What stands on pages that are not taken (page, number), and the heads that stand there.
        self._away: list[tuple[int, int]] = []
        self._heads: list[tuple[DictionaryObject, list[tuple[int, int]]]] = []
        self._until = time.process_time() + COMPARING

    def tops(self) -> list[DictionaryObject]:
        """The elements that stand under no other; none of a part that does not say it is tagged."""
        marks, tree = self.root.get("/MarkInfo"), self.root.get("/StructTreeRoot")
        is_marked = marks and getattr(marks.get_object().get("/Marked"), "value", False)
        if not is_marked or tree is None:
            return []
        self.roles = tree.get_object().get("/RoleMap", DictionaryObject()).get_object()
        found = [self.element(one, 0) for one in _several(tree.get_object().get("/K"))]
        if self.left_out:
            found = [one for one in found if id(one) in self._filled]
        highest: dict[int, int] = {}
        for page, number in (one for pieces in self._pieces.values() for one in pieces):
            highest[page] = max(number + 1, highest.get(page, 0))
        # Each page's list has a place for every number up to its highest.
        if sum(highest.values()) > MOST_TAGS:
            raise ValueError("pieces beyond all")
        return found

    def element(self, node: Any, depth: int) -> DictionaryObject:
        """An element with all below it; raises ValueError for more than anybody needs."""
        self.count += 1
        if depth > DEEPEST_TAG or self.count > MOST_TAGS:
            raise ValueError("a structure without end")
        node = node.get_object()
        kind = self.roles.get(node["/S"], node["/S"])
        made = _dictionary(Type="StructElem", S="Part" if kind == "/Document" else kind[1:])
        for name in _SAID:
            if name in node:
                made[NameObject(name)] = _plain(node[name], self.prefix)
        if "/A" in node:
            made[NameObject("/A")] = _plain(node["/A"], self.prefix)
        if "/ID" in node:
            made[NameObject("/ID")] = TextStringObject(self.prefix + _text(node["/ID"]))
        kids, away, heads = ArrayObject(), len(self._away), len(self._heads)
        for kid in _several(node.get("/K")):
            one = _here(kid)
            if isinstance(one, DictionaryObject) and "/S" in one:
                below = self.element(one, depth + 1)
                if self._stays(below, made):
                    kids.append(below)
            else:
                self._piece(one, node, made, kids)
        if kids:
            made[NameObject("/K")] = kids
        if kind == "/TH" and id(made) not in self._filled:
            self._heads.append((made, self._away[away:]))
        if kind == "/Table" and id(made) in self._filled:
            for head, pieces in self._heads[heads:]:
                head[NameObject("/ActualText")] = TextStringObject(self._words(pieces))
        return made

    def _words(self, pieces: Sequence[tuple[int, int]]) -> str:
        """What these pieces say; nothing where there is no time for it."""
        said = []
        for page in self.reader.pages:
            wanted = {number for place, number in pieces if place == _place_of(page)}
            if not wanted or time.process_time() > self._until:
                continue
            shown = ContentStream(page.get_contents(), self.reader, "bytes")
            shown.operations = list(_shown_of(shown.operations, wanted))
            alone = PageObject(self.reader)
            alone.update(page)
            alone[NameObject("/Contents")] = shown
            said.append(alone.extract_text())
        return " ".join("".join(said).split())

    def _stays(self, below: DictionaryObject, made: DictionaryObject) -> bool:
        """Whether an element is taken over, and what its own element is for that."""
        is_filled, kind = id(below) in self._filled, str(below["/S"])
        is_head = kind == "/TH" or (id(below) in self._headed and (is_filled or kind != "/Table"))
        if is_filled:
            self._filled.add(id(made))
        if is_head:
            self._headed.add(id(made))
        # The elements are told apart by where they lie: those left out must not be given away.
        self._kept.append(below)
        return not self.left_out or is_filled or is_head or kind == "/TD"

    def _piece(self, one: Any, node: Any, made: DictionaryObject, kids: ArrayObject) -> None:
        """A piece of a page's content; what lies in forms or annotations is not followed."""
        is_number = isinstance(one, int)
        if not is_number and ("/MCID" not in one or "/Stm" in one):
            return
        of = node.raw_get("/Pg") if is_number or "/Pg" not in one else one.raw_get("/Pg")
        number = int(one if is_number else one["/MCID"])
        if of.idnum in self.left_out:
            self._away.append((of.idnum, number))
            return
        page = self.pages[of.idnum]
        self._filled.add(id(made))
        if number < 0:
            raise ValueError("a piece below all")
        here = IndirectObject(page, 0, self.writer)
        kids.append(_dictionary(Type="MCR", Pg=here, MCID=NumberObject(number)))
        self._pieces.setdefault(id(made), []).append((page, number))

    def settle(self, made: DictionaryObject, kept: Any) -> None:
        """Gives all below an element that has its place their own, and says what belongs to it."""
        for page, number in self._pieces.get(id(made), ()):
            self.marked.setdefault(page, {})[number] = kept
        if "/ID" in made:
            self.ids[str(made["/ID"])] = kept
        kids = made.get("/K", ArrayObject())
        for at, kid in enumerate(kids):
            if "/S" in kid:
                kid[NameObject("/P")] = kept
                kids[at] = self.writer._add_object(kid)
                self.settle(kid, kids[at])


def _shown_of(operations: Any, wanted: Collection[int]) -> Iterator[Any]:
    """All that is drawn on a page but the words of other pieces than these."""
    open_: list[Any] = []
    for operands, operator in operations:
        if operator in (b"BDC", b"BMC"):
            marked = operands[1] if len(operands) > 1 else None
            open_.append(marked.get("/MCID") if isinstance(marked, DictionaryObject) else None)
        elif operator == b"EMC" and open_:
            open_.pop()
        elif operator in _SHOWS_TEXT and not any(one in wanted for one in open_):
            continue
        yield operands, operator


def _place_of(page: Any) -> int:
    """The number of a page's object in its file."""
    return int(page.indirect_reference.idnum)


def _here(value: Any) -> Any:
    """What a reference leads to; anything else as it is."""
    return value.get_object()


def _several(kids: Any) -> list[Any]:
    """What stands below an element: one thing or several."""
    kids = kids.get_object() if kids is not None else ArrayObject()
    return list(kids) if isinstance(kids, ArrayObject) else [kids]


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _plain(value: Any, prefix: str, depth: int = 0) -> Any:
    """A value as it is, and ids by the part's own names; streams and what is nested deeply are left."""
    value = value.get_object()
    if depth > _DEEPEST or isinstance(value, StreamObject):
        return NullObject()
    if isinstance(value, ArrayObject):
        return ArrayObject(_plain(one, prefix, depth + 1) for one in value)
    if isinstance(value, DictionaryObject):
        made = DictionaryObject()
        for name, one in value.items():
            made[NameObject(name)] = _plain(one, prefix, depth + 1)
            if name == "/Headers":
                made[NameObject(name)] = ArrayObject(
                    TextStringObject(prefix + _text(each.get_object())) for each in _several(one)
                )
        return made
    return value


def _dictionary(**values: Any) -> DictionaryObject:
    """Names and what stands under them; a text is a name, too."""
    return DictionaryObject(
        {
            NameObject(f"/{name}"): NameObject(f"/{one}") if type(one) is str else one
            for name, one in values.items()
        }
    )


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
