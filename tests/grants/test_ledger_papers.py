"""An audit's thirty faults, planted in the example's year: on pages, in papers, by the command."""

import io
import json
from collections.abc import Iterator, Mapping

import openpyxl
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from pypdf import PdfReader

from tests import cast
from tests.pages import PageClient
from tests.whole.test_papers import squeezed
from tracker.grants import actions, queries
from tracker.grants.commands import ledger_command
from tracker.grants.papers import (
    find,
    find_area,
    grant_ledger,
    grant_ledger_area,
    grant_ledger_lines,
)
from tracker.grants.queries import LedgerRow
from tracker.grants.rules import FindingKind, LedgerLine
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities import queries as areas
from tracker.papers.kinds import Amount, Document, Grid, paper
from tracker.plumbing.changes import Act

YEAR = FiscalYear(2026)
# What is planted in a clean line, and the one finding that it is.
FAULTS = (
    ({"claimed_under": ("移住・定住対策に要する経費",)}, FindingKind.COUNTED_TWICE),
    ({"is_eligible": False, "why": "職員の通常の給与"}, FindingKind.INELIGIBLE),
    ({"more": 1}, FindingKind.FUNDS_NOT_DEDUCTED),
    ({"more": 300_000}, FindingKind.FUNDS_NOT_DEDUCTED),
    ({"proof": ""}, FindingKind.NO_PROOF),
)
Place = tuple[int, str]


def claim(
    row: LedgerRow, *, more: int = 0, proof: str = "支出命令書の写し", **fault: object
) -> None:
    """Claims all own means of a line and `more`, with a third of its cost paid by others."""
    national = row.line.total_yen // 3
    clean: LedgerLine = row.line._replace(
        national_yen=national,
        claimed_yen=row.line.total_yen - national + more,
        is_eligible=True,
        why="移住の推進",
    )
    line = clean._replace(**fault)
    actions.claim(Act(None, cast.NOW), row.project_id, YEAR, row.town, line, proof)


def grids(of: Document) -> list[Grid]:
    return [one for one in of.blocks if isinstance(one, Grid)]


def borne() -> list[LedgerRow]:
    return [row for row in queries.rows(YEAR) if row.line.total_yen]


def found() -> Mapping[Place, list[FindingKind]]:
    """The lines at fault, with what an audit would find."""
    return {
        (row.project_id, row.town.slug): [one.kind for one in row.findings]
        for row in queries.rows(YEAR)
        if row.findings
    }


@pytest.fixture
def reading(demo_app: Flask) -> Iterator[None]:
    """A context in which a test reads."""
    with demo_app.app_context():
        yield


@pytest.fixture
def clean(demo_app: Flask) -> list[LedgerRow]:
    """The example's year, each line that bears anything claimed as it should be."""
    with demo_app.app_context():
        for row in borne():
            claim(row)
        sums = {
            town: sum(row.line.claimed_yen for row in borne() if row.town == town)
            for town in areas.towns()
        }
        caps = {town.slug: most + 1_800_003 for town, most in sums.items()}
        actions.set_caps(Act(None, cast.NOW), YEAR, caps)
        return borne()


