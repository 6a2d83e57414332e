"""Papers: a template and its subject's own shape become a `Document`, and that Word, Excel or PDF.

A feature's `papers.py` holds its templates and registers each as one row.  The writers (word.py,
excel.py, pdf.py) know blocks only: all formats of a paper have the same words and figures.
Source: contracts.md, "Papers, meeting, progress".
"""

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any, NamedTuple, Protocol, TypeAlias

from flask import Flask, abort, current_app, g, send_file, url_for
from flask.sansio.app import App
from werkzeug.wrappers import Response

from tracker.amounts.yen import grouped
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FIRST, LAST, FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.plumbing import clock

PDF, WORD, EXCEL, CSV, ZIP = "pdf", "docx", "xlsx", "csv", "zip"
# Digits that fit across an A4 page, upright and on its side, and beside each number.
UPRIGHT, SIDEWAYS, _MARGIN = 78.0, 115.0, 1.5
# What the sender of a letter fills in.
BLANK_NO, BLANK_DAY, _SEAL = "第　　　　号", "令和　　年　　月　　日", "　　　　　　　　"
NOT_A_SEAL = (
    "「確認」は、双方の担当が内容を確かめた記録です。決裁又は記名押印に代わるものではありません。"
)
_OFFICE = "application/vnd.openxmlformats-officedocument."
# Format -> its writer in this folder, what browsers call it, and what people do.
_WRITERS: Mapping[str, tuple[str, str, str]] = {
    PDF: ("pdf", "application/pdf", "PDF"),
    WORD: ("word", f"{_OFFICE}wordprocessingml.document", "Word"),
    EXCEL: ("excel", f"{_OFFICE}spreadsheetml.sheet", "Excel"),
    CSV: ("delimited", "text/csv", "CSV"),
    ZIP: ("bundle", "application/zip", "zip"),
}


class Amount(NamedTuple):
    """A number as it is printed, with its decimals and unit; in Excel it stays a number.

    signed: a difference, with a plus sign.  is_bold: what the row is about.
    """

    value: int | Decimal
    unit: str = ""
    signed: bool = False
    is_bold: bool = False

    @property
    def places(self) -> int:
        """How many decimals are printed."""
        return max(0, -int(Decimal(self.value).as_tuple().exponent))

    def __str__(self) -> str:
        """「1,964,000円」, 「+2,034.4」, 「−513.1」, 「78.56％」."""
        plus = "+" if self.signed and self.value > 0 else ""
        shown = grouped(self.value) if isinstance(self.value, int) else f"{self.value:,f}"
        return plus + shown.replace("-", "\N{MINUS SIGN}") + self.unit


Cell: TypeAlias = str | Amount | date | None


def shown(cell: Cell) -> str:
    """A cell in words; 「—」 for what is not known, which is never 0."""
    if cell is None:
        return "—"
    return wareki.long(cell) if isinstance(cell, date) else str(cell)


class Title(NamedTuple):
    """A heading within the paper."""

    text: str


class Lines(NamedTuple):
    """Paragraphs: left, center, right, or `sender`, which stand in the right half."""

    texts: Sequence[str]
    align: str = "left"


class Pairs(NamedTuple):
    """Labels with their values; one or two pairs a row."""

    rows: Sequence[Sequence[tuple[str, Cell]]]


