"""Tells secretaries and officers that the materials of a meeting can be read (M10)."""

from tracker.kernel import wareki
from tracker.mail import letters
from tracker.meetings import letters as meetings
from tracker.meetings.meeting import Meeting
from tracker.plumbing.changes import Act


def put_materials(act: Act, meeting: Meeting, listed: str) -> int:
    """One letter to each of them, in the act's transaction; how many were written."""
    path, day = f"{meeting.path}/materials", meeting.fixed_on
    values = {
        **meetings.place_of(meeting),
        "開催日": wareki.month_day(day) if day else "",
        "資料の一覧": listed,
    }
    cause = f"meeting:{meeting.id}:materials"
    return sum(
        letters.put("meeting_materials", to, values, cause=cause, at=act.at, link=path, path=path)
        for to in meetings.addressees(meeting)
    )
