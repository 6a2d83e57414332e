"""Takes a case in hand for a change, and records what was done with it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tracker.cost_sharing import queries
from tracker.cost_sharing.dossier import Dossier
from tracker.cost_sharing.models import CostCase
from tracker.kernel.permissions import Actor
from tracker.kernel.refusal import Refusal
from tracker.plumbing import history
from tracker.plumbing.db import db
from tracker.plumbing.forms import CONFLICT
from tracker.plumbing.history import HistoryEntry, Subject


def take(case: CostCase, version: int | None = None) -> Dossier:
    """Locks a case until the commit, so that of two answers at one moment both count.

    Raises Refusal when it is no longer the `version` that the page had shown.
    """
    db.session.refresh(case, with_for_update=True)
    if version is not None and case.version != version:
        raise Refusal(CONFLICT)
    return reread(case)


def reread(case: CostCase) -> Dossier:
    """The case as it stands within this transaction."""
    found = queries.find(case.no)
    if found is None:
        raise LookupError(f"case {case.no} is gone")
    return found


def named(case: CostCase) -> str:
    """「費用負担 第8-04号「東青地域移住促進事業の費用負担」」, for the record."""
    return f"費用負担 {case.no.label}「{case.title}」"


def note(
    case: CostCase,
    verb: str,
    sentence: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    *,
    by: Actor,
    at: datetime,
) -> HistoryEntry:
    """Records what was done with a case."""
    subject = Subject("cost_case", str(case.no))
    return history.record(by, f"cost.{verb}", subject, sentence, at=at, before=before, after=after)


def content_of(dossier: Dossier) -> dict[str, Any]:
    """All that both sides confirm, as plain values: for the record, and to see what changed."""
    case = dossier.case
    return {
        "title": case.title,
        "stage": case.stage.value,
        "total_yen": case.total_yen,
        "subsidy_yen": case.subsidy_yen,
        "work": case.work,
        "parts": [
            [part.kind.value, part.percent, part.values, part.only, part.source]
            for part in dossier.parts
        ],
        "rounding": dossier.rounding_words,
        "shares": {town.name: dossier.share_yen(town.id) for town in dossier.takers},
    }
