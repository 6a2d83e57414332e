"""Checks an exported record of 連携協約 進行管理: python verify_history.py FILE [--head HEAD].

One file of plain Python, which needs nothing of the product: `tracker history export` writes the
file, one entry a line, oldest first; the product itself checks its database by the same rules
(contracts.md, "Trust").  HEAD is what somebody noted before, N-HASH or a bare hash.  Exit code 0
when the record holds, 1 otherwise.

Format 2: hash = sha256 of [2, number, previous, at, person_id, actor, municipality, verb,
subject_kind, subject_id, summary_hash, payload_hash] as JSON without blanks, keys sorted;
summary_hash and payload_hash are sha256 of [salt, summary] and [salt, payload], so that both may be
blanked by a recorded disposal.  Entries without summary_hash are of format 1: the sentence itself
is hashed, the number is not.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from typing import Any, NamedTuple

DISPOSED = "history.disposed"
_WHO = ("person_id", "actor", "municipality", "verb", "subject_kind", "subject_id")
_FARTHEST = 1000


class Problem(NamedTuple):
    """One thing that is wrong with a record, and at which entry or subject."""

    kind: str
    where: str


class RecordCheck(NamedTuple):
    """How many entries a record has, its head (N-HASH), and what is wrong with it."""

    entries: int
    head: str
    problems: list[Problem]


def digest(value: Any) -> str:
    """sha256 of a plain value as JSON without blanks, keys sorted, in hex."""
    plain = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def link(entry: Mapping[str, Any]) -> str:
    """The hash that an entry must have; `at` is ISO 8601 with its zone."""
    who = [entry[name] for name in _WHO]
    if entry["summary_hash"] is None:
        parts = [entry["previous"], entry["at"], *who, entry["summary"], entry["payload_hash"]]
    else:
        hashes = entry["summary_hash"], entry["payload_hash"]
        parts = [2, entry["number"], entry["previous"], entry["at"], *who, *hashes]
    return digest(parts)


def rest_of(entry: Mapping[str, Any]) -> str:
    """What a disposal keeps of an entry: the digest of all that is not disposed of."""
    kept = ("number", "previous", "at", *_WHO, "summary_hash", "payload_hash", "hash")
    return digest([entry[name] for name in kept])


@dataclass(eq=False)
class _Fact:
    """What matters of an entry; `entry` itself is kept where something does not fit."""

    place: int
    number: int
    previous: str | None
    hash: str
    fits: bool = True
    is_blank: bool = False
    is_changed: bool = False
    entry: Mapping[str, Any] = field(default_factory=dict)


def check(entries: Iterable[Mapping[str, Any]], head: str | None = None) -> RecordCheck:
    """Walks a record in the order in which it was written, and names what was done to it.

    An entry of number, previous and hash alone (withheld) is followed by its links.
    """
    facts: list[_Fact] = []
    disposed: dict[str, str] = {}
    for place, entry in enumerate(entries):
        facts.append(fact := _fact(place, entry))
        if entry.get("verb") == DISPOSED and fact.fits and not fact.is_changed:
            after = (entry["payload"] or {}).get("after", {})
            disposed[entry["subject_id"]] = after.get("rest", "")
    problems = [] if _is_plain(facts) else _explain(facts)
    for fact in facts:
        if fact.is_blank and disposed.get(str(fact.number)) != rest_of(fact.entry):
            problems.append(Problem("blanked", str(fact.number)))
    last = max(facts, key=lambda one: one.number, default=None)
    problems += _against(head, facts, problems)
    return RecordCheck(len(facts), f"{last.number}-{last.hash}" if last else "0-", problems)


def _fact(place: int, entry: Mapping[str, Any]) -> _Fact:
    fact = _Fact(place, int(entry["number"]), entry["previous"], entry["hash"])
    if "verb" not in entry:
        return fact
    is_old = entry["summary_hash"] is None
    salted = [] if is_old else [entry["salt"]]
    for name in ("summary", "payload"):
        value, wanted = entry[name], entry[f"{name}_hash"]
        if is_old and name == "summary":
            fact.is_blank = not value
        elif digest([*salted, value] if salted else value) != wanted:
            is_gone = value is None or value == ""
            fact.is_blank, fact.is_changed = fact.is_blank or is_gone, not is_gone
        if fact.is_changed:
            break
    # Without its sentence, an entry of format 1 is held by its disposal alone.
    fact.fits = (is_old and not entry["summary"]) or link(entry) == fact.hash
    if fact.is_blank or fact.is_changed or not fact.fits:
        fact.entry = entry
    return fact


def _is_plain(facts: list[_Fact]) -> bool:
    """Whether every entry follows the one before it."""
    last: str | None = None
    for number, fact in enumerate(facts, 1):
        if not fact.fits or fact.is_changed or (fact.number, fact.previous) != (number, last):
            return False
        last = fact.hash
    return True


def _explain(facts: list[_Fact]) -> list[Problem]:
    """Names what was done to a record whose entries do not follow each other."""
    by_number = sorted(facts, key=lambda one: (one.number, one.place))
    _mend(by_number)
    chains, loose = _chains(by_number)
    chains, inserted = _without_inserted(chains)
    problems = [Problem("inserted", str(one.number)) for one in [*loose, *inserted]]
    problems += _between(chains)
    shifts = sorted(int(one.where.split("-")[0]) for one in problems if one.kind != "changed")
    problems += _within(chains, min(shifts, default=sys.maxsize))
    problems += [
        Problem("changed", str(fact.number))
        for fact in by_number
        if fact.is_changed and ("changed", str(fact.number)) not in problems
    ]
    return problems or [Problem("changed", str(by_number[0].number))]


def _mend(by_number: list[_Fact]) -> None:
    """Where only the hash or the previous hash of an entry was changed, its links are known."""
    named = {fact.previous for fact in by_number}
    before: _Fact | None = None
    for fact in by_number:
        last = before.hash if before else None
        if not fact.fits:
            right = link(fact.entry)
            if right in named:
                fact.hash, fact.is_changed = right, True
            elif link({**fact.entry, "previous": last}) == fact.hash:
                fact.previous, fact.is_changed = last, True
        before = fact


def _chains(by_number: list[_Fact]) -> tuple[list[list[_Fact]], list[_Fact]]:
    """The pieces that hang together by their hashes; and what hangs beside them."""
    by_hash = {fact.hash: fact for fact in reversed(by_number)}
    named = {fact.previous for fact in by_number}
    after: dict[str | None, list[_Fact]] = {}
    for fact in by_number:
        after.setdefault(fact.previous, []).append(fact)
    for forked in after.values():
        # What others lean on is the older one.
        forked.sort(key=lambda one: (one.hash not in named, one.place))
    firsts = after.get(None, [])[:1]
    firsts += [one for key, many in after.items() if key and key not in by_hash for one in many]
    chains, met = [], set()
    for first in firsts:
        chain, fact = [], first
        while id(fact) not in met:
            met.add(id(fact))
            chain.append(fact)
            fact = after.get(fact.hash, [fact])[0]
        chains.append(chain)
    return chains, [fact for fact in by_number if id(fact) not in met]


def _without_inserted(chains: list[list[_Fact]]) -> tuple[list[list[_Fact]], list[_Fact]]:
    """Pieces that stand where another goes on past them, or at the end and fit nothing."""
    chains = sorted((one for one in chains if one), key=lambda one: min(f.number for f in one))
    kept, inserted = [], []
    for chain in chains:
        low, high = min(f.number for f in chain), max(f.number for f in chain)
        is_passed = any(
            len(other) > len(chain)
            and min(f.number for f in other) <= low
            and high <= max(f.number for f in other)
            for other in chains
        )
        is_stray = chain is chains[-1] and len(chains) > 1 and len(chain) == 1
        if is_passed or (is_stray and not chain[0].fits and not chain[0].is_changed):
            inserted += chain
        else:
            kept.append(chain)
    return kept, inserted


def _between(chains: list[list[_Fact]]) -> Iterator[Problem]:
    """What is missing, or was rewritten, where one piece ends and the next begins."""
    if chains and chains[0][0].previous is not None:
        chains = [[_Fact(-1, 0, None, "")], *chains]
    is_told = False
    for before, chain in pairwise(chains):
        last, first = before[-1], chain[0]
        low, gap = last.number + 1, first.number - last.number - 1
        if gap <= 0 and not first.fits:
            gap = _shift(first)
        if gap > 0:
            yield Problem("removed", str(low) if gap == 1 else f"{low}-{low + gap - 1}")
        elif not is_told:
            # An entry alone between two pieces was made anew as a whole.
            is_told = len(chain) == 1 and chain is not chains[-1]
            yield Problem("changed", str((first if is_told else last).number or first.number))
            continue
        is_told = False


def _shift(fact: _Fact) -> int:
    """By how much the number of an entry was lowered, or 1."""
    tried = range(1, _FARTHEST)
    number = fact.number
    return next((k for k in tried if link({**fact.entry, "number": number + k}) == fact.hash), 1)


def _within(chains: list[list[_Fact]], shifted: int) -> Iterator[Problem]:
    """What was moved or changed within the pieces; from `shifted` on numbers say nothing."""
    facts = [fact for chain in chains for fact in chain]
    numbers, places = sorted(f.number for f in facts), sorted(f.place for f in facts)
    moved = {
        fact.number
        for fact, number, place in zip(facts, numbers, places, strict=True)
        if (fact.number, fact.place) != (number, place)
    }
    moved |= _exchanged([fact for fact in facts if not fact.fits and fact.number not in moved])
    yield from (Problem("order", one) for one in _ranges(moved))
    shift: int | None = None
    tries = 20
    for chain in chains:
        first = chain[0].number
        for number, fact in enumerate(chain, first):
            if fact.number in moved or fact.is_changed:
                continue
            is_renumbered = fact.number != number
            is_fit = fact.fits
            if not is_fit and fact.number >= shifted:
                # All after a shift are shifted alike.
                if tries and (shift is None or not _fits(fact, shift)):
                    tries -= 1
                    near = range(-_FARTHEST, _FARTHEST)
                    shift = next((k for k in near if _fits(fact, k)), shift)
                is_fit = shift is not None and _fits(fact, shift)
            if not is_fit or (is_renumbered and fact.number < shifted):
                fact.is_changed = True


def _fits(fact: _Fact, by: int) -> bool:
    """Whether an entry has the hash of one whose number is so much higher."""
    return link({**fact.entry, "number": fact.number + by}) == fact.hash


def _exchanged(facts: list[_Fact]) -> set[int]:
    """Entries that hold what belongs to each other's hash."""
    found = set()
    for one, other in permutations(facts[:50], 2):
        place = {"number": other.number, "previous": other.previous}
        if link({**one.entry, **place}) == other.hash:
            found |= {one.number, other.number}
    return found


