"""A paper as Excel: numbers are numbers and days are days, printed on A4 as wide as the page."""

import io
import math
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from tracker.papers.kinds import (
    Amount,
    Bars,
    Boxes,
    Cell,
    Document,
    Grid,
    Lines,
    NewPage,
    Pairs,
    Title,
    shown,
)

_ERA_DAY = '[$-ja-JP]ggge"年"m"月"d"日"'
_LEAST = 6
# Points: no row is higher, and what has no room there is not seen.
_HIGHEST = 409
_MOST_LINES = 10
# Rows that stay in sight above a table; more would leave no room to scroll.
_MOST_FROZEN = 8


def write(document: Document) -> bytes:
    """The bytes of the file."""
    return _Excel(document).bytes


def number_format(amount: Amount) -> str:
    """How Excel shows what the other formats print."""
    plain = "#,##0" + ("." + "0" * amount.places if amount.places else "")
    unit = f'"{amount.unit}"' if amount.unit else ""
    plus = "+" if amount.signed else ""
    return f"{plus}{plain}{unit};\N{MINUS SIGN}{plain}{unit};{plain}{unit}"


class _Excel:
    def __init__(self, document: Document) -> None:
        import xlsxwriter

        kept = io.BytesIO()
        # Nothing typed becomes a formula or a link.
        off = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
        self.book = xlsxwriter.Workbook(kept, off)
        self.sheet = self.book.add_worksheet(_sheet_name(document.title))
        self.styles: dict[tuple[tuple[str, Any], ...], Any] = {}
        self.y = 0
        self.columns = max(_columns(one) for one in document.blocks)
        self.page = document.signs
        self.widths = self._widths(document.blocks)
        self.has_one_table = sum(isinstance(one, Grid) for one in document.blocks) == 1
        self._set_up(document)
        self._row(document.left, f"{document.right}　{document.mark}".strip())
        self._merged(document.title, bold=True, font_size=14, align="center")
        self.sheet.set_row(self.y - 1, 30)
        for block in document.blocks:
            getattr(self, type(block).__name__.lower())(block)
        self.book.close()
        self.bytes = kept.getvalue()

    def _set_up(self, document: Document) -> None:
        self.book.set_properties({"title": document.title, "keywords": document.version})
        if document.made_at:
            self.book.set_properties(
                {
                    "title": document.title,
                    "keywords": document.version,
                    "created": document.made_at.replace(tzinfo=None),
                }
            )
        self.sheet.set_paper(9)
        if document.is_wide:
            self.sheet.set_landscape()
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_margins(0.6, 0.55, 0.55, 0.65)
        self.sheet.set_footer(f'&L&"BIZ UDPゴシック"&7{document.foot.replace("&", "&&")}&R&P / &N')
        self.sheet.hide_gridlines(2)
        for x, width in enumerate(self.widths):
            self.sheet.set_column(x, x, width)

    def _widths(self, blocks: Sequence[Any]) -> list[float]:
        """Of the columns: those of the widest table."""
        grids = [one for one in blocks if isinstance(one, Grid)]
        widest = max(grids, key=lambda one: len(one.heads), default=None)
        if widest is None:
            return [self.page / self.columns] * self.columns
        given = [*widest.widths, *[1.0] * (self.columns - len(widest.widths))]
        longest = [*widest.longest, *[0] * self.columns]
        return [
            max(_LEAST, self.page * one / sum(given), most + 2.0)
            for one, most in zip(given, longest, strict=False)
        ]

    def _style(self, **more: Any) -> Any:
        key = tuple(sorted(more.items()))
        if key not in self.styles:
            base = {"font_name": "BIZ UDPゴシック", "font_size": 10, "valign": "vcenter"}
            self.styles[key] = self.book.add_format({**base, "text_wrap": True, **more})
        return self.styles[key]

    def _put(self, first: int, last: int, cell: Cell, **style: Any) -> None:
        """One cell, from column `first` to `last` of this row."""
        value: Any = cell
        if isinstance(cell, Amount):
            value = cell.value if isinstance(cell.value, int) else float(cell.value)
            style |= {"num_format": number_format(cell), "align": "right"}
            style |= {"bold": True} if cell.is_bold else {}
        elif isinstance(cell, date):
            style |= {"num_format": _ERA_DAY, "align": "right"}
        elif cell is None:
            value, style = shown(None), style | {"align": "right"}
        form = self._style(**style)
        if last > first:
            self.sheet.merge_range(self.y, first, self.y, last, "", form)
        if isinstance(cell, date):
            self.sheet.write_datetime(self.y, first, value, form)
        elif isinstance(cell, Amount):
            self.sheet.write_number(self.y, first, value, form)
        else:
            self.sheet.write_string(self.y, first, value, form)

    def _next(self, cells: Sequence[tuple[int, int, Cell]]) -> None:
        """Makes the row high enough for its longest words, and goes to the next."""
        high = 1
        for first, last, cell in cells:
            room = sum(self.widths[first : last + 1]) * 0.95
            high = max(
                high, sum(max(1, math.ceil(_wide(one) / room)) for one in shown(cell).split("\n"))
            )
        self.sheet.set_row(self.y, min(_HIGHEST, 15 * high + 3))
        self.y += 1

    def _merged(self, text: str, **style: Any) -> None:
        self._put(0, self.columns - 1, text, **style)
        self._next([(0, self.columns - 1, text)])

    def _row(self, left: str, right: str) -> None:
        half = self.columns // 2
        self._put(0, half - 1, left)
        self._put(half, self.columns - 1, right, align="right")
        self._next([])

    def title(self, block: Title) -> None:
        self._next([])
        self._merged(f"■ {block.text}", bold=True)

    def lines(self, block: Lines) -> None:
        way = {"center": "center", "left": "left"}.get(block.align, "right")
        for text in block.texts:
            self._merged(text, align=way)

    def newpage(self, _block: NewPage) -> None:
        self.sheet.set_h_pagebreaks([self.y])

    def pairs(self, block: Pairs) -> None:
        half = self.columns // 2
        for row in _short(block.rows):
            spans = [(0, self.columns)] if len(row) == 1 else [(0, half), (half, self.columns)]
            cells: list[tuple[int, int, Cell]] = []
            for (first, end), (label, cell) in zip(spans, row, strict=True):
                self._put(first, first, label, **_HEAD)
                self._put(first + 1, end - 1, cell, border=1, align="left")
                cells += [(first, first, label), (first + 1, end - 1, cell)]
            self._next(cells)

    def grid(self, block: Grid, spans: Sequence[tuple[int, int]] = ()) -> None:
        spans = spans or self._spans(block.widths)
        if len(block.heads) == self.columns:
            self.sheet.repeat_rows(self.y)
        self._cells(spans, block.heads, **_HEAD, align="center")
        if self.has_one_table and self.y <= _MOST_FROZEN:
            self.sheet.freeze_panes(self.y, 1)
        for row in block.rows:
            self._cells(spans, row, border=1)
        if block.total:
            self._cells(spans, block.total, **_HEAD)

    def _spans(self, widths: Sequence[float]) -> list[tuple[int, int]]:
        """A table of fewer columns: each takes several, so that it is as wide as the page."""
        scale, spans, first = sum(self.widths) / sum(widths), list[tuple[int, int]](), 0
        for x in range(len(widths)):
            wanted, left = sum(widths[: x + 1]) * scale, len(widths) - x - 1
            ends = range(first + 1, self.columns - left + 1)
            end = min(ends, key=lambda one: abs(sum(self.widths[:one]) - wanted))
            spans.append((first, end - 1))
            first = end
        return spans

    def _cells(self, spans: Sequence[tuple[int, int]], row: Sequence[Cell], **style: Any) -> None:
        for x, ((first, last), cell) in enumerate(zip(spans, row, strict=True)):
            self._put(
                first, last, cell, **(style | (_HEAD if x == 0 and isinstance(cell, str) else {}))
            )
        self._next([(*span, cell) for span, cell in zip(spans, row, strict=True)])

    def bars(self, block: Bars) -> None:
        begin = self.y
        self.grid(block.grid, [(x, x) for x in range(len(block.bars) + 1)])
        count = len(block.bars)
        chart = self.book.add_chart({"type": "column"})
        line = self.book.add_chart({"type": "line"})
        for offset, one in ((1, chart), (2, line)):
            series = {
                "name": [self.sheet.name, begin + offset, 0],
                "categories": [self.sheet.name, begin, 1, begin, count],
                "values": [self.sheet.name, begin + offset, 1, begin + offset, count],
            }
            one.add_series(series)
        chart.combine(line)
        chart.set_title({"name": block.name, "name_font": {"size": 10}})
        chart.set_size({"width": 680, "height": 190})
        self.sheet.insert_chart(self.y, 0, chart, {"description": block.name})
        self.y += 10

    def boxes(self, block: Boxes) -> None:
        self._next([])
        first = max(0, self.columns - len(block.labels))
        for x, label in enumerate(block.labels, first):
            self._put(x, x, label, **_HEAD, align="center")
        self._next([])
        for x, _label in enumerate(block.labels, first):
            self._put(x, x, "", border=1)
        self.sheet.set_row(self.y, 40)
        self.y += 1


