"""Every paper in every format: the same words and figures, read back from the files themselves.

After a wanted change `python -m tests.whole.test_papers` writes the golden files anew.
"""

import csv
import io
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
import time_machine
from flask import Flask
from pypdf import PdfReader

from tests import cast
from tests.app_fixtures import load_demo, opened
from tests.services import missing
from tests.whole.clients import OFFICE, OFFICER, House
from tracker.cost_papers.papers import cost_calculation, offered
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.rules import CaseKind, CaseNumber, CaseState, Stage
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities.rules import Town
from tracker.operation.commands import papers as commands
from tracker.papers import excel, pdf, word
from tracker.papers.kinds import (
    Amount,
    Bar,
    Bars,
    Block,
    Boxes,
    Document,
    Grid,
    Lines,
    NewPage,
    Pairs,
    Title,
    document,
    kinds,
    paper,
    shown,
)
from tracker.plumbing import clock
from tracker.projects import papers as projects
from tracker.shares.rules import PartKind, RoundingMode
from tracker.shares.split import LARGEST_REMAINDER, FormulaPart, Rounding, split
from tracker.shares.table import PartSource

GOLDEN = Path(__file__).with_name("papers")
WRITERS: Mapping[str, Any] = {"pdf": pdf, "docx": word, "xlsx": excel}
# Of the example: one subject of every kind, and those that read otherwise.
SUBJECTS = (
    ("burden_table", "imabetsu"),
    ("grant_ledger", "2026-imabetsu"),
    ("grant_ledger_area", "2026"),
    ("grant_ledger_lines", "2026"),
    ("progress_sheet", "5"),
    ("progress_sheet", "5?fy=2025"),
    ("cost_calculation", "2026-02"),
    ("cost_calculation", "2026-03"),
    ("cost_calculation", "2026-04"),
    ("cost_memorandum", "2026-02"),
    ("cost_memorandum", "2026-04"),
    ("cost_notice", "2026-01"),
    ("cost_settlement", "2025-06"),
    ("cost_refund", "2025-06"),
    ("payment_list", "2026"),
    ("cost_memorandum", "2025-06"),
    ("meeting_notice", "1"),
    ("meeting_agenda", "1"),
    ("meeting_roster", "1"),
    ("meeting_seating", "1"),
    ("minutes", "1"),
    ("material_progress", "1"),
    ("material_watch", "1"),
    ("material_costs", "2"),
    ("material_questions", "2"),
    ("material_decisions", "2"),
    ("question", "2025-01"),
)
SIGNS = "髙﨑𠮷①㈱～𠀋 <b>&amp; #strong[x] $a$ \\{ {{ 7*7 }} =1+1 @x *y* _z_ `c` // /* */ \"q\" 'r'"


def words(one: Document) -> Iterator[str]:
    """All that a paper says, cell by cell, in reading order."""
    yield from filter(None, (one.left, one.right, one.mark))
    if not one.is_letter:
        yield one.title
    for block in one.blocks:
        yield from _words(block)


def _words(block: Block) -> Iterator[str]:
    match block:
        case Title(text):
            yield text
        case Lines(texts):
            yield from texts
        case Pairs(rows):
            yield from (
                text for row in rows for label, cell in row for text in (label, shown(cell))
            )
        case Grid(heads, rows, _widths, total):
            yield from heads
            yield from (shown(cell) for row in (*rows, *([total] if total else ())) for cell in row)
        case Bars():
            yield from (shown(one) for bar in block.bars for one in (bar.label, bar.value))
        case Boxes(labels):
            yield from labels


def of_tables(one: Document) -> Iterator[str]:
    """What a program gets of it: its tables, days in ISO and nothing for what is not known."""
    for block in one.blocks:
        if isinstance(block, Grid):
            yield from block.heads
            cells = (cell for row in (*block.rows, block.total or ()) for cell in row)
            texts = (cell.isoformat() if isinstance(cell, date) else shown(cell) for cell in cells)
            yield from (text for text in texts if text != "—")


