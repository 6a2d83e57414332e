"""Which figure of which municipality a row of a table tells, and what is wrong with the rest; pure."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tracker.amounts.yen import read_count
from tracker.characters.characters import shown
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.kernel.typed import plain
from tracker.municipalities.rules import Town, code_readings

# More rows than any area has municipalities; more cells than name, code and figure ever need.
MOST_ROWS, MOST_CELLS = 500, 30
_LONGEST = 60
_SUMS = frozenset({"計", "合計", "総計", "小計", "圏域計", "全体", "総数"})
_WITHIN = re.compile(r"^.{2,3}?[都道府県]|^.{1,6}?郡")
_SUFFIX = re.compile("[市町村]$")
_BLANK = re.compile(r"\s+")
_NUMBER = re.compile(r"[-+0-9.,]*[0-9][0-9.,]*")
# What stands behind a number in a cell: 「2,304人」.
_UNIT = re.compile(r"(?<=[0-9])(人|件|回|台|円|千円|百万円|世帯|泊|日|時間|冊|点)$")


class ReadRow(NamedTuple):
    """One row as it stood: its number, its words, whose figure was read, or what is wrong."""

    number: int
    words: str
    town: Town | None = None
    value: int | None = None
    problem: str = ""


class FigureTable(NamedTuple):
    """What a table said, and the municipalities that it said nothing of."""

    lines: Sequence[ReadRow]
    missing: Sequence[Town]

    @property
    def values(self) -> Mapping[str, int]:
        """The figures that were read, by municipality (slug)."""
        return {
            one.town.slug: one.value
            for one in self.lines
            if one.town and one.value is not None and not one.problem
        }

    def said_of(self, town: Town) -> Sequence[ReadRow]:
        """The rows about that municipality."""
        return [one for one in self.lines if one.town == town]

    @property
    def problems(self) -> Sequence[str]:
        """What is to be done about each row that was not read."""
        return [
            _("%(number)s行目（%(words)s）：%(problem)s", **one._asdict())
            for one in self.lines
            if one.problem
        ]


def pasted_rows(text: str) -> list[list[str]]:
    """The rows of a block copied from Excel, or typed: cells between tabs, else between blanks."""
    found = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        cells = line.split("\t") if "\t" in line else _BLANK.split(line.strip())
        if len(cells) == 1 and "," in line:
            cells = next(csv.reader([line]), [])
        found.append([one.strip().strip('"') for one in cells])
    return _few(found)


def csv_rows(content: bytes) -> list[list[str]]:
    """The rows of a CSV file in UTF-8 or Shift_JIS; raises Refusal for what is none."""
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
        found: list[list[str]] = []
        try:
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
                found.append([one.strip() for one in row])
                if len(found) > MOST_ROWS:
                    break
        except csv.Error:
            break
        return _few(found)
    raise Refusal(
        _("CSVとして読めません。Excelで「CSV UTF-8」を選んで保存し直してください。"), field="file"
    )


def _few(rows: list[list[str]]) -> list[list[str]]:
    if len(rows) > MOST_ROWS:
        raise Refusal(
            _("%(most)s行までの表だけを読めます。市町村の行だけにしてください。", most=MOST_ROWS)
        )
    return rows


def read_rows(rows: Sequence[Sequence[str]], towns: Sequence[Town]) -> FigureTable:
    """Reads a table row by row: a municipality by name or 団体コード, and its one figure.

    What stands above the first municipality are headings, and sums are left out.
    """
    lines = list(_lines(rows, towns))
    first = next((at for at, one in enumerate(lines) if one.town), len(lines))
    headings = [one for one in lines[:first] if _has_number(rows[one.number - 1])]
    kept = _without_doubles([*headings, *lines[first:]])
    said = {one.town for one in kept if one.town}
    return FigureTable(kept, [town for town in towns if town not in said])


def _lines(rows: Sequence[Sequence[str]], towns: Sequence[Town]) -> Iterator[ReadRow]:
    for number, row in enumerate(rows, 1):
        cells = [one for one in row[:MOST_CELLS] if one.strip()]
        if not cells or _BLANK.sub("", cells[0]) in _SUMS:
            continue
        words = shown(" ".join(cells))
        words = words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
        try:
            town, rest = _town_of(cells, towns)
            yield ReadRow(number, words, town, _figure(town, rest))
        except _Unread as unread:
            yield ReadRow(number, words, unread.town, None, unread.message)


class _Unread(Refusal):
    """Why a row was not read, and the municipality that it is of where that much is known."""

    def __init__(self, message: str, town: Town | None = None) -> None:
        super().__init__(message)
        self.town = town


def _town_of(cells: Sequence[str], towns: Sequence[Town]) -> tuple[Town, list[str]]:
    """The municipality of a row, and the cells that do not say which."""
    at, named = next(
        ((at, one) for at, cell in enumerate(cells) if (one := _named(cell, towns))), (0, [])
    )
    if len(named) > 1:
        names = "・".join(town.name for town in named)
        raise _Unread(
            _("%(names)sのどれか分かりません。名前を最後まで書いてください。", names=names)
        )
    by_code = [town for town in towns if town.code in code_readings(cells[0])]
    if not named:
        if len(by_code) == 1:
            return by_code[0], list(cells[1:])
        raise _Unread(
            _("圏域の市町村が見つかりません。名前か、5けたか6けたの団体コードを書いてください。")
        )
    town, rest = named[0], [one for place, one in enumerate(cells) if place != at]
    if at and code_readings(cells[0]):
        # A code before the name says the same, or one of both is wrong.
        if town not in by_code:
            raise _Unread(_("団体コードと名前が合いません。どちらかを直してください。"), town)
        rest = rest[1:]
    return town, rest


def _named(cell: str, towns: Sequence[Town]) -> list[Town]:
    """The municipalities that a cell may name: in full, within its 県 or 郡, or without 市町村."""
    text = _BLANK.sub("", plain(cell))
    texts = {text}
    while len(texts) < 3 and (found := _WITHIN.match(text)) and text != found[0]:
        text = text[found.end() :]
        texts.add(text)
    full = [town for town in towns if town.name in texts]
    return full or [town for town in towns if _SUFFIX.sub("", town.name) in texts]


def _figure(town: Town, cells: Sequence[str]) -> int:
    numbers = [one for one in cells if _NUMBER.match(plain(one))]
    if len(numbers) > 1:
        raise _Unread(
            _("数値が%(count)s個あります。使う数値の列だけにしてください。", count=len(numbers)),
            town,
        )
    if not numbers:
        raise _Unread(_("数値がありません。ないときは0を書くか、行ごと消してください。"), town)
    text = _UNIT.sub("", plain(numbers[0]))
    # As Excel shows a whole number in a column with decimals.
    text = re.sub(r"\.0+$", "", text)
    try:
        return read_count(text, _("%(town)sの数値", town=town.name))
    except Refusal as refusal:
        raise _Unread(refusal.message, town) from refusal


def _has_number(row: Sequence[str]) -> bool:
    return len(row) > 1 and any(_NUMBER.fullmatch(plain(one)) for one in row)


def _without_doubles(lines: Sequence[ReadRow]) -> list[ReadRow]:
    many = Counter(one.town for one in lines if one.town)
    return [
        one._replace(
            problem=one.problem
            or _("%(town)sの行が2つ以上あります。1行だけを残してください。", town=one.town.name)
        )
        if one.town and many[one.town] > 1
        else one
        for one in lines
    ]
