"""What the duties are told of the cases: who has to confirm what, and what the office owes."""

from datetime import date, datetime, time

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from tracker.agreements.models import Agreement
from tracker.agreements.queries import in_force
from tracker.cost_sharing import owing
from tracker.cost_sharing.models import (
    CaseKind,
    Confirmation,
    Consultation,
    CostCase,
    Share,
)
from tracker.cost_sharing.owing import UNSENT, CaseFact
from tracker.cost_sharing.queries import between
from tracker.cost_sharing.rules import CaseState, Decision, PendingConfirmation
from tracker.kernel.asked import Asked
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.projects.models import Project, ProjectYear
from tracker.projects.rules import YearMark

_ASKED = (CaseState.AWAITING, CaseState.RETURNED)


def confirmations(today: date) -> tuple[PendingConfirmation, ...]:
    """Each side of each pair of every case that was sent, whatever its year.  One query.

    Agreed cases count, as confirmed, in the fiscal year of `today`.  A side that returned the
    amounts has answered: it is left out until they change or it confirms.
    """
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
                CostCase.state.in_(_ASKED),
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


def work_of_the_year(today: date) -> tuple[Asked, ...]:
    """What the office has to start, to send and to reconcile.  One query."""
    year = FiscalYear.containing(today)
    begins_at = clock.at(year.begins, time.min)
    return owing.owed(_cases(year), year, areas.hub().slug, begins_at)


def _cases(year: FiscalYear) -> list[CaseFact]:
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
    return [
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
    ]
