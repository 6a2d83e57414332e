"""Papers of payment: 納入通知書, 請求書, 還付通知書, and the year's list.

A subject is a case, an instalment of it, or one municipality's (`find`).  Wording: 公文用語;
field.md section d (documents in the order used).
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from flask import has_request_context

from tracker.amounts.yen import yen
from tracker.cost_papers import papers as costs
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.rules import CaseState
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.municipalities.rules import Town
from tracker.papers.kinds import (
    BLANK_DAY,
    CSV,
    EXCEL,
    PDF,
    WORD,
    Amount,
    Block,
    Cell,
    Document,
    Grid,
    Lines,
    Pairs,
    PaperKind,
    Title,
    letter_head,
    paged,
    year_in,
)
from tracker.payments import queries
from tracker.payments.instalment import Instalment
from tracker.payments.queries import Owed
from tracker.plumbing import clock
from tracker.plumbing.access import may

_ADDRESS = re.compile(r"(\d{4}-\d{2,4})(?:-(\d{1,2}))?(?:-([a-z][a-z0-9-]*))?", re.ASCII)


class PaymentPapers(NamedTuple):
    """An agreed case with what it asks, and its instalments, of those municipalities asked for.

    number: of the one instalment that is billed, None for all.
    """

    case: Case
    owed: Owed
    rows: Sequence[Instalment]
    towns: Sequence[Town]
    number: int | None = None

    @property
    def is_payable(self) -> bool:
        """Whether anybody owes anything by it, and it is agreed."""
        is_agreed = self.case.is_money and self.case.state is CaseState.AGREED
        return is_agreed and bool(self.towns) and not self.owed.is_later

    @property
    def is_there(self) -> bool:
        """Whether there is anything to print: the instalment that is named, too."""
        named = self.number is None or any(one.number == self.number for one in self.rows)
        return self.is_payable and named

    def of(self, town: Town) -> list[Instalment]:
        """One municipality's instalments."""
        return [one for one in self.rows if one.town == town]


def subject(case: Case, number: int | None = None, slug: str | None = None) -> PaymentPapers:
    """What the papers are about: of one instalment, and of one municipality, where they are named."""
    owed = queries.owed(case, clock.today())
    return narrowed(case, owed, queries.of_case(case), number, slug)


def narrowed(
    case: Case,
    owed: Owed,
    rows: Sequence[Instalment],
    number: int | None = None,
    slug: str | None = None,
) -> PaymentPapers:
    """The same of what was read already."""
    return PaymentPapers(
        case,
        owed,
        [one for one in rows if slug in (None, one.town.slug)],
        [town for town, amount in owed.yen.items() if amount and slug in (None, town.slug)],
        number,
    )


def find(address: str) -> PaymentPapers | None:
    """By 2026-03 (all), 2026-03-2 (the second instalment), 2026-03-hiranai, 2026-03-2-hiranai."""
    found = _ADDRESS.fullmatch(address)
    case = costs.find(found[1]) if found else None
    if found is None or case is None:
        return None
    of = subject(case, int(found[2]) if found[2] else None, found[3])
    return of if of.is_there else None


def _letter(of: PaymentPapers, name: str, pages: Iterator[list[Block]]) -> Document:
    """Each municipality's on a page of its own."""
    title, mark = f"{of.case.title}　{name}", costs.mark(of.case)
    return Document(title, paged(pages), mark=mark, is_letter=True)


def _page(
    of: PaymentPapers,
    town: Town,
    head: tuple[str, date | None],
    words: tuple[str, str],
    asked: Sequence[Sequence[tuple[str, Cell]]],
    rows: Sequence[Block] = (),
) -> list[Block]:
    """What a letter tells a municipality; head: its number and day, words: title and first lines.

    asked: what stands first under 記; rows: the instalments, where there are several.
    """
    case = of.case
    title, said = words
    return [
        *letter_head(*head, f"{town.head_title}　様", case.lead.head_title),
        Title(title),
        Lines([f"　{said}"]),
        Lines(["記"], "center"),
        Pairs([*asked, *_difference(of, town), *_what(case)]),
        *rows,
        *(costs.breakdown(case, town) if case.share_yen(town) else []),
    ]


