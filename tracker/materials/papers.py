"""会議の書類 from live data: 会議次第, 出席者名簿, 席次表, 会議録 (product.md 5)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from tracker.agreements import queries as agreements
from tracker.attachments import uploads
from tracker.chain.rules import digest
from tracker.cost_sharing import queries as costs
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.rules import ASKED
from tracker.kernel import tokyo, wareki
from tracker.kernel.permissions import Actor
from tracker.materials import queries
from tracker.materials.material import Material, Pack, in_order
from tracker.materials.rules import MaterialKind
from tracker.meetings import queries as meetings
from tracker.meetings.agenda import queries as agenda
from tracker.meetings.agenda.rules import AgendaEntry, is_shown, overrun, planned
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.minutes import queries as minutes
from tracker.meetings.minutes.rules import MinutesSheet, MinutesState
from tracker.meetings.rules import Attendance
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
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
    number_in,
)
from tracker.papers.volume import Volume, VolumePart
from tracker.plumbing import clock
from tracker.projects import queries as projects
from tracker.projects.report import Report
from tracker.projects.rules import CellState
from tracker.questions import queries as questions
from tracker.questions.question import AgreementQuestion
from tracker.questions.rules import OPEN

NOT_YET = "（まだ決まっていません）"
NOTHING = "（ありません）"
# So many municipalities stand side by side on A4 laid on its side.
MOST_COLUMNS = 10
LATE = (CellState.LATE, CellState.SLIGHTLY_LATE)
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
    meeting = _meeting(address)
    return subject(meeting) if meeting and not meeting.cancelled_at else None


def find_minutes(address: str) -> MinutesPaper | None:
    """The minutes of that meeting."""
    meeting = _meeting(address)
    return minutes_subject(meeting) if meeting else None


def _meeting(address: str) -> Meeting | None:
    number = number_in(address)
    return meetings.find(number) if number is not None else None


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
        Lines(["【決定事項】", (part and part.decided) or NOTHING]),
    ]


def _confirmed(sheet: MinutesSheet) -> Grid:
    rows = []
    for town in sheet.asked:
        word = sheet.confirmed.get(town)
        day = wareki.long(clock.day(word.at)) if word else None
        rows.append((town.name, "確認" if word else "確認待ち", day, word.person if word else ""))
    return Grid(("市町村", "確認", "日", "確認した方"), rows, (1.4, 1, 1.6, 2.4))


# --- what is made of the year's data ---------------------------------------------------------------


class YearPaper(NamedTuple):
    """What a material tells: its meeting, as of which day, and what was read of the year.

    `told`: what the last round asked about (上期); `measures`: their numbers by id.
    """

    meeting: Meeting
    today: date
    towns: Sequence[Town]
    told: str = ""
    parts: Sequence[Report] = ()
    measures: Mapping[int, str] = {}
    cases: Sequence[Case] = ()
    questions: Sequence[AgreementQuestion] = ()
    decided: Sequence[tuple[str, str, str]] = ()

    @property
    def late(self) -> list[Report]:
        """The parts that are late, the worst first."""
        return sorted(
            (one for one in self.parts if one.standing in LATE),
            key=lambda one: (LATE.index(one.standing), one.project, one.town.code),
        )


def of_year(meeting: Meeting, today: date, kind: MaterialKind | None = None) -> YearPaper:
    """What the materials of a meeting tell as the data stand; of one kind, what it needs."""
    found = YearPaper(meeting, today, areas.towns())
    if kind in (None, MaterialKind.PROGRESS, MaterialKind.WATCH):
        told, parts = _parts(meeting)
        measures = {one.id: one.number for one in agreements.measures()}
        found = found._replace(told=told, parts=parts, measures=measures)
    if kind in (None, MaterialKind.COSTS):
        found = found._replace(cases=_cases(today))
    if kind in (None, MaterialKind.QUESTIONS):
        found = found._replace(questions=_doubts())
    if kind in (None, MaterialKind.DECISIONS):
        found = found._replace(decided=_decided(meeting))
    return found


def _parts(meeting: Meeting) -> tuple[str, Sequence[Report]]:
    """What the last round asked about, and every part of it."""
    last = next((one for one in projects.rounds() if one.year <= meeting.year.year), None)
    if last is None:
        return "", ()
    return last.period.label, projects.of_year(last.period.fiscal_year, last.half)


def _cases(today: date) -> list[Case]:
    return [one for one in costs.in_hand(today) if one.state in ASKED]


def _doubts() -> list[AgreementQuestion]:
    return [one for one in questions.in_hand() if one.state in OPEN and one.put_at]


def _before(meeting: Meeting) -> Meeting | None:
    """The last yearly meeting before with final minutes."""
    found = [
        one
        for one in meetings.meetings(meeting.year.previous.previous, meeting.year)
        if one.is_yearly and one.minutes_final_at and one.id != meeting.id and one.fixed_on
    ]
    return max(found, key=lambda one: one.fixed_on or date.min, default=None)


def _decided(meeting: Meeting) -> list[tuple[str, str, str]]:
    """Meeting, item and decision of the meeting before, as everybody may know them."""
    last = _before(meeting)
    return [
        (last.name, part.title, part.decided)
        for part in (minutes.sheet(last).parts.values() if last else ())
        if last and part.only is None and part.decided.strip()
    ]


def find_year(address: str) -> YearPaper | None:
    """By the last part of the meeting's address; none of one that was called off."""
    meeting = _meeting(address)
    return of_year(meeting, clock.today()) if meeting and not meeting.cancelled_at else None


