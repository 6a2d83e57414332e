"""A project, and one of its fiscal years as its page shows it; pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from tracker.amounts.exact import Exact, add
from tracker.kernel import tokyo
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.kernel.translation import _
from tracker.municipalities.rules import Town
from tracker.projects.report import Measured, Report
from tracker.projects.reports.rules import half_name
from tracker.projects.rules import Cell, CellState, ReportState, Total, YearMark, cell, total

# As many bars as the plot has.
YEARS_SHOWN = 6
YEARS_BEFORE = 2
LOG_ENTRIES = 10


class Head(NamedTuple):
    """What a project is, whatever the year."""

    id: int
    version: int
    name: str
    summary: str
    since_year: int
    measure_id: int
    measure_number: str
    measure_title: str
    field_number: str
    field_title: str
    lead_id: int
    lead_slug: str
    lead_name: str
    lead_section: str
    lead_post_id: int | None
    lead_phone: str | None
    # Taken out by mistake's mending (`struck.models.Struck`): when, by whom and why.
    struck_at: datetime | None = None
    struck_by: str | None = None
    struck_reason: str | None = None

    @property
    def is_struck(self) -> bool:
        """Whether it was taken out, and counts nowhere."""
        return self.struck_at is not None

    @property
    def seen(self) -> str:
        """What a form carries of it (`Versioned.seen`)."""
        return str(self.version)

    @property
    def lead(self) -> str:
        """「青森市 農業振興センター」."""
        return f"{self.lead_name} {self.lead_section}"


@dataclass(frozen=True)
class Point:
    """A bar of the plot: a year's total, hatched while it is not the whole."""

    label: str
    value: Exact | None
    target: Exact | None
    partial: bool
    current: bool
    note: str | None


@dataclass(frozen=True)
class TownRow:
    """A municipality's line in 市町村別の内訳."""

    town: Town
    part: Report | None
    report: Report | None

    @property
    def state(self) -> CellState | None:
        """How it stands; None where it takes no part in the year."""
        return (self.report or self.part).standing if self.part else None

    @property
    def is_asked(self) -> bool:
        """Whether the round asks it to report."""
        return self.report is not None and self.report.is_asked

    @property
    def reported(self) -> ReportState:
        """How far its report has come."""
        return self.report.state if self.report else ReportState.NONE


@dataclass(frozen=True)
class Trend:
    """An indicator in the years shown; its values by municipality id, one a column of the sheet.

    None is 未報告, never 0.
    """

    indicator: Measured
    points: tuple[Point, ...]
    values: Mapping[int, tuple[Exact | None, ...]]
    targets: Mapping[int, Exact | None]
    totals: tuple[Total, ...]
    target: Total


@dataclass(frozen=True)
class Event:
    """One thing that happened to a report, or to several at once."""

    on: date
    towns: tuple[Town, ...]
    period: Period
    verb: str
    by: str | None
    text: str | None


@dataclass(frozen=True)
class Sheet:
    """The project's year: what was reported, by whom, and how it stands."""

    year: FiscalYear
    period: Period | None
    due_on: date | None
    is_closed: bool
    columns: tuple[Period, ...]
    rows: tuple[TownRow, ...]
    series: tuple[Trend, ...]
    worst: Cell
    reported: int
    events: tuple[Event, ...]
    mark: YearMark | None
    comment: str | None
    commented_at: datetime | None
    budget: Total
    last_actual: Total

    @property
    def participants(self) -> tuple[TownRow, ...]:
        """The municipalities that take part in the year."""
        return tuple(row for row in self.rows if row.state is not None)

    @property
    def worst_towns(self) -> tuple[Town, ...]:
        """Those in the state that the whole is shown in."""
        return tuple(row.town for row in self.rows if row.state is self.worst.state)

    def todo(self, lead: str) -> list[str]:
        """これからすること in the open round: who submits, who mends, who checks."""
        if self.period is None or self.is_closed:
            return []
        report = _("%(half_name)sの報告", half_name=half_name(self.period))
        groups = (
            ({ReportState.NONE, ReportState.DRAFT}, "", _("：%(report)sを出す", report=report)),
            ({ReportState.RETURNED}, "", _("：%(report)sを直して出す", report=report)),
            ({ReportState.SUBMITTED}, f"{lead}：", _("の%(report)sを確認する", report=report)),
        )
        found = (
            (
                "・".join(
                    row.town.name
                    for row in self.participants
                    if row.is_asked and row.reported in states
                ),
                *words,
            )
            for states, *words in groups
        )
        return [f"{before}{towns}{after}" for towns, before, after in found if towns]


class _Book:
    """The reports by year, municipality and period."""

    def __init__(self, reports: Sequence[Report]) -> None:
        self.shares: dict[int, dict[int, Report]] = {}
        for one in reports:
            self.shares.setdefault(one.year, {})[one.town.id] = one
        asked = [one for one in reports if one.round_id]
        self.rounds = {one.period: one for one in asked}
        self.reports = {(one.period, one.town.id): one for one in asked}

    def value(self, period: Period, town_id: int, number: int) -> Exact | None:
        report = self.reports.get((period, town_id))
        return report.values.get(number) if report and report.is_reported else None

    def total(self, period: Period, number: int) -> Total:
        towns = self.parts(period.year)
        return total((self.value(period, town_id, number) for town_id in towns), add)

    def targets(self, year: int, number: int) -> Mapping[int, Exact | None]:
        return {
            town_id: next((one.target for one in part.measured if one.number == number), None)
            for town_id, part in self.parts(year).items()
        }

    def parts(self, year: int) -> Mapping[int, Report]:
        return self.shares.get(year, {})


