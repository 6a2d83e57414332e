"""A case as pure rules take it: sent to two partners, with nothing answered."""

from dataclasses import replace
from datetime import date
from typing import Any

from tracker.cost_sharing.case import Case, Reply
from tracker.cost_sharing.rules import (
    CaseKind,
    CaseNumber,
    CaseState,
    Pair,
    Stage,
)
from tracker.municipalities.rules import Town
from tracker.shares.rules import RoundingMode
from tracker.shares.split import Rounding

AOMORI = Town(1, "02201", "aomori", "青森市", True, None)
IMABETSU = Town(3, "02303", "imabetsu", "今別町", False, None)
YOMOGITA = Town(4, "02304", "yomogita", "蓬田村", False, None)
BLANK = Case(
    id=4,
    no=CaseNumber(2026, 4),
    seen="1",
    revision=1,
    project_id=1,
    project="農業研修事業",
    lead=AOMORI,
    kind=CaseKind.MONEY,
    stage=Stage.FIXED,
    state=CaseState.AWAITING,
    title="農業研修事業の費用負担",
    total_yen=3_000_000,
    subsidy_yen=500_000,
    work="",
    rounding=Rounding(1000, RoundingMode.DOWN),
    remainder="青森市",
    reply_due_on=date(2026, 12, 4),
    sent_on=date(2026, 11, 24),
    agreed_at=None,
    hub=AOMORI,
    shares={AOMORI: 2_268_000, IMABETSU: 115_000, YOMOGITA: 117_000},
    pairs={IMABETSU: Pair(11, 1, 3), YOMOGITA: Pair(12, 1, 4)},
    answers={},
)


def make_case(**changes: Any) -> Case:
    """The case with some of its values changed."""
    return replace(BLANK, **changes)


__all__ = ["AOMORI", "IMABETSU", "YOMOGITA", "Reply", "make_case"]
