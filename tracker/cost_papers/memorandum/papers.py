"""覚書案: what the two parties of a pair sign, as far as the case says it; they go on in Word."""

from collections.abc import Mapping

from tracker.agreements import queries as agreements
from tracker.agreements.queries import AgreementRow
from tracker.amounts.yen import yen
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.rules import CaseKind, Stage
from tracker.cost_sharing.work.rules import by_town
from tracker.kernel import wareki
from tracker.municipalities.rules import Town
from tracker.papers.kinds import BLANK_DAY, Block, Document, Lines, Title, paged
from tracker.shares.table import formula_words

SIDES = "甲乙"


def cost_memorandum(case: Case) -> Document:
    """覚書案: of each pair one, on a page of its own."""
    bonds = {row.id: row for row in agreements.agreements()}
    pages = (
        _memorandum(case, partner, bonds[pair.agreement]) for partner, pair in case.pairs.items()
    )
    return Document(f"{case.title}　覚書（案）", paged(pages), mark="案", is_letter=True)


def _memorandum(case: Case, partner: Town, bond: AgreementRow) -> list[Block]:
    towns = {case.hub.id: case.hub, partner.id: partner}
    parties = case.pairs[partner].parties
    sides = {towns[id_]: side for id_, side in zip(parties, SIDES, strict=True)}
    day = f"{wareki.long(bond.concluded_on)}に締結した" if bond.concluded_on else ""
    first, second = sides
    is_work = case.kind is CaseKind.WORK
    what = "手続及び人員の確保に係る負担" if is_work else "費用の負担"
    articles = [
        (
            "目的",
            f"この覚書は、{case.no.year.label}の{case.project}の実施に要する{what}に"
            "関し、必要な事項を定める。",
        ),
        *(_money(case, partner, sides) if case.is_money else [("負担の内容", _tasks(case, sides))]),
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
        Lines([f"　　{BLANK_DAY}"]),
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
            f"{BLANK_DAY}とする。",
        )
    return (
        "納入の期限",
        f"{payer}は、{payee}が発する納入通知書により、{BLANK_DAY}までに"
        "第3条に定める負担金を納入するものとする。",
    )


def _tasks(case: Case, sides: Mapping[Town, str]) -> str:
    """What each party takes on; the words of a case without a table."""
    if case.kind is CaseKind.NONE:
        return f"甲及び乙は、前条の費用を分担しないものとする。\n　　理由　{case.work}"
    if not case.rows:
        return case.work
    rows = by_town(case.rows)
    told = [
        f"　　{side}　{'、'.join(row.told for row in rows[town]) if town in rows else '（なし）'}"
        for town, side in sides.items()
    ]
    return "\n".join(
        [
            "甲及び乙は、次に掲げる手続及び人員をそれぞれ負担する。",
            *told,
            *filter(None, [case.work]),
        ]
    )
