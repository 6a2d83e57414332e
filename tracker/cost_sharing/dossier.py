"""One case whole, as pages and letters read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tracker.cost_sharing.case_number import CaseNumber
from tracker.cost_sharing.models import CaseKind, Confirmation, CostCase, CostPart, Share
from tracker.cost_sharing.rules import ConfirmationFact, Decision, Pair
from tracker.cost_sharing.split import LARGEST_REMAINDER, Line, Rounding, Split
from tracker.cost_sharing.table import (
    PartSource,
    SplitTable,
    part_of,
    rounding_words,
    split_table,
)
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town


@dataclass(frozen=True)
class Dossier:
    """A case with its parts, its shares by municipality id, its pairs and their answers.

    `agreements` are by partner's id; `answers` are those to the present amounts, by agreement
    and municipality.  Shares and pairs stand in the order of the municipalities' codes.
    """

    case: CostCase
    project: str
    parts: Sequence[CostPart]
    shares: Mapping[int, Share]
    agreements: Mapping[int, Pair]
    answers: Mapping[tuple[int, int], Confirmation]
    replaces: CaseNumber | None
    replaced_by: CaseNumber | None

    @property
    def is_money(self) -> bool:
        """Whether yen are shared, not work."""
        return self.case.kind is CaseKind.MONEY

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """One pair per agreement between the hub and a municipality that takes part."""
        return tuple(self.agreements.values())

    @property
    def takers(self) -> tuple[Town, ...]:
        """The municipalities that take part."""
        return tuple(town for town in areas.towns() if town.id in self.shares)

    @property
    def parties(self) -> tuple[Town, ...]:
        """Everybody who is asked, the hub included."""
        asked = {side for pair in self.pairs for side in pair.parties}
        return tuple(town for town in areas.towns() if town.id in asked)

    @property
    def decisions(self) -> tuple[ConfirmationFact, ...]:
        """The answers as the rules take them, oldest first."""
        return tuple(
            ConfirmationFact(one.agreement_id, one.municipality_id, one.decision, one.revision)
            for one in sorted(self.answers.values(), key=lambda one: one.decided_at)
        )

    @property
    def opinions(self) -> dict[str, Confirmation]:
        """What each municipality wrote beside its answer, by its name."""
        names = areas.by_id()
        return {
            names[municipality].name: one
            for (_, municipality), one in self.answers.items()
            if one.opinion
        }

    def has_confirmed(self, municipality_id: int) -> bool:
        """Whether that side has confirmed every pair it is a party to."""
        return all(
            (answer := self.answers.get((pair.agreement, municipality_id))) is not None
            and answer.decision is Decision.CONFIRMED
            for pair in self.pairs
            if municipality_id in pair.parties
        )

    def share_yen(self, municipality_id: int) -> int:
        """What that municipality bears, in yen; 0 for one that takes no part."""
        share = self.shares.get(municipality_id)
        return share.share_yen if share else 0

    @property
    def sources(self) -> tuple[PartSource, ...]:
        """The parts of the formula with their frozen figures."""
        return tuple(source_of(part) for part in self.parts)

    @property
    def remainder(self) -> str:
        """The name of who takes the remainder, or `LARGEST_REMAINDER`."""
        found = areas.by_id().get(self.case.remainder_id or 0)
        return found.name if found else LARGEST_REMAINDER

    @property
    def rounding_words(self) -> str:
        """「千円未満切捨て、端数は青森市が負担」."""
        case = self.case
        return rounding_words(Rounding(case.rounding_unit, case.rounding_mode), self.remainder)

    @property
    def table(self) -> SplitTable | None:
        """The stored shares as people read them; None before they are set, and for work."""
        if not self.shares or not self.is_money:
            return None
        towns = areas.by_id()
        lines = tuple(
            Line(
                towns[id_].name,
                tuple(Fraction(part) for part in share.parts),
                Fraction(share.exact),
                share.rounded_yen,
                share.share_yen,
            )
            for id_, share in self.shares.items()
        )
        split = Split(lines, sum(line.share for line in lines))
        return split_table(split, self.sources, self.remainder)


def source_of(part: CostPart) -> PartSource:
    """A part as stored, or as it would be stored, in the shape the arithmetic takes."""
    return PartSource(
        part_of(part.kind, part.percent, part.values, part.only), part.unit, part.source
    )
