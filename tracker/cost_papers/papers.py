"""Papers of a case: the arithmetic on one A4, its settlement, and all of them as one file.

Each figure is the stored one of the case (`Case.lines`), whatever the paper and its format.
Wording: 公文用語; ux/spec.md 7.9, field.md section d (documents in the order used).
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial

from tracker.amounts.yen import yen
from tracker.attachments import uploads
from tracker.cost_papers.memorandum.papers import cost_memorandum
from tracker.cost_sharing import queries
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.rules import CaseKind, CaseNumber, CaseState, Decision, Stage
from tracker.cost_sharing.stages.queries import settled_before, stages
from tracker.cost_sharing.stages.rules import StageRow
from tracker.cost_sharing.work.rules import WorkRow, WorkTotal
from tracker.history import history
from tracker.kernel import wareki
from tracker.municipalities.rules import Town
from tracker.papers.kinds import (
    EXCEL,
    NOT_A_SEAL,
    PDF,
    WORD,
    ZIP,
    Amount,
    Block,
    Bundle,
    Cell,
    Document,
    Enclosure,
    Grid,
    Lines,
    Pairs,
    PaperKind,
    Title,
    papers_of,
)
from tracker.plumbing import clock
from tracker.shares.split import LARGEST_REMAINDER, Figure, at_places, in_digits
from tracker.shares.table import PartSource

WITHOUT_YEN = {CaseKind.WORK: "手続・人員の分担表", CaseKind.NONE: "費用の分担なしの記録"}


def find(address: str) -> Case | None:
    """By the last part of its address: 「2026-04」."""
    number = CaseNumber.parse(address)
    return queries.find(number, clock.today()) if number else None


def find_settled(address: str) -> Case | None:
    """The same of a case that settles what was agreed before."""
    found = find(address)
    return found if found and _settles(found) else None


def mark(case: Case) -> str:
    """What keeps a paper from being taken for a settled one."""
    if case.state is CaseState.AGREED:
        return ""
    return case.state.label if case.state is CaseState.REPLACED else f"案（{case.state.label}）"


# --- 負担額計算書 ----------------------------------------------------------------------------------


def cost_calculation(case: Case) -> Document:
    """負担額計算書: why each municipality bears these yen, step by step."""
    blocks: list[Block] = [Pairs(_facts(case))]
    if case.is_money and case.lines:
        blocks += [
            Title("1　負担の対象額"),
            _funds(case),
            Title("2　割り方"),
            _formula(case),
            Title("3　市町村ごとの負担額"),
            _shares(case),
            Lines(list(_notes(case))),
        ]
    title = f"負担額計算書（{case.stage.label}）" if case.is_money else WITHOUT_YEN[case.kind]
    if case.rows:
        blocks += [Title("1　だれが・何を・どれだけ"), work_table(case)]
    if case.pairs:
        number = 4 if case.is_money else 2 if case.rows else 1
        blocks += [Title(f"{number}　双方の確認"), _confirmations(case)]
        blocks.append(Lines([NOT_A_SEAL]))
    return Document(
        title=f"{case.no.year.label}　{title}",
        left="連携協約第4条第2項",
        right=case.label,
        mark=mark(case),
        blocks=blocks,
    )


def _facts(case: Case) -> list[list[tuple[str, Cell]]]:
    day = case.agreed_at and clock.day(case.agreed_at)
    state = f"{case.state.label}（{wareki.long(day)}）" if day else case.state.label
    facts: list[list[tuple[str, Cell]]] = [
        [("件名", case.title)],
        [("事業", f"{case.project}（{case.no.year.label}・{case.stage.label}）")],
        [("主担当", case.lead.name), ("状況", state)],
    ]
    if not case.is_money:
        if case.work or not case.rows:
            what = "そのほかの\n取決め" if case.rows else "だれが・何を\n・どれだけ"
            is_none = case.kind is CaseKind.NONE
            facts.append([("分担なしと\nする理由" if is_none else what, case.work or None)])
        facts.append([("分担する\n市町村", "、".join(one.name for one in case.participants))])
    return facts


def _funds(case: Case) -> Grid:
    amount = Amount(case.amount_yen, is_bold=True)
    heads, yens = ["総事業費（円）", "国・県などの補助（円）"], [case.total_yen, case.subsidy_yen]
    if case.carried_yen:
        heads.append("翌年度へ繰り越す額（円）")
        yens.append(case.carried_yen)
    cells = [*(Amount(one) for one in yens), amount]
    return Grid((*heads, "負担の対象額（円）"), [cells], (1,) * len(cells))


def _formula(case: Case) -> Grid:
    """One row a part: how much of the amount it divides, by what, and who says so."""
    rows = [
        (
            part.label,
            part.extent,
            _amount(sum((line.parts[at] for line in case.lines), Fraction())),
            _by(part, len(case.shares)),
            part.source or "—",
        )
        for at, part in enumerate(case.parts)
    ]
    heads = ("割り方", "割合", "割り当てる額（円）", "市町村への分け方", "基礎数値の出典")
    return Grid(heads, rows, (1.4, 1, 1.5, 2.6, 3))


def _by(part: PartSource, everybody: int) -> str:
    """「人口 ÷ 計295,593人」: what of the whole falls to each."""
    if part.part.amounts is not None:
        return "定額"
    if part.part.rate is not None:
        return f"{_counted(part)} × {in_digits(part.part.rate)}"
    if part.part.figures is None:
        count = len(part.part.only) if part.part.only else everybody
        return "全額" if count == 1 else f"1 ÷ {count}市町村"
    return f"{_counted(part)} ÷ 計{_whole(part)}"


def _counted(part: PartSource) -> str:
    """「人口」, 「重み」: what the figures of a part are."""
    return "重み" if part.part.weights else part.part.kind.label.removesuffix("割")


def _counts(part: PartSource) -> Mapping[str, Figure]:
    """The figures of those who take part in it."""
    only, figures = part.part.only, part.part.figures or {}
    return {name: one for name, one in figures.items() if only is None or name in only}


def _whole(part: PartSource) -> str:
    unit = "" if part.part.weights else part.unit
    return in_digits(sum(map(Fraction, _counts(part).values())), grouped=True) + unit


def _shares(case: Case) -> Grid:
    """The arithmetic, one row a municipality: figures, exact yen of each part, and the share."""
    columns: list[tuple[str, list[Cell]]] = []
    for at, part in enumerate(case.parts):
        if part.part.figures is not None:
            columns.append(_figures(case, part))
        columns.append((f"{part.label}\n（円）", _column([one.parts[at] for one in case.lines])))
    shares = _summed([one.share for one in case.lines])
    columns += [
        ("計算値\n（円）", _column([one.exact for one in case.lines])),
        ("端数調整\n（円）", _column([one.adjustment for one in case.lines], signed=True)),
        ("負担額\n（円）", [Amount(one, is_bold=True) for one in shares]),
        ("割合\n（％）", [_percent(one, case) for one in shares]),
    ]
    names = [line.municipality for line in case.lines]
    rows = list(zip([*names, "合計"], *(cells for _head, cells in columns), strict=True))
    # As wide as the longest number, or a heading of so many signs in several lines.
    widths = [max(8, *(len(str(one)) + 2 for one in cells)) for _head, cells in columns]
    first = min(18, max(2 * len(name) for name in names) + 2)
    heads = ("市町村", *(head for head, _cells in columns))
    return Grid(heads, rows[:-1], (first, *widths), rows[-1])


def _figures(case: Case, part: PartSource) -> tuple[str, list[Cell]]:
    counts = _counts(part)
    found = [counts.get(one.municipality) for one in case.lines]
    unit = "" if part.part.weights or not part.unit else f"\n（{part.unit}）"
    every = [*found, sum(map(Fraction, counts.values()))]
    return f"{_counted(part)}{unit}", [None if one is None else _exact(one) for one in every]


def _exact(value: Figure) -> Amount:
    """A figure with all of its decimals, as it was entered."""
    return Amount(Decimal(in_digits(value)))


def _summed(values: Sequence[int]) -> list[int]:
    return [*values, sum(values)]


def _column(values: Sequence[Fraction], *, signed: bool = False) -> list[Cell]:
    """A column with its sum: whole yen where all are whole, else one decimal."""
    every = [*values, sum(values, Fraction())]
    places = 0 if all(one.denominator == 1 for one in every) else 1
    return [_amount(one, places, signed=signed) for one in every]


def _amount(value: Fraction, places: int | None = None, *, signed: bool = False) -> Amount:
    places = (0 if value.denominator == 1 else 1) if places is None else places
    return Amount(at_places(value, places), signed=signed)


def _percent(share: int, case: Case) -> Cell:
    whole = sum(case.shares.values())
    return Amount(Decimal(at_places(Fraction(100 * share, whole), 2))) if whole else None


def _notes(case: Case) -> Iterator[str]:
    table, own = case.table, {part.note for part in case.parts}
    moved = sum(case.limits.apply(line.municipality, line.rounded) for line in case.lines)
    spare = case.amount_yen - moved
    yield f"端数の扱い：{case.rounding_words}。"
    yield from table.provisional if table else ()
    # Of limits, and of ties.
    yield from (note for note in (table.notes if table else ()) if note not in own)
    if spare and case.remainder == LARGEST_REMAINDER:
        yield (
            f"単位未満を切り捨てた額の合計は{yen(moved)}で、対象額との差{yen(spare)}を、"
            "切り捨てた端数の大きい順に割り当てています。"
        )
    elif spare:
        yield (
            f"端数処理後の額の合計は{yen(moved)}で、対象額との差{yen(abs(spare))}を"
            f"{case.remainder}の負担額{'に加えて' if spare > 0 else 'から減じて'}います。"
        )
    yield (
        "計算値は円未満を分数のまま計算し、表では小数第1位までを示しています。"
        "割合は負担額から計算し、小数第3位を四捨五入しています。"
    )


def _confirmations(case: Case) -> Grid:
    def word(partner: Town, side: Town) -> str:
        reply = case.answer(partner, side)
        if reply is None:
            return "—"
        day = wareki.long(clock.day(reply.at))
        return f"{day}　{'確認' if reply.decision is Decision.CONFIRMED else '意見あり'}"

    rows = [
        (
            f"{case.hub.name}・{partner.name}",
            *((Amount(case.share_yen(partner)),) if case.is_money else ()),
            word(partner, case.hub),
            word(partner, partner),
        )
        for partner in case.pairs
    ]
    shares = ("町村の負担額（円）",) if case.is_money else ()
    heads = ("連携協約", *shares, case.hub.name, "町村")
    return Grid(heads, rows, (2, *((1.4,) if shares else ()), 2, 2))


def work_table(case: Case) -> Grid:
    """One row a municipality's task; what was done beside what was promised, where it is told."""
    is_told = any(row.done for row in case.rows)

    def cells(row: WorkRow | WorkTotal) -> list[Cell]:
        if not is_told:
            return [_exact(row.promised.fraction), row.unit]
        done, more = row.done and row.done.fraction, row.difference
        return [
            _exact(row.promised.fraction),
            row.unit,
            None if done is None else _exact(done),
            None if more is None else _exact(more)._replace(signed=True, is_bold=True),
        ]

    heads = ("市町村", "何を", "どれだけ", "単位", *(("実績", "差") if is_told else ()))
    rows: list[list[Cell]] = [[row.town.name, row.what, *cells(row)] for row in case.rows]
    rows += [["合計", "", *cells(one)] for one in case.totals]
    return Grid(heads, rows, (1.6, 4, 1.2, 0.9, *((1.2, 1.2) if is_told else ())))


