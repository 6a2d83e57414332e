"""What a project's year and a reporting round must be, and what their papers are called."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from tracker.kernel import office_days, wareki
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.kernel.refusal import Refusal
from tracker.projects.rules import ROUND_CLOSED, Rating, YearMark, half_year_guide, soft_checks

# 上期 is asked for by 15 October, 年度末 by 15 April (ux/spec.md 6: the office may be earlier).
ASK_WITHIN = timedelta(days=15)
_HALVES: Mapping[Half, str] = {Half.H1: "上", Half.FY: "末"}
_TO_KATAKANA = {ord(kana): ord(kana) + 0x60 for kana in map(chr, range(0x3041, 0x3097))}
_SMALL_KE = re.compile(r"(?<=[\u4e00-\u9fff々])[ヶヵガケ](?=[\u4e00-\u9fff々])")


@dataclass(frozen=True)
class IndicatorText:
    """成果指標 as people write it: its name, what it counts in, and what is counted."""

    name: str
    unit: str
    definition: str


@dataclass(frozen=True)
class Part:
    """One municipality's part in a fiscal year: whole yen, and the target of the year."""

    budget_yen: int | None = None
    actual_yen: int | None = None
    target: int | None = None


@dataclass(frozen=True)
class Plan:
    """A project as it shall be, with one of its fiscal years; municipalities by slug."""

    name: str
    summary: str
    measure_id: int
    lead: str
    lead_section: str
    since_year: int
    year: FiscalYear
    parts: Mapping[str, Part]
    lead_post_id: int | None = None
    indicator: IndicatorText | None = None
    mark: YearMark | None = None
    comment: str = ""


@dataclass(frozen=True)
class Content:
    """What a report says; `value` is None until somebody has counted."""

    value: int | None = None
    rating: Rating | None = None
    done: str = ""
    trouble: str = ""
    for_meeting: bool = False
    plan: str = ""


def check_plan(
    plan: Plan,
    names: Mapping[str, str],
    *,
    is_name_taken: bool,
    is_post_of_lead: bool,
    uncovered: Collection[str],
    reporting: Collection[str],
) -> None:
    """Whether a project may be so in that year (product.md 4).

    `names` are the municipalities' names by slug; `uncovered` have no agreement for the measure,
    `reporting` have begun to report. Raises the first Refusal with the field of the form.
    """
    outside = next(iter(uncovered), "")
    gone = next((slug for slug in reporting if slug not in plan.parts), "")
    indicator = plan.indicator or IndicatorText("", "", "")
    measured = plan.indicator is not None or any(part.target for part in plan.parts.values())
    for refused, sentence, field in (
        (is_name_taken, "同じ名前の事業があります。別の名前にしてください。", "name"),
        (
            not is_post_of_lead,
            "お知らせの宛先は、主担当の市町村の役職から選んでください。",
            "lead_post",
        ),
        (
            plan.since_year > plan.year.year,
            f"始まりは{plan.year.label}までの年度にしてください。",
            "since_year",
        ),
        (not plan.parts, "参加する市町村を1つ以上選んでください。", None),
        (
            bool(outside),
            f"{names.get(outside)}の協約には、この連携施策がありません。参加から外してください。",
            f"part_{outside}",
        ),
        (
            bool(gone),
            f"{names.get(gone)}は{plan.year.label}の報告を始めています。参加から外せません。",
            f"part_{gone}",
        ),
        (
            measured and not indicator.name,
            "成果指標の名前を入力してください（例 研修・講座の参加者数）。",
            "indicator_name",
        ),
        (
            measured and not indicator.unit,
            "成果指標の単位を入力してください（例 人）。",
            "indicator_unit",
        ),
    ):
        if refused:
            raise Refusal(sentence, field=field)


