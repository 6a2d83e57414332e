"""The letters of a case: asked, asked again after a change, returned, agreed (ux/spec.md 13)."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tracker.accounts import queries as accounts
from tracker.accounts.models import PostKind
from tracker.cost_sharing.dossier import Dossier
from tracker.cost_sharing.table import formula_words
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.yen import yen
from tracker.municipalities import queries as areas
from tracker.municipalities.queries import Town
from tracker.plumbing import letters
from tracker.plumbing.letters import Recipient

# Half widths: a line of a letter holds at most 35 full-width characters.
_LINE, _LABEL = 68, 8


def confirmers(towns: Sequence[Town]) -> tuple[Recipient, ...]:
    """Whoever confirms for these municipalities, in the order of the codes.

    Raises Refusal for a municipality where nobody does: it could not be asked.
    """
    found = _confirmers(towns)
    for town in towns:
        if town.id not in {to.municipality_id for to in found}:
            raise Refusal(
                f"{town.name}の確認者が登録されていません。"
                "管理者に登録を頼んでから、もう一度お試しください。"
            )
    return found


def _confirmers(towns: Iterable[Town]) -> tuple[Recipient, ...]:
    ids = [town.id for town in towns]
    found = accounts.recipients(PostKind.CONFIRMER, municipality_ids=ids)
    return tuple(to for id_ in ids for to in found.get(id_, []))


def request(dossier: Dossier, to: Recipient, reply_due_on: date) -> dict[str, Any]:
    """The fields of M13: what one side is asked to confirm, and by when."""
    return {
        **_frame(dossier),
        "own": _own(to),
        "due_on": reply_due_on,
        "rows": [
            *_subject(dossier),
            *_formula(dossier),
            *_share(dossier, to),
            *ruled("期限", wareki.full(reply_due_on)),
        ],
        "page_path": f"{dossier.case.no.path}/confirm",
    }


def put_requests(dossier: Dossier, *, at: datetime) -> None:
    """M13 to everybody who confirms."""
    case = dossier.case
    if case.reply_due_on is None:
        raise ValueError("a case is sent with a day to answer by")
    for to in confirmers(dossier.parties):
        fields = request(dossier, to, case.reply_due_on)
        _put("cost_request", to, f"cost_request:{case.id}", at=at, **fields)


@dataclass(frozen=True)
class Before:
    """How a case stood before a change: yen by municipality's name, and who was asked."""

    total_yen: int
    amount_yen: int
    shares: Mapping[str, int]
    parties: tuple[Town, ...]

    @classmethod
    def of(cls, dossier: Dossier) -> "Before":
        """What a change is about to overwrite."""
        shares = {town.name: dossier.share_yen(town.id) for town in dossier.takers}
        case = dossier.case
        return cls(case.total_yen, case.amount_yen, shares, dossier.parties)


def put_changes(dossier: Dossier, before: Before, reason: str, *, at: datetime) -> None:
    """M15 to all who are asked, and to those who were and no longer take part."""
    case = dossier.case
    names = areas.by_id()
    asked = {town.id for town in dossier.parties}
    left_out = _confirmers(town for town in before.parties if town.id not in asked)
    for to in (*confirmers(dossier.parties), *left_out):
        town = names[to.municipality_id or 0]
        _put(
            "cost_changed",
            to,
            f"cost_changed:{case.id}:{case.revision}",
            at=at,
            **_frame(dossier),
            own=_own(to),
            rows=[
                *_subject(dossier),
                *_moved(dossier, before, town),
                *ruled("理由", reason),
            ],
            due_on=case.reply_due_on,
            is_asked=town.id in asked,
            page_path=f"{case.no.path}/confirm" if town.id in asked else case.no.path,
        )


def _moved(dossier: Dossier, before: Before, town: Town) -> list[str]:
    case = dossier.case
    if not dossier.is_money:
        return ruled("内容", case.work)
    steps = (
        ("総事業費", before.total_yen, case.total_yen),
        ("対象額", before.amount_yen, case.amount_yen),
        (f"{town.name}の負担額", before.shares.get(town.name, 0), dossier.share_yen(town.id)),
    )
    return [
        line for label, old, new in steps for line in (f"　{label}", f"　　{yen(old)} → {yen(new)}")
    ]


