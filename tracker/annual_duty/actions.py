"""Records how the parties see a meeting, and meetings from before anything was kept here."""

from collections.abc import Mapping

from sqlalchemy import select

from tracker.annual_duty import rules
from tracker.annual_duty.models import HeldView
from tracker.annual_duty.queries import agreement_standings
from tracker.chain.rules import digest
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.meetings import queries as meetings
from tracker.meetings.models import MeetingRow, MeetingSeat
from tracker.meetings.rules import Attendance, Candidate, check_active, check_attendance
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Area
from tracker.plumbing.changes import Act, Conflict, Stale
from tracker.plumbing.db import db

# What is seen of a view that nobody has recorded.
NO_VIEW = "0"


def view_as_held(
    act: Act, row: MeetingRow, agreement_id: int, is_held: bool, seen: str | None = None
) -> None:
    """Records how the actor's municipality regards a meeting that a deputy attended.

    `seen` is what was seen of its view before, NO_VIEW when it had none. When both parties of the
    agreement regard the meeting as held, it is (contracts.md, States).
    """
    by = act.person
    act.lock((row, None))
    check_active(row.cancelled_at is not None)
    meeting = meetings.of(row)
    bound = agreement_standings(row.year, act.today) if meeting.is_yearly else ()
    one = next((one for one in bound if one.agreement_id == agreement_id), None)
    if one is None or by.municipality not in {party.slug for party in one.parties}:
        raise Refusal(_("この協約の当事者だけが記録できます。"))
    rules.check_view(meeting.attendance, [party.slug for party in one.parties])
    view = db.session.get(HeldView, (row.id, agreement_id, by.municipality_id))
    if view is not None:
        act.lock((view, seen))
    elif seen not in (None, NO_VIEW):
        raise Conflict([Stale("", None, None)])
    held = "第5条の会議が開かれたと見る" if is_held else "第5条の会議が開かれたとは見ない"
    said = (
        f"{row.name}：{one.label}の協約について、{by.municipality_name}が「{held}」と記録しました。"
    )
    with act.change("meeting.viewed", view, said) as entry:
        if view is None:
            view = HeldView(
                meeting_id=row.id, agreement_id=agreement_id, municipality_id=by.municipality_id
            )
            db.session.add(view)
        view.is_held, view.recorded_at = is_held, act.at
        view.person_name, view.person_id = by.name, by.person_id
        entry.subject, entry.digest = view, digest({"is_held": is_held})


def take_over(
    act: Act,
    year: FiscalYear,
    hours: Candidate,
    place: str,
    source: str,
    entries: Mapping[str, tuple[Attendance, str]],
) -> MeetingRow:
    """Records the meeting of a year before anything was kept here, with who came, from paper.

    How the parties regard a deputy is theirs to say here too.  No letter goes out.  Raises Refusal.
    """
    area = db.session.scalars(select(Area)).one()
    # Whoever else prepares or records the year's meeting waits here.
    act.lock((area, None))
    is_there = meetings.find_meeting(year) is not None
    rules.check_taken_over(year, hours, act.today, is_there)
    towns = areas.towns()
    names = {town.slug: town.name for town in towns}
    check_attendance(hours.on, act.today, entries, names)
    row = MeetingRow(
        fiscal_year=year.year,
        name=f"{year.label} {area.meeting_name}",
        place=place,
        held_on=hours.on,
        begins=hours.begins,
        ends=hours.ends,
        attendance_at=act.at,
        fixed_reason=source,
    )
    with act.change(
        "meeting.taken_over", row, f"{row.name}：以前の記録から登録しました。"
    ) as entry:
        db.session.add(row)
        db.session.flush()
        for town in towns:
            attendance, deputy = entries[town.slug]
            db.session.add(
                MeetingSeat(
                    meeting_id=row.id,
                    municipality_id=town.id,
                    title=town.head_title,
                    attendance=attendance,
                    deputy=deputy.strip() if attendance is Attendance.DEPUTY else None,
                )
            )
        db.session.flush()
        entry.digest = digest(meetings.attended([row.id])[row.id])
    return row