def amounts(one: Document) -> list[Amount]:
    """Its numbers, in reading order."""
    cells = [
        cell
        for block in one.blocks
        for row in (
            (*block.rows, block.total or ())
            if isinstance(block, Grid)
            else [[cell for _label, cell in row] for row in block.rows]
            if isinstance(block, Pairs)
            else [[bar.value, bar.target] for bar in block.bars]
            if isinstance(block, Bars)
            else ()
        )
        for cell in row
    ]
    return [cell for cell in cells if isinstance(cell, Amount)]


def told(one: Document) -> str:
    """The paper as a golden file holds it: a cell a line."""
    return "".join(f"{text}\n" for text in words(one))


def golden(kind: str, subject: str) -> Path:
    """The file that holds the paper as it should be."""
    return GOLDEN / f"{kind}_{subject.replace('?', '_')}.txt"


def read(form: str, made: bytes) -> str:
    """The words of a file, without spaces and ends of lines."""
    file = io.BytesIO(made)
    if form == "pdf":
        text = "".join(page.extract_text() for page in PdfReader(file).pages)
    elif form == "docx":
        text = _read_word(docx.Document(file))
    elif form == "csv":
        cells = (cell for row in csv.reader(io.StringIO(made.decode("utf-8-sig"))) for cell in row)
        text = "".join(f"{int(one):,}" if re.fullmatch(r"-?\d+", one) else one for one in cells)
    else:
        [sheet] = openpyxl.load_workbook(file).worksheets
        cells = (cell for row in sheet.iter_rows() for cell in row)
        text = "".join(
            excel_shows(cell.value, cell.number_format) for cell in cells if cell.value is not None
        )
    return squeezed(text)


def _read_word(file: Any) -> str:
    """Its paragraphs and tables in order, merged cells once."""
    found = [p.text for p in file.sections[0].header.paragraphs]
    for block in file.iter_inner_content():
        if hasattr(block, "rows"):
            found += [cell.text for row in block.rows for cell in dict.fromkeys(row.cells)]
        else:
            found.append(block.text)
    return "".join(found)


def excel_shows(value: Any, form: str) -> str:
    """What Excel shows of a number or a day in the formats that papers have."""
    if isinstance(value, datetime):
        assert form == '[$-ja-JP]ggge"年"m"月"d"日"'
        return shown(value.date())
    if not isinstance(value, int | float):
        return str(value)
    positive, negative, zero = form.split(";")
    shape = positive if value > 0 else negative if value < 0 else zero
    places = len(found[1]) if (found := re.search(r"\.(0+)", shape)) else 0
    number = f"{abs(Decimal(str(value))):,.{places}f}"
    return re.sub(r"#,##0(\.0+)?", number, shape).replace('"', "")


def squeezed(text: str) -> str:
    """Without what breaks lines."""
    return re.sub(r"[\s【】■]", "", text)


@pytest.mark.parametrize(("kind", "subject"), SUBJECTS)
def test_a_paper_says_the_same_in_every_format(demo_app: Flask, kind: str, subject: str) -> None:
    with demo_app.app_context():
        row = kinds()[kind]
        of = row.find(subject)
        made = document(kind, of)
        assert told(made) == golden(kind, subject).read_text(encoding="utf-8")
        for form in row.formats:
            file = paper(kind, of, form)
            text = read(form, file)
            said = words(made) if form != "csv" else of_tables(made)
            assert [one for one in said if squeezed(one) not in text] == [], form
            if form == "xlsx":
                assert numbers(file) == [pytest.approx(float(one.value)) for one in amounts(made)]


def numbers(made: bytes) -> list[float]:
    """The numbers of a workbook, row by row; a plot's table goes down, not bar by bar."""
    [sheet] = openpyxl.load_workbook(io.BytesIO(made)).worksheets
    rows = [
        [cell.value for cell in row if isinstance(cell.value, int | float)]
        for row in sheet.iter_rows()
    ]
    at = [y for y, row in enumerate(sheet.iter_rows()) if row[0].value == "実績" and rows[y]]
    for y in at:
        both = zip(rows[y], rows[y + 1], strict=True)
        rows[y : y + 2] = [[value for pair in both for value in pair], []]
    return [float(value) for row in rows for value in row]


