"""What a file really is, told by what it holds; run as a child process that a hostile file may kill.

Reads the file from standard input and writes one line of JSON: {"type": "docx"} or {"refused": CODE};
asked for its cells, {"rows": ...} of an Excel file.  To judge, it leans on the standard library alone,
so that the child starts at once and has nothing of ours to lose.  Source: trust.md P15, issue D2, part 2.
"""

import io
import json
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

LARGEST = 10 * 1024 * 1024
# What the child may take: memory in bytes, seconds of the processor.
MEMORY, SECONDS = 256 * 1024 * 1024, 2
# Of an office file: its parts, what all of them unpack to, and how tightly a large one may be packed.
MOST_PARTS, UNPACKED, TIGHTEST = 2_000, 100 * 1024 * 1024, 200
_FREE = 1024 * 1024
LARGEST_LIST = 512 * 1024
# Of a sheet: one row more than whoever reads it takes, cells of a row, characters of a cell.
ROWS, CELLS, CHARACTERS = 501, 30, 200
# A photograph of today's telephones has up to 50 million pixels.
PIXELS = 120_000_000
_PIECE = 64 * 1024

_MAIN = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": "xlsx",
}
_MACRO = ("macroenabled", "vbaproject", "macrosheet")
_ACTIVE = ("activex", "oleobject")
_OLE, _ZIP, _EXE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"MZ"
_ZIP_END = b"PK\x05\x06"
# What a viewer would run, start or unpack.
_PDF_ACTIVE = re.compile(rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia)\b")
_PDF_LOCKED = re.compile(rb"/Encrypt\s*(?:<<|[0-9]+\s+[0-9]+\s+R)")
_STREAM = re.compile(rb"stream\r?\n")
_MARKUP = re.compile(r"\s*<[!?a-zA-Z]")
_CONTROL = re.compile("[\0-\x08\x0b\x0e-\x1f\x7f]")
# A cell that asks Excel for another program (DDE).
_DDE = re.compile(r"""(?m)(?:^|[,;\t"]) ?[=+@-] ?[A-Za-z]{2,20}\|[^\n]{0,200}!""")
_HEIC = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc")


class Refused(Exception):
    """Why a file is not taken: a code of `uploads.REFUSALS`."""


