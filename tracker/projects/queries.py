"""Reads projects, reporting rounds and reports: one query a question."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    false,
    func,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased

from tracker.accounts.models import Post
from tracker.agreements.models import Measure, PolicyField
from tracker.amounts.exact import Exact
from tracker.attachments.uploads import Attachment
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Municipality
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept
from tracker.projects.models import (
    REPORTS,
    Indicator,
    IndicatorTarget,
    IndicatorValue,
    Participation,
    ProgressReport,
    Project,
    ProjectCost,
    ProjectYear,
    ReportingRound,
    ReportVersion,
    RoundPart,
)
from tracker.projects.project import YEARS_SHOWN, Head, Sheet, sheet
from tracker.projects.report import Measured, Report, Round, Story
from tracker.projects.rules import REPORTED, CostPhase, Ended, ReportState, YearMark, ended_by
from tracker.struck.models import not_struck

# Of which data reports are kept; they stand in the order of the annex.
ROOMS = ("projects", REPORTS, "municipalities", "agreements")
# A report's page shows the values of so many years before it.
YEARS_BEFORE = 4


def _own_cost(phase: CostPhase) -> tuple[Any, ColumnElement[bool]]:
    """The yen of that phase that a part's municipality spends itself, and how a part finds them."""
    cost = aliased(ProjectCost)
    return cost, and_(
        cost.project_id == ProjectYear.project_id,
        cost.fiscal_year == ProjectYear.fiscal_year,
        cost.municipality_id == Participation.municipality_id,
        cost.phase == phase,
    )


_BUDGET, _SETTLED = _own_cost(CostPhase.BUDGET), _own_cost(CostPhase.SETTLED)
# Whoever submitted the version that stands.
_SUBMITTER = (
    select(ReportVersion.submitted_by_id)
    .where(ReportVersion.report_id == ProgressReport.id)
    .order_by(ReportVersion.number.desc())
    .limit(1)
    .correlate(ProgressReport)
    .scalar_subquery()
)
# What a report is made of, in the order of its fields after the first: whose it is, and its yen.
_PART: tuple[Any, ...] = (
    Project.id,
    Project.name,
    Project.measure_id,
    Project.lead_section,
    Project.lead_post_id,
    ProjectYear.fiscal_year,
    ProjectYear.mark,
    ReportingRound.id,
    ReportingRound.half,
    ReportingRound.due_on,
    ReportingRound.opened_at,
    ReportingRound.closed_at,
    RoundPart.round_id.is_not(None),
    Project.version,
    ProgressReport.id,
    func.coalesce(ProgressReport.version, 0),
    func.coalesce(ProgressReport.state, ReportState.NONE),
    ProgressReport.rating,
    ProgressReport.submitted_at,
    ProgressReport.asked_at,
    ProgressReport.confirmed_at,
    ProgressReport.written_by_id,
    _SUBMITTER,
)
_TEXTS: tuple[Any, ...] = (
    ProjectYear.comment,
    ProjectYear.commented_at,
    func.coalesce(ProgressReport.done, ""),
    func.coalesce(ProgressReport.trouble, ""),
    func.coalesce(ProgressReport.for_meeting, false()),
    func.coalesce(ProgressReport.plan, ""),
    ProgressReport.receipt,
    ProgressReport.written_by,
    ProgressReport.written_at,
    ProgressReport.question,
    ProgressReport.asked_by,
    ProgressReport.confirmed_by,
)
# One indicator with its target and value: a row more for every further one.
_MEASURED: tuple[Any, ...] = (
    Indicator.id,
    Indicator.number,
    Indicator.name,
    Indicator.unit,
    Indicator.decimals,
    Indicator.definition,
    IndicatorTarget.numerator,
    IndicatorTarget.denominator,
    IndicatorTarget.decimals,
    IndicatorValue.numerator,
    IndicatorValue.denominator,
    IndicatorValue.decimals,
    IndicatorValue.n,
)


