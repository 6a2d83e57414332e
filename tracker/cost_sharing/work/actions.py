"""Tells what was done of the work that was agreed (Article 4(2))."""

from collections.abc import Mapping

from tracker.cost_sharing.models import CaseWork, CostCase
from tracker.cost_sharing.work.rules import check_done, stored
from tracker.kernel.exact import Exact
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
    with act.change("cost.work_done", row, f"{row.named}の実績を入力しました。"):
        for one in work:
            told = done[one.id]
            one.done = None if told is None else stored(told)
