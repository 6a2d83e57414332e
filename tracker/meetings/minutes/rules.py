"""How minutes come to be final: each municipality confirms, and silence is no word.  Pure.

Source: product.md 5, ux/spec.md 7.7, letter M11.
"""

from collections.abc import Mapping, Sequence
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
    """What was said (発言要旨) and decided of one item."""

    gist: str = ""
    decided: str = ""
    seen: str = "0"


class MinutesWord(NamedTuple):
    """A municipality's word on one revision: it confirms, or asks to correct an item's text."""

    revision: int
    town: Town
    is_confirmed: bool
    item_id: int | None
    words: str
    person: str
    at: datetime


class Erratum(NamedTuple):
    """What was added after the minutes were final."""

    words: str
    by: str
    at: datetime


class MinutesSheet(NamedTuple):
    """The minutes of one meeting: the text by agenda item (id), and who has said what of it.

    `revision` grows whenever a text that was circulated is changed: words on an older one count no
    more.  `parties` are the municipalities that sat at the meeting; `writer_ids` who wrote.
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
        return MinutesState.DRAFT if self.parts else MinutesState.NONE

    @property
    def confirmed(self) -> Mapping[Town, MinutesWord]:
        """Who has confirmed the present text."""
        return {
            one.town: one
            for one in self.words
            if one.is_confirmed and one.revision == self.revision
        }

    @property
    def waiting(self) -> tuple[Town, ...]:
        """Whose word is missing, while they are circulated."""
        if self.state is not MinutesState.SENT:
            return ()
        return tuple(town for town in self.parties if town not in self.confirmed)

    @property
    def requests(self) -> tuple[MinutesWord, ...]:
        """What anybody wanted corrected, of every revision, oldest first."""
        return tuple(one for one in self.words if not one.is_confirmed)

    @property
    def open_requests(self) -> tuple[MinutesWord, ...]:
        """Those on the text as it is now: the office has not answered them."""
        return tuple(one for one in self.requests if one.revision == self.revision)


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


def check_send(sheet: MinutesSheet, attendance_at: datetime | None) -> None:
    """What is circulated has a text, and is not out already.  Raises Refusal."""
    check_write(sheet, attendance_at)
    if sheet.state is MinutesState.SENT:
        raise Refusal(_("この議事録は、すでに確認をお願いしています。"))
    if not any(one.gist.strip() or one.decided.strip() for one in sheet.parts.values()):
        raise Refusal(_("発言要旨か決定事項を1つ以上書いてから送ってください。"))


def check_word(sheet: MinutesSheet, by: Actor, *, confirms: bool) -> None:
    """Who may confirm the circulated text, or ask to correct it, for their municipality.

    Raises Refusal for minutes not circulated, an outsider, whoever wrote them (who may not
    confirm them), and a second confirmation.
    """
    if sheet.state is not MinutesState.SENT:
        raise Refusal(_("この議事録は「%(state)s」です。", state=sheet.state.label))
    town = next((one for one in sheet.parties if one.id == by.municipality_id), None)
    if town is None:
        raise Refusal(_("この会議に席のある市町村だけが記録できます。"))
    if confirms and by.person_id in sheet.writer_ids:
        raise Refusal(
            _(
                "ご自分が書いた議事録は確認できません。同じ市町村のほかの確認者にお願いしてください。"
            )
        )
    if confirms and town in sheet.confirmed:
        raise Refusal(_("すでに確認済みです。もう一度確認していただく必要はありません。"))


def check_erratum(sheet: MinutesSheet) -> None:
    """Only final minutes are corrected by an addition; others are simply changed."""
    if sheet.state is not MinutesState.FINAL:
        raise Refusal(_("議事録はまだ確定していません。本文を直してください。"))
