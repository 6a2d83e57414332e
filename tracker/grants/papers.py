"""特別交付税の台帳 on A4 and in Excel: each finding beside its row, with ceiling and sums."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tracker.grants import queries
from tracker.grants.queries import LedgerRow
from tracker.grants.rules import FindingKind, GrantFinding
from tracker.kernel.fiscal_year import FiscalYear
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
    Pairs,
    PaperKind,
    Title,
    year_in,
)

LEFT = "連携協約に基づく事業"
HEADS = (
    *(
        "支出した額\n（円）",
        "負担金\n（円）",
        "総額\n（円）",
        "国\n（円）",
        "県\n（円）",
        "その他\n（円）",
    ),
    *("一般財源\n（円）", "算定額\n（円）"),
)
NOTES = (
    "総額は、支出した額と負担金の合計です。一般財源は、総額から国・県・その他の財源を引いた額です。",
    "「予」は、決算額がまだないため予算額によるものです。"
    "負担金は、その年度に最後に合意した段階の額（概算、確定、精算の順）です。",
)


class Ledger(NamedTuple):
    """A municipality's year, or (`town` None) that of the whole area, with the ceilings by name."""

    year: FiscalYear
    town: Town | None
    rows: Sequence[LedgerRow]
    caps: Mapping[str, int]


def subject(year: FiscalYear, town: Town | None) -> Ledger:
    """What the ledger's papers are about."""
    rows = queries.of_town(year, town) if town else queries.rows(year)
    return Ledger(year, town, rows, queries.caps(year)[0])


def find(address: str) -> Ledger | None:
    """By 「2026-imabetsu」."""
    year, _, slug = address.partition("-")
    town, of = areas.find_town(slug), year_in(year)
    return subject(of, town) if of and town else None


def find_area(address: str) -> Ledger | None:
    """By 「2026」."""
    of = year_in(address)
    return subject(of, None) if of else None


def apart(rows: Sequence[LedgerRow]) -> tuple[list[LedgerRow], list[GrantFinding]]:
    """The lines with their own findings, and once what is said of a municipality whole."""
    by_town = _by_town(rows)
    wide = {
        one: None for row in by_town for one in row.findings if one.kind is FindingKind.OVER_CAP
    }
    own = [
        row._replace(findings=tuple(one for one in row.findings if one not in wide)) for row in rows
    ]
    return own, list(wide)


def grant_ledger(of: Ledger) -> Document:
    """台帳 of one municipality: a row a project."""
    rows, wide = apart(of.rows)
    name = of.town.name if of.town else ""
    count = len(wide) + sum(len(row.findings) for row in rows)
    claimed = sum(row.line.claimed_yen for row in rows)
    cap = of.caps.get(name)
    facts: list[list[tuple[str, Cell]]] = [
        [("算定額の合計", Amount(claimed, "円")), ("この年度の上限", _cap(cap, "円"))],
        [
            ("指摘", Amount(count, "件")),
            ("上限との差", None if cap is None else _room(cap, claimed)),
        ],
    ]
    facts += [[(one.kind.label, one.words)] for one in wide]
    lines = _lines(rows)
    return Document(
        title=f"{of.year.label}　特別交付税台帳（{name}）",
        left=LEFT,
        right=name,
        blocks=[Pairs(facts), lines, Lines(NOTES)],
        is_wide=True,
    )


def grant_ledger_area(of: Ledger) -> Document:
    """台帳 of the whole area: a row a municipality, then each line at fault."""
    rows, wide = apart(of.rows)
    faulty = _by_town(row for row in rows if row.findings)
    blocks: list[Block] = [Title("1　市町村ごとの合計"), _towns(of, rows)]
    if wide:
        blocks.append(Lines([f"{one.kind.label}：{one.words}" for one in wide]))
    blocks.append(Title("2　指摘のある事業"))
    blocks.append(_lines(faulty, with_town=True) if faulty else Lines(["ありません。"]))
    return _of_area(of, "圏域", [*blocks, Lines(NOTES)])


def grant_ledger_lines(of: Ledger) -> Document:
    """All lines of the whole area in one table, for a spreadsheet: 30 municipalities fill a book."""
    told = _by_town(row for row in apart(of.rows)[0] if row.line.total_yen or row.line.claimed_yen)
    return _of_area(of, "全事業", [_lines(told, with_town=True), Lines(NOTES)])


