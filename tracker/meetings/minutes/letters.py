"""Letter M11: the minutes are circulated."""

from collections.abc import Collection
from datetime import date

from tracker.accounts import queries as accounts
from tracker.accounts.models import PostKind
from tracker.kernel import wareki
from tracker.mail import letters
from tracker.meetings.letters import place_of
from tracker.meetings.meeting import Meeting
from tracker.plumbing.changes import Act


def put_requests(
    act: Act, meeting: Meeting, towns: Collection[int], revision: int, due_on: date
) -> int:
    """M11 to the confirmers and officers of these municipalities (ids); how many were written."""
    values = {
        **place_of(meeting),
        "期限": wareki.full(due_on),
        "期限の月日": wareki.month_day(due_on),
    }
    path = f"{meeting.path}/minutes"
    kinds = PostKind.CONFIRMER, PostKind.OFFICER
    found = accounts.recipients(*kinds, municipality_ids=list(towns)) if towns else {}
    return sum(
        letters.put(
            "minutes_request",
            to,
            values,
            cause=f"minutes:{meeting.id}:{revision}",
            at=act.at,
            link=path,
        )
        for many in found.values()
        for to in many
    )
