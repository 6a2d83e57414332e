"""The letters of a case: asked, asked again after a change, returned, agreed (ux/spec.md 13)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from tracker.accounts import queries as accounts
from tracker.accounts.models import PostKind
from tracker.amounts.yen import yen
from tracker.cost_sharing.case import Case
from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.mail import letters
from tracker.mail.letters import Recipient
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.shares.table import formula_words


def confirmers(towns: Sequence[Town]) -> tuple[Recipient, ...]:
    """Whoever confirms for these municipalities, in the order of the codes.

    Raises Refusal for a municipality where nobody does: it could not be asked.
    """
    found = known_confirmers(towns)
    for town in towns:
        if town.id not in {to.municipality_id for to in found}:
            raise Refusal(
                _(
                    "%(town)sの確認者が登録されていません。管理者に登録を頼んでから、"
                    "もう一度お試しください。",
                    town=town.name,
                )
            )
    return found


def known_confirmers(towns: Iterable[Town]) -> tuple[Recipient, ...]:
    """The same, without whoever is missing."""
    ids = [town.id for town in towns]
    found = accounts.recipients(PostKind.CONFIRMER, municipality_ids=ids)
    return tuple(to for id_ in ids for to in found.get(id_, []))


def request(case: Case, to: Recipient, reply_due_on: date) -> dict[str, str]:
    """The fields of M13: what one side is asked to confirm, and by when."""
    funds = f"総事業費 {yen(case.total_yen)}、補助 {yen(case.subsidy_yen)}"
    if case.carried_yen:
        funds += f"、翌年度へ繰り越す額 {yen(case.carried_yen)}"
    money = {
        "対象額": f"{yen(case.amount_yen)}\n（{funds}）",
        "算式": "\n".join(
            (
                formula_words(case.parts),
                *(f"{one.part.kind.label}：{one.source}" for one in case.parts if one.source),
            )
        ),
        "端数": case.rounding_words,
        "貴団体の負担額": _own_share(case, to),
    }
    return {
        **subject_of(case),
        **_due(reply_due_on),
        "市町村の別": _own(to),
        "差替え": f"合意済みの{case.replaces.label}を差し替える案です。" if case.replaces else "",
        **(money if case.is_money else dict.fromkeys(money, "")),
    }


def preview(case: Case, to: Recipient, reply_due_on: date) -> tuple[str, str]:
    """Subject and body of M13 as it would go out."""
    values = request(case, to, reply_due_on)
    return letters.compose("cost_request", to, values, link=_confirm_path(case))


def put_requests(case: Case, *, at: datetime) -> None:
    """M13 to everybody who confirms."""
    if case.reply_due_on is None:
        raise ValueError("a case is sent with a day to answer by")
    for to in confirmers(case.parties):
        values = request(case, to, case.reply_due_on)
        cause = f"cost_request:{case.id}:{case.revision}"
        letters.put("cost_request", to, values, cause=cause, at=at, link=_confirm_path(case))


def put_changes(case: Case, before: Case, reason: str, *, at: datetime) -> None:
    """M15 to all who are asked, and to those who were and no longer take part."""
    names = areas.by_id()
    asked = {town.id for town in case.parties}
    left_out = known_confirmers(town for town in before.parties if town.id not in asked)
    for to in (*confirmers(case.parties), *left_out):
        town = names[to.municipality_id or 0]
        is_asked = town.id in asked
        values = {
            **subject_of(case),
            **_due(case.reply_due_on),
            "市町村の別": _own(to),
            "変更の内容": _moved(case, before, town),
            "理由": reason,
        }
        letters.put(
            "cost_changed" if is_asked else "cost_released",
            to,
            values,
            cause=f"cost_changed:{case.id}:{case.revision}",
            at=at,
            link=_confirm_path(case) if is_asked else case.no.path,
        )


def put_recalled(case: Case, reason: str, *, at: datetime) -> None:
    """M15c to everybody who was asked: a consultation was struck, and the words given are void."""
    for to in confirmers(case.parties):
        values = {**subject_of(case), "理由": reason}
        cause = f"cost_recalled:{case.id}:{case.revision}"
        letters.put("cost_recalled", to, values, cause=cause, at=at, link=case.no.path)


def _moved(case: Case, before: Case, town: Town) -> str:
    """What changed, the own share first whether it did or not; the page shows all of it."""
    if not case.is_money:
        return f"内容\n{case.work_words}"
    share = yen(before.share_yen(town)), yen(case.share_yen(town))
    steps = (
        ("対象額", yen(before.amount_yen), yen(case.amount_yen)),
        ("割り方", formula_words(before.parts), formula_words(case.parts)),
        ("端数", before.rounding_words, case.rounding_words),
        ("段階", before.stage.label, case.stage.label),
    )
    changed = (step for step in steps if step[1] != step[2])
    return "\n".join(
        f"{label}\n　{old} → {new}"
        for label, old, new in ((f"{town.name}の負担額", *share), *changed)
    )


def _confirm_path(case: Case) -> str:
    return f"{case.no.path}/confirm"


def _own(to: Recipient) -> str:
    """「町」 of 「貴町」."""
    return areas.by_id()[to.municipality_id or 0].name[-1]


def subject_of(case: Case) -> dict[str, str]:
    """The fields that tell the case, which all its letters have."""
    return {
        "件名": case.title,
        "案件": f"{case.title}（{case.no.label}）",
        "事業": f"{case.project}（{case.no.year.label}）",
        "内容": "" if case.is_money else case.work_words,
    }


def _due(reply_due_on: date | None) -> dict[str, str]:
    if reply_due_on is None:
        return {"期限": "", "期限の月日": ""}
    return {"期限": wareki.full(reply_due_on), "期限の月日": wareki.month_day(reply_due_on)}


def _own_share(case: Case, to: Recipient) -> str:
    if not to.municipality_id:
        return ""
    town = areas.by_id()[to.municipality_id]
    return f"{town.name}の負担額　{yen(case.share_yen(town))}"
