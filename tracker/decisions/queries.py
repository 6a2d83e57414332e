"""Reads decisions: the one reading of this room, each as a `MeetingDecision` (decision.py)."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, select

from tracker.cost_sharing.models import CostCase
from tracker.decisions.decision import FollowUp, MeetingDecision, SaidProgress
from tracker.decisions.models import DecisionRow, FollowUpRow, ProgressNote
from tracker.kernel.fiscal_year import FiscalYear
from tracker.meetings.meeting import Meeting
from tracker.meetings.models import AgendaItem, MeetingRow
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.plumbing.db import db
from tracker.plumbing.memo import kept
from tracker.projects.models import Project
from tracker.questions.models import QuestionRow
from tracker.struck.models import not_struck

ROOMS = ("decisions", "meetings", "questions", "cost_sharing", "projects", "municipalities")


def decisions(*where: ColumnElement[bool]) -> list[MeetingDecision]:
    """Decisions, those of the newest meeting first, then by their item.  One query."""
    rows = db.session.execute(
        select(
            *(DecisionRow, MeetingRow, AgendaItem, Project.name, CostCase, QuestionRow),
            *(FollowUpRow, ProgressNote),
        )
        .join(MeetingRow, MeetingRow.id == DecisionRow.meeting_id)
        .join(AgendaItem, AgendaItem.id == DecisionRow.item_id)
        .outerjoin(Project, Project.id == DecisionRow.project_id)
        .outerjoin(CostCase, CostCase.id == DecisionRow.case_id)
        .outerjoin(QuestionRow, QuestionRow.id == DecisionRow.question_id)
        .outerjoin(FollowUpRow, FollowUpRow.decision_id == DecisionRow.id)
        .outerjoin(ProgressNote, ProgressNote.follow_up_id == FollowUpRow.id)
        .where(*where)
        .order_by(
            *(MeetingRow.fiscal_year.desc(), MeetingRow.id.desc(), AgendaItem.position),
            *(DecisionRow.id, FollowUpRow.due_on, FollowUpRow.id, ProgressNote.id),
        )
        .execution_options(populate_existing=True)
    )
    towns = areas.by_id()
    many = (list(own) for _, own in groupby(rows, lambda one: one[0]))
    return [_decision(own[0][:6], _follow_ups(own, towns)) for own in many]


def _follow_ups(rows: Sequence[Any], towns: Mapping[int, Town]) -> list[FollowUp]:
    """What stands behind the first six columns: a decision's follow-ups with their notes."""
    pairs = ((follow_up, note) for *_, follow_up, note in rows if follow_up)
    return [
        FollowUp(
            row.id,
            row.seen,
            towns[row.municipality_id],
            row.what,
            row.due_on,
            row.added_at,
            row.closed_at,
            row.is_struck,
            tuple(
                SaidProgress(note.text, note.is_done, note.person_name, note.at)
                for _, note in own
                if note
            ),
        )
        for row, own in groupby(pairs, lambda one: one[0])
    ]


def _decision(row: Any, follow_ups: Sequence[FollowUp]) -> MeetingDecision:
    stored, meeting, item, project, case, question = row
    return MeetingDecision(
        id=stored.id,
        seen=stored.seen,
        meeting_id=meeting.id,
        meeting=meeting.name,
        year=meeting.fiscal_year,
        held_on=meeting.held_on,
        item=item.title,
        only=None if item.only is None else tuple(item.only),
        title=stored.title,
        text=stored.text,
        project_id=stored.project_id,
        project=project,
        case_id=stored.case_id,
        case=case.no if case else None,
        question_id=stored.question_id,
        question=question.no if question else None,
        recorded_by=stored.recorded_by,
        recorded_at=stored.recorded_at,
        is_struck=stored.is_struck,
        follow_ups=tuple(follow_ups),
    )


def find(decision_id: int) -> MeetingDecision | None:
    """One decision, taken out or not."""
    return next(iter(decisions(DecisionRow.id == decision_id)), None)


def of_follow_up(follow_up_id: int) -> tuple[MeetingDecision, FollowUp] | None:
    """The decision that a follow-up belongs to, and the follow-up."""
    owner = select(FollowUpRow.decision_id).where(FollowUpRow.id == follow_up_id)
    found = next(iter(decisions(DecisionRow.id == owner.scalar_subquery())), None)
    if found is None:
        return None
    return found, next(one for one in found.follow_ups if one.id == follow_up_id)


def row(decision: MeetingDecision) -> DecisionRow:
    """What an act on a decision locks and changes."""
    return db.session.get_one(DecisionRow, decision.id)


def in_hand() -> Sequence[MeetingDecision]:
    """The decisions of which something is still to be done."""
    owed = select(FollowUpRow.decision_id).where(
        FollowUpRow.closed_at.is_(None), not_struck(FollowUpRow)
    )
    is_open = DecisionRow.id.in_(owed), not_struck(DecisionRow)
    return kept(("decisions",), ROOMS, lambda: decisions(*is_open))


def open_before(meeting: Meeting) -> list[MeetingDecision]:
    """The decisions of other meetings until its year of which something is still to be done."""
    return [
        one for one in in_hand() if one.meeting_id != meeting.id and one.year <= meeting.year.year
    ]


def about(column: Any, id_: int) -> Sequence[MeetingDecision]:
    """The decisions of a meeting, or about a project, a case or a question, that count."""
    where = column == id_, not_struck(DecisionRow)
    return kept(("decisions", column.key, id_), ROOMS, lambda: decisions(*where))


def decided(item_id: int) -> Sequence[int]:
    """The decisions (ids) that count under an item."""
    where = DecisionRow.item_id == item_id, not_struck(DecisionRow)
    return db.session.scalars(select(DecisionRow.id).where(*where)).all()


def towns_of(ids: Collection[int]) -> list[Town]:
    """The municipalities that do something of these decisions, done or not."""
    where = FollowUpRow.decision_id.in_(ids), not_struck(FollowUpRow)
    found = set(db.session.scalars(select(FollowUpRow.municipality_id).where(*where)))
    return [town for town in areas.towns() if town.id in found]


def items(meeting_id: int) -> Sequence[AgendaItem]:
    """The items of a meeting's agenda, in their order."""
    return db.session.scalars(
        select(AgendaItem)
        .where(
            AgendaItem.meeting_id == meeting_id,
            AgendaItem.accepted_at.is_not(None),
            not_struck(AgendaItem),
        )
        .order_by(AgendaItem.position, AgendaItem.id)
    ).all()


def subjects(meeting: Meeting) -> tuple[dict[int, str], dict[int, str]]:
    """What a decision may be about: the projects, and the cases of the year and the one before."""
    year: FiscalYear = meeting.year
    cases = db.session.scalars(
        select(CostCase)
        .where(
            CostCase.fiscal_year.in_((year.year, year.previous.year, year.next.year)),
            CostCase.sent_on.is_not(None),
        )
        .order_by(CostCase.fiscal_year.desc(), CostCase.number.desc())
    )
    named = select(Project.id, Project.name).where(not_struck(Project)).order_by(Project.name)
    names = {row.id: row.name for row in db.session.execute(named)}
    return names, {one.id: f"{one.no.label} {one.title}" for one in cases}
