"""Opens a date poll, takes its answers, adds dates, asks again (product.md 5)."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from tracker.accounts.models import Post
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor, Permission, allowed
from tracker.kernel.refusal import Refusal
from tracker.mail import letters
from tracker.meetings import checks, queries
from tracker.meetings import letters as mailing
from tracker.meetings.models import CandidateDate, Meeting, PollAnswer, PollInvitation
from tracker.meetings.poll import queries as poll
from tracker.meetings.poll.queries import Reply, Sheet
from tracker.meetings.rules import Answer, Candidate, check_answer
from tracker.municipalities import queries as areas
from tracker.plumbing import clock, history
from tracker.plumbing.db import db
from tracker.plumbing.history import Subject


def check_new(
    year: FiscalYear, candidates: Sequence[Candidate], reply_due_on: date, today: date
) -> list[str]:
    """Whether a poll with these dates may be opened; returns what to think over before.

    Raises Refusal, also when the year's meeting exists already: there is one a year.
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
    """Prepares the year's meeting and asks the secretaries for dates: letters M6, one commit.

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
    db.session.add_all(
        PollInvitation(meeting_id=meeting.id, municipality_id=town.id, nonce=_nonce())
        for town in areas.towns()
    )
    _add(meeting, candidates, at)
    sheet = load(meeting)
    record(by, "meeting.polled", meeting, "候補日を出しました。", at, after=_said(candidates))
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
    """Offers more dates, or a later deadline, before a date is fixed.

    Those who answered keep their answers; a letter tells everybody of the new dates (M6).
    """
    sheet = load(meeting)
    checks.check_active(meeting.cancelled_at is not None)
    checks.check_polling(meeting.held_on)
    if not candidates and reply_due_on == meeting.reply_due_on:
        raise Refusal("加える候補日か、新しい回答期限を入れてください。", field="days")
    checks.check_candidates(
        candidates,
        reply_due_on,
        clock.day(at),
        meeting.year,
        queries.unavailable(meeting.year).closed,
        existing=[one.hours for one in sheet.candidates],
    )
    meeting.reply_due_on = reply_due_on
    added = _add(meeting, candidates, at)
    said = "候補日を加えました。" if added else "回答期限を改めました。"
    after = {**_said(candidates), "回答期限": reply_due_on.isoformat()}
    record(by, "meeting.dates_added", meeting, said, at, after=after)
    if added:
        cause = f"poll:{meeting.id}:added:{added[0].id}"
        _ask(load(meeting), sheet.replies, "poll_added", cause, at, added=candidates)
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
    municipality (代理入力, saying who told it), and after the deadline, by telephone.
    """
    sheet = load(meeting)
    reply = _reply(sheet, slug)
    invitation = reply.invitation
    is_proxy = by is not None and by.municipality != slug
    checks.check_active(meeting.cancelled_at is not None)
    checks.check_polling(meeting.held_on)
    if meeting.reply_due_on and not allowed(by, Permission.MANAGE_MEETING):
        revoked = by is None and invitation.revoked_at is not None
        check_answer(clock.day(at), meeting.reply_due_on, revoked, poll.contact())
    if is_proxy and not told_by.strip():
        raise Refusal("だれから聞いたかを入れてください。", field="told_by")
    given = {one.id: answers[one.id] for one in sheet.candidates if one.id in answers}
    if not given:
        raise Refusal("候補日を1つ以上選んでください。")
    invitation.answered_at = at
    invitation.answered_by = by.name if by else _secretary(reply)
    invitation.told_by = told_by.strip() if is_proxy else None
    invitation.comment = comment.strip() or None
    _replace(invitation, given)
    how = f"（代理入力、{invitation.told_by}から）" if is_proxy else ""
    said = f"{reply.town.head_title}のご予定に{invitation.answered_by}が回答しました{how}。"
    after = {one.hours.label: given[one.id] for one in sheet.candidates if one.id in given}
    record(by, "poll.answered", meeting, said, at, after=after)
    db.session.commit()


