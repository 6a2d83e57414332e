"""Reads how each agreement stands with Article 5, year by year, and what a new poll needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import and_, select

from tracker.agreements.models import Agreement, AgreementDuty
from tracker.agreements.queries import in_force
from tracker.kernel.fiscal_year import FiscalYear
from tracker.meetings.models import (
    CandidateDate,
    HeldView,
    Meeting,
    MeetingAttendance,
    PollInvitation,
)
from tracker.meetings.rules import (
    FULFILLED,
    AgreementStanding,
    Attendance,
    Candidate,
    InvitationFact,
    MeetingFact,
    Standing,
    standing,
)
from tracker.municipalities import queries as areas
from tracker.municipalities.models import EntryKind
from tracker.municipalities.rules import Town, days_of
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept


class Invited(NamedTuple):
    """One municipality asked for dates; `link_row_id` is what the secretary's link opens, if good.

    `asked_at`: of whoever answered before a date was added, when that was; else None.
    """

    municipality_id: int
    post_id: int | None
    link_row_id: int | None
    answered: bool
    asked_at: datetime | None


@dataclass(frozen=True)
class Summary:
    """One meeting as plain values; its candidates only while its date is open."""

    id: int
    fiscal_year: FiscalYear
    name: str
    place: str
    is_cancelled: bool
    reply_due_on: date | None
    fixed: Candidate | None
    is_noticed: bool
    is_recorded: bool
    minutes_final: bool
    candidates: tuple[Candidate, ...]
    asked: tuple[Invited, ...]
    attendance: Mapping[int, Attendance]
    polled_at: datetime | None
    fixed_at: datetime | None
    attendance_at: datetime | None

    @property
    def path(self) -> str:
        """The meeting's page, as duties and letters name it."""
        return f"/meetings/{self.id}"


@dataclass(frozen=True)
class Bond:
    """One agreement's way to Article 5: its parties, the hub first, and their views by slug."""

    agreement_id: int
    parties: tuple[Town, ...]
    attendance: Mapping[str, Attendance]
    views: Mapping[str, bool]
    standing: Standing

    @property
    def label(self) -> str:
        """「青森市・今別町」."""
        return "・".join(party.name for party in self.parties)

    @property
    def needs_views(self) -> bool:
        """Whether a deputy or an empty chair leaves it to the parties' view."""
        return bool(self.attendance) and any(
            self.attendance.get(party.slug) is not Attendance.HEAD for party in self.parties
        )


def summaries(since: int = 0) -> Sequence[Summary]:
    """The meetings of that fiscal year and later ones, newest year first (one query)."""
    return kept(("meetings", since), ("meetings",), lambda: _read_summaries(since))


def find_meeting(year: FiscalYear) -> Summary | None:
    """The year's meeting, unless it was called off."""
    return _held_in(year, summaries(year.year))


def _held_in(year: FiscalYear, found: Iterable[Summary]) -> Summary | None:
    return next((one for one in found if one.fiscal_year == year and not one.is_cancelled), None)


def _read_summaries(since: int) -> Sequence[Summary]:
    rows: Iterable[Any] = db.session.execute(
        select(Meeting, PollInvitation, MeetingAttendance.attendance, CandidateDate)
        .join(PollInvitation, PollInvitation.meeting_id == Meeting.id)
        .outerjoin(
            MeetingAttendance,
            and_(
                MeetingAttendance.meeting_id == Meeting.id,
                MeetingAttendance.municipality_id == PollInvitation.municipality_id,
            ),
        )
        .outerjoin(
            CandidateDate,
            and_(CandidateDate.meeting_id == Meeting.id, Meeting.fixed_at.is_(None)),
        )
        .where(Meeting.fiscal_year >= since)
        .order_by(
            Meeting.fiscal_year.desc(), Meeting.id.desc(), CandidateDate.on, CandidateDate.begins
        )
    )
    return tuple(_summary(meeting, list(own)) for meeting, own in groupby(rows, lambda row: row[0]))


def _summary(meeting: Meeting, rows: Sequence[Any]) -> Summary:
    dates = list(dict.fromkeys(row[3] for row in rows if row[3] is not None))
    last_added_at = max((one.added_at for one in dates), default=None)
    invitations = dict.fromkeys(row[1] for row in rows)
    return Summary(
        id=meeting.id,
        fiscal_year=FiscalYear(meeting.fiscal_year),
        name=meeting.name,
        place=meeting.place,
        is_cancelled=meeting.cancelled_at is not None,
        reply_due_on=meeting.reply_due_on,
        fixed=meeting.hours,
        is_noticed=meeting.noticed_at is not None,
        is_recorded=meeting.attendance_at is not None,
        minutes_final=meeting.minutes_final_at is not None,
        candidates=tuple(one.hours for one in dates),
        asked=tuple(_asked(one, last_added_at) for one in invitations),
        attendance={row[1].municipality_id: row[2] for row in rows if row[2] is not None},
        polled_at=meeting.polled_at,
        fixed_at=meeting.fixed_at,
        attendance_at=meeting.attendance_at,
    )


def _asked(invitation: PollInvitation, last_added_at: datetime | None) -> Invited:
    at = invitation.answered_at
    is_good = invitation.post_id is not None and invitation.revoked_at is None
    return Invited(
        invitation.municipality_id,
        invitation.post_id,
        invitation.id if is_good else None,
        last_added_at is None or (at is not None and at >= last_added_at),
        last_added_at if at is not None else None,
    )


class _Pledge(NamedTuple):
    """An agreement that asks for a yearly meeting, with the parties' views of one, by their id."""

    agreement_id: int
    party_a_id: int
    party_b_id: int
    views: Mapping[int, bool]


