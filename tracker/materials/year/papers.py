"""別表の状況, 気をつけたい事業, 費用負担と疑義の協議, 前回の決定事項 as the data stand (product.md 5)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby, zip_longest
from typing import NamedTuple

from tracker.agreements import queries as agreements
from tracker.cost_sharing import queries as costs
from tracker.cost_sharing.case import Case
from tracker.cost_sharing.rules import ASKED
from tracker.decisions import queries as decisions
from tracker.decisions.decision import FollowUp, MeetingDecision
from tracker.decisions.models import DecisionRow
from tracker.kernel import wareki
from tracker.materials import queries
from tracker.materials.rules import MaterialKind
from tracker.meetings import queries as meetings
from tracker.meetings.meeting import Meeting
from tracker.meetings.minutes import queries as minutes
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
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
    PaperKind,
    Title,
)
from tracker.plumbing import clock
from tracker.projects import queries as projects
from tracker.projects.report import Report
from tracker.projects.rules import CellState
from tracker.questions import queries as questions
from tracker.questions.question import AgreementQuestion
from tracker.questions.rules import OPEN

NOTHING = "（ありません）"
# So many municipalities stand side by side on A4 laid on its side.
MOST_COLUMNS = 10
# Signs of a long text in one row: with a name above, it stands whole on a page (paper.typ).
MOST_IN_ROW = 240
LATE = (CellState.LATE, CellState.SLIGHTLY_LATE)


class YearPaper(NamedTuple):
    """What a material tells: its meeting, as of which day, and what was read of the year.

    `told`: what the last round asked about (上期); `measures`: their numbers by id.  `decided`: of
    the meeting before, and what earlier ones left open; `minuted`: item and decision that stand in
    its final minutes alone.
    """

    meeting: Meeting
    today: date
    towns: Sequence[Town]
    told: str = ""
    parts: Sequence[Report] = ()
    measures: Mapping[int, str] = {}
    cases: Sequence[Case] = ()
    questions: Sequence[AgreementQuestion] = ()
    decided: Sequence[MeetingDecision] = ()
    minuted: Sequence[tuple[str, str]] = ()

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
        told, parts = parts_of(meeting)
        measures = {one.id: one.number for one in agreements.measures()}
        found = found._replace(told=told, parts=parts, measures=measures)
    if kind in (None, MaterialKind.COSTS):
        found = found._replace(cases=cases_on(today))
    if kind in (None, MaterialKind.QUESTIONS):
        found = found._replace(questions=open_questions())
    if kind in (None, MaterialKind.DECISIONS):
        decided, minuted = _decided(meeting)
        found = found._replace(decided=decided, minuted=minuted)
    return found


def parts_of(meeting: Meeting) -> tuple[str, Sequence[Report]]:
    """What the last round asked about, and every part of it."""
    last = next((one for one in projects.rounds() if one.year <= meeting.year.year), None)
    if last is None:
        return "", ()
    return last.period.label, projects.of_year(last.period.fiscal_year, last.half)


def cases_on(today: date) -> list[Case]:
    """The cost cases that wait for municipalities' answers."""
    return [one for one in costs.in_hand(today) if one.state in ASKED]


def open_questions() -> list[AgreementQuestion]:
    """The questions that were put and are not settled."""
    return [one for one in questions.in_hand() if one.state in OPEN and one.put_at]


def held_before(meeting: Meeting) -> Meeting | None:
    """The last yearly meeting before that took place."""
    found = [
        one
        for one in meetings.meetings(meeting.year.previous.previous, meeting.year)
        if one.is_yearly and one.attendance_at and one.id != meeting.id and one.fixed_on
    ]
    return max(found, key=lambda one: one.fixed_on or date.min, default=None)


def _decided(meeting: Meeting) -> tuple[list[MeetingDecision], list[tuple[str, str]]]:
    """What was decided before, as everybody may know it, and what only the minutes say of it."""
    last = held_before(meeting)
    its = decisions.about(DecisionRow.meeting_id, last.id) if last else ()
    left = [one for one in decisions.open_before(meeting) if not last or one.meeting_id != last.id]
    parts = minutes.sheet(last).parts if last and last.minutes_final_at else {}
    recorded = {" ".join(one.text.split()) for one in its}
    return (
        [one for one in (*its, *left) if one.only is None],
        [
            (part.title, part.decided)
            for part in parts.values()
            if part.only is None and " ".join(part.decided.split()) not in {"", *recorded}
        ],
    )


def find_year(address: str) -> YearPaper | None:
    """By the last part of the meeting's address; none of one that was called off."""
    meeting = queries.meeting_at(address)
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
    """前回の決定事項: what was decided before, who does what of it by when, and how far that is."""
    blocks: list[Block] = []
    for name, found in groupby(of.decided, key=lambda one: one.meeting):
        rows = [row for one in found for row in _followed(one, of.today)]
        heads = ("決定事項", "担当", "宿題", "期限", "状況")
        blocks += [Title(name), Grid(heads, rows, (2.6, 1.1, 2.1, 1.8, 2.4))]
    if of.minuted:
        rows = [(item, piece) for item, decided in of.minuted for piece in _pieces(decided)]
        blocks += [Title("会議録の決定事項"), Grid(("議題", "決定事項"), rows, (3, 5))]
    return _document("前回の決定事項", of, blocks or [Lines([NOTHING])])


def _followed(one: MeetingDecision, today: date) -> Iterator[tuple[Cell, ...]]:
    """A row for each that does something of it, with what that municipality said last.

    Each names the decision: where the table goes over to the next page, that one says it too.
    """
    rows = [row for its in one.counting for row in _errand(its, today)]
    for text, row in zip_longest(_pieces(one.text), rows or [("", NOTHING, "", "")]):
        yield f"{one.title}\n{text or ''}".strip(), *(row or ("", "", "", ""))


def _errand(its: FollowUp, today: date) -> Iterator[tuple[Cell, ...]]:
    said, *more = _pieces(its.notes[-1].text if its.notes else "")
    state = its.state(today).label
    yield its.town.name, its.what, its.due_on, f"{state}\n{said}".strip()
    for piece in more:
        yield its.town.name, "（続き）", "", piece


def _pieces(text: str) -> list[str]:
    """What stands in rows below each other, so that none of them is broken at the end of a page."""
    return [text[at : at + MOST_IN_ROW] for at in range(0, len(text) or 1, MOST_IN_ROW)]


MATERIALS = (
    PaperKind("material_progress", "別表の状況", (PDF, EXCEL), material_progress, find_year),
    PaperKind("material_watch", "気をつけたい事業", (PDF, WORD), material_watch, find_year),
    PaperKind("material_costs", "費用負担の協議", (PDF, EXCEL), material_costs, find_year),
    PaperKind("material_questions", "疑義の協議", (PDF, WORD), material_questions, find_year),
    PaperKind("material_decisions", "前回の決定事項", (PDF, WORD), material_decisions, find_year),
)
