"""開催通知: what calls the heads together, as Word and PDF; number, day and sender stay open."""

from typing import NamedTuple

from tracker.convening import letters
from tracker.meetings import queries
from tracker.meetings.meeting import Meeting
from tracker.municipalities import queries as areas
from tracker.papers.kinds import (
    PDF,
    WORD,
    Block,
    Document,
    Lines,
    PaperKind,
    Title,
    letter_head,
    number_in,
)
from tracker.plumbing import clock

# Beyond so many heads their names stand under the notice.
MOST_LISTED = 8


class NoticePaper(NamedTuple):
    """A meeting with the words of its notice, and whose head sends it."""

    meeting: Meeting
    words: str
    sender: str


def subject(meeting: Meeting) -> NoticePaper | None:
    """What the notice is about; None before a day is fixed, and of a meeting called off."""
    if meeting.hours is None or meeting.cancelled_at is not None:
        return None
    return NoticePaper(meeting, letters.notice_words(meeting), areas.hub().head_title)


def find(address: str) -> NoticePaper | None:
    """By the last part of the meeting's address: 「3」."""
    number = number_in(address)
    meeting = queries.find(number) if number is not None else None
    return subject(meeting) if meeting else None


def meeting_notice(of: NoticePaper) -> Document:
    """The notice as 公文: its words as the office wrote them, day and place under 記."""
    meeting, hours = of.meeting, of.meeting.hours
    assert hours is not None
    first, _gap, rest = of.words.strip().partition("\n\n")
    said = "".join(line.strip() for line in first.splitlines())
    day = clock.day(meeting.noticed_at) if meeting.noticed_at else None
    kept = [line.removeprefix("　") for line in rest.splitlines() if line.strip()]
    listed = [
        f"{number}　{label}　　{words}"
        for number, (label, words) in enumerate(
            (("日時", hours.label), ("場所", meeting.place or "追ってお知らせします。")), 1
        )
    ]
    heads = [one.title for one in meeting.seats if one.title != of.sender]
    is_long = len(heads) > MOST_LISTED
    to = "別記　様" if is_long else "\n".join(f"{head}　様" for head in heads)
    listed_heads = "、".join(heads)
    blocks: list[Block] = [
        *letter_head(meeting.notice_number, day, to, of.sender),
        Title(f"{meeting.name}の開催について（通知）"),
        Lines([f"　{said}"]),
        Lines(["記"], "center"),
        Lines([*listed, *kept]),
        *([Lines([f"別記　{listed_heads}"])] if is_long else []),
    ]
    return Document(f"{meeting.name}の開催について（通知）", blocks, is_letter=True)


PAPERS = (PaperKind("meeting_notice", "開催通知", (WORD, PDF), meeting_notice, find),)