def test_a_pdf_is_tagged_japanese_with_its_fonts_inside(demo_app: Flask) -> None:
    with demo_app.app_context():
        kind = kinds()["progress_sheet"]
        made = PdfReader(io.BytesIO(paper("progress_sheet", kind.find("5"), "pdf")))
    root: Any = made.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"].startswith("ja")
    assert root["/StructTreeRoot"]["/K"] and made.metadata
    assert made.metadata.title == "令和8年度　上期　連携事業 進捗管理シート"
    fonts = [font.get_object() for font in made.pages[0]["/Resources"]["/Font"].values()]
    for font in fonts:
        inside = font["/DescendantFonts"][0]["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(inside) and "/ToUnicode" in font
    assert len(fonts) == 2 and len(made.pages) == 1


@pytest.mark.parametrize("form", WRITERS)
def test_what_somebody_typed_stays_text(form: str) -> None:
    every = Document(
        SIGNS,
        (
            Title(SIGNS),
            Lines([SIGNS]),
            Pairs([[(SIGNS, SIGNS)]]),
            Grid((SIGNS, SIGNS), [(SIGNS, Amount(-3))], (1, 1), (SIGNS, None)),
            Bars(SIGNS, [Bar(SIGNS, Amount(0), None), Bar("—", None, Amount(2))]),
            NewPage(),
            Boxes(["課長"]),
        ),
        left=SIGNS,
        right=SIGNS,
        mark=SIGNS,
        foot=SIGNS,
    )
    text = read(form, WRITERS[form].write(every))
    assert text.count(squeezed(SIGNS)) >= 9 and "−3" in text


def test_numbers_are_printed_as_people_write_them() -> None:
    assert [
        str(one) for one in (Amount(-1234567, "円"), Amount(Decimal("2034.40"), signed=True))
    ] == [
        "−1,234,567円",
        "+2,034.40",
    ]
    assert (shown(None), shown(cast.TODAY)) == ("—", "令和8年11月24日")
    assert (
        excel.number_format(Amount(Decimal("0.5"), "％")) == '#,##0.0"％";−#,##0.0"％";#,##0.0"％"'
    )


def case_of(count: int) -> Case:
    """A settled case of so many municipalities, whose shares leave a remainder."""
    towns = [
        Town(n, f"{n:05}", f"t{n}", f"第{n:02}やまかわ町", n == 1, None)
        for n in range(1, count + 1)
    ]
    names = [one.name for one in towns]
    figures = {name: 1000 + 777 * n for n, name in enumerate(names)}
    parts = (
        FormulaPart(PartKind.EQUAL, percent=20),
        FormulaPart(PartKind.POPULATION, percent=80, basis=figures),
    )
    rounding = Rounding(1000, RoundingMode.DOWN)
    done = split(2_500_000, names, parts, rounding, names[0])
    return Case(
            id=1, no=CaseNumber(2026, 4), seen="1", revision=1, project_id=1, project="広域の事業",
            lead=towns[0], kind=CaseKind.MONEY, stage=Stage.FIXED, state=CaseState.AGREED,
            title="広域の事業の費用負担", total_yen=3_620_000, subsidy_yen=1_120_000, work="",
            rounding=rounding, remainder=names[0], reply_due_on=None, sent_on=None,
            agreed_at=cast.NOW, hub=towns[0],
            shares=dict(zip(towns, done.shares.values(), strict=True)), pairs={}, answers={},
            parts=(
                PartSource(parts[0], "", ""),
                PartSource(parts[1], "人", "令和2年国勢調査（確定値、令和2年10月1日現在）"),
            ),
            lines=done.lines,
        )  # fmt: skip


def test_a_number_is_never_broken_and_never_hidden() -> None:
    """Four parts with figures make thirteen columns; Excel shows #### where one is too narrow."""
    long = [Amount(Decimal("1234567.8"))] * 12
    table = Grid(
        ("市町村", *(f"列{n}" for n in range(12))), [("平内町", *long)], (2.0,) + (1.0,) * 12
    )
    assert 0.4 < table.scale() < 0.6
    of = Document("表", (table,))
    assert "".join(["1,234,567.8"] * 12) in read("pdf", pdf.write(of))
    [sheet] = openpyxl.load_workbook(io.BytesIO(excel.write(of))).worksheets
    assert all(sheet.column_dimensions[x].width >= 13 for x in "BCDEFGHIJKLM")


def test_a_long_text_goes_on_below_where_excel_shows_no_higher_row() -> None:
    lines = [f"第{n:02}町：講座を開いた。" for n in range(30)]
    of = Document("表", (Pairs([[("実績", "\n".join(lines))]]),))
    [sheet] = openpyxl.load_workbook(io.BytesIO(excel.write(of))).worksheets
    assert all((row.height or 0) <= 409 for row in sheet.row_dimensions.values())
    assert squeezed("".join(lines[20:])) in read("xlsx", excel.write(of))
    assert sheet.cell(3, 1).value == "実績" and sheet.cell(4, 1).value == "（続き）"


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (10, 1), (60, 2)])
def test_ten_municipalities_stand_on_one_page_and_more_under_repeated_heads(
    count: int, pages: int
) -> None:
    made = PdfReader(io.BytesIO(pdf.write(cost_calculation(case_of(count)))))
    assert len(made.pages) == pages
    for page in made.pages:
        assert squeezed("市町村均等割（円）人口（人）") in squeezed(page.extract_text())
    assert f"第{count:02}やまかわ町" in made.pages[-1].extract_text()


