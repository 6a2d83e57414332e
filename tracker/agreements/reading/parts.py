"""The parts of an agreement while it is being read, and the handlers that fill them line by line.

Each handler takes the draft and a line and says whether the line has a place there.
"""

import re
from dataclasses import dataclass, field
from datetime import date

from tracker.agreements.reading.agreement import Unplaced
from tracker.agreements.reading.lines import COLUMNS, Kind, Line, columns, fold, numeral
from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal

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
class TableRow:
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
    rows: list[TableRow] = field(default_factory=list)
    row: TableRow | None = None
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


# --- before the annex: cover, preamble, articles, closing, signatures ---------------------------

LETTERS = {"甲": "a", "乙": "b", "丙": "c", "丁": "d"}

_DECLARED = re.compile("（以下[、 ]?「?([甲乙丙丁])」?と(?:いう|する|称する)")
_BETWEEN_NAMES = re.compile(r"及び|並びに|[、。・「」（）\s]|(?<=[市町村区県）])と")
_LONGEST_NAME = 20
_OFFICE = re.compile("([^ ]{0,12}?(?:[市町村区]長|知事)) *")
_NO_NAME = re.compile(r"[\d、。「」]")
_PLACE = re.compile("[^ ]{1,12}[都道府県市町村区]$")
_WRITTEN = re.compile("[0-9元一二三四五六七八九十百]")
_SEAL = re.compile("(?: +印|㊞|（印）)$")


def title(draft: Draft, line: Line) -> bool:
    """The last title above the preamble is the agreement's; those before it are the cover's."""
    draft.titles.append(line)
    return True


def cover_day(draft: Draft, line: Line) -> bool:
    """The day on the cover."""
    if draft.cover_day is not None:
        return False
    draft.cover_day = line
    return True


def cover_names(draft: Draft, line: Line) -> bool:
    """Names of municipalities; `settle_all` sees whether they are the parties'."""
    names = _names_on(line)
    # 「青森市及び」 is no list of names but a title that was broken in two.
    if "。" in line.text or not names or not line.text.endswith(names[-1]):
        return False
    if not all(map(_PLACE.fullmatch, names)):
        return False
    draft.cover_names.append(line)
    return True


def preamble_begins(draft: Draft, line: Line) -> bool:
    """The first sentence under the title, or the one that says who 甲 is."""
    if not draft.titles and "甲" not in line.text:
        return False
    return _begin(draft, draft.preamble, line, line.text)


def preamble_goes_on(draft: Draft, line: Line) -> bool:
    """More of the preamble."""
    return _go_on(draft, draft.preamble, line)


def amending_sentence(draft: Draft, line: Line) -> bool:
    """「…を次のように改める。」 between the tables of a 変更協約."""
    return draft.amends and _go_on(draft, draft.preamble, line)


def caption(draft: Draft, line: Line) -> bool:
    """（目的）: belongs to the article on the very next line, if there is one."""
    _drop_caption(draft)
    draft.caption = line
    return True


def article(draft: Draft, line: Line) -> bool:
    """第1条 begins. A number that was there already is not an article again."""
    number = numeral(line.says("number") or "")
    if number < 1 or number in draft.articles:
        return False
    above = draft.caption if draft.caption is draft.previous else None
    words, lines = line.printed("before") or line.printed("after"), [line]
    if above is not None and not words:
        words, lines = above.printed("caption"), [above, line]
        draft.caption = None
    _drop_caption(draft)
    draft.article = draft.articles[number] = Article(number, words, lines)
    rest = line.printed("rest")
    if line.says("before") and line.says("after"):
        rest = line.text[line.found.start("after") - 1 :]
    return _begin(draft, draft.article.paragraphs, line, rest)


def paragraph(draft: Draft, line: Line) -> bool:
    """「2 前項の…」 is paragraph 2 when one stands before it; else the number is not dropped."""
    if draft.article is None:
        return False
    paragraphs = draft.article.paragraphs
    expected = len(paragraphs) + (1 if not _ends_loosely(paragraphs) else 0)
    if line.says("gap") and int(line.says("number") or 0) == expected:
        return _begin(draft, paragraphs, line, line.printed("rest"))
    return _go_on(draft, paragraphs, line)


def item(draft: Draft, line: Line) -> bool:
    """「(1) …」「ア …」 inside an article stays a line of its paragraph."""
    if draft.article is None:
        return False
    paragraphs = draft.article.paragraphs
    _settle(draft, paragraphs)
    if not paragraphs:
        _begin(draft, paragraphs, line, line.text)
    else:
        paragraphs[-1].lines.append(line)
        paragraphs[-1].pieces.append(f"\n{line.text}")
    paragraphs[-1].ends_listed = True
    return True


def article_goes_on(draft: Draft, line: Line) -> bool:
    """More of the article."""
    return draft.article is not None and _go_on(draft, draft.article.paragraphs, line)


def closing_begins(draft: Draft, line: Line) -> bool:
    """「この連携協約の締結を証するため…」, or 附則."""
    return _begin(draft, draft.closing, line, line.text)