def reports(
    *where: ColumnElement[bool],
    asked: ColumnElement[bool],
    figures: bool = False,
    texts: bool = False,
) -> Sequence[Report]:
    """Every part of every project's year with its report in each round that `asked` allows."""
    town = Participation.municipality_id
    query = (
        select(town, Project.lead_municipality_id, _BUDGET[0].total_yen, _SETTLED[0].total_yen)
        .select_from(ProjectYear)
        .join(Project, Project.id == ProjectYear.project_id)
        .join(Participation, Participation.project_year_id == ProjectYear.id)
        .outerjoin(*_BUDGET)
        .outerjoin(*_SETTLED)
        .outerjoin(
            ReportingRound, and_(ReportingRound.fiscal_year == ProjectYear.fiscal_year, asked)
        )
        .outerjoin(
            RoundPart,
            and_(
                RoundPart.round_id == ReportingRound.id,
                RoundPart.project_id == Project.id,
                RoundPart.municipality_id == town,
                RoundPart.ended_on.is_(None),
            ),
        )
    )
    return _read(query.where(*where), town, figures=figures, texts=texts)


def asked_reports(
    *where: ColumnElement[bool], figures: bool = False, texts: bool = False
) -> Sequence[Report]:
    """Every report that a round asks for, whoever takes part in the year by now; without yen."""
    town = RoundPart.municipality_id
    query: Select[*tuple[Any, ...]] = (
        select(town, Project.lead_municipality_id, null(), null())
        .select_from(RoundPart)
        .join(ReportingRound, ReportingRound.id == RoundPart.round_id)
        .join(Project, Project.id == RoundPart.project_id)
        .join(
            ProjectYear,
            and_(
                ProjectYear.project_id == Project.id,
                ProjectYear.fiscal_year == ReportingRound.fiscal_year,
            ),
        )
        .where(RoundPart.ended_on.is_(None), not_struck(Project))
    )
    return _read(query.where(*where), town, figures=figures, texts=texts)


def _read(
    query: Select[*tuple[Any, ...]], town: Any, *, figures: bool, texts: bool
) -> Sequence[Report]:
    """Years in order, 上期 before 年度末, then as the annex has the projects, by municipality code.

    Indicators with targets and values come with `figures`, what was written with `texts`.
    """
    query = (
        query.add_columns(*_PART, *(_TEXTS if texts else ()), *(_MEASURED if figures else ()))
        .join(Municipality, Municipality.id == town)
        .join(Measure, Measure.id == Project.measure_id)
        .join(PolicyField, PolicyField.id == Measure.field_id)
        .outerjoin(
            ProgressReport,
            and_(
                ProgressReport.round_id == ReportingRound.id,
                ProgressReport.project_id == Project.id,
                ProgressReport.municipality_id == town,
            ),
        )
        .order_by(
            ProjectYear.fiscal_year,
            ReportingRound.half.desc(),
            PolicyField.position,
            Measure.position,
            Project.name,
            Project.id,
            Municipality.code,
        )
    )
    if figures:
        query = (
            query.outerjoin(Indicator, Indicator.project_id == Project.id)
            .outerjoin(
                IndicatorTarget,
                and_(
                    IndicatorTarget.indicator_id == Indicator.id,
                    IndicatorTarget.municipality_id == town,
                    IndicatorTarget.fiscal_year == ProjectYear.fiscal_year,
                ),
            )
            .outerjoin(
                IndicatorValue,
                and_(
                    IndicatorValue.report_id == ProgressReport.id,
                    IndicatorValue.indicator_id == Indicator.id,
                ),
            )
            .order_by(Indicator.number)
        )
    towns, rows = areas.by_id(), db.session.execute(query)
    together = _together(rows) if figures else ((row, ()) for row in rows)
    return [
        Report(towns[town_id], towns[lead_id], *rest)._replace(measured=measured)
        for (town_id, lead_id, *rest), measured in together
    ]


def _together(rows: Iterable[Any]) -> Iterator[tuple[Any, tuple[Measured, ...]]]:
    """The rows of one part, which differ in their indicators alone, as one."""
    size = len(_MEASURED)
    for part, own in groupby(rows, lambda row: row[:-size]):
        told = (row[-size:] for row in own)
        yield part, tuple(_measured(*one) for one in told if one[0] is not None)