class Grid(NamedTuple):
    """A table; its head is repeated on each page.  widths: of the columns, in parts of the whole.

    total: the last row, which is set off.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    widths: Sequence[float]
    total: Sequence[Cell] | None = None

    @property
    def longest(self) -> list[int]:
        """By column the signs of its longest number, which is never broken."""
        return [max(map(len, one), default=0) for one in self._numbers]

    @property
    def _numbers(self) -> list[list[str]]:
        rows = (*self.rows, *([self.total] if self.total else ()))
        columns = zip(*rows, strict=True)
        return [[str(cell) for cell in one if isinstance(cell, Amount)] for one in columns]

    def scale(self, signs: float = UPRIGHT) -> float:
        """How small it is set so that each number has room in its column; 1: as everything.

        signs: how many digits fit across the page.
        """
        room = signs / sum(self.widths)
        fits = (
            (room * width - _MARGIN) / longest
            for width, column in zip(self.widths, self._numbers, strict=False)
            for longest in [max(map(_digits, column), default=0)]
            if longest
        )
        return min(1.0, *fits, 1.0)


def _digits(text: str) -> float:
    """How many digits are as wide as this number with its unit."""
    return sum(0.5 if one in ",." else 1.0 if one.isascii() else 1.5 for one in text)


class Bar(NamedTuple):
    """One value of a plot, and its target, None where there is none; partial: not of the whole."""

    label: str
    value: Amount | None
    target: Amount | None = None
    partial: bool = False


class Bars(NamedTuple):
    """Values side by side: drawn in PDF, a table in Word, both in Excel."""

    name: str
    bars: Sequence[Bar]

    @property
    def grid(self) -> Grid:
        """The same as a table."""
        return Grid(
            ("", *(one.label for one in self.bars)),
            (
                ("実績", *(one.value for one in self.bars)),
                ("目標", *(one.target for one in self.bars)),
            ),
            (1.0,) * (len(self.bars) + 1),
        )


class Boxes(NamedTuple):
    """決裁欄: empty boxes for seals, each under its label."""

    labels: Sequence[str]


class NewPage(NamedTuple):
    """What follows begins on a page of its own."""


Block: TypeAlias = Title | Lines | Pairs | Grid | Bars | Boxes | NewPage


def letter_head(number: str | None, day: date | None, to: str, sender: str) -> list[Block]:
    """文書番号 and 発信日, each left open where there is none yet, 宛先 and 発信者."""
    return [
        Lines([number or BLANK_NO, wareki.long(day) if day else BLANK_DAY], "right"),
        Lines([to]),
        Lines([sender + _SEAL], "sender"),
    ]


def paged(letters: Iterable[Sequence[Block]]) -> list[Block]:
    """Each on a page of its own."""
    return [block for one in letters for block in (NewPage(), *one)][1:]


@dataclass(frozen=True)
class Document:
    """A paper in reading order.  left, right: what stands above the title.

    mark: 「案」, so that nobody takes a draft for what was decided.  is_letter: 公文 without a title
    of its own, set larger; foot: who printed it and when (`paper` fills it in).  is_wide: on A4
    laid on its side, for tables of many columns.
    """

    title: str
    blocks: Sequence[Block]
    left: str = ""
    right: str = ""
    mark: str = ""
    is_letter: bool = False
    is_wide: bool = False
    foot: str = ""
    made_at: datetime | None = None
    version: str = ""

    @property
    def signs(self) -> float:
        """How many digits fit across its pages."""
        return SIDEWAYS if self.is_wide else UPRIGHT


class Enclosure(NamedTuple):
    """A file that goes with papers: its title, its name and how it is read (None: it is lost)."""

    title: str
    name: str
    read: Callable[[], bytes | None]


@dataclass(frozen=True)
class Bundle:
    """All papers of one subject with its files, as document systems take them.

    papers: each kind with its own subject.  label: of the subject, which each name ends in; title:
    what it is about.  as_of: when what they tell was changed last; every paper is dated so, that
    the same state gives the same bytes.
    """

    label: str
    title: str
    papers: Sequence[tuple["PaperKind", Any]]
    files: Sequence[Enclosure]
    as_of: datetime

    def as_file(self, form: str) -> bytes:
        """The zip."""
        written: bytes = _writer(form).write(self)
        return written


class Compiled(Protocol):
    """Several papers in one file (a `Bundle`, a `Volume`), which knows how it is written."""

    def as_file(self, form: str) -> bytes:
        """The file in that format."""


class PaperLinks(NamedTuple):
    """A paper on a page: its name, and each format with its address."""

    name: str
    formats: Sequence[tuple[str, str]]


class PaperKind(NamedTuple):
    """A kind of paper, one row where it is registered.

    make: its template.  find: the subject by the last part of its address; None: there is none,
    or it has no papers yet.
    version: grows when the template does, and stands at the foot of the paper.
    about: the kind of subject as the record calls it, where its papers are bundled: whoever may
    read that subject gets them; is_offered: whether there is this paper as far as it has come;
    is_bundled: whether whoever asks may have it among those of its subject.
    """

    kind: str
    name: str
    formats: tuple[str, ...]
    make: Callable[[Any], Document | Compiled]
    find: Callable[[str], Any]
    version: int = 1
    about: str = ""
    is_offered: Callable[[Any], bool] = bool
    is_bundled: Callable[[Any], bool] = bool


def init_app(app: Flask, area_name: Callable[[], str]) -> None:
    """Makes room for the kinds; `area_name` stands at the foot of each paper."""
    app.extensions["papers"] = {}
    app.extensions["papers_area"] = area_name


def register(app: App, rows: Iterable[PaperKind]) -> None:
    """Adds a feature's kinds of papers."""
    kinds: dict[str, PaperKind] = app.extensions["papers"]
    kinds.update({row.kind: row for row in rows})


