"""The words of cost sharing and the steps of a case (Article 4(2); contracts.md, product.md 6).

The arithmetic is in `split`. State labels come from here and from nowhere else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from tracker.kernel.refusal import Refusal
from tracker.kernel.yen import yen


class CaseKind(StrEnum):
    """What Article 4(2) shares: money, or procedures and staff."""

    MONEY = "money"
    WORK = "work"

    @property
    def label(self) -> str:
        """費用, or 手続・人員."""
        return {"money": "費用", "work": "手続・人員"}[self]


class PartKind(StrEnum):
    """What a part of the amount is divided by; the value is pinned in contracts.md."""

    EQUAL = "equal"
    POPULATION = "population"
    USAGE = "usage"
    FISCAL = "fiscal"
    GRANT_CAP = "grant_cap"
    RATIO = "ratio"
    HOST = "host"
    FIXED = "fixed"

    @property
    def label(self) -> str:
        """The name used in papers: 均等割, 人口割 ..."""
        return KINDS[self].label


class KindRow(NamedTuple):
    """Which fields of a part its kind must have, and which it may have."""

    label: str
    needs: tuple[str, ...]
    may: tuple[str, ...] = ("only",)


KINDS: Mapping[PartKind, KindRow] = {
    PartKind.EQUAL: KindRow("均等割", ("percent",), ("weights", "only")),
    PartKind.POPULATION: KindRow("人口割", ("percent", "basis")),
    PartKind.USAGE: KindRow("利用実績割", ("percent", "basis")),
    PartKind.FISCAL: KindRow("財政規模割", ("percent", "basis")),
    PartKind.GRANT_CAP: KindRow("特別交付税上限割", ("percent", "basis")),
    PartKind.RATIO: KindRow("割合", ("percent", "weights")),
    PartKind.HOST: KindRow("開催地等の負担", ("percent", "only"), ()),
    PartKind.FIXED: KindRow("定額", ("amounts",)),
}


class RoundingMode(StrEnum):
    """How an exact value becomes whole units; the value is pinned in contracts.md."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half_up"

    @property
    def label(self) -> str:
        """切捨て, 切上げ or 四捨五入."""
        return {"down": "切捨て", "up": "切上げ", "half_up": "四捨五入"}[self]


class Stage(StrEnum):
    """How final the amounts are."""

    ESTIMATE = "estimate"
    FIXED = "fixed"
    RECONCILIATION = "reconciliation"

    @property
    def label(self) -> str:
        """概算, 確定 or 精算."""
        return {"estimate": "概算", "fixed": "確定", "reconciliation": "精算"}[self]