def _measured(*columns: Any) -> Measured:
    target, value = columns[6:9], columns[9:]
    exact = (None if one[0] is None else Exact(*one) for one in (target, value))
    return Measured._make((*columns[:6], *exact))


def of_year(year: FiscalYear, half: Half | None) -> Sequence[Report]:
    """The parts of a year with their reports in one half, as everybody may read them.

    Without a half, or before its round, all are 未提出.  Kept until something of the room changes.
    """

    def read() -> Sequence[Report]:
        asked = ReportingRound.half == half if half else false()
        found = reports(ProjectYear.fiscal_year == year.year, not_struck(Project), asked=asked)
        return tuple(one.public for one in found)

    return kept(("parts", year, half), ROOMS, read)


def shown(project_id: int, year: FiscalYear) -> Sheet:
    """What a project's page shows of a fiscal year, with the years its plots go back."""

    def read() -> Sheet:
        own = Project.id == project_id, ProjectYear.fiscal_year > year.year - YEARS_SHOWN
        found = reports(*own, asked=true(), figures=True, texts=True)
        return sheet(year, areas.towns(), found, indicators(project_id))

    return kept(("sheet", project_id, year), ROOMS, read)


def indicators(project_id: int) -> Sequence[Measured]:
    """The project's indicators in their order, without targets or values."""
    rows = db.session.execute(
        select(*_MEASURED[:6]).where(Indicator.project_id == project_id).order_by(Indicator.number)
    )
    return [Measured._make((*row, None, None)) for row in rows]


def parts(project_id: int, year: FiscalYear) -> Sequence[Report]:
    """The parts of a project's year with its figures and the lead's words, as its form shows them."""
    own = Project.id == project_id, ProjectYear.fiscal_year == year.year
    return reports(*own, asked=false(), figures=True, texts=True)


def requested_reports(year: FiscalYear) -> Sequence[Report]:
    """Every report asked for in the year's rounds, and those of open rounds before it still owed.

    Newest year first.  A year called off (見送り) owes none.
    """
    return kept(("requested", year), ROOMS, lambda: _requested(year))


def _requested(year: FiscalYear) -> Sequence[Report]:
    # The rounds first, by themselves: what is closed and past is never looked at.
    number = ReportingRound.fiscal_year
    chosen = select(ReportingRound.id).where(
        or_(number == year.year, and_(number < year.year, ReportingRound.closed_at.is_(None)))
    )
    found = asked_reports(
        RoundPart.round_id.in_(chosen.correlate(None)),
        or_(
            number == year.year,
            ProgressReport.state.is_distinct_from(ReportState.CONFIRMED),
        ),
    )
    # 年度末 is the newer of a year's two.
    return tuple(sorted(found, key=lambda one: (-one.year, one.half)))


def asked_of(
    period: Period, town_id: int | None = None, *, figures: bool = False
) -> Sequence[Report]:
    """What a round asks of everybody, or of one municipality, as it stands in this transaction."""
    own = [RoundPart.municipality_id == town_id] if town_id else []
    return asked_reports(*_of(period), *own, figures=figures)


class Unasked(NamedTuple):
    """A project of which a round does not ask some municipalities; `seen` is what a form carries."""

    project_id: int
    name: str
    seen: str
    towns: tuple[str, ...]


def unasked(round_: Round) -> Sequence[Unasked]:
    """What stands in the round's year by now and is not asked for, in the annex's order."""
    rows = [
        one
        for one in of_year(round_.period.fiscal_year, round_.half)
        if not one.is_asked and one.mark is not YearMark.SKIPPED
    ]
    return [
        Unasked(*project, tuple(one.town.name for one in own))
        for project, own in groupby(
            rows, lambda one: (one.project_id, one.project, str(one.project_version))
        )
    ]


def answers(period: Period) -> Sequence[Report]:
    """What a round asks of everybody, as everybody may read it."""

    def read() -> Sequence[Report]:
        return tuple(one.public for one in asked_of(period))

    return kept(("answers", period), ROOMS, read)


