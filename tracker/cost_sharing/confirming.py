"""One side's word on the amounts: confirmed, or returned with an opinion; never a 決裁."""

from collections.abc import Iterable
from datetime import datetime

from tracker.cost_sharing import mailing, rules
from tracker.cost_sharing.dossier import Dossier
from tracker.cost_sharing.models import Confirmation, CostCase
from tracker.cost_sharing.record import named, note, reread, take
from tracker.cost_sharing.rules import CaseState, Decision, Pair
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.plumbing.db import db

OTHER_AMOUNTS = "案が変わりました。最新の内容を確かめてから、もう一度お選びください。"


def confirm(
    case: CostCase, comment: str = "", *, revision: int | None = None, by: Actor, at: datetime
) -> None:
    """Confirms for the actor's municipality: a town its pair, the hub all its pairs at once.

    With the last side's word the case is agreed, and one that it replaces is replaced.
    Raises Refusal as `rules.check_confirm` does, and for other amounts than those shown.
    """
    dossier = _taken(case, revision)
    left = rules.check_confirm(
        case.state,
        confirmer_id=by.person_id,
        drafter_id=case.drafted_by_id,
        municipality=by.municipality_id,
        pairs=dossier.pairs,
        decisions=dossier.decisions,
        revision=case.revision,
    )
    _answer(dossier, left, Decision.CONFIRMED, comment, by=by, at=at)
    yen = dossier.share_yen(by.municipality_id)
    sentence = f"{by.municipality_name}が{named(case)}の内容を確認しました。"
    note(case, "confirmed", sentence, after={"share_yen": yen, "comment": comment}, by=by, at=at)
    _move(case, by=by, at=at)
    db.session.commit()


def give_back(
    case: CostCase, opinion: str, *, revision: int | None = None, by: Actor, at: datetime
) -> None:
    """Returns the amounts with an opinion, by letter to whoever drafted them.

    Raises Refusal as `rules.check_return` does, and for other amounts than those shown.
    """
    dossier = _taken(case, revision)
    own = rules.check_return(
        case.state,
        confirmer_id=by.person_id,
        drafter_id=case.drafted_by_id,
        municipality=by.municipality_id,
        pairs=dossier.pairs,
        opinion=opinion,
    )
    _answer(dossier, own, Decision.RETURNED, opinion, by=by, at=at)
    sentence = f"{by.municipality_name}が{named(case)}に意見を付けて戻しました。"
    entry = note(case, "returned", sentence, after={"opinion": opinion}, by=by, at=at)
    _move(case, by=by, at=at)
    # Returned twice means two letters: the cause is this answer, not the case.
    cause = f"cost_returned:{case.id}:{entry.id}"
    mailing.put_returned(dossier, by.municipality_name, opinion, cause=cause, at=at)
    db.session.commit()


def _taken(case: CostCase, revision: int | None) -> Dossier:
    dossier = take(case)
    if revision is not None and revision != case.revision:
        raise Refusal(OTHER_AMOUNTS)
    if case.replaces_id:
        # It changes with the last word: locked in the same order as everywhere, rows before history.
        db.session.get(CostCase, case.replaces_id, with_for_update=True)
    return dossier


def _answer(
    dossier: Dossier,
    pairs: Iterable[Pair],
    decision: Decision,
    words: str,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """One row per agreement; a later word of the same side takes the place of the earlier."""
    for pair in pairs:
        row = dossier.answers.get((pair.agreement, by.municipality_id))
        if row is None:
            row = Confirmation(
                case_id=dossier.case.id,
                agreement_id=pair.agreement,
                municipality_id=by.municipality_id,
                revision=dossier.case.revision,
            )
            db.session.add(row)
        row.decision, row.opinion = decision, words.strip() or None
        row.person_id, row.person_name, row.decided_at = by.person_id, by.name, at
    db.session.flush()


def _move(case: CostCase, *, by: Actor, at: datetime) -> None:
    """Brings the case to what the answers make of it; agreed, it tells everybody."""
    dossier = reread(case)
    wanted = rules.state(dossier.pairs, dossier.decisions, case.revision)
    if wanted is case.state:
        return
    rules.check_step(case.state, wanted)
    case.state = wanted
    if wanted is not CaseState.AGREED:
        return
    case.agreed_at = at
    note(case, "agreed", f"{named(case)}は、すべての双方の確認がそろいました。", by=by, at=at)
    mailing.put_agreed(dossier, at=at)
    replaced = db.session.get(CostCase, case.replaces_id) if case.replaces_id else None
    if replaced:
        rules.check_step(replaced.state, CaseState.REPLACED)
        replaced.state = CaseState.REPLACED
        sentence = f"{named(replaced)}は、{case.no.label}に差し替えられました。"
        note(replaced, "replaced", sentence, by=by, at=at)
