"""What Article 5 asks: the duties of the yearly meeting, stage by stage."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from tracker.kernel import office_days, wareki
from tracker.kernel.duty import CHECK_WITHIN_OFFICE_DAYS, Duty, Kind, PersonalLink, some
from tracker.meetings.rules import FULFILLED, InvitationFact, MeetingFact, Standing
from tracker.municipalities.rules import Members

NOTICE_BEFORE = timedelta(days=14)


def duties(
    meetings: Sequence[MeetingFact],
    invitations: Sequence[InvitationFact],
    members: Members,
    today: date,
) -> Iterable[Duty]:
    """The heads' answers, the office's next step with each year's meeting, the parties' views."""
    yield from (_poll(one, members) for one in invitations)
    for meeting in meetings:
        yield _unheld(meeting, members)
        yield from _next_steps(meeting, invitations, members, today)
        yield from _views(meeting, members)


def _poll(fact: InvitationFact, members: Members) -> Duty:
    """Each head's office says when the head can come."""
    n = len(fact.candidates)
    return Duty(
        Kind.POLL_UNANSWERED,
        key=f"poll_unanswered:{fact.meeting_path}:{fact.municipality_slug}",
        municipality=fact.municipality_slug,
        is_hub=fact.municipality_slug == members.hub,
        agreement=members.agreements.get(fact.municipality_slug),
        to_post_id=fact.post_id,
        due_on=fact.due_on,
        url=f"{fact.meeting_path}/answers/{fact.municipality_slug}",
        link=PersonalLink("poll", fact.link_row_id) if fact.link_row_id else None,
        remaining=0 if fact.answered else n,
        name=f"{fact.municipality}長",
        text=(
            f"市町村長会議（協約第5条）の候補日{n}つに、○・△・× で答えます。秘書にも案内済みです。"
        ),
        listed=tuple(one.label for one in fact.candidates),
        known_since=fact.asked_at,
    )


def _unheld(meeting: MeetingFact, members: Members) -> Duty:
    """Every fiscal year the heads meet; due 31 March, per agreement."""
    left = [one for one in meeting.agreements if one.standing not in FULFILLED]
    planned = any(one.standing is not Standing.NONE for one in meeting.agreements)
    year = meeting.fiscal_year
    return Duty(
        Kind.MEETING_UNHELD if planned else Kind.MEETING_UNPLANNED,
        key=f"meeting_unheld:{year.year}",
        municipality=members.hub,
        is_hub=True,
        due_on=year.ends,
        url=meeting.path if planned else f"/meetings/new?fy={year.year}",
        remaining=len(left),
        total=len(meeting.agreements),
        name=f"{year.label}の市町村長会議",
        text=(
            f"協約第5条の会議です。{len(meeting.agreements)}本の協約のうち、"
            f"{len(left)}本が{left[0].standing.label if left else ''}です。"
        ),
    )


def _next_steps(
    meeting: MeetingFact, invitations: Iterable[InvitationFact], members: Members, today: date
) -> Iterable[Duty]:
    def step(kind: Kind, due_on: date, text: str) -> Duty:
        return Duty(
            kind,
            key=f"{kind}:{meeting.path}",
            municipality=members.hub,
            is_hub=True,
            due_on=due_on,
            url=meeting.path,
            text=text,
            known_since=meeting.fixed_at or meeting.polled_at,
        )

    day = meeting.fixed_on
    if day is None:
        if meeting.poll_reply_due_on:
            asked = [one.answered for one in invitations if one.meeting_path == meeting.path]
            said = f"{len(asked)}市町村のうち{sum(asked)}市町村が回答済みです。"
            yield step(Kind.MEETING_UNDATED, meeting.poll_reply_due_on, said)
        return
    if not (meeting.noticed or meeting.attendance_recorded):
        yield step(
            Kind.NOTICE_UNSENT,
            office_days.on_or_before(day - NOTICE_BEFORE),
            f"{meeting.fiscal_year.label}の市町村長会議は{wareki.short(day)}に決まりました。",
        )
    if day <= today and not meeting.attendance_recorded:
        yield step(
            Kind.ATTENDANCE_UNRECORDED,
            office_days.add(day, CHECK_WITHIN_OFFICE_DAYS),
            f"{wareki.short(day)}の出席（本人・代理・欠席）を記録します。",
        )


def _views(meeting: MeetingFact, members: Members) -> Iterable[Duty]:
    """A deputy completes nothing by itself; both parties say how they regard it."""
    for slug in members.slugs:
        silent = [one.agreement for one in meeting.agreements if slug in one.silent]
        if not silent or meeting.fixed_on is None:
            continue
        yield Duty(
            Kind.VIEW_UNRECORDED,
            key=f"view_unrecorded:{meeting.path}:{slug}",
            municipality=slug,
            is_hub=slug == members.hub,
            agreement=members.agreements.get(slug),
            due_on=office_days.add(meeting.fixed_on, 2 * CHECK_WITHIN_OFFICE_DAYS),
            url=meeting.path,
            remaining=len(silent),
            text=f"代理出席などがあったため、{some(silent)}について、双方の見方を記録します。",
            known_since=meeting.attendance_at,
        )