def _handling(row: StageRow, case: Case) -> str:
    if row.name == case.lead.name:
        return "（主担当）"
    return "追加納入" if row.difference > 0 else "還付" if row.difference < 0 else "—"


def cost_settlement(case: Case) -> Document:
    """精算書: what was settled before, what the accounts closed with, and who pays or gets back."""
    table = stages(case, clock.today())
    assert table is not None, "offered only where something was settled before"

    def moved(row: StageRow) -> list[Cell]:
        bold = Amount(row.difference, signed=True, is_bold=True)
        return [] if table.left else [bold, _handling(row, case)]

    rows: list[list[Cell]] = [
        [row.name, *(None if one is None else Amount(one) for one in row.amounts), *moved(row)]
        for row in table.rows
    ]
    sums: list[Cell] = [
        Amount(sum(row.amounts[at] or 0 for row in table.rows)) for at in range(len(table.heads))
    ]
    heads = ["市町村", *(f"{head}\n（円）" for head in table.heads)]
    if not table.left:
        heads += ["差額\n（円）", "扱い"]
        sums += [Amount(sum(row.difference for row in table.rows), signed=True), ""]
    return Document(
        title=f"{case.no.year.label}　{case.project}　負担金精算書",
        left="連携協約第4条第2項",
        right=case.label,
        mark=mark(case),
        blocks=[
            Pairs(_facts(case)),
            Title("1　決算額に基づく負担の対象額"),
            _funds(case),
            Title("2　市町村ごとの精算額"),
            Grid(heads, rows, (2.0,) * len(heads), ["合計", *sums]),
            Lines([table.left or "差額は、精算額から直前に決まった額を差し引いた額です。"]),
            Title("3　割り方"),
            _formula(case),
            Lines([NOT_A_SEAL]),
        ],
    )


