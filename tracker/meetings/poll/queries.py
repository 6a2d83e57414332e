"""The date poll: its sheet of answers, dates down and municipalities across, and its links."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import ColumnElement, String, and_, cast, literal, select

from tracker.accounts.models import Post, PostKind
from tracker.kernel import wareki
from tracker.mail.letters import Letter, LetterState, Recipient
from tracker.meetings.models import (
    CandidateDate,
    Meeting,
    MeetingAttendance,
    PollAnswer,
    PollInvitation,
)
from tracker.meetings.rules import (
    Answer,
    Attendance,
    Tally,
    best_candidate,
    link_readable,
    summary,
)
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.plumbing.db import db

POLL_LETTERS = ("poll_request", "poll_added", "poll_again")


@dataclass(frozen=True)
class Reply:
    """One municipality in a poll: its invitation, and its answers by candidate id."""

    town: Town
    invitation: PollInvitation
    answers: Mapping[int, Answer]
    # Answered since the last date was added.
    is_complete: bool
    is_undelivered: bool
    attendance: Attendance | None
    deputy: str | None

    @property
    def answered_by(self) -> str:
        """Who answered, without the municipality that stands above it."""
        return (self.invitation.answered_by or "").removeprefix(f"{self.town.name} ")

    @property
    def attended(self) -> str:
        """「本人」「代理（副町長）」「欠席」; empty before it is recorded."""
        if self.attendance is None:
            return ""
        return self.attendance.label + (f"（{self.deputy}）" if self.deputy else "")


@dataclass(frozen=True)
class Sheet:
    """A meeting with its candidate dates and the replies, in the order of the municipalities.

    Read for a personal link it holds one reply only.
    """

    meeting: Meeting
    candidates: tuple[CandidateDate, ...]
    replies: tuple[Reply, ...]

    @property
    def calendar_years(self) -> str:
        """「令和9年」, or 「令和8年〜令和9年」: the year that short dates leave out."""
        first, last = self.candidates[0].on.year, self.candidates[-1].on.year
        names = [wareki.year_name(year) for year in sorted({first, last})]
        return "〜".join(names)

    @property
    def silent(self) -> tuple[Reply, ...]:
        """Who has not answered since the last date was added."""
        return tuple(reply for reply in self.replies if not reply.is_complete)

    @property
    def undelivered(self) -> tuple[Reply, ...]:
        """The silent whose last letter about the poll did not arrive."""
        return tuple(reply for reply in self.silent if reply.is_undelivered)

    @property
    def attendance(self) -> Mapping[str, Attendance]:
        """Who came, by municipality slug; empty before it is recorded."""
        return {one.town.slug: one.attendance for one in self.replies if one.attendance}

    @cached_property
    def tallies(self) -> Mapping[int, Tally]:
        """The answers to each candidate date, counted."""
        return {one.id: summary(self.answers_to(one.id).values()) for one in self.candidates}

    @cached_property
    def best(self) -> int | None:
        """The id of the date most can attend; None when there is no such date."""
        given = {one.id: self.answers_to(one.id).values() for one in self.candidates}
        return best_candidate(list(given), given)

    @property
    def has_no_common_day(self) -> bool:
        """Whether some have answered, and no date suits all of those."""
        counted = [one for one in self.tallies.values() if any(one)]
        return bool(counted) and not any(one.yes and not (one.maybe or one.no) for one in counted)

    def answers_to(self, candidate_id: int) -> Mapping[str, Answer]:
        """The answers given to one date, by municipality name."""
        return {
            reply.town.name: reply.answers[candidate_id]
            for reply in self.replies
            if candidate_id in reply.answers
        }

    def candidate(self, candidate_id: int) -> CandidateDate | None:
        """One of its candidate dates, or None."""
        return next((one for one in self.candidates if one.id == candidate_id), None)

    def reply_of(self, slug: str) -> Reply | None:
        """The reply of one municipality, or None."""
        return next((reply for reply in self.replies if reply.town.slug == slug), None)

    def unanswered(self, reply: Reply) -> tuple[CandidateDate, ...]:
        """The dates a municipality has said nothing about."""
        return tuple(one for one in self.candidates if one.id not in reply.answers)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(
        current_app.config["SECRET_KEY"],
        salt="poll",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def poll_path(invitation_id: int, nonce: str) -> str:
    """A secretary's personal link; whether it still opens is read from the database."""
    token = _signer().dumps([invitation_id, nonce])
    return f"/p/{token if isinstance(token, str) else token.decode()}"