def check_round(
    period: Period,
    due_on: date,
    *,
    today: date,
    closures: frozenset[date],
    is_open_already: bool,
    asked: int,
) -> None:
    """Whether reports may be asked for by that day; `asked` is how many there would be."""
    closed = office_days.closed_reason(due_on, closures)
    for refused, sentence, field in (
        (is_open_already, f"{period.label}の報告は、すでにお願いしています。", "period"),
        (
            not asked,
            f"{period.fiscal_year.label}の事業がまだ登録されていません。先に事業を登録してください。",
            "period",
        ),
        (due_on <= today, "期限は、今日より後の日にしてください。", "due_on"),
        (
            due_on <= period.ends,
            f"期限は、期間の終わり（{wareki.long(period.ends)}）より後の日にしてください。",
            "due_on",
        ),
        (
            closed is not None,
            f"{wareki.month_day(due_on)}は{closed}です。別の日を選んでください。",
            "due_on",
        ),
    ):
        if refused:
            raise Refusal(sentence, field=field)


def round_asked_from(period: Period) -> date:
    """The day from which reports can be asked for in earnest: the first after the period."""
    return period.ends + timedelta(days=1)


def round_due(period: Period) -> date:
    """By when the office opens the round: the 15th, or the open day before it."""
    return office_days.on_or_before(period.ends + ASK_WITHIN)


def unopened(
    planned: Collection[int], opened: Collection[Period], today: date
) -> tuple[Period, ...]:
    """The periods over by `today` whose round is still to open; `planned` years have projects.

    A 上期 never asked for is past asking once the whole year was asked for, or is over.
    """
    this = FiscalYear.containing(today)
    wanted = ((this.previous, Half.FY), (this, Half.H1))
    return tuple(
        period
        for period in (Period(year.year, half) for year, half in wanted)
        if period.year in planned
        and today >= round_asked_from(period)
        and not {period, Period(period.year, Half.FY)} & set(opened)
    )


def check_unlocked(is_closed: bool) -> None:
    """A closed round is locked: nothing is written, taken back or returned any more."""
    if is_closed:
        raise Refusal(ROUND_CLOSED)


def guide(period: Period, target: int | None) -> int | None:
    """What a value is held against now: 上期の目安, or the year's target at 年度末."""
    return target if target is None or period.half is Half.FY else half_year_guide(target)


def remarks(
    period: Period, content: Content, last_year: int | None, target: int | None, unit: str
) -> tuple[str, ...]:
    """The soft checks of one report (`rules.soft_checks`) with the guide of its period."""
    return soft_checks(
        content.value, last_year, guide(period, target), content.rating, target, unit=unit
    )


def share_of_guide(value: int | None, guide: int | None) -> str | None:
    """「7割」 of the guide, None when there is nothing to compare or the guide is reached."""
    if value is None or not guide or value >= guide:
        return None
    return f"{value * 10 // guide}割"


def half_name(period: Period) -> str:
    """「上期」「年度末」: the period once its year is named."""
    return period.label.removeprefix(period.fiscal_year.label)


def receipt(period: Period, municipality: str, project_id: int) -> str:
    """受付番号 「R8上-今別-014」: era year and half, municipality, number of the project."""
    era, count = _era_year(period.year)
    place = municipality[:-1] if municipality[-1:] in "市町村" else municipality
    return f"{era.letter}{count}{_HALVES[period.half]}-{place}-{project_id:03}"


def brief(period: Period) -> str:
    """「令7上」, under a bar."""
    era, count = _era_year(period.year)
    return f"{era.name[0]}{count}{_HALVES[period.half]}"


def _era_year(year: int) -> tuple[wareki.Era, int]:
    name = wareki.year_name(year)
    era = next(era for era in wareki.ERAS if name.startswith(era.name))
    return era, year - era.begins_on.year + 1


def search_key(name: str) -> str:
    """A name as searches compare it: NFKC, small letters, katakana, 外ヶ浜 = 外ケ浜 = 外が浜."""
    folded = unicodedata.normalize("NFKC", name).lower().translate(_TO_KATAKANA)
    return _SMALL_KE.sub("ケ", "".join(folded.split()))
