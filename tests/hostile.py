"""Files made to do harm, and good ones of every kind: built here, none lies in the repository."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

TYPES = "application/vnd.openxmlformats-officedocument."
WORD = TYPES + "wordprocessingml.document.main+xml"
EXCEL = TYPES + "spreadsheetml.sheet.main+xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
LIST = "[Content_Types].xml"
MB = 1024 * 1024


def listed(
    main: str = WORD, part: str = "/word/document.xml", more: str = "", head: str = ""
) -> str:
    """The list of contents of an office file."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}'
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="{part}" ContentType="{main}"/>{more}</Types>'
    )


def office(
    parts: Mapping[str, bytes | str] | None = None, method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """A small document of Word, or what these parts make of it."""
    whole = {LIST: listed(), "word/document.xml": "<w:document/>", **(parts or {})}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as zipped:
        for name, content in whole.items():
            zipped.writestr(name, content)
    return made.getvalue()


def excel(parts: Mapping[str, bytes | str] | None = None) -> bytes:
    """A small workbook."""
    return office(
        {LIST: listed(EXCEL, "/xl/workbook.xml"), "xl/workbook.xml": "<workbook/>", **(parts or {})}
    )


def pdf(body: bytes = b"") -> bytes:
    """What begins and ends as a PDF does."""
    return b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + body + b"\ntrailer\n%%EOF\n"


def _objects(told: bytes) -> bytes:
    packed = zlib.compress(told)
    return b"2 0 obj\n<< /Type /ObjStm /Filter /FlateDecode >>\nstream\n" + packed + b"\nendstream"


def _chunk(kind: bytes, body: bytes) -> bytes:
    crc = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + crc


def png(width: int = 1, height: int = 1, more: bytes = b"") -> bytes:
    """A picture of one pixel, whatever size it claims."""
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    data = _chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + head + more + data + _chunk(b"IEND", b"")


def jpeg(width: int = 1, height: int = 1) -> bytes:
    """The segments of a photograph without one."""
    size = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\0"
    scan = b"\xff\xda" + struct.pack(">H", 8) + b"\x01\x01\0\0\x3f\0" + b"\x12\x34"
    return b"\xff\xd8" + size + scan + b"\xff\xd9"


def _changed(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


def _central(content: bytes, name: bytes) -> int:
    """Where the list of parts tells of that one."""
    at = content.find(b"PK\x01\x02")
    while content[at + 46 : at + 46 + len(name)] != name:
        at = content.index(b"PK\x01\x02", at + 4)
    return at


def _told_size(content: bytes, name: bytes, size: int) -> bytes:
    """Another size of a part in both places where it is told."""
    at = _central(content, name)
    local = struct.unpack("<I", content[at + 42 : at + 46])[0]
    return _changed(
        _changed(content, at + 24, struct.pack("<I", size)), local + 22, struct.pack("<I", size)
    )


def _overlapping() -> bytes:
    """A part whose list names it a hundred times, under other names (all at one place)."""
    content = office({"a": b"\0" * 900_000})
    end = content.rfind(b"PK\x05\x06")
    begins = struct.unpack("<I", content[end + 16 : end + 20])[0]
    at = _central(content, b"a")
    entry = content[at : at + 47]
    more = b"".join(entry[:46] + bytes([98 + n]) for n in range(20))
    count, size = 3 + 20, end - begins + len(more)
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, size, begins, 0)
    return content[:end] + more + tail


def _part_flag(offset: int, value: int) -> bytes:
    content = office()
    at = _central(content, b"word/document.xml")
    return _changed(content, at + offset, struct.pack("<H", value))


def _doubled() -> bytes:
    content = office({"word/1.xml": "<a/>", "word/2.xml": "<b/>"})
    return content.replace(b"word/2.xml", b"word/1.xml")


LAUGHS = "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]>"
_VBA = (
    '<Override PartName="/word/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/>'
)
_SHEET4 = '<Override PartName="/xl/m.xml" ContentType="application/vnd.ms-excel.macrosheet+xml"/>'
_NESTED = office({"word/embeddings/a.docx": office({"word/embeddings/b.docx": office()})})


class Hostile(NamedTuple):
    """A file, how it is called, and why it is refused; a heavy one takes time to make or to judge."""

    name: str
    refused: str
    make: Callable[[], bytes]
    is_heavy: bool = False


HOSTILE: Mapping[str, Hostile] = {
    "nothing": Hostile("a.pdf", "empty", lambda: b""),
    "beyond the size": Hostile("a.pdf", "large", lambda: b"%PDF-" + b"x" * (10 * MB), True),
    "a program": Hostile("a.pdf", "kind", lambda: b"MZ\x90\0" + b"\0" * 500),
    "a program of Linux": Hostile("a.jpg", "kind", lambda: b"\x7fELF\x02\x01" + b"\0" * 500),
    "a page as PDF": Hostile("a.pdf", "markup", lambda: b"<html><script>alert(1)</script>"),
    "a drawing as a picture": Hostile("a.png", "markup", lambda: b"\n <svg onload='alert(1)'/>"),
    "a page as text": Hostile("a.txt", "markup", lambda: b"\xef\xbb\xbf<!doctype html><p>x"),
    "an entity from outside": Hostile(
        "a.csv",
        "markup",
        lambda: b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
    ),
    "a script by name": Hostile("a.sh", "kind", lambda: b"rm -rf\n"),
    "a page by name": Hostile("a.html", "kind", lambda: "こんにちは".encode()),
    "a drawing by name": Hostile("a.svg", "kind", lambda: b"text"),
    "macros by name": Hostile("a.docm", "kind", office),
    "two endings": Hostile("a.pdf.exe", "kind", pdf),
    "no ending": Hostile("scan", "kind", pdf),
    "text that is RTF": Hostile("a.txt", "markup", lambda: b"{\\rtf1 {\\object}}"),
    "text with a zero": Hostile("a.txt", "kind", lambda: b"abc\0def"),
    "a cell that starts a program": Hostile("a.csv", "active", lambda: b"1,=cmd|' /C calc'!A0\n"),
    "a zip": Hostile("a.zip", "archive", lambda: office({LIST: ""})),
    "a zip without a list": Hostile("a.docx", "archive", lambda: office({LIST: ""})),
    "7z": Hostile("a.7z", "archive", lambda: b"7z\xbc\xaf\x27\x1c" + b"\0" * 50),
    "rar": Hostile("a.pdf", "archive", lambda: b"Rar!\x1a\x07\0" + b"\0" * 50),
    "gzip": Hostile("a.csv", "archive", lambda: b"\x1f\x8b\x08" + b"\0" * 50),
    "an old document": Hostile("a.doc", "old_office", lambda: OLE),
    "a locked workbook": Hostile("a.xlsx", "old_office", lambda: OLE),
    "a photograph of an iPhone": Hostile(
        "a.jpg", "image", lambda: b"\0\0\0\x18ftypheic" + b"\0" * 50
    ),
    "a moving picture": Hostile("a.png", "image", lambda: b"GIF89a" + b"\0" * 50),
    "a document with macros": Hostile(
        "a.docx",
        "macro",
        lambda: office({LIST: listed("application/vnd.ms-word.document.macroEnabled.main+xml")}),
    ),
    "a workbook with macros": Hostile(
        "a.xlsx",
        "macro",
        lambda: excel({LIST: listed("application/vnd.ms-excel.sheet.macroEnabled.main+xml")}),
    ),
    "macros beside a document": Hostile(
        "a.docx", "macro", lambda: office({LIST: listed(more=_VBA), "word/vbaProject.bin": b"x"})
    ),
    "macros nobody lists": Hostile("a.docx", "macro", lambda: office({"word/vbaProject.bin": OLE})),
    "macros of Excel 4": Hostile(
        "a.xlsx", "macro", lambda: excel({LIST: listed(EXCEL, "/xl/workbook.xml", _SHEET4)})
    ),
    "a control": Hostile("a.docx", "embedded", lambda: office({"word/activeX/activeX1.bin": b"x"})),
    "an object": Hostile("a.docx", "embedded", lambda: office({"word/embeddings/x.bin": OLE})),
    "a program inside": Hostile("a.xlsx", "embedded", lambda: excel({"xl/x.png": b"MZ\x90\0"})),
    "a document three deep": Hostile("a.docx", "embedded", lambda: _NESTED),
    "a zip inside": Hostile(
        "a.docx", "archive", lambda: office({"word/embeddings/a.xlsx": office({LIST: ""})})
    ),
    "macros inside": Hostile(
        "a.docx",
        "macro",
        lambda: office({"word/embeddings/a.docx": office({"word/vbaProject.bin": OLE})}),
    ),
    "a bomb of zeros": Hostile(
        "a.docx", "bomb", lambda: office({"word/a.xml": b"\0" * (30 * MB)}), True
    ),
    "a bomb of many zeros": Hostile(
        "a.docx",
        "bomb",
        lambda: office({f"word/{n}.xml": b"\0" * (MB - 1) for n in range(110)}),
        True,
    ),
    "a bomb within a document": Hostile(
        "a.docx",
        "bomb",
        lambda: office({"word/embeddings/a.docx": office({"a": b"\0" * (2 * MB)})}),
    ),
    "a thousand parts too many": Hostile(
        "a.docx", "bomb", lambda: office({f"word/{n}.xml": "" for n in range(3_000)})
    ),
    "parts with endless names": Hostile(
        "a.docx", "bomb", lambda: office({f"{n}" + "x" * 60_000: "" for n in range(10)})
    ),
    "parts over each other": Hostile("a.docx", "bomb", _overlapping),
    "a size that lies small": Hostile(
        "a.docx", "broken", lambda: _told_size(office({"a": b"\0" * 90_000}), b"a", 9)
    ),
    "a size that lies large": Hostile(
        "a.docx", "broken", lambda: _told_size(office({"a": b"\0" * 9}), b"a", 90_000)
    ),
    "a size beyond 4 GB": Hostile(
        "a.docx", "bomb", lambda: _told_size(office({"a": b"1"}), b"a", 0xFFFFFFFE)
    ),
    "something before the zip": Hostile("a.docx", "broken", lambda: b"PK\x03\x04more" + office()),
    "something after the zip": Hostile("a.docx", "broken", lambda: office() + b"<script>"),
    "a page before the zip": Hostile("a.pdf", "broken", lambda: b"<html>" + office()),
    "an entity from outside inside": Hostile(
        "a.docx",
        "bomb",
        lambda: office({"word/document.xml": '<!DOCTYPE w SYSTEM "http://192.0.2.1/x"><w/>'}),
    ),
    "a billion laughs": Hostile("a.docx", "bomb", lambda: office({LIST: listed(head=LAUGHS)})),
    "laughs in a sheet": Hostile(
        "a.xlsx", "bomb", lambda: excel({"xl/worksheets/sheet1.xml": LAUGHS + "<x>&b;</x>"})
    ),
    "laughs in UTF-16": Hostile(
        "a.docx", "bomb", lambda: office({"word/document.xml": (LAUGHS + "<x/>").encode("utf-16")})
    ),
    "laughs over a seam": Hostile(
        "a.docx", "bomb", lambda: office({"word/a.xml": " " * (64 * 1024 - 5) + LAUGHS})
    ),
    "a part that leads out": Hostile("a.docx", "broken", lambda: office({"../../x.xml": "x"})),
    "a part from the root": Hostile("a.docx", "broken", lambda: office({"/etc/x.xml": "x"})),
    "a part of Windows": Hostile("a.docx", "broken", lambda: office({"word/c:x.xml": "x"})),
    "a locked part": Hostile("a.docx", "locked", lambda: _part_flag(8, 1)),
    "a part packed otherwise": Hostile(
        "a.docx", "broken", lambda: office(method=zipfile.ZIP_BZIP2)
    ),
    "two parts of one name": Hostile("a.docx", "broken", _doubled),
    "a document cut off": Hostile("a.docx", "broken", lambda: office()[:-40]),
    "a document changed": Hostile(
        "a.docx", "broken", lambda: office(method=zipfile.ZIP_STORED).replace(b"<w:doc", b"<w:dog")
    ),
    "no document inside": Hostile(
        "a.docx", "broken", lambda: office({LIST: listed(part="/word/other.xml")})
    ),
    "a document and a workbook": Hostile(
        "a.docx",
        "kind",
        lambda: office(
            {LIST: listed(more=f'<Override PartName="/xl/w.xml" ContentType="{EXCEL}"/>')}
        ),
    ),
    "slides": Hostile(
        "a.docx",
        "kind",
        lambda: office({LIST: listed(TYPES + "presentationml.presentation.main+xml")}),
    ),
    "a list that is none": Hostile("a.docx", "broken", lambda: office({LIST: "<Types"})),
    "a list without end": Hostile("a.docx", "broken", lambda: office({LIST: "<a>" * 150_000})),
    "a PDF cut off": Hostile("a.pdf", "broken", lambda: pdf(b"x" * 4_000)[:-3_000]),
    "a PDF with a script": Hostile("a.pdf", "active", lambda: pdf(b"<< /S /JavaScript /JS (x) >>")),
    "a script spelled oddly": Hostile("a.pdf", "active", lambda: pdf(b"<< /S /J#61vaScr#69pt >>")),
    "a script packed": Hostile("a.pdf", "active", lambda: pdf(_objects(b"<< /S /JavaScript >>"))),
    "a script packed and spelled oddly": Hostile(
        "a.pdf", "active", lambda: pdf(_objects(b"<< /S /#4aavaScript >>"))
    ),
    "a script packed and locked": Hostile(
        "a.pdf",
        "locked",
        lambda: pdf(
            _objects(b"<< /S /JavaScript >>").replace(b"\x78\x9c", b"\0\0")
            + b"<< /#45ncrypt 9 0 R >>"
        ),
    ),
    "a program that a PDF starts": Hostile("a.pdf", "active", lambda: pdf(b"<< /S /Launch >>")),
    "a file inside a PDF": Hostile("a.pdf", "active", lambda: pdf(b"<< /Type /EmbeddedFile >>")),
    "a bomb in a PDF": Hostile("a.pdf", "bomb", lambda: pdf(_objects(b" " * (60 * MB))), True),
    "a PDF that is a zip too": Hostile("a.pdf", "broken", lambda: pdf() + office()),
    "a picture cut off": Hostile("a.png", "broken", lambda: png()[:-12]),
    "a picture changed": Hostile("a.png", "broken", lambda: _changed(png(), 17, b"\x01")),
    "a picture without a picture": Hostile("a.png", "broken", lambda: png()[:33] + png()[-12:]),
    "a picture of 900 million points": Hostile("a.png", "pixels", lambda: png(30_000, 30_000)),
    "a picture of no points": Hostile("a.png", "broken", lambda: png(0, 5)),
    "a bomb beside a picture": Hostile(
        "a.png",
        "bomb",
        lambda: png(more=_chunk(b"zTXt", b"k\0\0" + zlib.compress(b"x" * (5 * MB)))),
    ),
    "a page behind a picture": Hostile("a.png", "broken", lambda: png() + b"<script>"),
    "a picture that is a zip too": Hostile("a.png", "broken", lambda: png() + office()),
    "a photograph cut off": Hostile("a.jpg", "broken", lambda: jpeg()[:-2]),
    "a photograph without a size": Hostile("a.jpg", "broken", lambda: b"\xff\xd8\xff\xd9"),
    "a photograph of 4 billion points": Hostile("a.jpg", "pixels", lambda: jpeg(65_000, 65_000)),
    "a photograph that is a zip too": Hostile("a.jpg", "broken", lambda: jpeg() + office()),
    "a document called PDF": Hostile("a.pdf", "mismatch", office),
    "a workbook called a document": Hostile("a.docx", "mismatch", excel),
    "a PDF called a picture": Hostile("a.png", "mismatch", pdf),
    "text called a workbook": Hostile("a.xlsx", "mismatch", lambda: b"1,2\n"),
}

GOOD: Mapping[str, Callable[[], bytes]] = {
    "押印済み覚書.pdf": lambda: pdf(_objects(b"<< /Type /Page >>")),
    "印刷を制限した文書.pdf": lambda: pdf(b"<< /Type /Page >> trailer << /Encrypt 9 0 R >>"),
    "積算.xlsx": lambda: excel({"xl/printerSettings/printerSettings1.bin": b"\0\1\2"}),
    "協議の記録.docx": lambda: office(
        {"word/embeddings/表.xlsx": excel(), "word/media/1.png": png()}
    ),
    "現場.jpg": lambda: jpeg(8_000, 6_000),
    "現場.JPEG": jpeg,
    "画面.png": lambda: png(more=_chunk(b"iTXt", b"k\0\1\0\0\0" + zlib.compress(b"x" * 900))),
    "名簿.csv": lambda: "氏名,人数\n今別町,-5\n".encode("cp932"),
    "メモ.txt": lambda: "- A | 増えた!\n会場は今別町。\r\n".encode("utf-8-sig"),
}