def _said(case: Case, what: str, ends: str) -> tuple[str, str]:
    return (
        f"{case.no.year.label}　{case.title}に係る負担金の{what}について（通知）",
        f"連携協約第4条第2項の規定に基づき協議して定めた標記の負担金（{case.no.label}）に"
        f"ついて、下記のとおり{ends}。",
    )


def _what(case: Case) -> list[list[tuple[str, Cell]]]:
    year = case.no.year.label
    carried = f"－翌年度へ繰り越す額{yen(case.carried_yen)}" if case.carried_yen else ""
    return [
        [("対象の事業", f"{case.project}（{year}・{case.stage.label}）")],
        [
            (
                "負担の対象額",
                f"{yen(case.amount_yen)}（総事業費{yen(case.total_yen)}－補助"
                f"{yen(case.subsidy_yen)}{carried}）",
            )
        ],
        [("端数の扱い", case.rounding_words)],
    ]


def _difference(of: PaymentPapers, town: Town) -> list[list[tuple[str, Cell]]]:
    """Where less or more than the share is to be paid: what was counted."""
    found: list[list[tuple[str, Cell]]] = []
    if of.owed.before:
        stage, shares = of.owed.before
        found.append([(f"{stage.label}の額", f"金{yen(shares.get(town, 0))}")])
    if of.owed.paid:
        found.append([("差替え前の納入済額", f"金{yen(of.owed.paid.get(town, 0))}")])
    return [[("負担額", f"金{yen(of.case.share_yen(town))}")], *found] if found else []


# --- 納入通知書 -------------------------------------------------------------------------------------


def cost_notice(of: PaymentPapers) -> Document:
    """負担金納入通知書: from the municipality that leads the project to each that has to pay."""
    payers = (town for town in of.towns if of.owed.yen[town] > 0)
    return _letter(of, "負担金納入通知書", (_notice(of, town) for town in payers))


def _notice(of: PaymentPapers, town: Town) -> list[Block]:
    rows = of.of(town)
    noticed = next((one for one in rows if one.noticed_on), None)
    due = "下表のとおり" if len(rows) > 1 else _due(rows[0]) if rows else BLANK_DAY
    return _page(
        of,
        town,
        (noticed.notice_no, noticed.noticed_on) if noticed else ("", None),
        _said(of.case, "納入", "納入されるよう通知します"),
        [[("納入金額", f"金{yen(of.owed.yen[town])}")], [("納入期限", due)]],
        [_parts(rows)] if len(rows) > 1 else [],
    )


def _due(one: Instalment) -> str:
    """The day, with the year it is paid for where it lies outside."""
    if one.due_on in one.year:
        return wareki.long(one.due_on)
    return f"{wareki.long(one.due_on)}（{one.year.label}分）"


def _parts(rows: Sequence[Instalment], now: Instalment | None = None) -> Grid:
    """The instalments of a municipality; the one that is billed is named."""
    return Grid(
        ("納入の回", "金額（円）", "納期限"),
        [
            (
                one.part_words + ("（今回）" if now and one.id == now.id else ""),
                Amount(one.yen),
                _due(one),
            )
            for one in rows
        ],
        (1.4, 1.4, 3),
        ("計", Amount(sum(one.yen for one in rows)), ""),
    )


# --- 請求書 -----------------------------------------------------------------------------------------


def cost_bill(of: PaymentPapers) -> Document:
    """請求書: an instalment, asked by the lead of each that pays it."""
    rows = [one for one in of.rows if not one.is_refund and of.number in (None, one.number)]
    return _letter(of, "負担金請求書", (_bill(of, one) for one in rows))


def _bill(of: PaymentPapers, one: Instalment) -> list[Block]:
    case = of.case
    said = f"{one.year.label}　{case.title}に係る負担金（{case.no.label}）について、下記のとおり請求します。"
    parts: list[Block] = [Lines(["請求の内訳"]), _parts(of.of(one.town), one)]
    return [
        *_page(
            of,
            one.town,
            (one.bill_no, one.billed_on),
            ("請　求　書", said),
            [
                [("請求金額", f"金{yen(one.yen)}")],
                [("会計年度", f"{one.year.label}分"), ("納入の区分", one.part_words)],
                [("納期限", _due(one))],
            ],
            parts if one.count > 1 else [],
        ),
        Lines(["納付の方法"]),
        Pairs(
            [
                [("金融機関・支店", "　"), ("口座種別・番号", "　")],
                [("口座名義", "　"), ("問合せ先", "　")],
            ]
        ),
    ]


