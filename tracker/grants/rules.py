"""What an audit would find in a year's claims for the special grant (特別交付税).  Pure.

会計検査院 found 341,517,000 yen (FY2017-20) and 139,748,000 yen (FY2018-21) granted too much: the
same cost counted twice, cost that is not eligible, funds of others not taken off (demands.md, 1).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tracker.amounts.yen import yen
from tracker.cost_sharing.rules import CaseKind, CaseNumber, Stage
from tracker.kernel.labelled import Labelled
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _


class AgreedShare(NamedTuple):
    """What a municipality bears by the case that counts of a project's year, in yen."""

    case: CaseNumber
    stage: Stage
    yen: int

    @property
    def label(self) -> str:
        """「費用 第8-04号・精算」: what the yen rest on."""
        return f"{CaseKind.MONEY.label} {self.case.label}・{self.stage.label}"


class FindingKind(Labelled):
    """What is wrong with a claim."""

    COUNTED_TWICE = "counted_twice", N_("二重の算定")
    INELIGIBLE = "ineligible", N_("対象外の経費")
    FUNDS_NOT_DEDUCTED = "funds_not_deducted", N_("財源の控除もれ")
    OVER_CAP = "over_cap", N_("上限の超過")
    NO_PROOF = "no_proof", N_("書類なし")


class GrantFinding(NamedTuple):
    """One thing to be put right, in a sentence that says what and how."""

    kind: FindingKind
    words: str


class LedgerLine(NamedTuple):
    """What one municipality bears of one project in a fiscal year, and claims.  All in yen.

    `claimed_under`: other items under which the same cost is claimed; `why`: why it is eligible,
    or is not.
    """

    project: str
    municipality: str
    total_yen: int
    national_yen: int
    prefectural_yen: int
    other_yen: int
    claimed_yen: int
    claimed_under: tuple[str, ...]
    is_eligible: bool
    why: str
    has_proof: bool

    @property
    def own_yen(self) -> int:
        """一般財源: what is left when all funds of others are taken off."""
        return self.total_yen - self.national_yen - self.prefectural_yen - self.other_yen


def findings(
    lines: Sequence[LedgerLine], caps: Mapping[str, int]
) -> list[tuple[LedgerLine, tuple[GrantFinding, ...]]]:
    """Each line with what an audit would find, in the lines' order.

    `caps` are the year's ceilings by municipality; one without is not asked.  A line that claims
    nothing is at fault only where its municipality claims too much in all.  Raises Refusal for
    amounts below zero.
    """
    claimed: Counter[str] = Counter()
    claims: Counter[tuple[str, str]] = Counter()
    for line in lines:
        _check(line)
        claimed[line.municipality] += line.claimed_yen
        claims[line.project, line.municipality] += line.claimed_yen > 0
    return [(line, tuple(_found(line, claimed, claims, caps))) for line in lines]


def check_claim(line: LedgerLine) -> None:
    """Whether a claim may be entered at all.

    Raises Refusal for one below zero, for funds above the cost, and for a claim without the reason
    why its cost is eligible, or is not.
    """
    _check(line)
    if line.own_yen < 0:
        raise Refusal(
            _(
                "財源の合計が総額 %(total)sを%(over)s超えています。財源か、事業の予算額・決算額を確かめてください。",
                total=yen(line.total_yen),
                over=yen(-line.own_yen),
            ),
            field="other_yen",
        )
    if line.claimed_yen and not line.why.strip():
        raise Refusal(
            _("対象になる（ならない）理由を入れてください。検査で必ず聞かれます。"), field="why"
        )


def _check(line: LedgerLine) -> None:
    named = {
        "total_yen": (_("総額"), line.total_yen),
        "national_yen": (_("国の支出金"), line.national_yen),
        "prefectural_yen": (_("県の支出金"), line.prefectural_yen),
        "other_yen": (_("その他の財源"), line.other_yen),
        "claimed_yen": (_("算定額"), line.claimed_yen),
    }
    for field, (name, amount) in named.items():
        if amount < 0:
            raise Refusal(
                _(
                    "%(municipality)s「%(project)s」の%(name)sが0円を下回っています。0円以上で入れてください。",
                    municipality=line.municipality,
                    project=line.project,
                    name=name,
                ),
                field=field,
            )


def _found(
    line: LedgerLine,
    claimed: Mapping[str, int],
    claims: Mapping[tuple[str, str], int],
    caps: Mapping[str, int],
) -> list[GrantFinding]:
    found = []
    if line.claimed_yen:
        if line.claimed_under:
            words = _(
                "同じ経費を「%(others)s」でも算定しています。どちらか一方だけにしてください。",
                others=_("」「").join(line.claimed_under),
            )
            found.append(GrantFinding(FindingKind.COUNTED_TWICE, words))
        elif claims[line.project, line.municipality] > 1:
            words = _("同じ事業を2つの行で算定しています。1つの行にまとめてください。")
            found.append(GrantFinding(FindingKind.COUNTED_TWICE, words))
        if not line.is_eligible:
            words = _(
                "対象にならない経費を%(claimed)s算定しています%(why)s。算定額を0円にしてください。",
                claimed=yen(line.claimed_yen),
                why=f"（{line.why.strip().removesuffix('。')}）" if line.why.strip() else "",
            )
            found.append(GrantFinding(FindingKind.INELIGIBLE, words))
        if line.claimed_yen > (own := max(line.own_yen, 0)):
            words = _(
                "算定額 %(claimed)sが、国・県などの財源を除いた一般財源 %(own)sを%(over)s超えています。"
                "一般財源までにしてください。",
                claimed=yen(line.claimed_yen),
                own=yen(own),
                over=yen(line.claimed_yen - own),
            )
            found.append(GrantFinding(FindingKind.FUNDS_NOT_DEDUCTED, words))
    cap, total = caps.get(line.municipality), claimed[line.municipality]
    if cap is not None and total > cap:
        words = _(
            "%(municipality)sの算定額の合計 %(total)sが、この年度の上限 %(cap)sを%(over)s超えています。"
            "上限までにしてください。",
            municipality=line.municipality,
            total=yen(total),
            cap=yen(cap),
            over=yen(total - cap),
        )
        found.append(GrantFinding(FindingKind.OVER_CAP, words))
    if line.claimed_yen and not line.has_proof:
        words = _("支出を確かめられる書類がありません。書類の名前と置き場所を入れてください。")
        found.append(GrantFinding(FindingKind.NO_PROOF, words))
    return found
