"""The table of work on paper, and what of it stands in the memorandum of a pair."""

from collections.abc import Mapping
from decimal import Decimal

from tracker.cost_sharing.case import Case
from tracker.cost_sharing.rules import CaseKind
from tracker.cost_sharing.work.rules import WorkRow, WorkTotal, by_town
from tracker.municipalities.rules import Town
from tracker.papers.kinds import Amount, Cell, Grid
from tracker.shares.split import Figure, in_digits


def work_table(case: Case) -> Grid:
    """One row a municipality's task; what was done beside what was promised, where it is told."""
    is_told = any(row.done for row in case.rows)

    def cells(row: WorkRow | WorkTotal) -> list[Cell]:
        if not is_told:
            return [_amount(row.promised.fraction), row.unit]
        done, more = row.done and row.done.fraction, row.difference
        return [
            _amount(row.promised.fraction),
            row.unit,
            None if done is None else _amount(done),
            None if more is None else _amount(more)._replace(signed=True, is_bold=True),
        ]

    heads = ("市町村", "何を", "どれだけ", "単位", *(("実績", "差") if is_told else ()))
    rows: list[list[Cell]] = [[row.town.name, row.what, *cells(row)] for row in case.rows]
    rows += [["合計", "", *cells(one)] for one in case.totals]
    return Grid(heads, rows, (1.6, 4, 1.2, 0.9, *((1.2, 1.2) if is_told else ())))


def _amount(value: Figure) -> Amount:
    told = Decimal(in_digits(value))
    return Amount(int(told) if told == int(told) else told)


def tasks(case: Case, sides: Mapping[Town, str]) -> str:
    """What each party takes on; the words of a case without a table."""
    if case.kind is CaseKind.NONE:
        return f"甲及び乙は、前条の費用を分担しないものとする。\n　　理由　{case.work}"
    if not case.rows:
        return case.work
    rows = by_town(case.rows)
    told = [
        f"　　{side}　{'、'.join(row.told for row in rows[town]) if town in rows else '（なし）'}"
        for town, side in sides.items()
    ]
    return "\n".join(
        [
            "甲及び乙は、次に掲げる手続及び人員をそれぞれ負担する。",
            *told,
            *filter(None, [case.work]),
        ]
    )
