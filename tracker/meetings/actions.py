"""Fixes the day of a meeting, sends the notice, records who came."""

from collections.abc import Mapping
from dataclasses import replace

from tracker.chain.rules import digest
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.meetings import letters, queries, rules
from tracker.meetings.models import MeetingRow, MeetingSeat, MinutesErratum
from tracker.meetings.rules import Attendance, Candidate
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Act, check_revision
from tracker.plumbing.db import db


def fix(
    act: Act,
    row: MeetingRow,
    candidate_id: int,
    reason: str,
    seen: str | None = None,
    answers_seen: Mapping[int, str] | None = None,
    heads_seen: str | None = None,
    despite_silent: bool = True,
    despite_required: bool = False,
) -> None:
    """Fixes the meeting on a candidate date, or moves it to another one; letters M8.

    `answers_seen` is what was seen of each seat's answers, by its id, `heads_seen` of who has to be
    there (`Meeting.heads_seen`). A date somebody refused,
    and every move, need a reason. A move takes the notice back: it has to go out again. Raises
    Refusal, also where heads are silent about the date and not `despite_silent`, or a required one
    refused it and not `despite_required`, and Conflict where somebody has answered meanwhile.
    """
    seats = _lock(act, row, seen, answers_seen, heads_seen)
    meeting = queries.of(row)
    chosen = meeting.dates.get(candidate_id)
    if chosen is None:
        raise Refusal(_("この会議の候補日ではありません。候補日を選び直してください。"))
    rules.check_choice(
        chosen,
        meeting.answers_to(candidate_id),
        reason,
        act.today,
        fixed=meeting.hours,
        attendance_recorded=meeting.attendance_at is not None,
    )
    rules.check_silent(meeting.silent_about(candidate_id), despite_silent)
    rules.check_required(meeting.required_refusing(candidate_id), despite_required)
    said = f"{row.name}：{chosen.label}に{'変えました' if meeting.hours else '決めました'}。"
    with act.change("meeting.fixed", row, said):
        row.held_on, row.begins, row.ends = chosen
        row.fixed_at, row.fixed_reason = act.at, reason.strip() or None
        row.noticed_at = None
        if meeting.hours not in (None, chosen):
            for seat in seats:
                # What was said of another day is said of no other.
                seat.attendance = seat.deputy = seat.companions = seat.vehicles = None
                seat.replied_at = seat.replied_by = seat.replied_by_id = seat.reply_told_by = None
        db.session.flush()
        values = letters.day(queries.of(row), reason.strip(), meeting.hours)
        kind = "meeting_moved" if meeting.hours else "poll_fixed"
        letters.put(act, kind, meeting, values, f"meeting:{row.id}:fixed:{row.version}")


def send_notice(
    act: Act,
    row: MeetingRow,
    number: str,
    text: str,
    seen: str | None = None,
    *,
    place: str | None = None,
) -> int:
    """Sends the notice of the meeting (M9) and keeps its words; how many letters were written.

    What the last notice said goes to whoever has no letter of it; Refusal where everybody has.
    Anything else goes to all, also where it says again what an earlier one said.
    """
    _lock(act, row, seen)
    before = queries.of(row)
    rules.check_notice(before.fixed_on, act.today)
    number, text, place = number.strip(), text.strip(), row.place if place is None else place
    cause, told = letters.notice_cause(replace(before, place=place), number, text)
    with act.change("meeting.noticed", row, f"{row.name}：開催案内を送りました。") as entry:
        row.notice_number, row.notice_text = number or None, text
        row.noticed_at, row.place = act.at, place
        db.session.flush()
        meeting = queries.of(row)
        values = letters.notice(meeting, number, text)
        count = letters.put(act, "meeting_notice", meeting, values, cause)
        if told:
            rules.check_untold(count)
            entry.sentence = (
                f"{row.name}：開催案内を、まだ送っていない{count}件の宛先に送りました。"
            )
        return count