def sniff(content: bytes) -> str:
    """The type of a file; raises Refused for whatever is none of ours, or not as it should be."""
    if not content:
        raise Refused("empty")
    if len(content) > LARGEST:
        raise Refused("large")
    if content.startswith(_ZIP):
        return _office(content, [UNPACKED, MOST_PARTS], depth=0)
    if _ZIP_END in content[-65_557:]:
        # Two files in one: which of them somebody sees depends on the program.
        raise Refused("broken")
    for begins, judge in _JUDGES:
        if content.startswith(begins):
            return judge(content)
    if content.startswith((b"PK", b"7z\xbc\xaf", b"Rar!", b"\x1f\x8b", b"BZh")):
        raise Refused("archive")
    if content.startswith(_OLE):
        raise Refused("old_office")
    if content[4:12] in _HEIC or content.startswith((b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")):
        raise Refused("image")
    return _text(content)


# --- office files ----------------------------------------------------------------------------------


def _office(content: bytes, left: list[int], depth: int) -> str:
    """`left` are the bytes and parts that may still be unpacked, this file's and those around it."""
    _check_end(content)
    with zipfile.ZipFile(io.BytesIO(content)) as zipped:
        parts = zipped.infolist()
        _check_parts(content, zipped.start_dir, parts, left)
        inner, listed = [], b""
        for part in parts:
            with zipped.open(part) as file:
                found = _part(file, part.filename, part.file_size)
            if part.filename == "[Content_Types].xml":
                listed = found
            elif found.startswith(_ZIP):
                inner.append(found)
    if not listed:
        raise Refused("archive")
    kind = _kind(listed, {part.filename for part in parts})
    for one in inner:
        # A chart brings its table; what that would bring is nothing that anybody means.
        if depth:
            raise Refused("embedded")
        _office(one, left, depth + 1)
    return kind


def _check_end(content: bytes) -> None:
    """The list of parts ends the file, and stands where it says: nothing before, between or after."""
    end = content[-22:]
    if len(end) < 22 or not end.startswith(_ZIP_END):
        raise Refused("broken")
    disks, entries, size, begins, comment = struct.unpack("<4xI2xHIIH", end)
    if disks or comment or entries > MOST_PARTS or size > LARGEST_LIST:
        raise Refused("bomb" if entries > MOST_PARTS or size > LARGEST_LIST else "broken")
    if begins + size != len(content) - 22:
        raise Refused("broken")


def _check_parts(content: bytes, ends: int, parts: list[zipfile.ZipInfo], left: list[int]) -> None:
    names = [part.filename for part in parts]
    if len(names) != len(set(names)):
        raise Refused("broken")
    left[0] -= sum(part.file_size for part in parts)
    left[1] -= len(parts)
    if left[0] < 0 or left[1] < 0:
        raise Refused("bomb")
    begins = sorted(parts, key=lambda part: part.header_offset)
    for part, following in zip(
        begins, [*(one.header_offset for one in begins[1:]), ends], strict=True
    ):
        name, extra = struct.unpack_from("<HH", content, part.header_offset + 26)
        if part.header_offset + 30 + name + extra + part.compress_size > following:
            raise Refused("bomb")
        if part.file_size > _FREE and part.file_size > TIGHTEST * part.compress_size:
            raise Refused("bomb")
        if part.flag_bits & 1:
            raise Refused("locked")
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused("broken")
        named = part.filename
        if named.startswith("/") or "\\" in named or ".." in named.split("/") or ":" in named:
            raise Refused("broken")


def _part(file: IO[bytes], name: str, size: int) -> bytes:
    """Reads a part to its end, and returns what is looked at again: the list, or another zip."""
    kept: list[bytes] = []
    tail, first = b"", b""
    for piece in iter(lambda: file.read(_PIECE), b""):
        size -= len(piece)
        if not first:
            first = piece[:8]
            if first.startswith((_OLE, _EXE, b"#!")):
                raise Refused("macro" if "vba" in name.lower() else "embedded")
        # An entity grows when it is read; no office program writes one.  UTF-16 has a zero between.
        told = (tail + piece).replace(b"\0", b"")
        if b"<!DOCTYPE" in told or b"<!ENTITY" in told:
            raise Refused("bomb")
        tail = piece[-32:]
        if first.startswith(_ZIP) or name == "[Content_Types].xml":
            kept.append(piece)
            if sum(map(len, kept)) > LARGEST:
                raise Refused("bomb")
    if size:
        raise Refused("broken")
    return b"".join(kept)


def _kind(listed: bytes, names: set[str]) -> str:
    """What the list of contents says the file is; raises Refused for macros and embedded objects."""
    if len(listed) > LARGEST_LIST:
        raise Refused("bomb")
    types: list[tuple[str, str]] = []

    def start(_tag: str, said: dict[str, str]) -> None:
        if "ContentType" in said:
            types.append((said["ContentType"].lower(), said.get("PartName", "")))

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.Parse(listed, True)
    told = [one for one, _ in types] + [name.lower() for name in names]
    if any(word in one for one in told for word in _MACRO):
        raise Refused("macro")
    if any(word in one for one in told for word in _ACTIVE):
        raise Refused("embedded")
    main = [(_MAIN[one], part) for one, part in types if one in _MAIN]
    if len(main) != 1:
        raise Refused("kind")
    if main[0][1] and main[0][1].lstrip("/") not in names:
        raise Refused("broken")
    return main[0][0]


# --- PDF, pictures, text ---------------------------------------------------------------------------


def _pdf(content: bytes) -> str:
    if b"%%EOF" not in content[-2048:]:
        raise Refused("broken")
    told = _spelled(content)
    if any(map(_PDF_ACTIVE.search, (told, *_packed_objects(content)))):
        raise Refused("active")
    # With a password, also one that only limits printing, nobody here sees what is packed.
    if b"/ObjStm" in told and _PDF_LOCKED.search(told):
        raise Refused("locked")
    return "pdf"


def _packed_objects(content: bytes) -> Iterator[bytes]:
    """What streams of objects unpack to: there, too, an action may stand."""
    left = UNPACKED // 2
    for found in _STREAM.finditer(content):
        if b"/ObjStm" not in content[max(0, found.start() - 400) : found.start()]:
            continue
        unpacked, told = zlib.decompressobj(), b""
        for at in range(found.end(), len(content), _PIECE):
            try:
                told += unpacked.decompress(content[at : at + _PIECE], left)
            except zlib.error:
                break
            if len(told) >= left:
                raise Refused("bomb")
            if unpacked.eof:
                break
        left -= len(told)
        yield _spelled(told)


def _spelled(told: bytes) -> bytes:
    """Names as they are read: a letter may stand as its number, /J#61vaScript."""
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda one: bytes([int(one[1], 16)]), told)


def _png(content: bytes) -> str:
    at, size = 8, len(content)
    seen: list[bytes] = []
    while at + 12 <= size:
        length, kind = struct.unpack_from(">I4s", content, at)
        body = content[at + 8 : at + 8 + length]
        if at + 12 + length > size:
            break
        if zlib.crc32(kind + body) != struct.unpack_from(">I", content, at + 8 + length)[0]:
            raise Refused("broken")
        if not seen and (kind != b"IHDR" or length != 13):
            raise Refused("broken")
        if kind == b"IHDR":
            _check_pixels(*struct.unpack(">II", body[:8]))
        if kind in (b"zTXt", b"iTXt", b"iCCP"):
            _check_packed(body)
        seen.append(kind)
        at += 12 + length
        if kind == b"IEND":
            break
    if seen[-1:] != [b"IEND"] or b"IDAT" not in seen or at != size:
        raise Refused("broken")
    return "png"


def _check_packed(body: bytes) -> None:
    """Words beside a picture: where they unpack to megabytes, that is all they are there for."""
    for begins in (one.start() for one in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", body[:200])):
        try:
            if len(zlib.decompressobj().decompress(body[begins:], 4 * _FREE)) >= 4 * _FREE:
                raise Refused("bomb")
        except zlib.error:
            continue


def _check_pixels(width: int, height: int) -> None:
    if not width or not height:
        raise Refused("broken")
    if width * height > PIXELS:
        raise Refused("pixels")


def _jpeg(content: bytes) -> str:
    at, is_sized = 2, False
    while content[at : at + 1] == b"\xff":
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(content):
            break
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            _check_pixels(width, height)
            is_sized = True
        at += 2 + length
        if marker == 0xDA and is_sized and content.find(b"\xff\xd9", at) > 0:
            return "jpeg"
    raise Refused("broken")


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _CONTROL.search(text):
            break
        if _MARKUP.match(text) or text.startswith("{\\rtf"):
            raise Refused("markup")
        if _DDE.search(text):
            raise Refused("active")
        return "text"
    raise Refused("kind")


_JUDGES = ((b"%PDF-", _pdf), (b"\x89PNG\r\n\x1a\n", _png), (b"\xff\xd8\xff", _jpeg))


def _limit() -> None:
    try:
        import resource
    except ImportError:
        # Windows has no such limits; there the time-out of whoever started us is the only one.
        return
    for which, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, _PIECE),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (most, most))


