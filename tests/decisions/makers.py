"""Decisions for the tests: pure ones, and one of a meeting that took place."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from tests.meetings.makers import TOWNS
from tracker.decisions.decision import FollowUp, MeetingDecision

AT = datetime(2026, 11, 24, 1, tzinfo=UTC)
DUE = date(2026, 12, 11)
_PURE = MeetingDecision(
    *(1, "1", 1, "令和8年度 市町村長会議", 2026, date(2026, 11, 20), "観光について", None),
    *("案内板の共同設置", "案内板を共同で設置する。", None, None, None, None, None, None),
    *("青森市 連携推進担当", AT, False),
)


def make_follow_up(slug: str, **changes: Any) -> FollowUp:
    """What one municipality does, still open."""
    one = FollowUp(1, "1", TOWNS[slug], "候補地を2か所挙げる。", DUE, AT, None, False)
    return one._replace(**changes)


def make_decision(*follow_ups: FollowUp, **changes: Any) -> MeetingDecision:
    """A decision with what is done of it, without a database."""
    return replace(_PURE, follow_ups=follow_ups, **changes)