def round_parts(*where: ColumnElement[bool]) -> Sequence[tuple[RoundPart, Ended | None]]:
    """What rounds ask, each with why they ask no longer by the project's year as it is now."""
    rows = db.session.execute(
        select(RoundPart, ProjectYear.mark, Participation.id)
        .join(ReportingRound, ReportingRound.id == RoundPart.round_id)
        .outerjoin(
            ProjectYear,
            and_(
                ProjectYear.project_id == RoundPart.project_id,
                ProjectYear.fiscal_year == ReportingRound.fiscal_year,
            ),
        )
        .outerjoin(
            Participation,
            and_(
                Participation.project_year_id == ProjectYear.id,
                Participation.municipality_id == RoundPart.municipality_id,
            ),
        )
        .where(*where)
    )
    return [(part, ended_by(mark, takes_part=own is not None)) for part, mark, own in rows]


def _of(period: Period) -> tuple[ColumnElement[bool], ...]:
    return ReportingRound.fiscal_year == period.year, ReportingRound.half == period.half


def story(period: Period, project_id: int, slug: str) -> Story | None:
    """A report with those before it, as far back as its page shows; None where none is asked for.

    Kept until something of the room changes.
    """

    def read() -> Story | None:
        town = areas.find_town(slug)
        own = (
            RoundPart.project_id == project_id,
            RoundPart.municipality_id == (town.id if town else None),
        )
        newest = (
            select(RoundPart.round_id)
            .join(ReportingRound, ReportingRound.id == RoundPart.round_id)
            .where(*own, RoundPart.ended_on.is_(None), ReportingRound.fiscal_year <= period.year)
            .order_by(ReportingRound.fiscal_year.desc(), ReportingRound.half)
            .limit(2 * (YEARS_BEFORE + 1))
        )
        asked = asked_reports(*own, RoundPart.round_id.in_(newest), figures=True, texts=True)
        now = next((one for one in asked if one.period == period), None)
        before = tuple(one for one in asked if one.period < period and one.is_reported)
        return Story(now, before) if now else None

    return kept(("story", period, project_id, slug), ROOMS, read)


def inbox(period: Period) -> Sequence[tuple[Report, tuple[str, ...]]]:
    """The round's reports that reached the lead, with what deserves a second look.

    Kept until something of the room changes.
    """

    def read() -> Sequence[tuple[Report, tuple[str, ...]]]:
        has_come = ProgressReport.state.in_((*REPORTED, ReportState.RETURNED))
        found = asked_reports(*_of(period), has_come, figures=True)
        last = _values(period.same_half_last_year)
        return [
            (one.public, one.remarks(last.get((one.project_id, one.town.id), {})))
            if one.is_reported
            else (one.public, ())
            for one in found
        ]

    return kept(("inbox", period), ROOMS, read)


def _values(period: Period) -> Mapping[tuple[int, int], Mapping[int, Exact]]:
    """What was reported, by project and municipality and by the indicator's number."""

    def read() -> Mapping[tuple[int, int], Mapping[int, Exact]]:
        rows = db.session.execute(
            select(
                ProgressReport.project_id,
                ProgressReport.municipality_id,
                Indicator.number,
                IndicatorValue.numerator,
                IndicatorValue.denominator,
                IndicatorValue.decimals,
                IndicatorValue.n,
            )
            .join(ReportingRound, ReportingRound.id == ProgressReport.round_id)
            .join(IndicatorValue, IndicatorValue.report_id == ProgressReport.id)
            .join(Indicator, Indicator.id == IndicatorValue.indicator_id)
            .where(*_of(period), ProgressReport.state.in_(REPORTED))
        )
        found: dict[tuple[int, int], dict[int, Exact]] = {}
        for project_id, town_id, number, over, under, decimals, n in rows:
            found.setdefault((project_id, town_id), {})[number] = Exact(over, under, decimals, n)
        return found

    return kept(("values", period), ("projects", REPORTS), read)


def rounds() -> Sequence[Round]:
    """Every round, newest first: two a year."""
    return kept("rounds", (REPORTS,), _read_rounds)


