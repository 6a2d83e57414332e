"""Reads cases: the one reading of this room, each case as a `Case` (case.py)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Subquery,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy import case as when
from sqlalchemy.orm import aliased

from tracker.agreements.models import Agreement
from tracker.agreements.queries import between, bound, in_force
from tracker.cost_sharing.case import Case, NewerFigures, Reply, newer_figures
from tracker.cost_sharing.formula.proposal import Grounds
from tracker.cost_sharing.models import (
    CaseDrafter,
    CaseWork,
    Confirmation,
    Consultation,
    CostCase,
    CostPart,
    Share,
)
from tracker.cost_sharing.rules import ASKED, UNSENT, CaseKind, CaseNumber, CaseState, Pair, Stage
from tracker.cost_sharing.work.rules import WorkRow, amount_of
from tracker.figures import queries as bases
from tracker.figures.rules import Series
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Municipality
from tracker.municipalities.rules import Town
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept
from tracker.projects.models import Project, ProjectCost, ProjectYear
from tracker.projects.rules import CostPhase, YearMark
from tracker.shares.split import LARGEST_REMAINDER, Limits, Rounding, ShareLine
from tracker.shares.table import PartSource, part_of
from tracker.struck.models import not_struck

ROOMS = ("cost_sharing", "projects", "agreements", "municipalities")
MOST_TO_COPY = 3


def cases(today: date, *where: ColumnElement[bool], whole: bool = False) -> list[Case]:
    """Cases by year and number, as this transaction has them.  Two queries.

    Formula, arithmetic and opinions are there only where they are read `whole`.
    """
    hub, year = areas.hub().id, FiscalYear.containing(today).year
    asked = {"today": today, "year": year, "hub": hub}
    rows = db.session.execute(_heads(whole).where(*where), asked).all()
    heads = {row[0].id: row for row in rows}
    parts: dict[int, list[PartSource]] = {}
    work: dict[int, list[WorkRow]] = {}
    for head, *_beside, part, work_row in rows if whole else ():
        if part:
            parts.setdefault(head.id, []).append(_part(part))
        if work_row:
            work.setdefault(head.id, []).append(_work_row(work_row))
    sides = _sides(db.session.execute(_words(whole).where(*where), asked), whole)
    return [
        _case(row, parts.get(id_, []), work.get(id_, []), sides.get(id_, _Sides()))
        for id_, row in heads.items()
    ]


@cache
def _heads(whole: bool) -> Select[*tuple[Any, ...]]:
    """Each case with what stands in its own row and beside it; its parts only as far as wanted."""
    old, new = aliased(CostCase), aliased(CostCase)
    later = (
        select(func.max(new.number))
        .where(
            new.replaces_id == CostCase.id,
            new.state.in_((CaseState.AGREED, CaseState.REPLACED)),
        )
        .scalar_subquery()
    )
    goes_on = exists().where(
        ProjectYear.project_id == CostCase.project_id,
        ProjectYear.fiscal_year == bindparam("year"),
        ProjectYear.mark.is_distinct_from(YearMark.SKIPPED),
    )
    consulted_at = (
        select(func.min(Consultation.recorded_at))
        .where(Consultation.case_id == CostCase.id, not_struck(Consultation))
        .scalar_subquery()
    )
    drafter_id = (
        select(CaseDrafter.person_id)
        .where(CaseDrafter.case_id == CostCase.id)
        .order_by(CaseDrafter.at.desc(), CaseDrafter.person_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    own = aliased(ProjectCost)
    closed_with = (
        select(own.total_yen)
        .where(
            own.project_id == CostCase.project_id,
            own.fiscal_year == CostCase.fiscal_year,
            own.municipality_id == Project.lead_municipality_id,
            own.phase == CostPhase.SETTLED,
        )
        .scalar_subquery()
    )
    found: Select[*tuple[Any, ...]] = (
        select(
            CostCase,
            ProjectCost.total_yen,
            ProjectCost.subsidy_yen,
            Project.name,
            Project.lead_municipality_id,
            old.number,
            later,
            goes_on,
            consulted_at,
            Project.lead_post_id,
            drafter_id,
            closed_with,
        )
        .join(ProjectCost, ProjectCost.id == CostCase.cost_id)
        .join(Project, Project.id == CostCase.project_id)
        .outerjoin(old, old.id == CostCase.replaces_id)
        .order_by(CostCase.fiscal_year, CostCase.number)
        .execution_options(populate_existing=True)
    )
    if not whole:
        return found
    # A case has parts or work, never both.
    return (
        found.add_columns(CostPart, CaseWork)
        .outerjoin(CostPart, CostPart.case_id == CostCase.id)
        .outerjoin(CaseWork, CaseWork.case_id == CostCase.id)
        .order_by(CostPart.position, CaseWork.position)
    )


@cache
def _words(whole: bool) -> Select[*tuple[Any, ...]]:
    """Shares, with pairs as of the day a case was sent and the answers to its present revision."""
    day = func.coalesce(CostCase.sent_on, bindparam("today", type_=Date))
    more: tuple[Any, ...] = (
        (Confirmation.opinion, Share.parts, Share.exact, Share.rounded_yen) if whole else ()
    )
    return (
        select(
            Share.case_id,
            Share.municipality_id,
            Share.share_yen,
            Agreement.id,
            Agreement.party_a_id,
            Agreement.party_b_id,
            Confirmation.municipality_id,
            Confirmation.decision,
            Confirmation.person_name,
            Confirmation.decided_at,
            *more,
        )
        .join(CostCase, CostCase.id == Share.case_id)
        .join(Municipality, Municipality.id == Share.municipality_id)
        .outerjoin(Agreement, and_(in_force(day), between(bindparam("hub"), Share.municipality_id)))
        .outerjoin(
            Confirmation,
            and_(
                Confirmation.case_id == Share.case_id,
                Confirmation.agreement_id == Agreement.id,
                Confirmation.revision == CostCase.revision,
            ),
        )
        # Of a side's words the newest counts: it comes last.
        .order_by(Municipality.code, Agreement.concluded_on, Agreement.id, Confirmation.id)
    )


@dataclass
class _Sides:
    """What the sides of one case bear and said."""

    shares: dict[Town, int] = field(default_factory=dict)
    pairs: dict[Town, Pair] = field(default_factory=dict)
    answers: dict[tuple[int, int], Reply] = field(default_factory=dict)
    lines: dict[Town, ShareLine] = field(default_factory=dict)


def _sides(rows: Iterable[Any], whole: bool) -> Mapping[int, _Sides]:
    """By case what its sides bear and said."""
    towns, found = areas.by_id(), dict[int, _Sides]()
    for case_id, town_id, yen, agreement, a, b, side, decision, person, at, *rest in rows:
        of, town = found.setdefault(case_id, _Sides()), towns[town_id]
        of.shares[town] = yen
        if whole:
            steps = tuple(map(Fraction, rest[1]))
            of.lines[town] = ShareLine(town.name, steps, Fraction(rest[2]), rest[3], yen)
        if agreement:
            # Where two bind at once, the later one counts.
            of.pairs[town] = Pair(agreement, a, b)
        if side:
            of.answers[agreement, side] = Reply(decision, rest[0] if whole else None, person, at)
    for of in found.values():
        kept_ids = {pair.agreement for pair in of.pairs.values()}
        of.answers = {key: one for key, one in of.answers.items() if key[0] in kept_ids}
    return found


def _part(part: CostPart) -> PartSource:
    own = None
    if part.rounding_unit and part.rounding_mode:
        own = Rounding(part.rounding_unit, part.rounding_mode)
    of = part_of(part.kind, part.percent, part.values, part.only, part.rate, own)
    return PartSource(of, part.unit, part.source, part.series_id, part.period)


def _work_row(row: CaseWork) -> WorkRow:
    return WorkRow(
        areas.by_id()[row.municipality_id],
        row.what,
        amount_of(row.promised),
        row.unit,
        None if row.done is None else amount_of(row.done),
        row.id,
        row.seen,
    )


def _case(row: Any, parts: Sequence[PartSource], work: Sequence[WorkRow], sides: _Sides) -> Case:
    stored, total_yen, subsidy_yen, project, lead_id, *rest = row[:12]
    replaces, replaced_by, goes_on, consulted_at, lead_post_id, drafter_id, closed_with = rest
    remainder = areas.by_id().get(stored.remainder_id)
    year = stored.fiscal_year
    return Case(
        id=stored.id,
        no=stored.no,
        seen=stored.seen,
        revision=stored.revision,
        project_id=stored.project_id,
        project=project,
        lead=areas.by_id()[lead_id],
        kind=stored.kind,
        stage=stored.stage,
        state=stored.state,
        title=stored.title,
        total_yen=total_yen,
        subsidy_yen=subsidy_yen,
        work=stored.work,
        rounding=Rounding(stored.rounding_unit, stored.rounding_mode),
        remainder=remainder.name if remainder else LARGEST_REMAINDER,
        reply_due_on=stored.reply_due_on,
        sent_on=stored.sent_on,
        agreed_at=stored.agreed_at,
        hub=areas.hub(),
        shares=sides.shares,
        pairs=sides.pairs,
        answers=sides.answers,
        replaces=CaseNumber(year, replaces) if replaces else None,
        replaced_by=CaseNumber(year, replaced_by) if replaced_by else None,
        goes_on=goes_on,
        consulted_at=consulted_at,
        lead_post_id=lead_post_id,
        drafter_id=drafter_id,
        closed_with_yen=closed_with,
        parts=tuple(parts),
        lines=tuple(sides.lines.values()),
        limits=Limits(stored.caps or {}, stored.floors or {}),
        rows=tuple(work),
        carried_yen=stored.carried_yen or 0,
    )


def find(number: CaseNumber, today: date) -> Case | None:
    """The case with that number, whole, or None."""
    where = CostCase.fiscal_year == number.fiscal_year, CostCase.number == number.number
    return next(iter(cases(today, *where, whole=True)), None)


def of(row: CostCase, today: date) -> Case:
    """A case as it stands within this transaction; LookupError when it is gone."""
    found = find(row.no, today)
    if found is None:
        raise LookupError(f"case {row.no} is gone")
    return found


def drafters(case: Case) -> Sequence[CaseDrafter]:
    """Whoever drafted any revision of a case, the latest last."""
    return db.session.scalars(
        select(CaseDrafter)
        .where(CaseDrafter.case_id == case.id)
        .order_by(CaseDrafter.at, CaseDrafter.person_id)
    ).all()


def row(case: Case) -> CostCase:
    """What an act on a case locks and changes."""
    return db.session.get_one(CostCase, case.id)


def of_year(year: FiscalYear, today: date) -> list[Case]:
    """The cases of a fiscal year, newest first; those never sent are for their lead and the office."""
    return cases(today, CostCase.fiscal_year == year.year)[::-1]


def in_hand(today: date) -> Sequence[Case]:
    """What duties and the year's days are told from: the cases of the fiscal year of that day and
    of the last, and older ones that wait for somebody.
    """
    year = FiscalYear.containing(today)
    recent = CostCase.fiscal_year.in_((year.previous.year, year.year))
    waiting = and_(CostCase.fiscal_year < year.year, CostCase.state.in_((*UNSENT, *ASKED)))
    early = and_(CostCase.fiscal_year > year.year, CostCase.state.in_(ASKED))
    return kept(("cases", today), ROOMS, lambda: cases(today, or_(recent, waiting, early)))


def agreed_before(case: Case, year: int, today: date) -> Sequence[Case]:
    """What was agreed in a fiscal year about money for the project of a case, oldest first."""
    this = FiscalYear.containing(today)
    of = CostCase.project_id == case.project_id, CostCase.fiscal_year == year
    known = in_hand(today) if year in (this.year, this.previous.year) else cases(today, *of)
    return [
        one
        for one in known
        if (one.project_id, one.no.fiscal_year) == (case.project_id, year)
        and (one.is_money and one.state is CaseState.AGREED)
    ]


# Of the cases of a project's year 確定 stands for 概算, and 精算 for both.
FINAL = {stage: rank for rank, stage in enumerate(Stage)}


def last_agreed(*where: ColumnElement[bool]) -> Subquery:
    """What each bears by the case that counts of a project's year: of the last stage agreed, the
    latest about money.  A row a municipality, with the year, number and stage of the case.
    """
    rank = func.row_number().over(
        partition_by=(CostCase.project_id, CostCase.fiscal_year),
        order_by=(when(FINAL, value=CostCase.stage).desc(), CostCase.number.desc()),
    )
    is_agreed = CostCase.state == CaseState.AGREED, CostCase.kind == CaseKind.MONEY
    ranked = select(CostCase.id, rank.label("rank")).where(*is_agreed, *where).subquery()
    return (
        select(
            CostCase.project_id,
            CostCase.fiscal_year,
            CostCase.number,
            CostCase.stage,
            Share.municipality_id,
            Share.share_yen,
        )
        .join(ranked, and_(ranked.c.id == CostCase.id, ranked.c.rank == 1))
        .join(Share, Share.case_id == CostCase.id)
        .subquery()
    )


def formulas_to_copy(case: Case | CostCase) -> dict[CaseNumber, Stage]:
    """The last agreed money cases of the project, of this year and before, newest first."""
    found = db.session.execute(
        select(CostCase.fiscal_year, CostCase.number, CostCase.stage)
        .where(
            CostCase.project_id == case.project_id,
            CostCase.kind == CaseKind.MONEY,
            CostCase.state == CaseState.AGREED,
            CostCase.fiscal_year <= case.no.fiscal_year,
        )
        .order_by(CostCase.fiscal_year.desc(), CostCase.number.desc())
        .limit(MOST_TO_COPY)
    )
    return {CaseNumber(year, number): stage for year, number, stage in found}


def last_number(year: FiscalYear) -> int:
    """The highest number given out in a fiscal year, 0 when none was."""
    last = select(func.max(CostCase.number)).where(CostCase.fiscal_year == year.year)
    return db.session.scalar(last) or 0


def years(today: date) -> Sequence[FiscalYear]:
    """The fiscal years that have cases, with this one and the next, newest first."""
    this = FiscalYear.containing(today)
    stored = db.session.scalars(select(CostCase.fiscal_year).distinct())
    return sorted({this, this.next, *map(FiscalYear, stored)}, reverse=True)


def grounds(today: date, series_ids: Sequence[int] = ()) -> Grounds:
    """What a proposal is worked out on; base figures are read as they stand now."""
    key = ("grounds", today, *series_ids)
    return kept(key, (*ROOMS, "figures"), lambda: _grounds(today, series_ids))


def _grounds(today: date, series_ids: Sequence[int]) -> Grounds:
    return Grounds(
        towns=areas.towns(),
        bound=frozenset(town.name for town in bound(today)),
        series=bases.named(series_ids),
    )


def using(series_id: int, today: date) -> Sequence[Case]:
    """The cases not agreed yet whose formula took figures from that series."""
    parts = select(CostPart.case_id).where(CostPart.series_id == series_id)
    return cases(today, CostCase.id.in_(parts), CostCase.state.in_((*UNSENT, *ASKED)))


def struck_series(case: Case) -> Sequence[Series]:
    """The series that the formula of a case that still counts took figures from and that were struck."""
    ids = {part.series_id for part in case.parts if part.series_id}
    counts = case.state not in (CaseState.WITHDRAWN, CaseState.REPLACED)
    return (
        [one for one in bases.every() if one.id in ids and one.is_struck] if ids and counts else []
    )


def newer(case: Case) -> Sequence[NewerFigures]:
    """What newer base figures would change of a case that still counts; figures are read once for all."""
    counts = case.state not in (CaseState.WITHDRAWN, CaseState.REPLACED)
    takes = counts and any(part.series_id for part in case.parts)
    return newer_figures(case, bases.every()) if takes else ()


def consultations(case: Case) -> Sequence[Consultation]:
    """協議の記録 of a case, newest first, those struck through among them."""
    return db.session.scalars(
        select(Consultation)
        .where(Consultation.case_id == case.id)
        .order_by(Consultation.consulted_on.desc(), Consultation.id.desc())
    ).all()
