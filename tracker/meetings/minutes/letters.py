"""Letter M11: the minutes are circulated."""

from datetime import date

from tracker.accounts import queries as accounts
from tracker.accounts.models import PostKind
from tracker.kernel import wareki
from tracker.mail import letters
from tracker.meetings.letters import place_of
from tracker.meetings.meeting import Meeting
from tracker.plumbing.changes import Act


def put_requests(act: Act, meeting: Meeting, revision: int, due_on: date) -> int:
    """M11 to the confirmers and officers of every municipality; how many were written."""
    values = {
        **place_of(meeting),
        "期限": wareki.full(due_on),
        "期限の月日": wareki.month_day(due_on),
    }
    path = f"{meeting.path}/minutes"
    towns = [seat.town.id for seat in meeting.seats if seat.town]
    found = accounts.recipients(PostKind.CONFIRMER, PostKind.OFFICER, municipality_ids=towns)
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