def _read_rounds() -> Sequence[Round]:
    rows = db.session.execute(
        select(
            ReportingRound.id,
            ReportingRound.fiscal_year,
            ReportingRound.half,
            ReportingRound.due_on,
            ReportingRound.covering_note,
            ReportingRound.closed_at,
            ReportingRound.version,
            ReportingRound.reopened_at,
            ReportingRound.reopened_by,
            ReportingRound.reopen_reason,
        ).order_by(ReportingRound.fiscal_year.desc(), ReportingRound.half)
    )
    return tuple(Round._make(row) for row in rows)


def rounds_of(today: date) -> tuple[frozenset[int], Mapping[Period, date | None]]:
    """Of this fiscal year and the last: those with projects, and the rounds opened (one query).

    With each round its due day, None where it was closed.
    """
    year = FiscalYear.containing(today)
    rows = db.session.execute(
        select(
            ProjectYear.fiscal_year,
            ReportingRound.half,
            ReportingRound.due_on,
            ReportingRound.closed_at.is_not(None),
        )
        .distinct()
        .join(Project, Project.id == ProjectYear.project_id)
        .outerjoin(ReportingRound, ReportingRound.fiscal_year == ProjectYear.fiscal_year)
        .where(
            not_struck(Project),
            ProjectYear.fiscal_year.in_((year.previous.year, year.year)),
            ProjectYear.mark.is_distinct_from(YearMark.SKIPPED),
            exists().where(Participation.project_year_id == ProjectYear.id),
        )
    ).all()
    opened = {
        Period(number, half): None if is_closed else due_on
        for number, half, due_on, is_closed in rows
        if half is not None
    }
    return frozenset(row[0] for row in rows), opened


def versions(report_id: int | None) -> Sequence[ReportVersion]:
    """Every version of a report ever submitted, oldest first."""
    found = select(ReportVersion).where(ReportVersion.report_id == report_id)
    return db.session.scalars(found.order_by(ReportVersion.number)).all()


def has_gone_out(file: Attachment) -> bool:
    """Whether a report was submitted with that file of it: others may have seen it."""
    of_it = ReportVersion.report_id == file.subject_id
    went = select(ReportVersion.id).where(of_it, ReportVersion.submitted_at >= file.added_at)
    return db.session.scalar(went.limit(1)) is not None


def head(project_id: int) -> Head | None:
    """The project, or None."""
    row = db.session.execute(
        select(
            Project.id,
            Project.version,
            Project.name,
            Project.summary,
            Project.since_year,
            Measure.id,
            Measure.number,
            Measure.title,
            PolicyField.number,
            PolicyField.title,
            Municipality.id,
            Municipality.slug,
            Municipality.name,
            Project.lead_section,
            Project.lead_post_id,
            Post.phone,
            Project.struck_at,
            Project.struck_by,
            Project.struck_reason,
        )
        .join(Measure, Measure.id == Project.measure_id)
        .join(PolicyField, PolicyField.id == Measure.field_id)
        .join(Municipality, Municipality.id == Project.lead_municipality_id)
        .outerjoin(Post, Post.id == Project.lead_post_id)
        .where(Project.id == project_id)
    ).first()
    return Head._make(row) if row else None


def years_of(project_id: int) -> Sequence[int]:
    """The fiscal years in which the project ran, newest first."""
    ran = exists().where(Participation.project_year_id == ProjectYear.id)
    found = select(ProjectYear.fiscal_year).where(ProjectYear.project_id == project_id, ran)
    return db.session.scalars(found.order_by(ProjectYear.fiscal_year.desc())).all()


def decided(ids: Collection[int] | None) -> dict[int, dict[str, Any]]:
    """What confirmed reports are held by: their newest version, word for word.

    Of the reports named, or (None) of all that are confirmed.
    """
    of = (
        ProgressReport.state == ReportState.CONFIRMED if ids is None else ProgressReport.id.in_(ids)
    )
    rows = db.session.execute(
        select(ReportVersion.report_id, ReportVersion.number, ReportVersion.content)
        .join(ProgressReport, ProgressReport.id == ReportVersion.report_id)
        .where(of)
        .order_by(ReportVersion.number)
    )
    return {id_: {"version": number, "content": content} for id_, number, content in rows}