def cells(content: bytes) -> list[list[str]]:
    """The first sheet of an Excel file that is to be seen, as text; formulas as they were last worked out."""
    if sniff(content) != "xlsx":
        raise Refused("mismatch")
    import openpyxl

    book = openpyxl.load_workbook(
        io.BytesIO(content), read_only=True, data_only=True, keep_links=False
    )
    sheet = next(one for one in book.worksheets if one.sheet_state == "visible")
    rows = sheet.iter_rows(max_row=ROWS, max_col=CELLS, values_only=True)
    return [[_told(one) for one in row] for row in rows]


def _told(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value)[:CHARACTERS]


def judge(content: bytes, asked: str = "") -> dict[str, object]:
    """What is said of a file; what breaks the judging is no whole file."""
    try:
        return {"rows": cells(content)} if asked == "cells" else {"type": sniff(content)}
    except Refused as refused:
        return {"refused": str(refused)}
    except Exception:
        return {"refused": "broken"}


def main() -> None:
    """Judges what comes in, within the limits."""
    _limit()
    # Nothing that openpyxl can do without is loaded: each has a parser or memory of its own.
    for name in ("numpy", "lxml", "defusedxml", "PIL"):
        sys.modules[name] = None  # type: ignore[assignment]
    sys.stdout.write(json.dumps(judge(sys.stdin.buffer.read(LARGEST + 1), *sys.argv[1:])))


if __name__ == "__main__":
    main()
