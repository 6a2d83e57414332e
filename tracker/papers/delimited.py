"""A paper as CSV: the rows of its tables, for programs and spreadsheets."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from tracker.papers.kinds import Amount, Cell, Document, Grid

# A spreadsheet takes a cell that begins so for a formula, in Japanese also where it is full-width.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def write(document: Document) -> bytes:
    """The bytes of the file: each table under its head, an empty line between two."""
    return csv_file(_rows(one for one in document.blocks if isinstance(one, Grid)))


def csv_file(rows: Iterable[Sequence[str | int | Decimal]]) -> bytes:
    """Rows as a file that spreadsheets read in Japanese; what somebody typed stays text."""
    text = io.StringIO()
    csv.writer(text).writerows(
        [safe_cell(one) if isinstance(one, str) else one for one in row] for row in rows
    )
    return text.getvalue().encode("utf-8-sig")


def safe_cell(text: str) -> str:
    """A cell of a file for a spreadsheet, which must not take what somebody typed for a formula."""
    begins = text.lstrip(" \N{IDEOGRAPHIC SPACE}")
    return f"'{text}" if begins.startswith(_FORMULA) else text


def _rows(grids: Iterable[Grid]) -> Iterator[Sequence[str | int | Decimal]]:
    for number, one in enumerate(grids):
        if number:
            yield []
        yield [head.replace("\n", "") for head in one.heads]
        for row in (*one.rows, *([one.total] if one.total else ())):
            yield [_plain(cell) for cell in row]


def _plain(cell: Cell) -> str | int | Decimal:
    """A cell as programs take it: bare numbers, ISO days, nothing for what is not known."""
    match cell:
        case Amount():
            return cell.value
        case date():
            return cell.isoformat()
        case _:
            return cell or ""
