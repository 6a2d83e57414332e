"""The words of letters: fields set in 〔 〕, and lines short enough for any mail reader.

A letter's text is plain words that anybody can edit; what changes from letter to letter stands
in fields.  Nothing in a text or in a value is ever run as code.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

# A line of a letter holds 35 full-width characters (ux/spec.md 13), counted in half widths.
LINE = 70
# So many full-width signs a line stands in at most: behind a longer label nothing would fit.
_DEEPEST = 25
# Between them stands which personal link belongs there (mail/links.py): noncharacters, which no
# keyboard has and no text is exchanged with.
BEGIN, END = "\ufdd0", "\ufdd1"
_FIELD = re.compile(r"〔([^〔〕\n]{1,40})〕")
_LABEL = re.compile(r"　[^〔〕]*")
# An address, or a head of the record: in pieces it would open nothing, or be noted wrong.
_WHOLE = re.compile(rf"\s*(?:(?:https?://|{BEGIN})\S+|[0-9]+-[0-9a-f]{{64}})$")
# A line does not begin with these, nor end with those.
_NOT_FIRST = "、。，．・：；？！）」』】〕〉》ー々〜ぁぃぅぇぉっゃゅょァィゥェォッャュョ%％"
_NOT_LAST = "（「『【〔〈《"
_WORD = re.compile(r"[0-9A-Za-z.,:/_-]")


class Wording(NamedTuple):
    """The words of one kind of letter; fields may stand in both."""

    subject: str
    body: str

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields in it, each once, in order."""
        return fields_of(self.subject + "\n" + self.body)


@lru_cache(maxsize=256)
def fields_of(text: str) -> tuple[str, ...]:
    """The names between 〔 and 〕, each once, in order."""
    return tuple(dict.fromkeys(_FIELD.findall(text)))


@lru_cache(maxsize=8192)
def width(text: str) -> int:
    """Half widths: a full-width character counts two."""
    return len(text) if text.isascii() else sum(map(_sign_width, text))


@lru_cache(maxsize=8192)
def _sign_width(sign: str) -> int:
    return 2 if unicodedata.east_asian_width(sign) in "WFA" else 1


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields filled in and its long lines broken.

    A line whose fields are all empty goes.  A value of several lines keeps them under each
    other; behind a label (「　期限　〔期限〕」) they stand under the value's beginning.
    Raises KeyError for a field without a value.
    """
    lines = [out for line in _lines(text) for out in _filled(line, values)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def fill_line(text: str, values: Mapping[str, str]) -> str:
    """The same for a subject: one line, however long."""
    return " ".join(_FIELD.sub(lambda found: values[found[1]], text).split("\n")).strip()


def column(rows: Iterable[tuple[str, str]]) -> str:
    """Labels and values under each other, a line each: 「青森市　　1,964,000円」."""
    many = list(rows)
    most = max((width(label) for label, _ in many), default=0)
    return "\n".join(
        label + "　" * ((most - width(label)) // 2 + 1) + value for label, value in many
    )


class _Line(NamedTuple):
    """A line of a text: words and names of fields by turns, and where its value begins."""

    parts: tuple[str, ...]
    hang: int


@lru_cache(maxsize=256)
def _lines(text: str) -> tuple[_Line, ...]:
    """The text's lines, looked at once for all letters that are written with it."""
    return tuple(map(_line, text.splitlines()))


def _line(text: str) -> _Line:
    parts = tuple(_FIELD.split(text))
    label = _LABEL.match(parts[0]) if len(parts) > 1 else None
    return _Line(parts, width(label[0]) if label else _edge(text))


def _filled(line: _Line, values: Mapping[str, str]) -> list[str]:
    names = line.parts[1::2]
    if names and not any(values[name].strip() for name in names):
        return []
    made = [""]
    for place, part in enumerate(line.parts):
        first, *more = (values[part] if place % 2 else part).split("\n")
        # A label stands once; what follows it keeps its distance from the edge.
        margin = "　" * min(width(made[-1]) // 2, _DEEPEST) if more else ""
        made[-1] += first
        made += [margin + one for one in more]
    return [piece for one in made for piece in _broken(one.rstrip(), line.hang)]


def _edge(line: str) -> int:
    return width(line) - width(line.lstrip())


def _broken(line: str, hang: int) -> list[str]:
    """The line in pieces that fit; what is of use only as a whole (`_WHOLE`) stays so."""
    pieces: list[str] = []
    signs = 0
    while width(line) > LINE and not _WHOLE.match(line):
        signs = signs if pieces else min(max(hang, _edge(line)) // 2, _DEEPEST)
        cut = _beside_a_mark(line, _cut(line, signs + 1), signs)
        pieces.append(line[:cut].rstrip())
        line = "　" * signs + line[cut:].lstrip()
    return [*pieces, line]


def _cut(line: str, least: int) -> int:
    """Where a line that is too long breaks: after a stop in its second half, else where it must."""
    end, wide = 0, 0
    while (wide := wide + _sign_width(line[end])) <= LINE:
        end += 1
    stop = max(line.rfind("。", 0, end), line.rfind("、", 0, end)) + 1
    if stop > (end + least) // 2:
        return stop
    cut = end
    while cut > least and _is_bad(line, cut):
        cut -= 1
    return cut if cut > (end + least) // 2 else end


def _beside_a_mark(line: str, cut: int, margin: int) -> int:
    """The cut, moved out of a mark: before it, or behind one that begins the line."""
    begin = line.rfind(BEGIN, 0, cut)
    end = line.find(END, begin) + 1
    if begin < 0 or end <= cut:
        return cut
    return begin if line[margin:begin].strip() else end


def _is_bad(line: str, cut: int) -> bool:
    before, after = line[cut - 1], line[cut]
    within_word = bool(_WORD.match(before) and _WORD.match(after))
    return after in _NOT_FIRST or before in _NOT_LAST or within_word
