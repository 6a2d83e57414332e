"""Reads what was said and changed of a case, and what agreed cases are held by."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import and_, func, or_, select

from tracker.attachments.uploads import Attachment
from tracker.cost_sharing.case import Case, CaseHistory, Change, Reply, Revised, Word
from tracker.cost_sharing.models import CaseChange, CaseWork, Confirmation, CostCase, Share
from tracker.cost_sharing.queries import ROOMS
from tracker.cost_sharing.rules import CaseState
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Municipality
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept
from tracker.projects.models import ProjectCost


def history_of(case: Case) -> CaseHistory:
    """Every change of a case once sent and every word given on it; nothing of it ever goes."""
    return kept(("case history", case.id), ROOMS, lambda: _history(case.id))


def _history(case_id: int) -> CaseHistory:
    towns = areas.by_id()
    first = select(func.min(CaseChange.id)).where(CaseChange.case_id == case_id).scalar_subquery()
    # Every word stands beside the first change, so that one query reads each row once.
    is_said = Confirmation.case_id == CostCase.id, CaseChange.id.is_not_distinct_from(first)
    rows = db.session.execute(
        select(CaseChange, Confirmation)
        .select_from(CostCase)
        .outerjoin(CaseChange, CaseChange.case_id == CostCase.id)
        .outerjoin(Confirmation, and_(*is_said))
        .where(CostCase.id == case_id)
        .order_by(CaseChange.id, Confirmation.id)
    ).all()
    return CaseHistory(
        [
            Revised(
                one.revision,
                tuple(Change(*item) for item in one.items),
                one.reason,
                one.person_name,
                one.at,
            )
            for one in dict.fromkeys(change for change, _word in rows if change)
        ],
        [
            Word(
                towns[one.municipality_id].name,
                one.revision,
                Reply(one.decision, one.opinion, one.person_name, one.decided_at),
            )
            for _change, one in rows
            if one
        ],
    )


_DECIDED = (CaseState.AGREED, CaseState.REPLACED)


def decided(ids: Collection[int] | None) -> dict[int, dict[str, Any]]:
    """What agreed cases are held by: number, revision, funds, carry-over, shares in yen by 団体コード, and of
    work the rows that were promised.

    And the sealed documents that were there when they were agreed; each that comes later is held by
    its own hash.  Of the cases named, or (None) of all that are agreed or were replaced.
    """
    of = CostCase.state.in_(_DECIDED) if ids is None else CostCase.id.in_(ids)
    cost = ProjectCost.total_yen, ProjectCost.subsidy_yen
    cases = db.session.execute(
        select(CostCase, *cost).join(ProjectCost, ProjectCost.id == CostCase.cost_id).where(of)
    )
    found: dict[int, dict[str, Any]] = {
        row.id: {
            "case": str(row.no),
            "revision": row.revision,
            "total_yen": total_yen,
            "subsidy_yen": subsidy_yen,
            **({"carried_yen": row.carried_yen} if row.carried_yen else {}),
            "shares": {},
        }
        for row, total_yen, subsidy_yen in cases
    }
    shares = (
        select(Share.case_id, Municipality.code, Share.share_yen)
        .join(CostCase, CostCase.id == Share.case_id)
        .join(Municipality, Municipality.id == Share.municipality_id)
        .where(of)
    )
    for case_id, code, yen in db.session.execute(shares):
        if case_id in found:
            found[case_id]["shares"][code] = yen
    work = (
        select(CaseWork, Municipality.code)
        .join(CostCase, CostCase.id == CaseWork.case_id)
        .join(Municipality, Municipality.id == CaseWork.municipality_id)
        .where(of)
        .order_by(CaseWork.case_id, CaseWork.position)
    )
    for row, code in db.session.execute(work):
        told = [code, row.what, row.promised, row.unit]
        found[row.case_id].setdefault("work", []).append(told)
    papers = (
        select(Attachment)
        .join(CostCase, CostCase.id == Attachment.subject_id)
        .where(
            of,
            Attachment.subject_kind == "cost_case",
            Attachment.sealed_on.is_not(None),
            Attachment.added_at < CostCase.agreed_at,
            or_(Attachment.struck_at.is_(None), Attachment.struck_at > CostCase.agreed_at),
        )
        .order_by(Attachment.id)
    )
    for paper in db.session.scalars(papers):
        found[paper.subject_id].setdefault("documents", []).append(paper.told)
    return found
