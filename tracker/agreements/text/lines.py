"""What kind of line is this? One look at a line of an agreement text, without its neighbours.

Every pattern is anchored and its repetitions are bounded, so a line costs its length once.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from tracker.kernel import wareki

DIGITS = "0-9〇一二三四五六七八九十百"
_KANJI = "〇一二三四五六七八九"
_UNITS = {"十": 10, "百": 100}

# Half-width stands for full-width; one character for one, so that positions stay true.
_FOLDS = tuple(zip("０１２３４５６７８９\u3000\xa0\t()｢｣", "0123456789   （）「」", strict=True))

# What PDF readers give for plain characters: radicals (U+2E80-2FD5), which nobody types, and the
# Korean doubles (U+F900-FA0B). Variants in people's names (U+FA0E and on) stay as they are.
_STAND_INS = {
    one: unicodedata.normalize("NFKC", one)
    for one in map(chr, (*range(0x2E80, 0x2FD6), *range(0xF900, 0xFA0C)))
    if unicodedata.normalize("NFKC", one) != one
}
_STAND_INS |= zip(
    "⺄⺊⺎⺒⺓⺝⺠⺧⺩⺼⺽⻁⻄⻆⻑⻗⻘⻝⻡⻣⻤⻨⻩⻫⻭⻯⻲⼾⾭⿈⿊",
    "乙卜兀巳幺月民牛王月臼虎西角長雨青食首骨鬼麦黄斉歯竜亀戸青黄黒",
    strict=True,
)
PAGE_NUMBER = re.compile(
    "[-－‐–— ]*[0-9]{1,3}[-－‐–— ]*|[0-9]{1,3} ?[/／] ?[0-9]{1,3}|[0-9]{1,3}ページ"
)
STAND_IN = re.compile(f"[{''.join(_STAND_INS)}]")

Kind = Enum(
    "Kind",
    "DATE PARTY ARTICLE ROW ANNEX ITEM CAPTION NUMBERED CLOSING TITLE SENTENCE WORDS",
)

_ERA = "|".join(["西暦", *(name for era in wareki.ERAS for name in (era.name, era.letter))])
_CAPTION = "[^（）。「」]{1,60}"
_COUNT = f"[{DIGITS}元○◯ ]{{0,8}}"
DAY = rf"(?:{_ERA})? *({_COUNT})年({_COUNT})月({_COUNT})日"
_PLACED = "[^、。]{0,20}[都道府県市町村区][^、。]{0,80}"
_MARKS = (
    "（ *(?:[ア-ンa-z]|[ivxⅰ-ⅹ]{1,4}) *）"
    "|(?:[ア-ンa-zⅰ-ⅹ]|[ivx]{2,4})(?= )|[一二三四五六七八九十]{1,2}(?= )|[①-⑳⑴-⒇]"
)
_TEXT = tuple(
    (kind, re.compile(pattern, re.DOTALL))
    for kind, pattern in (
        (Kind.DATE, f"（? *{DAY}(?:締結|付け?)? *）?$"),
        (
            Kind.PARTY,
            r"（? ?(?P<letter>[甲乙丙丁]) ?）?"
            rf"(?:(?:[ :：]+|(?<=）))(?P<rest>{_PLACED}))?$",
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
            # 「別表に」「別表3(1)の表に」 begin broken lines.
            rf"別 *表(?: *第? *(?P<number>[{DIGITS}]{{1,3}}))?"
            rf"(?: *（[{DIGITS}第条項の、及び ]{{1,20}}関係）)?"
            r"(?:$|(?:(?<=）)| +|(?=（[^0-9]{4}))(?![のにをはがとで、及又並中か])(?P<rest>[^。]{1,80})$)",
        ),
        (
            Kind.ITEM,
            rf"(?P<mark>（ *(?P<number>[0-9]{{1,3}}) *）|{_MARKS}) *(?P<rest>.+)",
        ),
        (Kind.CAPTION, rf"（(?P<caption>{_CAPTION})）$"),
        (
            Kind.NUMBERED,
            r"(?:第 ?(?=[0-9]{1,3} ))?(?P<number>[0-9]{1,3}|[Ⅰ-Ⅻ])(?P<gap> *[.．、]? *)"
            r"(?P<rest>[^0-9 .．、年月日].*)",
        ),
        (Kind.CLOSING, "(?:この|本|以上|上記)[^。]{0,40}証|附 *則"),
        (Kind.TITLE, rf"[^。]{{0,200}}協約書?(?: *（[^（）。]{{0,40}}）)*(?: +{DAY}(?:締結)?)?$"),
        (Kind.SENTENCE, "[^、。]*[、。]"),
        (Kind.WORDS, ""),
    )
)
_MARKED = re.compile(
    rf"(?P<mark>（ *[0-9]{{1,3}} *）|{_MARKS}|[0-9]{{1,3}}(?=[ .．、]))?[ .．、]*(?P<rest>.*)",
    re.DOTALL,
)
# A line with two tabs is a row of a table, unless it begins as one of the first three does.
_TABBED = (*_TEXT[:3], (Kind.ROW, re.compile("")))

_MOST_COLUMNS = 20
# What heads a column, the surest words first: those further down are taken where none of those
# above them stands in the same row, and what is left over holds nothing of ours.
_SOME = "(?:主な|具体的な?)?"
_CONTENT = f"{_SOME}(?:(?:連携|実施)(?:する)?)?(?:取組|施策|事業|事務)?の?{_SOME}(?:内容|概要)等?"
_COLUMNS = tuple(
    (name, re.compile(words))
    for name, words in (
        (
            "title",
            "(?:連携(?:する|を図る)?)?(?:施策|事業|取組|事務)(?:項目|事項|名称?)|(?:連携(?:する)?)?施策",
        ),
        ("content", _CONTENT),
        ("title", "連携(?:する|を図る)?(?:取組|事業|事務|項目|事項)|取組|項目|事業"),
        ("content", "具体的な?取組|取組(?:事項)?|(?:連携)?事業|基本方針"),
        ("title", "区分|(?:連携)?分野|事務|名称"),
        ("field", "(?:政策|連携|施策|取組)?の?(?:大?分野|区分)"),
    )
)
_ROLE = re.compile(
    "(.{0,24}?)((?:(?:の|が担う|が果たす)(?:主な)?|^)役割(?:分担)?(?:(?:及び|並びに|・|と).{1,8}|等)?)?"
)
_SOMEBODY = re.compile(
    "(?:[（）と・]|及び)*(?:[^（）の、]{0,10}(?:[市町村区側]|団体|自治体))?[（）]*"
)
_RUNNING_NUMBER = re.compile("番号|通番|項番|no|№|備考|$", re.IGNORECASE)
_LONGEST_HEADER = 30
COLUMNS: tuple[str | None, ...] = ("title", "content", "role_a", "role_b")
"""The columns of a table that prints no header of its own."""
_KEYS = "甲乙丙丁"
_ROLES = {"甲": "role_a", "乙": "role_b"}
Names = Mapping[str, str]
"""The parties: 青森市 -> 甲."""


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


def plain(text: str) -> str:
    """The text with plain characters where a PDF reader gave stand-ins, one for one."""
    return STAND_IN.sub(lambda found: _STAND_INS[found[0]], text)


def fold(text: str) -> str:
    """Full-width digits and blanks made half-width, half-width brackets full-width."""
    for printed, folded in _FOLDS:
        text = text.replace(printed, folded)
    return text


def cells_of(raw: str) -> list[str]:
    """The cells of a printed row; in a table wider than any agreement's the last holds the rest."""
    return [cell.strip() for cell in raw.rstrip().split("\t", _MOST_COLUMNS)]


