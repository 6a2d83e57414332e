"""One case of Article 4(2), the one shape that pages, letters, papers and duties read; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from tracker.amounts.yen import yen
from tracker.cost_sharing.rules import (
    ASKED,
    Answers,
    CaseKind,
    CaseNumber,
    CaseState,
    Decision,
    Pair,
    Stage,
)
from tracker.cost_sharing.work.rules import WorkRow, WorkTotal, by_town, in_words, totals
from tracker.figures.rules import FigureChange, Series, differences, newest
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.translation import _
from tracker.municipalities.rules import Town
from tracker.shares.split import NO_LIMITS, Limits, Rounding, ShareLine
from tracker.shares.table import (
    PartSource,
    SplitTable,
    formula_words,
    limits_words,
    rounding_words,
    split_table,
)


class Reply(NamedTuple):
    """One side's word on one pair; its opinion is read with the whole case only."""

    decision: Decision
    opinion: str | None
    person: str
    at: datetime


@dataclass(frozen=True)
class Case:
    """A case with its shares, its pairs and their answers to the present amounts.

    revision: of the amounts; answers to an older one count no more.  shares: yen by
    municipality, in the order of the codes; empty until they are set.  pairs: by
    partner, as of the day the case was sent.  answers: by agreement and municipality (ids).
    lead: the municipality that leads the project, `lead_post_id` its section.  drafter_id: the
    person who drafted it last.  closed_with_yen: what the lead has told that it spent in the year.
    remainder: the name of who takes it, or `LARGEST_REMAINDER`.  goes_on: whether the project is
    planned for the present fiscal year.  work: what was arranged in words; rows: who does what.
    parts, lines, rows: formula, arithmetic and table, and the opinions of the answers, are there in
    a case read whole.
    """

    id: int
    no: CaseNumber
    seen: str
    revision: int
    project_id: int
    project: str
    lead: Town
    kind: CaseKind
    stage: Stage
    state: CaseState
    title: str
    total_yen: int
    subsidy_yen: int
    work: str
    rounding: Rounding
    remainder: str
    reply_due_on: date | None
    sent_on: date | None
    agreed_at: datetime | None
    hub: Town
    shares: Mapping[Town, int]
    pairs: Mapping[Town, Pair]
    answers: Mapping[tuple[int, int], Reply]
    replaces: CaseNumber | None = None
    replaced_by: CaseNumber | None = None
    goes_on: bool = False
    consulted_at: datetime | None = None
    lead_post_id: int | None = None
    drafter_id: int | None = None
    closed_with_yen: int | None = None
    parts: Sequence[PartSource] = ()
    lines: tuple[ShareLine, ...] = ()
    limits: Limits = NO_LIMITS
    rows: tuple[WorkRow, ...] = ()
    carried_yen: int = 0

    @property
    def label(self) -> str:
        """「費用 第8-04号」."""
        return f"{self.kind.label} {self.no.label}"

    @property
    def is_money(self) -> bool:
        """Whether yen are shared, not work."""
        return self.kind is CaseKind.MONEY

    @property
    def amount_yen(self) -> int:
        """The amount to share: total less subsidies and what is carried over, in yen."""
        return self.total_yen - self.subsidy_yen - self.carried_yen

    @property
    def participants(self) -> tuple[Town, ...]:
        """The municipalities that take part."""
        return tuple(self.shares)

    @property
    def parties(self) -> tuple[Town, ...]:
        """Everybody who is asked, in the order of the codes."""
        asked = (self.hub, *self.pairs) if self.pairs else ()
        return tuple(sorted(asked, key=lambda town: town.code))

    @property
    def decisions(self) -> Answers:
        """The answers as the rules take them."""
        return {side: answer.decision for side, answer in self.answers.items()}

    @property
    def confirmed(self) -> int:
        """How many sides have confirmed; asked are both of each pair."""
        return sum(one.decision is Decision.CONFIRMED for one in self.answers.values())

    @property
    def opinions(self) -> dict[str, Reply]:
        """What each municipality wrote beside its answer, by its name."""
        names = {town.id: town.name for town in self.parties}
        return {names[side]: one for (_other, side), one in self.answers.items() if one.opinion}

    @property
    def returned_at(self) -> datetime | None:
        """When the first opinion came that nobody has answered yet."""
        opinions = [one.at for one in self.answers.values() if one.decision is Decision.RETURNED]
        return min(opinions, default=None) if self.state is CaseState.RETURNED else None

    def confirmed_after(self, at: datetime) -> list[str]:
        """The names of those who confirmed the present amounts after that instant."""
        late = {
            side
            for (_other, side), one in self.answers.items()
            if one.decision is Decision.CONFIRMED and one.at > at
        }
        return [town.name for town in self.parties if town.id in late]

    def answer(self, partner: Town, side: Town) -> Reply | None:
        """What that side has answered for the pair with that partner."""
        return self.answers.get((self.pairs[partner].agreement, side.id))

    def answers_of(self, side: Town) -> tuple[Reply | None, ...]:
        """That side's answers, one for each pair it is a party to."""
        own = self.pairs if side == self.hub else [side] if side in self.pairs else []
        return tuple(self.answer(partner, side) for partner in own)

    def requests(self, year: FiscalYear) -> dict[Town, tuple[bool, ...]]:
        """By side that was asked, whether each of its pairs is confirmed; for duties in `year`.

        Agreed cases count in their own year.  A pair that the side has returned is left out: it
        has answered, until the amounts change or it confirms.
        """
        is_told = self.state in ASKED or (
            self.state is CaseState.AGREED and self.no.fiscal_year == year.year
        )
        found = {
            side: tuple(
                one is not None
                for one in self.answers_of(side)
                if one is None or one.decision is Decision.CONFIRMED
            )
            for side in (self.parties if is_told else ())
        }
        return {side: answers for side, answers in found.items() if answers}

    def has_confirmed(self, side: Town) -> bool:
        """Whether that side has confirmed every pair it is a party to."""
        return all(one and one.decision is Decision.CONFIRMED for one in self.answers_of(side))

    def share_yen(self, town: Town) -> int:
        """What that municipality bears, in yen; 0 for one that takes no part."""
        return self.shares.get(town, 0)

    @property
    def content(self) -> tuple[object, ...]:
        """All that both sides confirm: other content voids what was confirmed."""
        of_kind = (
            (
                *(self.total_yen, self.subsidy_yen, self.carried_yen),
                *(self.parts, self.rounding, self.remainder, self.limits),
            )
            if self.is_money
            else (self.work, tuple(row.agreed for row in self.rows))
        )
        return (self.title, self.stage, self.shares, *of_kind)

    @property
    def work_words(self) -> str:
        """「青森市　相談員の派遣　12.5人日」 line by line, and what was arranged in words."""
        if self.kind is CaseKind.NONE:
            return _("費用は分担しません（各市町村の負担は0円）。理由：%(why)s", why=self.work)
        return in_words(self.rows, self.work)

    @property
    def totals(self) -> list[WorkTotal]:
        """The work of all together, by unit."""
        return totals(self.rows)

    @property
    def rounding_words(self) -> str:
        """「千円未満切捨て、端数は青森市が負担」, with the limits where there are any."""
        words, limits = rounding_words(self.rounding, self.remainder), limits_words(self.limits)
        return f"{words}（{limits}）" if limits else words

    @property
    def table(self) -> SplitTable | None:
        """The stored shares as people read them; None before they are set, and for work."""
        if not self.lines or not self.is_money:
            return None
        return split_table(self.lines, self.parts, self.remainder, self.limits)


