"""What meetings tell the duties."""

from datetime import date

from tracker.kernel.fiscal_year import FiscalYear
from tracker.meetings import queries
from tracker.meetings.queries import Summary
from tracker.meetings.rules import FULFILLED, AgreementStanding, InvitationFact, MeetingFact
from tracker.municipalities import queries as areas
from tracker.plumbing import clock


def meetings(year: FiscalYear, today: date | None = None) -> tuple[MeetingFact, ...]:
    """Article 5 in `year`, prepared or not; last year's too while it was fixed but not fulfilled.

    A year nobody began to prepare is over with its 31 March: nothing can be owed for it.
    """
    on = today or clock.today()
    last = _fact(year.previous, queries.find_meeting(year.previous), on)
    is_owed = last.fixed_on is not None and not (
        last.attendance_recorded and all(one.standing in FULFILLED for one in last.agreements)
    )
    this = _fact(year, queries.find_meeting(year), on)
    return (last, this) if is_owed else (this,)


def _fact(year: FiscalYear, meeting: Summary | None, today: date) -> MeetingFact:
    agreements = tuple(
        AgreementStanding(
            bond.label,
            tuple(party.slug for party in bond.parties),
            bond.standing,
            tuple(p.slug for p in bond.parties if bond.needs_views and p.slug not in bond.views),
        )
        for bond in queries.bonds(year, today)
    )
    if meeting is None:
        return MeetingFact(year, "/meetings", agreements)
    return MeetingFact(
        year,
        meeting.path,
        agreements,
        poll_reply_due_on=meeting.reply_due_on,
        everybody_answered=all(one.answered for one in meeting.asked),
        fixed_on=meeting.fixed.on if meeting.fixed else None,
        noticed=meeting.is_noticed,
        attendance_recorded=meeting.is_recorded,
        minutes_final=meeting.minutes_final,
        polled_at=meeting.polled_at,
        fixed_at=meeting.fixed_at,
        attendance_at=meeting.attendance_at,
    )


def invitations(year: FiscalYear) -> tuple[InvitationFact, ...]:
    """Everybody asked for dates of `year` or of a later one prepared early.

    Answered: since the last date was added, or nothing is asked any more.
    """
    return tuple(
        InvitationFact(
            meeting_path=meeting.path,
            municipality_slug=town.slug,
            municipality=town.name,
            post_id=one.post_id,
            due_on=meeting.reply_due_on,
            answered=one.answered,
            candidates=meeting.candidates,
            answer_path=one.path,
            asked_at=one.asked_at or meeting.polled_at,
        )
        for meeting in queries.summaries()
        if meeting.fiscal_year >= year and not meeting.is_cancelled and meeting.reply_due_on
        for town in areas.towns()
        for one in meeting.asked
        if one.municipality_id == town.id
    )
