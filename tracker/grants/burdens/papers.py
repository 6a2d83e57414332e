"""年度別負担額: what municipalities bore year by year, on A4, in Excel and as CSV."""

from collections.abc import Sequence
from typing import NamedTuple

from tracker.grants.burdens import queries
from tracker.grants.burdens.rules import BurdenRow, Burdens
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.papers.kinds import (
    CSV,
    EXCEL,
    PDF,
    Amount,
    Block,
    Cell,
    Document,
    Grid,
    Lines,
    PaperKind,
    Title,
)

ALL = "all"
NOTES = (
    "合意した案件の負担額です。1つの事業と年度について、精算があれば精算の額、なければ確定の額、"
    "どちらもなければ概算の額で、差し替えられた案件は含みません。",
    "「—」は、その年度に合意した案件がないことを示します。",
)


class BurdenPaper(NamedTuple):
    """The table of the whole area, with the projects of one municipality or (None) of all."""

    burdens: Burdens
    town: Town | None


def find(address: str) -> BurdenPaper | None:
    """By a municipality's slug, or 「all」; None where nothing was agreed yet."""
    town = areas.find_town(address)
    found = queries.burdens() if town or address == ALL else None
    return BurdenPaper(found, town) if found and found.years else None


def burden_table(of: BurdenPaper) -> Document:
    """年度別負担額: a row a municipality, then a row a project."""
    table, town = of.burdens, of.town
    first, last = table.years[0].label, table.years[-1].label
    whose = town.name if town else "圏域の合計"
    blocks: list[Block] = [
        Title("1　市町村ごとの負担額（円）"),
        _grid("市町村", table.by_town, table.whole(None), table),
        Title(f"2　事業ごとの負担額（円）　{whose}"),
        _grid("事業", list(table.by_project(town)), table.whole(town), table),
        Lines(NOTES),
    ]
    return Document(
        title=f"年度別の負担額（{first}〜{last}）"
        if first != last
        else f"年度別の負担額（{first}）",
        left="連携協約第4条第2項",
        right=areas.get_area().name,
        blocks=blocks,
        is_wide=True,
    )


def _grid(first: str, rows: Sequence[BurdenRow], whole: BurdenRow, table: Burdens) -> Grid:
    heads = (first, *(year.label for year in table.years), "合計")
    return Grid(
        heads,
        [_cells(row.name, row) for row in rows],
        (2.6, *(1.5,) * len(table.years), 1.6),
        _cells("合計", whole),
    )


def _cells(name: str, row: BurdenRow) -> list[Cell]:
    yen = (None if one is None else Amount(one) for one in row.yen)
    return [name, *yen, Amount(row.total, is_bold=True)]


PAPERS = (PaperKind("burden_table", "年度別負担額", (PDF, EXCEL, CSV), burden_table, find),)