def closing_goes_on(draft: Draft, line: Line) -> bool:
    """More of the closing words, until the day or a signature."""
    if not draft.closing or draft.signing_day or draft.signatures:
        return False
    if draft.closing[-1].is_finished and line.kind is not Kind.SENTENCE:
        return False
    return _go_on(draft, draft.closing, line)


def signing_day(draft: Draft, line: Line) -> bool:
    """The day above the signatures, perhaps left blank."""
    if draft.signing_day is not None:
        return False
    draft.signing_day = line
    return True


def party_signs(draft: Draft, line: Line) -> bool:
    """「甲 青森市長」, the name perhaps on the next line."""
    letter = line.says("letter") or ""
    signature = draft.signatures.setdefault(letter, Signature())
    draft.signing = letter
    rest = line.printed("rest")
    if not rest:
        signature.lines.append(line)
        return True
    return _sign(draft, signature, line, rest)


def signature_goes_on(draft: Draft, line: Line) -> bool:
    """The office, the municipality or the name of the party that is signing.

    「今別町長 中嶋久」 without a 乙 signs for the party of that name.
    """
    office = _OFFICE.match(fold(line.text))
    if office:
        if draft.names is None:
            draft.names = declared_names(joined(draft.preamble))
        letters = {name: letter for letter, name in draft.names.items()}
        draft.signing = letters.get(office[1].removesuffix("長"), draft.signing)
    if draft.signing is None:
        return False
    draft.signatures.setdefault(draft.signing, Signature())
    return _sign(draft, draft.signatures[draft.signing], line, line.text)


def declared_names(text: str) -> dict[str, str]:
    """甲 -> 青森市, from 「青森市（以下「甲」という。）及び今別町（以下「乙」という。）」."""
    text = fold(text)
    names: dict[str, str] = {}
    for found in _DECLARED.finditer(text):
        if found[1] not in names:
            before = text[max(0, found.start() - _LONGEST_NAME) : found.start()]
            names[found[1]] = _BETWEEN_NAMES.split(before.rstrip())[-1]
    return {letter: name for letter, name in names.items() if name}


def party_names(draft: Draft) -> dict[str, str]:
    """甲 -> 青森市: as the preamble declares them, else as they signed."""
    names = declared_names(joined(draft.preamble))
    for letter, signature in draft.signatures.items():
        name = signature.name or (signature.title or "").removesuffix("長")
        if name:
            names.setdefault(letter, name)
    return {letter: names[letter] for letter in LETTERS if letter in names}


def day_of(line: Line) -> date | None:
    """The day printed on a line; None where it is left blank or does not exist."""
    try:
        return wareki.read_day(line.folded.removeprefix("西暦"))
    except Refusal:
        return None


def joined(paragraphs: list[Paragraph]) -> str:
    """Paragraphs under one another."""
    return "\n".join(each.text for each in paragraphs)


def settle_all(draft: Draft) -> None:
    """At the end of the text, what only seemed to have a place loses it."""
    _drop_caption(draft)
    for paragraphs in (draft.preamble, draft.closing):
        _settle(draft, paragraphs)
    for each in draft.articles.values():
        _settle(draft, each.paragraphs)
    for day in (draft.cover_day, draft.signing_day):
        if day is not None and day_of(day) is None and _WRITTEN.search(day.folded):
            draft.reject(day)
    names = party_names(draft)
    for letter, signature in draft.signatures.items():
        if signature.name_line is not None and signature.name != names[letter]:
            draft.unplaced.append((signature.name_line, signature.name or ""))
    for line in draft.cover_names:
        if not set(names.values()).issuperset(_names_on(line)):
            draft.reject(line)


def _names_on(line: Line) -> list[str]:
    return _BETWEEN_NAMES.sub(" ", line.text).split()


def _begin(draft: Draft, paragraphs: list[Paragraph], line: Line, text: str) -> bool:
    _settle(draft, paragraphs)
    paragraphs.append(Paragraph([line], [text], anchored=True))
    return True


def _go_on(draft: Draft, paragraphs: list[Paragraph], line: Line) -> bool:
    if not paragraphs or paragraphs[-1].is_finished:
        paragraphs.append(Paragraph([line], [line.text], anchored=False))
        return True
    unfinished = paragraphs[-1]
    if unfinished.pieces != [""]:
        unfinished.seams.append((unfinished.lines[-1], line))
    unfinished.lines.append(line)
    unfinished.pieces.append(line.text)
    return True


def _ends_loosely(paragraphs: list[Paragraph]) -> bool:
    return bool(paragraphs) and not (paragraphs[-1].anchored or paragraphs[-1].is_finished)


def _settle(draft: Draft, paragraphs: list[Paragraph]) -> None:
    if _ends_loosely(paragraphs):
        for line in paragraphs.pop().lines:
            draft.reject(line)


def _drop_caption(draft: Draft) -> None:
    if draft.caption is not None:
        draft.reject(draft.caption)
        draft.caption = None


