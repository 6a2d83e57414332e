"""Opens a poll, takes its answers, fixes the day, sends the notice, records who came."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from tracker.accounts import queries as accounts
from tracker.accounts.models import PostKind
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor, Permission, allowed
from tracker.kernel.refusal import Refusal
from tracker.meetings import checks, poll, queries
from tracker.meetings.models import (
    CandidateDate,
    HeldView,
    Meeting,
    MeetingAttendance,
    PollAnswer,
    PollInvitation,
)
from tracker.meetings.poll import Reply, Sheet
from tracker.meetings.rules import Answer, Attendance, Candidate, check_answer
from tracker.municipalities import queries as areas
from tracker.plumbing import clock, history, letters
from tracker.plumbing.db import db
from tracker.plumbing.history import Subject
from tracker.plumbing.letters import Recipient


def contact() -> str:
    """Whom to ring: 「青森市 連携推進担当（017-…）」."""
    area = areas.get_area()
    return f"{area.office_name}（{area.office_phone}）" if area.office_phone else area.office_name


def check_new(
    year: FiscalYear, candidates: Sequence[Candidate], reply_due_on: date, today: date
) -> list[str]:
    """Whether a poll with these dates may be opened; returns what to think over before.

    Raises Refusal, also when the year's meeting exists already (product.md 5).
    """
    if queries.find_meeting(year) is not None:
        raise Refusal(f"{year.label}の会議は、すでに準備が始まっています。")
    if not candidates:
        raise Refusal("候補日を1つ以上入れてください。", field="days")
    days = queries.unavailable(year)
    warnings = checks.check_candidates(candidates, reply_due_on, today, year, days.closed)
    return warnings + [
        f"{wareki.short(candidate.on)}は{name}の議会日程に当たります。"
        for candidate in candidates
        for name, sittings in days.assemblies.items()
        if candidate.on in sittings
    ]


def open_poll(
    year: FiscalYear,
    candidates: Sequence[Candidate],
    place: str,
    reply_due_on: date,
    *,
    by: Actor | None,
    at: datetime,
    is_example: bool = False,
) -> Meeting:
    """Prepares the year's meeting and asks the secretaries for dates: one commit, letters M6.

    A municipality without a secretary's mailbox is invited too; its answer is entered by hand.
    """
    check_new(year, candidates, reply_due_on, clock.day(at))
    meeting = Meeting(
        fiscal_year=year.year,
        name=f"{year.label} {areas.get_area().meeting_name}",
        place=place,
        reply_due_on=reply_due_on,
        polled_at=at,
        is_example=is_example,
    )
    db.session.add(meeting)
    try:
        db.session.flush()
    except IntegrityError:
        raise Refusal(f"{year.label}の会議は、すでに準備が始まっています。") from None
    _add_dates(meeting, candidates, at)
    posts = poll.secretaries()
    for town in areas.towns():
        db.session.add(
            PollInvitation(
                meeting_id=meeting.id,
                municipality_id=town.id,
                post_id=posts[town.id].post_id if town.id in posts else None,
                nonce=_nonce(),
            )
        )
    _record(by, "meeting.polled", meeting, "候補日を出しました。", at, _said(candidates))
    sheet = _sheet(meeting)
    _ask(sheet, sheet.replies, "poll_request", f"poll:{meeting.id}", at)
    db.session.commit()
    return meeting


def add_dates(
    meeting: Meeting,
    candidates: Sequence[Candidate],
    reply_due_on: date,
    *,
    by: Actor | None,
    at: datetime,
) -> None:
    """Offers more dates, or a later deadline, before one is fixed.

    Those who answered keep their answers; a letter tells everybody of the new dates (M6).
    """
    sheet, today = _sheet(meeting), clock.day(at)
    checks.check_active(meeting.cancelled_at is not None)
    checks.check_polling(meeting.held_on)
    if not candidates and reply_due_on == meeting.reply_due_on:
        raise Refusal("加える候補日か、新しい回答期限を入れてください。", field="days")
    existing = [one.hours for one in sheet.candidates]
    closed = queries.unavailable(sheet.year).closed
    checks.check_candidates(candidates, reply_due_on, today, sheet.year, closed, existing)
    meeting.reply_due_on = reply_due_on
    added = _add_dates(meeting, candidates, at)
    said = "候補日を加えました。" if added else "回答期限を改めました。"
    after = {**_said(candidates), "reply_due_on": reply_due_on.isoformat()}
    _record(by, "meeting.dates_added", meeting, said, at, after)
    if added:
        cause = f"poll:{meeting.id}:added:{added[0].id}"
        _ask(_sheet(meeting), sheet.replies, "poll_request", cause, at, added=candidates)
    db.session.commit()


def answer(
    meeting: Meeting,
    slug: str,
    answers: Mapping[int, Answer],
    comment: str,
    *,
    by: Actor | None,
    at: datetime,
    told_by: str = "",
) -> None:
    """Takes a head's answers by candidate id; dates left out stay unanswered.

    `by` is None for the secretary behind the personal link. The office may answer for another
    municipality (代理入力, says who told it), and after the deadline by telephone.
    """
    sheet = _sheet(meeting)
    reply = _reply(sheet, slug)
    invitation, is_proxy = reply.invitation, by is not None and by.municipality != slug
    checks.check_active(meeting.cancelled_at is not None)
    checks.check_polling(meeting.held_on)
    if not allowed(by, Permission.MANAGE_MEETING) and meeting.reply_due_on:
        revoked = by is None and invitation.revoked_at is not None
        check_answer(clock.day(at), meeting.reply_due_on, revoked, contact())
    if is_proxy and not told_by.strip():
        raise Refusal("だれから聞いたかを入れてください。", field="told_by")
    if not answers:
        raise Refusal("候補日を1つ以上選んでください。")
    invitation.answered_at, invitation.comment = at, comment.strip() or None
    invitation.answered_by = by.name if by else _secretary_name(invitation, reply)
    invitation.told_by = told_by.strip() if is_proxy else None
    db.session.flush()
    db.session.execute(delete(PollAnswer).where(PollAnswer.invitation_id == invitation.id))
    db.session.add_all(
        PollAnswer(invitation_id=invitation.id, candidate_id=one.id, answer=answers[one.id])
        for one in sheet.candidates
        if one.id in answers
    )
    how = f"（代理入力、{invitation.told_by}から）" if is_proxy else ""
    after = {one.hours.label: answers[one.id] for one in sheet.candidates if one.id in answers}
    said = f"{reply.town.head_title}のご予定に{invitation.answered_by}が回答しました{how}。"
    _record(by, "poll.answered", meeting, said, at, after)
    db.session.commit()
