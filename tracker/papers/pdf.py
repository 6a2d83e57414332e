"""A paper as PDF: tagged, in Japanese, with embedded fonts; typst sets it (templates/papers)."""

import json
import re
from datetime import date
from typing import Any

from tracker.papers.kinds import Amount, Bar, Cell, Document, Lines, shown
from tracker.storage.files import project_root

FONTS = project_root() / "fonts"
# The second one has what the first lacks: 𠮷 and other rare signs of names.
FONT_FILES = ("BIZUDPGothic-Regular.ttf", "BIZUDPGothic-Bold.ttf", "NotoSansJP-Regular.ttf")


# What stands for a sign that no font has.
BOX, JOINER = "□", "\u200d"
NOTE = "□は、この書類の字体にない文字です。元の文字は画面で確かめてください。"
_LACKING = re.compile('the text `"([^"]+)"` could not be displayed')
_MOST_TRIES = 100


def write(document: Document) -> bytes:
    """The bytes of the file.  Words go in as data: nothing typed is ever read as markup.

    A sign that no font has (an emoji) is set as □, and the paper says so: one sign must not keep
    everybody from the paper.
    """
    import typst

    data = {**vars(document), "blocks": [_block(one, document) for one in document.blocks]}
    del data["made_at"]
    said = json.dumps(data, default=_cell, ensure_ascii=False)
    for number in range(_MOST_TRIES):
        try:
            return _set(said, document)
        except typst.TypstError as failed:
            lacking = set("".join(_LACKING.findall(str(failed))))
            if not lacking:
                raise
            if number == 0:
                data["blocks"].append(_block(Lines([NOTE]), document))
                said = json.dumps(data, default=_cell, ensure_ascii=False)
            # What joins emoji has nothing to join any more.
            said = "".join(BOX if sign in lacking else sign for sign in said if sign != JOINER)
    raise ValueError(f"more than {_MOST_TRIES} times signs that no font has")


def _set(said: str, document: Document) -> bytes:
    import typst

    made = typst.compile(
        str(project_root() / "templates/papers/paper.typ"),
        format="pdf",
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"paper": said},
        pdf_standards=["ua-1"],
        timestamp=int(document.made_at.timestamp()) if document.made_at else None,
    )
    assert isinstance(made, bytes)
    return made


def _block(block: Any, of: Document) -> dict[str, Any]:
    found = {"kind": type(block).__name__, **block._asdict()}
    if found["kind"] == "Grid":
        rows = [*block.rows, *([block.total] if block.total else [])]
        found["rows"] = [list(map(_cell, row)) for row in rows]
        found |= {"total": block.total is not None, "scale": block.scale(of.signs)}
    if found["kind"] == "Pairs":
        found["rows"] = [[[label, shown(cell)] for label, cell in row] for row in block.rows]
    if found["kind"] == "Bars":
        found["bars"] = [_bar(one) for one in block.bars]
    return found


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "text": shown(cell),
        "right": cell is None or isinstance(cell, Amount | date),
        "bold": isinstance(cell, Amount) and cell.is_bold,
    }


def _bar(bar: Bar) -> dict[str, Any]:
    return {
        "label": bar.label,
        "partial": bar.partial,
        "text": shown(bar.value),
        "value": float(bar.value.value) if bar.value else None,
        "target": float(bar.target.value) if bar.target else None,
        "goal": shown(bar.target),
    }
