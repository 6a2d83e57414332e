"""One material of a meeting with the files it had and has, the one shape that pages and books take; pure."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from tracker.convening.rules import ToldPlace, place_told_at
from tracker.kernel.permissions import Actor, Permission, allowed
from tracker.kernel.typed import even
from tracker.materials.rules import DATED, MaterialKind


class Edition(NamedTuple):
    """A file of a material as it was sent: `number` counts from 1; `at` when it came (UTC).

    `pages`: by page what tells whether it is the same, empty where that is not known; none of a
    file that has no pages.  `reason`: why it came instead of the one before; `is_late`: it came
    after the materials were sent.
    """

    id: int
    number: int
    name: str
    ending: str
    size: int
    sha256: str
    pages: tuple[str, ...]
    reason: str
    at: datetime
    by: str
    is_late: bool


class Material(NamedTuple):
    """A numbered paper of a meeting.  only: the municipalities (slugs) that may read it, None: all.

    `item_id`: the item of the agenda it is about.  `editions`: oldest first; what is made of the
    data has none until it is sent.
    """

    id: int
    seen: str
    number: str
    title: str
    kind: MaterialKind
    item_id: int | None
    only: tuple[str, ...] | None
    is_struck: bool
    struck_reason: str
    editions: tuple[Edition, ...]

    @property
    def label(self) -> str:
        """「資料1　別表の状況」."""
        return f"{self.number}　{self.title}"

    @property
    def current(self) -> Edition | None:
        """The file that counts."""
        return self.editions[-1] if self.editions else None

    @property
    def is_made(self) -> bool:
        """Whether it is made of the data."""
        return self.kind is not MaterialKind.FILE

    @property
    def changed(self) -> tuple[int, ...]:
        """The pages (from 0) of the present file that did not stand in the one before.

        A page that cannot be compared counts as changed; none where there is no earlier PDF.
        """
        if len(self.editions) < 2:
            return ()
        before, now = self.editions[-2:]
        if not (before.pages and now.pages):
            return ()
        there = {one for one in before.pages if one}
        return tuple(at for at, one in enumerate(now.pages) if not one or one not in there)

    @property
    def removed(self) -> int:
        """How many pages of the file before stand in the present one no more, beside those changed."""
        if len(self.editions) < 2:
            return 0
        before, now = self.editions[-2:]
        return max(0, len(before.pages) - len(now.pages))


class Pack(NamedTuple):
    """The materials of a meeting in their order, struck ones too; `seen` of them as a whole."""

    seen: str
    sent_at: datetime | None
    sent_by: str
    materials: Sequence[Material]

    @property
    def counting(self) -> tuple[Material, ...]:
        """Those that were not taken out."""
        return tuple(one for one in self.materials if not one.is_struck)

    @property
    def changed_at(self) -> datetime | None:
        """When what was sent was changed last."""
        found = [one.at for material in self.materials for one in material.editions]
        return max(found, default=self.sent_at)

    def behind(self, fixed_at: datetime | None) -> tuple[Material, ...]:
        """Those that still say the day the meeting had before it was moved at `fixed_at` (UTC)."""
        return tuple(
            one
            for one in self.counting
            if one.kind in DATED and one.current and fixed_at and one.current.at < fixed_at
        )

    def elsewhere(self, told: Sequence[ToldPlace], place: str) -> tuple[Material, ...]:
        """Those that still say another place than the meeting has now; `told`: those before it."""
        return tuple(
            one
            for one in self.counting
            if one.kind in DATED
            and one.current
            and even(place_told_at(told, place, one.current.at)) != even(place)
        )

    def shown(self, reader: Actor, items: Collection[int]) -> tuple[Material, ...]:
        """What somebody reads; `items` are the items of the agenda (ids) that the reader may know.

        The office reads all; others what was sent, unless it is kept to other municipalities or
        belongs to an item that is.
        """
        if allowed(reader, Permission.MANAGE_MEETING):
            return tuple(self.materials)
        if self.sent_at is None:
            return ()
        return tuple(one for one in self.materials if one.editions and _reads(one, reader, items))


def _reads(one: Material, reader: Actor, items: Collection[int]) -> bool:
    if one.item_id is not None and one.item_id not in items:
        return False
    return one.only is None or allowed(reader, Permission.READ_POLL, one.only)


def in_order(materials: Sequence[Material]) -> list[Material]:
    """As they are bound: what only some may read stands last, so that all others' pages are the same."""
    return sorted(materials, key=lambda one: one.only is not None)
