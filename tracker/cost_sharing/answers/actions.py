"""Takes both sides' word on a case: a 確認 or an opinion, never a 決裁 (Art. 4(2))."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from tracker.chain.rules import digest
from tracker.cost_sharing import queries
from tracker.cost_sharing.answers import letters, rules
from tracker.cost_sharing.answers.queries import decided
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.cases.rules import check_step
from tracker.cost_sharing.models import Confirmation, CostCase, CostPart
from tracker.cost_sharing.rules import CaseNumber, CaseState, Decision, Pair
from tracker.figures.models import FigureSeries
from tracker.kernel.translation import N_, _
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Act, Conflict, Stale, check_revision
from tracker.plumbing.db import db

CHANGED = N_(
    "まだお答えを受け付けていません。変わったところを確かめてから、もう一度お答えください。"
)
STRUCK = N_(
    "割り方に使った基礎数値が取り消されたため、まだお答えを受け付けていません。"
    "取り消した理由を確かめてから、もう一度お答えください。"
)


def confirm(act: Act, row: CostCase, comment: str = "", seen: str | None = None) -> None:
    """Confirms for the actor's municipality: a town its pair, the hub all its pairs at once.

    With the last side's word the case is agreed, and one that it replaces is replaced.
    `seen` is what the page had shown (`rules.shown`): only that is confirmed.
    Raises Refusal as `rules.check_confirm` does, Conflict for other amounts, and where base
    figures of the formula were struck meanwhile.
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


def _is_drafter(act: Act, case: Case) -> bool:
    return act.person.person_id in {one.person_id for one in queries.drafters(case)}


def _replaced(act: Act, row: CostCase, by_case: CaseNumber) -> None:
    check_step(row.state, CaseState.REPLACED)
    with act.change("cost.replaced", row, f"{row.named}は、{by_case.label}に差し替えられました。"):
        row.state = CaseState.REPLACED


def _take_to_answer(act: Act, row: CostCase, seen: str | None) -> tuple[Case, CostCase | None]:
    """Locks a case, the base figures it took, and the one it replaces, which changes with the last
    word.

    The words of others do not matter to a side that answers, other amounts do, and so does that
    figures were struck which the page had shown as good.
    """
    replaced = db.session.get(CostCase, row.replaces_id) if row.replaces_id else None
    act.lock(*((one, None) for one in (row, replaced, *_series_of(row)) if one))
    revision, struck = rules.read_shown(seen)
    check_revision(act, row, row.revision, revision, "cost.changed", _(CHANGED))
    case = queries.of(row, act.today)
    new = [
        one for one in queries.struck_series(case) if seen is not None and str(one.id) not in struck
    ]
    if new:
        raise Conflict([Stale(one.name, one.struck_by, one.struck_at) for one in new], _(STRUCK))
    return case, replaced


def _series_of(row: CostCase) -> Sequence[FigureSeries]:
    ids = select(CostPart.series_id).where(CostPart.case_id == row.id)
    return db.session.scalars(select(FigureSeries).where(FigureSeries.id.in_(ids))).all()


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
        check_step(row.state, wanted)
        row.state = wanted
