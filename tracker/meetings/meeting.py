"""One meeting with its dates, its seats and their answers, and what Article 5 makes of it; pure.

Pages, letters, duties and the calendar take these shapes (`queries` reads them).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from tracker.kernel import tokyo, wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.translation import _
from tracker.meetings.rules import (
    Answer,
    Attendance,
    Candidate,
    Standing,
    Tally,
    best_candidate,
    reply_due,
    summary,
)
from tracker.municipalities.rules import Town


@dataclass(frozen=True)
class Seat:
    """One seat: who sits there, what was answered for it by candidate id, and who came.

    `title` is the post that sits there (今別町長); without a `town` it is an outside member's.
    `post_id` is the post asked for its dates. Who answered and when are those of its last answer;
    `told_by` is whom the office had it from (代理入力). `changed` is what was said before of the
    dates of which something else was said since: None where an answer was taken back meanwhile.
    """

    id: int
    version: int
    town: Town | None
    title: str
    post_id: int | None = None
    is_revoked: bool = False
    # 必ず出席: no day is recommended that this head refuses.
    is_required: bool = False
    comment: str | None = None
    # Who is to come, and once attendance is recorded, who came; who said so before, and when.
    attendance: Attendance | None = None
    deputy: str | None = None
    is_invited: bool = False
    companions: int | None = None
    vehicles: int | None = None
    replied_at: datetime | None = None
    replied_by: str | None = None
    reply_told_by: str | None = None
    answers: Mapping[int, Answer] | None = None
    changed: Mapping[int, Answer | None] = field(default_factory=dict)
    answered_at: datetime | None = None
    answered_by: str | None = None
    told_by: str | None = None
    # The last letter that asked for its dates did not arrive.
    is_undelivered: bool = False

    @property
    def seen(self) -> str:
        """What a form carries of it (`Versioned.seen`)."""
        return str(self.version)

    @property
    def slug(self) -> str:
        """Its municipality; empty for an outside member."""
        return self.town.slug if self.town else ""

    @property
    def key(self) -> str:
        """How forms name it."""
        return self.slug or f"seat{self.id}"

    @property
    def name(self) -> str:
        """「今別町」, or an outside member's title."""
        return self.town.name if self.town else self.title

    @property
    def given(self) -> Mapping[int, Answer]:
        """The answers by candidate id."""
        return self.answers or {}

    @property
    def answerer(self) -> str:
        """Who answered, without the municipality that stands above it."""
        return (self.answered_by or "").removeprefix(f"{self.name} ")

    @property
    def brings(self) -> str:
        """「2名　車両1台」: who comes along, and by what; empty where nobody has said."""
        companions = [_("%(n)s名", n=self.companions)] if self.companions else []
        vehicles = [_("車両%(n)s台", n=self.vehicles)] if self.vehicles else []
        return "　".join([*companions, *vehicles])

    @property
    def attended(self) -> str:
        """「本人」「代理（副町長）」「欠席」; empty where nobody has said."""
        if self.attendance is None:
            return ""
        return self.attendance.label + (f"（{self.deputy}）" if self.deputy else "")