def ask_again(meeting: Meeting, *, by: Actor | None, at: datetime) -> list[str]:
    """もう一度お願いする: to the silent only, once a day each; returns whose letters were written.

    Raises Refusal when nobody is silent, or none of them can be reached by letter today.
    """
    sheet, today = load(meeting), clock.day(at)
    checks.check_active(meeting.cancelled_at is not None)
    checks.check_polling(meeting.held_on)
    if meeting.reply_due_on is None or today > meeting.reply_due_on:
        raise Refusal("回答期限を過ぎています。先に「候補日を加える」で期限を改めてください。")
    if not sheet.silent:
        raise Refusal("未回答の市町村はありません。")
    names = _ask(sheet, sheet.silent, "poll_again", f"poll:{meeting.id}:again:{today}", at)
    if not names:
        raise Refusal(
            "今日は、送れるお願いがありません。お電話で伺い、代わりに入力することもできます。"
        )
    said = f"{'・'.join(names)}へもう一度お願いしました。"
    record(by, "meeting.asked_again", meeting, said, at)
    db.session.commit()
    return names


def renew_link(meeting: Meeting, slug: str, *, by: Actor | None, at: datetime) -> None:
    """Gives a secretary a new link by letter; every link given out before stops opening."""
    sheet = load(meeting)
    reply = _reply(sheet, slug)
    checks.check_active(meeting.cancelled_at is not None)
    checks.check_polling(meeting.held_on)
    reply.invitation.nonce = _nonce()
    said = f"{reply.town.name}の回答のリンクを作り直しました。"
    record(by, "poll.link_renewed", meeting, said, at)
    cause = f"poll:{meeting.id}:link:{reply.invitation.version}"
    if not _ask(sheet, [reply], "poll_request", cause, at):
        raise Refusal(f"{reply.town.name}の秘書の宛先が登録されていません。先に登録してください。")
    db.session.commit()


def load(meeting: Meeting) -> Sheet:
    """The meeting's sheet as the database has it now."""
    found = poll.find_sheet(meeting.id)
    if found is None:
        raise LookupError(f"meeting {meeting.id} has no poll")
    return found


def record(
    by: Actor | None,
    verb: str,
    meeting: Meeting,
    said: str,
    at: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Writes what was done to a meeting into the history."""
    subject, summary = Subject("meeting", meeting.id), f"{meeting.name}：{said}"
    history.record(by, verb, subject, summary, at=at, before=before, after=after)


def _add(meeting: Meeting, candidates: Sequence[Candidate], at: datetime) -> list[CandidateDate]:
    added = [
        CandidateDate(
            meeting_id=meeting.id, on=one.on, begins=one.begins, ends=one.ends, added_at=at
        )
        for one in sorted(candidates)
    ]
    db.session.add_all(added)
    db.session.flush()
    return added


def _ask(
    sheet: Sheet,
    replies: Iterable[Reply],
    kind: str,
    cause: str,
    at: datetime,
    added: Sequence[Candidate] = (),
) -> list[str]:
    """One letter to the secretary of each; the names of those whose letter was written."""
    posts = poll.secretaries()
    written = []
    for reply in replies:
        if reply.town.id not in posts:
            continue
        post = posts[reply.town.id]
        reply.invitation.post_id = post.post_id
        dates = [one.hours for one in sheet.candidates]
        if letters.put(
            kind,
            post.recipient,
            mailing.request(sheet.meeting, reply.town, dates, clock.day(at), added),
            cause=cause,
            at=at,
            link=poll.poll_path(reply.invitation.id, reply.invitation.nonce),
            path=sheet.meeting.path,
        ):
            written.append(reply.town.name)
    return written


def _replace(invitation: PollInvitation, given: Mapping[int, Answer]) -> None:
    # The invitation first: its version stops the slower of two who answer at once.
    db.session.flush()
    db.session.execute(delete(PollAnswer).where(PollAnswer.invitation_id == invitation.id))
    db.session.add_all(
        PollAnswer(invitation_id=invitation.id, candidate_id=id_, answer=one)
        for id_, one in given.items()
    )


def _reply(sheet: Sheet, slug: str) -> Reply:
    found = sheet.reply_of(slug)
    if found is None:
        raise Refusal("この会議の市町村ではありません。市町村を選び直してください。")
    return found


def _secretary(reply: Reply) -> str:
    post = db.session.get(Post, reply.invitation.post_id) if reply.invitation.post_id else None
    return f"{reply.town.name} {post.name if post else '秘書'}"


def _said(candidates: Sequence[Candidate]) -> dict[str, Any]:
    return {"候補日": [one.label for one in candidates]}


def _nonce() -> str:
    return secrets.token_urlsafe(12)
