"""The parts of a mail that came in, as text.

Pure.  Whatever bytes come, it is over soon and nothing is raised: only the beginning is looked at,
and what is enclosed is text here, not opened any further.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from html.parser import HTMLParser
from typing import NamedTuple

MOST_BYTES = 1024 * 1024
_MOST_HEAD = 128 * 1024
_MOST_HTML = 200_000
_MOST_PARTS, _MOST_DEPTH = 50, 4
# The email package takes quadratic time over a parameter list that is made for that.
_LONGEST_TYPE = 2000

# Japanese charsets as mail programs write them: with what NEC and Microsoft added (①, 髙, ㈱).
_CHARSETS = {
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "euc-jp": "euc_jis_2004",
}
_JIS_MARK = re.compile(rb"\x1b(\$[@B]|\([BJI])")


class Leaf(NamedTuple):
    """A part that holds no parts: its type in lower case, its text, and whether it is a file."""

    kind: str
    text: str
    is_file: bool = False


def read(raw: bytes) -> tuple[Message, list[Leaf]]:
    """The head of a mail, and its parts in order."""
    raw = raw[:MOST_BYTES].replace(b"\r\n", b"\n")
    return _split(raw)[0], list(_leaves(raw))


def field(head: Message, name: str) -> str:
    """The header's text on one line, its encoded words decoded (RFC 2047); "" when there is none."""
    found = (text for key, text in head.raw_items() if key.lower() == name.lower())
    raw = str(next(found, ""))
    if not raw.isascii() or "\x1b" in raw:
        raw = decoded(raw.encode("utf-8", "surrogateescape"), "")
    value = " ".join(raw.split())
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value)
    except ValueError:
        return value
    return "".join(
        piece if isinstance(piece, str) else decoded(piece, charset or "")
        for piece, charset in pieces
    )


def decoded(content: bytes, charset: str) -> str:
    """A text's bytes as text; what is no character of that charset becomes a question mark."""
    if _JIS_MARK.search(content):
        return _from_jis(content)
    for name in (_CHARSETS.get(charset.lower(), charset or "utf-8"), "utf-8"):
        try:
            return content.decode(name)
        except (LookupError, UnicodeError):
            continue
    return content.decode("utf-8", errors="replace")


def from_html(source: str) -> str:
    """What a page says as lines; what it quotes stands behind "> " as in a plain text."""
    page = _Page()
    # Of a declaration that it does not know html.parser makes an AssertionError.
    with suppress(AssertionError):
        page.feed(source[:_MOST_HTML])
        page.close()
    return page.text


class _Page(HTMLParser):
    """Text of a page in lines: blocks end lines, quotes are marked."""

    _BLOCKS = re.compile("p|div|br|tr|li|[uo]l|table|h[1-6r]|pre|blockquote")
    _HIDDEN = ("style", "script", "head", "title")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines, self._quotes, self._hidden = [""], 0, 0

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._lines)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begins a line where a block begins, a quote where one is quoted."""
        self._end_line(tag)
        self._lines[-1] += " " * (tag in ("td", "th"))
        self._hidden += tag in self._HIDDEN
        self._quotes += tag == "blockquote"

    def handle_endtag(self, tag: str) -> None:
        """Ends what began."""
        self._quotes = max(0, self._quotes - (tag == "blockquote"))
        self._hidden = max(0, self._hidden - (tag in self._HIDDEN))
        self._end_line(tag)

    def handle_data(self, data: str) -> None:
        """Words; line breaks of the source are spaces."""
        if not self._hidden:
            words = " ".join(data.replace("\xa0", " ").split(" ")).replace("\n", " ")
            mark = "> " * self._quotes if not self._lines[-1] and words.strip() else ""
            self._lines[-1] += mark + words

    def _end_line(self, tag: str) -> None:
        if self._BLOCKS.fullmatch(tag) and (self._lines[-1] or tag == "br"):
            self._lines.append("")


def _split(raw: bytes) -> tuple[Message, bytes]:
    if raw.startswith(b"\n"):
        return Message(), raw[1:]
    top, _, body = raw.partition(b"\n\n")
    head = BytesHeaderParser().parsebytes(top[:_MOST_HEAD])
    if len(str(head.get("Content-Type", ""))) > _LONGEST_TYPE:
        del head["Content-Type"]
    return head, body


def _leaves(raw: bytes, depth: int = 0) -> Iterator[Leaf]:
    head, body = _split(raw)
    boundary = head.get_boundary() if head.get_content_maintype() == "multipart" else None
    if boundary and depth < _MOST_DEPTH:
        line = rb"^--%s(?:--)?[ \t]*$\n?" % re.escape(boundary.encode(errors="replace"))
        for part in re.split(line, body, maxsplit=_MOST_PARTS, flags=re.M)[1:]:
            yield from _leaves(part, depth + 1)
    else:
        is_file = head.get_content_disposition() == "attachment"
        yield Leaf(head.get_content_type(), _text(head, body), is_file)


def _text(head: Message, body: bytes) -> str:
    head.set_payload(body.decode("ascii", "surrogateescape"))
    content = head.get_payload(decode=True)
    assert isinstance(content, bytes)
    return decoded(content, head.get_content_charset(""))


def _from_jis(content: bytes) -> str:
    """ISO-2022-JP with the characters that mail programs add to it."""
    first, *rest = _JIS_MARK.split(content)
    text = first.decode("ascii", "replace")
    for mark, piece in zip(rest[::2], rest[1::2], strict=True):
        if mark in (b"(B", b"(J"):
            text += piece.decode("ascii", "replace")
        else:
            high = bytes(byte | 0x80 if 0x21 <= byte <= 0x7E else byte for byte in piece)
            text += high.decode("cp932" if mark == b"(I" else "euc_jis_2004", "replace")
    return text