def numeral(digits: str) -> int:
    """Read 「12」「十二」「一〇」「Ⅲ」「⑶」; what is no number gives some number, never an error."""
    total = unit = 0
    for digit in digits:
        if digit in _UNITS:
            total, unit = total + (unit or 1) * _UNITS[digit], 0
        else:
            unit = unit * 10 + (
                _KANJI.index(digit) if digit in _KANJI else int(unicodedata.numeric(digit, 0))
            )
    return total + unit


def columns(cells: Sequence[str], names: Names) -> tuple[str | None, ...] | None:
    """What each column of a header row holds (None: not ours); None if it is no header.

    Roles of parties that `names` does not tell apart (連携中枢都市の役割) are taken in order.
    """
    if any(len(cell) > 2 * _LONGEST_HEADER or "。" in cell for cell in cells):
        return None
    words = ["".join(fold(cell).split()) for cell in cells]
    named = [_role(word, names) for word in words]
    for name, pattern in _COLUMNS:
        fits = (at for at, word in enumerate(words) if not named[at] and pattern.fullmatch(word))
        if name not in named and (at := next(fits, None)) is not None:
            named[at] = name
    if "title" not in named and "content" in named:
        # Whatever its heading says, measures stand left of what they are about.
        left = [at for at in range(named.index("content")) if named[at] in (None, "field")]
        if left and not _RUNNING_NUMBER.match(words[left[-1]]):
            named[left[-1]] = "title"
    if named and named[-1] == "roles":
        named[-1:] = ["role", "role"]
    layout = list(_told_apart(named))
    return tuple(layout) if len(layout) - layout.count(None) >= 3 else None