def test_the_shares_of_a_sheet_add_up_and_say_who_takes_what_is_left() -> None:
    of = case_of(7)
    [table] = [one for one in cost_calculation(of).blocks if isinstance(one, Grid) and one.total]
    at = table.heads.index("負担額\n（円）")
    shares = [row[at] for row in table.rows]
    assert sum(one.value for one in shares if isinstance(one, Amount)) == 2_500_000
    assert table.total is not None and str(table.total[at]) == "2,500,000"
    said = "".join(words(cost_calculation(of)))
    rounded = sum(line.rounded for line in of.lines)
    assert f"対象額との差{2_500_000 - rounded:,}円を第01やまかわ町の負担額に加えて" in said
    even = replace(of, remainder=LARGEST_REMAINDER)
    assert "端数の大きい順に割り当てて" in "".join(words(cost_calculation(even)))


def test_a_paper_of_a_case_goes_as_far_as_the_case_has_come() -> None:
    case = case_of(3)

    def of(**changes: object) -> list[str]:
        return [row.kind for row in offered(replace(case, **changes))]

    every = ["cost_calculation", "cost_memorandum", "case_file"]
    assert of(state=CaseState.AWAITING) == every
    assert of(state=CaseState.AGREED, stage=Stage.FIXED) == every
    assert of(state=CaseState.WITHDRAWN) == of(shares={}) == []
    assert cost_calculation(case).mark == ""
    waiting = replace(case, state=CaseState.AWAITING)
    assert cost_calculation(waiting).mark == "案（確認待ち）"


# --- who gets them, and how -------------------------------------------------------------------------


def test_papers_are_for_who_may_read_their_subject(house: House) -> None:
    draft = house.stock.draft_cases["aomori"]
    agreed = house.stock.agreed_cases["aomori"]

    def ask(visitor: Any, path: str) -> int:
        return house.ask(visitor, "GET", path).status_code

    calculation = "/costs/{}/papers/cost_calculation.xlsx"
    assert ask(OFFICER, calculation.format(draft)) == 404
    bundle = "/costs/{}/papers/case_file.zip"
    ready = bundle.format(house.stock.ready_cases["aomori"])
    assert (ask(OFFICE, ready), ask(OFFICER, ready)) == (200, 404)
    assert ask(OFFICER, bundle.format(agreed)) == 200
    assert ask(OFFICER, calculation.format(agreed)) == 200
    assert ask(OFFICER, f"/costs/{agreed}/papers/cost_memorandum.pdf") == 404
    assert ask(OFFICER, f"/costs/{agreed}/papers/progress_sheet.pdf") == 404
    polling = f"/meetings/{house.stock.polling}/papers/meeting_notice.docx"
    assert (ask(OFFICER, polling), ask(OFFICE, polling)) == (403, 404)
    answer = house.ask(OFFICER, "GET", calculation.format(agreed))
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]