class NewerFigures(NamedTuple):
    """A part of a formula, the base figures it took, newer ones, and what differs by municipality."""

    part: PartSource
    taken: Series
    newer: Series
    differences: Sequence[FigureChange]


def newer_figures(case: Case, known: Sequence[Series]) -> list[NewerFigures]:
    """Each part of the formula that took base figures of which newer ones are known by now."""
    by_id = {one.id: one for one in known}
    found = []
    for part in case.parts:
        taken = by_id.get(part.series_id or 0)
        newer = taken and newest(taken, known)
        if taken and newer:
            found.append(
                NewerFigures(part, taken, newer, differences(part.part.figures or {}, newer))
            )
    return found


class Change(NamedTuple):
    """One item of a case in words, before and after; `town` names whose share it is."""

    label: str
    before: str
    after: str
    town: str = ""

    @property
    def changed(self) -> bool:
        """Whether both differ."""
        return self.before != self.after


def changes(before: Case, after: Case) -> list[Change]:
    """Each item of a case as it stands and as it would be, whether it changes or not."""
    towns = sorted({*before.shares, *after.shares}, key=lambda town: town.code)
    pairs = zip(_items(before, towns), _items(after, towns), strict=True)
    return [Change(label, old, new, *of) for (label, old, *of), (_other, new, *_of) in pairs]


