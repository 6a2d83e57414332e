"""What letters ask that wait for the office: where they go is corrected, or whether they go decided."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from tracker.duty.duty import Duty, Owner, some
from tracker.duty.kinds import Kind
from tracker.kernel import tokyo
from tracker.kernel.translation import _
from tracker.office_days import office_days


class OpenLetter(NamedTuple):
    """A letter that did not arrive, or is held after a restored backup; since when (UTC)."""

    letter_id: int
    to_name: str
    since: datetime
    is_held: bool = False


def held_duties(letters: Sequence[OpenLetter], office: Owner) -> Iterable[Duty]:
    """Nobody but a person knows whether they went out before."""
    if letters:
        since = min(letter.since for letter in letters)
        yield Duty(
            Kind.LETTER_HELD,
            office,
            key=f"letter_held:{letters[0].letter_id}",
            due_on=office_days.on_or_after(tokyo.day(since)),
            url="/notices",
            remaining=len(letters),
            text=_("すでに送られたかどうかを確かめられないため、止めています。"),
            known_since=since,
        )


def duties(letters: Sequence[OpenLetter], office: Owner) -> Iterable[Duty]:
    """One duty for all of them; `letters` in the order in which they were written."""
    if letters:
        first = letters[0]
        yield Duty(
            Kind.ADDRESS_UNDELIVERABLE,
            office,
            key=f"address_undeliverable:{first.letter_id}",
            due_on=office_days.on_or_after(min(tokyo.day(letter.since) for letter in letters)),
            url=f"/notices/{first.letter_id}"
            if len(letters) == 1
            else "/notices?state=undeliverable",
            remaining=len(letters),
            text=_(
                "%(names)sあてのメールが届いていません。",
                names=some(letter.to_name for letter in letters),
            ),
            known_since=first.since,
        )