def _document(
    title: str, of: YearPaper, blocks: Sequence[Block], *, is_wide: bool = False
) -> Document:
    day = f"{wareki.long(of.today)} 現在"
    return Document(title, blocks, left=of.meeting.name, right=day, is_wide=is_wide)


def material_progress(of: YearPaper) -> Document:
    """別表の状況: every project by every municipality, so many columns a table as a page holds."""
    by_project: dict[tuple[str, str], dict[str, Report]] = {}
    order = {id_: place for place, id_ in enumerate(of.measures)}
    for one in sorted(of.parts, key=lambda one: (order.get(one.measure_id, 0), one.project)):
        own = by_project.setdefault((of.measures.get(one.measure_id, ""), one.project), {})
        own[one.town.slug] = one
    is_actual = any(one.actual_yen is not None for one in of.parts)
    blocks: list[Block] = [Lines([_counted(of.parts, len(by_project))])]
    for begins in range(0, len(of.towns), MOST_COLUMNS):
        towns = of.towns[begins : begins + MOST_COLUMNS]
        if len(of.towns) > MOST_COLUMNS:
            blocks.append(Title(f"{towns[0].name}から{towns[-1].name}まで"))
        is_last = towns[-1] == of.towns[-1]
        rows = [
            (
                number,
                name,
                *(own[one.slug].standing.label if one.slug in own else "" for one in towns),
                *([_yen(own.values(), is_actual)] if is_last else ()),
            )
            for (number, name), own in by_project.items()
        ]
        total = ("", "合計", *("" for _ in towns), _yen(of.parts, is_actual)) if is_last else None
        money = ["決算額" if is_actual else "予算額"] if is_last else []
        heads = ("番号", "事業", *(one.name for one in towns), *money)
        widths = (1.5, 5.0, *(1.6 for _ in towns), *(2.2 for _ in money))
        blocks.append(Grid(heads, rows, widths, total))
    blocks.append(Lines(["空欄は、参加していない事業です。「未報告」は、報告がまだない事業です。"]))
    title = f"連携事業の状況（{of.told}）" if of.told else "連携事業の状況"
    return _document(title, of, blocks, is_wide=True)


def _counted(parts: Sequence[Report], count: int) -> str:
    """「事業 15件　遅れ 2　順調 40」: projects, and parts by how they stand."""
    states = [one.standing for one in parts]
    said = (f"{state.label} {states.count(state)}" for state in CellState if state in states)
    return "　".join((f"事業 {count}件", *said))


