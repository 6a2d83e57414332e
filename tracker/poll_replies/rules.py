"""Which date a number in a reply means: the one that stood behind it in the letter itself.  Pure."""

import re
from collections.abc import Mapping

from tracker.kernel.translation import _
from tracker.meetings.rules import Candidate
from tracker.replies.reply import ReplyMail


def numbered(body: str, dates: Mapping[int, Candidate]) -> Mapping[int, int]:
    """Candidate ids by the number that a letter lists them under; dates may be added later.

    Empty where one number stands before two dates: then no number says which is meant.
    """
    found: dict[int, int] = {}
    for id_, date in dates.items():
        for number in re.findall(rf"(?<!\d)(\d{{1,2}})　{re.escape(date.label)}", body):
            if found.setdefault(int(number), id_) != id_:
                return {}
    return found


def doubts(
    reply: ReplyMail,
    numbers: Mapping[int, int],
    dates: Mapping[int, Candidate],
    is_address_known: bool,
) -> list[str]:
    """Why a reply is asked back; `numbers` as in `numbered`, `dates` by candidate id."""
    said = list(reply.doubt)
    if not is_address_known:
        said.append(_("このお知らせの宛先は、そのあとで変わっています。"))
    for number in reply.answers:
        on = dates[numbers[number]].on if number in numbers else None
        if on is None:
            said.append(_("候補日に%(number)sはありません。", number=number))
        elif reply.days.get(number, (on.month, on.day)) != (on.month, on.day):
            said.append(_("候補日%(number)sの日付が、お知らせと違います。", number=number))
    return said
