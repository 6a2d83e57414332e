"""会議の書類 from live data: 会議次第, 出席者名簿, 席次表, 会議録 (product.md 5)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tracker.kernel import tokyo, wareki
from tracker.kernel.permissions import Actor
from tracker.meetings import queries as meetings
from tracker.meetings.agenda import queries as agenda
from tracker.meetings.agenda.rules import AgendaEntry, is_shown, overrun, planned
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.minutes import queries as minutes
from tracker.meetings.minutes.rules import MinutesSheet, MinutesState
from tracker.meetings.rules import Attendance
from tracker.municipalities import queries as areas
from tracker.papers.kinds import (
    EXCEL,
    PDF,
    WORD,
    Amount,
    Block,
    Cell,
    Document,
    Grid,
    Lines,
    Pairs,
    PaperKind,
    Title,
)
from tracker.plumbing import clock
from tracker.plumbing.chain import digest

NOT_YET = "（まだ決まっていません）"
NOTHING_SAID = "（記録はありません）"
NOTHING_DECIDED = "（ありません）"
NOT_A_SEAL = "「確認」は決裁や押印に代わるものではありません。"


class MeetingPaper(NamedTuple):
    """A meeting with the items of its agenda that whoever reads the paper may know."""

    meeting: Meeting
    entries: Sequence[AgendaEntry]
    names: dict[str, str]


class MinutesPaper(NamedTuple):
    """The same with the minutes as they stand; `digest` of final ones, as the record holds it."""

    of: MeetingPaper
    sheet: MinutesSheet
    digest: str = ""


def subject(meeting: Meeting, reader: Actor | None = None) -> MeetingPaper:
    """What the papers of a meeting tell `reader`; None: what everybody may know."""
    entries = [
        one
        for one in agenda.entries(meeting.id)
        if one.is_accepted
        and not one.is_struck
        and (is_shown(one, reader) if reader else one.only is None)
    ]
    return MeetingPaper(meeting, entries, {town.slug: town.name for town in areas.towns()})


def minutes_subject(meeting: Meeting, reader: Actor | None = None) -> MinutesPaper | None:
    """The minutes as `reader` may know them; None before anything is written."""
    sheet = minutes.sheet(meeting)
    if sheet.state is MinutesState.NONE:
        return None
    told = ""
    if sheet.state is MinutesState.FINAL:
        told = digest(minutes.minuted([meeting.id])[meeting.id])
    return MinutesPaper(subject(meeting, reader), sheet, told)


def find(address: str) -> MeetingPaper | None:
    """By the last part of the meeting's address: 「3」; none of one that was called off."""
    meeting = _meeting(address)
    return subject(meeting) if meeting and not meeting.cancelled_at else None


def find_minutes(address: str) -> MinutesPaper | None:
    """The minutes of that meeting."""
    meeting = _meeting(address)
    return minutes_subject(meeting) if meeting else None


def _meeting(address: str) -> Meeting | None:
    return meetings.find(int(address)) if address.isascii() and address.isdecimal() else None


def _facts(meeting: Meeting) -> Pairs:
    return Pairs(
        [
            [("日時", meeting.hours.label if meeting.hours else NOT_YET)],
            [("場所", meeting.place or NOT_YET)],
        ]
    )


# --- 会議次第 ---------------------------------------------------------------------------------------


def meeting_agenda(of: MeetingPaper) -> Document:
    """会議次第: the items in their order, with the minutes planned for each and when it begins."""
    meeting = of.meeting
    rows = [
        (str(number), _item(one, of), Amount(one.minutes, "分") if one.minutes else None, begins)
        for number, (one, begins) in enumerate(
            zip(of.entries, _beginnings(of), strict=True), start=1
        )
    ]
    whole = planned(of.entries)
    over = overrun(of.entries, meeting.hours)
    blocks: list[Block] = [_facts(meeting), Title("議題")]
    if rows:
        total = ("", "合計", Amount(whole, "分"), "") if whole else None
        heads = ("番号", "議題", "時間", "開始の目安")
        blocks.append(Grid(heads, rows, (0.7, 6, 1, 1.3), total))
    else:
        blocks.append(Lines(["議題はまだありません。"]))
    if over:
        blocks.append(Lines([f"予定の時間の合計が、会議の時間を{over}分超えています。"]))
    return Document(f"{meeting.name}　次第", blocks)


def _item(one: AgendaEntry, of: MeetingPaper) -> str:
    """Its title, what explains it, and for whom alone it is."""
    only = "・".join(of.names.get(slug, slug) for slug in one.only or ())
    parts = (one.title, one.note, f"（{only}だけが読む議題）" if only else "")
    return "\n".join(part for part in parts if part)


def _beginnings(of: MeetingPaper) -> Iterator[str]:
    """When each item begins, as long as all before it have their minutes."""
    hours = of.meeting.hours
    at: datetime | None = tokyo.at(hours.on, hours.begins) if hours else None
    for one in of.entries:
        yield wareki.clock_time(at.astimezone(clock.TOKYO).time()) if at else ""
        at = at + timedelta(minutes=one.minutes) if at and one.minutes else None


# --- 出席者名簿, 席次表 -----------------------------------------------------------------------------


