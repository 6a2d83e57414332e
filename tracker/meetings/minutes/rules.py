"""How minutes come to be final: each municipality confirms, item by item; silence is no word.  Pure.

Source: product.md 5, ux/spec.md 7.7, letter M11.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from tracker.kernel.labelled import Labelled
from tracker.kernel.permissions import Actor, Permission, allowed
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.municipalities.rules import Town


class MinutesState(Labelled):
    """How far the minutes have come."""

    NONE = "none", N_("未作成")
    DRAFT = "draft", N_("作成中")
    SENT = "sent", N_("確認待ち")
    FINAL = "final", N_("確定")


class PartText(NamedTuple):
    """What was said (発言要旨) and decided of one item of the agenda.

    `only`: the municipalities (slugs) that may read it, None for all; `revision` that of the minutes
    when it was last written, 0 before; `mark` the digest of all that a page shows of it.
    """

    item_id: int
    title: str
    only: tuple[str, ...] | None = None
    revision: int = 0
    gist: str = ""
    decided: str = ""
    seen: str = "0"
    mark: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands there yet."""
        return not (self.gist.strip() or self.decided.strip())

    @property
    def sentences(self) -> tuple[str, ...]:
        """The sentences and lines of its text, in their order."""
        lines = f"{self.gist}\n{self.decided}".splitlines()
        return tuple(
            one.strip() for line in lines for one in re.split("(?<=。)", line) if one.strip()
        )

    def is_for(self, town: Town) -> bool:
        """Whether that municipality may read it, and so is asked for its word."""
        return self.only is None or town.slug in self.only


class MinutesWord(NamedTuple):
    """A municipality's word on one item: it confirms the text, or asks to correct a sentence of it."""

    item_id: int
    revision: int
    town: Town
    is_confirmed: bool
    words: str
    person: str
    at: datetime
    mark: str | None = None
    quote: str = ""

    def counts_for(self, part: PartText) -> bool:
        """Whether it was said of the item as it stands now."""
        same = (self.item_id, self.revision) == (part.item_id, part.revision)
        return same and self.mark in (None, part.mark)


class Erratum(NamedTuple):
    """What was added after the minutes were final, of an item (id) or as a whole (None)."""

    item_id: int | None
    words: str
    by: str
    at: datetime


class MinutesSheet(NamedTuple):
    """The minutes of one meeting: every item on its agenda, and who has said what of it.

    `revision` grows whenever a text that was circulated is changed.  `parties` are the municipalities
    that sat at the meeting; `writer_ids` who wrote.
    """

    revision: int
    seen: str
    sent_at: datetime | None
    reply_due_on: date | None
    final_at: datetime | None
    writer_ids: frozenset[int]
    parts: Mapping[int, PartText]
    words: Sequence[MinutesWord]
    errata: Sequence[Erratum]
    parties: Sequence[Town]

    @property
    def state(self) -> MinutesState:
        """Where they stand."""
        if self.final_at:
            return MinutesState.FINAL
        if self.sent_at:
            return MinutesState.SENT
        is_begun = any(one.revision for one in self.parts.values())
        return MinutesState.DRAFT if is_begun else MinutesState.NONE

    def of(self, town: Town) -> tuple[PartText, ...]:
        """The items that a municipality may read."""
        return tuple(one for one in self.parts.values() if one.is_for(town))

    def errata_of(self, read: Collection[int]) -> list[Erratum]:
        """What was added of these items (ids), and what everybody reads."""
        return [one for one in self.errata if one.item_id is None or one.item_id in read]

    def last(self, town: Town) -> Mapping[int, MinutesWord]:
        """Its last word on each item (id) as it stands: a later one takes the one before back."""
        said = [one for one in self.words if one.town == town]
        return {
            part.item_id: word for part in self.of(town) for word in said if word.counts_for(part)
        }

    def given(self, town: Town) -> Mapping[int, MinutesWord]:
        """Its confirmations that count, by item (id)."""
        if self.final_at:
            # What made them final stays, whatever was asked for after it.
            return self._replace(words=[one for one in self.words if one.is_confirmed]).last(town)
        return {id_: word for id_, word in self.last(town).items() if word.is_confirmed}

    def left(self, town: Town) -> tuple[PartText, ...]:
        """The items that it may read and has not confirmed as they stand."""
        given = self.given(town)
        return tuple(one for one in self.of(town) if one.item_id not in given)

    @property
    def asked(self) -> tuple[Town, ...]:
        """The municipalities that may read any item."""
        return tuple(town for town in self.parties if self.of(town))

    @property
    def silent(self) -> tuple[Town, ...]:
        """Those of them whose word on some item is missing."""
        return tuple(town for town in self.asked if self.left(town))

    @property
    def confirmed(self) -> Mapping[Town, MinutesWord]:
        """Who has confirmed every item that it may read, with the last of its words."""
        return {
            town: max(self.given(town).values(), key=lambda one: one.at)
            for town in self.asked
            if not self.left(town)
        }

    @property
    def waiting(self) -> tuple[Town, ...]:
        """Whose word is missing, while they are circulated."""
        return self.silent if self.state is MinutesState.SENT else ()

    @property
    def requests(self) -> tuple[MinutesWord, ...]:
        """What anybody wanted corrected, of every revision, oldest first."""
        return tuple(one for one in self.words if not one.is_confirmed)

    @property
    def open_requests(self) -> tuple[MinutesWord, ...]:
        """Those that wait: no other text answered them, nor did their municipality confirm it since."""
        if self.final_at:
            return ()
        return tuple(one for one in self.requests if self._waits(one))

    def _waits(self, word: MinutesWord) -> bool:
        last = self.last(word.town).get(word.item_id)
        return last is not None and not last.is_confirmed and self.is_of_now(word)

    def is_of_now(self, word: MinutesWord) -> bool:
        """Whether a word is about an item as it stands now."""
        part = self.parts.get(word.item_id)
        return part is not None and word.counts_for(part)


