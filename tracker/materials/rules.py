"""How materials are numbered, who reads them, and what may still be changed.  Pure.

Source: product.md 5, ux/spec.md 7.7.
"""

import re
from collections.abc import Collection, Iterable
from datetime import date, datetime

from tracker.kernel.labelled import Labelled
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.kernel.typed import even

# So many materials has a meeting.
MOST = 60
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－ー", "-"))
# 資料1, 資料2-1, 参考, 別紙3, 次第.
_NUMBER = re.compile(r"[^\W\d_]{1,10}(\d{1,3}(-\d{1,3}){0,3})?")


class MaterialKind(Labelled):
    """What a material is made of: the data of the year, or a file that was added."""

    AGENDA = "agenda", N_("会議次第")
    ROSTER = "roster", N_("出席者の名簿")
    SEATING = "seating", N_("席次表")
    PROGRESS = "progress", N_("別表の状況")
    WATCH = "watch", N_("気をつけたい事業")
    COSTS = "costs", N_("費用負担の協議")
    QUESTIONS = "questions", N_("疑義の協議")
    DECISIONS = "decisions", N_("前回の決定事項")
    FILE = "file", N_("添付した資料")


# What says when the meeting is.
DATED = (MaterialKind.AGENDA, MaterialKind.ROSTER, MaterialKind.SEATING)
# What is called by a word of its own; all others are counted (資料1, 資料2).
WORDS = {
    MaterialKind.AGENDA: N_("次第"),
    MaterialKind.ROSTER: N_("名簿"),
    MaterialKind.SEATING: N_("席次"),
}


def as_number(typed: str) -> str:
    """A 資料番号 as it is kept: half-width digits, one kind of hyphen, no spaces; raises Refusal."""
    told = even(typed)
    word = re.match(r"[^\d]*", told)
    # The ー of カラー is no hyphen; the one between digits is.
    head = told[: word.end()] if word else ""
    number = head + told[len(head) :].translate(_DASHES)
    if not _NUMBER.fullmatch(number):
        raise Refusal(
            _("資料番号は「資料1」「資料2-1」「参考1」のように入力してください。"), field="number"
        )
    return number


def check_number(number: str, others: Collection[str]) -> None:
    """No two materials of a meeting have one number; raises Refusal."""
    if number.casefold() in {one.casefold() for one in others}:
        raise Refusal(_("「%(number)s」は、ほかの資料の番号です。", number=number), field="number")
    if len(others) >= MOST:
        raise Refusal(_("資料は%(most)s件までです。", most=MOST), field="number")


def next_number(kind: MaterialKind, taken: Iterable[str]) -> str:
    """The number proposed for one more."""
    there = set(taken)
    if kind in WORDS and _(WORDS[kind]) not in there:
        return _(WORDS[kind])
    counted = [re.fullmatch(r"資料(\d+)(-\d+)*", one) for one in there]
    return f"資料{max((int(one[1]) for one in counted if one), default=0) + 1}"


def check_open(*, cancelled_at: datetime | None, minutes_final_at: datetime | None) -> None:
    """Materials are added and replaced until the minutes are final; raises Refusal."""
    if cancelled_at is not None:
        raise Refusal(_("この会議は取りやめになりました。"))
    if minutes_final_at is not None:
        raise Refusal(_("議事録が確定しているため、資料は変えられません。"))


def check_unsent(sent_at: datetime | None) -> None:
    """What was sent keeps number, name, place and readers; raises Refusal."""
    if sent_at is not None:
        raise Refusal(
            _(
                "送った資料の番号・件名・順番は変えられません。差替えか、資料の追加で直してください。"
            )
        )


def check_send(count: int, sent_at: datetime | None, held_on: date | None) -> None:
    """Materials are sent once, of a meeting whose day is fixed, and there must be some; raises Refusal."""
    if sent_at is not None:
        raise Refusal(_("この会議の資料は、すでに送っています。"))
    if held_on is None:
        raise Refusal(_("開催日を決めてから、資料を送ってください。"))
    if not count:
        raise Refusal(_("送る資料がありません。先に資料を加えてください。"))


def check_replaceable(*, is_made: bool, sent_at: datetime | None) -> None:
    """What is made of the data comes to be when it is sent: before, nothing is replaced; raises Refusal."""
    if is_made and sent_at is None:
        raise Refusal(_("この資料は、送るときに今の記録から作ります。"))


def check_reason(reason: str, sent_at: datetime | None) -> None:
    """Whoever has read what was sent is told why there is another; raises Refusal."""
    if sent_at is not None and not reason.strip():
        raise Refusal(_("差し替える理由を入れてください。"), field="reason")


def page_ranges(pages: Iterable[int]) -> str:
    """Pages (from 0) as people write them: 「1、3〜5」."""
    found: list[list[int]] = []
    for one in sorted(pages):
        if found and found[-1][1] == one - 1:
            found[-1][1] = one
        else:
            found.append([one, one])
    return "、".join(f"{a + 1}" if a == b else f"{a + 1}〜{b + 1}" for a, b in found)