def poll_paths(invitation_ids: Iterable[int]) -> Mapping[int, str]:
    """The personal links of invitations, by id; none of a revoked one (one query)."""
    rows = db.session.execute(
        select(PollInvitation.id, PollInvitation.nonce).where(
            PollInvitation.id.in_(set(invitation_ids)), PollInvitation.revoked_at.is_(None)
        )
    )
    return {id_: poll_path(id_, nonce) for id_, nonce in rows}


# The state of the last letter that asked this secretary for the dates of this meeting.
_LAST_LETTER = (
    select(Letter.state)
    .where(
        Letter.to_key == literal("post:").concat(cast(PollInvitation.post_id, String)),
        Letter.path == literal("/meetings/").concat(cast(PollInvitation.meeting_id, String)),
        Letter.kind.in_(POLL_LETTERS),
    )
    .order_by(Letter.id.desc())
    .limit(1)
    .correlate(PollInvitation)
    .scalar_subquery()
)


def find_sheet(meeting_id: int) -> Sheet | None:
    """A meeting with everything about its poll (one query)."""
    return _sheet(Meeting.id == meeting_id)


def find_slip(token: str, today: date) -> tuple[Sheet, bool] | None:
    """The sheet behind a personal link, and whether the link still opens; None when forged.

    Only the one municipality's answers are read: nobody sees another's.
    """
    try:
        invitation_id, nonce = _signer().loads(token)
    except BadSignature:
        return None
    found = _sheet(PollInvitation.id == invitation_id)
    if found is None:
        return None
    invitation, reply_due = found.replies[0].invitation, found.meeting.reply_due_on
    revoked = invitation.revoked_at is not None or invitation.nonce != nonce
    return found, reply_due is not None and link_readable(today, reply_due, revoked)


def _sheet(*conditions: ColumnElement[bool]) -> Sheet | None:
    rows = db.session.execute(
        select(
            Meeting,
            CandidateDate,
            PollInvitation,
            PollAnswer.answer,
            MeetingAttendance.attendance,
            MeetingAttendance.deputy,
            _LAST_LETTER,
        )
        .join(CandidateDate, CandidateDate.meeting_id == Meeting.id)
        .join(PollInvitation, PollInvitation.meeting_id == Meeting.id)
        .outerjoin(
            PollAnswer,
            and_(
                PollAnswer.invitation_id == PollInvitation.id,
                PollAnswer.candidate_id == CandidateDate.id,
            ),
        )
        .outerjoin(
            MeetingAttendance,
            and_(
                MeetingAttendance.meeting_id == Meeting.id,
                MeetingAttendance.municipality_id == PollInvitation.municipality_id,
            ),
        )
        .where(*conditions)
        .order_by(CandidateDate.on, CandidateDate.begins)
    ).all()
    if not rows:
        return None
    candidates = tuple(dict.fromkeys(row[1] for row in rows))
    replies = tuple(
        _reply(town, own, candidates)
        for town in areas.towns()
        if (own := [row for row in rows if row[2].municipality_id == town.id])
    )
    return Sheet(rows[0][0], candidates, replies)


def _reply(town: Town, rows: Sequence[Any], dates: Sequence[CandidateDate]) -> Reply:
    _meeting, _date, invitation, _answer, attendance, deputy, letter_state = rows[0]
    answered_at = invitation.answered_at
    return Reply(
        town=town,
        invitation=invitation,
        answers={row[1].id: row[3] for row in rows if row[3] is not None},
        is_complete=answered_at is not None and answered_at >= max(one.added_at for one in dates),
        is_undelivered=letter_state is LetterState.UNDELIVERABLE,
        attendance=attendance,
        deputy=deputy,
    )


class Secretary(NamedTuple):
    """The post that answers for a head, and where its letters go."""

    post_id: int
    recipient: Recipient


def secretaries() -> Mapping[int, Secretary]:
    """The secretary's post of each municipality that has one with a mailbox, by its id."""
    towns = areas.by_id()
    rows = db.session.execute(
        select(Post.id, Post.municipality_id, Post.name, Post.email)
        .where(Post.kind == PostKind.SECRETARY, Post.is_active, Post.email.is_not(None))
        .order_by(Post.id.desc())
    )
    return {
        town_id: Secretary(
            post_id,
            Recipient(
                f"post:{post_id}",
                f"{towns[town_id].name} {name}",
                email,
                town_id,
                towns[town_id].base_url,
            ),
        )
        for post_id, town_id, name, email in rows
        if email
    }


def contact() -> str:
    """Whom to ring: 「青森市 連携推進担当（017-…）」."""
    area = areas.get_area()
    return f"{area.office_name}（{area.office_phone}）" if area.office_phone else area.office_name
