"""What municipalities do together: the annex (別表), or the items of an article.

An annex has policy fields and tables; pages, line breaks and copying may have split their rows.
Each handler takes the draft and a line and says whether the line has a place there.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tracker.agreements.text.draft import Draft, Heading, TableRow, is_whole
from tracker.agreements.text.lines import (
    COLUMNS,
    Kind,
    Line,
    are_told_apart,
    columns,
    fold,
    is_header_word,
    label,
    mark,
    numeral,
    roles,
)
from tracker.agreements.text.parts import known_names

_BULLET = re.compile(
    "(?P<dot>[・･*○◯●◎◇◆■□→-])|(?P<one>（ ?[1アa] ?）|[①⑴]|[1アa](?: |[.．、]))"
    "|（ ?(?:[0-9]{1,3}|[ア-ンa-z]) ?）|[①-⑳⑴-⒇]|(?:[0-9]{1,3}|[ア-ンa-z])(?: |[.．、])"
)
_NOTE = ("備考", "注", "※")
_FIELD = re.compile("分野|けん引|牽引|集積|強化|向上|形成|充実|振興")
_AROUND_FIELD = "【】［］〔〕《》<>＜＞■□◆◇●○▼・ 　"
_AGAIN = re.compile("[（(]?(?:続き|つづき)[)）]?")
_RELATED = re.compile(r"[（(][0-9０-９別表第条関係項の、及び]{3,20}[)）]$")


def annex_begins(draft: Draft, line: Line) -> bool:
    """別表第1（第3条関係）. A second annex begins anew; the same heading again is a page break."""
    settle(draft)
    if draft.annex is not None and draft.annex.text != line.text:
        draft.heading, draft.row = "", None
    draft.annex = line
    rest = _RELATED.sub("", line.printed("rest")).strip()
    if _AGAIN.fullmatch(rest):
        draft.unplaced.append((line, rest))
    elif rest:
        named_field(draft, line, rest.strip("（）()"))
    return True


def policy_field(draft: Draft, line: Line) -> bool:
    """「1 圏域全体の経済成長のけん引」."""
    return _heading(draft, line, str(numeral(line.says("number") or "")), None)


def amended_field(draft: Draft, line: Line) -> bool:
    """The same in a 変更協約, which may print it without a 別表 above."""
    return draft.amends and "、" not in line.text and policy_field(draft, line)


def policy_subfield(draft: Draft, line: Line) -> bool:
    """「(1) 生活機能の強化に係る政策分野」, under the field above: 3(1)."""
    number = line.says("number") or line.says("mark") or ""
    if re.fullmatch("[一二三四五六七八九十]{1,2}", number):
        return _heading(draft, line, str(numeral(number)), None)
    if not re.fullmatch("[0-9]{1,3}|[⑴-⒇]", number):
        return False
    parent = draft.heading.partition("(")[0] or None
    return _heading(draft, line, f"{parent or ''}({numeral(number)})", parent)


def field_words(draft: Draft, line: Line) -> bool:
    """A line that may name a policy field without a number: what stands below it will show."""
    if "。" in line.text or "\t" in line.raw:
        return False
    _let_go(draft)
    draft.pending, draft.is_first = line, draft.previous is draft.annex
    return True


def named_field(draft: Draft, line: Line, words: str) -> bool:
    """A policy field without a number: that of its annex (別表第2), else the next one."""
    title = words.strip(_AROUND_FIELD)
    same = (each.number for each in draft.headings.values() if each.title == title)
    own = _annex_number(draft)
    number = next(same, own if own and own not in draft.headings else "")
    if not number:
        number = str(
            1 + max((numeral(each.partition("(")[0]) for each in draft.headings), default=0)
        )
        draft.counted.append(line)
    return _heading(draft, line, number, None, title)


def header(draft: Draft, line: Line) -> bool:
    """連携施策, 取組内容, 甲の役割, 乙の役割: again above each table and after page breaks."""
    names, cells = known_names(draft), line.cells
    if len(cells) < 2:
        return False
    if draft.is_ruled and (apart := roles(cells, names)):
        # A second row under 「役割分担」.
        below = iter(apart)
        is_role = ("role_a", "role_b")
        draft.columns = tuple(
            next(below, name) if name in is_role else name for name in draft.columns
        )
        draft.unsure = None
        return True
    layout = columns(cells, names)
    if layout is None:
        return False
    settle(draft, draft.pending)
    draft.columns, draft.is_ruled = layout, True
    draft.unsure = None if are_told_apart(cells, names) else line
    _take_pending(draft, draft.previous)
    draft.unplaced += [(line, cell) for cell in cells if cell and not is_header_word(cell, names)]
    return True


def row(draft: Draft, line: Line) -> bool:
    """A row: a measure, or what a page break cut off the measure above."""
    cells = line.cells
    if len(cells) > len(draft.columns):
        return False
    named = {name: cell for name, cell in zip(draft.columns, cells, strict=False) if name and cell}
    title, above = named.pop("title", ""), draft.row
    if not title and (above is None or not named):
        return False
    settle(draft, draft.pending)
    if words := named.pop("field", ""):
        _field_of_column(draft, line, words)
    if title:
        first = draft.pending
        if first and draft.is_first:
            _take_pending(draft, None)
        elif (
            first and first is draft.previous and first.number + 1 == line.number and draft.is_ruled
        ):
            draft.pending = None
            _measure(draft, [first, line], first.text + title, named).is_broken = True
            return _list_foreign_cells(draft, line)
        _measure(draft, [line], title, named)
    elif above and _continues(above, named):
        _join(above, line, named)
    elif above:
        _measure(draft, [line], above.title, named).title_from_above = True
    return _list_foreign_cells(draft, line)


def _field_of_column(draft: Draft, line: Line, words: str) -> None:
    """A column of fields counts where nothing above the table names one."""
    if draft.heading and draft.heading not in draft.of_column:
        draft.unplaced.append((line, words))
    elif not draft.heading or draft.headings[draft.heading].title != words:
        named_field(draft, line, words)
        draft.of_column.add(draft.heading)


def part_of_row(draft: Draft, line: Line) -> bool:
    """A row with a single tab: cut off by a page, or its next cell begins a new line.

    Where blanks stand for tabs, a row has just as many cells as its header.
    """
    words = line.text.split(None, len(COLUMNS) + 2)
    if "\t" not in line.raw and len(words) >= 3:
        spaced = replace(line, raw="\t".join(words))
        if header(draft, spaced):
            draft.spaced = draft.spaced or line
            return True
        if draft.spaced is None or len(words) != len(draft.columns) or is_whole(words[0]):
            return False
        return row(draft, spaced)
    starts = draft.is_ruled and not is_whole(line.cells[0])
    return "\t" in line.raw and (line.raw.startswith("\t") or starts) and row(draft, line)


def cell_goes_on(draft: Draft, line: Line) -> bool:
    """A line break inside a cell: the rest of it, and the cells that follow."""
    above, cells = draft.row, [cell.strip() for cell in line.raw.split("\t", 20)]
    if above is None or draft.previous is not above.lines[-1]:
        return False
    if above.filled + len(cells) - 1 > len(draft.columns) or not _goes_on(
        draft, above, line, cells
    ):
        return False
    for place, cell in enumerate(cells, start=above.filled - 1):
        name = draft.columns[place]
        if name == "title":
            above.title += cell
        elif name:
            pieces = above.cells.setdefault(name, [])
            below = pieces and (
                above.is_quoted or is_whole(pieces[-1]) or _BULLET.match(fold(cell))
            )
            pieces.append(f"\n{cell}" if below else cell)
        elif cell:
            draft.unplaced.append((line, cell))
        above.is_quoted ^= cell.count('"') % 2 == 1
    above.filled += len(cells) - 1
    above.lines.append(line)
    above.is_broken = True
    return True


def _goes_on(draft: Draft, above: TableRow, line: Line, cells: Sequence[str]) -> bool:
    if above.is_quoted:
        return True
    first, last = cells[0], above.last(draft.columns)
    if not first or first.startswith(_NOTE) or line.number != above.lines[-1].number + 1:
        return False
    bullet = _BULLET.match(fold(first))
    if above.filled < len(draft.columns):
        return bool(bullet) or is_whole(first) or not is_whole(last)
    # Below a whole row a heading may stand, or a sentence that amends.
    is_cut = not is_whole(last) and any(is_whole(above.cell(name)) for name in above.cells)
    return not draft.amends and bool((bullet and bullet["dot"]) or is_whole(first) or is_cut)


# --- a table whose cells were copied one a line -------------------------------------------------


def loose_cell(draft: Draft, line: Line) -> bool:
    """A word of a header that stands on a line of its own, or a cell below such a header."""
    if "\t" in line.raw:
        return False
    names = known_names(draft)
    if is_header_word(line.text, names):
        draft.above_run = draft.above_run if draft.run else draft.previous
        draft.run.append(line)
        return True
    if draft.run:
        words = [each.text for each in draft.run]
        if layout := columns(words, names):
            run, draft.run = draft.run, []
            settle(draft, draft.pending, is_before_header=True)
            _take_pending(draft, draft.above_run)
            draft.columns, draft.loose, draft.row = layout, [], None
            draft.run_lines += run
            draft.unsure = None if are_told_apart(words, names) else run[0]
        else:
            _drop_run(draft)
    if draft.loose is None:
        return False
    draft.loose.append(line)
    return True


def settle(draft: Draft, keep: Line | None = None, *, is_before_header: bool = False) -> None:
    """What waited for the lines below it finds its place or loses it."""
    _drop_run(draft)
    if draft.pending is not keep:
        _let_go(draft)
    lines, draft.loose = draft.loose or [], None
    width = len(draft.columns)
    below: list[Line] = []
    while is_before_header and len(lines) % width and not is_whole(lines[-1].text):
        below.insert(0, lines.pop())
    at, is_nominal = 0, not any(is_whole(line.text) for line in lines)
    while at < len(lines):
        found = list(_cells_at(lines, at, width, is_nominal))
        if found:
            _loose_row(draft, found)
        elif not _loose_heading(draft, lines[at]):
            draft.reject(lines[at])
            draft.why[lines[at].number] = "not_read"
        at += sum(map(len, found)) or 1
    if lines:
        draft.row = None
    for line in below:
        if not _loose_heading(draft, line):
            draft.reject(line)


def _cells_at(lines: list[Line], at: int, width: int, is_nominal: bool) -> Iterator[list[Line]]:
    """The cells of the row that begins there, each with its lines; nothing where none is sure."""
    if is_nominal and len(lines) % width == 0:
        yield from ([line] for line in lines[at : at + width])
        return
    cells = [[lines[at]]]
    for line in lines[at + 1 :]:
        bullet, upper = _BULLET.match(fold(line.text)), _BULLET.match(fold(cells[-1][-1].text))
        if not (is_whole(line.text) or (bullet and bullet["dot"])) or len(cells) > width:
            break
        if len(cells) > 1 and bullet and upper and not bullet["one"]:
            cells[-1].append(line)
        else:
            cells.append([line])
    if len(cells) == width and not is_whole(lines[at].text):
        yield from cells


def _loose_row(draft: Draft, cells: list[list[Line]]) -> None:
    texts = ["\n".join(line.text for line in cell) for cell in cells]
    named = {name: text for name, text in zip(draft.columns, texts, strict=True) if name}
    _measure(draft, [line for cell in cells for line in cell], named.pop("title", ""), named)
    for name, cell in zip(draft.columns, cells, strict=True):
        draft.unplaced += [(line, line.text) for line in cell if name is None]


def _loose_heading(draft: Draft, line: Line) -> bool:
    handler = {Kind.NUMBERED: policy_field, Kind.ITEM: policy_subfield}.get(line.kind)
    if handler:
        return handler(draft, line)
    return bool(_FIELD.search(line.text)) and named_field(draft, line, line.text)


def _drop_run(draft: Draft) -> None:
    for line in draft.run:
        draft.reject(line)
    draft.run = []


def _let_go(draft: Draft) -> None:
    if draft.pending is not None:
        draft.reject(draft.pending)
        draft.pending = None


def _take_pending(draft: Draft, above: Line | None) -> None:
    """The words right above a table name its field, if they stand under 別表 or sound like one."""
    words = draft.pending
    if words is None:
        return
    if draft.is_first or (words is above and _FIELD.search(words.text)):
        draft.pending = None
        if not named_field(draft, words, words.text):
            draft.reject(words)
    else:
        _let_go(draft)


def _annex_number(draft: Draft) -> str:
    number = draft.annex.says("number") if draft.annex else None
    return str(numeral(number)) if number else ""


def _list_foreign_cells(draft: Draft, line: Line) -> bool:
    """Cells of columns an agreement has no field for, a running number perhaps."""
    for name, cell in zip(draft.columns, line.cells, strict=False):
        if name is None and cell:
            draft.unplaced.append((line, cell))
    return True


def _heading(
    draft: Draft, line: Line, number: str, parent: str | None, words: str | None = None
) -> bool:
    title = line.printed("rest") if words is None else words
    known = draft.headings.get(number)
    if "。" in title:
        return False
    _let_go(draft)
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


def _measure(draft: Draft, lines: list[Line], title: str, named: dict[str, str]) -> TableRow:
    if not draft.heading and (listed := draft.listed_fields.get(_annex_number(draft))):
        named_field(draft, draft.annex or lines[0], listed)
    place = draft.counts[draft.heading] = draft.counts.get(draft.heading, 0) + 1
    number = f"{draft.heading}-{place}" if draft.heading else str(place)
    cells = {name: [cell] for name, cell in named.items()}
    draft.row = TableRow(number, draft.heading, title, cells, lines)
    draft.row.filled = lines[-1].raw.count("\t") + 1
    draft.row.is_quoted = lines[-1].raw.count('"') % 2 == 1
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
    upper.is_split = True


# --- measures in the items of an article --------------------------------------------------------


def listed_measures(draft: Draft) -> None:
    """Measures that an article lists: 「(1) 政策分野」「ア 施策」「(ア) 取組の内容」「(イ) 甲の役割」."""
    fields: dict[int, str] = {}
    for article in draft.articles.values():
        for paragraph in article.paragraphs:
            if paragraph.is_listing:
                _list(draft, paragraph.lines[1:], fields)


def _list(draft: Draft, lines: list[Line], fields: dict[int, str]) -> None:
    names, path = known_names(draft), list[tuple[str, Line]]()
    measure: TableRow | None = None
    column = ""
    for line in lines:
        kind, (name, rest) = mark(line.text), label(line.text, names)
        if name and path:
            if measure is None or name == "content":
                _list_fields(draft, [each for _kind, each in path[:-1]], fields)
                measure = _measure(draft, [path[-1][1]], _item_words(path[-1][1]), {})
            column = name
            measure.lines.append(line)
            if rest:
                measure.cells[column] = [rest]
        elif kind and not is_whole(line.text) and (not column or kind in dict(path)):
            kinds = [each for each, _line in path]
            path = [*path[: kinds.index(kind) if kind in kinds else len(path)], (kind, line)]
            measure, column = None, ""
        elif measure is not None and column:
            pieces = measure.cells.setdefault(column, [])
            apart = pieces and (kind or is_whole(pieces[-1]))
            pieces.append(f"\n{line.text}" if apart else line.text)
            measure.lines.append(line)


def _list_fields(draft: Draft, above: list[Line], fields: dict[int, str]) -> None:
    """The field of a measure: the outermost item above it, and the next one within that."""
    draft.heading, parent = "", None
    for line in above[:2]:
        if line.number not in fields:
            count = 1 + sum(draft.headings[each].parent == parent for each in fields.values())
            fields[line.number] = f"{parent}({count})" if parent else str(count)
            if not _heading(draft, line, fields[line.number], parent, _item_words(line)):
                del fields[line.number]
                return
        draft.heading = parent = fields[line.number]


def _item_words(line: Line) -> str:
    return _RELATED.sub(
        "", line.printed("rest") if line.kind in (Kind.ITEM, Kind.NUMBERED) else line.text
    ).strip()
