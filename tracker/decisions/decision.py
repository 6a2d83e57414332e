"""One decision of a meeting with what is done of it: the one shape that pages and duties read; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from tracker.cost_sharing.rules import CaseNumber
from tracker.kernel.labelled import Labelled
from tracker.kernel.translation import N_, _
from tracker.municipalities.rules import Town
from tracker.questions.rules import QuestionNumber

# So many municipalities are named where it is only said how far a decision is.
MOST_NAMED = 5


class FollowUpState(Labelled):
    """How far a follow-up is."""

    OPEN = "open", N_("対応中")
    OVERDUE = "overdue", N_("期限超過")
    DONE = "done", N_("済み")


class SaidProgress(NamedTuple):
    """What its municipality said of it."""

    text: str
    is_done: bool
    by: str
    at: datetime


class FollowUp(NamedTuple):
    """What one municipality does of a decision, by when; `notes` oldest first."""

    id: int
    seen: str
    town: Town
    what: str
    due_on: date
    added_at: datetime
    closed_at: datetime | None
    is_struck: bool
    notes: Sequence[SaidProgress] = ()

    @property
    def path(self) -> str:
        """Where its municipality says how it stands."""
        return f"/meetings/follow-ups/{self.id}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still owes it."""
        return self.closed_at is None and not self.is_struck

    def state(self, today: date) -> FollowUpState:
        """How far it is on a day."""
        if self.closed_at:
            return FollowUpState.DONE
        return FollowUpState.OVERDUE if self.due_on < today else FollowUpState.OPEN


@dataclass(frozen=True)
class MeetingDecision:
    """What was decided under an item of the agenda.

    `only`: the municipalities (slugs) that alone may read it, None for all.  Project, case and
    question are what it is about.
    """

    id: int
    seen: str
    meeting_id: int
    meeting: str
    year: int
    held_on: date | None
    item: str
    only: tuple[str, ...] | None
    title: str
    text: str
    project_id: int | None
    project: str | None
    case_id: int | None
    case: CaseNumber | None
    question_id: int | None
    question: QuestionNumber | None
    recorded_by: str
    recorded_at: datetime
    is_struck: bool
    follow_ups: tuple[FollowUp, ...] = ()

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/meetings/decisions/{self.id}"

    @property
    def counting(self) -> tuple[FollowUp, ...]:
        """What is to be done of it, without what was taken out."""
        return tuple(one for one in self.follow_ups if not one.is_struck)

    @property
    def open(self) -> tuple[FollowUp, ...]:
        """What of it is still owed; nothing of a decision that was taken out."""
        return () if self.is_struck else tuple(one for one in self.follow_ups if one.is_open)

    def is_for(self, town: Town) -> bool:
        """Whether that municipality may read it."""
        return self.only is None or town.slug in self.only

    @property
    def progress(self) -> str:
        """「2件中1件済み」, and whose is left."""
        all_, left = self.counting, self.open
        if not all_:
            return _("宿題はありません")
        if not left:
            return _("済み")
        towns = list(dict.fromkeys(one.town.name for one in left))
        names = "・".join(towns[:MOST_NAMED])
        if len(towns) > MOST_NAMED:
            names += _("ほか%(count)s市町村", count=len(towns) - MOST_NAMED)
        done = len(all_) - len(left)
        return _(
            "%(all)s件中%(done)s件済み　残り：%(names)s", all=len(all_), done=done, names=names
        )