def shown(parts: Iterable[PartText]) -> str:
    """What a page showed of these items, as its form carries it: another text gives another."""
    told = "".join(f"{one.item_id}:{one.revision}:{one.mark};" for one in parts)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def is_shown(sheet: MinutesSheet, reader: Actor, today: date) -> bool:
    """Whether somebody signed in reads the minutes.

    While they are written, the office; once circulated, those who are asked; after their day
    everybody, marked as waiting for whom; final ones everybody.
    """
    if sheet.state in (MinutesState.NONE, MinutesState.DRAFT):
        return allowed(reader, Permission.MANAGE_MEETING)
    is_over = sheet.reply_due_on is not None and today > sheet.reply_due_on
    return (
        sheet.state is MinutesState.FINAL
        or is_over
        or allowed(reader, Permission.VIEW_MEETING_AS_HELD)
    )


def check_write(sheet: MinutesSheet, attendance_at: datetime | None) -> None:
    """Minutes are written of a meeting that took place, until they are final.  Raises Refusal."""
    if attendance_at is None:
        raise Refusal(_("出席を記録してから、議事録を書いてください。"))
    if sheet.state is MinutesState.FINAL:
        raise Refusal(_("議事録は確定しています。直すときは「訂正を加える」を使ってください。"))


def check_part(sheet: MinutesSheet, attendance_at: datetime | None, item_id: int) -> None:
    """The same of one item, which stands on the agenda; raises Refusal for a mere proposal too."""
    check_write(sheet, attendance_at)
    if item_id not in sheet.parts:
        raise Refusal(_("この議題は、会議の議題に載っていません。先に議題に加えてください。"))


def check_send(sheet: MinutesSheet, attendance_at: datetime | None) -> None:
    """What is circulated has a text of every item, and is not out already.  Raises Refusal.

    Each item is read by a municipality that sat there: nobody else could confirm it.
    """
    check_write(sheet, attendance_at)
    if sheet.state is MinutesState.SENT:
        raise Refusal(_("この議事録は、すでに確認をお願いしています。"))
    if not sheet.parts:
        raise Refusal(_("議題がありません。先に議題を加えてください。"))
    _check_written(sheet.parts.values())
    unread = [one for one in sheet.parts.values() if not any(map(one.is_for, sheet.parties))]
    if unread:
        raise Refusal(
            _(
                "%(titles)sを確認する市町村がありません。議題の「見せる市町村」を直してください。",
                titles=_named(unread),
            )
        )


def _named(parts: Iterable[PartText]) -> str:
    return "".join(f"「{one.title}」" for one in parts)


def _check_written(parts: Iterable[PartText]) -> None:
    empty = [one for one in parts if one.is_empty]
    if empty:
        raise Refusal(
            _(
                "%(titles)sの記録がまだありません。発言要旨か決定事項が入ってから"
                "確認をお願いできます。",
                titles=_named(empty),
            )
        )


def check_word(sheet: MinutesSheet, by: Actor, *, confirms: bool) -> Town:
    """Who may confirm the circulated text, or ask to correct it; for which municipality.

    Raises Refusal for minutes not circulated, an outsider, an item without a text, whoever wrote
    them (who may not confirm them), and a second confirmation.
    """
    if sheet.state is MinutesState.DRAFT:
        raise Refusal(
            _(
                "この議事録は「%(state)s」です。本文が直されているため、記録していません。"
                "もう一度お願いが届いてから、確かめてください。",
                state=sheet.state.label,
            )
        )
    if sheet.state is not MinutesState.SENT:
        raise Refusal(_("この議事録は「%(state)s」です。", state=sheet.state.label))
    town = next((one for one in sheet.parties if one.id == by.municipality_id), None)
    if town is None:
        raise Refusal(_("この会議に席のある市町村だけが記録できます。"))
    if town not in sheet.asked:
        raise Refusal(
            _("%(town)sが読める議題はないため、確認していただく必要はありません。", town=town.name)
        )
    if not confirms:
        return town
    if by.person_id in sheet.writer_ids:
        raise Refusal(
            _(
                "ご自分が書いた議事録は確認できません。同じ市町村のほかの確認者にお願いしてください。"
            )
        )
    if not sheet.left(town):
        raise Refusal(_("すでに確認済みです。もう一度確認していただく必要はありません。"))
    _check_written(sheet.of(town))
    return town


def check_erratum(sheet: MinutesSheet) -> None:
    """Only final minutes are corrected by an addition; others are simply changed."""
    if sheet.state is not MinutesState.FINAL:
        raise Refusal(_("議事録はまだ確定していません。本文を直してください。"))
