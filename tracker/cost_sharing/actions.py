"""Drafts a case, has it talked over, and sends it to the parties of the agreements."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select

from tracker.cost_sharing import days, mailing, queries, rules
from tracker.cost_sharing.case_number import CaseNumber
from tracker.cost_sharing.dossier import Dossier
from tracker.cost_sharing.models import CaseKind, Consultation, CostCase, CostPart, Share
from tracker.cost_sharing.proposal import Outcome, Proposal, work_out
from tracker.cost_sharing.rules import CaseState, RoundingMode, Stage
from tracker.cost_sharing.split import LARGEST_REMAINDER, amount_to_share
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Area
from tracker.plumbing import clock, history
from tracker.plumbing.db import db
from tracker.plumbing.forms import CONFLICT
from tracker.plumbing.history import Subject
from tracker.projects.models import Project

VOIDS = "この案件は、すでに送られています。変えると、いただいた確認はすべて取り消しになります。"
UNCHANGED = "前と同じ内容です。変えるところを直してから、もう一度お試しください。"


@dataclass(frozen=True)
class AskAgain:
    """What a change of amounts already sent must come with: why, and the new day to answer."""

    reason: str
    reply_due_on: date


def start_case(
    project_id: int,
    year: FiscalYear,
    kind: CaseKind,
    stage: Stage,
    title: str,
    total_yen: int,
    subsidy_yen: int,
    *,
    by: Actor,
    at: datetime,
    is_example: bool = False,
) -> CostCase:
    """Opens a draft under the next number of the year; without a title the project lends its name.

    Raises Refusal when the funds exceed the total (yen), or there is no such project.
    """
    amount_to_share(total_yen, subsidy_yen)
    project = db.session.get(Project, project_id)
    if project is None:
        raise Refusal("事業を選んでください。", field="project")
    case = CostCase(
        fiscal_year=year.year,
        number=_next_number(year.year),
        project_id=project.id,
        kind=kind,
        stage=stage,
        title=_one_line(title) or f"{project.name}の費用負担",
        total_yen=total_yen,
        subsidy_yen=subsidy_yen,
        work="",
        rounding_unit=1000,
        rounding_mode=RoundingMode.DOWN,
        remainder_id=areas.hub().id,
        state=CaseState.DRAFT,
        revision=1,
        drafted_by_id=by.person_id,
        is_example=is_example,
    )
    db.session.add(case)
    db.session.flush()
    _record(case, "started", f"{_named(case)}を作りました。", by=by, at=at)
    db.session.commit()
    return case


def save_formula(
    case: CostCase,
    proposal: Proposal,
    *,
    version: int | None = None,
    again: AskAgain | None = None,
    by: Actor,
    at: datetime,
) -> None:
    """Sets formula and shares; once sent, this voids every confirmation and asks all again.

    Raises Refusal for a closed case, an incomplete formula, a change sent without `again`,
    nothing changed at all, and when somebody else was first (`version`).
    """
    was = take(case, version)
    voids = rules.check_change(case.state)
    if voids and again is None:
        raise Refusal(VOIDS)
    before = _content(was)
    _apply(case, proposal, work_out(proposal, clock.day(at)), by)
    now = queries.get(case.no)
    after = _content(now)
    if not voids or again is None:
        _record(case, "drafted", f"{_named(case)}の内容を決めました。", before, after, by=by, at=at)
        db.session.commit()
        return
    if before == after:
        raise Refusal(UNCHANGED)
    days.check_reply_due(again.reply_due_on, clock.day(at))
    rules.check_step(case.state, CaseState.AWAITING)
    case.state, case.revision = CaseState.AWAITING, case.revision + 1
    case.reply_due_on, case.sent_on = again.reply_due_on, clock.day(at)
    sentence = f"{_named(case)}の内容を変え、確認をもう一度お願いしました。理由：{again.reason}"
    _record(case, "changed", sentence, before, after, by=by, at=at)
    mailing.put_changes(queries.get(case.no), was_of(was, before), again.reason, at=at)
    db.session.commit()


def add_consultation(
    case: CostCase,
    consulted_on: date,
    place: str,
    participants: str,
    gist: str,
    *,
    by: Actor,
    at: datetime,
) -> Consultation:
    """Article 4(2): records that the parties talked it over; a draft becomes 協議中."""
    take(case)
    rules.check_change(case.state)
    days.check_consulted_on(consulted_on, clock.day(at))
    if case.state is CaseState.DRAFT:
        case.state = CaseState.CONSULTING
    consultation = Consultation(
        case_id=case.id,
        consulted_on=consulted_on,
        place=_one_line(place),
        participants=_one_line(participants),
        gist=gist.strip(),
        recorded_by=by.name,
        recorded_at=at,
    )
    db.session.add(consultation)
    entry = {"consulted_on": consulted_on.isoformat(), "place": place, "gist": gist}
    sentence = f"{_named(case)}の協議を記録しました。"
    _record(case, "consulted", sentence, after=entry, by=by, at=at)
    db.session.commit()
    return consultation
