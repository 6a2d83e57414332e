"""The example's projects: public names, and figures made up around the public results.

Of each project the public pages tell the name, of some the results of one year; those stand
in figures.csv as last year's values, and all words in projects.csv.  Measure,
budget, indicator and target are nowhere public.
"""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tracker.projects.plans.rules import IndicatorText

MADE_UP = "（例示）"
SOURCE = "事業名は青森市の公表資料によるもので、施策の位置付け、金額、指標、報告は例示です。"


class ExampleProject(NamedTuple):
    """A project led by the hub; `told` is what its reports tell."""

    name: str
    measure: str
    section: str
    summary: str
    told: str
    indicator: IndicatorText

    @property
    def whole_summary(self) -> str:
        """The summary, and what of it is public."""
        return self.summary if self.name.endswith(MADE_UP) else f"{self.summary}\n{SOURCE}"


class Figures(NamedTuple):
    """One municipality's part: the year's budget in thousand yen, its target, what it counted.

    `last_half` and `last_year` are the year before, `half` is 上期 of the present year.
    """

    budget: int
    target: int
    last_half: int
    last_year: int
    half: int


@cache
def figures() -> Mapping[str, Mapping[str, Figures]]:
    """What stands in figures.csv: by project and municipality, both by name."""
    found: dict[str, dict[str, Figures]] = {}
    for project, town, *numbers in _rows("figures.csv"):
        found.setdefault(project, {})[town] = Figures(*map(int, numbers))
    return found


@cache
def projects() -> Mapping[str, ExampleProject]:
    """What stands in projects.csv: by name, in the order of the annex."""
    made = ([*row[:5], IndicatorText(row[5], row[6], row[7])] for row in _rows("projects.csv"))
    return {one.name: one for one in map(ExampleProject._make, made)}


def _rows(name: str) -> list[list[str]]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]
