"""What a letter that did not arrive asks: the office corrects where it goes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from tracker.kernel import tokyo
from tracker.kernel.duty import Duty, Kind, some
from tracker.kernel.translation import _


class Undelivered(NamedTuple):
    """A letter that did not arrive, and since when that is known (UTC)."""

    letter_id: int
    to_name: str
    failed_at: datetime


def duties(letters: Sequence[Undelivered], hub: str) -> Iterable[Duty]:
    """One duty for all of them; `letters` in the order in which they were written."""
    if letters:
        first = letters[0]
        yield Duty(
            Kind.ADDRESS_UNDELIVERABLE,
            key=f"address_undeliverable:{first.letter_id}",
            municipality=hub,
            is_hub=True,
            due_on=min(tokyo.day(letter.failed_at) for letter in letters),
            url=f"/notices/{first.letter_id}"
            if len(letters) == 1
            else "/notices?state=undeliverable",
            remaining=len(letters),
            text=_(
                "%(names)sあてのメールが届いていません。",
                names=some(letter.to_name for letter in letters),
            ),
            known_since=first.failed_at,
        )
