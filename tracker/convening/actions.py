"""Invites, takes who comes, by link, at the desk or from a calendar, and asks back what is not plain."""

import secrets
from collections.abc import Iterator
from datetime import datetime

from flask import current_app

from tracker.accounts.models import Post
from tracker.convening import letters, queries, rules
from tracker.convening.models import SeatInvitation
from tracker.convening.rules import Coming
from tracker.duty.duty import PersonalLink
from tracker.incoming_mail import parts
from tracker.kernel.permissions import Permission, allowed
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.kernel.typed import even
from tracker.mail import letters as mail
from tracker.mail import links, mime
from tracker.mail.letters import Recipient
from tracker.meetings import queries as meetings
from tracker.meetings.letters import Enclosed
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.models import MeetingRow, MeetingSeat
from tracker.meetings.rules import Attendance, check_active
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Act, Conflict, Stale
from tracker.plumbing.db import db
from tracker.poll_replies import actions as by_mail
from tracker.replies import rules as replies
from tracker.replies.reply import Attending, Expected, ReplyKind
from tracker.replies.rsvp import rules as rsvp

NOTICE = "meeting_notice"
# These letters go with a calendar to whoever was invited before.
LATER = ("meeting_moved", "meeting_cancelled")
# What a calendar's word says by itself; of the others their sender is asked.
IN_WORDS = N_("メールの文章からは、出席か欠席かを決められません。")
PLAIN = {Attending.ACCEPTED: Attendance.HEAD, Attending.DECLINED: Attendance.ABSENT}


def enclose(act: Act, meeting_id: int, kind: str) -> Iterator[Enclosed]:
    """What each invited post gets with a letter of the meeting (`meetings.letters.register`).

    Within the act that writes the letter, which holds the seats. With the notice every seat that
    somebody answers for is invited; when it moves or is called off, whoever was.
    """
    if kind != NOTICE and kind not in LATER:
        return
    meeting = meetings.find(meeting_id)
    assert meeting is not None and meeting.hours is not None
    known, to_ask = queries.invitations(meeting_id), queries.answerers(meeting, meeting.seats)
    for seat in meeting.seats:
        to, invitation = to_ask.get(seat.id), known.get(seat.id)
        if to is None or (invitation is None and kind != NOTICE):
            continue
        if invitation is None:
            invitation = _invited(seat, meeting, to)
            db.session.get_one(MeetingSeat, seat.id).invited_at = act.at
        _bring_up_to_date(invitation, meeting, to)
        calendar = letters.calendar(invitation, meeting, seat, to, act.at)
        if kind == NOTICE:
            link = PersonalLink(queries.LINK, seat.id)
            yield Enclosed(to, "meeting_invitation", letters.asked(meeting, seat), link, calendar)
        else:
            yield Enclosed(to, kind, {}, meeting.path, calendar)


def _invited(seat: Seat, meeting: Meeting, to: Recipient) -> SeatInvitation:
    assert meeting.hours is not None
    _name, sender = mime.split(str(current_app.config["MAIL_DEFAULT_SENDER"]))
    on, begins, ends = meeting.hours
    invitation = SeatInvitation(
        seat_id=seat.id,
        uid=f"{secrets.token_hex(20)}@{mime.ascii_address(sender).rpartition('@')[2]}",
        nonce=links.new_nonce(),
        post_id=to.post_id,
        to_key=to.key,
        address=to.email,
        held_on=on,
        begins=begins,
        ends=ends,
        place=meeting.place,
    )
    db.session.add(invitation)
    db.session.flush()
    return invitation


