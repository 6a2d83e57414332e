"""What stands on an agenda, in which order and for how long.  Pure.  Source: product.md 5, ux/spec.md 7.7."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from tracker.amounts.yen import check_count
from tracker.kernel import tokyo
from tracker.kernel.permissions import Actor, Permission, allowed
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.meetings.rules import AgendaKind, Candidate
from tracker.questions.rules import QuestionNumber

# An item of a whole day, in minutes.
LONGEST = 480
# So many items stand on an agenda, and so many subjects are named in the note of one.
MOST, MOST_NAMED = 40, 10


class AgendaSource(NamedTuple):
    """What the data of the year offer as an item; of one report (id) that asked for it, or of one
    question (id) that is talked over.
    """

    kind: AgendaKind
    title: str
    note: str
    report_id: int | None = None
    # The municipalities (slugs) that alone may know of it; none: all.
    only: tuple[str, ...] = ()
    question_id: int | None = None

    @property
    def key(self) -> str:
        """How a button names it: one kind once, one report and one question once.

        What was decided for some only is told apart by whom.
        """
        by_readers = self.only if self.kind is AgendaKind.DECISIONS else ()
        parts = (self.kind, self.report_id or self.question_id, *by_readers)
        return "-".join(str(one) for one in parts if one)


class AgendaEntry(NamedTuple):
    """One item as its readers see it.

    `minutes` are those planned for it; `only` the municipalities (slugs) that may read it, None for
    all; `by` the post that proposed it, `town` that one's municipality (slug).
    """

    id: int
    seen: str
    kind: AgendaKind
    title: str
    note: str
    minutes: int | None
    only: tuple[str, ...] | None
    by: str
    town: str
    report_id: int | None
    is_accepted: bool
    is_struck: bool
    question_id: int | None = None
    question: QuestionNumber | None = None

    @property
    def key(self) -> str:
        """That of what it was taken from."""
        only = self.only or ()
        return AgendaSource(self.kind, "", "", self.report_id, only, self.question_id).key


def is_shown(entry: AgendaEntry, reader: Actor) -> bool:
    """Whether somebody reads an item.

    The office reads all.  A proposal, and what became of it, is read where it came from; what was
    taken onto the agenda by everybody, or by those who look after the agreement in the
    municipalities it is kept to.
    """
    if entry.is_struck or not entry.is_accepted:
        return allowed(reader, Permission.READ_POLL, [entry.town])
    return may_read(entry.only, reader)


def may_read(only: Collection[str] | None, reader: Actor) -> bool:
    """Whether somebody reads what is kept to these municipalities (slugs; None: to nobody)."""
    return only is None or allowed(reader, Permission.READ_POLL, only)


def left(offered: Iterable[AgendaSource], entries: Collection[AgendaEntry]) -> list[AgendaSource]:
    """What is offered and not on the agenda yet."""
    taken = {one.key for one in entries if not one.is_struck}
    return [one for one in offered if one.key not in taken]


def moved(ids: Sequence[int], which: int, step: int) -> list[int]:
    """The order after one item went up (-1) or down (1).

    Raises Refusal at either end: somebody else may have moved it there meanwhile.
    """
    order = list(ids)
    at = order.index(which)
    if not 0 <= at + step < len(order):
        raise Refusal(_("これより上（下）には動かせません。"))
    order[at], order[at + step] = order[at + step], order[at]
    return order


def planned(entries: Iterable[AgendaEntry]) -> int:
    """The minutes of all items that count, together."""
    return sum(one.minutes or 0 for one in entries if one.is_accepted and not one.is_struck)


def overrun(entries: Iterable[AgendaEntry], hours: Candidate | None) -> int:
    """By how many minutes the items exceed the meeting's hours; 0 while no day is fixed."""
    if hours is None:
        return 0
    begins, ends = (tokyo.at(hours.on, at) for at in (hours.begins, hours.ends))
    return max(0, planned(entries) - int((ends - begins).total_seconds()) // 60)


def check_open(
    *, cancelled_at: datetime | None, minutes_final_at: datetime | None, is_circulated: bool
) -> None:
    """An agenda takes no changes while its minutes are to be confirmed, nor once they are final.

    Who is asked for its word, and of what, is read from the items.  Raises Refusal.
    """
    if cancelled_at is not None:
        raise Refusal(_("この会議は取りやめになりました。"))
    if minutes_final_at is not None:
        raise Refusal(_("議事録が確定しているため、議題は変えられません。"))
    if is_circulated:
        raise Refusal(
            _(
                "議事録の確認をお願いしているため、議題は変えられません。先に、議事録の「直す」から"
                "本文を保存すると、確認のお願いが取り下げられ、議題を変えられます。"
            )
        )


def check_still_asked(now: Collection[str] | None, then: Collection[str] | None) -> None:
    """Whoever was asked to confirm an item is not left out later; raises Refusal.

    The municipalities (slugs) that read it `now`, and `then`, after the change; None: all.
    """
    if then is not None and (now is None or set(now) - set(then)):
        raise Refusal(
            _("一度確認をお願いした議事録の議題は、読める市町村を減らせません。"), field="only"
        )


def check_strike(only: Collection[str] | None, others: Iterable[Collection[str] | None]) -> None:
    """Once asked for a word on the minutes, a municipality keeps an item to speak of; raises Refusal.

    The readers of the item that is taken off, and of each one that stays.
    """
    left = list(others)
    if None in left:
        return
    if only is None or set(only) - {slug for one in left for slug in one or ()}:
        raise Refusal(
            _("一度確認をお願いした市町村が読める議題がなくなるため、この議題は外せません。")
        )


def check_readers(is_question: bool, now: Collection[str] | None, only: Collection[str]) -> None:
    """Nobody else than its two sides knows of a question: its item stays theirs.  Raises Refusal."""
    if is_question and set(now or ()) != set(only):
        raise Refusal(_("疑義の議題を読めるのは、その双方だけです。"), field="only")


def listed(names: Sequence[str]) -> str:
    """What an item is about, by name: 「A、B　ほか3件」."""
    more = _("　ほか%(count)s件", count=len(names) - MOST_NAMED) if names[MOST_NAMED:] else ""
    return "、".join(names[:MOST_NAMED]) + more


def check_item(minutes: int | None, many: int) -> None:
    """What an item may hold; `many` are those there already.  Raises Refusal beside the field."""
    if many >= MOST:
        raise Refusal(
            _("議題は%(most)s件までです。まとめられるものを1件にしてください。", most=MOST)
        )
    if minutes is not None:
        check_count(minutes, _("予定の時間（分）"), 1, LONGEST, "minutes")
