"""One question of Article 6, the one shape that pages, letters, papers and duties read; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from tracker.cost_sharing.rules import CaseNumber, Decision
from tracker.kernel import tokyo
from tracker.kernel.translation import _
from tracker.municipalities.rules import Town
from tracker.questions.rules import QuestionNumber, QuestionPlace, QuestionState, SisterWord


class ViewOfSide(NamedTuple):
    """What one side wrote: `seen` is for the form of its own people."""

    text: str
    by: str
    at: datetime
    seen: str


class SettlementWord(NamedTuple):
    """One side's word on the present text."""

    decision: Decision
    opinion: str | None
    person: str
    at: datetime
    mark: str | None = None


class SisterAnswer(NamedTuple):
    """What a partner said before it said something else."""

    word: SisterWord
    comment: str | None
    person: str
    at: datetime


class Sister(NamedTuple):
    """Another agreement (id) to which the text is offered, and its partner's word if there is one.

    `before`: what it had said before, oldest first.
    """

    agreement_id: int
    town: Town
    word: SisterWord | None = None
    comment: str | None = None
    person: str = ""
    at: datetime | None = None
    before: tuple[SisterAnswer, ...] = ()


@dataclass(frozen=True)
class AgreementQuestion:
    """A question with both views, the present text and the words given on it.

    asked_by: the side that asks.  label of the place: 第4条第2項.  views, replies: by side.
    revision: of the text, 0 before there is one; `drafter_ids`: the persons who drafted any of them,
    `drafted_by` the side of the last.  sisters: as the present text names them.  consultations:
    how many count.
    """

    id: int
    no: QuestionNumber
    seen: str
    state: QuestionState
    agreement_id: int
    hub: Town
    partner: Town
    asked_by: Town
    asker: str
    title: str
    doubt: str
    place: QuestionPlace
    place_label: str
    project_id: int | None
    project: str | None
    case_id: int | None
    case: CaseNumber | None
    answer_due_on: date | None
    put_at: datetime | None
    settled_at: datetime | None
    consultations: int
    views: Mapping[Town, ViewOfSide]
    revision: int = 0
    # What the page of confirmation shows: text, views and sisters; another of them gives another.
    shown: str = ""
    text: str = ""
    reply_due_on: date | None = None
    drafted_by: Town | None = None
    drafted_at: datetime | None = None
    drafter_ids: tuple[int, ...] = ()
    replies: Mapping[Town, SettlementWord] | None = None
    sisters: tuple[Sister, ...] = ()

    @property
    def label(self) -> str:
        """「疑義 第8-01号」."""
        return _("疑義 %(no)s", no=self.no.label)

    @property
    def put_on(self) -> date | None:
        """受付日, in Tokyo; None of a draft."""
        return tokyo.day(self.put_at) if self.put_at else None

    @property
    def parties(self) -> tuple[Town, Town]:
        """The hub and its partner."""
        return self.hub, self.partner

    @property
    def other(self) -> Town:
        """The side that is asked."""
        return self.partner if self.asked_by == self.hub else self.hub

    @property
    def readers(self) -> tuple[str, ...]:
        """Whose people (slugs) read it whole: a draft its own side's, what was put both sides'."""
        sides = (self.asked_by,) if self.put_at is None else self.parties
        return tuple(town.slug for town in sides)

    @property
    def silent(self) -> tuple[Town, ...]:
        """The sides that have not written what they think."""
        return tuple(town for town in self.parties if town not in self.views)

    @property
    def words(self) -> Mapping[Town, SettlementWord]:
        """The words on the present text, by side."""
        return self.replies or {}

    @property
    def decisions(self) -> Mapping[int, Decision]:
        """The same as the rules take them, by municipality (id)."""
        return {town.id: word.decision for town, word in self.words.items()}

    @property
    def returned_at(self) -> datetime | None:
        """When the first opinion came on the present text; None where it has none."""
        found = [one.at for one in self.words.values() if one.decision is Decision.RETURNED]
        return min(found, default=None) if self.state is QuestionState.RETURNED else None

    def sister(self, town: Town) -> Sister | None:
        """What is offered to that partner: nothing before the question is settled."""
        if self.state is not QuestionState.SETTLED:
            return None
        return next((one for one in self.sisters if one.town == town), None)
