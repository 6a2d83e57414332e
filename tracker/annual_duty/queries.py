"""Reads how every agreement stands with Article 5."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import and_, literal, select, true, union_all

from tracker.agreements.models import Agreement, AgreementDuty
from tracker.agreements.queries import in_force
from tracker.annual_duty.models import HeldView
from tracker.annual_duty.rules import LastDays, last_days, standing
from tracker.annual_duty.standing import (
    AgreementStanding,
    AgreementYear,
    ArticleFive,
    PartyView,
    agreement_years,
)
from tracker.kernel.fiscal_year import FiscalYear
from tracker.meetings.meeting import Meeting
from tracker.meetings.queries import meetings, yearly
from tracker.meetings.rules import Attendance
from tracker.municipalities import queries as areas
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept


class _Bound(NamedTuple):
    """An agreement that asks for a yearly meeting, with the views of one meeting by party id."""

    agreement_id: int
    party_ids: tuple[int, int]
    views: Mapping[int, PartyView]


def article_five(
    years: Iterable[FiscalYear], today: date, found: Sequence[Meeting] | None = None
) -> tuple[ArticleFive, ...]:
    """How Article 5 stands in each of these years (two queries, whatever their number).

    `found` are their meetings, where they are read already.
    Which agreements bind in a year is asked for `today`, or for the year's nearer end outside it.
    """
    wanted = sorted(years)
    found = meetings(wanted[0], wanted[-1]) if found is None else found
    by_year = [(year, yearly(found, year)) for year in wanted]
    asked = tuple((year.nearest(today), one.id if one else 0) for year, one in by_year)
    bound = kept(
        ("article five", asked),
        ("agreements", "annual_duty", "meetings", "municipalities"),
        partial(_read_bound, asked),
    )
    return tuple(
        ArticleFive(year, one, tuple(_agreement_standings(bound[place], one, year, today)))
        for place, (year, one) in enumerate(by_year)
    )


def agreement_standings(year: FiscalYear, today: date) -> tuple[AgreementStanding, ...]:
    """How every agreement that binds in the year stands with it, in the order of the partners."""
    return article_five([year], today)[0].agreements


def years_of(agreement_id: int, since: date | None, today: date) -> list[AgreementYear]:
    """Every fiscal year since the agreement took force, the newest first, for its page."""
    this = FiscalYear.containing(today)
    first = FiscalYear.containing(since) if since else this
    years = [FiscalYear(number) for number in range(min(first, this).year, this.year + 1)]
    found = meetings(years[0], this)
    return agreement_years(
        agreement_id,
        article_five(years, today, found),
        [one for one in found if one.cancelled_at],
    )


def article_five_now(year: FiscalYear, today: date) -> ArticleFive:
    """Article 5 in the present year, read together with the year before, as the duties read it."""
    return article_five([year.previous, year], today, meetings(year.previous))[1]


def article_five_owed(
    year: FiscalYear, today: date, found: Sequence[Meeting] | None = None
) -> tuple[ArticleFive, ...]:
    """Article 5 in `year`, prepared or not; last year's too while it was fixed but not fulfilled.

    A year nobody began to prepare is over with its 31 March: nothing can be owed for it.
    """
    last, this = article_five([year.previous, year], today, found)
    return (last, this) if last.is_owed else (this,)


def _read_bound(asked: Sequence[tuple[date, int]]) -> Sequence[Sequence[_Bound]]:
    asking = select(AgreementDuty.agreement_id).where(AgreementDuty.kind == "annual_meeting")
    each = [
        select(
            literal(place).label("place"),
            Agreement.id,
            Agreement.party_a_id,
            Agreement.party_b_id,
            HeldView.municipality_id,
            HeldView.is_held,
            HeldView.version,
        )
        .outerjoin(
            HeldView,
            and_(HeldView.agreement_id == Agreement.id, HeldView.meeting_id == meeting_id),
        )
        .where(Agreement.id.in_(asking), in_force(day))
        for place, (day, meeting_id) in enumerate(asked)
    ]
    rows: Iterable[Any] = sorted(db.session.execute(union_all(*each)), key=lambda row: row[:2])
    found: list[list[_Bound]] = [[] for _ in asked]
    for (place, id_, *parties), own in groupby(rows, lambda row: tuple(row[:4])):
        views = {row[4]: PartyView(bool(row[5]), row[6]) for row in own if row[4]}
        found[place].append(_Bound(id_, (parties[0], parties[1]), views))
    return found


def _agreement_standings(
    bound: Iterable[_Bound], meeting: Meeting | None, year: FiscalYear, today: date
) -> Sequence[AgreementStanding]:
    towns = areas.by_id()
    attendance = meeting.attendance if meeting else {}
    fixed_on = meeting.fixed_on if meeting else None
    found = []
    for one in bound:
        parties = sorted(
            (towns[id_] for id_ in one.party_ids), key=lambda town: (not town.is_hub, town.code)
        )
        views = {towns[id_].slug: view for id_, view in one.views.items()}
        state = standing(
            year,
            polling=meeting is not None,
            fixed_on=fixed_on,
            noticed=meeting is not None and meeting.noticed_at is not None,
            held_on=fixed_on,
            attendance=attendance,
            parties=[party.slug for party in parties],
            views={slug: view.is_held for slug, view in views.items()},
            minutes_final=meeting is not None and meeting.minutes_final_at is not None,
            today=today,
        )
        in_person = all(attendance.get(one.slug) is Attendance.HEAD for one in parties)
        needs_views = bool(attendance) and not in_person
        found.append(AgreementStanding(one.agreement_id, tuple(parties), state, views, needs_views))
    return sorted(found, key=lambda one: [party.code for party in one.parties])


def last_days_of(year: FiscalYear) -> LastDays:
    """The last days for a meeting of the year, by the settings."""
    return last_days(year, areas.lead_times())


def viewed(ids: Collection[int] | None = None) -> dict[str, dict[str, Any]]:
    """How each party regards the meetings named (None: all), by the key of its view."""
    of = true() if ids is None else HeldView.meeting_id.in_(ids)
    rows = db.session.scalars(select(HeldView).where(of))
    return {
        f"{one.meeting_id}-{one.agreement_id}-{one.municipality_id}": {"is_held": one.is_held}
        for one in rows
    }
