"""What a progress report must be, step by step (product.md 4, contracts.md States)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from tracker.kernel.fiscal_year import Period
from tracker.kernel.refusal import Refusal
from tracker.kernel.yen import ask_for_count, grouped

LONGEST_TEXT = 400
# A value this many times last year's, or this small a part of it, is worth a second look.
CONSPICUOUS = 3


class ReportState(StrEnum):
    """Where a report stands; 期限超過 is derived (`shown`), never stored (contracts.md)."""

    NONE = "none"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    CONFIRMED = "confirmed"

    @property
    def label(self) -> str:
        """The words on screen."""
        return _REPORT_LABELS[self]

    @property
    def kind(self) -> str:
        """The key of its colour and icon."""
        return f"report_{self}"


_REPORT_LABELS: Mapping[ReportState, str] = {
    ReportState.NONE: "未提出",
    ReportState.DRAFT: "下書きあり",
    ReportState.SUBMITTED: "確認中",
    ReportState.RETURNED: "差戻し",
    ReportState.CONFIRMED: "確認済み",
}
# A returned report has to come again, so its value does not count meanwhile.
REPORTED = frozenset({ReportState.SUBMITTED, ReportState.CONFIRMED})


class Rating(StrEnum):
    """事業の状況, chosen by the reporter and never preselected (ux/spec.md 7.4)."""

    ON_TRACK = "on_track"
    SLIGHTLY_LATE = "slightly_late"
    LATE = "late"
    DONE = "done"

    @property
    def label(self) -> str:
        """The words on screen."""
        return _RATINGS[self][0]

    @property
    def hint(self) -> str:
        """What choosing it means."""
        return _RATINGS[self][1]


_RATINGS: Mapping[Rating, tuple[str, str]] = {
    Rating.ON_TRACK: ("順調", "目標に届く見込み"),
    Rating.SLIGHTLY_LATE: ("やや遅れ", "手を打てば届く"),
    Rating.LATE: ("遅れ", "届かない見込み"),
    Rating.DONE: ("完了", "今年度分は終わった"),
}


class YearMark(StrEnum):
    """What only the lead says about a project's year (contracts.md)."""

    NOT_STARTED = "not_started"
    SKIPPED = "skipped"

    @property
    def label(self) -> str:
        """The words on screen."""
        return _MARK_LABELS[self]


_MARK_LABELS: Mapping[YearMark, str] = {
    YearMark.NOT_STARTED: "未着手",
    YearMark.SKIPPED: "見送り",
}


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


@dataclass(frozen=True)
class ReportFact:
    """What the duties need to know of one report asked for; municipalities by slug.

    `opened_at` is the round's; the instants are UTC, the days those in Tokyo.
    """

    round_path: str
    report_path: str
    period: Period
    due_on: date
    project_id: int
    project: str
    municipality_slug: str
    municipality: str
    state: ReportState
    lead_municipality: str
    lead_post_id: int | None
    submitted_on: date | None
    returned_on: date | None
    round_closed: bool
    opened_at: datetime | None = None
    submitted_at: datetime | None = None
    returned_at: datetime | None = None
