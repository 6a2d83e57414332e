"""会議の書類 from live data: 会議次第, 出席者名簿, 席次表, 会議録 (product.md 5)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tracker.attachments import uploads
from tracker.chain.rules import digest
from tracker.decisions import queries as decisions
from tracker.kernel import tokyo, wareki
from tracker.kernel.permissions import Actor
from tracker.materials import queries
from tracker.materials.material import Material, Pack, in_order
from tracker.materials.rules import MaterialKind
from tracker.materials.year.papers import (
    LATE,
    NOTHING,
    cases_on,
    held_before,
    of_year,
    open_questions,
    parts_of,
)
from tracker.meetings.agenda import queries as agenda
from tracker.meetings.agenda.rules import AgendaEntry, is_shown, overrun, planned
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.minutes import queries as minutes
from tracker.meetings.minutes.rules import MinutesSheet, MinutesState
from tracker.meetings.rules import Attendance
from tracker.municipalities import queries as areas
from tracker.papers import binding, pdf
from tracker.papers.kinds import (
    EXCEL,
    PDF,
    WORD,
    ZIP,
    Amount,
    Block,
    Cell,
    Document,
    Grid,
    Lines,
    Pairs,
    PaperKind,
    Title,
    document,
)
from tracker.papers.volume import Volume, VolumePart
from tracker.plumbing import clock

NOT_YET = "（まだ決まっていません）"
NOTHING_SAID = "（記録はありません）"
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
    meeting = queries.meeting_at(address)
    return subject(meeting) if meeting and not meeting.cancelled_at else None


def find_minutes(address: str) -> MinutesPaper | None:
    """The minutes of that meeting."""
    meeting = queries.meeting_at(address)
    return minutes_subject(meeting) if meeting else None


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
    """出席者名簿: every seat with its post, who comes or came for it, and room for names by hand."""
    meeting = of.meeting
    rows = [
        (
            str(number),
            one.town.name if one.town else "",
            one.title,
            "",
            one.attended or None,
            one.brings,
        )
        for number, one in enumerate(_in_order(meeting), start=1)
    ]
    counted = "　".join(
        f"{kind.label} {sum(one.attendance is kind for one in meeting.seats)}"
        for kind in Attendance
    )
    left = f"未回答 {len(meeting.unreplied)}"
    heads = ("番号", "市町村", "職", "氏名", "出席", "随行")
    return Document(
        f"{meeting.name}　出席者名簿",
        [
            _facts(meeting),
            Title("出席者"),
            Grid(heads, rows, (0.7, 1.6, 2, 2, 2, 1.4)),
            Lines([counted if meeting.attendance_at else f"出席の予定　{counted}　{left}"]),
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
    if errata := sheet.errata_of([one.id for one in of.of.entries]):
        rows = [(wareki.long(clock.day(one.at)), one.words, one.by) for one in errata]
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
        Lines(["【決定事項】", (part and part.decided) or NOTHING]),
    ]


def _confirmed(sheet: MinutesSheet) -> Grid:
    rows = []
    for town in sheet.asked:
        word = sheet.confirmed.get(town)
        day = wareki.long(clock.day(word.at)) if word else None
        rows.append((town.name, "確認" if word else "確認待ち", day, word.person if word else ""))
    return Grid(("市町村", "確認", "日", "確認した方"), rows, (1.4, 1, 1.6, 2.4))


# The paper of each kind of material.
MADE: Mapping[MaterialKind, str] = {
    MaterialKind.AGENDA: "meeting_agenda",
    MaterialKind.ROSTER: "meeting_roster",
    MaterialKind.SEATING: "meeting_seating",
    MaterialKind.PROGRESS: "material_progress",
    MaterialKind.WATCH: "material_watch",
    MaterialKind.COSTS: "material_costs",
    MaterialKind.QUESTIONS: "material_questions",
    MaterialKind.DECISIONS: "material_decisions",
}


def material(meeting: Meeting, kind: MaterialKind, as_of: datetime) -> Document:
    """A material of the data as they stand now, without whoever had it made."""
    is_of_year = MADE[kind].startswith("material_")
    of = of_year(meeting, clock.day(as_of), kind) if is_of_year else subject(meeting)
    return document(MADE[kind], of, as_of)


class MeetingPack(NamedTuple):
    """A meeting with those of its materials (struck ones too) that somebody may read."""

    meeting: Meeting
    pack: Pack
    shown: Sequence[Material]


def find_pack(address: str) -> MeetingPack | None:
    """What everybody may read of the materials, sent or not; None where there are none."""
    meeting = queries.meeting_at(address)
    if meeting is None:
        return None
    found = queries.pack(meeting.id)
    items = {None, *(one.id for one in subject(meeting).entries)}
    shown = [one for one in found.counting if one.only is None and one.item_id in items]
    return MeetingPack(meeting, found, shown) if shown else None


def meeting_pack(of: MeetingPack) -> Volume:
    """会議資料: all of them in the order of the book; what is kept to some stands last.

    What was not sent is set from the data as they stand now.
    """
    as_of: datetime = of.pack.changed_at or clock.now()
    parts = []
    for one in in_order([one for one in of.shown if not one.is_struck]):
        now, pages, label = one.current, 0, ""
        if now:
            content, pages, ending = uploads.content_of(now.sha256), len(now.pages), now.ending
        else:
            content, ending = pdf.write(material(of.meeting, one.kind, as_of)), PDF
            pages = len(binding.read(content).pages)
        if now and now.number > 1:
            label = f"{one.number}（差替え）"
        parts.append(VolumePart(one.number, one.title, ending, content, pages, label))
    meeting = of.meeting
    lines = [meeting.hours.label if meeting.hours else "", meeting.place, areas.get_area().name]
    if not of.pack.sent_at:
        lines.append("（送る前の確認用）")
    notice = ""
    if meeting.cancelled_at:
        day = wareki.long(clock.day(meeting.cancelled_at))
        notice = f"この会議は{day}に取りやめになりました。理由　{meeting.cancelled_reason}"
    title = f"{meeting.name}　資料"
    return Volume(title, [one for one in lines if one], parts, as_of, notice=notice)


class OfferedMaterial(NamedTuple):
    """What the data offer as a material: its kind, its name, and who alone may read it (slugs)."""

    kind: MaterialKind
    title: str
    only: tuple[str, ...] = ()


def offered(meeting: Meeting) -> list[OfferedMaterial]:
    """What there is something to tell of."""
    today = clock.today()
    _told, parts = parts_of(meeting)
    doubts = open_questions()
    sides = tuple(dict.fromkeys(town.slug for one in doubts for town in one.parties))
    there = {
        MaterialKind.PROGRESS: bool(parts),
        MaterialKind.WATCH: any(one.standing in LATE for one in parts),
        MaterialKind.COSTS: bool(cases_on(today)),
        MaterialKind.QUESTIONS: bool(doubts),
        MaterialKind.DECISIONS: bool(held_before(meeting) or decisions.open_before(meeting)),
    }
    return [
        OfferedMaterial(kind, kind.label, sides if kind is MaterialKind.QUESTIONS else ())
        for kind in MADE
        if there.get(kind, True)
    ]


PAPERS = (
    PaperKind("meeting_agenda", "会議次第", (PDF, WORD), meeting_agenda, find),
    PaperKind("meeting_roster", "出席者名簿", (PDF, WORD, EXCEL), meeting_roster, find),
    PaperKind("meeting_seating", "席次表", (PDF, WORD), meeting_seating, find),
)
MINUTES = (PaperKind("minutes", "会議録", (PDF, WORD), meeting_minutes, find_minutes),)
PACKS = (PaperKind("meeting_pack", "会議資料", (PDF, ZIP), meeting_pack, find_pack),)