def _items(case: Case, towns: Sequence[Town]) -> list[tuple[str, ...]]:
    """A case in words, with what each of these municipalities bears (and its name)."""
    found: list[tuple[str, ...]] = [(_("件名"), case.title), (_("段階"), case.stage.label)]
    if not case.is_money:
        among = "・".join(town.name for town in case.shares)
        rows = by_town(case.rows)
        if case.kind is CaseKind.NONE:
            return [*found, (_("対象の市町村"), among), (_("分担なしとする理由"), case.work)]
        return [
            *found,
            (_("分担する市町村"), among),
            *(
                (
                    _("%(town)sの分担", town=town.name),
                    "\n".join(row.told for row in rows.get(town, ())),
                    town.name,
                )
                for town in towns
            ),
            (_("そのほかの取決め"), case.work),
        ]
    return [
        *found,
        (_("総事業費"), yen(case.total_yen)),
        (_("国・県などの補助"), yen(case.subsidy_yen)),
        (_("翌年度へ繰り越す額"), yen(case.carried_yen)),
        (_("割り方"), formula_words(case.parts)),
        (_("割り方の数値"), "\n".join(filter(None, (part.note for part in case.parts)))),
        (_("端数"), case.rounding_words),
        *(
            (
                _("%(town)sの負担額", town=town.name),
                yen(case.shares[town]) if town in case.shares else _("なし"),
                town.name,
            )
            for town in towns
        ),
    ]


class Revised(NamedTuple):
    """One change of a case that had been sent, or (`items` empty) why its words are asked for anew.

    revision: the one it made; 1: why an agreed case is to be replaced.  items: what changed.
    """

    revision: int
    items: tuple[Change, ...]
    reason: str
    person: str
    at: datetime


class Word(NamedTuple):
    """What one municipality (its name) said of one revision, at any time."""

    town: str
    revision: int
    reply: Reply


class Since(NamedTuple):
    """What came after the revision that one side last answered: each item once, its first before
    and its last after; every change with its reason; the opinions that they answer.
    """

    items: Sequence[Change]
    changes: Sequence[Revised]
    opinions: Sequence[Word]


class CaseHistory(NamedTuple):
    """How a case came to be as it is, oldest first; none of it ever goes."""

    changes: Sequence[Revised] = ()
    words: Sequence[Word] = ()

    @property
    def opinions(self) -> list[Word]:
        """Each opinion and remark once, whatever was said later; the hub's stands for its pairs."""
        return list(dict.fromkeys(word for word in self.words if word.reply.opinion))

    @property
    def entries(self) -> list[Revised | Word]:
        """Changes and opinions by their time."""
        both: tuple[Revised | Word, ...] = (*self.changes, *self.opinions)
        return sorted(both, key=lambda one: one.at if isinstance(one, Revised) else one.reply.at)

    def since(self, own: str, revision: int) -> Since | None:
        """What that municipality (its name) has not answered yet; None where nothing changed.

        One that never answered was asked about the first revision.  Its own share comes first.
        """
        said = (one.revision for one in self.words if one.town == own and one.revision < revision)
        last = max(said, default=1)
        new = [one for one in self.changes if one.revision > last]
        if not new:
            return None
        found: dict[str, Change] = {}
        for item in (item for one in new for item in one.items):
            found[item.label] = item._replace(before=found.get(item.label, item).before)
        return Since(
            own_share_first((item for item in found.values() if item.changed), own),
            new,
            [one for one in self.opinions if last <= one.revision < revision],
        )


def own_share_first(items: Iterable[Change], own: str) -> list[Change]:
    """The same with what that municipality (its name) bears at the head."""
    return sorted(items, key=lambda item: item.town != own)