# --- 算定の内訳 -----------------------------------------------------------------------------------


def breakdown(case: Case, town: Town) -> list[Block]:
    """算定の内訳: why one municipality bears its share, part by part, with figures and sources."""
    line = next(one for one in case.lines if one.municipality == town.name)
    steps: list[tuple[Cell, ...]] = [
        (part.label, part.extent, _figure_of(part, town), _amount(line.parts[at]))
        for at, part in enumerate(case.parts)
    ]
    return [
        Lines(["算定の内訳"]),
        Grid(
            ("割り方", "割合", "基礎数値", "額（円）"),
            [*steps, ("端数調整", "", "", _amount(line.adjustment, signed=True))],
            (2, 1.4, 3, 1.6),
            ("負担額", "", "", Amount(line.share)),
        ),
        Lines([f"{part.label}：{part.source}" for part in case.parts if part.source]),
    ]


def _figure_of(part: PartSource, town: Town) -> str:
    value = _counts(part).get(town.name)
    if value is None:
        return "—"
    unit = "" if part.part.weights else part.unit
    return f"{in_digits(value, grouped=True)}{unit} ／ 計{_whole(part)}"


# --- 起案用一式 -------------------------------------------------------------------------------------


def case_file(case: Case) -> Bundle:
    """起案用一式: every paper that a case has, of whatever room, and what is attached and counts."""
    last = history.last_of(history.Subject("cost_case", case.id))
    return Bundle(
        label=case.no.label,
        title=case.title,
        papers=papers_of("cost_case", str(case.no)),
        files=[
            Enclosure(
                "押印済みの文書" if one.sealed_on else "添付",
                one.name,
                partial(uploads.content_of, one.sha256),
            )
            for one in uploads.of("cost_case", case.id)
            if not one.is_struck
        ],
        as_of=last.at if last else clock.now(),
    )


def _is_there(case: Case) -> bool:
    """Papers are there as far as a case has come: none before its shares are set."""
    return bool(case.shares) and case.state is not CaseState.WITHDRAWN


def _settles(case: Case) -> bool:
    """Whether something was agreed before it that it settles."""
    is_last = case.stage is Stage.RECONCILIATION
    return is_last and _is_there(case) and bool(settled_before(case, clock.today()))


_of_case = partial(PaperKind, find=find, about="cost_case", is_offered=_is_there)
PAPERS = (
    _of_case("cost_calculation", "負担額計算書", (PDF, WORD, EXCEL), cost_calculation),
    _of_case("cost_memorandum", "覚書案", (WORD,), cost_memorandum),
    _of_case(
        "cost_settlement", "精算書", (PDF, WORD, EXCEL), cost_settlement,
        find=find_settled, is_offered=_settles,
    ),
    _of_case("case_file", "起案用一式", (ZIP,), case_file),
)  # fmt: skip


def offered(case: Case) -> list[PaperKind]:
    """The papers that a case has."""
    return [row for row in PAPERS if row.is_offered(case)]