def put_returned(dossier: Dossier, town: str, opinion: str, *, cause: str, at: datetime) -> None:
    """M16 to whoever drafted the amounts, or to the hub's office where they have left."""
    hub = areas.hub().id
    office = accounts.recipients(PostKind.OFFICE, municipality_ids=[hub])
    drafters = accounts.recipients_of_person(dossier.case.drafted_by_id)
    for to in drafters or office.get(hub, []):
        _put(
            "cost_returned",
            to,
            cause,
            at=at,
            **_frame(dossier),
            town=town,
            rows=[*_subject(dossier), *ruled("意見", opinion)],
            page_path=dossier.case.no.path,
        )


def put_agreed(dossier: Dossier, *, at: datetime) -> None:
    """M17 to everybody who confirmed: all sides have."""
    rows = list(_subject(dossier))
    if dossier.is_money:
        for town in dossier.takers:
            rows += ruled(town.name, yen(dossier.share_yen(town.id)), label_width=10)
    else:
        rows += ruled("内容", dossier.case.work)
    for to in _confirmers(dossier.parties):
        _put(
            "cost_agreed",
            to,
            f"cost_agreed:{dossier.case.id}",
            at=at,
            **_frame(dossier),
            rows=rows,
            page_path=dossier.case.no.path,
        )


def _put(
    template: str, to: Recipient, cause: str, *, at: datetime, page_path: str, **fields: Any
) -> None:
    """The letter leads to a page, and so does its row in the list of letters."""
    letters.put(template, to, cause=cause, at=at, path=page_path, page_path=page_path, **fields)


def ruled(label: str, text: str, label_width: int = _LABEL) -> list[str]:
    """「　事業　　東青地域…」: a label and its text, broken so that no line grows too long."""
    broken = [part for line in text.splitlines() for part in _broken(line, _LINE - label_width)]
    heads = [label, *[""] * len(broken)]
    return [
        f"　{head}{'　' * ((label_width - _width(head)) // 2)}{line}"
        for head, line in zip(heads, broken, strict=False)
    ]


def _frame(dossier: Dossier) -> dict[str, Any]:
    return {"area": areas.get_area(), "title": dossier.case.title}


def _own(to: Recipient) -> str:
    """「町」 of 「貴町」."""
    return areas.by_id()[to.municipality_id or 0].name[-1]


def _subject(dossier: Dossier) -> list[str]:
    year = FiscalYear(dossier.case.fiscal_year).label
    return [
        *ruled("案件", f"{dossier.case.title}（{dossier.case.no.label}）"),
        *ruled("事業", f"{dossier.project}（{year}）"),
    ]


def _formula(dossier: Dossier) -> list[str]:
    case = dossier.case
    if not dossier.is_money:
        return ruled("内容", case.work)
    funds = f"総事業費 {yen(case.total_yen)}、補助 {yen(case.subsidy_yen)}"
    sources = dossier.sources
    return [
        *ruled("対象額", f"{yen(case.amount_yen)}\n（{funds}）"),
        *ruled("算式", formula_words(sources)),
        *(
            line
            for source in sources
            if source.source
            for line in ruled("", f"{source.part.kind.label}：{source.source}")
        ),
        *ruled("端数", dossier.rounding_words),
    ]


def _share(dossier: Dossier, to: Recipient) -> list[str]:
    if not dossier.is_money or not to.municipality_id:
        return []
    town = areas.by_id()[to.municipality_id]
    return [f"　{town.name}の負担額　{yen(dossier.share_yen(town.id))}"]


def _broken(line: str, width: int) -> Iterator[str]:
    """The line in pieces of at most `width` half widths."""
    piece = ""
    for sign in line:
        if _width(piece + sign) > width:
            yield piece
            piece = ""
        piece += sign
    yield piece


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in text)
