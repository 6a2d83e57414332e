"""Drafts a case, has it talked over, sends it to the parties, and takes their word (Art. 4(2)).

A word is never a 決裁: both sides only say that the amounts are as they were told.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import select

from tracker.agreements.queries import first_concluded_on
from tracker.attachments import uploads
from tracker.attachments.uploads import Attachment, Sent
from tracker.cost_sharing import queries
from tracker.cost_sharing.case import Case, Change
from tracker.cost_sharing.cases import letters, rules
from tracker.cost_sharing.cases.queries import decided
from tracker.cost_sharing.formula.proposal import gaps_of_participants
from tracker.cost_sharing.models import (
    CaseChange,
    CaseDrafter,
    CaseWork,
    Confirmation,
    Consultation,
    CostCase,
    CostPart,
    Share,
)
from tracker.cost_sharing.rules import (
    ASKED,
    CaseKind,
    CaseNumber,
    CaseState,
    Decision,
    Pair,
    Stage,
)
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.office_days import check_due_day
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Area
from tracker.plumbing.chain import digest
from tracker.plumbing.changes import Act, check_revision
from tracker.plumbing.db import Model, db
from tracker.projects.models import Project, ProjectCost
from tracker.shares.rules import RoundingMode
from tracker.shares.split import amount_to_share

R = TypeVar("R", bound=Model)
CHANGED = N_(
    "まだお答えを受け付けていません。変わったところを確かめてから、もう一度お答えください。"
)


def start_case(
    act: Act,
    project_id: int,
    year: FiscalYear,
    kind: CaseKind,
    stage: Stage,
    title: str,
    total_yen: int,
    subsidy_yen: int,
    *,
    is_example: bool = False,
) -> CostCase:
    """Opens a draft under the next number of the year; without a title the project lends its name.

    Raises Refusal when the funds exceed the total (yen), or there is no such project.
    """
    amount_to_share(total_yen, subsidy_yen)
    project = db.session.get(Project, project_id)
    if project is None or project.is_struck:
        raise Refusal(_("事業を選んでください。"), field="project")
    act.lock((area_row(), None))
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
        is_example=is_example,
    )
    with act.change("cost.started", row, f"{row.named}を作りました。"):
        cost = ProjectCost(
            project_id=project.id,
            fiscal_year=year.year,
            phase=stage.phase,
            total_yen=total_yen,
            subsidy_yen=subsidy_yen,
        )
        _add(act, row, cost)
    return row


def add_consultation(
    act: Act, row: CostCase, consulted_on: date, place: str, participants: str, gist: str
) -> Consultation:
    """Article 4(2): records that the parties talked it over; a draft becomes 協議中."""
    act.lock((row, None))
    rules.check_change(row.state)
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
            letters.put_recalled(queries.of(row, act.today), reason, at=act.at)


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
    rules.check_change(row.state)
    said = f"{row.named}の協議の記録を元に戻しました。"
    with act.change("cost.consultation_restored", row, said):
        one.put_back()
        if row.state is CaseState.DRAFT:
            row.state = CaseState.CONSULTING


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


def confirm(act: Act, row: CostCase, comment: str = "", seen: str | None = None) -> None:
    """Confirms for the actor's municipality: a town its pair, the hub all its pairs at once.

    With the last side's word the case is agreed, and one that it replaces is replaced.
    `seen` is the revision of the amounts that the page had shown: only those are confirmed.
    Raises Refusal as `rules.check_confirm` does, Conflict for other amounts.
    """
    by = act.person
    case, replaced = _take_to_answer(act, row, seen)
    pairs = tuple(case.pairs.values())
    left = rules.check_confirm(
        case.state,
        pairs,
        case.decisions,
        by.municipality_id,
        is_drafter=_is_drafter(act, case),
    )
    said = {(pair.agreement, by.municipality_id): Decision.CONFIRMED for pair in left}
    wanted = rules.state(pairs, {**case.decisions, **said})
    is_agreed = wanted is CaseState.AGREED
    with act:
        with act.change(
            "cost.agreed" if is_agreed else "cost.confirmed",
            row,
            f"{by.municipality_name}が{row.named}の内容を確認し"
            + ("、すべての双方の確認がそろいました。" if is_agreed else "ました。"),
        ) as entry:
            entry.told["share_yen"] = case.share_yen(areas.by_id()[by.municipality_id])
            _answer(act, row, left, Decision.CONFIRMED, comment)
            _move(row, wanted)
            if is_agreed:
                row.agreed_at = act.at
                entry.digest = digest(decided([row.id])[row.id])
                letters.put_agreed(queries.of(row, act.today), at=act.at)
        if is_agreed and replaced:
            _replaced(act, replaced, case.no)


def return_case(act: Act, row: CostCase, opinion: str, seen: str | None = None) -> None:
    """Returns the amounts with an opinion, by letter to whoever drafted them.

    Raises Refusal as `rules.check_return` does, Conflict for other amounts than those shown.
    """
    by = act.person
    case, _other = _take_to_answer(act, row, seen)
    own = rules.check_return(
        case.state,
        tuple(case.pairs.values()),
        by.municipality_id,
        opinion,
        is_drafter=_is_drafter(act, case),
    )
    said = f"{by.municipality_name}が{row.named}に意見を付けて戻しました。"
    with act.change("cost.returned", row, said):
        _answer(act, row, own, Decision.RETURNED, opinion)
        _move(row, CaseState.RETURNED)
        # Returned twice means two letters: the cause is this answer, not the case.
        cause = f"cost_returned:{case.id}:{case.seen}"
        last = queries.drafters(case)[-1].person_id
        letters.put_returned(case, last, by.municipality_name, opinion, cause=cause, at=act.at)


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


def _is_drafter(act: Act, case: Case) -> bool:
    return act.person.person_id in {one.person_id for one in queries.drafters(case)}


def _replaced(act: Act, row: CostCase, by_case: CaseNumber) -> None:
    rules.check_step(row.state, CaseState.REPLACED)
    with act.change("cost.replaced", row, f"{row.named}は、{by_case.label}に差し替えられました。"):
        row.state = CaseState.REPLACED


def _take_to_answer(act: Act, row: CostCase, seen: str | None) -> tuple[Case, CostCase | None]:
    """Locks a case and the one it replaces, which changes with the last word.

    The words of others do not matter to a side that answers, other amounts do.
    """
    replaced = db.session.get(CostCase, row.replaces_id) if row.replaces_id else None
    act.lock((row, None), *([(replaced, None)] if replaced else []))
    check_revision(row, row.revision, seen, "cost.changed", _(CHANGED))
    return queries.of(row, act.today), replaced


def _answer(act: Act, row: CostCase, pairs: Iterable[Pair], decision: Decision, words: str) -> None:
    """One row per agreement; a later word of the same side is another row, and counts."""
    by = act.person
    for pair in pairs:
        one = Confirmation(
            case_id=row.id,
            agreement_id=pair.agreement,
            municipality_id=by.municipality_id,
            revision=row.revision,
            decision=decision,
            opinion=words or None,
            person_id=by.person_id,
            person_name=by.name,
            decided_at=act.at,
        )
        db.session.add(one)


def _move(row: CostCase, wanted: CaseState) -> None:
    """Brings the case to what the answers make of it."""
    if wanted is not row.state:
        rules.check_step(row.state, wanted)
        row.state = wanted


def area_row() -> Area:
    """The row that is locked while a number is given out."""
    return db.session.scalars(select(Area)).one()


def _copy(row: R, **changes: Any) -> R:
    """A new row with the values of another, but for the changes."""
    columns = {one.key: getattr(row, one.key) for one in row.__mapper__.column_attrs}
    return type(row)(**{**columns, **changes})
