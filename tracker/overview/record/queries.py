"""Whether the record holds, whether the decisions are what it says of them, and who reads it."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    and_,
    case,
    cast,
    exists,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from tracker.accounts.models import Handover, OutsideChange, Person, Post
from tracker.cost_sharing import queries as costs
from tracker.cost_sharing.models import CostCase
from tracker.kernel.permissions import Actor, Reach
from tracker.mail.letters import Letter
from tracker.meetings import queries as meetings
from tracker.meetings.models import MeetingSeat
from tracker.overview.record.rules import HOLDING, readable_kinds, reads_all
from tracker.plumbing import chain, history, uploads
from tracker.plumbing.chain import Problem, RecordCheck
from tracker.plumbing.db import db
from tracker.plumbing.history import HistoryEntry
from tracker.projects import queries as projects
from tracker.projects.models import ProgressReport, Project
from tracker.projects.rules import REPORTED

KEPT = "history.decisions_kept"
Read = Callable[[Collection[int] | None], Mapping[Any, Any]]
# The kinds of subject that are decided, each with what it is held by once it is.
DECIDED: Mapping[str, Read] = {
    "cost_case": costs.decided,
    "report": projects.decided,
    "meeting": meetings.attended,
    "held_view": meetings.viewed,
}


def standing() -> dict[str, str]:
    """The digest of every decision that stands, and of every attachment, by kind/identifier."""
    return {
        f"{kind}/{id_}": chain.digest(content)
        for kind, read in DECIDED.items()
        for id_, content in read(None).items()
    } | {f"attachment/{id_}": chain.digest(one) for id_, one in uploads.held().items()}


def kept(entries: Iterable[Mapping[str, Any]]) -> dict[str, str | None]:
    """The newest digest that the record holds of each; None of an attachment that was removed."""
    found: dict[str, str | None] = {}
    for entry in entries:
        after = (entry["payload"] or {}).get("after", {})
        if entry["verb"] == KEPT:
            found.update(after["digests"])
        elif entry["subject_kind"] in DECIDED and "digest" in after:
            found[f"{entry['subject_kind']}/{entry['subject_id']}"] = after["digest"]
        if entry["verb"].endswith(uploads.VERBS):
            for id_, told in uploads.recorded(after).items():
                found[f"attachment/{id_}"] = chain.digest(told) if told else None
    return found


def verdict(head: str | None = None) -> RecordCheck:
    """What is wrong with the record, and with the decisions it holds digests of.

    `head` is one noted before, N-HASH or a bare hash (contracts.md, "Trust").
    """
    held: dict[str, str | None] = {}

    def noting() -> Iterator[Mapping[str, Any]]:
        for entry in history.plain():
            held.update(kept([entry]))
            yield entry

    found, now = chain.check(noting(), head), standing()
    names = {f"cost_case/{id_}": one["case"] for id_, one in costs.decided(None).items()}
    changed = [
        Problem("decision_changed", f"{one} {names.get(one, '')}".strip())
        for one in sorted(held.keys() | now.keys())
        if held.get(one) != now.get(one)
    ]
    return found._replace(problems=[*found.problems, *changed])


# --- who reads what -----------------------------------------------------------------------------


class _Concerning(NamedTuple):
    """Subjects that concern one municipality: their key, its id, and which the whole area reads."""

    key: InstrumentedAttribute[int]
    town: InstrumentedAttribute[Any]
    shown: ColumnElement[bool] | None = None
    joined: ColumnElement[bool] = true()


_TOWNS: Mapping[str, _Concerning] = {
    "report": _Concerning(
        ProgressReport.id, ProgressReport.municipality_id, ProgressReport.state.in_(REPORTED)
    ),
    "cost_case": _Concerning(
        CostCase.id,
        Project.lead_municipality_id,
        CostCase.sent_on.is_not(None),
        CostCase.project_id == Project.id,
    ),
    "seat": _Concerning(MeetingSeat.id, MeetingSeat.municipality_id),
    "post": _Concerning(Post.id, Post.municipality_id),
    "account": _Concerning(Person.id, Post.municipality_id, None, Person.post_id == Post.id),
    "handover": _Concerning(
        Handover.post_id, Post.municipality_id, None, Handover.post_id == Post.id
    ),
    "outside_change": _Concerning(
        OutsideChange.id, Post.municipality_id, None, OutsideChange.post_id == Post.id
    ),
    "letter": _Concerning(Letter.id, Letter.municipality_id),
}


def open_to(actor: Actor) -> ColumnElement[bool]:
    """The condition under which somebody may read an entry's sentence and values.

    Those of subjects that they may read (`rules.READ_BY`).  What was done with a cost case before
    it was sent stays with those who drafted it; a disposal is read with what it disposed of.
    """
    if reads_all(actor):
        return true()
    disposed = aliased(HistoryEntry)
    # Other subjects are called by what is no number.
    number = case(
        (HistoryEntry.subject_kind == "history", cast(HistoryEntry.subject_id, BigInteger))
    )
    return or_(
        _is_open(HistoryEntry, actor),
        HistoryEntry.verb.in_((KEPT, history.VERIFIED)),
        and_(
            HistoryEntry.verb == chain.DISPOSED,
            exists().where(disposed.number == number, _is_open(disposed, actor)),
        ),
    )


def _is_open(entry: type[HistoryEntry], actor: Actor) -> ColumnElement[bool]:
    own = readable_kinds(actor, Reach.OWN)
    conditions: list[ColumnElement[bool]] = [
        entry.subject_kind.in_(readable_kinds(actor, Reach.ANY))
    ]
    for kind, one in _TOWNS.items():
        ids = select(cast(one.key, String)).where(one.joined)
        is_kind = entry.subject_kind == kind
        if one.shown is not None:
            shown = entry.subject_id.in_(ids.where(one.shown))
            conditions.append(and_(is_kind, shown, _was_sent(entry, kind)))
        if kind in own:
            mine = entry.subject_id.in_(ids.where(one.town == actor.municipality_id))
            told = entry.verb.in_(HOLDING) if kind == "account" else true()
            conditions.append(and_(is_kind, mine, told))
    return or_(*conditions)


def _was_sent(entry: type[HistoryEntry], kind: str) -> ColumnElement[bool]:
    """Whether the entry is of the time since its case was sent; of other subjects true."""
    if kind != "cost_case":
        return true()
    sent = aliased(HistoryEntry)
    return exists().where(
        sent.subject_kind == kind,
        sent.subject_id == entry.subject_id,
        sent.id <= entry.id,
        sent.verb == "cost.sent",
    )


def exported(actor: Actor | None = None) -> Iterator[str]:
    """The record as `docs/verify_history.py` reads it: one entry a line, many lines at a time.

    For a person, of entries that they may not read the links alone.  Between the parts no
    transaction stays open: the record only grows, and a disposal stands behind what it blanked.
    """
    readable, since = open_to(actor) if actor else None, 0
    while entries := list(islice(history.plain(since, readable), history.CHUNK)):
        since = entries[-1]["id"]
        db.session.rollback()
        for one in entries:
            del one["id"]
        yield "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in entries)
