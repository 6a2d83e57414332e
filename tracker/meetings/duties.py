"""What a meeting asks of the heads' offices and of the office, stage by stage."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from tracker.duty.duty import CHECK_WITHIN_OFFICE_DAYS, Duty, PersonalLink
from tracker.duty.kinds import Kind
from tracker.kernel import tokyo, wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.translation import _
from tracker.meetings.meeting import Meeting, Seat, Unminuted
from tracker.municipalities.rules import USUAL, Members
from tracker.office_days import office_days


def duties(
    meetings: Iterable[Meeting],
    members: Members,
    today: date,
    contact: str,
    notice_days: int = USUAL.notice_days,
) -> Iterable[Duty]:
    """The heads' answers, and the office's next step with each meeting.

    `meetings` are those of this fiscal year, of later ones prepared early, and of the last: one that
    was fixed is still to be recorded.  `contact` is whom to ring, with the number; a notice goes
    out `notice_days` before its meeting.
    """
    this = FiscalYear.containing(today)
    active = [
        one
        for one in meetings
        if not one.cancelled_at and (one.year >= this or (one.hours and not one.attendance_at))
    ]
    for one in active:
        if one.reply_due_on:
            polls = (_poll(one, seat, members) for seat in one.seats if seat.town)
            yield from (_by_telephone(poll, one, today, contact) for poll in polls)
        yield from _next_steps(one, members, today, notice_days)


def _poll(meeting: Meeting, seat: Seat, members: Members) -> Duty:
    """Each head's office says when the head can come."""
    asked = (meeting.unanswered(seat) if seat.given else ()) or tuple(meeting.dates.values())
    n = len(asked)
    link = None
    if seat.post_id is not None and not seat.is_revoked:
        link = PersonalLink("poll", seat.id)
    return Duty(
        Kind.POLL_UNANSWERED,
        members.party(seat.slug, post_id=seat.post_id),
        key=f"poll_unanswered:{meeting.path}:{seat.slug}",
        due_on=meeting.reply_due_on or meeting.year.ends,
        url=f"{meeting.path}/answers/{seat.slug}",
        link=link,
        remaining=0 if meeting.has_answered(seat) else n,
        name=seat.title,
        text=(
            _(
                "市町村長会議（協約第5条）の候補日%(n)sつに、○・△・× で答えます。"
                "秘書にも案内済みです。",
                n=n,
            )
        ),
        listed=tuple(one.label for one in asked),
        known_since=meeting.asked_at(seat),
    )


def _by_telephone(poll: Duty, meeting: Meeting, today: date, contact: str) -> Duty:
    """After the deadline a town tells the office, which enters it; the hub's office still answers."""
    if poll.is_done or poll.owner.is_hub or poll.due_on >= today:
        return poll
    return replace(
        poll,
        url=meeting.path,
        instead=_("候補日を見る"),
        text=_(
            "回答の期限を過ぎました。候補日のご都合を%(contact)sへお電話で伝えてください。"
            "連携推進担当が代わりに入力します。",
            contact=contact,
        ),
    )


def _next_steps(
    meeting: Meeting, members: Members, today: date, notice_days: int
) -> Iterable[Duty]:
    def step(kind: Kind, due_on: date, text: str) -> Duty:
        return Duty(
            kind,
            members.office,
            key=f"{kind}:{meeting.path}",
            due_on=due_on,
            url=meeting.path,
            name=_("市町村長会議") if meeting.is_yearly else meeting.name,
            text=text,
            known_since=meeting.fixed_at or meeting.polled_at,
        )

    day, is_recorded = meeting.fixed_on, meeting.attendance_at is not None
    if day is None:
        if meeting.reply_due_on:
            n = len(meeting.seats)
            said = _(
                "%(total)s市町村のうち%(answered)s市町村が回答済みです。",
                total=n,
                answered=n - len(meeting.silent),
            )
            yield step(Kind.MEETING_UNDATED, meeting.reply_due_on, said)
        return
    if day >= today and not (meeting.noticed_at or is_recorded):
        yield step(
            Kind.NOTICE_UNSENT,
            office_days.on_or_before(day - timedelta(days=notice_days)),
            _(
                "%(meeting)sは%(day)sに決まりました。",
                meeting=_("%(year)sの市町村長会議", year=meeting.year.label)
                if meeting.is_yearly
                else meeting.name,
                day=wareki.short(day),
            ),
        )
    if day <= today and not is_recorded:
        yield step(
            Kind.ATTENDANCE_UNRECORDED,
            office_days.add(day, CHECK_WITHIN_OFFICE_DAYS),
            _("%(day)sの出席（本人・代理・欠席）を記録します。", day=wareki.short(day)),
        )


def proposal_duties(found: Iterable[Meeting], members: Members) -> Iterable[Duty]:
    """The office takes a proposed item onto the agenda, or says why not."""
    for one in found:
        if not one.proposed_since or one.cancelled_at or one.minutes_final_at:
            continue
        yield Duty(
            Kind.PROPOSAL_UNANSWERED,
            members.office,
            key=f"proposal_unanswered:{one.path}",
            due_on=office_days.add(tokyo.day(one.proposed_since), CHECK_WITHIN_OFFICE_DAYS),
            url=f"{one.path}/agenda",
            remaining=one.proposed,
            text=_("%(meeting)sの議題に加えるか、加えない理由を書いて返します。", meeting=one.name),
            known_since=one.proposed_since,
        )


def minutes_duties(found: Iterable[Unminuted], members: Members) -> Iterable[Duty]:
    """The office circulates the minutes, and each municipality says whether they are right."""
    for one in found:
        url = f"{one.path}/minutes"
        name = _("%(meeting)sの議事録", meeting=one.name)
        if one.sent_at is None or one.reply_due_on is None:
            yield Duty(
                Kind.MINUTES_UNCIRCULATED,
                members.office,
                key=f"minutes_uncirculated:{one.path}",
                due_on=office_days.add(one.held_on, 2 * CHECK_WITHIN_OFFICE_DAYS),
                url=url,
                name=name,
                text=_("発言要旨と決定事項を書き、各市町村の確認をお願いします。"),
                known_since=one.recorded_at,
            )
            continue
        for slug in one.asked:
            yield Duty(
                Kind.MINUTES_UNCONFIRMED,
                members.party(slug),
                key=f"minutes_unconfirmed:{one.path}:{slug}",
                due_on=one.reply_due_on,
                url=url,
                remaining=int(slug in one.waiting),
                name=name,
                text=_("確認者が内容を確認します。直してほしい所は、修正をお願いできます。"),
                known_since=one.sent_at,
            )
