"""What a drafter proposes, and what comes out of it; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from tracker.cost_sharing.case import Case
from tracker.cost_sharing.formula.split import Rounding, ShareLine, amount_to_share, split
from tracker.cost_sharing.formula.table import PartSource, part_of
from tracker.cost_sharing.rules import PartKind, Stage
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities.rules import Town


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
    """What a proposal is worked out on: all municipalities, the partners (names) bound by an
    agreement in force, and the base figures it names, by their series' id.
    """

    towns: Sequence[Town]
    bound: frozenset[str]
    series: Mapping[int, Series]


def work_out(case: Case, proposal: Proposal, grounds: Grounds) -> Case:
    """The case as it would be: base figures frozen, the amount divided; for work nothing is.

    Raises Refusal for a partner without an agreement in force, and as `split` does.
    """
    names = proposal.participants
    check_participants(names, grounds)
    parts: tuple[PartSource, ...] = ()
    lines = tuple(ShareLine(name, (), Fraction(), 0, 0) for name in names)
    if case.is_money:
        amount_yen = amount_to_share(proposal.total_yen, proposal.subsidy_yen)
        parts = tuple(_frozen(part, names, grounds) for part in proposal.parts)
        of = [one.part for one in parts]
        codes = {town.name: town.code for town in grounds.towns}
        how = proposal.rounding, proposal.remainder
        lines = split(amount_yen, names, of, *how, codes=codes).lines
    towns = {town.name: town for town in grounds.towns}
    return replace(
        case,
        title=proposal.title,
        stage=proposal.stage,
        total_yen=proposal.total_yen,
        subsidy_yen=proposal.subsidy_yen,
        work=proposal.work,
        rounding=proposal.rounding,
        remainder=proposal.remainder,
        shares={towns[line.municipality]: line.share for line in lines},
        parts=parts,
        lines=lines,
    )


def check_participants(names: Sequence[str], grounds: Grounds) -> None:
    """Refuses a case without a partner, and a partner without an agreement in force."""
    partners = [one.name for one in grounds.towns if one.name in names and not one.is_hub]
    if not partners:
        raise Refusal(_("分担する町村を1つ以上選んでください。"), field="participants")
    for name in partners:
        if name not in grounds.bound:
            raise Refusal(
                _(
                    "%(name)sとの間に、今、効力のある連携協約がありません。%(name)sを外すか、"
                    "先に協約を取り込んでください。",
                    name=name,
                ),
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
