"""What a municipality's year adds up to, and which projects to watch; pure."""

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from tracker.kernel.fiscal_year import FiscalYear
from tracker.overview.rules import LATE, SAID_ORDER
from tracker.projects.report import Report, Round
from tracker.projects.rules import CELL_ORDER, Cell, CellState, cell


class Submitted(NamedTuple):
    """How many of the reports asked for have come."""

    done: int
    asked: int

    @property
    def left(self) -> int:
        """残り."""
        return self.asked - self.done


def submitted(parts: Iterable[Report]) -> Submitted:
    """Counts the reports of the parts; a year called off asks for none."""
    asked = [part for part in parts if part.is_asked]
    return Submitted(sum(part.is_reported for part in asked), len(asked))


Told = tuple[Round, Submitted, str]


def by_year(rounds: Iterable[Told], this: FiscalYear) -> list[tuple[FiscalYear, list[Told]]]:
    """The rounds that ask for something, by their fiscal year, oldest first; `this` year ends it.

    Rounds in order; each with how much has come and how the projects stand.
    """
    wanted = [one for one in rounds if one[1].asked]
    found = {
        year: list(own) for year, own in groupby(wanted, lambda one: one[0].period.fiscal_year)
    }
    return sorted(({this: []} | found).items())


def said(parts: Iterable[Report]) -> str:
    """「順調 21、やや遅れ 1、未報告 3」; states nobody is in are left out."""
    counts = Counter(part.standing for part in parts)
    return "、".join(f"{one.label} {counts[one]}" for one in SAID_ORDER if counts[one])


class Watched(NamedTuple):
    """A project to watch, with the municipalities where it is behind, in their order."""

    project_id: int
    project: str
    state: CellState
    towns: tuple[str, ...]


def watched(parts: Iterable[Report]) -> tuple[Watched, ...]:
    """気をつけたい事業: late before slightly late, else in the order given; once each."""
    behind: dict[tuple[int, str], list[Report]] = {}
    for part in parts:
        if part.standing in LATE:
            behind.setdefault((part.project_id, part.project), []).append(part)
    found = []
    for (id_, name), own in behind.items():
        worst = min((part.standing for part in own), key=LATE.index)
        found.append(
            Watched(id_, name, worst, tuple(p.town.slug for p in own if p.standing is worst))
        )
    return tuple(sorted(found, key=lambda one: LATE.index(one.state)))


class Led(NamedTuple):
    """A project of a section, with how it stands over all its municipalities."""

    project_id: int
    project: str
    cell: Cell


def led(parts: Iterable[Report], post_id: int) -> tuple[Led, ...]:
    """自課の事業: the projects that post leads, those to notice first."""
    states: dict[tuple[int, str], list[CellState]] = {}
    for part in parts:
        if part.lead_post_id == post_id:
            states.setdefault((part.project_id, part.project), []).append(part.standing)
    found = (Led(*project, cell(own)) for project, own in states.items())
    return tuple(sorted(found, key=lambda one: CELL_ORDER.index(one.cell.state)))