def _ranges(numbers: Iterable[int]) -> Iterator[str]:
    run: list[int] = []
    for number in [*sorted(numbers), sys.maxsize]:
        if run and number != run[-1] + 1:
            yield str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}"
            run = []
        run.append(number)


def _against(head: str | None, facts: list[_Fact], found: list[Problem]) -> Iterator[Problem]:
    """What a head noted before says: the same chain, a shorter one, or one made anew."""
    if not head:
        return
    number, _, wanted = head.strip().rpartition("-")
    if any(fact.hash == wanted for fact in facts):
        return
    last = max((fact.number for fact in facts), default=0)
    if number.isdigit() and int(number) > last:
        yield Problem("tail_cut", f"{last + 1}-{number}" if int(number) > last + 1 else number)
    elif not number or not any(int(one.where.split("-")[0]) <= int(number) for one in found):
        yield Problem("rechained", number or str(last))


def read(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The entries of an exported file."""
    return (json.loads(line) for line in lines if line.strip())


def main() -> int:
    """Says what the record of a file is worth."""
    parser = argparse.ArgumentParser(description="Checks an exported record.")
    parser.add_argument("file")
    parser.add_argument("--head", help="a head noted before: N-HASH or a bare hash")
    parser.add_argument("--json", action="store_true", dest="as_json")
    asked = parser.parse_args()
    with open(asked.file, encoding="utf-8") as lines:
        verdict = check(read(lines), asked.head)
    sys.stdout.write("\n".join([*told(verdict, as_json=asked.as_json), ""]))
    return 1 if verdict.problems else 0


def told(verdict: RecordCheck, *, as_json: bool) -> list[str]:
    """A verdict as lines to print: as JSON, or in words."""
    if as_json:
        problems = [one._asdict() for one in verdict.problems]
        plain = {"ok": not problems, "entries": verdict.entries, "head": verdict.head}
        return [json.dumps({**plain, "problems": problems}, ensure_ascii=False, indent=2)]
    holds = "The record holds." if not verdict.problems else "The record does not hold."
    lines = [f"{one.kind}: {one.where}" for one in verdict.problems]
    return [*lines, holds, f"{verdict.entries} entries, head {verdict.head}"]


if __name__ == "__main__":
    sys.exit(main())
