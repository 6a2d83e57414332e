"""Sets the formula of a case and the shares that come out of it (Article 4(2))."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from tracker.cost_sharing import queries
from tracker.cost_sharing.case import Case, changes
from tracker.cost_sharing.cases import letters, rules
from tracker.cost_sharing.cases.actions import note_change, note_drafter
from tracker.cost_sharing.formula.proposal import Proposal, work_out
from tracker.cost_sharing.models import CaseWork, CostCase, CostPart, Share
from tracker.cost_sharing.rules import CaseState
from tracker.cost_sharing.work.rules import stored
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.office_days.office_days import check_due_day
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db, set_rows
from tracker.projects.models import ProjectCost
from tracker.shares.split import FORMULA_VERSION, in_digits
from tracker.shares.table import PartSource

VOIDS = N_("この案件は、すでに送られています。変えると、いただいた確認はすべて取り消しになります。")
UNCHANGED = N_("前と同じ内容です。変えるところを直してから、もう一度お試しください。")


@dataclass(frozen=True)
class AskAgain:
    """What a change of amounts already sent must come with: why, and the new day to answer."""

    reason: str
    reply_due_on: date


def save_formula(
    act: Act,
    row: CostCase,
    proposal: Proposal,
    seen: str | None = None,
    *,
    again: AskAgain | None = None,
) -> None:
    """Sets formula and shares; once sent, this voids every confirmation and asks all again.

    A draft that says what is stored already is left alone.  Raises Refusal for a closed case, an
    incomplete formula, a change sent without `again`, and nothing changed of what was sent;
    Conflict as `Act.lock` does.
    """
    act.lock((row, seen))
    was = queries.of(row, act.today)
    voids = rules.check_change(was.state)
    if voids and again is None:
        raise Refusal(_(VOIDS))
    grounds = queries.grounds(act.today, proposal.series_ids)
    then = work_out(was, proposal, grounds, is_kept=True)
    if again is None or not voids:
        if then.content == was.content:
            return
        with act.change("cost.drafted", row, "") as entry:
            write(act, row, then)
            if row.sent_on and then.content != was.content:
                # Its words were void already (a consultation was struck): that says why.
                note_change(act, row, changes(was, then), "")
            entry.sentence = f"{row.named}の内容を決めました。"
        return
    if then.content == was.content:
        raise Refusal(_(UNCHANGED))
    check_due_day(again.reply_due_on, act.today, _("回答期限"), "reply_due_on")
    rules.check_step(row.state, CaseState.AWAITING)
    with act.change("cost.changed", row, "") as entry:
        write(act, row, then)
        row.state, row.revision = CaseState.AWAITING, row.revision + 1
        row.reply_due_on, row.sent_on = again.reply_due_on, act.today
        note_change(act, row, changes(was, then), again.reason)
        said = "の内容を変え、確認をもう一度お願いしました。理由："
        entry.sentence = f"{row.named}{said}{again.reason}"
        letters.put_changes(queries.of(row, act.today), was, again.reason, at=act.at)


def write(act: Act, row: CostCase, then: Case) -> None:
    """Sets the content of a case; whoever does is its drafter from now on."""
    ids = {town.name: town.id for town in then.shares}
    row.title, row.stage, row.work = then.title, then.stage, then.work
    row.rounding_unit, row.rounding_mode = then.rounding.unit, then.rounding.mode
    row.remainder_id = ids.get(then.remainder)
    row.caps, row.floors = dict(then.limits.caps) or None, dict(then.limits.floors) or None
    row.formula_version, row.carried_yen = FORMULA_VERSION, then.carried_yen or None
    cost = db.session.get_one(ProjectCost, row.cost_id)
    cost.phase, cost.total_yen, cost.subsidy_yen = (
        then.stage.phase,
        then.total_yen,
        then.subsidy_yen,
    )
    note_drafter(act, row)
    of_case = {"case_id": row.id}
    parts = [{"position": n, **_stored(one)} for n, one in enumerate(then.parts)]
    set_rows(CostPart, of_case, "position", parts)
    shares = [
        {
            "municipality_id": ids[line.municipality],
            **line.steps,
            "rounded_yen": line.rounded,
            "share_yen": line.share,
        }
        for line in then.lines
    ]
    set_rows(Share, of_case, "municipality_id", shares)
    work = [
        {
            "position": n,
            "municipality_id": one.town.id,
            "what": one.what,
            "promised": stored(one.promised),
            "unit": one.unit,
        }
        for n, one in enumerate(then.rows)
    ]
    set_rows(CaseWork, of_case, "position", work)
    db.session.flush()


def _stored(source: PartSource) -> dict[str, Any]:
    """A part of the formula as its row keeps it."""
    part = source.part
    return {
        "kind": part.kind,
        "percent": source.percent,
        "values": source.values,
        "only": None if part.only is None else list(part.only),
        "series_id": source.series_id,
        "unit": source.unit,
        "source": source.source,
        "rate": None if part.rate is None else in_digits(part.rate),
        "period": source.period,
        "rounding_unit": part.rounding and part.rounding.unit,
        "rounding_mode": part.rounding and part.rounding.mode,
    }