def _bring_up_to_date(invitation: SeatInvitation, meeting: Meeting, to: Recipient) -> None:
    """Another number where the meeting moved; a doubt about other hours is none of these."""
    assert meeting.hours is not None
    is_there = even(invitation.place) == even(meeting.place)
    if invitation.hours != meeting.hours or not is_there or meeting.cancelled_at is not None:
        invitation.sequence += 1
    if invitation.hours != meeting.hours:
        invitation.doubt = None
    if invitation.to_key != to.key:
        # Whoever was asked before answers no more.
        invitation.nonce = links.new_nonce()
    invitation.held_on, invitation.begins, invitation.ends = meeting.hours
    assert to.post_id is not None
    # Whom the reminders go to; who is invited has a link besides.
    db.session.get_one(MeetingSeat, invitation.seat_id).post_id = to.post_id
    invitation.place, invitation.post_id = meeting.place, to.post_id
    invitation.to_key, invitation.address = to.key, to.email
    db.session.flush()


def renew_nonce(_act: Act, seat_id: int) -> None:
    """A new link in place of the ones before; within the caller's change."""
    db.session.get_one(SeatInvitation, seat_id).nonce = links.new_nonce()


def answer(
    act: Act,
    row: MeetingRow,
    seat_id: int,
    coming: Coming,
    told_by: str = "",
    seen: str | None = None,
    *,
    hours_seen: str | None = None,
    by: str = "",
) -> None:
    """Takes who comes to a seat; said again, it replaces what was said, and the record keeps both.

    Nobody signed in means the post that was invited, behind its link, or by its calendar (`by`
    says so).  The office answers for another (代理入力, saying who told it), late too.

    An answer is one to a day: `hours_seen` are day and hours that its page showed
    (`rules.hours_mark`; None: nobody looked).  Raises Conflict where the meeting has moved since.
    """
    seat_row = db.session.get_one(MeetingSeat, seat_id)
    act.lock(
        *((row, None), (seat_row, seen)),
        first=lambda: _check_as_shown(act, row, hours_seen),
    )
    meeting = meetings.of(row)
    seat = next(one for one in meeting.seats if one.id == seat_id)
    is_office = allowed(act.by, Permission.MANAGE_MEETING)
    rules.check_open(meeting, act.today, areas.contact(), by_office=is_office)
    if act.by is None and seat.is_revoked:
        raise Refusal(_("このリンクは使えなくなりました。"))
    coming = coming.settled
    rules.check_coming(coming)
    is_proxy = act.by is not None and act.by.municipality != seat.slug
    if is_proxy and not told_by.strip():
        raise Refusal(_("だれから聞いたかを入れてください。"), field="told_by")
    invitation = db.session.get(SeatInvitation, seat_id)
    who = act.by.name if act.by else _asked(seat, invitation) + by
    how = f"（代理入力、{told_by.strip()}から）" if is_proxy else ""
    said = f"{row.name}：{seat.title}の出欠に{who}が「{coming}」と回答しました{how}。"
    with act.change("attendance.answered", seat_row, said):
        seat_row.attendance, seat_row.deputy = coming.attendance, coming.deputy or None
        seat_row.companions, seat_row.vehicles = coming.companions, coming.vehicles
        seat_row.replied_at, seat_row.replied_by = act.at, who
        seat_row.replied_by_id = act.by.person_id if act.by else None
        seat_row.reply_told_by = told_by.strip() if is_proxy else None
        if invitation is not None:
            invitation.doubt = None


def _check_as_shown(act: Act, row: MeetingRow, hours_seen: str | None) -> None:
    check_active(row.cancelled_at is not None)
    if hours_seen is None or hours_seen == rules.hours_mark(row.hours):
        return
    was = rules.marked_hours(hours_seen)
    if was and row.hours:
        values = {"was": was.label, "now": row.hours.label}
        said = _("会議の日時が、%(was)sから%(now)sに変わりました。", **values)
        then = _("まだ記録していません。新しい日時での出欠を確かめてから、もう一度送ってください。")
        raise Conflict([], then, said)
    raise Conflict([Stale("", None, None, is_earlier=False)])


def _asked(seat: Seat, invitation: SeatInvitation | None) -> str:
    post = db.session.get(Post, invitation.post_id) if invitation else None
    return f"{seat.name} {post.name}" if post else seat.title


# --- answers of calendars -----------------------------------------------------------------------------