def meeting_roster(of: MeetingPaper) -> Document:
    """出席者名簿: every seat with its post, who came for it, and room for what is written by hand."""
    meeting = of.meeting
    rows = [
        (str(number), one.town.name if one.town else "", one.title, "", one.attended or None, "")
        for number, one in enumerate(_in_order(meeting), start=1)
    ]
    counted = "　".join(
        f"{kind.label} {sum(one.attendance is kind for one in meeting.seats)}"
        for kind in Attendance
    )
    heads = ("番号", "市町村", "職", "氏名", "出席", "随行")
    return Document(
        f"{meeting.name}　出席者名簿",
        [
            _facts(meeting),
            Title("出席者"),
            Grid(heads, rows, (0.7, 1.6, 2, 2, 2, 1.4)),
            Lines([counted if meeting.attendance_at else "出席は、まだ記録されていません。"]),
        ],
    )


def meeting_seating(of: MeetingPaper) -> Document:
    """席次表: the hub in front, the others by turns on either side; whoever is absent has no seat."""
    there = [one for one in _in_order(of.meeting) if one.attendance is not Attendance.ABSENT]
    front, sides = there[:1], there[1:]
    rows: list[tuple[Cell, ...]] = [
        ("正面", "", *(_seat(number, one) for number, one in enumerate(front, 1)), "")
    ]
    for at in range(0, len(sides), 2):
        right, *left = (_seat(at + 2 + n, one) for n, one in enumerate(sides[at : at + 2]))
        rows.append((f"{at // 2 + 1}列目", *(left or [""]), "", right))
    blocks: list[Block] = [_facts(of.meeting), Title("席次")]
    if there:
        heads = ("", "左側", "正面", "右側")
        blocks.append(Grid(heads, [*rows, ("後方", "", "事務局", "")], (0.8, 2.4, 2.4, 2.4)))
    blocks.append(Lines(["左右は、正面から会場を見た向きです。番号は席次です。"]))
    return Document(f"{of.meeting.name}　席次表", blocks)


def _in_order(meeting: Meeting) -> list[Seat]:
    """The hub first, then the others in the order of their codes; outside members last."""
    return sorted(
        meeting.seats, key=lambda one: (one.town is None, not (one.town and one.town.is_hub))
    )


def _seat(number: int, one: Seat) -> str:
    deputy = f"\n（代理 {one.deputy}）" if one.deputy else ""
    return f"{number}　{one.title}{deputy}"


# --- 会議録 ----------------------------------------------------------------------------------------


def meeting_minutes(of: MinutesPaper) -> Document:
    """会議録: who came, what was said and decided of each item, who has confirmed it."""
    meeting, sheet = of.of.meeting, of.sheet
    seats = [(one.name, one.title, one.attended or None) for one in _in_order(meeting)]
    blocks: list[Block] = [
        _facts(meeting),
        Title("出席者"),
        Grid(("市町村", "職", "出席"), seats, (1.4, 2, 2)),
        *(block for number, one in enumerate(of.of.entries, 1) for block in _part(number, one, of)),
    ]
    if sheet.state in (MinutesState.SENT, MinutesState.FINAL):
        blocks += [Title("市町村の確認"), _confirmed(sheet), Lines([NOT_A_SEAL])]
    if sheet.errata:
        rows = [(wareki.long(clock.day(one.at)), one.words, one.by) for one in sheet.errata]
        blocks += [Title("確定後の訂正"), Grid(("日", "訂正", "記入"), rows, (1.4, 4, 1.6))]
    if of.digest:
        blocks.append(Lines([f"照合値（SHA-256）　{of.digest}"]))
    return Document(
        f"{meeting.name}　会議録", blocks, mark=_mark(sheet), right=_state(meeting, sheet)
    )


def _mark(sheet: MinutesSheet) -> str:
    if sheet.state is MinutesState.FINAL:
        return ""
    waiting = "・".join(town.name for town in sheet.waiting)
    return f"案（確認待ち：{waiting}）" if waiting else "案"


def _state(meeting: Meeting, sheet: MinutesSheet) -> str:
    final = meeting.minutes_final_at
    day = f"（{wareki.long(clock.day(final))}）" if final else ""
    return f"{sheet.state.label}{day}"


def _part(number: int, one: AgendaEntry, of: MinutesPaper) -> list[Block]:
    part = of.sheet.parts.get(one.id)
    return [
        Title(f"議題{number}　{_item(one._replace(note=''), of.of)}".replace("\n", "　")),
        Lines(["【発言要旨】", (part and part.gist) or NOTHING_SAID]),
        Lines(["【決定事項】", (part and part.decided) or NOTHING_DECIDED]),
    ]


def _confirmed(sheet: MinutesSheet) -> Grid:
    rows = []
    for town in sheet.asked:
        word = sheet.confirmed.get(town)
        day = wareki.long(clock.day(word.at)) if word else None
        rows.append((town.name, "確認" if word else "確認待ち", day, word.person if word else ""))
    return Grid(("市町村", "確認", "日", "確認した方"), rows, (1.4, 1, 1.6, 2.4))


PAPERS = (
    PaperKind("meeting_agenda", "会議次第", (PDF, WORD), meeting_agenda, find),
    PaperKind("meeting_roster", "出席者名簿", (PDF, WORD, EXCEL), meeting_roster, find),
    PaperKind("meeting_seating", "席次表", (PDF, WORD), meeting_seating, find),
)
MINUTES = (PaperKind("minutes", "会議録", (PDF, WORD), meeting_minutes, find_minutes),)
