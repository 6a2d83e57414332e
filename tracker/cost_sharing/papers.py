"""Papers of a case: the arithmetic on one A4, the memorandum of each pair.

Each figure is the stored one of the case (`Case.lines`), whatever the paper and its format.
Wording: 公文用語; ux/spec.md 7.9, field.md section d (documents in the order used).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from tracker.agreements import queries as agreements
from tracker.attachments import uploads
from tracker.cost_sharing import queries
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.rules import CaseKind, CaseNumber, CaseState, Decision, Stage
from tracker.cost_sharing.stages.queries import settled_before
from tracker.cost_sharing.stages.rules import StageRow, stage_table
from tracker.cost_sharing.work.papers import tasks, work_table
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.yen import yen
from tracker.municipalities.rules import Town
from tracker.papers.kinds import (
    EXCEL,
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
    NewPage,
    Pairs,
    PaperKind,
    Title,
    papers_of,
)
from tracker.plumbing import clock, history
from tracker.shares.split import LARGEST_REMAINDER, Figure, at_places, in_digits
from tracker.shares.table import PartSource, formula_words

NOT_A_SEAL = (
    "「確認」は、双方の担当が内容を確かめた記録です。決裁又は記名押印に代わるものではありません。"
)
SIDES = "甲乙"
WITHOUT_YEN = {CaseKind.WORK: "手続・人員の分担表", CaseKind.NONE: "費用の分担なしの記録"}


class Bond(NamedTuple):
    """The agreement that a pair rests on: its name and the day it was concluded."""

    title: str
    day: str


class CasePapers(NamedTuple):
    """A case with the agreements of its pairs, by their id, and what was settled before 精算."""

    case: Case
    bonds: Mapping[int, Bond]
    settled: Mapping[Stage, Mapping[Town, int]]


def subject(case: Case) -> CasePapers:
    """What the papers of a case are about."""
    ids = {pair.agreement for pair in case.pairs.values()}
    return CasePapers(
        case,
        {
            row.id: Bond(row.title, wareki.long(row.concluded_on) if row.concluded_on else "")
            for row in agreements.agreements()
            if row.id in ids
        },
        settled_before(case, clock.today()),
    )


def find(address: str) -> CasePapers | None:
    """By the last part of its address: 「2026-04」."""
    number = CaseNumber.parse(address)
    case = queries.find(number, clock.today()) if number else None
    return subject(case) if case else None


def find_settled(address: str) -> CasePapers | None:
    """The same of a case that settles what was agreed before."""
    found = find(address)
    is_last = found and found.case.stage is Stage.RECONCILIATION
    return found if found and found.settled and is_last else None


def mark(case: Case) -> str:
    """What keeps a paper from being taken for a settled one."""
    if case.state is CaseState.AGREED:
        return ""
    return case.state.label if case.state is CaseState.REPLACED else f"案（{case.state.label}）"


# --- 負担額計算書 ----------------------------------------------------------------------------------


def cost_calculation(of: CasePapers) -> Document:
    """負担額計算書: why each municipality bears these yen, step by step."""
    case = of.case
    year = FiscalYear(case.no.fiscal_year).label
    blocks: list[Block] = [Pairs(_facts(case, year))]
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
        title=f"{year}　{title}",
        left="連携協約第4条第2項",
        right=case.label,
        mark=mark(case),
        blocks=blocks,
    )


def _facts(case: Case, year: str) -> list[list[tuple[str, Cell]]]:
    day = case.agreed_at and clock.day(case.agreed_at)
    state = f"{case.state.label}（{wareki.long(day)}）" if day else case.state.label
    facts: list[list[tuple[str, Cell]]] = [
        [("件名", case.title)],
        [("事業", f"{case.project}（{year}・{case.stage.label}）")],
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
    """A base figure with all of its decimals, as it was entered."""
    told = Decimal(in_digits(value))
    return Amount(int(told) if told == int(told) else told)


def _summed(values: Sequence[int]) -> list[int]:
    return [*values, sum(values)]


def _column(values: Sequence[Fraction], *, signed: bool = False) -> list[Cell]:
    """A column with its sum: whole yen where all are whole, else one decimal."""
    every = [*values, sum(values, Fraction())]
    places = 0 if all(one.denominator == 1 for one in every) else 1
    return [_amount(one, places, signed=signed) for one in every]


def _amount(value: Fraction, places: int | None = None, *, signed: bool = False) -> Amount:
    places = (0 if value.denominator == 1 else 1) if places is None else places
    told = at_places(value, places)
    return Amount(told if places else int(told), signed=signed)


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


def _handling(row: StageRow, case: Case) -> str:
    if row.name == case.lead.name:
        return "（主担当）"
    return "追加納入" if row.difference > 0 else "還付" if row.difference < 0 else "—"


def cost_settlement(of: CasePapers) -> Document:
    """精算書: what was settled before, what the accounts closed with, and who pays or gets back."""
    case, year = of.case, FiscalYear(of.case.no.fiscal_year).label
    table = stage_table(of.settled, case.shares)
    rows: list[list[Cell]] = [
        [
            row.name,
            *(None if one is None else Amount(one) for one in row.amounts),
            Amount(row.difference, signed=True, is_bold=True),
            _handling(row, case),
        ]
        for row in table.rows
    ]
    sums = [
        Amount(sum(row.amounts[at] or 0 for row in table.rows)) for at in range(len(table.heads))
    ]
    moved = Amount(sum(row.difference for row in table.rows), signed=True)
    heads = ("市町村", *(f"{head}\n（円）" for head in table.heads), "差額\n（円）", "扱い")
    return Document(
        title=f"{year}　{case.project}　負担金精算書",
        left="連携協約第4条第2項",
        right=case.label,
        mark=mark(case),
        blocks=[
            Pairs(_facts(case, year)),
            Title("1　決算額に基づく負担の対象額"),
            _funds(case),
            Title("2　市町村ごとの精算額"),
            Grid(heads, rows, (2.0,) * len(heads), ["合計", *sums, moved, ""]),
            Lines(["差額は、精算額から直前に決まった額を差し引いた額です。"]),
            Title("3　割り方"),
            _formula(case),
            Lines([NOT_A_SEAL]),
        ],
    )


# --- 覚書案、算定の内訳 ------------------------------------------------------------------------------


def cost_memorandum(of: CasePapers) -> Document:
    """覚書案: of each pair one, on a page of its own; both parties go on with it in Word."""
    case = of.case
    blocks: list[Block] = []
    for partner in case.pairs:
        blocks += [*([NewPage()] if blocks else []), *_memorandum(of, partner)]
    return Document(f"{case.title}　覚書（案）", blocks, mark="案", is_letter=True)


def _memorandum(of: CasePapers, partner: Town) -> list[Block]:
    case, pair = of.case, of.case.pairs[partner]
    bond, towns = of.bonds[pair.agreement], {case.hub.id: case.hub, partner.id: partner}
    sides = {towns[id_]: side for id_, side in zip(pair.parties, SIDES, strict=True)}
    first, second = sides
    day = f"{bond.day}に締結した" if bond.day else ""
    is_work = case.kind is CaseKind.WORK
    what = "手続及び人員の確保に係る負担" if is_work else "費用の負担"
    articles = [
        (
            "目的",
            f"この覚書は、{FiscalYear(case.no.fiscal_year).label}の{case.project}の実施に要する{what}に"
            "関し、必要な事項を定める。",
        ),
        *(_money(case, partner, sides) if case.is_money else [("負担の内容", tasks(case, sides))]),
        (
            "疑義の決定",
            "この覚書に定めのない事項又はこの覚書に関し疑義が生じた事項については、"
            "協約第6条の規定の例により、甲乙協議して定める。",
        ),
    ]
    return [
        Title(f"{case.title}に関する覚書"),
        Lines(
            [
                f"　{first.name}（以下「甲」という。）と{second.name}（以下「乙」という。）は、"
                f"{day}{bond.title}（以下「協約」という。）第4条第2項の規定に基づき協議し、"
                "次のとおり覚書を締結する。",
                *(
                    text
                    for number, (caption, words) in enumerate(articles, 1)
                    for text in (f"（{caption}）", f"第{number}条　{words}")
                ),
                "　この覚書の締結を証するため、本書2通を作成し、甲乙記名押印の上、"
                "各自その1通を保有する。",
            ]
        ),
        Lines(["　　令和　　年　　月　　日"]),
        Lines(
            [f"{side}　{town.name}\n　　{town.head_title}" for town, side in sides.items()],
            "sender",
        ),
    ]


def _money(case: Case, partner: Town, sides: Mapping[Town, str]) -> list[tuple[str, str]]:
    """Articles 2 to 5: the municipality that leads the project is paid, by the other side."""
    payer_town = case.hub if partner == case.lead else partner
    payer, payee = sides[payer_town], sides.get(case.lead, case.lead.name)
    method = f"\n　　{formula_words(case.parts)}（{case.rounding_words}）"
    carried = f"及び翌年度へ繰り越す額{yen(case.carried_yen)}" if case.carried_yen else ""
    amount = (
        "対象額",
        f"負担の対象となる額は、総事業費{yen(case.total_yen)}から国、県等の補助"
        f"{yen(case.subsidy_yen)}{carried}を控除した額{yen(case.amount_yen)}とする。",
    )
    if not case.share_yen(payer_town):
        return [amount, ("負担金の額", f"{payer}は、前条の額を負担しないものとする。{method}")]
    settle = {
        Stage.ESTIMATE: "前条の額は概算とし、当該年度の事業費の額が確定したときは、同条の算定の方法により"
        f"精算する。この場合において、過不足が生じたときは、{payee}は{payer}に還付し、"
        f"又は{payer}は{payee}に追加して支払うものとする。",
        Stage.FIXED: "前条の額は、確定した額とする。",
        Stage.RECONCILIATION: "前条の額は、事業費の決算額に基づき精算した額とする。",
    }[case.stage]
    return [
        amount,
        (
            "負担金の額",
            f"{payer}が負担する額は、金{yen(case.share_yen(payer_town))}とし、"
            f"その算定の方法は、次のとおりとする。{method}",
        ),
        ("精算", settle),
        _payment(case, payer, payee),
    ]


def _payment(case: Case, payer: str, payee: str) -> tuple[str, str]:
    if case.stage is Stage.RECONCILIATION:
        return (
            "過不足の処理",
            f"既に納入された額が第3条に定める額に満たないときは{payer}は{payee}にその差額を納入し、"
            f"これを超えるときは{payee}は{payer}にその差額を還付するものとし、その期限は"
            "令和　　年　　月　　日とする。",
        )
    return (
        "納入の期限",
        f"{payer}は、{payee}が発する納入通知書により、令和　　年　　月　　日までに"
        "第3条に定める負担金を納入するものとする。",
    )


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


def case_file(of: CasePapers) -> Bundle:
    """起案用一式: every paper that a case has, of whatever room, and what is attached and counts."""
    case = of.case
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


def _kind(
    kind: str,
    name: str,
    formats: tuple[str, ...],
    make: Callable[[CasePapers], Document | Bundle],
    find: Callable[[str], CasePapers | None] = find,
) -> PaperKind:
    def is_offered(of: CasePapers) -> bool:
        return any(row.kind == kind for row in of_stage(of.case, settles=bool(of.settled)))

    return PaperKind(kind, name, formats, make, find, about="cost_case", is_offered=is_offered)


PAPERS = (
    _kind("cost_calculation", "負担額計算書", (PDF, WORD, EXCEL), cost_calculation),
    _kind("cost_memorandum", "覚書案", (WORD,), cost_memorandum),
    _kind("cost_settlement", "精算書", (PDF, WORD, EXCEL), cost_settlement, find_settled),
    _kind("case_file", "起案用一式", (ZIP,), case_file),
)


def of_stage(case: Case, *, settles: bool) -> list[PaperKind]:
    """The papers that a case has as far as it has come: none before its shares are set.

    settles: whether something was agreed before it.
    """
    if not case.shares or case.state is CaseState.WITHDRAWN:
        return []
    settles = settles and case.stage is Stage.RECONCILIATION
    return [row for row in PAPERS if row.kind != "cost_settlement" or settles]
