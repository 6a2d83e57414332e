"""Whether the record holds, and whether the decisions are what it says of them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from tracker.annual_duty import queries as annual_duty
from tracker.attachments import uploads
from tracker.chain import rules as chain
from tracker.chain.rules import Problem, RecordCheck
from tracker.cost_sharing.answers import queries as costs
from tracker.history import history
from tracker.meetings import queries as meetings
from tracker.meetings.minutes import queries as minutes
from tracker.projects import queries as projects
from tracker.questions import queries as questions

KEPT = "history.decisions_kept"
Read = Callable[[Collection[int] | None], Mapping[Any, Any]]
# The kinds of subject that are decided, each with what it is held by once it is.
DECIDED: Mapping[str, Read] = {
    "cost_case": costs.decided,
    "report": projects.decided,
    "meeting": meetings.attended,
    "held_view": annual_duty.viewed,
    "minutes": minutes.minuted,
    "question": questions.decided,
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