def _yen(parts: Iterable[Report], is_actual: bool) -> Amount | None:
    """Whole yen; None when nothing is known, which is never 0."""
    given = (one.actual_yen if is_actual else one.budget_yen for one in parts)
    known = [amount for amount in given if amount is not None]
    return Amount(sum(known), "円") if known else None


def material_watch(of: YearPaper) -> Document:
    """気をつけたい事業: what is late, where, and what was reported of it for everybody to read."""
    rows = [(one.project, one.town.name, one.standing.label) for one in of.late]
    heads = ("事業", "市町村", "状況")
    blocks: list[Block] = [Grid(heads, rows, (5, 2, 1.4))] if rows else [Lines([NOTHING])]
    return _document(f"気をつけたい事業（{of.told}）", of, blocks)


def material_costs(of: YearPaper) -> Document:
    """費用負担の協議: the cases that wait for an answer, who is missing, and by when."""
    rows: list[tuple[Cell, ...]] = [
        (
            one.no.label,
            one.title,
            one.lead.name,
            Amount(one.amount_yen, "円") if one.is_money else None,
            one.reply_due_on,
            one.state.label,
        )
        for one in of.cases
    ]
    heads = ("番号", "件名", "担当", "分担する額", "期限", "状況")
    blocks: list[Block] = [Lines([NOTHING])]
    if rows:
        blocks = [Grid(heads, rows, (1.3, 3.6, 1.4, 2, 2.5, 1.3))]
    return _document("費用負担の協議（第4条第2項）", of, blocks)


def material_questions(of: YearPaper) -> Document:
    """疑義の協議: which questions are open between whom; what is in doubt only their two sides read."""
    rows = [
        (one.label, f"{one.hub.name}・{one.partner.name}", one.state.label) for one in of.questions
    ]
    heads = ("番号", "協約", "状況")
    blocks: list[Block] = [Grid(heads, rows, (1.4, 3, 2))] if rows else [Lines([NOTHING])]
    return _document("疑義の協議（第6条）", of, blocks)


def material_decisions(of: YearPaper) -> Document:
    """前回の決定事項: what the last meeting before decided, by its final minutes."""
    blocks: list[Block] = [Lines([NOTHING])]
    if of.decided:
        rows = [(item, decided) for _name, item, decided in of.decided]
        blocks = [Lines([of.decided[0][0]]), Grid(("議題", "決定事項"), rows, (3, 5))]
    return _document("前回の決定事項", of, blocks)


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
    meeting = _meeting(address)
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
    return Volume(f"{meeting.name}　資料", [one for one in lines if one], parts, as_of)


class OfferedMaterial(NamedTuple):
    """What the data offer as a material: its kind, its name, and who alone may read it (slugs)."""

    kind: MaterialKind
    title: str
    only: tuple[str, ...] = ()


def offered(meeting: Meeting) -> list[OfferedMaterial]:
    """What there is something to tell of."""
    today = clock.today()
    _told, parts = _parts(meeting)
    doubts = _doubts()
    sides = tuple(dict.fromkeys(town.slug for one in doubts for town in one.parties))
    there = {
        MaterialKind.PROGRESS: bool(parts),
        MaterialKind.WATCH: any(one.standing in LATE for one in parts),
        MaterialKind.COSTS: bool(_cases(today)),
        MaterialKind.QUESTIONS: bool(doubts),
        MaterialKind.DECISIONS: _before(meeting) is not None,
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
MATERIALS = (
    PaperKind("material_progress", "別表の状況", (PDF, EXCEL), material_progress, find_year),
    PaperKind("material_watch", "気をつけたい事業", (PDF, WORD), material_watch, find_year),
    PaperKind("material_costs", "費用負担の協議", (PDF, EXCEL), material_costs, find_year),
    PaperKind("material_questions", "疑義の協議", (PDF, WORD), material_questions, find_year),
    PaperKind("material_decisions", "前回の決定事項", (PDF, WORD), material_decisions, find_year),
)
MINUTES = (PaperKind("minutes", "会議録", (PDF, WORD), meeting_minutes, find_minutes),)
PACKS = (PaperKind("meeting_pack", "会議資料", (PDF, ZIP), meeting_pack, find_pack),)