@dataclass(frozen=True)
class Meeting:
    """A meeting of the heads; instants in UTC, candidate dates by id in order of time.

    Read among others, a meeting whose date is fixed has neither its candidate dates nor the
    answers to them; read for a personal link, it has that one seat only.
    """

    id: int
    version: int
    year: FiscalYear
    # Whether it is the one that Article 5 asks for every year.
    is_yearly: bool
    name: str
    place: str
    reply_due_on: date | None
    hours: Candidate | None
    polled_at: datetime | None
    fixed_at: datetime | None
    fixed_reason: str | None
    notice_number: str | None
    noticed_at: datetime | None
    attendance_at: datetime | None
    minutes_final_at: datetime | None
    cancelled_at: datetime | None
    cancelled_reason: str | None
    dates: Mapping[int, Candidate]
    last_added_at: datetime | None
    seats: tuple[Seat, ...]
    # Items that members proposed and the office has not answered, and since when.
    proposed: int = 0
    proposed_since: datetime | None = None

    @property
    def seen(self) -> str:
        """What a form carries of it (`Versioned.seen`)."""
        return str(self.version)

    @property
    def source(self) -> str | None:
        """The paper it was taken over from, where it was held before anything was kept here."""
        return self.fixed_reason if self.attendance_at and not self.fixed_at else None

    @property
    def path(self) -> str:
        """Its page, as letters and duties name it."""
        return f"/meetings/{self.id}"

    @property
    def fixed_on(self) -> date | None:
        """The day it was fixed on."""
        return self.hours.on if self.hours else None

    @property
    def is_polling(self) -> bool:
        """Whether a date is still to be found."""
        return self.hours is None and self.cancelled_at is None

    @property
    def stage(self) -> Standing:
        """How far the meeting itself has come."""
        stages = (
            (self.minutes_final_at, Standing.MINUTED),
            (self.attendance_at, Standing.HELD),
            (self.noticed_at, Standing.NOTICED),
            (self.fixed_at, Standing.FIXED),
            (self.polled_at, Standing.POLLING),
        )
        return next((stage for reached, stage in stages if reached), Standing.NONE)

    @property
    def calendar_years(self) -> str:
        """「令和9年」, or 「令和8年〜令和9年」: the year that short dates leave out."""
        years = {one.on.year for one in self.dates.values()}
        return "〜".join(wareki.year_name(year) for year in sorted({min(years), max(years)}))

    def has_answered(self, seat: Seat) -> bool:
        """Whether it answered since the last date was added, or nothing is asked any more."""
        if self.last_added_at is None:
            return True
        return seat.answered_at is not None and seat.answered_at >= self.last_added_at

    def asked_at(self, seat: Seat) -> datetime | None:
        """When a seat was asked last: anew where it had answered before a date was added."""
        return (seat.answered_at and self.last_added_at) or self.polled_at

    @property
    def silent(self) -> tuple[Seat, ...]:
        """Who has not answered since the last date was added."""
        return tuple(one for one in self.seats if not self.has_answered(one))

    @property
    def undelivered(self) -> tuple[Seat, ...]:
        """The silent whose last letter about the poll did not arrive."""
        return tuple(one for one in self.silent if one.is_undelivered)

    @property
    def reply_due_by(self) -> date | None:
        """Until which day the heads' offices say who comes; None before a day is fixed."""
        asked_at = self.noticed_at or self.fixed_at
        return reply_due(self.hours.on, tokyo.day(asked_at)) if self.hours and asked_at else None

    @property
    def unreplied(self) -> tuple[Seat, ...]:
        """Of which seats nobody has said who comes."""
        return tuple(one for one in self.seats if one.attendance is None)

    @property
    def attendance(self) -> Mapping[str, Attendance]:
        """Who came, by municipality slug; empty before it is recorded."""
        if self.attendance_at is None:
            return {}
        return {one.slug: one.attendance for one in self.seats if one.attendance and one.town}

    @cached_property
    def tallies(self) -> Mapping[int, Tally]:
        """The answers to each candidate date, counted."""
        return {id_: summary(self.answers_to(id_).values()) for id_ in self.dates}

    @cached_property
    def best(self) -> int | None:
        """The id of the date most can attend; None when there is no such date."""
        given = {id_: self.answers_to(id_).values() for id_ in self.dates}
        return best_candidate(list(given), given)

    @property
    def has_no_common_day(self) -> bool:
        """Whether some have answered, and no date suits all of those."""
        counted = [one for one in self.tallies.values() if any(one)]
        return bool(counted) and not any(one.yes and not (one.maybe or one.no) for one in counted)

    def answers_to(self, candidate_id: int) -> Mapping[str, Answer]:
        """The answers given to one date, by the seats' names."""
        return {
            one.name: one.given[candidate_id] for one in self.seats if candidate_id in one.given
        }

    def required_refusing(self, candidate_id: int) -> tuple[str, ...]:
        """The titles of the required heads who refused a date."""
        asked = (one for one in self.seats if one.is_required)
        return tuple(one.title for one in asked if one.given.get(candidate_id) is Answer.NO)

    def silent_about(self, candidate_id: int) -> tuple[str, ...]:
        """The names of the seats that may yet say something about a date; none once one is fixed."""
        if self.hours is not None:
            return ()
        return tuple(one.name for one in self.seats if candidate_id not in one.given)

    @property
    def heads_seen(self) -> str:
        """What a form carries of who has to be there."""
        return "-".join(["heads", *(str(one.id) for one in self.seats if one.is_required)])

    def unanswered(self, seat: Seat) -> tuple[Candidate, ...]:
        """The dates of which a seat has said nothing."""
        return tuple(one for id_, one in self.dates.items() if id_ not in seat.given)

    def seat_of(self, slug: str) -> Seat | None:
        """The seat of one municipality, or None."""
        return next((one for one in self.seats if one.town and one.slug == slug), None)


class Unminuted(NamedTuple):
    """A meeting that took place, with an agenda, whose minutes are not final.

    `sent_at`: when they were circulated, None while they are written; `asked` the municipalities
    (slugs) that sat there, `waiting` those whose word is missing.
    """

    path: str
    name: str
    held_on: date
    recorded_at: datetime
    sent_at: datetime | None
    reply_due_on: date | None
    asked: tuple[str, ...]
    waiting: tuple[str, ...]