@pytest.fixture
def planted(demo_app: Flask, clean: list[LedgerRow]) -> Mapping[Place, list[FindingKind]]:
    """Thirty of the lines with a fault each: every one at six places."""
    rows = clean[:: len(clean) // 30][:30]
    with demo_app.app_context():
        for at, row in enumerate(rows):
            claim(row, **FAULTS[at % 5][0])
    return {(row.project_id, row.town.slug): [FAULTS[at % 5][1]] for at, row in enumerate(rows)}


def test_a_clean_year_of_the_whole_area_has_no_finding(
    clean: list[LedgerRow], reading: None
) -> None:
    assert len(clean) > 70 and found() == {}
    [summary] = grids(grant_ledger_area(find_area("2026")))
    assert [row[-1] for row in summary.rows] == [Amount(0)] * 5
    [lines] = grids(grant_ledger_lines(find_area("2026")))
    assert len(lines.rows) == len(clean) and {row[-1] for row in lines.rows} == {"なし"}


def test_thirty_planted_faults_are_found_where_they_are(demo_app: Flask, planted) -> None:
    with demo_app.app_context():
        assert len(planted) == 30 and found() == planted
        towns = areas.towns()
    # The pages say as many, of each municipality.
    office = PageClient(demo_app).enter("office")
    for town in towns:
        count = sum(slug == town.slug for _project, slug in planted)
        page = office.get(f"/costs/ledger?fy=2026&town={town.slug}")
        assert f"指摘されるところが{count}件あります" in page.text
        assert len(page.all("h3")) == count
    done = CliRunner().invoke(
        ledger_command, ["--fy", "2026", "--json"], obj=ScriptInfo(create_app=lambda: demo_app)
    )
    kinds = [one["kind"] for row in json.loads(done.stdout) for one in row["findings"]]
    assert sorted(kinds) == sorted(kind.value for [kind] in planted.values())


def test_each_finding_stands_beside_its_row_in_pdf_and_excel(planted, reading: None) -> None:
    of = find("2026-imabetsu")
    assert of is not None
    [table] = grids(grant_ledger(of))
    own = {project for project, slug in planted if slug == "imabetsu"}
    told = [row[-1] != "なし" for row in table.rows]
    assert told == [row.project_id in own for row in of.rows] and sum(told) == len(own) > 3
    file = paper("grant_ledger", of, "xlsx")
    [sheet] = openpyxl.load_workbook(io.BytesIO(file)).worksheets
    head = next(row for row in sheet.iter_rows() if row[0].value == "事業")
    at = [cell.value for cell in head].index("算定額\n（円）")
    claims = [row[at].value for row in sheet.iter_rows(min_row=head[0].row + 1)]
    amounts = [one for one in claims if isinstance(one, int)]
    assert amounts.pop() == sum(amounts) == sum(row.line.claimed_yen for row in of.rows)
    assert sheet.freeze_panes == f"B{head[0].row + 1}"
    assert sheet.page_setup.orientation == "landscape"
    pages = PdfReader(io.BytesIO(paper("grant_ledger", of, "pdf"))).pages
    assert len(pages) > 1
    for one in pages:
        assert one.mediabox.width > one.mediabox.height
        assert "一般財源" in one.extract_text()
    text = squeezed("".join(one.extract_text() for one in pages))
    for row in of.rows:
        assert all(squeezed(one.words)[:20] in text for one in row.findings)


def test_a_ceiling_passed_stands_above_the_rows_and_in_the_area_s_sums(
    clean, reading: None
) -> None:
    [row] = [one for one in clean if one.town.slug == "imabetsu"][:1]
    claim(row, more=1_800_004)
    said = "上限 "
    of = find("2026-imabetsu")
    assert of is not None
    text = str(grant_ledger(of).blocks[0])
    assert text.count("を1円超えています。上限までにしてください") == 1 and said in text
    area = grant_ledger_area(find_area("2026"))
    [summary, faulty] = grids(area)
    assert [row[:2] for row in faulty.rows] == [["今別町", faulty.rows[0][1]]]
    counts = {row[0]: row[-1].value for row in summary.rows if isinstance(row[-1], Amount)}
    # The claim itself is above its own means, and all of them above the ceiling.
    assert counts == {one.name: 2 if one.slug == "imabetsu" else 0 for one in areas.towns()}


@pytest.mark.parametrize("address", ["2026", "2026-nowhere", "x-imabetsu", "99-imabetsu", ""])
def test_what_is_no_ledger_is_not_found(demo_app: Flask, address: str) -> None:
    with demo_app.app_context():
        assert find(address) is None
        assert (find_area(address) is None) is (address != "2026")


def test_the_area_s_sheet_is_the_office_s(demo_app: Flask) -> None:
    area = "/costs/ledger/2026/papers/grant_ledger_area.xlsx"
    own = "/costs/ledger/2026/papers/grant_ledger.pdf?town=imabetsu"
    office = PageClient(demo_app).enter("office")
    officer = PageClient(demo_app).enter("officer", "hiranai")
    for client, path, status in (
        (office, area, 200),
        (officer, area, 403),
        (officer, own, 200),
        (office, f"{area}?town=imabetsu", 404),
        (office, own.replace("pdf", "docx"), 404),
        (office, f"{own}x", 404),
    ):
        client.get(path, status=status)
    links = [one.get("href") for one in office.get("/costs/ledger?fy=2026").all("a")]
    assert area in links and area.replace("area.xlsx", "lines.csv") in links
    assert area not in [one.get("href") for one in officer.get("/costs/ledger?fy=2026").all("a")]
