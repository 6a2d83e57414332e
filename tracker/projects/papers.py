"""進捗管理シート: a project's year on one A4, in the order that such sheets have in the field."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from tracker.agreements import queries as agreements
from tracker.amounts.exact import Exact
from tracker.amounts.yen import thousands
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities import queries as areas
from tracker.papers.kinds import (
    EXCEL,
    PDF,
    WORD,
    Amount,
    Bar,
    Bars,
    Block,
    Boxes,
    Document,
    Grid,
    Pairs,
    PaperKind,
    Title,
    number_in,
    year_in,
)
from tracker.plumbing import clock
from tracker.projects import queries
from tracker.projects.project import Head, Point, Sheet, TownRow, Trend
from tracker.projects.rules import CellState, Total

# Printed in black and white: the mark tells the state without a colour.
MARKS = {
    CellState.ON_TRACK: "○",
    CellState.DONE: "◎",
    CellState.SLIGHTLY_LATE: "△",
    CellState.LATE: "▲",
}
DIRECTIONS = "□ 拡充　□ 改善して継続　□ 継続　□ 縮小　□ 終了"


class ProgressSheet(NamedTuple):
    """A project in a fiscal year, with the roles that the annex gives 甲 and 乙."""

    head: Head
    sheet: Sheet
    roles: Sequence[tuple[str, str]]
    is_all: bool


def subject(project_id: int, year: FiscalYear) -> ProgressSheet | None:
    """What the sheet is about, or None where there is no such project."""
    head = queries.head(project_id)
    if head is None:
        return None
    sheet = queries.shown(project_id, year)
    measure = agreements.measure(head.measure_number, clock.today())
    towns = {row.town.name for row in sheet.participants}
    entries = [one for one in measure.entries if one.party_b in towns] if measure else []
    roles = dict.fromkeys((one.role_a, one.role_b) for one in entries)
    is_all = len(towns) == len(areas.towns())
    return ProgressSheet(head, sheet, tuple(roles), is_all)


def find(address: str) -> ProgressSheet | None:
    """By the last part of its address: 「12」 in this year, 「12?fy=2025」 in another."""
    project, _other, year = address.partition("?fy=")
    number, today = number_in(project), FiscalYear.containing(clock.today())
    return None if number is None else subject(number, year_in(year) or today)


def progress_sheet(of: ProgressSheet) -> Document:
    """What is done, by how much, and how it goes on; what nobody but its writer reads is left out."""
    head, sheet = of.head, of.sheet
    period = sheet.period.label if sheet.period else sheet.year.label
    blocks: list[Block] = [Pairs(_facts(of))]
    for number, trend in enumerate(sheet.series, 1):
        one = trend.indicator
        more = f"（{number}）" if len(sheet.series) > 1 else ""
        blocks += [
            Title(f"1{more}　成果指標　{one.name}（{one.unit}）"),
            Bars(f"{one.name}（{one.unit}）", [_bar(point) for point in trend.points]),
        ]
    blocks.append(Title("2　市町村別の状況"))
    blocks += [_grid(sheet, trend, trend is sheet.series[0]) for trend in sheet.series]
    if not sheet.series:
        rows = [(row.town.name, _state(row)) for row in sheet.rows]
        blocks.append(Grid(("市町村", "状況"), rows, (1, 3)))
    blocks += [Title("3　取組の実績・これから"), Pairs(_words(sheet))]
    return Document(
        title=f"{period.replace(sheet.year.label, sheet.year.label + '　')}　連携事業 進捗管理シート",
        left=f"別表 {head.field_number}　{head.field_title}",
        right=f"施策 {head.measure_number}",
        blocks=[*blocks, Boxes(("課長", "補佐", "担当"))],
    )


def _facts(of: ProgressSheet) -> list[list[tuple[str, str]]]:
    head, sheet = of.head, of.sheet
    names = "、".join(row.town.name for row in sheet.participants) or "—"
    if of.is_all and len(sheet.participants) > 10:
        names = f"全{len(sheet.participants)}市町村"
    budget, settled = (
        "—" if one.sum is None else thousands(one.sum) for one in (sheet.budget, sheet.last_actual)
    )
    return [
        [("事業名", head.name)],
        [("連携施策", head.measure_title)],
        [("主担当", head.lead), ("参加市町村", names)],
        [("取組の内容", head.summary)],
        *[[("役割分担\n（別表）", f"甲：{a}\n乙：{b}")] for a, b in of.roles],
        [("予算額", f"{sheet.year.label}　{budget}"), ("前年度決算", settled)],
    ]


def _bar(point: Point) -> Bar:
    label = f"{point.label}\n{point.note}" if point.note else point.label
    return Bar(label, _amount(point.value), _amount(point.target), point.partial)


def _amount(value: Exact | None, *, is_bold: bool = False) -> Amount | None:
    if value is None:
        return None
    return Amount(Decimal(str(value).replace(",", "")), is_bold=is_bold)


def _grid(sheet: Sheet, trend: Trend, is_first: bool) -> Grid:
    heads = [
        f"{column.fiscal_year.label}\n{column.half.label if column == sheet.period else '実績'}"
        for column in sheet.columns
    ]
    own = sheet.columns[-1:] == (sheet.period,)
    what = trend.indicator.name if len(sheet.series) > 1 else "市町村"
    rows = [
        (
            row.town.name,
            *_values(trend.values[row.town.id], own),
            _amount(trend.targets.get(row.town.id)),
            _rate(trend.values[row.town.id][-1:], trend.targets.get(row.town.id), own),
            *((_state(row),) if is_first else ()),
        )
        for row in sheet.rows
    ]
    total = (
        "合計",
        *_values([one.sum for one in trend.totals], own),
        _amount(trend.target.sum),
        _rate([one.sum for one in trend.totals[-1:]], trend.target.sum, own),
        *((_missing(trend.totals[-1:]),) if is_first else ()),
    )
    return Grid(
        (what, *heads, f"{sheet.year.label}\n目標", "達成率", *(("状況",) if is_first else ())),
        rows,
        (1.5, *(1.2 for _one in heads), 1.2, 1, *((2.2,) if is_first else ())),
        total,
    )


def _values(values: Iterable[Exact | None], own: bool) -> list[Amount | None]:
    found = list(values)
    last = len(found) - 1
    return [_amount(one, is_bold=own and at == last) for at, one in enumerate(found)]


def _rate(values: Sequence[Exact | None], target: Exact | None, own: bool) -> Amount | None:
    """実績÷年間目標, in percent; None before there is a value of the year, or without a target."""
    value = values[0] if values and own else None
    if value is None or target is None or not target.fraction:
        return None
    tenths = int(Fraction(1000) * value.fraction / target.fraction + Fraction(1, 2))
    return Amount(Decimal(tenths).scaleb(-1), "％")


def _state(row: TownRow) -> str:
    if row.state is None:
        return "参加なし"
    mark = MARKS.get(row.state)
    return f"{mark} {row.state.label}" if mark else row.state.label


def _missing(totals: Sequence[Total]) -> str:
    one = totals[0] if totals else None
    return f"{one.reported}市町村分" if one and one.reported < one.expected else ""


def _words(sheet: Sheet) -> list[list[tuple[str, str]]]:
    told = [row.report.public for row in sheet.participants if row.report]

    def of(name: str) -> str:
        lines: Iterator[str] = (
            f"{one.town.name}：{text}" for one in told if (text := getattr(one, name).strip())
        )
        return "\n".join(lines) or "—"

    return [
        [("実績", of("done"))],
        [("これから", of("plan"))],
        [("主担当の\nコメント", (sheet.comment or "—"))],
        [("今後の方向", DIRECTIONS)],
    ]


PAPERS = (PaperKind("progress_sheet", "進捗管理シート", (PDF, EXCEL, WORD), progress_sheet, find),)
