"""The words of letters: fields set in 〔 〕, and lines short enough for any mail reader.

A letter's text is plain words that a clerk can edit; what changes from letter to letter stands
in fields.  Nothing in a text or in a value is ever run as code.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple

# A line of a letter holds 35 full-width characters (ux/spec.md 13), counted in half widths.
LINE = 70
_FIELD = re.compile(r"〔([^〔〕\n]{1,40})〕")
_LABEL = re.compile(r"　[^〔〕]*")
_ADDRESS = re.compile(r"\s*https?://\S+$")
# A line does not begin with these, nor end with those.
_NOT_FIRST = "、。，．・：；？！）」』】〕〉》ー々〜ぁぃぅぇぉっゃゅょァィゥェォッャュョ%％"
_NOT_LAST = "（「『【〔〈《"
_WORD = re.compile(r"[0-9A-Za-z.,:/_-]")


class Words(NamedTuple):
    """The text of one kind of letter; fields may stand in both."""

    subject: str
    body: str

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields in it, each once, in order."""
        return fields_of(self.subject + "\n" + self.body)


def fields_of(text: str) -> tuple[str, ...]:
    """The names between 〔 and 〕, each once, in order."""
    return tuple(dict.fromkeys(_FIELD.findall(text)))


def width(text: str) -> int:
    """Half widths: a full-width character counts two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in text)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields filled in and its long lines broken.

    A line whose fields are all empty goes.  A value of several lines keeps them under each
    other; behind a label (「　期限　〔期限〕」) they stand under the value's beginning.
    Raises KeyError for a field without a value.
    """
    lines = [out for line in text.splitlines() for out in _filled(line, values)]
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


def _filled(line: str, values: Mapping[str, str]) -> list[str]:
    parts = _FIELD.split(line)
    names = parts[1::2]
    if names and not any(values[name].strip() for name in names):
        return []
    made = [""]
    for place, part in enumerate(parts):
        first, *more = (values[part] if place % 2 else part).split("\n")
        # A label stands once; what follows it keeps its distance from the edge.
        margin = "　" * (width(made[-1]) // 2)
        made[-1] += first
        made += [margin + one for one in more]
    label = _LABEL.match(parts[0]) if names else None
    hang = width(label[0]) if label else _edge(line)
    return [piece for one in made for piece in _broken(one.rstrip(), max(hang, _edge(one)))]


def _edge(line: str) -> int:
    return width(line) - width(line.lstrip())


def _broken(line: str, hang: int) -> list[str]:
    """The line in pieces that fit; an address stays whole, or its link would not open."""
    pieces = []
    while width(line) > LINE and not _ADDRESS.match(line):
        cut = _cut(line, hang // 2 + 1)
        pieces.append(line[:cut].rstrip())
        line = "　" * (hang // 2) + line[cut:].lstrip()
    return [*pieces, line]


def _cut(line: str, least: int) -> int:
    """Where a line that is too long breaks: after a stop in its second half, else where it must."""
    end, wide = 0, 0
    while wide + width(line[end]) <= LINE:
        wide += width(line[end])
        end += 1
    stop = max(line.rfind("。", 0, end), line.rfind("、", 0, end)) + 1
    if stop > (end + least) // 2:
        return stop
    cut = end
    while cut > least and _is_bad(line, cut):
        cut -= 1
    return cut if cut > (end + least) // 2 else end


def _is_bad(line: str, cut: int) -> bool:
    before, after = line[cut - 1], line[cut]
    within_word = bool(_WORD.match(before) and _WORD.match(after))
    return after in _NOT_FIRST or before in _NOT_LAST or within_word
