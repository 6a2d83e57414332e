"""What kind of line is this? One look at a line of an agreement text, without its neighbours.

Every pattern is anchored and its repetitions are bounded, so a line costs its length once.
"""

import re
from dataclasses import dataclass
from enum import Enum

from tracker.kernel import wareki

DIGITS = "0-9〇一二三四五六七八九十百"
_KANJI = "〇一二三四五六七八九"
_UNITS = {"十": 10, "百": 100}

# Half-width stands for full-width; one character for one, so that positions stay true.
_FOLDS = tuple(zip("０１２３４５６７８９\u3000\xa0\t()", "0123456789   （）", strict=True))

Kind = Enum(
    "Kind",
    "DATE PARTY ARTICLE HEADER ROW ANNEX ITEM CAPTION NUMBERED CLOSING TITLE SENTENCE WORDS",
)

_ERA = "|".join(["西暦", *(name for era in wareki.ERAS for name in (era.name, era.letter))])
_CAPTION = "[^（）。「」]{1,60}"
_COUNT = f"[{DIGITS}元○◯ ]{{0,8}}"
_TEXT = tuple(
    (kind, re.compile(pattern, re.DOTALL))
    for kind, pattern in (
        (Kind.DATE, rf"(?:{_ERA})? *({_COUNT})年({_COUNT})月({_COUNT})日$"),
        (
            Kind.PARTY,
            r"(?P<letter>[甲乙丙丁])"
            r"(?:[ :：]+(?P<rest>[^、。]{0,20}[都道府県市町村区][^、。]{0,80}))?$",
        ),
        (
            Kind.ARTICLE,
            # 「第3条に規定する」 begins a broken line, not an article.
            rf"(?:（(?P<before>{_CAPTION})） *)?"
            rf"第 *(?P<number>[{DIGITS}]{{1,6}}) *条(?![のにをはがとで、及又並第中か])"
            rf" *(?:（(?P<after>{_CAPTION})）)? *(?P<rest>.*)",
        ),
        (
            Kind.ANNEX,
            rf"別 *表 *(?:第? *[{DIGITS}]{{1,3}})? *(?:（[{DIGITS}第条項の、及び ]{{1,20}}関係）)?"
            r" *(?P<rest>[^の、。]{0,60})$",
        ),
        (
            Kind.ITEM,
            r"(?:（(?P<number>[0-9]{1,3})） *|（[ア-ンa-z]） *|[ア-ン] +|[①-⑳] *)(?P<rest>.+)",
        ),
        (Kind.CAPTION, rf"（(?P<caption>{_CAPTION})）$"),
        (
            Kind.NUMBERED,
            r"(?P<number>[0-9]{1,3})(?P<gap> *[.．、]? *)(?P<rest>[^0-9 .．、年月日].*)",
        ),
        (Kind.CLOSING, "(?:この|本|以上|上記)[^。]{0,40}証|附 *則"),
        (Kind.TITLE, "[^。]{0,200}協約書?(?:（[^（）]{0,6}）)?$"),
        (Kind.SENTENCE, "[^、。]*[、。]"),
        (Kind.WORDS, ""),
    )
)
# A line with two tabs is a row of a table, unless it begins as one of the first three does.
_TABBED = (*_TEXT[:3], (Kind.ROW, re.compile("")))

_MOST_COLUMNS = 20
_COLUMNS = (
    ("title", re.compile("(?:連携(?:する)?)?施策名?|取組|取組項目|項目")),
    ("content", re.compile("(?:取組|連携|施策|事業)の?内容|内容")),
    ("role_a", re.compile("甲の役割")),
    ("role_b", re.compile("乙の役割")),
)
COLUMNS: tuple[str | None, ...] = tuple(name for name, _ in _COLUMNS)
"""The columns of a table that prints no header of its own."""


@dataclass(frozen=True, eq=False)
class Line:
    """A line that is not blank: as printed, trimmed, and what its kind's pattern found."""

    number: int
    raw: str
    text: str
    kind: Kind
    found: re.Match[str]

    @property
    def folded(self) -> str:
        """The trimmed text with half-width digits and full-width brackets."""
        return self.found.string

    def says(self, part: str) -> str | None:
        """A named part of the pattern, with half-width digits and full-width brackets."""
        return self.found[part]

    def printed(self, part: str) -> str:
        """A named part of the pattern exactly as printed; "" where it is missing."""
        start, end = self.found.span(part)
        return self.text[start:end].strip() if start >= 0 else ""

    @property
    def cells(self) -> list[str]:
        """The cells of a table row, trimmed, without empty ones at its end."""
        return cells_of(self.raw)


def fold(text: str) -> str:
    """Full-width digits and blanks made half-width, half-width brackets full-width."""
    for printed, plain in _FOLDS:
        text = text.replace(printed, plain)
    return text


def cells_of(raw: str) -> list[str]:
    """The cells of a printed row; in a table wider than any agreement's the last holds the rest."""
    return [cell.strip() for cell in raw.rstrip().split("\t", _MOST_COLUMNS)]


def numeral(digits: str) -> int:
    """Read 「12」「十二」「一〇」; what is no number gives some number, never an error."""
    total = unit = 0
    for digit in digits:
        if digit in _UNITS:
            total, unit = total + (unit or 1) * _UNITS[digit], 0
        else:
            unit = unit * 10 + (int(digit) if digit.isascii() else _KANJI.index(digit))
    return total + unit


def columns(cells: list[str]) -> tuple[str | None, ...] | None:
    """What each column of a header row holds (None: not ours); None if it is no header."""
    named: list[str | None] = []
    for cell in cells:
        word = "".join(cell.split())
        name = next((name for name, pattern in _COLUMNS if pattern.fullmatch(word)), None)
        named.append(None if name in named else name)
    return tuple(named) if len(cells) - named.count(None) >= 3 else None


def lines_of(text: str) -> list[Line]:
    """The lines of a text that are not blank; numbers count line feeds and nothing else."""
    return [
        _line(number, raw.rstrip("\r"))
        for number, raw in enumerate(text.split("\n"), start=1)
        if raw.strip()
    ]


def _line(number: int, raw: str) -> Line:
    text = raw.strip()
    folded = fold(text)
    patterns = _TABBED if raw.count("\t") >= 2 else _TEXT
    kind, found = next(
        (kind, found) for kind, pattern in patterns if (found := pattern.match(folded))
    )
    if kind is Kind.ROW and columns(cells_of(raw)):
        kind = Kind.HEADER
    return Line(number, raw, text, kind, found)
