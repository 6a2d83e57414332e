"""What a drafter proposes, and what comes out of it: nothing is written here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tracker.cost_sharing import queries
from tracker.cost_sharing.dossier import Dossier, source_of
from tracker.cost_sharing.models import CaseKind, CostPart
from tracker.cost_sharing.rules import PartKind, Stage
from tracker.cost_sharing.split import Line, Rounding, Split, amount_to_share, split
from tracker.cost_sharing.table import (
    SplitTable,
    formula_words,
    rounding_words,
    split_table,
)
from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal
from tracker.kernel.yen import yen
from tracker.municipalities import queries as areas
from tracker.municipalities.models import FigureSeries


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

    takers: the names of those who take part, in the order of the codes. remainder: one of
    them, or `LARGEST_REMAINDER`. work: who does what and how much, where no yen are shared.
    """

    kind: CaseKind
    title: str
    stage: Stage
    takers: tuple[str, ...]
    total_yen: int
    subsidy_yen: int
    parts: tuple[ProposedPart, ...]
    rounding: Rounding
    remainder: str
    work: str = ""


@dataclass(frozen=True)
class Outcome:
    """The parts with their figures frozen, and the shares they give."""

    parts: tuple[CostPart, ...]
    split: Split


def work_out(proposal: Proposal, today: date) -> Outcome:
    """Freezes the base figures and divides the amount; for work nothing is divided.

    Raises Refusal for a partner without an agreement in force, and as `split` does.
    """
    check_takers(proposal.takers, today)
    if proposal.kind is CaseKind.WORK:
        lines = tuple(Line(name, (), Fraction(), 0, 0) for name in proposal.takers)
        return Outcome((), Split(lines, 0))
    amount_yen = amount_to_share(proposal.total_yen, proposal.subsidy_yen)
    parts = _freeze(proposal)
    divided = split(
        amount_yen,
        proposal.takers,
        [source_of(part).part for part in parts],
        proposal.rounding,
        proposal.remainder,
    )
    return Outcome(parts, divided)


def table_of(proposal: Proposal, outcome: Outcome) -> SplitTable | None:
    """The outcome as people read it; None for work."""
    if proposal.kind is CaseKind.WORK:
        return None
    sources = [source_of(part) for part in outcome.parts]
    return split_table(outcome.split, sources, proposal.remainder)


def compare(
    dossier: Dossier, proposal: Proposal, outcome: Outcome
) -> list[tuple[str, str, str, bool]]:
    """Each item of a case now and as proposed, and whether it changes: label, before, after."""
    case, shares = dossier.case, outcome.split.shares
    takers = {town.name: yen(dossier.share_yen(town.id)) for town in dossier.takers}
    names = [t.name for t in areas.towns() if t.name in takers or t.name in shares]
    rows = [
        ("件名", case.title, proposal.title),
        ("段階", case.stage.label, proposal.stage.label),
    ]
    if proposal.kind is CaseKind.WORK:
        rows += [
            ("だれが・何を・どれだけ", case.work, proposal.work),
            ("分担する市町村", "・".join(takers), "・".join(shares)),
        ]
    else:
        after = [source_of(part) for part in outcome.parts]
        rows += [
            ("総事業費", yen(case.total_yen), yen(proposal.total_yen)),
            ("国・県などの補助", yen(case.subsidy_yen), yen(proposal.subsidy_yen)),
            ("割り方", formula_words(dossier.sources), formula_words(after)),
            (
                "端数",
                dossier.rounding_words,
                rounding_words(proposal.rounding, proposal.remainder),
            ),
            *(
                (
                    f"{name}の負担額",
                    takers.get(name, "なし"),
                    yen(shares[name]) if name in shares else "なし",
                )
                for name in names
            ),
        ]
    return [(label, old, new, old != new) for label, old, new in rows]


def check_takers(takers: Sequence[str], today: date) -> None:
    """Refuses a case without a partner, and a partner without an agreement in force."""
    partners = [town for town in areas.partners() if town.name in takers]
    if not partners:
        raise Refusal("分担する町村を1つ以上選んでください。", field="takers")
    bound = queries.pairs(today)
    for town in partners:
        if town.id not in bound:
            raise Refusal(
                f"{town.name}との間に、今、効力のある連携協約がありません。"
                f"{town.name}を外すか、先に協約を取り込んでください。",
                field="takers",
            )


def _freeze(proposal: Proposal) -> tuple[CostPart, ...]:
    """The parts as they will be stored: figures copied in, with source and day."""
    chosen = [part.series_id for part in proposal.parts if part.series_id]
    series = {one.id: one for one in areas.series()} if chosen else {}
    figures = areas.figures(chosen) if chosen else {}
    names = {town.id: town.name for town in areas.towns() if town.name in proposal.takers}
    return tuple(
        CostPart(
            position=position,
            kind=part.kind,
            percent=None if part.percent is None else f"{part.percent.normalize():f}",
            only=None if part.only is None else [part.only],
            **(
                _frozen(series[part.series_id], figures.get(part.series_id, {}), names)
                if part.series_id in series
                else {"values": part.values, "unit": "", "source": part.reason}
            ),
        )
        for position, part in enumerate(proposal.parts)
    )


def _frozen(
    series: FigureSeries, figures: Mapping[int, int], names: Mapping[int, str]
) -> dict[str, object]:
    standing = "確定値" if series.is_confirmed else "暫定値"
    return {
        "series_id": series.id,
        "unit": series.unit,
        "values": {name: figures[id_] for id_, name in names.items() if id_ in figures},
        "source": (
            f"{series.name}（{standing}、{wareki.long(series.as_of_on)}現在、出典 {series.source}）"
        ),
    }
