"""Drafts a case, has it talked over, sends it to the parties, and takes their word (Art. 4(2)).

A word is never a 決裁: both sides only say that the amounts are as they were told.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import select

from tracker.attachments import uploads
from tracker.attachments.uploads import Attachment, Sent
from tracker.cost_sharing import queries
from tracker.cost_sharing.case import Change
from tracker.cost_sharing.cases import letters, rules
from tracker.cost_sharing.formula.proposal import gaps_of_participants
from tracker.cost_sharing.models import CaseChange, CaseDrafter, CaseWork, CostCase, CostPart, Share
from tracker.cost_sharing.rules import CaseKind, CaseState, Stage
from tracker.cost_sharing.stages.rules import check_carried
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Area
from tracker.office_days.office_days import check_due_day
from tracker.plumbing.changes import Act
from tracker.plumbing.db import Model, db
from tracker.projects.models import Project, ProjectCost
from tracker.projects.plans.actions import settle
from tracker.shares.rules import RoundingMode
from tracker.shares.split import amount_to_share

R = TypeVar("R", bound=Model)


def start_case(
    act: Act,
    project_id: int,
    year: FiscalYear,
    kind: CaseKind,
    stage: Stage,
    title: str,
    total_yen: int,
    subsidy_yen: int,
    carried_yen: int = 0,
    *,
    is_settled: bool = False,
    is_example: bool = False,
) -> CostCase:
    """Opens a draft under the next number of the year; without a title the project lends its name.

    is_settled: with 精算 the total is the lead's own settled cost too, where it has told none.

    Raises Refusal when the funds and what is carried over exceed the total (yen), for a carry-over
    of another stage than 精算, or there is no such project.
    """
    check_carried(stage, carried_yen)
    amount_to_share(total_yen, subsidy_yen, carried_yen)
    project = db.session.get(Project, project_id)
    if project is None or project.is_struck:
        raise Refusal(_("事業を選んでください。"), field="project")
    act.lock((area_row(), None), (project, None))
    row = CostCase(
        fiscal_year=year.year,
        number=queries.last_number(year) + 1,
        project_id=project.id,
        kind=kind,
        stage=stage,
        title=title or f"{project.name}の費用負担",
        work="",
        rounding_unit=1000,
        rounding_mode=RoundingMode.DOWN,
        remainder_id=areas.hub().id,
        state=CaseState.DRAFT,
        revision=1,
        carried_yen=carried_yen or None,
        is_example=is_example,
    )
    with act:
        with act.change("cost.started", row, f"{row.named}を作りました。"):
            cost = ProjectCost(
                project_id=project.id,
                fiscal_year=year.year,
                phase=stage.phase,
                total_yen=total_yen,
                subsidy_yen=subsidy_yen,
            )
            _add(act, row, cost)
        if is_settled and stage is Stage.RECONCILIATION:
            settle(act, project, year, project.lead_municipality_id, total_yen)
    return row


def attach(
    act: Act, row: CostCase, sent: Sequence[Sent], sealed_on: date | None, *, is_sealed: bool
) -> None:
    """Adds papers to a case; one that both sides have sealed comes with its day, also once agreed."""
    act.lock((row, None))
    rules.check_attach(row.state)
    rules.check_sealed_on(sealed_on, is_sealed, act.today)
    what = "押印済みの文書" if is_sealed else "資料"
    said = f"{row.named}に{what}を{len(sent)}件添付しました。"
    with act.change("cost.attached", row, said) as entry:
        uploads.add(act, entry, row, sent, sealed_on if is_sealed else None)


def detach(
    act: Act, row: CostCase, one: Attachment, reason: str | None, seen: str | None = None
) -> None:
    """Takes a paper out: with a reason once the case was sent, else without a trace of its file."""
    act.lock((row, seen), (one, None))
    rules.check_attach(row.state)
    why = f"理由：{reason}" if row.sent_on else ""
    with act.change("cost.detached", row, f"{row.named}の添付を1件取り消しました。{why}"):
        uploads.take_out(act, one, reason if row.sent_on else None)


def put_attachment_back(act: Act, row: CostCase, one: Attachment, seen: str | None = None) -> None:
    """Counts a paper again that was struck."""
    act.lock((row, seen), (one, None))
    rules.check_put_back(row.state, row.agreed_at, one.struck_at)
    with act.change("cost.attachment_restored", row, f"{row.named}の添付を1件元に戻しました。"):
        one.put_back()


def send(act: Act, row: CostCase, reply_due_on: date, seen: str | None = None) -> None:
    """Asks both sides of every pair to confirm by a day; each confirmer gets a letter.

    Raises Refusal without a recorded consultation (Article 4(2)), without shares that add up,
    for an agreement that has ended, a closed day, and a case that was sent already.
    """
    act.lock((row, seen))
    case = queries.of(row, act.today)
    shares_yen = sum(case.shares.values()) if case.shares else None
    struck = [one.name for one in queries.struck_series(case)]
    rules.check_send(case.state, case.consulted_at is not None, shares_yen, case.amount_yen, struck)
    names = [town.name for town in case.participants]
    for gap in gaps_of_participants(names, queries.grounds(act.today)):
        raise gap
    check_due_day(reply_due_on, act.today, _("回答期限"), "reply_due_on")
    with act.change("cost.sent", row, f"{row.named}の案を送り、確認をお願いしました。"):
        row.state, row.sent_on, row.reply_due_on = CaseState.AWAITING, act.today, reply_due_on
        letters.put_requests(queries.of(row, act.today), at=act.at)


def withdraw(act: Act, row: CostCase, seen: str | None = None) -> None:
    """Ends a case that is not agreed; nothing of it is binding, and it stays readable."""
    act.lock((row, seen))
    rules.check_step(row.state, CaseState.WITHDRAWN)
    with act.change("cost.withdrawn", row, f"{row.named}を取り下げました。"):
        row.state = CaseState.WITHDRAWN


def replace(act: Act, row: CostCase, reason: str, seen: str | None = None) -> CostCase:
    """A new draft with the same content, which takes an agreed case's place once it is agreed.

    The reason stands beside what it changes, for all who are asked.

    Raises Refusal for a case that is not agreed, and where such a draft is under way.
    """
    act.lock((area_row(), None), (row, seen))
    rules.check_step(row.state, CaseState.REPLACED)
    under_way = db.session.scalar(
        select(CostCase)
        .where(CostCase.replaces_id == row.id, CostCase.state != CaseState.WITHDRAWN)
        .limit(1)
    )
    if under_way:
        raise Refusal(_("差し替える案（%(no)s）が、すでにあります。", no=under_way.no.label))
    cost = db.session.get_one(ProjectCost, row.cost_id)
    new = _copy(
        row,
        number=queries.last_number(FiscalYear(row.fiscal_year)) + 1,
        state=CaseState.DRAFT,
        revision=1,
        version=1,
        replaces_id=row.id,
        **dict.fromkeys(("id", "reply_due_on", "sent_on", "agreed_at")),
    )
    with act.change("cost.started", new, f"{row.named}を差し替える案を作りました。"):
        _add(act, new, _copy(cost, id=None))
        for part in db.session.scalars(select(CostPart).where(CostPart.case_id == row.id)):
            db.session.add(_copy(part, id=None, case_id=new.id))
        for share in db.session.scalars(select(Share).where(Share.case_id == row.id)):
            db.session.add(_copy(share, case_id=new.id))
        for work in db.session.scalars(select(CaseWork).where(CaseWork.case_id == row.id)):
            db.session.add(_copy(work, id=None, case_id=new.id, done=None, version=1))
        note_change(act, new, (), reason)
    return new


def _add(act: Act, row: CostCase, cost: ProjectCost) -> None:
    db.session.add(cost)
    db.session.flush()
    row.cost_id = cost.id
    db.session.add(row)
    db.session.flush()
    note_drafter(act, row)


def note_drafter(act: Act, row: CostCase) -> None:
    """Keeps who drafted a case, once a person, with the day of the last time."""
    by = act.person
    one = db.session.get(CaseDrafter, (row.id, by.person_id))
    if one is None:
        one = CaseDrafter(case_id=row.id, person_id=by.person_id)
        db.session.add(one)
    one.person_name, one.at = by.name, act.at


def note_change(act: Act, row: CostCase, items: Iterable[Change], reason: str) -> None:
    """Keeps what changed of a case as it now stands, and why."""
    one = CaseChange(
        case_id=row.id,
        revision=row.revision,
        items=[list(item) for item in items if item.changed],
        reason=reason,
        person_id=act.person.person_id,
        person_name=act.person.name,
        at=act.at,
    )
    db.session.add(one)


def area_row() -> Area:
    """The row that is locked while a number is given out."""
    return db.session.scalars(select(Area)).one()


def _copy(row: R, **changes: Any) -> R:
    """A new row with the values of another, but for the changes."""
    columns = {one.key: getattr(row, one.key) for one in row.__mapper__.column_attrs}
    return type(row)(**{**columns, **changes})
