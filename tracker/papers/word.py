"""A paper as Word: plain styles that an office goes on with, no macros, A4."""

import io
import zipfile
from datetime import date
from typing import Any

from tracker.papers.bundle import fixed_zip
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

# They come with Windows: sheets in the one, letters in the other.
_SHEET_FONT, _LETTER_FONT = "BIZ UDPゴシック", "ＭＳ 明朝"
_GROUND = "EEF0F3"


def write(document: Document) -> bytes:
    """The bytes of the file."""
    return _Word(document).bytes


class _Word:
    def __init__(self, document: Document) -> None:
        import docx
        from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
        from docx.shared import Mm, Pt

        self.align, self.mm, self.pt = ALIGN, Mm, Pt
        self.is_letter, self.signs = document.is_letter, document.signs
        self.begins_page = False
        self.size = 10.5 if self.is_letter else 9.0
        self.file = docx.Document()
        self._set_up(document)
        if document.left or document.right:
            line = self._line(document.left)
            line.paragraph_format.tab_stops.add_tab_stop(Mm(self.width), 2)
            line.add_run(f"\t{document.right}")
        if not document.is_letter:
            self._heading(document.title, 1, 15)
        for block in document.blocks:
            getattr(self, type(block).__name__.lower())(block)
        kept = io.BytesIO()
        self.file.save(kept)
        with zipfile.ZipFile(kept) as made:
            self.bytes = fixed_zip(
                ((one.filename, made.read(one)) for one in made.infolist()), is_packed=True
            )

    def _set_up(self, document: Document) -> None:
        from docx.enum.section import WD_ORIENT
        from docx.oxml.ns import qn

        font = _LETTER_FONT if self.is_letter else _SHEET_FONT
        for name in ("Normal", "Heading 1", "Heading 2", "Footer"):
            style = self.file.styles[name]
            style.font.name = font
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for key in list(fonts.attrib):
                if key.endswith("Theme"):
                    del fonts.attrib[key]
            for key in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
                fonts.set(qn(key), font)
            style.font.color.rgb = None
            style.paragraph_format.space_before = style.paragraph_format.space_after = self.pt(0)
        self.file.styles["Normal"].font.size = self.pt(self.size)
        language = self.file.styles["Normal"].element.rPr.makeelement(
            qn("w:lang"), {qn("w:val"): "ja-JP", qn("w:eastAsia"): "ja-JP"}
        )
        self.file.styles["Normal"].element.rPr.append(language)
        [page] = self.file.sections
        side, top = (25, 22) if self.is_letter else (16, 14)
        width, height = (297, 210) if document.is_wide else (210, 297)
        page.page_width, page.page_height = self.mm(width), self.mm(height)
        page.orientation = WD_ORIENT.LANDSCAPE if document.is_wide else WD_ORIENT.PORTRAIT
        page.left_margin = page.right_margin = self.mm(side)
        page.top_margin = page.bottom_margin = self.mm(top)
        page.footer_distance = self.mm(8)
        self.width = width - 2 * side
        own = self.file.core_properties
        own.title, own.keywords, own.language = document.title, document.version, "ja-JP"
        own.author = own.comments = ""
        if document.made_at:
            own.created = own.modified = document.made_at.replace(tzinfo=None)
        if document.mark:
            mark = page.header.paragraphs[0]
            mark.add_run(f"【{document.mark}】").bold = True
            mark.alignment = self.align.RIGHT
        if not self.is_letter:
            foot = page.footer.paragraphs[0]
            foot.add_run(document.foot).font.size = self.pt(7.5)

    def _line(self, text: str, align: Any = None, *, bold: bool = False, into: Any = None) -> Any:
        line = (into or self.file).add_paragraph()
        run = line.add_run(text)
        run.bold = bold or None
        line.alignment = align
        line.paragraph_format.line_spacing = 1.25 if self.is_letter else 1.15
        self._begin_page(line)
        return line

    def _heading(self, text: str, level: int, size: float) -> None:
        heading = self.file.add_heading(text, level)
        heading.runs[0].font.size = self.pt(size)
        heading.runs[0].font.bold = True
        heading.paragraph_format.space_before = self.pt(8)
        heading.paragraph_format.space_after = self.pt(4)
        self._begin_page(heading)
        if level == 1:
            heading.alignment = self.align.CENTER

    def _begin_page(self, line: Any) -> None:
        line.paragraph_format.page_break_before = self.begins_page or None
        self.begins_page = False

    def title(self, block: Title) -> None:
        if self.is_letter:
            self._heading(block.text, 1, 13)
        else:
            self._heading(f"■ {block.text}", 2, 10.5)

    def lines(self, block: Lines) -> None:
        ways = {"center": self.align.CENTER, "right": self.align.RIGHT}
        for at, text in enumerate(block.texts):
            line = self._line(text, ways.get(block.align))
            if not at:
                line.paragraph_format.space_before = self.pt(12 if self.is_letter else 3)
            line.paragraph_format.keep_with_next = block.align == "sender" or None
            if block.align == "sender":
                line.paragraph_format.left_indent = self.mm(self.width * 0.52)

    def newpage(self, _block: NewPage) -> None:
        self.begins_page = True

    def bars(self, block: Bars) -> None:
        self.grid(block.grid)

    def boxes(self, block: Boxes) -> None:
        self._line("")
        rows: list[list[Any]] = [[*block.labels], [""] * len(block.labels)]
        table = self._table([20.0] * len(block.labels), rows)
        table.alignment = 2
        for cell in table.rows[0].cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = True
        table.rows[1].height = self.mm(13)

    def pairs(self, block: Pairs) -> None:
        most = max(len(row) for row in block.rows)
        label = 34.0 if self.is_letter else 27.0
        rest = (self.width - label * most) / most
        rows: list[list[Any]] = [[cell for pair in row for cell in pair] for row in block.rows]
        filled: list[list[Any]] = [row + [""] * (2 * most - len(row)) for row in rows]
        table = self._table([label, rest] * most, filled, is_head=lambda x, _y: x % 2 == 0)
        for row, cells in zip(table.rows, rows, strict=True):
            if len(cells) < 2 * most:
                row.cells[1].merge(row.cells[-1])
                self._fill(row.cells[1], cells[1], is_head=False)

    def grid(self, block: Grid) -> None:
        from docx.oxml import OxmlElement

        rows: list[list[Any]] = [list(block.heads), *map(list, block.rows)]
        if block.total:
            rows.append(list(block.total))
        whole = sum(block.widths)
        widths = [self.width * one / whole for one in block.widths]
        table = self._table(
            widths, rows, is_head=lambda x, y: y == 0 or (x == 0 and isinstance(rows[y][0], str))
        )
        table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        for cell in table.rows[0].cells:
            cell.paragraphs[0].alignment = self.align.CENTER
        if block.total:
            for cell in table.rows[-1].cells:
                cell.paragraphs[0].runs[0].bold = True
        if (scale := block.scale(self.signs)) < 1:
            for run in (run for cell in table._cells for run in cell.paragraphs[0].runs):
                run.font.size = self.pt(self.size * scale)

    def _table(
        self, widths: list[float], rows: list[list[Any]], is_head: Any = lambda _x, y: y == 0
    ) -> Any:
        from docx.oxml import OxmlElement

        table = self.file.add_table(len(rows), len(widths), style="Table Grid")
        table.autofit = False
        for y, (row, cells) in enumerate(zip(table.rows, rows, strict=True)):
            row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
            for x, (cell, value) in enumerate(zip(row.cells, cells, strict=True)):
                cell.width = self.mm(widths[x])
                self._fill(cell, value, is_head=is_head(x, y))
        for column, width in zip(table.columns, widths, strict=True):
            column.width = self.mm(width)
        return table

    def _fill(self, cell: Any, value: Cell, *, is_head: bool) -> None:
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        for more in cell.paragraphs[1:]:
            more._p.getparent().remove(more._p)
        line = cell.paragraphs[0]
        for run in line.runs:
            run._r.getparent().remove(run._r)
        line.add_run(shown(value)).bold = is_head or (isinstance(value, Amount) and value.is_bold)
        line.paragraph_format.space_before = line.paragraph_format.space_after = self.pt(1.5)
        if value is None or isinstance(value, Amount | date):
            line.alignment = self.align.RIGHT
        if is_head:
            ground = OxmlElement("w:shd")
            ground.set(qn("w:val"), "clear")
            ground.set(qn("w:fill"), _GROUND)
            cell._tc.get_or_add_tcPr().append(ground)
