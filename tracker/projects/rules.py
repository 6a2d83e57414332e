"""What a progress report must be, step by step (product.md 4, contracts.md States)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from tracker.kernel.labelled import Labelled
from tracker.kernel.refusal import Refusal
from tracker.kernel.yen import ask_for_count, grouped

LONGEST_TEXT = 400
# A value this many times last year's, or this small a part of it, is worth a second look.
CONSPICUOUS = 3


class ReportState(Labelled):
    """Where a report stands; 期限超過 is derived (`shown`), never stored (contracts.md)."""

    NONE = "none", "未提出"
    DRAFT = "draft", "下書きあり"
    SUBMITTED = "submitted", "確認中"
    RETURNED = "returned", "差戻し"
    CONFIRMED = "confirmed", "確認済み"

    @property
    def kind(self) -> str:
        """The key of its colour and icon."""
        return f"report_{self}"


# A returned report has to come again, so its value does not count meanwhile.
REPORTED = frozenset({ReportState.SUBMITTED, ReportState.CONFIRMED})


class Rating(Labelled):
    """事業の状況, chosen by the reporter and never preselected (ux/spec.md 7.4); `hint` explains."""

    ON_TRACK = "on_track", "順調", "目標に届く見込み"
    SLIGHTLY_LATE = "slightly_late", "やや遅れ", "手を打てば届く"
    LATE = "late", "遅れ", "届かない見込み"
    DONE = "done", "完了", "今年度分は終わった"

    def __init__(self, _value: str, _label: str = "", hint: str = "") -> None:
        self.hint = hint


class YearMark(Labelled):
    """What only the lead says about a project's year (contracts.md)."""

    NOT_STARTED = "not_started", "未着手"
    SKIPPED = "skipped", "見送り"


class Shown(NamedTuple):
    """A state as a page shows it: the key of its colour and icon, and the words."""

    kind: str
    label: str


def days_overdue(state: ReportState, due_on: date, today: date) -> int:
    """Calendar days since the due day of a report nobody has submitted; 0 when not overdue."""
    waiting = state in (ReportState.NONE, ReportState.DRAFT)
    return max(0, (today - due_on).days) if waiting else 0


def shown(state: ReportState, due_on: date, today: date) -> Shown:
    """The state, or 期限超過 when the report is overdue."""
    if days_overdue(state, due_on, today):
        return Shown("overdue", "期限超過")
    return Shown(state.kind, state.label)


def check_step(now: ReportState, wanted: ReportState) -> None:
    """Whether a report may go from one state to the next (ux/spec.md 7.5 and 7.6).

    Submitted to draft is 取り戻して直す, until the lead confirms; the lead may ask a question even
    about a confirmed report. Raises Refusal for every other step.
    """
    state = ReportState
    match now, wanted:
        case (
            (state.NONE | state.DRAFT, state.DRAFT | state.SUBMITTED)
            | (state.RETURNED, state.RETURNED | state.SUBMITTED)
            | (state.SUBMITTED, state.DRAFT | state.RETURNED | state.CONFIRMED)
            | (state.CONFIRMED, state.RETURNED)
        ):
            return
        case state.SUBMITTED, _:
            raise Refusal(TAKE_BACK_FIRST)
        case state.CONFIRMED, state.CONFIRMED:
            raise Refusal("この報告はすでに確認済みです。")
        case state.CONFIRMED, _:
            raise Refusal(
                "確認済みの報告は直せません。直したいときは、主担当課へお知らせください。"
            )
        case state.RETURNED, state.CONFIRMED:
            raise Refusal("差し戻した報告です。もう一度提出されてから確認してください。")
        case _, state.RETURNED | state.CONFIRMED:
            raise Refusal("まだ提出されていない報告です。提出されてから確認してください。")
        case _:
            raise Refusal("始めた報告を未提出には戻せません。内容を直して提出してください。")


ROUND_CLOSED = "この期間の報告は締め切りました。直したいときは、連携推進担当へお知らせください。"
TAKE_BACK_FIRST = "すでに提出されています。直すときは「取り戻して直す」を選んでください。"


def saved(now: ReportState) -> ReportState:
    """The state after the writer saves: a returned report stays returned until it is submitted.

    Raises Refusal for a submitted report (saving must not take it back) and a confirmed one.
    """
    if now is ReportState.SUBMITTED:
        raise Refusal(TAKE_BACK_FIRST)
    wanted = ReportState.RETURNED if now is ReportState.RETURNED else ReportState.DRAFT
    check_step(now, ReportState.DRAFT if now is ReportState.CONFIRMED else wanted)
    return wanted


def check_report(
    *,
    opened: bool,
    closed: bool,
    participates: bool,
    municipality: str,
    values: Mapping[str, int | None],
    rating: Rating | None,
    done: str,
    trouble: str = "",
    plan: str = "",
) -> None:
    """Whether a report may be submitted: an open round, a part in the project, all that is asked.

    `values` are by indicator name. Raises the first Refusal; its `field` is "values", "rating",
    "done", "trouble" or "plan" when the writer can mend it there (ux/spec.md 8).
    """
    missing = next((name for name, value in values.items() if value is None), None)
    long = {
        name: len(text) for name, text in (("done", done), ("trouble", trouble), ("plan", plan))
    }
    too_long = next((name for name, size in long.items() if size > LONGEST_TEXT), None)
    refusals: tuple[tuple[bool, str, str | None], ...] = (
        (
            not opened,
            "この期間はまだ始まっていません。報告のお願いが届いてから入力してください。",
            None,
        ),
        (
            closed,
            ROUND_CLOSED,
            None,
        ),
        (
            not participates,
            f"{municipality}はこの事業に参加していないため、報告はいりません。",
            None,
        ),
        (missing is not None, ask_for_count(f"{municipality}の{missing}"), "values"),
        (rating is None, "事業の状況を1つ選んでください。", "rating"),
        (
            not done.strip(),
            "この半年に行ったことを入力してください。行っていないときは、その理由を入れてください。",
            "done",
        ),
        (
            too_long is not None,
            f"{LONGEST_TEXT}字までで入力してください（今 {long[too_long or 'done']}字）。",
            too_long,
        ),
    )
    for refused, message, field in refusals:
        if refused:
            raise Refusal(message, field=field)


