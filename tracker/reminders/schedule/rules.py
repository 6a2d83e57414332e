"""What 送る日 must keep to; pure."""

from collections.abc import Sequence

from tracker.amounts.yen import check_count
from tracker.duty.steps import Audience, Step
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _

MOST_STEPS = 7
FARTHEST_DAYS = 200


def check_schedule(steps: Sequence[Step]) -> None:
    """Refuses the same day twice, or days nobody can mean."""
    if len(set(steps)) < len(steps):
        raise Refusal(_("同じ日が2回あります。どちらかを空にしてください。"))
    for step in steps:
        check_count(abs(step.offset), _("日数"), 0, FARTHEST_DAYS)
    if any(step.to is not Audience.OWNER and step.offset < 0 for step in steps):
        raise Refusal(_("上司と連携推進担当へは、期限の日か、その後に送ります。"))