def take(raw: bytes, at: datetime) -> bool:
    """Whether a mail is a calendar's answer to an invitation of ours; then it is followed.

    Its UID says which, its From and its attendee that it is that post's.  A plain word counts as
    if given by the personal link; whatever else is asked back of that post, once a day at most,
    and put before the office.
    """
    invitation, letter = _answered(raw)
    if invitation is None:
        return False
    with Act(None, at) as act:
        seat_row = db.session.get_one(MeetingSeat, invitation.seat_id)
        row = db.session.get_one(MeetingRow, seat_row.meeting_id)
        act.lock((row, None), (seat_row, None), (invitation, None))
        asked = Expected(1, letter, invitation.address, invitation.uid, invitation.sequence)
        reply = replies.read(raw, asked)
        if reply.kind is ReplyKind.OTHER or row.cancelled_at is not None:
            return False
        meeting = meetings.of(row)
        seat = next(one for one in meeting.seats if one.id == seat_row.id)
        to = queries.answerers(meeting, [seat]).get(seat.id)
        is_text = reply.kind is ReplyKind.POLL
        doubt = (
            [_(IN_WORDS)]
            if is_text
            else [*reply.doubt, *_doubts(reply.answer, invitation, row, to)]
        )
        coming = PLAIN.get(reply.answer) if reply.answer else None
        if coming and not doubt:
            try:
                answer(act, row, seat.id, _kept(seat, coming), by="（予定表の返事）")
            except Refusal as refusal:
                doubt = [refusal.message]
        if doubt:
            _ask_back(act, meeting, seat, seat_row, invitation, to, doubt)
    return True


def _answered(raw: bytes) -> tuple[SeatInvitation | None, str | None]:
    """The invitation that a mail answers: by its calendar's UID, or else the letter that it names."""
    try:
        invitation = queries.by_uids(rsvp.uids(parts.read(raw)[1]))
    except Exception:
        # Over broken mails the email package raises nearly anything.
        return None, None
    if invitation is not None:
        return invitation, None
    found = by_mail.asked_by(raw, queries.LINK)
    if found is None:
        return None, None
    letter, seat_id, _is_named = found
    return db.session.get(SeatInvitation, seat_id), letter.message_id


def _doubts(
    answer: Attending | None, invitation: SeatInvitation, row: MeetingRow, to: Recipient | None
) -> Iterator[str]:
    is_still = to is not None and to.post_id == invitation.post_id
    if to is None or not is_still or mime.same_form(to.email) != mime.same_form(invitation.address):
        yield _("この案内の宛先は、そのあとで変わっています。")
    if invitation.hours != row.hours:
        # The meeting moved while nobody was there who could be told of it.
        yield _("この案内の日時は、そのあとで変わっています。")
    if answer is Attending.TENTATIVE:
        yield _("予定表の返事が「仮」でした。出席か欠席かが決まりましたら、お知らせください。")
    if answer is Attending.DELEGATED:
        yield _("予定表の返事が「委任」でした。代理で出席される方の職・氏名をお知らせください。")


def _kept(seat: Seat, attendance: Attendance) -> Coming:
    """A calendar says nothing of companions and vehicles: what was said of them stays."""
    return Coming(attendance, "", seat.companions, seat.vehicles)


def _ask_back(
    act: Act,
    meeting: Meeting,
    seat: Seat,
    row: MeetingSeat,
    invitation: SeatInvitation,
    to: Recipient | None,
    doubt: list[str],
) -> None:
    said = f"{meeting.name}：{seat.title}の出欠に、予定表から分からない返事が届きました。"
    with act.change("attendance.doubted", row, said):
        invitation.doubt = "\n".join(doubt)
        if to is not None:
            mail.put(
                "attendance_unclear",
                to,
                letters.unclear(meeting, seat, doubt),
                cause=f"attendance:{meeting.id}:unclear:{act.today}",
                at=act.at,
                link=PersonalLink(queries.LINK, seat.id),
                path=meeting.path,
            )