def half_year_guide(target: int) -> int:
    """上期の目安: half of the year's target, an odd one rounded up."""
    return (target + 1) // 2


def soft_checks(
    value: int | None,
    last_year_value: int | None,
    guide: int | None,
    rating: Rating | None,
    target: int | None,
    unit: str = "",
) -> tuple[str, ...]:
    """What deserves a second look; shown beside the answer, never in the way (ux/spec.md 7.4).

    `guide` is what to compare with now: `half_year_guide(target)` in 上期, the target itself at
    年度末. Nothing is said about values nobody has given.
    """
    if value is None:
        return ()
    hoped = target if rating is Rating.DONE else guide
    said = [_against_last_year(value, last_year_value, unit)]
    if hoped is not None and value < hoped and rating in (Rating.ON_TRACK, Rating.DONE):
        said.append(f"目標に届いていませんが『{rating.label}』が選ばれています。")
    if guide is not None and value < guide:
        name = "年間の目標" if guide == target else "上期の目安"
        said.append(f"{name}{grouped(guide)}{unit}に対し{grouped(value)}{unit}です。")
    return tuple(sentence for sentence in said if sentence)


def _against_last_year(value: int, before: int | None, unit: str) -> str | None:
    if not before or (before < value * CONSPICUOUS and value < before * CONSPICUOUS):
        return None
    if value == 0:
        return f"前年同期は{grouped(before)}{unit}でした。「0」でよいか確かめてください。"
    if value < before:
        return f"前年同期の約{_tenths(Fraction(before, value))}分の1です。桁を確かめてください。"
    return f"前年同期の{_tenths(Fraction(value, before))}倍です。桁を確かめてください。"


def _tenths(ratio: Fraction) -> str:
    tenths = int(ratio * 10 + Fraction(1, 2))
    return f"{tenths // 10:,}" if tenths % 10 == 0 else f"{tenths // 10:,}.{tenths % 10}"


# --- how parts and values come together ----------------------------------------------------------


class CellState(Labelled):
    """How one municipality's part in a project stands, as the annex table shows it."""

    LATE = "late", Rating.LATE.label
    SLIGHTLY_LATE = "slightly_late", Rating.SLIGHTLY_LATE.label
    UNREPORTED = "unreported", "未報告"
    NOT_STARTED = "not_started", YearMark.NOT_STARTED.label
    ON_TRACK = "on_track", Rating.ON_TRACK.label
    DONE = "done", Rating.DONE.label
    SKIPPED = "skipped", YearMark.SKIPPED.label
    NO_PROJECT = "none_project", "事業なし"

    @property
    def kind(self) -> str:
        """The key of its colour and icon."""
        return str(self)


# A cell shows the first of these that any of its projects is in (contracts.md, States).
CELL_ORDER = tuple(state for state in CellState if state is not CellState.NO_PROJECT)
_COUNTED_APART = frozenset(CELL_ORDER[: CELL_ORDER.index(CellState.ON_TRACK)])


def part_state(report: ReportState, rating: Rating | None, mark: YearMark | None) -> CellState:
    """How one part stands: 見送り before all, then what was reported, then 未着手 or 未報告."""
    if mark is YearMark.SKIPPED:
        return CellState.SKIPPED
    if report in REPORTED and rating is not None:
        return CellState(rating.value)
    return CellState.NOT_STARTED if mark is YearMark.NOT_STARTED else CellState.UNREPORTED


@dataclass(frozen=True)
class Cell:
    """One cell of the annex table: its worst state, the parts in that state, and all its parts."""

    state: CellState
    count: int
    participating: int

    @property
    def figure(self) -> str:
        """「1/3」 for a state to notice, 「3」 for a cell without one, nothing for 事業なし."""
        if self.state in _COUNTED_APART:
            return f"{self.count}/{self.participating}"
        return str(self.participating) if self.participating else ""

    @property
    def spoken(self) -> str:
        """For screen readers: 「未報告1件、参加2事業」「順調、参加2事業」「事業なし」."""
        if not self.participating:
            return self.state.label
        count = f"{self.count}件" if self.state in _COUNTED_APART else ""
        return f"{self.state.label}{count}、参加{self.participating}事業"


def cell(states: Iterable[CellState]) -> Cell:
    """The first of `CELL_ORDER` among the parts; no part at all is 事業なし."""
    given = list(states)
    worst = min(given, key=CELL_ORDER.index, default=CellState.NO_PROJECT)
    return Cell(worst, given.count(worst), len(given))


class Total(NamedTuple):
    """A sum that says how many it is of; no value at all is None, never 0."""

    sum: int | None
    reported: int
    expected: int

    def note(self, half: str) -> str | None:
        """「上期は4市町村分」 when some have not reported yet, otherwise None."""
        partial = self.reported < self.expected
        return f"{half}は{self.reported}市町村分" if partial else None


def total(values: Iterable[int | None]) -> Total:
    """Adds up what was reported; None is a municipality that has not."""
    given = list(values)
    reported = [value for value in given if value is not None]
    return Total(sum(reported) if reported else None, len(reported), len(given))
