"""What a drafter proposes, and what comes out of it; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from tracker.cost_sharing.case import Case
from tracker.cost_sharing.formula.split import Line, Rounding, Split, amount_to_share, split
from tracker.cost_sharing.formula.table import (
    PartSource,
    SplitTable,
    formula_words,
    part_of,
    rounding_words,
    split_table,
)
from tracker.cost_sharing.rules import CaseKind, PartKind, Stage
from tracker.kernel.refusal import Refusal
from tracker.kernel.yen import yen


@dataclass(frozen=True)
class ProposedPart:
    """One part before its figures are frozen; municipalities by name.

    percent: of what the fixed amounts leave. values: weights, or yen of fixed amounts.
    """

    kind: PartKind
    percent: Decimal | None = None
    series_id: int | None = None
    values: Mapping[str, int] | None = None
    only: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Proposal:
    """All of a case that asks every side again once it changes; amounts in yen.

    participants: the names of those who take part, in the order of the codes. remainder: one of
    them, or `LARGEST_REMAINDER`. work: who does what and how much, where no yen are shared.
    """

    kind: CaseKind
    title: str
    stage: Stage
    participants: tuple[str, ...]
    total_yen: int
    subsidy_yen: int
    parts: tuple[ProposedPart, ...]
    rounding: Rounding
    remainder: str
    work: str = ""

    @property
    def series_ids(self) -> tuple[int, ...]:
        """The series of base figures that its parts name."""
        return tuple(part.series_id for part in self.parts if part.series_id)


class Series(NamedTuple):
    """A series of base figures by municipality's name, with its source in words."""

    unit: str
    source: str
    values: Mapping[str, int]


@dataclass(frozen=True)
class Grounds:
    """What a proposal is worked out on: the partners (names), those of them bound by an agreement
    in force, and the base figures it names, by their series' id.
    """

    partners: tuple[str, ...]
    bound: frozenset[str]
    series: Mapping[int, Series]


@dataclass(frozen=True)
class Outcome:
    """The parts with their figures frozen, and the shares they give."""

    parts: tuple[PartSource, ...]
    split: Split


def work_out(proposal: Proposal, grounds: Grounds) -> Outcome:
    """Freezes the base figures and divides the amount; for work nothing is divided.

    Raises Refusal for a partner without an agreement in force, and as `split` does.
    """
    check_participants(proposal.participants, grounds)
    if proposal.kind is CaseKind.WORK:
        lines = tuple(Line(name, (), Fraction(), 0, 0) for name in proposal.participants)
        return Outcome((), Split(lines, 0))
    amount_yen = amount_to_share(proposal.total_yen, proposal.subsidy_yen)
    parts = tuple(_frozen(part, proposal.participants, grounds) for part in proposal.parts)
    divided = split(
        amount_yen,
        proposal.participants,
        [one.part for one in parts],
        proposal.rounding,
        proposal.remainder,
    )
    return Outcome(parts, divided)


def table_of(proposal: Proposal, outcome: Outcome) -> SplitTable | None:
    """The outcome as people read it; None for work."""
    if proposal.kind is CaseKind.WORK:
        return None
    return split_table(outcome.split, outcome.parts, proposal.remainder)


class Change(NamedTuple):
    """One item of a case now and as proposed."""

    label: str
    before: str
    after: str
    changed: bool


def compare(case: Case, proposal: Proposal, outcome: Outcome, order: Sequence[str]) -> list[Change]:
    """Each item of a case now and as proposed; `order` is that of the municipalities' names."""
    now, then = {town.name: yen(share) for town, share in case.shares.items()}, outcome.split.shares
    rows = [
        ("件名", case.title, proposal.title),
        ("段階", case.stage.label, proposal.stage.label),
    ]
    if proposal.kind is CaseKind.WORK:
        rows += [
            ("だれが・何を・どれだけ", case.work, proposal.work),
            ("分担する市町村", "・".join(now), "・".join(then)),
        ]
    else:
        rounding = rounding_words(proposal.rounding, proposal.remainder)
        rows += [
            ("総事業費", yen(case.total_yen), yen(proposal.total_yen)),
            ("国・県などの補助", yen(case.subsidy_yen), yen(proposal.subsidy_yen)),
            ("割り方", formula_words(case.parts), formula_words(outcome.parts)),
            ("端数", case.rounding_words, rounding),
        ]
        rows += [
            (
                f"{name}の負担額",
                now.get(name, "なし"),
                yen(then[name]) if name in then else "なし",
            )
            for name in order
            if name in now or name in then
        ]
    return [Change(label, old, new, old != new) for label, old, new in rows]


def check_participants(names: Sequence[str], grounds: Grounds) -> None:
    """Refuses a case without a partner, and a partner without an agreement in force."""
    partners = [name for name in grounds.partners if name in names]
    if not partners:
        raise Refusal("分担する町村を1つ以上選んでください。", field="participants")
    for name in partners:
        if name not in grounds.bound:
            raise Refusal(
                f"{name}との間に、今、効力のある連携協約がありません。"
                f"{name}を外すか、先に協約を取り込んでください。",
                field="participants",
            )


def _frozen(part: ProposedPart, participants: Sequence[str], grounds: Grounds) -> PartSource:
    """The part as it will be stored: figures copied in, with source and day."""
    percent = None if part.percent is None else f"{part.percent.normalize():f}"
    only = None if part.only is None else [part.only]
    series = grounds.series.get(part.series_id or 0)
    if series is None:
        return PartSource(part_of(part.kind, percent, part.values, only), "", part.reason)
    values = {name: series.values[name] for name in participants if name in series.values}
    of = part_of(part.kind, percent, values, only)
    return PartSource(of, series.unit, series.source, part.series_id)