def _pledges(day: date, meeting_id: int) -> Sequence[_Pledge]:
    rooms = ("agreements", "meetings")
    return kept(("pledges", day, meeting_id), rooms, lambda: _read_pledges(day, meeting_id))


def _read_pledges(day: date, meeting_id: int) -> Sequence[_Pledge]:
    asking = select(AgreementDuty.agreement_id).where(AgreementDuty.kind == "annual_meeting")
    rows: Iterable[Any] = db.session.execute(
        select(
            Agreement.id,
            Agreement.party_a_id,
            Agreement.party_b_id,
            HeldView.municipality_id,
            HeldView.is_held,
        )
        .outerjoin(
            HeldView,
            and_(HeldView.agreement_id == Agreement.id, HeldView.meeting_id == meeting_id),
        )
        .where(Agreement.id.in_(asking), in_force(day))
        .order_by(Agreement.id)
    )
    return tuple(
        _Pledge._make([*head, {row[3]: row[4] for row in own if row[3]}])
        for head, own in groupby(rows, lambda row: tuple(row[:3]))
    )


def bonds(year: FiscalYear, today: date) -> Sequence[Bond]:
    """Every agreement that binds in the year, and how it stands, in the order of the partners.

    Which agreements bind is asked for `today`, or for the year's nearer end outside it.
    """
    return _bonds(year, find_meeting(year), today)


def _bonds(year: FiscalYear, meeting: Summary | None, today: date) -> Sequence[Bond]:
    pledges = _pledges(year.nearest(today), meeting.id if meeting else 0)
    found = [_bond(pledge, meeting, year, today) for pledge in pledges]
    return sorted(found, key=lambda bond: [party.code for party in bond.parties])


def _bond(pledge: _Pledge, meeting: Summary | None, year: FiscalYear, today: date) -> Bond:
    towns = areas.by_id()
    parties = sorted(
        (towns[pledge.party_a_id], towns[pledge.party_b_id]),
        key=lambda town: (not town.is_hub, town.code),
    )
    attendance, views = {}, {}
    if meeting is not None:
        attendance = {towns[id_].slug: one for id_, one in meeting.attendance.items()}
        views = {
            party.slug: pledge.views[party.id] for party in parties if party.id in pledge.views
        }
    fixed_on = meeting.fixed.on if meeting and meeting.fixed else None
    state = standing(
        year,
        polling=meeting is not None,
        fixed_on=fixed_on,
        noticed=meeting is not None and meeting.is_noticed,
        held_on=fixed_on,
        attendance=attendance,
        parties=[party.slug for party in parties],
        views=views,
        minutes_final=meeting is not None and meeting.minutes_final,
        today=today,
    )
    return Bond(pledge.agreement_id, tuple(parties), attendance, views, state)


def year_standing(year: FiscalYear, today: date) -> list[tuple[str, str, Standing]]:
    """Article 5 in one year, for the home page: 「青森市・今別町」, the partner's slug, standing."""
    return [(bond.label, bond.parties[-1].slug, bond.standing) for bond in bonds(year, today)]


class Unavailable(NamedTuple):
    """Days on which some municipality cannot come, by its name: closed, or its assembly sits."""

    closures: Mapping[str, frozenset[date]]
    assemblies: Mapping[str, frozenset[date]]

    @property
    def closed(self) -> frozenset[date]:
        """Every day on which one of them is closed."""
        return frozenset[date]().union(*self.closures.values())

    @property
    def either(self) -> Mapping[str, frozenset[date]]:
        """Both kinds by municipality, for proposing dates."""
        return {
            name: self.closures.get(name, frozenset()) | self.assemblies.get(name, frozenset())
            for name in {**self.closures, **self.assemblies}
        }


def unavailable(year: FiscalYear) -> Unavailable:
    """What the calendars of all municipalities say about the year (one query)."""
    days: dict[EntryKind, dict[str, frozenset[date]]] = {kind: {} for kind in EntryKind}
    for entry, name in areas.calendar(year.begins, year.ends):
        own = days[entry.kind]
        own[name] = own.get(name, frozenset()) | days_of([(entry.begins_on, entry.ends_on)])
    return Unavailable(days[EntryKind.CLOSURE], days[EntryKind.ASSEMBLY])


def meeting_facts(year: FiscalYear, today: date) -> tuple[MeetingFact, ...]:
    """Article 5 in `year`, prepared or not; last year's too while it was fixed but not fulfilled.

    A year nobody began to prepare is over with its 31 March: nothing can be owed for it.
    """
    found = summaries(year.previous.year)
    last = _meeting_fact(year.previous, _held_in(year.previous, found), today)
    is_owed = last.fixed_on is not None and not (
        last.attendance_recorded and all(one.standing in FULFILLED for one in last.agreements)
    )
    this = _meeting_fact(year, _held_in(year, found), today)
    return (last, this) if is_owed else (this,)


def _meeting_fact(year: FiscalYear, meeting: Summary | None, today: date) -> MeetingFact:
    agreements = tuple(
        AgreementStanding(
            bond.label,
            tuple(party.slug for party in bond.parties),
            bond.standing,
            tuple(p.slug for p in bond.parties if bond.needs_views and p.slug not in bond.views),
        )
        for bond in _bonds(year, meeting, today)
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
            link_row_id=one.link_row_id,
            asked_at=one.asked_at or meeting.polled_at,
        )
        for meeting in summaries(year.previous.year)
        if meeting.fiscal_year >= year and not meeting.is_cancelled and meeting.reply_due_on
        for town in areas.towns()
        for one in meeting.asked
        if one.municipality_id == town.id
    )
