"""Reads cases: the list of a year, and one case whole in two queries."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from tracker.agreements.models import Agreement
from tracker.agreements.queries import in_force
from tracker.cost_sharing.case_number import CaseNumber
from tracker.cost_sharing.dossier import Dossier
from tracker.cost_sharing.duties import UNSENT, CaseFact
from tracker.cost_sharing.models import (
    CaseKind,
    Confirmation,
    Consultation,
    CostCase,
    CostPart,
    Share,
)
from tracker.cost_sharing.rules import CaseState, Decision, Pair, PendingConfirmation, Stage
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Municipality
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept
from tracker.projects.models import Project, ProjectYear
from tracker.projects.rules import YearMark


class CaseRow(NamedTuple):
    """A case in the list; `share_yen` is the reader's own, `confirmed` of `asked` sides."""

    no: CaseNumber
    title: str
    project: str
    kind: CaseKind
    stage: Stage
    state: CaseState
    amount_yen: int
    reply_due_on: date | None
    share_yen: int | None
    confirmed: int
    asked: int


def _is_readable(drafts: bool) -> ColumnElement[bool]:
    """A case is read by all five once it was sent, before that by those who draft."""
    return true() if drafts else CostCase.sent_on.is_not(None)


def cases(year: FiscalYear, municipality_id: int, *, drafts: bool) -> Sequence[CaseRow]:
    """The cases of a fiscal year, newest number first.  One query."""
    own = (
        select(Share.share_yen)
        .where(Share.case_id == CostCase.id, Share.municipality_id == municipality_id)
        .scalar_subquery()
    )
    confirmed = (
        select(func.count(Confirmation.id))
        .where(
            Confirmation.case_id == CostCase.id,
            Confirmation.revision == CostCase.revision,
            Confirmation.decision == Decision.CONFIRMED,
        )
        .scalar_subquery()
    )
    partners = (
        select(func.count(Share.municipality_id))
        .join(Municipality, Municipality.id == Share.municipality_id)
        .where(Share.case_id == CostCase.id, Municipality.is_hub.is_(False))
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            CostCase.fiscal_year,
            CostCase.number,
            CostCase.title,
            Project.name,
            CostCase.kind,
            CostCase.stage,
            CostCase.state,
            CostCase.total_yen - CostCase.subsidy_yen,
            CostCase.reply_due_on,
            own,
            confirmed,
            partners * 2,
        )
        .join(Project, Project.id == CostCase.project_id)
        .where(CostCase.fiscal_year == year.year, _is_readable(drafts))
        .order_by(CostCase.number.desc())
    )
    return tuple(CaseRow(CaseNumber(*row[:2]), *row[2:]) for row in rows)


def state_counts(year: FiscalYear, *, drafts: bool) -> Mapping[CaseState, int]:
    """How many cases of a fiscal year stand in each state (absent: none).  One query."""
    rows = db.session.execute(
        select(CostCase.state, func.count())
        .where(CostCase.fiscal_year == year.year, _is_readable(drafts))
        .group_by(CostCase.state)
    )
    return {state: number for state, number in rows}  # noqa: C416 (a Row is no tuple to mypy)


def years(today: date) -> Sequence[FiscalYear]:
    """The fiscal years that have cases, with this one and the next, newest first."""
    this = FiscalYear.containing(today)
    stored = db.session.scalars(select(CostCase.fiscal_year).distinct())
    return sorted({this, this.next, *map(FiscalYear, stored)}, reverse=True)


