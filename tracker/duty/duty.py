"""Something that the agreement asks of a municipality by some day: one shape (product.md 8).

Each feature tells its duties in its own `duties.py`; home, menu, calendar, letters and commands
are views of them.  Their kinds are the rows of `kinds.py`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from tracker.duty.kinds import Kind, KindRule
from tracker.kernel.permissions import Actor
from tracker.kernel.translation import _

T = TypeVar("T")
K = TypeVar("K", bound=tuple[Any, ...])

# By so many office days after it came, what was sent to somebody is looked at.
CHECK_WITHIN_OFFICE_DAYS = 5
# What is due later is not for now.
LOOK_AHEAD = timedelta(days=60)


@dataclass(frozen=True)
class DutyItem:
    """One line under a duty: a report still to write, with its state as a chip."""

    label: str
    url: str
    kind: str
    state: str
    action: str


class Owner(NamedTuple):
    """Of whom it is asked: a municipality (by slug), for an agreement where it is owed for one.

    Letters go to the post `post_id`, or where it is None to the posts of the kind's role.  `only`
    are the persons (ids) who find it at home, where role and post do not say it.
    """

    municipality: str
    is_hub: bool
    post_id: int | None = None
    only: frozenset[int] | None = None
    agreement: str | None = None


class PersonalLink(NamedTuple):
    """Which personal link a letter leads to: its kind and the row it opens.

    Never the link itself: whoever has that acts for its owner, so it is made while the letter goes
    out, from what the row says then (mail/links.py).
    """

    kind: str
    row_id: int


@dataclass(frozen=True)
class Duty:
    """Something the agreement asks of its owner by some day, in Tokyo.

    `key` stays as long as it is the same thing: letters are counted by it.  `name` and `detail`
    are what the kind's title names.  `remaining` of `total` things are left, none when it is
    done.  `known_since` is the instant from which it could be known (UTC), None where it has
    always been there: no mention belongs before it.
    """

    kind: Kind
    owner: Owner
    key: str
    due_on: date
    url: str
    text: str
    name: str = ""
    detail: str = ""
    remaining: int = 1
    total: int = 0
    known_since: datetime | None = None
    items: tuple[DutyItem, ...] = ()
    # What there is to press where the kind's own button would lead nowhere any more.
    instead: str | None = None
    # What a letter lists line by line, when it is not the items.
    listed: tuple[str, ...] = ()
    # Where a letter leads, when it is not the page for those who sign in.
    link: PersonalLink | None = None
    # The last day on which it is begun in time, where that is before its day.
    start_by: date | None = None

    @property
    def rule(self) -> KindRule:
        """What it shares with all duties of its kind."""
        return self.kind.rule

    @property
    def title(self) -> str:
        """What is to be done: 「上期（4月〜9月）の進捗を報告する」."""
        return _(self.rule.title).format(name=self.name, detail=self.detail, n=self.remaining)

    @property
    def button(self) -> str:
        """What is pressed at home: 「回答する」."""
        return self.instead or _(self.rule.button)

    @property
    def subject(self) -> str:
        """The matter as a letter names it: 「上期の進捗報告」."""
        return _(self.rule.subject).format(name=self.name, detail=self.detail, n=self.remaining)

    @property
    def to_role(self) -> str:
        """The kind of post that owes it."""
        return self.rule.who[self.owner.is_hub].role

    @property
    def is_done(self) -> bool:
        """Whether nothing is left of it."""
        return not self.remaining

    def state(self, today: date) -> str:
        """open, overdue or done."""
        if self.is_done:
            return "done"
        return "overdue" if self.due_on < today else "open"

    def shown_on(self, today: date) -> date:
        """The day that is counted to at home: until it is past, that to begin by."""
        return self.start_by if self.start_by and self.start_by >= today else self.due_on

    def is_for(self, actor: Actor) -> bool:
        """Whether the actor finds it on the home page; of the role asked, perhaps one post only."""
        owner = self.owner
        if owner.only is not None:
            return actor.person_id in owner.only
        home = self.rule.who[owner.is_hub].home
        if owner.municipality != actor.municipality or actor.role not in home:
            return False
        only_one_post = actor.role == self.to_role and owner.post_id is not None
        return not only_one_post or owner.post_id == actor.post_id


def is_ahead(duty: Duty, today: date) -> bool:
    """Whether its day is so far off that it is not for now (この先の予定)."""
    return duty.shown_on(today) - today > LOOK_AHEAD


def owed(duties: Iterable[Duty], actor: Actor) -> tuple[Duty, ...]:
    """What the actor must do now."""
    return tuple(duty for duty in duties if not duty.is_done and duty.is_for(actor))


def some(names: Iterable[str]) -> str:
    """The first two names, and how many more: 「農業研修事業、大学連携推進事業ほか3件」."""
    distinct = list(dict.fromkeys(names))
    more = _("ほか%(count)s件", count=len(distinct) - 2) if len(distinct) > 2 else ""
    return "、".join(distinct[:2]) + more


def grouped(rows: Iterable[T], key: Callable[[T], K]) -> Iterable[tuple[K, list[T]]]:
    """The rows by their key, in its order: what one duty is about."""
    return ((found, list(group)) for found, group in groupby(sorted(rows, key=key), key))
