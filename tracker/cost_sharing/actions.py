"""Drafts a case, has it talked over, and sends it to the parties of the agreements."""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any, TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.orm.attributes import flag_modified

from tracker.cost_sharing import days, mailing, rules
from tracker.cost_sharing.models import CaseKind, Consultation, CostCase, CostPart, Share
from tracker.cost_sharing.proposal import Outcome, Proposal, check_takers, work_out
from tracker.cost_sharing.record import content_of, named, note, reread, take
from tracker.cost_sharing.rules import CaseState, RoundingMode, Stage
from tracker.cost_sharing.split import amount_to_share
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Area
from tracker.plumbing import clock
from tracker.plumbing.db import Model, db
from tracker.projects.models import Project

R = TypeVar("R", bound=Model)
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
    note(case, "started", f"{named(case)}を作りました。", by=by, at=at)
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
    content, before = content_of(was), mailing.Before.of(was)
    _apply(case, proposal, work_out(proposal, clock.day(at)), by)
    if voids and again is not None:
        _ask_again(case, content, before, again, by=by, at=at)
    else:
        sentence = f"{named(case)}の内容を決めました。"
        note(case, "drafted", sentence, content, content_of(reread(case)), by=by, at=at)
    db.session.commit()


def _ask_again(
    case: CostCase,
    content: dict[str, Any],
    before: mailing.Before,
    again: AskAgain,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """A new revision: what was confirmed counts no more, and all sides are asked once more."""
    after = content_of(reread(case))
    if after == content:
        raise Refusal(UNCHANGED)
    days.check_reply_due(again.reply_due_on, clock.day(at))
    rules.check_step(case.state, CaseState.AWAITING)
    case.state, case.revision = CaseState.AWAITING, case.revision + 1
    case.reply_due_on, case.sent_on = again.reply_due_on, clock.day(at)
    sentence = f"{named(case)}の内容を変え、確認をもう一度お願いしました。理由：{again.reason}"
    note(case, "changed", sentence, content, after, by=by, at=at)
    mailing.put_changes(reread(case), before, again.reason, at=at)


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
    sentence = f"{named(case)}の協議を記録しました。"
    note(case, "consulted", sentence, after=entry, by=by, at=at)
    db.session.commit()
    return consultation


def send(
    case: CostCase, reply_due_on: date, *, version: int | None = None, by: Actor, at: datetime
) -> None:
    """Asks both sides of every pair to confirm by a day; each confirmer gets a letter.

    Raises Refusal without a recorded consultation (Article 4(2)), without shares that add up,
    for an agreement that has ended, a closed day, and a case that was sent already.
    """
    dossier = take(case, version)
    if case.state in (CaseState.AWAITING, CaseState.RETURNED):
        raise Refusal("この案件は、すでに送られています。")
    if not dossier.shares:
        raise Refusal("まだ負担の内容が決まっていません。先に算式と負担額を決めてください。")
    check_takers([town.name for town in dossier.takers], clock.day(at))
    talks = db.session.scalar(select(func.count()).where(Consultation.case_id == case.id))
    shares_yen = sum(share.share_yen for share in dossier.shares.values())
    rules.check_send(talks or 0, shares_yen, case.amount_yen)
    rules.check_step(case.state, CaseState.AWAITING)
    days.check_reply_due(reply_due_on, clock.day(at))
    case.state, case.sent_on = CaseState.AWAITING, clock.day(at)
    case.reply_due_on = reply_due_on
    sentence = f"{named(case)}の案を送り、確認をお願いしました。"
    note(case, "sent", sentence, after=content_of(dossier), by=by, at=at)
    mailing.put_requests(reread(case), at=at)
    db.session.commit()


def withdraw(case: CostCase, *, by: Actor, at: datetime) -> None:
    """Ends a case that is not agreed; nothing of it is binding, and it stays readable."""
    take(case)
    rules.check_step(case.state, CaseState.WITHDRAWN)
    case.state = CaseState.WITHDRAWN
    note(case, "withdrawn", f"{named(case)}を取り下げました。", by=by, at=at)
    db.session.commit()


def replace(case: CostCase, *, by: Actor, at: datetime) -> CostCase:
    """A new draft with the same content, which takes an agreed case's place once it is agreed.

    Raises Refusal for a case that is not agreed, and where such a draft is under way.
    """
    dossier = take(case)
    rules.check_step(case.state, CaseState.REPLACED)
    under_way = db.session.scalar(
        select(CostCase)
        .where(CostCase.replaces_id == case.id, CostCase.state != CaseState.WITHDRAWN)
        .limit(1)
    )
    if under_way:
        raise Refusal(f"差し替える案（{under_way.no.label}）が、すでにあります。")
    new = _copy(
        case,
        number=_next_number(case.fiscal_year),
        state=CaseState.DRAFT,
        revision=1,
        version=1,
        drafted_by_id=by.person_id,
        replaces_id=case.id,
        **dict.fromkeys(("id", "reply_due_on", "sent_on", "agreed_at")),
    )
    db.session.add(new)
    db.session.flush()
    db.session.add_all(_copy(part, id=None, case_id=new.id) for part in dossier.parts)
    db.session.add_all(_copy(share, case_id=new.id) for share in dossier.shares.values())
    note(new, "started", f"{named(case)}を差し替える案を作りました。", by=by, at=at)
    db.session.commit()
    return new


def _apply(case: CostCase, proposal: Proposal, outcome: Outcome, by: Actor) -> None:
    """Writes the content of a case over what it was; whoever does is its drafter from now on."""
    ids = {town.name: town.id for town in areas.towns()}
    case.title, case.stage = _one_line(proposal.title), proposal.stage
    case.total_yen, case.subsidy_yen = proposal.total_yen, proposal.subsidy_yen
    case.work = proposal.work.strip()
    case.rounding_unit = proposal.rounding.unit
    case.rounding_mode = proposal.rounding.mode
    case.remainder_id = ids.get(proposal.remainder)
    case.drafted_by_id = by.person_id
    # Parts alone may have changed: the version counts them too.
    flag_modified(case, "title")
    db.session.execute(delete(CostPart).where(CostPart.case_id == case.id))
    db.session.execute(delete(Share).where(Share.case_id == case.id))
    for part in outcome.parts:
        part.case_id = case.id
    db.session.add_all(outcome.parts)
    db.session.add_all(
        Share(
            case_id=case.id,
            municipality_id=ids[line.municipality],
            parts=[_p_over_q(value) for value in line.parts],
            exact=_p_over_q(line.exact),
            rounded_yen=line.rounded,
            share_yen=line.share,
        )
        for line in outcome.split.lines
    )
    db.session.flush()


def _next_number(fiscal_year: int) -> int:
    """The next number of the year; whoever asks at the same moment waits for the commit."""
    db.session.execute(select(Area.id).with_for_update())
    last = select(func.max(CostCase.number)).where(CostCase.fiscal_year == fiscal_year)
    return (db.session.scalar(last) or 0) + 1


def _copy(row: R, **changes: Any) -> R:
    """A new row with the values of another, but for the changes."""
    columns = {one.key: getattr(row, one.key) for one in row.__mapper__.column_attrs}
    return type(row)(**{**columns, **changes})


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _p_over_q(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
