"""What 送る日 must keep to; pure."""

from collections.abc import Sequence

from tracker.kernel.refusal import Refusal
from tracker.kernel.steps import Audience, Step

MOST_STEPS = 7
FARTHEST_DAYS = 200


def check_schedule(steps: Sequence[Step]) -> None:
    """Refuses the same day twice, or days nobody can mean."""
    if len(set(steps)) < len(steps):
        raise Refusal("同じ日が2回あります。どちらかを空にしてください。")
    if any(abs(step.offset) > FARTHEST_DAYS for step in steps):
        raise Refusal(f"日数は{FARTHEST_DAYS}日までで入力してください。")
    if any(step.to is not Audience.OWNER and step.offset < 0 for step in steps):
        raise Refusal("上司と連携推進担当へは、期限の日か、その後に送ります。")
