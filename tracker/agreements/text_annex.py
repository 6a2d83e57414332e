"""The handlers of the annex (別表): policy fields, and tables whose rows pages may have split."""

from tracker.agreements.text_draft import Draft, Heading, Row, is_whole
from tracker.agreements.text_lines import Line, columns


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


def _measure(draft: Draft, line: Line, title: str, named: dict[str, str]) -> Row:
    place = draft.counts[draft.heading] = draft.counts.get(draft.heading, 0) + 1
    number = f"{draft.heading}-{place}" if draft.heading else str(place)
    cells = {name: [cell] for name, cell in named.items()}
    draft.row = Row(number, draft.heading, title, cells, [line])
    draft.rows.append(draft.row)
    return draft.row


def _continues(upper: Row, named: dict[str, str]) -> bool:
    """Whether cells under a blank title finish the row above.

    They do when a cell above is broken off, or when they only repeat how the cells above end;
    whole sentences under whole sentences are another measure of the same title (contracts.md).
    """
    lasts = {name: upper.cells.get(name, [""])[-1] for name in named}
    broken = any(not is_whole(last) for last in lasts.values())
    return broken or all(lasts[name].endswith(cell) for name, cell in named.items())


def _join(upper: Row, line: Line, named: dict[str, str]) -> None:
    for name, cell in named.items():
        pieces = upper.cells.setdefault(name, [])
        # A whole sentence that ends with the very words below was finished on its own page.
        if pieces and is_whole(pieces[-1]) and pieces[-1].endswith(cell):
            upper.dropped.append((name, cell))
        else:
            pieces.append(cell)
    upper.lines.append(line)
