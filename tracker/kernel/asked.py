"""What a feature asks of a municipality by a day, told as plain facts (architecture.md 1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Asked:
    """One thing to be done, before it is said who does it and in which words.

    `kind` is the value of a kind of duty (contracts.md); `about` makes it one of its kind and
    stays as long as it is the same thing; `municipality` is a slug.  `subject` names the matter,
    `text` says in a sentence what is left.  `post_id` is the one post that is asked, None all
    posts of the role.  `known_since` is the instant from which it could be known (UTC); None
    where it has always been there.
    """

    kind: str
    about: str
    municipality: str
    due_on: date
    url: str
    subject: str
    text: str
    is_done: bool = False
    agreement: str | None = None
    post_id: int | None = None
    remaining: int = 1
    total: int = 0
    known_since: datetime | None = None


def some(names: Iterable[str]) -> str:
    """The first two names, and how many more: 「農業研修事業、大学連携推進事業ほか3件」."""
    distinct = list(dict.fromkeys(names))
    more = f"ほか{len(distinct) - 2}件" if len(distinct) > 2 else ""
    return "、".join(distinct[:2]) + more
