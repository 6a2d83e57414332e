"""The words of the duties: what is owed, and the facts it is derived from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tracker.cost_sharing.rules import PendingConfirmation
from tracker.kernel.asked import Asked
from tracker.kernel.permissions import Actor, Role
from tracker.meetings.rules import InvitationFact, MeetingFact
from tracker.projects.rules import ReportFact

CHECK_WITHIN_OFFICE_DAYS = 5


class Kind(StrEnum):
    """What sort of thing is owed; the value is pinned in contracts.md."""

    REPORT_UNSUBMITTED = "report_unsubmitted"
    REPORT_UNCHECKED = "report_unchecked"
    MEETING_UNPLANNED = "meeting_unplanned"
    MEETING_UNHELD = "meeting_unheld"
    POLL_UNANSWERED = "poll_unanswered"
    MEETING_UNDATED = "meeting_undated"
    NOTICE_UNSENT = "notice_unsent"
    ATTENDANCE_UNRECORDED = "attendance_unrecorded"
    VIEW_UNRECORDED = "view_unrecorded"
    COST_UNCONFIRMED = "cost_unconfirmed"
    ADDRESS_UNDELIVERABLE = "address_undeliverable"
    REPORT_RETURNED = "report_returned"
    ROUND_UNOPENED = "round_unopened"
    RESULTS_UNPUBLISHED = "results_unpublished"
    MINUTES_UNCIRCULATED = "minutes_uncirculated"
    MINUTES_UNCONFIRMED = "minutes_unconfirmed"
    DECISION_OPEN = "decision_open"
    COST_UNSTARTED = "cost_unstarted"
    COST_UNSENT = "cost_unsent"
    COST_UNRECONCILED = "cost_unreconciled"
    INSTALMENT_DUE = "instalment_due"
    QUESTION_OPEN = "question_open"
    PERSON_UNCONFIRMED = "person_unconfirmed"
    HANDOVER_UNWRITTEN = "handover_unwritten"


# The menu item that counts the kind, and the article it comes from.
PLACES: Mapping[Kind, tuple[str, int]] = {
    Kind.REPORT_UNSUBMITTED: ("reports", 3),
    Kind.REPORT_UNCHECKED: ("reports", 3),
    Kind.MEETING_UNPLANNED: ("meetings", 5),
    Kind.MEETING_UNHELD: ("meetings", 5),
    Kind.POLL_UNANSWERED: ("meetings", 5),
    Kind.MEETING_UNDATED: ("meetings", 5),
    Kind.NOTICE_UNSENT: ("meetings", 5),
    Kind.ATTENDANCE_UNRECORDED: ("meetings", 5),
    Kind.VIEW_UNRECORDED: ("meetings", 5),
    Kind.COST_UNCONFIRMED: ("costs", 4),
    Kind.ADDRESS_UNDELIVERABLE: ("notices", 5),
    Kind.REPORT_RETURNED: ("reports", 3),
    Kind.ROUND_UNOPENED: ("reports", 3),
    Kind.RESULTS_UNPUBLISHED: ("measures", 3),
    Kind.MINUTES_UNCIRCULATED: ("meetings", 5),
    Kind.MINUTES_UNCONFIRMED: ("meetings", 5),
    Kind.DECISION_OPEN: ("meetings", 5),
    Kind.COST_UNSTARTED: ("costs", 4),
    Kind.COST_UNSENT: ("costs", 4),
    Kind.COST_UNRECONCILED: ("costs", 4),
    Kind.INSTALMENT_DUE: ("costs", 4),
    Kind.QUESTION_OPEN: ("home", 6),
    Kind.PERSON_UNCONFIRMED: ("home", 4),
    Kind.HANDOVER_UNWRITTEN: ("home", 4),
}


@dataclass(frozen=True)
class Item:
    """One line under a duty: a report still owed, with its state as a chip."""

    label: str
    url: str
    kind: str
    state: str
    action: str


@dataclass(frozen=True)
class Duty:
    """Something the agreement asks of someone by some day.

    `municipality` is a slug.  Letters go to the post `to_post_id`, or where it is None to
    the posts of kind `to_role` in that municipality.  `shown_to` are the roles that find
    it on their home page.  `known_since` is the instant from which it could be known (UTC),
    None where it has always been there: no mention belongs before it.
    """

    key: str
    kind: Kind
    municipality: str
    to_role: str
    due_on: date
    is_done: bool
    url: str
    remaining: int
    title: str
    text: str
    action: str
    agreement: str | None = None
    to_post_id: int | None = None
    shown_to: frozenset[Role] = frozenset()
    items: tuple[Item, ...] = ()
    total: int = 0
    subject: str = ""
    # What a letter lists line by line, when it is not the items.
    listed: tuple[str, ...] = ()
    # Where a letter leads, when it is not the page for those who sign in.
    letter_url: str = ""
    # The instant from which anybody could know of it; None where it has always been there.
    known_since: datetime | None = None

    @property
    def article(self) -> int:
        """The article that asks for it."""
        return PLACES[self.kind][1]

    @property
    def nav_key(self) -> str:
        """The menu item under which it counts."""
        return PLACES[self.kind][0]

    def state(self, today: date) -> str:
        """open, overdue or done."""
        if self.is_done:
            return "done"
        return "overdue" if self.due_on < today else "open"

    def is_for(self, actor: Actor) -> bool:
        """Whether the actor finds it on the home page; of the role asked, perhaps one post only."""
        if self.municipality != actor.municipality or actor.role not in self.shown_to:
            return False
        only_one_post = actor.role == self.to_role and self.to_post_id is not None
        return not only_one_post or self.to_post_id == actor.post_id


@dataclass(frozen=True)
class LetterFact:
    """A letter that did not arrive."""

    letter_id: int
    to_name: str
    subject: str
    failed_on: date
    failed_at: datetime | None = None


@dataclass(frozen=True)
class Facts:
    """Everything the features tell, as of one moment."""

    hub: str
    partners: Mapping[str, str]
    reports: Sequence[ReportFact]
    meetings: Sequence[MeetingFact]
    invitations: Sequence[InvitationFact]
    confirmations: Sequence[PendingConfirmation]
    undeliverable: Sequence[LetterFact]
    asked: Sequence[Asked] = ()