_HEAD = {"bold": True, "bg_color": "#EEF0F3", "border": 1}
# What the name of a sheet may not hold.
_NO_NAME = str.maketrans(dict.fromkeys("[]:*?/\\'", "　"))


def _short(rows: Sequence[Sequence[tuple[str, Cell]]]) -> Iterator[Sequence[tuple[str, Cell]]]:
    """Rows that Excel can show: a long text goes on in the row below."""
    for row in rows:
        label, lines = row[0][0], shown(row[0][1]).split("\n")
        if len(row) > 1 or len(lines) <= _MOST_LINES:
            yield row
            continue
        for at in range(0, len(lines), _MOST_LINES):
            yield [(label if at == 0 else "（続き）", "\n".join(lines[at : at + _MOST_LINES]))]


def _sheet_name(title: str) -> str:
    """As much of a title as the name of a sheet may have: 31 units of UTF-16."""
    fitting = title.translate(_NO_NAME).encode("utf-16-le")[:62]
    return fitting.decode("utf-16-le", errors="ignore")


def _columns(block: Any) -> int:
    if isinstance(block, Bars):
        return len(block.bars) + 1
    return len(block.heads) if isinstance(block, Grid) else 6 if isinstance(block, Pairs) else 4


def _wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WFA" else 1 for one in text)