def roles(cells: Sequence[str], names: Names) -> list[str | None]:
    """The columns of a second header row that only tells the parties apart; else nothing."""
    named = [_role("".join(fold(cell).split()), names) for cell in cells if cell]
    is_ours = len(named) >= 2 and set(named) <= {"role", *_ROLES.values()}
    return list(_told_apart(named)) if is_ours else []


def are_told_apart(cells: Sequence[str], names: Names) -> bool:
    """Whether a header says of each role whose it is."""
    return not {"role", "roles"} & {_role("".join(fold(cell).split()), names) for cell in cells}


def is_header_word(text: str, names: Names) -> bool:
    """Whether a text could head a column."""
    word = "".join(fold(text).split())
    return len(word) <= _LONGEST_HEADER and bool(
        _role(word, names) or any(pattern.fullmatch(word) for _name, pattern in _COLUMNS)
    )


def label(text: str, names: Names) -> tuple[str, str]:
    """What the items below a line are about (content, role_a ...; else ""), and the rest of it.

    「a 取組の内容」「(イ) 甲の役割　調べる。」, as they stand in the items of an article.
    """
    found = _MARKED.match(fold(text))
    word, _blank, rest = found["rest"].partition(" ") if found else ("", "", "")
    if len(word) > _LONGEST_HEADER:
        return "", ""
    named = _role(word, names) if "役割" in word else None
    return named or ("content" if re.fullmatch(_CONTENT, word) else ""), rest.strip()


def mark(text: str) -> str:
    """Which kind of mark an item has: （1）, （ア）, ア, a ...; "" if it has none."""
    found = _MARKED.match(fold(text))
    printed = (found["mark"] or "") if found else ""
    for one, pattern in (
        ("1", "[0-9]+"),
        ("ア", "[ア-ン]"),
        ("a", "[a-zⅰ-ⅹ]+"),
        ("①", "[①-⑳]"),
        ("一", "[一二三四五六七八九十]+"),
        ("⑴", "[⑴-⒇]"),
    ):
        printed = re.sub(pattern, one, printed)
    return printed.replace(" ", "")


def _role(word: str, names: Names) -> str | None:
    """Whose role a column holds: role_a, role_b, role (of some party), roles (of both)."""
    found = _ROLE.fullmatch(word)
    if not word or found is None:
        return None
    who, says_so = found[1], bool(found[2])
    letters: set[str] = set()
    # The longest first, and all before the letters: 甲府市 is no 甲.
    for known in (*sorted(names, key=len, reverse=True), *_KEYS):
        if known in who:
            letters.add(names.get(known, known))
            who = who.replace(known, "")
    if not _SOMEBODY.fullmatch(who) or not (says_so or (letters and not who.strip("（）"))):
        return None
    if len(letters) == 1:
        return _ROLES.get(*letters)
    return "roles" if letters or not who else "role"


def _told_apart(named: Sequence[str | None]) -> Iterator[str | None]:
    """Each column once; roles whose party is not named are the first that are missing."""
    free = [role for role in _ROLES.values() if role not in named]
    seen: set[str | None] = set()
    for name in named:
        told = (free.pop(0) if free else None) if name == "role" else name
        yield None if told in seen or told == "roles" else told
        seen.add(told)


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
    return Line(number, raw, text, kind, found)