class Decision(StrEnum):
    """One side's answer to the amounts; never a 決裁 or a seal."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"

    @property
    def label(self) -> str:
        """確認 or 意見あり."""
        return {"confirmed": "確認", "returned": "意見あり"}[self]


class CaseState(StrEnum):
    """Where a case stands; the value is pinned in contracts.md."""

    DRAFT = "draft"
    CONSULTING = "consulting"
    AWAITING = "awaiting"
    RETURNED = "returned"
    AGREED = "agreed"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"

    @property
    def label(self) -> str:
        """The state as screens and letters say it: 下書き, 協議中 ..."""
        return STATES[self].label


class StateRow(NamedTuple):
    """A state's name, where a case may go from there, and whether a change voids answers.

    voids: None where nothing may be changed at all.
    """

    label: str
    next: tuple[CaseState, ...] = ()
    voids: bool | None = None


_S = CaseState
# Answers move a case among these; a change of amounts asks again at once, or goes back to 協議中.
_ONCE_SENT = (_S.CONSULTING, _S.AWAITING, _S.RETURNED, _S.AGREED, _S.WITHDRAWN)
STATES: Mapping[CaseState, StateRow] = {
    _S.DRAFT: StateRow("下書き", (_S.CONSULTING, _S.WITHDRAWN), voids=False),
    _S.CONSULTING: StateRow("協議中", (_S.AWAITING, _S.WITHDRAWN), voids=False),
    _S.AWAITING: StateRow("確認待ち", _ONCE_SENT, voids=True),
    _S.RETURNED: StateRow("意見あり", _ONCE_SENT, voids=True),
    _S.AGREED: StateRow("合意済み", (_S.REPLACED,)),
    _S.WITHDRAWN: StateRow("取下げ"),
    _S.REPLACED: StateRow("差替え"),
}
UNSENT = (_S.DRAFT, _S.CONSULTING)
ASKED = (_S.AWAITING, _S.RETURNED)
SENT = (*ASKED, _S.AGREED)
NO_CONSULTATION = "協議の記録を1件以上入れてください（協約第4条第2項）。"


@dataclass(frozen=True)
class Pair:
    """The two municipalities of one agreement (ids): a case has one pair per agreement."""

    agreement: int
    party_a: int
    party_b: int

    @property
    def parties(self) -> tuple[int, int]:
        """Both sides, 甲 first."""
        return self.party_a, self.party_b


# What each side of a pair has answered to the present amounts: (agreement, municipality), both ids.
Answers: TypeAlias = Mapping[tuple[int, int], Decision]


def check_step(now: CaseState, wanted: CaseState) -> None:
    """Raises Refusal unless a case may go from `now` to `wanted`."""
    allowed = STATES[now].next
    if wanted in allowed:
        return
    if (now, wanted) == (CaseState.DRAFT, CaseState.AWAITING):
        raise Refusal(NO_CONSULTATION)
    here = f"この案件は「{now.label}」です。"
    if not allowed:
        raise Refusal(f"{here}ここからは変えられません。新しい案件を作ってください。")
    ways = "".join(f"「{step.label}」" for step in allowed)
    raise Refusal(f"{here}「{wanted.label}」にはできません。次に進めるのは{ways}です。")


def check_send(now: CaseState, is_consulted: bool, shares_yen: int | None, amount_yen: int) -> None:
    """Article 4(2): nothing is sent before a consultation is recorded and the yen add up.

    `shares_yen` is what all bear together, None before the shares are set.  Raises Refusal with
    the sentence of ux/spec.md 8, and for a case that was sent already or is closed.
    """
    if now in ASKED:
        raise Refusal("この案件は、すでに送られています。")
    if shares_yen is None:
        raise Refusal("まだ負担の内容が決まっていません。先に算式と負担額を決めてください。")
    if not is_consulted:
        raise Refusal(NO_CONSULTATION)
    check_step(now, CaseState.AWAITING)
    missing = amount_yen - shares_yen
    if missing:
        differs = f"{yen(abs(missing))}{'少なく' if missing > 0 else '多く'}"
        raise Refusal(
            f"負担額の合計（{yen(shares_yen)}）が対象額より{differs}なっています。"
            "端数の負担者を選んでください。"
        )


def check_change(now: CaseState) -> bool:
    """Whether changing the amounts voids all confirmations; the screen says so before saving.

    Raises Refusal for an agreed case, which is only ever replaced, and for a closed one.
    """
    voids = STATES[now].voids
    if voids is None:
        raise Refusal(
            f"「{now.label}」の案件は直せません。変えるときは、新しい案を作ってください。"
        )
    return voids


def state(pairs: Sequence[Pair], answers: Answers) -> CaseState:
    """What the answers make of a case that was sent: 確認待ち, 意見あり or 合意済み.

    Agreed needs both sides of every pair.
    """
    given = {answers.get((pair.agreement, side)) for pair in pairs for side in pair.parties}
    if Decision.RETURNED in given:
        return CaseState.RETURNED
    return CaseState.AGREED if given == {Decision.CONFIRMED} else CaseState.AWAITING


def check_confirm(
    now: CaseState,
    pairs: Sequence[Pair],
    answers: Answers,
    municipality: int,
    *,
    is_drafter: bool,
) -> tuple[Pair, ...]:
    """The pairs this municipality (id) confirms by this act: the hub all it has left, a town its own.

    Raises Refusal for a case not waiting, the drafter's own draft, an outsider, a second time.
    """
    own = _own_pairs(now, pairs, municipality, is_drafter)
    yes = Decision.CONFIRMED
    left = tuple(pair for pair in own if answers.get((pair.agreement, municipality)) is not yes)
    if not left:
        raise Refusal("すでに確認済みです。もう一度確認していただく必要はありません。")
    return left


def check_return(
    now: CaseState, pairs: Sequence[Pair], municipality: int, opinion: str, *, is_drafter: bool
) -> tuple[Pair, ...]:
    """The pairs this municipality (id) returns with its opinion; an earlier confirmation yields.

    Raises Refusal as `check_confirm` does, and for an opinion without words.
    """
    own = _own_pairs(now, pairs, municipality, is_drafter)
    if not opinion.strip():
        raise Refusal("意見を入力してください。直してほしい所を書いてください。", field="opinion")
    return own


def _own_pairs(
    now: CaseState, pairs: Sequence[Pair], municipality: int, is_drafter: bool
) -> tuple[Pair, ...]:
    if now not in ASKED:
        raise Refusal(
            f"この案件は「{now.label}」です。確認や意見は「確認待ち」の間に入れてください。"
        )
    own = tuple(pair for pair in pairs if municipality in pair.parties)
    if not own:
        raise Refusal("この案件の協約の当事者ではありません。確認は協約の双方が行います。")
    if is_drafter:
        raise Refusal(
            "ご自分が作った案は確認できません。同じ市町村のほかの確認者にお願いしてください。"
        )
    return own
