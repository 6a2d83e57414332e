"""One municipality's part in one project and half-year, with what it reported; pure.

Pages, letters, duties and papers about reports take this one shape (`queries.reports` reads it).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from tracker.accounts.rules import StaffMember
from tracker.amounts.exact import Exact
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.municipalities.rules import Town
from tracker.projects.reports.rules import Content, checkers, guide, soft_checks
from tracker.projects.rules import (
    REPORTED,
    CellState,
    Rating,
    ReportState,
    YearMark,
    field_of,
    part_state,
)

# What its writer does next comes first: a question to answer, what was begun, what was not.
URGENCY = (
    ReportState.RETURNED,
    ReportState.DRAFT,
    ReportState.NONE,
    ReportState.SUBMITTED,
    ReportState.CONFIRMED,
)


class Round(NamedTuple):
    """進捗報告の依頼: the reports of a half-year, asked for by a day."""

    id: int
    year: int
    half: Half
    due_on: date
    covering_note: str
    closed_at: datetime | None
    version: int
    # The last time it was opened again, by whom, and why.
    reopened_at: datetime | None = None
    reopened_by: str | None = None
    reopen_reason: str | None = None

    @property
    def seen(self) -> str:
        """What a form carries of it (`Versioned.seen`)."""
        return str(self.version)

    @property
    def period(self) -> Period:
        """What it asks about."""
        return Period(self.year, self.half)

    @property
    def is_closed(self) -> bool:
        """Whether it takes no more reports."""
        return self.closed_at is not None


class Measured(NamedTuple):
    """One indicator of a part: its target of the year, and what the report says of it."""

    id: int
    number: int
    name: str
    unit: str
    decimals: int
    definition: str = ""
    target: Exact | None = None
    value: Exact | None = None

    @property
    def field(self) -> str:
        """The box in which its value is asked."""
        return field_of("value", self.number)

    def guide(self, period: Period) -> Exact | None:
        """What a value is held against in a period."""
        return guide(period, self.target)


def frozen(
    measured: Iterable[Measured],
    content: Content,
    attached: Sequence[Mapping[str, str]] = (),
) -> dict[str, Any]:
    """What is kept of a report for ever, as JSON: its indicators as they are called today.

    `attached`: name and hash of each file that came with it.
    """
    values = [
        {
            **{name: getattr(one, name) for name in ("number", "name", "unit")},
            "value": content.values[one.number]._asdict(),
        }
        for one in measured
        if one.number in content.values
    ]
    papers = {"attached": list(attached)} if attached else {}
    return {**asdict(content), "values": values, **papers}


class Report(NamedTuple):
    """Amounts in yen, instants in UTC; `year` is the fiscal year.

    `is_asked` where the round asks for it. Without a round, `half`, `due_on` and `opened_at` are
    None; read by what a round asks, it has no amounts. Before anybody wrote, `version` is 0 and
    `state` 未提出. `Texts` and what is `measured` are empty unless they were asked for.
    """

    town: Town
    lead: Town
    budget_yen: int | None
    actual_yen: int | None
    project_id: int
    project: str
    measure_id: int
    lead_section: str
    lead_post_id: int | None
    year: int
    mark: YearMark | None
    round_id: int | None
    half: Half
    due_on: date
    opened_at: datetime
    closed_at: datetime | None
    is_asked: bool = False
    # What a form about the project carries (`Versioned`).
    project_version: int = 0
    id: int | None = None
    version: int = 0
    state: ReportState = ReportState.NONE
    rating: Rating | None = None
    submitted_at: datetime | None = None
    asked_at: datetime | None = None
    confirmed_at: datetime | None = None
    written_by_id: int | None = None
    submitted_by_id: int | None = None
    # Texts
    comment: str | None = None
    commented_at: datetime | None = None
    done: str = ""
    trouble: str = ""
    for_meeting: bool = False
    plan: str = ""
    receipt: str | None = None
    written_by: str | None = None
    written_at: datetime | None = None
    question: str | None = None
    asked_by: str | None = None
    confirmed_by: str | None = None
    measured: tuple[Measured, ...] = ()

    @property
    def seen(self) -> str:
        """What a form carries of it (`Versioned.seen`); 0 of a report that nobody has begun."""
        return str(self.version)

    @property
    def fiscal_year(self) -> FiscalYear:
        """The year of the part."""
        return FiscalYear(self.year)

    @property
    def period(self) -> Period:
        """What is reported on."""
        return Period(self.year, self.half)

    @property
    def round_path(self) -> str:
        """The page of the round."""
        return f"/reports/{self.period}"

    @property
    def path(self) -> str:
        """The report's own page."""
        return f"{self.round_path}/{self.project_id}/{self.town.slug}"

    @property
    def content(self) -> Content:
        """What the report says, as forms and actions take it."""
        return Content(
            self.values, self.rating, self.done, self.trouble, self.for_meeting, self.plan
        )

    @property
    def values(self) -> Mapping[int, Exact]:
        """What was told, by the indicator's number."""
        return {one.number: one.value for one in self.measured if one.value is not None}

    @property
    def is_closed(self) -> bool:
        """Whether the round takes no more reports."""
        return self.closed_at is not None

    @property
    def is_reported(self) -> bool:
        """Submitted or confirmed: it counts, and others may read it."""
        return self.state in REPORTED

    @property
    def returned_at(self) -> datetime | None:
        """When it was returned with a question that is still open."""
        return self.asked_at if self.state is ReportState.RETURNED else None

    @property
    def standing(self) -> CellState:
        """How the part stands, as the annex table shows it."""
        return part_state(self.state, self.rating, self.mark)

    def checked_by(self, staff: Iterable[StaffMember]) -> tuple[StaffMember, ...]:
        """Who checks it; neither whoever wrote it last nor whoever submitted it."""
        writers = {one for one in (self.written_by_id, self.submitted_by_id) if one}
        return checkers(self.lead, self.lead_post_id, writers, staff)

    @property
    def public(self) -> "Report":
        """The same as others may read it: what is being written is its municipality's alone."""
        if self.is_reported:
            return self
        hidden = tuple(one._replace(value=None) for one in self.measured)
        return self._replace(rating=None, measured=hidden, done="", trouble="", plan="")

    def remarks(self, last_year: Mapping[int, Exact]) -> tuple[str, ...]:
        """The soft checks of every value, beside those of 前年同期 by the indicator's number."""
        many = len(self.measured) > 1
        return tuple(
            f"{one.name}：{sentence}" if many else sentence
            for one in self.measured
            for sentence in soft_checks(
                one.value,
                last_year.get(one.number),
                one.guide(self.period),
                self.rating,
                one.target,
                unit=one.unit,
            )
        )


@dataclass(frozen=True)
class Story:
    """A report, and what its municipality reported on the project before: oldest first."""

    now: Report
    before: tuple[Report, ...]

    @property
    def previous(self) -> Report | None:
        """前回."""
        return self.before[-1] if self.before else None

    @property
    def earlier(self) -> tuple[Report, ...]:
        """Those of the same half."""
        return tuple(one for one in self.before if one.half is self.now.half)

    @property
    def last_year(self) -> Mapping[int, Exact]:
        """前年同期: the values of the same half a year ago."""
        same_half = self.now.period.same_half_last_year
        return next((one.values for one in self.earlier if one.period == same_half), {})

    @property
    def remarks(self) -> tuple[str, ...]:
        """The soft checks of the report as it is saved."""
        return self.now.remarks(self.last_year)