def test_what_only_some_may_read_of_a_report_is_on_no_sheet(house: House) -> None:
    with house.app.app_context():
        for id_ in house.stock.projects.values():
            of = projects.subject(id_, FiscalYear.containing(clock.today()))
            assert of is not None
            said = told(projects.progress_sheet(of))
            assert "困りごとの印" not in said and "下書きの印" not in said


def test_papers_by_command(demo_app: Flask, tmp_path: Path) -> None:
    run = demo_app.test_cli_runner().invoke
    assert "cost_calculation\t負担額計算書\tpdf docx xlsx" in run(commands, ["list"]).output
    file = tmp_path / "paper.xlsx"
    asked = ["make", "cost_calculation", "2026-04", "-o", str(file)]
    assert run(commands, asked).exit_code == 0
    assert "115,000" in read("xlsx", file.read_bytes())
    assert run(commands, [*asked, "--format", "pdf"]).exit_code == 0
    assert file.read_bytes().startswith(b"%PDF")
    pack = tmp_path / "pack.pdf"
    assert run(commands, ["make", "meeting_pack", "1", "-o", str(pack)]).exit_code == 0
    [cover, contents, *_rest] = PdfReader(pack).pages
    assert "令和7年度市町村長会議資料" in squeezed(cover.extract_text())
    assert "資料2気をつけたい事業7" in squeezed(contents.extract_text())
    assert (
        run(commands, ["make", "meeting_pack", "1", "-o", str(file), "--format", "zip"]).output
        == ""
    )
    with zipfile.ZipFile(file) as packed:
        assert "資料2_気をつけたい事業.pdf" in packed.namelist()
    for kind, subject, said in (
        ("meeting_pack", "2", "この書類がありません"),
        ("cost_calculation", "2026-99", "この書類がありません"),
        ("no_paper", "1", "という書類はありません"),
        ("meeting_notice", "x", "この書類がありません"),
    ):
        refused = run(commands, ["make", kind, subject, "-o", str(file)]).exception
        assert said in str(refused)
    refused = run(
        commands, [*asked[:1], "cost_memorandum", *asked[2:], "--format", "pdf"]
    ).exception
    assert "docxです" in str(refused)


@pytest.mark.slow  # an office's start takes seconds
def test_an_office_opens_them_all(demo_app: Flask, tmp_path: Path) -> None:
    office = shutil.which("soffice") or missing(
        "LibreOffice (libreoffice-writer-nogui, -calc-nogui)"
    )
    files = []
    with demo_app.app_context():
        for kind, subject in SUBJECTS:
            row = kinds()[kind]
            of = row.find(subject)
            # A CSV holds numbers for programs, without commas.
            for form in set(row.formats) - {"pdf", "csv"}:
                file = tmp_path / f"{kind}_{subject.replace('?', '_')}_{form}.{form}"
                file.write_bytes(paper(kind, of, form))
                files.append((file, list(words(document(kind, of)))))
    own = f"-env:UserInstallation=file://{tmp_path}/own"
    command = [office, own, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)]
    subprocess.run([*command, *(file for file, _said in files)], check=True, capture_output=True)
    for file, said in files:
        text = read("pdf", file.with_suffix(".pdf").read_bytes())
        figures = [one for one in said if re.fullmatch(r"[+−]?[0-9,.]+(円|％)?", one)]
        assert [one for one in figures if squeezed(one) not in text] == [], file.name


def main() -> None:
    """Writes what papers say now as what they should say."""
    with (
        tempfile.TemporaryDirectory() as folder,
        time_machine.travel(cast.NOW, tick=True),
    ):
        url = f"sqlite:///{folder}/tracker.sqlite3"
        load_demo(url, Path(folder))
        with opened(url, Path(folder)) as app, app.app_context():
            for kind, subject in SUBJECTS:
                made = document(kind, kinds()[kind].find(subject))
                golden(kind, subject).write_text(told(made), encoding="utf-8")


if __name__ == "__main__":
    main()
