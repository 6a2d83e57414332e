"""The words of cost sharing and the steps of a case (Article 4(2); contracts.md, product.md 6).

The arithmetic is in `split`. State labels come from here and from nowhere else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from tracker.kernel.refusal import Refusal
from tracker.kernel.yen import yen


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


@dataclass(frozen=True)
class ConfirmationFact:
    """What one side answered for one agreement, and to which revision of the amounts."""

    agreement: int
    municipality: int
    decision: Decision
    revision: int


@dataclass(frozen=True)
class PendingConfirmation:
    """What duties are told of one side, named by its slug, of one pair of a case that was sent."""

    case_id: int
    case_path: str
    case_title: str
    fiscal_year: int
    agreement: str
    municipality: str
    share_yen: int
    amount_yen: int
    due_on: date
    confirmed: bool
    known_since: datetime | None = None


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


def check_send(consultations: int, shares_total_yen: int, amount_yen: int) -> None:
    """Article 4(2): nothing is sent before a consultation is recorded and the yen add up.

    Raises Refusal with the sentence of ux/spec.md 8.
    """
    if consultations < 1:
        raise Refusal(NO_CONSULTATION)
    missing = amount_yen - shares_total_yen
    if missing:
        differs = f"{yen(abs(missing))}{'少なく' if missing > 0 else '多く'}"
        raise Refusal(
            f"負担額の合計（{yen(shares_total_yen)}）が対象額より{differs}なっています。"
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


def state(pairs: Sequence[Pair], decisions: Sequence[ConfirmationFact], revision: int) -> CaseState:
    """What the answers, oldest first, make of a case that was sent: 確認待ち, 意見あり or 合意済み.

    Only answers to the current `revision` count, and the later one of each side. Agreed needs both
    sides of every pair.
    """
    asked = {(pair.agreement, side) for pair in pairs for side in pair.parties}
    answers = _answers(decisions, revision)
    given = {answers.get(side) for side in asked}
    if Decision.RETURNED in given:
        return CaseState.RETURNED
    return CaseState.AGREED if given == {Decision.CONFIRMED} else CaseState.AWAITING


def check_confirm(
    now: CaseState,
    *,
    confirmer_id: int,
    drafter_id: int,
    municipality: int,
    pairs: Sequence[Pair],
    decisions: Sequence[ConfirmationFact],
    revision: int,
) -> tuple[Pair, ...]:
    """The pairs this municipality confirms by this act: the hub all it has left, a town its own.

    Raises Refusal for a case not waiting, the drafter's own draft, an outsider, a second time.
    """
    own = _own_pairs(now, confirmer_id, drafter_id, municipality, pairs)
    answers = _answers(decisions, revision)
    yes = Decision.CONFIRMED
    left = tuple(pair for pair in own if answers.get((pair.agreement, municipality)) is not yes)
    if not left:
        raise Refusal("すでに確認済みです。もう一度確認していただく必要はありません。")
    return left


def check_return(
    now: CaseState,
    *,
    confirmer_id: int,
    drafter_id: int,
    municipality: int,
    pairs: Sequence[Pair],
    opinion: str,
) -> tuple[Pair, ...]:
    """The pairs this municipality returns with its opinion; a confirmation given before yields.

    Raises Refusal as `check_confirm` does, and for an opinion without words.
    """
    own = _own_pairs(now, confirmer_id, drafter_id, municipality, pairs)
    if not opinion.strip():
        raise Refusal("意見を入力してください。直してほしい所を書いてください。", field="opinion")
    return own


def _own_pairs(
    now: CaseState, confirmer_id: int, drafter_id: int, municipality: int, pairs: Sequence[Pair]
) -> tuple[Pair, ...]:
    if now not in (CaseState.AWAITING, CaseState.RETURNED):
        raise Refusal(
            f"この案件は「{now.label}」です。確認や意見は「確認待ち」の間に入れてください。"
        )
    own = tuple(pair for pair in pairs if municipality in pair.parties)
    if not own:
        raise Refusal("この案件の協約の当事者ではありません。確認は協約の双方が行います。")
    if confirmer_id == drafter_id:
        raise Refusal(
            "ご自分が作った案は確認できません。同じ市町村のほかの確認者にお願いしてください。"
        )
    return own


def _answers(
    decisions: Sequence[ConfirmationFact], revision: int
) -> dict[tuple[int, int], Decision]:
    return {
        (fact.agreement, fact.municipality): fact.decision
        for fact in decisions
        if fact.revision == revision
    }