def record_attendance(
    act: Act,
    row: MeetingRow,
    entries: Mapping[str, tuple[Attendance, str]],
    seen: str | None = None,
    reason: str = "",
) -> None:
    """Records who came to each seat (by its key): the head, a deputy by its post, or nobody.

    Once the minutes are final it needs a reason, which is appended to them (訂正).
    """
    by_id = {seat.id: seat for seat in _lock(act, row, seen)}
    meeting = queries.of(row)
    names = {seat.key: seat.name for seat in meeting.seats}
    rules.check_attendance(meeting.fixed_on, act.today, entries, names)
    rules.check_recorded_again(row.minutes_final_at, reason)
    said = f"{row.name}：出席を記録しました。"
    if row.minutes_final_at:
        said = f"{row.name}：出席の記録を直しました。理由：{reason}"
    with act.change("meeting.attended", row, said) as entry:
        row.attendance_at = act.at
        for seat in meeting.seats:
            attendance, deputy = entries[seat.key]
            by_id[seat.id].attendance = attendance
            is_deputy = attendance is Attendance.DEPUTY
            by_id[seat.id].deputy = deputy.strip() if is_deputy else None
        if row.minutes_final_at:
            put_erratum(act, row, said)
        db.session.flush()
        entry.digest = digest(queries.attended([row.id])[row.id])


def put_erratum(act: Act, row: MeetingRow, words: str, item_id: int | None = None) -> None:
    """Adds to final minutes, of an item or as a whole; within the caller's change."""
    who = {"person_id": act.person.person_id, "person_name": act.person.name, "at": act.at}
    db.session.add(MinutesErratum(meeting_id=row.id, item_id=item_id, words=words, **who))


def cancel(act: Act, row: MeetingRow, reason: str, seen: str | None = None) -> None:
    """Calls the meeting off, so that another can be prepared; the links stop, everybody is told."""
    seats = _lock(act, row, seen)
    rules.check_cancel(reason, row.attendance_at is not None)
    with act.change("meeting.cancelled", row, f"{row.name}：取りやめました。"):
        row.cancelled_at, row.cancelled_reason = act.at, reason.strip()
        for seat in seats:
            seat.revoked_at = act.at
        kind = "meeting_cancelled" if row.hours else "poll_cancelled"
        meeting, cause = queries.of(row), f"meeting:{row.id}:cancelled"
        letters.put(act, kind, meeting, letters.day(meeting, reason.strip()), cause)


def prepare_other(act: Act, name: str, hours: Candidate, place: str) -> MeetingRow:
    """Prepares a meeting beside Article 5's on a day that is agreed already (担当者会議, 幹事会).

    It has the agenda, notice, attendance and minutes of any meeting, and never fulfils Article 5.
    Raises Refusal.
    """
    rules.check_other(hours, act.today)
    row = MeetingRow(
        fiscal_year=FiscalYear.containing(hours.on).year,
        is_yearly=False,
        name=name,
        place=place,
        held_on=hours.on,
        begins=hours.begins,
        ends=hours.ends,
        fixed_at=act.at,
    )
    with act.change("meeting.prepared", row, f"{name}：{hours.label}に開くことにしました。"):
        db.session.add(row)
        db.session.flush()
        db.session.add_all(
            MeetingSeat(meeting_id=row.id, municipality_id=town.id, title=town.name)
            for town in areas.towns()
        )
    return row


def _lock(
    act: Act,
    row: MeetingRow,
    seen: str | None,
    answers_seen: Mapping[int, str] | None = None,
    heads_seen: str | None = None,
) -> list[MeetingSeat]:
    """The meeting, which must be active, and all of its seats."""
    seats, of = list(queries.seat_rows(row)), answers_seen or {}

    def check() -> None:
        rules.check_active(row.cancelled_at is not None)
        if heads_seen is not None:
            heads, verb = queries.of(row).heads_seen, "meeting.heads_required"
            check_revision(act, row, heads, heads_seen, verb, name=_("必ず出席いただく方"))

    names = [(seat, of.get(seat.id), _("%(seat)sのご予定", seat=seat.title)) for seat in seats]
    act.lock((row, seen, row.name), *names, first=check)
    return seats
