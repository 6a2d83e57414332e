"""The agreement while it is being read: what the line handlers fill in, line by line."""

from dataclasses import dataclass, field

from tracker.agreements.text_lines import COLUMNS, Line
from tracker.agreements.text_values import Unplaced

_ENDS = ("。", "。）", "。)", "。」")


def is_whole(text: str) -> bool:
    """Whether a text ends as a sentence does."""
    return text.endswith(_ENDS)


@dataclass
class Paragraph:
    """A paragraph and the lines it was printed on.

    It is anchored when its first line showed what it is (第1条, 2, この連携協約の…); a loose one
    must prove itself by ending as a sentence does. `seams` are the pairs of lines it joined.
    """

    lines: list[Line]
    pieces: list[str]
    anchored: bool
    ends_listed: bool = False
    seams: list[tuple[Line, Line]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words of the paragraph; its items (号) stand on lines of their own."""
        return "".join(self.pieces)

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
class Row:
    """A measure in the making: its cells in pieces, as page breaks left them."""

    number: str
    heading: str
    title: str
    cells: dict[str, list[str]]
    lines: list[Line]
    title_from_above: bool = False
    dropped: list[tuple[str, str]] = field(default_factory=list)

    def cell(self, column: str) -> str:
        """A cell with its pieces joined."""
        return "".join(self.cells.get(column, []))


@dataclass
class Draft:
    """Everything read so far. `placed` and `unplaced` keep the account of every line."""

    previous: Line | None = None
    titles: list[Line] = field(default_factory=list)
    cover_day: Line | None = None
    cover_names: list[Line] = field(default_factory=list)
    preamble: list[Paragraph] = field(default_factory=list)
    caption: Line | None = None
    articles: dict[int, Article] = field(default_factory=dict)
    article: Article | None = None
    closing: list[Paragraph] = field(default_factory=list)
    signing_day: Line | None = None
    names: dict[str, str] | None = None
    signatures: dict[str, Signature] = field(default_factory=dict)
    signing: str | None = None
    annex: Line | None = None
    columns: tuple[str | None, ...] = COLUMNS
    headings: dict[str, Heading] = field(default_factory=dict)
    heading: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    row: Row | None = None
    placed: set[int] = field(default_factory=set)
    unplaced: list[tuple[Line, str]] = field(default_factory=list)

    def reject(self, line: Line) -> None:
        """A whole line found no place, or lost the place it seemed to have."""
        self.placed.discard(line.number)
        self.unplaced.append((line, line.raw))

    @property
    def amends(self) -> bool:
        """Whether this is a 変更協約: an agreement that changes another."""
        return any("変更" in line.text or "一部改正" in line.text for line in self.titles)

    def left_over(self) -> list[tuple[Line, Unplaced]]:
        """What found no place, in the order of the text."""
        ordered = sorted(self.unplaced, key=lambda entry: entry[0].number)
        return [(line, Unplaced(line.number, text)) for line, text in ordered]