def between(hub_id: int, partner: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether an agreement is the one of the hub and that partner, whoever is 甲."""
    return or_(
        and_(Agreement.party_a_id == hub_id, Agreement.party_b_id == partner),
        and_(Agreement.party_b_id == hub_id, Agreement.party_a_id == partner),
    )


def pairs(day: date) -> Mapping[int, Pair]:
    """The agreements in force between the hub and a partner, by the partner's id."""
    rows = db.session.execute(
        select(Agreement.id, Agreement.party_a_id, Agreement.party_b_id)
        .where(in_force(day))
        .order_by(Agreement.concluded_on, Agreement.id)
    )
    return _with_the_hub(Pair(*row) for row in rows)


def _with_the_hub(found: Iterable[Pair]) -> dict[int, Pair]:
    """By partner; where two bind at once, the later one counts."""
    hub = areas.hub().id
    return {
        next(side for side in pair.parties if side != hub): pair
        for pair in found
        if hub in pair.parties
    }


def find(number: CaseNumber, *, formula_only: bool = False) -> Dossier | None:
    """The case with that number, or None.  Two queries; for its formula only, one."""
    old, new = aliased(CostCase), aliased(CostCase)
    later = (
        select(func.max(new.number))
        .where(
            new.replaces_id == CostCase.id,
            new.state.in_((CaseState.AGREED, CaseState.REPLACED)),
        )
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(CostCase, Project.name, old.number, later, CostPart)
        .join(Project, Project.id == CostCase.project_id)
        .outerjoin(old, old.id == CostCase.replaces_id)
        .outerjoin(CostPart, CostPart.case_id == CostCase.id)
        .where(CostCase.fiscal_year == number.fiscal_year, CostCase.number == number.number)
        .order_by(CostPart.position)
        .execution_options(populate_existing=True)
    ).all()
    if not rows:
        return None
    case, project, replaces, replaced_by, _ = rows[0]
    year = case.fiscal_year
    return Dossier(
        case,
        project,
        [row[4] for row in rows if row[4] is not None],
        *(({}, {}, {}) if formula_only else _shares_and_answers(case)),
        replaces and CaseNumber(year, replaces),
        replaced_by and CaseNumber(year, replaced_by),
    )


def _shares_and_answers(
    case: CostCase,
) -> tuple[dict[int, Share], dict[int, Pair], dict[tuple[int, int], Confirmation]]:
    """Shares, pairs and answers in one query; pairs as of the day the case was sent."""
    day = case.sent_on or clock.today()
    rows = db.session.execute(
        select(Share, Agreement.id, Agreement.party_a_id, Agreement.party_b_id, Confirmation)
        .join(Municipality, Municipality.id == Share.municipality_id)
        .outerjoin(
            Agreement,
            and_(in_force(day), between(areas.hub().id, Share.municipality_id)),
        )
        .outerjoin(
            Confirmation,
            and_(
                Confirmation.case_id == Share.case_id,
                Confirmation.agreement_id == Agreement.id,
                Confirmation.revision == case.revision,
            ),
        )
        .where(Share.case_id == case.id)
        .order_by(Municipality.code, Agreement.concluded_on, Agreement.id)
        .execution_options(populate_existing=True)
    ).all()
    agreements = _with_the_hub(Pair(*row[1:4]) for row in rows if row[1])
    kept = {pair.agreement for pair in agreements.values()}
    answers = [row[4] for row in rows if row[4] is not None]
    return (
        {row[0].municipality_id: row[0] for row in rows},
        agreements,
        {
            (answer.agreement_id, answer.municipality_id): answer
            for answer in answers
            if answer.agreement_id in kept
        },
    )


def consultations(case_id: int) -> Sequence[Consultation]:
    """協議の記録 of a case, newest first."""
    return db.session.scalars(
        select(Consultation)
        .where(Consultation.case_id == case_id)
        .order_by(Consultation.consulted_on.desc(), Consultation.id.desc())
    ).all()


def projects() -> Sequence[tuple[int, str]]:
    """Every joint project's id and name, by name."""
    rows = db.session.execute(select(Project.id, Project.name).order_by(Project.name, Project.id))
    return [(id_, name) for id_, name in rows]


_REQUESTED = (CaseState.AWAITING, CaseState.RETURNED)


def confirmations(today: date) -> tuple[PendingConfirmation, ...]:
    """Each side of each pair of every case that was sent, whatever its year.  One query.

    Agreed cases count, as confirmed, in the fiscal year of `today`.  A side that returned the
    amounts has answered: it is left out until they change or it confirms.
    """
    return kept(("confirmations", today), None, lambda: _read_confirmations(today))


def _read_confirmations(today: date) -> tuple[PendingConfirmation, ...]:
    hub, towns = areas.hub(), areas.by_id()
    hub_share = aliased(Share)
    rows = db.session.execute(
        select(CostCase, Share, hub_share.share_yen, Agreement.id, Confirmation)
        .join(Share, Share.case_id == CostCase.id)
        .join(Agreement, and_(in_force(CostCase.sent_on), between(hub.id, Share.municipality_id)))
        .outerjoin(
            hub_share,
            and_(hub_share.case_id == CostCase.id, hub_share.municipality_id == hub.id),
        )
        .outerjoin(
            Confirmation,
            and_(
                Confirmation.case_id == CostCase.id,
                Confirmation.agreement_id == Agreement.id,
                Confirmation.revision == CostCase.revision,
            ),
        )
        .where(
            or_(
                CostCase.state.in_(_REQUESTED),
                and_(
                    CostCase.state == CaseState.AGREED,
                    CostCase.fiscal_year == FiscalYear.containing(today).year,
                ),
            )
        )
        .order_by(CostCase.fiscal_year, CostCase.number, Agreement.concluded_on, Agreement.id)
    ).all()
    answers = {
        (agreement, answer.municipality_id, case.id): answer.decision
        for case, _, _, agreement, answer in rows
        if answer
    }
    found: dict[tuple[int, int, int], PendingConfirmation] = {}
    for case, share, hub_yen, agreement, _ in rows:
        partner = share.municipality_id
        for side, share_yen in ((hub.id, hub_yen or 0), (partner, share.share_yen)):
            decision = answers.get((agreement, side, case.id))
            # Where two agreements bind at once, the later one counts.
            found.pop((case.id, partner, side), None)
            if decision is Decision.RETURNED:
                continue
            found[case.id, partner, side] = PendingConfirmation(
                case_id=case.id,
                case_path=case.no.path,
                case_title=case.title,
                fiscal_year=case.fiscal_year,
                agreement=f"{hub.name}・{towns[partner].name}",
                municipality=towns[side].slug,
                share_yen=share_yen,
                amount_yen=case.amount_yen,
                due_on=case.reply_due_on or today,
                confirmed=decision is Decision.CONFIRMED,
                known_since=_end_of(case.sent_on),
            )
    return tuple(found.values())


def _end_of(sent_on: date | None) -> datetime | None:
    """Of the day a case was sent no hour is kept: by its end everybody had heard."""
    return clock.at(sent_on, time.max) if sent_on else None


def yearly_cases(year: FiscalYear) -> tuple[CaseFact, ...]:
    """The cases of the year and the last, and older ones never sent, for the duties (one query)."""
    goes_on = and_(
        ProjectYear.project_id == Project.id,
        ProjectYear.fiscal_year == year.year,
        ProjectYear.mark.is_distinct_from(YearMark.SKIPPED),
    )
    consulted_at = (
        select(func.min(Consultation.recorded_at))
        .where(Consultation.case_id == CostCase.id)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(CostCase, Project.name, ProjectYear.id, consulted_at)
        .join(Project, Project.id == CostCase.project_id)
        .outerjoin(ProjectYear, goes_on)
        .where(
            or_(
                CostCase.fiscal_year.in_((year.previous.year, year.year)),
                and_(CostCase.fiscal_year < year.year, CostCase.state.in_(UNSENT)),
            )
        )
        .order_by(CostCase.fiscal_year, CostCase.number)
    )
    return tuple(
        CaseFact(
            path=case.no.path,
            title=case.title,
            fiscal_year=case.fiscal_year,
            project_id=case.project_id,
            project=project,
            goes_on=planned is not None,
            is_money=case.kind is CaseKind.MONEY,
            stage=case.stage,
            state=case.state,
            consulted_at=at,
        )
        for case, project, planned, at in rows
    )
