"""Records what the parties talked over, and takes out what was recorded by mistake."""

from datetime import date

from tracker.agreements.queries import first_concluded_on
from tracker.cost_sharing import queries
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.cases.actions import note_change
from tracker.cost_sharing.cases.letters import put_recalled
from tracker.cost_sharing.cases.rules import check_change
from tracker.cost_sharing.consultations import rules
from tracker.cost_sharing.models import Consultation, CostCase
from tracker.cost_sharing.rules import ASKED, CaseState
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db


def add_consultation(
    act: Act, row: CostCase, consulted_on: date, place: str, participants: str, gist: str
) -> Consultation:
    """Article 4(2): records that the parties talked it over; a draft becomes 協議中."""
    act.lock((row, None))
    check_change(row.state)
    rules.check_consulted_on(consulted_on, act.today, first_concluded_on())
    consultation = Consultation(
        case_id=row.id,
        consulted_on=consulted_on,
        place=place,
        participants=participants,
        gist=gist,
        recorded_by=act.person.name,
        recorded_by_id=act.person.person_id,
        recorded_at=act.at,
    )
    with act.change("cost.consulted", row, f"{row.named}の協議を記録しました。"):
        db.session.add(consultation)
        if row.state is CaseState.DRAFT:
            row.state = CaseState.CONSULTING
    return consultation


def strike_consultation(
    act: Act, row: CostCase, one: Consultation, reason: str, seen: str | None = None
) -> None:
    """Takes out a consultation that was recorded by mistake (`rules.after_strike`).

    Where the words given rest on it alone they are void, and letter M15c tells those asked.
    """
    act.lock((row, seen), (one, None))
    then = after_strike(row, one, queries.of(row, act.today))
    said = f"{row.named}の協議の記録を取り消しました。理由：{reason}"
    with act.change("cost.consultation_struck", row, said):
        one.strike(act.person.name, act.at, reason)
        is_recalled = row.state in ASKED and then not in ASKED
        row.state = then
        if is_recalled:
            row.revision += 1
            note_change(act, row, (), reason)
            put_recalled(queries.of(row, act.today), reason, at=act.at)


def after_strike(row: CostCase, one: Consultation, case: Case) -> CaseState:
    """Where a case stands without that consultation; raises Refusal as the rule does."""
    others = (other for other in queries.consultations(case) if other is not one)
    left = [other.consulted_on for other in others if not other.is_struck]
    return rules.after_strike(row.state, left, row.sent_on)


def put_consultation_back(
    act: Act, row: CostCase, one: Consultation, seen: str | None = None
) -> None:
    """Counts a consultation again; words that were void stay so, and are asked for anew."""
    act.lock((row, seen), (one, None))
    check_change(row.state)
    said = f"{row.named}の協議の記録を元に戻しました。"
    with act.change("cost.consultation_restored", row, said):
        one.put_back()
        if row.state is CaseState.DRAFT:
            row.state = CaseState.CONSULTING