def sheet(
    year: FiscalYear,
    towns: Sequence[Town],
    reports: Sequence[Report],
    indicators: Sequence[Measured],
) -> Sheet:
    """The project's page for a fiscal year: `towns` in the order of their codes, amounts in yen."""
    book = _Book(reports)
    asked = [Period(year.year, half) for half in (Half.FY, Half.H1)]
    period = next((one for one in asked if one in book.rounds), None)
    before = [Period(year.year - back, Half.FY) for back in range(YEARS_BEFORE, 0, -1)]
    columns = (*(one for one in before if book.parts(one.year)), *([period] if period else []))
    rows = tuple(_town_rows(book, towns, year, columns, period))
    states = [row.state for row in rows if row.state is not None]
    shares = book.parts(year.year)
    words = next(iter(shares.values()), None)
    asked_for = book.rounds[period] if period else None
    return Sheet(
        year=year,
        period=period,
        due_on=asked_for.due_on if asked_for else None,
        is_closed=asked_for is not None and asked_for.is_closed,
        columns=columns,
        rows=rows,
        series=tuple(_series(book, year, columns, rows, one) for one in indicators),
        worst=cell(states),
        reported=sum(row.report is not None and row.report.is_reported for row in rows),
        events=_events(towns, book.reports.values()),
        mark=words.mark if words else None,
        comment=words.comment if words else None,
        commented_at=words.commented_at if words else None,
        budget=total(part.budget_yen for part in shares.values()),
        last_actual=total(part.actual_yen for part in book.parts(year.year - 1).values()),
    )


def _town_rows(
    book: _Book,
    towns: Sequence[Town],
    year: FiscalYear,
    columns: Sequence[Period],
    period: Period | None,
) -> Iterator[TownRow]:
    years = {year.year, *(column.year for column in columns)}
    for town in towns:
        if not any(town.id in book.parts(one) for one in years):
            continue
        yield TownRow(
            town=town,
            part=book.parts(year.year).get(town.id),
            report=book.reports.get((period, town.id)) if period else None,
        )


def _series(
    book: _Book,
    year: FiscalYear,
    columns: Sequence[Period],
    rows: Iterable[TownRow],
    indicator: Measured,
) -> Trend:
    number = indicator.number
    targets = book.targets(year.year, number)
    return Trend(
        indicator,
        _points(book, year, number),
        {
            row.town.id: tuple(book.value(column, row.town.id, number) for column in columns)
            for row in rows
        },
        targets,
        tuple(book.total(column, number) for column in columns),
        total(targets.values(), add),
    )


def _points(book: _Book, year: FiscalYear, number: int) -> tuple[Point, ...]:
    points = [
        _point(book, FiscalYear(one), number)
        for one in sorted(book.shares)[-YEARS_SHOWN:]
        if one <= year.year
    ]
    whole = [point for point in points if point.value is not None and not point.partial]
    return tuple(replace(point, current=point in whole[-1:]) for point in points)


def _point(book: _Book, year: FiscalYear, number: int) -> Point:
    halves = [(half, book.total(Period(year.year, half), number)) for half in (Half.FY, Half.H1)]
    half, found = next((one for one in halves if one[1].sum is not None), halves[0])
    partial = found.sum is not None and (half is Half.H1 or found.reported < found.expected)
    note = _("上期のみ") if half is Half.H1 else _("%(reported)s市町村分", reported=found.reported)
    return Point(
        label=year.label,
        value=found.sum,
        target=total(book.targets(year.year, number).values(), add).sum,
        partial=partial,
        current=False,
        note=note if partial else None,
    )


def _events(towns: Sequence[Town], reports: Iterable[Report]) -> tuple[Event, ...]:
    """What happened, newest first; what was confirmed at one go is one event."""
    order = {town: number for number, town in enumerate(towns)}
    happened = sorted(
        (
            (at, Event(tokyo.day(at), (report.town,), report.period, verb, by, text))
            for report in sorted(reports, key=lambda one: order[one.town])
            for at, verb, by, text in _steps(report)
            if at is not None
        ),
        key=lambda one: one[0],
        reverse=True,
    )
    events: list[Event] = []
    for _other, event in happened:
        last = events[-1] if events else None
        if (
            last
            and event.verb == ReportState.CONFIRMED.label
            and replace(event, towns=last.towns) == last
        ):
            events[-1] = replace(last, towns=(*last.towns, *event.towns))
        else:
            events.append(event)
    return tuple(events[:LOG_ENTRIES])


def _steps(
    report: Report,
) -> tuple[tuple[datetime | None, str, str | None, str | None], ...]:
    done = report.done if report.is_reported else None
    return (
        (report.confirmed_at, ReportState.CONFIRMED.label, report.confirmed_by, None),
        (report.asked_at, ReportState.RETURNED.label, report.asked_by, report.question),
        (report.submitted_at, _("%(period)sの報告", period=report.period.label), None, done),
    )