def _sign(draft: Draft, signature: Signature, line: Line, text: str) -> bool:
    folded = fold(text)
    seal = _SEAL.search(folded[-_LONGEST_NAME:])
    unsealed = text[: len(text) - len(seal[0])] if seal else text
    office = _OFFICE.match(folded)
    head = (unsealed[office.end() :] if office else unsealed).strip()
    if len(head) > _LONGEST_NAME or _NO_NAME.search(head):
        return False
    if office and signature.title is None:
        signature.title = text[: office.end()].strip()
    elif _PLACE.match(folded) and signature.name is None and signature.title is None:
        signature.name, signature.name_line, head = text, line, ""
    elif office or signature.title is None or signature.head is not None:
        return False
    if head:
        signature.head, signature.head_line = head, line
    if seal:
        draft.unplaced.append((line, seal[0].strip()))
    signature.lines.append(line)
    return True


# --- the annex (別表): policy fields, and tables whose rows pages may have split ----------------


def annex_begins(draft: Draft, line: Line) -> bool:
    """別表（第3条関係）. A second annex begins anew; the same heading again is a page break."""
    if draft.annex is not None and draft.annex.text != line.text:
        draft.heading, draft.row = "", None
    draft.annex = line
    if line.says("rest"):
        draft.unplaced.append((line, line.printed("rest")))
    return True


def policy_field(draft: Draft, line: Line) -> bool:
    """「1 圏域全体の経済成長のけん引」."""
    return _heading(draft, line, str(int(line.says("number") or 0)), None)


def amended_field(draft: Draft, line: Line) -> bool:
    """The same in a 変更協約, which may print it without a 別表 above."""
    return draft.amends and "、" not in line.text and policy_field(draft, line)


def policy_subfield(draft: Draft, line: Line) -> bool:
    """「(1) 生活機能の強化に係る政策分野」, under the field above: 3(1)."""
    number = line.says("number")
    if number is None:
        return False
    parent = draft.heading.partition("(")[0] or None
    return _heading(draft, line, f"{parent or ''}({int(number)})", parent)


def header(draft: Draft, line: Line) -> bool:
    """連携施策, 取組内容, 甲の役割, 乙の役割: again above each table and after page breaks."""
    draft.columns = columns(line.cells) or draft.columns
    _list_foreign_cells(draft, line)
    return True


def row(draft: Draft, line: Line) -> bool:
    """A row: a measure, or what a page break cut off the measure above."""
    cells = line.cells
    if len(cells) > len(draft.columns):
        return False
    named = {name: cell for name, cell in zip(draft.columns, cells, strict=False) if name and cell}
    title = named.pop("title", "")
    if not title and (draft.row is None or not named):
        return False
    if title:
        _measure(draft, line, title, named)
    elif draft.row and _continues(draft.row, named):
        _join(draft.row, line, named)
    elif draft.row:
        _measure(draft, line, draft.row.title, named).title_from_above = True
    _list_foreign_cells(draft, line)
    return True


def rest_of_row(draft: Draft, line: Line) -> bool:
    """A cut-off row that kept only its first tab."""
    return line.raw.startswith("\t") and row(draft, line)


def _list_foreign_cells(draft: Draft, line: Line) -> None:
    """Cells of columns an agreement has no field for, a running number perhaps."""
    for name, cell in zip(draft.columns, line.cells, strict=False):
        if name is None and cell:
            draft.unplaced.append((line, cell))


def _heading(draft: Draft, line: Line, number: str, parent: str | None) -> bool:
    title = line.printed("rest")
    known = draft.headings.get(number)
    if "。" in title:
        return False
    if known is not None and known.title != title:
        # Two fields of one number: what follows belongs to neither until a person says so.
        draft.heading, draft.row = "", None
        return False
    if known is None:
        known = draft.headings[number] = Heading(number, title, parent, [])
    known.lines.append(line)
    if draft.heading != number:
        draft.heading, draft.row = number, None
    return True


def _measure(draft: Draft, line: Line, title: str, named: dict[str, str]) -> TableRow:
    place = draft.counts[draft.heading] = draft.counts.get(draft.heading, 0) + 1
    number = f"{draft.heading}-{place}" if draft.heading else str(place)
    cells = {name: [cell] for name, cell in named.items()}
    draft.row = TableRow(number, draft.heading, title, cells, [line])
    draft.rows.append(draft.row)
    return draft.row


def _continues(upper: TableRow, named: dict[str, str]) -> bool:
    """Whether cells under a blank title finish the row above.

    They do when a cell above is broken off, or when they only repeat how the cells above end;
    whole sentences under whole sentences are another measure of the same title (contracts.md).
    """
    lasts = {name: upper.cells.get(name, [""])[-1] for name in named}
    broken = any(not is_whole(last) for last in lasts.values())
    return broken or all(lasts[name].endswith(cell) for name, cell in named.items())


def _join(upper: TableRow, line: Line, named: dict[str, str]) -> None:
    for name, cell in named.items():
        pieces = upper.cells.setdefault(name, [])
        # A whole sentence that ends with the very words below was finished on its own page.
        if pieces and is_whole(pieces[-1]) and pieces[-1].endswith(cell):
            upper.dropped.append((name, cell))
        else:
            pieces.append(cell)
    upper.lines.append(line)
