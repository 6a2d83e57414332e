"""What has been read of an agreement so far: its paragraphs, articles, rows and signatures."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tracker.agreements.text.agreement import Unplaced
from tracker.agreements.text.lines import COLUMNS, Line, fold, numeral

_ENDS = ("。", "。）", "。)", "。」")


_CIRCLES = "○◯●◎■□ 　"
_SORT = re.compile("連携協約書?|協約書?")
_BRACKETS = re.compile("（[^（）]*）")
_WITH_ANNEX = re.compile(
    r"（ *[0-9]{1,2} *） *(?P<title>[^（）。]{2,60})（ *別表 *第? *(?P<annex>[0-9一二三四五六七八九]{1,2}) *）"
)
_AMENDING = re.compile(
    "協約書?[^。]{0,30}を(?:次の(?:とおり|ように))?(?:一部)?(?:変更|改正|改定|改め)(?!し?よう)"
)


def is_whole(text: str) -> bool:
    """Whether a text ends as a sentence does."""
    return text.endswith(_ENDS)


@dataclass
class Paragraph:
    """A paragraph and the lines it was printed on.

    It is anchored when its first line showed what it is (第1条, 2, この連携協約の…); a loose one
    must prove itself by ending as a sentence does. `seams` are the pairs of lines it joined; a
    listing one has measures among its items.
    """

    lines: list[Line]
    pieces: list[str]
    anchored: bool
    ends_listed: bool = False
    is_listing: bool = False
    seams: list[tuple[Line, Line]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words of the paragraph; its items (号) stand on lines of their own."""
        return "".join(self.pieces)

    @property
    def says(self) -> str:
        """The words of the paragraph without the measures among its items."""
        return self.pieces[0] if self.is_listing else self.text

    @property
    def is_finished(self) -> bool:
        """Whether the next line begins something new."""
        return self.ends_listed or is_whole(self.pieces[-1])


@dataclass
class Article:
    """条 in the making."""

    number: int
    caption: str
    lines: list[Line]
    paragraphs: list[Paragraph] = field(default_factory=list)


@dataclass
class Signature:
    """What stands at the end for one party."""

    name: str | None = None
    name_line: Line | None = None
    title: str | None = None
    office: str = ""
    head: str | None = None
    head_line: Line | None = None
    lines: list[Line] = field(default_factory=list)


@dataclass
class Heading:
    """A policy field in the making."""

    number: str
    title: str
    parent: str | None
    lines: list[Line]


@dataclass
class TableRow:
    """A measure in the making: its cells in pieces, as page breaks left them."""

    number: str
    heading: str
    title: str
    cells: dict[str, list[str]]
    lines: list[Line]
    title_from_above: bool = False
    filled: int = 0
    is_quoted: bool = False
    is_broken: bool = False
    is_split: bool = False
    dropped: list[tuple[str, str]] = field(default_factory=list)

    def cell(self, column: str) -> str:
        """A cell with its pieces joined, without the quotes that Excel puts around line breaks."""
        text = "".join(self.cells.get(column, []))
        quoted = len(text) > 1 and text[0] == text[-1] == '"'
        return text[1:-1].replace('""', '"') if quoted else text

    def last(self, layout: Sequence[str | None]) -> str:
        """The last piece of the cell that is printed last."""
        name = layout[min(self.filled, len(layout)) - 1]
        return self.title if name == "title" else self.cells.get(name or "", [""])[-1]


def _bare(text: str) -> str:
    """Folded words without what stands in brackets."""
    return _BRACKETS.sub("", _BRACKETS.sub("", fold(text)))


def joined(paragraphs: list[Paragraph]) -> str:
    """Paragraphs under one another."""
    return "\n".join(each.text for each in paragraphs)


@dataclass
class Draft:
    """Everything read so far. `placed` and `unplaced` keep the account of every line, `why`
    the kind of doubt where it is not that of its line."""

    previous: Line | None = None
    titles: list[list[Line]] = field(default_factory=list)
    title_begins: Line | None = None
    cover_day: Line | None = None
    cover_names: list[Line] = field(default_factory=list)
    preamble: list[Paragraph] = field(default_factory=list)
    caption: Line | None = None
    articles: dict[int, Article] = field(default_factory=dict)
    article: Article | None = None
    closing: list[Paragraph] = field(default_factory=list)
    signing_day: Line | None = None
    names: Mapping[str, str] | None = None
    why: dict[int, str] = field(default_factory=dict)
    signatures: dict[str, Signature] = field(default_factory=dict)
    signing: str | None = None
    annex: Line | None = None
    columns: tuple[str | None, ...] = COLUMNS
    headings: dict[str, Heading] = field(default_factory=dict)
    heading: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    rows: list[TableRow] = field(default_factory=list)
    row: TableRow | None = None
    is_ruled: bool = False
    unsure: Line | None = None
    pending: Line | None = None
    is_first: bool = False
    counted: list[Line] = field(default_factory=list)
    of_column: set[str] = field(default_factory=set)
    run: list[Line] = field(default_factory=list)
    above_run: Line | None = None
    spaced: Line | None = None
    run_lines: list[Line] = field(default_factory=list)
    loose: list[Line] | None = None
    placed: set[int] = field(default_factory=set)
    unplaced: list[tuple[Line, str]] = field(default_factory=list)

    def reject(self, line: Line) -> None:
        """A whole line found no place, or lost the place it seemed to have."""
        self.placed.discard(line.number)
        self.unplaced.append((line, line.raw))

    @property
    def amends(self) -> bool:
        """Whether this is a 変更協約: an agreement that changes another, as title or preamble say."""
        titles = map(_bare, self.title_texts)
        is_past_preamble = self.articles or self.annex or self.rows or self.closing
        return any("変更" in title or "一部改正" in title for title in titles) or bool(
            is_past_preamble and self._amends_in_preamble
        )

    @cached_property
    def _amends_in_preamble(self) -> bool:
        return bool(_AMENDING.search(_bare(joined(self.preamble))))

    @property
    def title_texts(self) -> list[str]:
        """The titles without the ○ of a collection of laws; the agreement's own stands last.

        One that only says 連携協約 tells the sort of a text.
        """
        texts = ["".join(line.text for line in lines).lstrip(_CIRCLES) for lines in self.titles]
        return sorted(texts, key=lambda text: not _SORT.fullmatch(text))

    @property
    def title_lines(self) -> list[Line]:
        """The lines of the agreement's own title."""
        named = [lines for lines in self.titles if not _SORT.fullmatch(lines[0].text)]
        return (named or self.titles or [[]])[-1]

    @cached_property
    def listed_fields(self) -> Mapping[str, str]:
        """The policy fields that an article lists with their annexes: (1) 経済成長（別表第1）."""
        found = (
            _WITH_ANNEX.fullmatch(line.folded)
            for article in self.articles.values()
            for paragraph in article.paragraphs
            for line in paragraph.lines
        )
        return {str(numeral(each["annex"])): each["title"] for each in found if each}

    def left_over(self) -> list[tuple[Line, Unplaced]]:
        """What found no place, in the order of the text."""
        ordered = sorted(self.unplaced, key=lambda entry: entry[0].number)
        return [(line, Unplaced(line.number, text)) for line, text in ordered]
