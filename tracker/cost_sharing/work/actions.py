"""Decides that nothing is shared, and tells what was done of agreed work (Article 4(2))."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from tracker.amounts.exact import Exact
from tracker.cost_sharing.cases.actions import send, start_case
from tracker.cost_sharing.consultations.actions import add_consultation
from tracker.cost_sharing.formula.actions import save_formula
from tracker.cost_sharing.formula.proposal import Proposal
from tracker.cost_sharing.models import CaseWork, CostCase
from tracker.cost_sharing.rules import CaseKind, Stage
from tracker.cost_sharing.work.rules import check_done, stored
from tracker.kernel.fiscal_year import FiscalYear
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db


def tell_done(
    act: Act, row: CostCase, done: Mapping[int, Exact | None], seen: Mapping[int, str]
) -> None:
    """Sets what was done of these rows of a case, by their id; None takes it back.

    Whose rows they are is the caller's to guard. Raises Refusal as `check_done` does, Conflict where
    another has told of one of them meanwhile.
    """
    work = [db.session.get_one(CaseWork, id_) for id_ in done]
    act.lock((row, None), *((one, seen.get(one.id), one.what) for one in work))
    check_done(row.kind, row.state)
    with act.change("cost.work_done", row, f"{row.named}の実績を入力しました。") as entry:
        entry.only_changes = True
        for one in work:
            told = done[one.id]
            one.done = None if told is None else stored(told)


def decide_nothing(
    act: Act,
    project_id: int,
    year: FiscalYear,
    proposal: Proposal,
    talk: tuple[date, str, str, str],
    reply_due_on: date,
) -> CostCase:
    """Drafts that nobody bears anything, records the consultation, and asks both sides, at once.

    talk: day, place, participants and gist (Article 4(2) has the parties consult each time).
    Raises Refusal as each step does; nothing of it is kept then.
    """
    with act:
        row = start_case(act, project_id, year, CaseKind.NONE, Stage.FIXED, proposal.title, 0, 0)
        save_formula(act, row, replace(proposal, title=row.title))
        add_consultation(act, row, *talk)
        send(act, row, reply_due_on)
    return row