def _of_area(of: Ledger, what: str, blocks: Sequence[Block]) -> Document:
    return Document(
        title=f"{of.year.label}　特別交付税台帳（{what}）",
        left=LEFT,
        right=areas.get_area().name,
        blocks=blocks,
        is_wide=True,
    )


def _by_town(rows: Iterable[LedgerRow]) -> Sequence[LedgerRow]:
    return sorted(rows, key=lambda row: row.town.code)


def _cap(cap: int | None, unit: str = "") -> Cell:
    return "記入されていません" if cap is None else Amount(cap, unit)


def _room(cap: int, claimed: int) -> Amount:
    """What may still be claimed; below zero where too much is."""
    return Amount(cap - claimed, "円", signed=True)


def _yen(rows: Iterable[LedgerRow]) -> list[Cell]:
    """The eight amounts, summed over rows; the claim is what the row is about."""
    found = [
        (
            row.spent_yen,
            row.shared.yen if row.shared else 0,
            row.line.total_yen,
            row.line.national_yen,
            row.line.prefectural_yen,
            row.line.other_yen,
            row.line.own_yen,
            row.line.claimed_yen,
        )
        for row in rows
    ]
    sums = [sum(column) for column in zip(*found, strict=True)] or [0] * len(HEADS)
    return [*(Amount(one) for one in sums[:-1]), Amount(sums[-1], is_bold=True)]


def _towns(of: Ledger, rows: Sequence[LedgerRow]) -> Grid:
    towns = areas.towns()
    by_town = {town: [row for row in rows if row.town == town] for town in towns}
    over = {
        row.town for row in of.rows if any(one.kind is FindingKind.OVER_CAP for one in row.findings)
    }
    counts = {
        town: sum(len(row.findings) for row in own) + (town in over)
        for town, own in by_town.items()
    }
    told = [
        [town.name, *_yen(own), _cap(of.caps.get(town.name)), Amount(counts[town])]
        for town, own in by_town.items()
    ]
    total = ["合計", *_yen(rows), "", Amount(sum(counts.values()))]
    heads = ("市町村", *HEADS, "上限\n（円）", "指摘\n（件）")
    return Grid(heads, told, (2.2, *(1.5,) * len(HEADS), 1.5, 0.8), total)


def _lines(rows: Sequence[LedgerRow], *, with_town: bool = False) -> Grid:
    towns = ("市町村",) if with_town else ()
    heads = (*towns, "事業", *HEADS, "対象になるか\n理由", "書類\nほかの算定", "指摘")
    told: list[list[Cell]] = [
        [
            *((row.town.name,) if with_town else ()),
            _project(row),
            *_yen([row]),
            _eligible(row),
            _proof(row),
            "\n".join(f"{one.kind.label}：{one.words}" for one in row.findings) or "なし",
        ]
        for row in rows
    ]
    total = ["合計", *([""] if with_town else []), *_yen(rows), "", "", ""]
    first = (1.5, 2.2) if with_town else (2.6,)
    return Grid(heads, told, (*first, *(1.5,) * len(HEADS), 2.2, 2.0, 3.2), total)


def _project(row: LedgerRow) -> str:
    more = (["（予）"] if row.is_planned else []) + ([row.shared.label] if row.shared else [])
    return "\n".join([row.line.project, *more])


def _eligible(row: LedgerRow) -> str:
    if not row.is_entered:
        return "記入なし"
    return "\n".join(filter(None, ["対象" if row.line.is_eligible else "対象外", row.line.why]))


def _proof(row: LedgerRow) -> str:
    others = [f"ほかの算定：{one}" for one in row.line.claimed_under]
    return "\n".join([row.proof or "—", *others])


PAPERS = (PaperKind("grant_ledger", "特別交付税台帳", (PDF, EXCEL), grant_ledger, find),)
AREA_PAPERS = (
    PaperKind(
        "grant_ledger_area", "特別交付税台帳（圏域）", (PDF, EXCEL), grant_ledger_area, find_area
    ),
    PaperKind(
        "grant_ledger_lines",
        "特別交付税台帳（全事業）",
        (EXCEL, CSV),
        grant_ledger_lines,
        find_area,
    ),
)


def offered(town: Town | None) -> Sequence[PaperKind]:
    """The papers of a municipality's ledger, or (None) of that of the whole area."""
    return PAPERS if town else AREA_PAPERS
