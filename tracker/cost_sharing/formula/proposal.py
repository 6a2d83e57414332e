"""What a drafter proposes, and what comes out of it; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from tracker.cost_sharing.case import Case
from tracker.cost_sharing.rules import Stage
from tracker.cost_sharing.stages.rules import check_carried
from tracker.cost_sharing.work.rules import WorkRow, gaps_of_rows
from tracker.figures.rules import Series
from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities.rules import Town
from tracker.shares.rules import PartKind, UsagePeriod
from tracker.shares.split import (
    NO_LIMITS,
    Figure,
    FormulaPart,
    Limits,
    Rounding,
    ShareLine,
    amount_to_share,
    gaps,
    in_digits,
    split,
)
from tracker.shares.table import PartSource, part_of

_Arguments: TypeAlias = tuple[int, Sequence[str], Sequence[FormulaPart], Rounding, str, Limits]


@dataclass(frozen=True)
class ProposedPart:
    """One part before its figures are frozen; municipalities by name.

    percent: of what comes off first leaves. values: weights, or yen of fixed amounts. only: who
    takes part (None: everybody). rate, rounding: as of a `FormulaPart`. reason: of fixed amounts.
    """

    kind: PartKind
    percent: Decimal | None = None
    series_id: int | None = None
    values: Mapping[str, Figure] | None = None
    only: tuple[str, ...] | None = None
    reason: str = ""
    rate: Fraction | None = None
    rounding: Rounding | None = None
    period: UsagePeriod | None = None


@dataclass(frozen=True)
class Proposal:
    """All of a case that asks every side again once it changes; amounts in yen.

    participants: the names of those who take part, in the order of the codes. remainder: one of
    them, or `LARGEST_REMAINDER`. rows: who does what and how much, where no yen are shared; work:
    what was arranged beside it, in words.
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
    limits: Limits = NO_LIMITS
    rows: tuple[WorkRow, ...] = ()
    carried_yen: int = 0

    @property
    def series_ids(self) -> tuple[int, ...]:
        """The series of base figures that its parts name."""
        return tuple(part.series_id for part in self.parts if part.series_id)


@dataclass(frozen=True)
class Grounds:
    """What a proposal is worked out on: all municipalities, the partners (names) bound by an
    agreement in force, and the base figures it names, by their series' id.
    """

    towns: Sequence[Town]
    bound: frozenset[str]
    series: Mapping[int, Series]


class Incomplete(Refusal):
    """All that a proposal lacks: its own sentence is that of the first."""

    def __init__(self, gaps: Sequence[Refusal]) -> None:
        super().__init__(gaps[0].message, field=gaps[0].field)
        self.gaps = gaps


def work_out(case: Case, proposal: Proposal, grounds: Grounds, *, is_kept: bool = False) -> Case:
    """The case as it would be: base figures frozen, the amount divided; for work nothing is.

    Raises Incomplete with all that is lacking, once it is to be kept reasons too, and Refusal as
    `split` does.
    """
    if found := [
        *_lacking(case, proposal, grounds),
        *(_without_reason(proposal) if is_kept else ()),
    ]:
        raise Incomplete(found)
    names = proposal.participants
    parts: tuple[PartSource, ...] = ()
    lines = tuple(ShareLine(name, (), Fraction(), 0, 0) for name in names)
    if case.is_money:
        parts = _frozen(case, proposal, grounds)
        codes = {town.name: town.code for town in grounds.towns}
        lines = split(*_arguments(proposal, parts), codes=codes).lines
    towns = {town.name: town for town in grounds.towns}
    return replace(
        case,
        title=proposal.title,
        stage=proposal.stage,
        total_yen=proposal.total_yen,
        subsidy_yen=proposal.subsidy_yen,
        carried_yen=proposal.carried_yen,
        work=proposal.work,
        rows=proposal.rows,
        rounding=proposal.rounding,
        remainder=proposal.remainder,
        limits=proposal.limits,
        shares={towns[line.municipality]: line.share for line in lines},
        parts=parts,
        lines=lines,
    )