def kinds() -> Mapping[str, PaperKind]:
    """All kinds of papers by their name."""
    found: Mapping[str, PaperKind] = current_app.extensions["papers"]
    return found


def papers_of(about: str, address: str) -> list[tuple[PaperKind, Any]]:
    """The kinds of papers offered now of one subject, in whatever room, each with its own."""
    rows = [row for row in kinds().values() if row.about == about and ZIP not in row.formats]
    found = {find: find(address) for find in dict.fromkeys(row.find for row in rows)}
    return [
        (row, of)
        for row in rows
        if (of := found[row.find]) is not None and row.is_offered(of) and row.is_bundled(of)
    ]


def document(kind: str, subject: Any, as_of: datetime | None = None) -> Document:
    """The template filled with its subject; the same for all formats.

    as_of: when its subject was changed last, for a copy that says neither when nor by whom it was
    made.
    """
    made = kinds()[kind].make(subject)
    assert isinstance(made, Document)
    return _with_foot(kinds()[kind], made, as_of)


def _with_foot(row: PaperKind, made: Document, as_of: datetime | None) -> Document:
    at = (as_of or clock.now()).astimezone(clock.TOKYO)
    printed = (
        f"出力 {wareki.long(at.date())} {wareki.clock_time(at.time())}　"
        f"{getattr(g.get('actor'), 'name', '')}　"
    )
    foot = (
        f"連携協約 進行管理（{current_app.extensions['papers_area']()}）　"
        f"{'' if as_of else printed}様式 第{row.version}版"
    )
    values = dict(vars(made))
    values |= {
        "foot": foot.replace("　　", "　"),
        "made_at": at,
        "version": f"{row.kind}/{row.version}",
    }
    return Document(**values)


def paper(kind: str, subject: Any, form: str, as_of: datetime | None = None) -> bytes:
    """One paper as a file of that format; raises Refusal for a format it is not made in."""
    row = kinds()[kind]
    if form not in row.formats:
        raise Refusal(_("この書類の形式は、%(formats)sです。", formats="・".join(row.formats)))
    made = row.make(subject)
    if not isinstance(made, Document):
        return made.as_file(form)
    written: bytes = _writer(form).write(_with_foot(row, made, as_of))
    return written


def _writer(form: str) -> Any:
    return import_module(f"tracker.papers.{_WRITERS[form][0]}")


def number_in(address: str) -> int | None:
    """An address that is a number: 「3」."""
    return int(address) if address.isascii() and address.isdecimal() else None


def year_in(address: str) -> FiscalYear | None:
    """An address that is a fiscal year: 「2026」."""
    year = number_in(address) if len(address) == 4 else None
    return FiscalYear(year) if year and FIRST <= year <= LAST else None


def links(rows: Iterable[PaperKind], endpoint: str, **args: Any) -> list[PaperLinks]:
    """What a page offers of its subject."""
    return [
        PaperLinks(
            row.name,
            [
                (_WRITERS[form][2], url_for(endpoint, kind=row.kind, form=form, **args))
                for form in row.formats
            ],
        )
        for row in rows
    ]


def paper_file(
    rows: Iterable[PaperKind], kind: str, subject: Any, form: str, named: str
) -> Response:
    """One of these papers as a file, or 404; `named` says in the file's name whose it is."""
    row = next((one for one in rows if one.kind == kind and form in one.formats), None)
    if row is None or subject is None:
        abort(404)
    return send_file(
        io.BytesIO(paper(kind, subject, form)),
        mimetype=_WRITERS[form][1],
        as_attachment=True,
        download_name=f"{row.name}_{named}.{form}",
    )
