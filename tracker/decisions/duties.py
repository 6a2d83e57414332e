"""What decisions ask: that each municipality does its part, and says so."""

from collections.abc import Iterable

from tracker.decisions.decision import MeetingDecision
from tracker.duty.duty import Duty
from tracker.duty.kinds import Kind
from tracker.municipalities.rules import Members


def duties(decisions: Iterable[MeetingDecision], members: Members) -> Iterable[Duty]:
    """What is still to be done of each, by whoever owes it and may read of it."""
    for decision in decisions:
        for one in decision.open:
            if not decision.is_for(one.town):
                continue
            yield Duty(
                Kind.DECISION_OPEN,
                members.party(one.town.slug),
                key=f"decision_open:{one.id}",
                due_on=one.due_on,
                url=one.path,
                name=decision.title,
                text=one.what,
                known_since=one.added_at,
            )