# --- 還付通知書 -------------------------------------------------------------------------------------


def cost_refund(of: PaymentPapers) -> Document:
    """負担金還付通知書: what the lead gives back to each that has paid too much."""
    payees = (town for town in of.towns if of.owed.yen[town] < 0)
    return _letter(of, "負担金還付通知書", (_refund(of, town) for town in payees))


def _refund(of: PaymentPapers, town: Town) -> list[Block]:
    rows = of.of(town)
    due = _due(rows[0]) if rows else BLANK_DAY
    return _page(
        of,
        town,
        ("", None),
        _said(of.case, "還付", "還付しますので通知します"),
        [[("還付金額", f"金{yen(-of.owed.yen[town])}")], [("還付の期日", due)]],
    )


# --- 納入の予定と状況 ---------------------------------------------------------------------------------


class YearPayments(NamedTuple):
    """A fiscal year's instalments, as far as their reader sees them."""

    year: FiscalYear
    rows: Sequence[Instalment]


def find_year(address: str) -> YearPayments | None:
    """By the fiscal year: 2026."""
    year = year_in(address)
    return YearPayments(year, queries.of_year(year, None)) if year else None


def payment_list(of: YearPayments) -> Document:
    """納入の予定と状況: every instalment of the year with what was received of it."""
    today = clock.today()
    heads = (
        *("案件", "件名", "納める市町村", "受け取る市町村", "回"),
        *("金額（円）", "納期限", "納入済み（円）", "受領日", "状況"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            *(one.no.label, one.title, one.payer.name, one.payee.name, one.part_words),
            *(Amount(one.yen), one.due_on, Amount(one.received_yen), one.received_on),
            one.state(today).label,
        )
        for one in of.rows
    ]
    sums = Amount(sum(one.yen for one in of.rows)), Amount(sum(one.received_yen for one in of.rows))
    total: tuple[Cell, ...] = ("合計", "", "", "", "", sums[0], "", sums[1], "", "")
    widths = (1.2, 2.4, 1.2, 1.2, 0.8, 1.3, 1.5, 1.3, 1.5, 1.2)
    return Document(
        f"{of.year.label}　負担金の納入の予定と状況",
        [Grid(heads, rows, widths, total)],
        left="連携協約第4条第2項",
    )


def _owes(of: PaymentPapers, sign: int) -> bool:
    return of.is_payable and any(of.owed.yen[town] * sign > 0 for town in of.towns)


def _is_for_payee(of: PaymentPapers) -> bool:
    """All notices at once are the payee's; each payer has its own on its own page."""
    return not has_request_context() or may(Permission.READ_PAYMENTS, of.case.lead.slug)


CASE_PAPERS = (
    PaperKind(
        "cost_notice", "負担金納入通知書", (PDF, WORD), cost_notice, find,
        about="cost_case", is_bundled=_is_for_payee, is_offered=lambda of: _owes(of, 1),
    ),
    PaperKind(
        "cost_bill", "負担金請求書", (PDF, WORD, EXCEL), cost_bill, find,
        about="cost_case", is_bundled=_is_for_payee, is_offered=lambda of: any(not one.is_refund for one in of.rows),
    ),
    PaperKind(
        "cost_refund", "負担金還付通知書", (PDF, WORD), cost_refund, find,
        about="cost_case", is_bundled=_is_for_payee, is_offered=lambda of: _owes(of, -1),
    ),
)  # fmt: skip
LIST = PaperKind("payment_list", "納入の予定と状況", (PDF, EXCEL, CSV), payment_list, find_year)
PAPERS = (*CASE_PAPERS, LIST)


def of_instalment(one: Instalment) -> list[PaperKind]:
    """The papers of one instalment; none of a case that was replaced."""
    wanted = {"cost_refund"} if one.is_refund else {"cost_notice", "cost_bill"}
    return [row for row in CASE_PAPERS if row.kind in wanted and not one.is_replaced]
