"""Fixes the day, sends the notice, records who came and how the parties see it (Article 5)."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, update

from tracker.accounts import queries as accounts
from tracker.accounts.models import PostKind
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.mail import letters
from tracker.mail.letters import Recipient
from tracker.meetings import checks, queries
from tracker.meetings import letters as mailing
from tracker.meetings.models import HeldView, Meeting, MeetingAttendance, PollInvitation
from tracker.meetings.poll.actions import load, record
from tracker.meetings.rules import Attendance
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.db import db


def addressees() -> list[Recipient]:
    """Who hears of the meeting itself: the secretaries and the officers of all municipalities."""
    found = accounts.recipients(PostKind.SECRETARY, PostKind.OFFICER)
    return [one for many in found.values() for one in many]


def fix(
    meeting: Meeting, candidate_id: int, reason: str, *, by: Actor | None, at: datetime
) -> None:
    """Fixes the meeting on a candidate date, or moves it to another one; letters M8.

    A date somebody refused, and every move, need a reason. A move takes the notice back: it has
    to go out again. Raises Refusal.
    """
    sheet, before = load(meeting), meeting.hours
    checks.check_active(meeting.cancelled_at is not None)
    chosen = sheet.candidate(candidate_id)
    if chosen is None:
        raise Refusal("この会議の候補日ではありません。候補日を選び直してください。")
    checks.check_choice(
        chosen.hours,
        sheet.answers_to(chosen.id),
        reason,
        clock.day(at),
        fixed=before,
        attendance_recorded=meeting.attendance_at is not None,
    )
    meeting.held_on, meeting.begins, meeting.ends = chosen.hours
    meeting.fixed_at, meeting.fixed_reason = at, reason.strip() or None
    meeting.noticed_at = None
    said = f"{chosen.hours.label}に{'変えました' if before else '決めました'}。"
    changes = {"reason": meeting.fixed_reason, "day": chosen.hours.label}
    was = {"day": before.label if before else None}
    record(by, "meeting.fixed", meeting, said, at, before=was, after=changes)
    cause = f"meeting:{meeting.id}:fixed:{meeting.version}"
    _tell(
        "meeting_moved" if before else "poll_fixed",
        meeting,
        {
            **mailing.day(meeting),
            "変更前": before.label if before else "",
            "理由": meeting.fixed_reason or "",
        },
        cause,
        at,
    )
    db.session.commit()


def send_notice(meeting: Meeting, number: str, text: str, *, by: Actor | None, at: datetime) -> int:
    """Sends the notice of the meeting (M9) and keeps its words; how many letters were written.

    The same words twice are one letter each; changed words go out again.
    """
    checks.check_active(meeting.cancelled_at is not None)
    checks.check_notice(meeting.held_on, clock.day(at))
    meeting.notice_number, meeting.notice_text = number.strip() or None, text.strip()
    meeting.noticed_at = at
    after = {"number": meeting.notice_number, "text": meeting.notice_text}
    record(by, "meeting.noticed", meeting, "開催案内を送りました。", at, after=after)
    words = f"{meeting.hours}{meeting.notice_number}{meeting.notice_text}"
    cause = f"meeting:{meeting.id}:notice:{hashlib.sha256(words.encode()).hexdigest()[:12]}"
    notice = mailing.notice(meeting, meeting.notice_number or "", meeting.notice_text)
    written = _tell("meeting_notice", meeting, notice, cause, at)
    db.session.commit()
    return written


def record_attendance(
    meeting: Meeting,
    entries: Mapping[str, tuple[Attendance, str]],
    *,
    by: Actor | None,
    at: datetime,
) -> None:
    """Records who came for each municipality (slug): head, deputy with 職・氏名, or nobody."""
    towns = areas.towns()
    checks.check_active(meeting.cancelled_at is not None)
    checks.check_attendance(meeting.held_on, clock.day(at), entries)
    for town in towns:
        if town.slug not in entries:
            raise Refusal(f"{town.name}の出席を選んでください。", field=f"attendance_{town.slug}")
    before = {one.town.name: one.attended for one in load(meeting).replies if one.attendance}
    db.session.execute(delete(MeetingAttendance).where(MeetingAttendance.meeting_id == meeting.id))
    for town in towns:
        attendance, deputy = entries[town.slug]
        db.session.add(
            MeetingAttendance(
                meeting_id=meeting.id,
                municipality_id=town.id,
                attendance=attendance,
                deputy=deputy.strip() if attendance is Attendance.DEPUTY else None,
            )
        )
    meeting.attendance_at = at
    after = {one.town.name: one.attended for one in load(meeting).replies}
    record(by, "meeting.attended", meeting, "出席を記録しました。", at, before=before, after=after)
    db.session.commit()


def view_as_held(
    meeting: Meeting, agreement_id: int, is_held: bool, *, by: Actor, at: datetime
) -> None:
    """Records how the actor's municipality regards a meeting that a deputy attended.

    When both parties of the agreement regard it as held, it is (contracts.md, States).
    """
    checks.check_active(meeting.cancelled_at is not None)
    bonds = queries.bonds(meeting.year, clock.day(at))
    bond = next((one for one in bonds if one.agreement_id == agreement_id), None)
    if bond is None or by.municipality not in {party.slug for party in bond.parties}:
        raise Refusal("この協約の当事者だけが記録できます。")
    checks.check_view(bond.attendance, [party.slug for party in bond.parties])
    db.session.merge(
        HeldView(
            meeting_id=meeting.id,
            agreement_id=agreement_id,
            municipality_id=by.municipality_id,
            is_held=is_held,
            person_name=by.name,
            recorded_at=at,
        )
    )
    seen = "第5条の会議が開かれたと見る" if is_held else "第5条の会議が開かれたとは見ない"
    said = f"{bond.label}の協約について、{by.municipality_name}が「{seen}」と記録しました。"
    record(by, "meeting.viewed", meeting, said, at, after={"is_held": is_held})
    db.session.commit()


def cancel(meeting: Meeting, reason: str, *, by: Actor | None, at: datetime) -> None:
    """Calls the meeting off, so that another can be prepared; the links stop, everybody is told."""
    checks.check_active(meeting.cancelled_at is not None)
    checks.check_cancel(reason, meeting.attendance_at is not None)
    meeting.cancelled_at, meeting.cancelled_reason = at, reason.strip()
    db.session.execute(
        update(PollInvitation)
        .where(PollInvitation.meeting_id == meeting.id)
        .values(revoked_at=at, version=PollInvitation.version + 1)
    )
    record(by, "meeting.cancelled", meeting, "取りやめました。", at, after={"reason": reason})
    cause = f"meeting:{meeting.id}:cancelled"
    values = {**mailing.day(meeting), "変更前": "", "理由": reason.strip()}
    _tell("meeting_cancelled" if meeting.hours else "poll_cancelled", meeting, values, cause, at)
    db.session.commit()


def _tell(kind: str, meeting: Meeting, values: Mapping[str, str], cause: str, at: datetime) -> int:
    return sum(
        letters.put(kind, to, values, cause=cause, at=at, link=meeting.path, path=meeting.path)
        for to in addressees()
    )