def _lacking(case: Case, proposal: Proposal, grounds: Grounds) -> Iterator[Refusal]:
    """All that stands in the way of shares, each in one sentence with its field (`split.gaps`).

    A partner without an agreement in force, funds above the total, gaps of the formula, and usage
    of another time than said.
    """
    yield from gaps_of_participants(proposal.participants, grounds)
    if not case.is_money:
        yield from gaps_of_rows(proposal.rows, proposal.participants, proposal.work)
        return
    try:
        check_carried(proposal.stage, proposal.carried_yen)
    except Refusal as refusal:
        yield refusal
    try:
        amount_to_share(proposal.total_yen, proposal.subsidy_yen, proposal.carried_yen)
    except Refusal as refusal:
        yield refusal
        return
    if proposal.participants:
        yield from gaps(*_arguments(proposal, _frozen(case, proposal, grounds)))
    yield from _wrong_periods(case, proposal, grounds)


def _without_reason(proposal: Proposal) -> Iterator[Refusal]:
    """Fixed amounts that nobody gave a reason for: the shares stand, but nothing is kept."""
    for place, part in enumerate(proposal.parts):
        if part.kind is PartKind.FIXED and any((part.values or {}).values()) and not part.reason:
            said = _("定額の根拠を入力してください（なぜこの額か）。")
            yield Refusal(said, field=f"parts-{place}-reason")


def _arguments(proposal: Proposal, parts: Sequence[PartSource]) -> _Arguments:
    """What `gaps` and `split` are called with."""
    return (
        proposal.total_yen - proposal.subsidy_yen - proposal.carried_yen,
        proposal.participants,
        [one.part for one in parts],
        proposal.rounding,
        proposal.remainder,
        proposal.limits,
    )


def gaps_of_participants(names: Sequence[str], grounds: Grounds) -> Iterator[Refusal]:
    """No partner at all, and partners without an agreement in force."""
    partners = [one.name for one in grounds.towns if one.name in names and not one.is_hub]
    if not partners:
        yield Refusal(_("分担する町村を1つ以上選んでください。"), field="participants")
    for name in partners:
        if name not in grounds.bound:
            yield Refusal(
                _(
                    "%(name)sとの間に、今、効力のある連携協約がありません。%(name)sを外すか、"
                    "先に協約を取り込んでください。",
                    name=name,
                ),
                field="participants",
            )


def _wrong_periods(case: Case, proposal: Proposal, grounds: Grounds) -> Iterator[Refusal]:
    for place, part in enumerate(proposal.parts):
        series = grounds.series.get(part.series_id or 0)
        if part.period is None or series is None:
            continue
        begins, ends = part.period.span(case.no.fiscal_year)
        if not begins <= series.as_of_on <= ends:
            yield Refusal(
                _(
                    "%(period)sの実績（%(begins)s〜%(ends)s）を使うとしていますが、選んだ基礎数値は"
                    "%(day)s現在のものです。どちらかを直してください。",
                    period=part.period.label,
                    begins=wareki.long(begins),
                    ends=wareki.long(ends),
                    day=wareki.long(series.as_of_on),
                ),
                field=f"parts-{place}-period",
            )


def _frozen(case: Case, proposal: Proposal, grounds: Grounds) -> tuple[PartSource, ...]:
    """The parts as they will be stored: figures copied in, with source and day."""
    return tuple(
        _with_figures(part, proposal.participants, grounds, case.no.fiscal_year)
        for part in proposal.parts
    )


def _with_figures(
    part: ProposedPart, participants: Sequence[str], grounds: Grounds, fiscal_year: int
) -> PartSource:
    percent = None if part.percent is None else in_digits(Fraction(part.percent))
    rate = None if part.rate is None else in_digits(part.rate)
    series = grounds.series.get(part.series_id or 0)
    values: Mapping[str, Figure] | None = part.values
    if series:
        values = {name: series.values[name] for name in participants if name in series.values}
    of = part_of(part.kind, percent, values, part.only, rate, part.rounding)
    if series is None:
        return PartSource(of, "", part.reason)
    source = series.words
    if part.period:
        begins, ends = part.period.span(fiscal_year)
        source = f"{source}、対象期間 {wareki.long(begins)}〜{wareki.long(ends)}"
    return PartSource(of, series.unit, source, part.series_id, part.period)
