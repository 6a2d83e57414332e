"""What a project and one of its fiscal years must be (product.md 4)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from tracker.amounts.exact import Exact
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.projects.rules import YearMark, field_of


@dataclass(frozen=True)
class IndicatorText:
    """成果指標 as people write it: its name, what it counts in, and what is counted.

    `decimals` is how many its values may have.
    """

    name: str
    unit: str
    definition: str
    decimals: int = 0


@dataclass(frozen=True)
class Part:
    """One municipality's part in a fiscal year: whole yen, the year's targets by indicator."""

    budget_yen: int | None = None
    actual_yen: int | None = None
    targets: Mapping[int, Exact] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A project as it shall be, with one of its fiscal years.

    Municipalities by slug, indicators by their number within the project.
    """

    name: str
    summary: str
    measure_id: int
    lead: str
    lead_section: str
    since_year: int
    year: FiscalYear
    parts: Mapping[str, Part]
    lead_post_id: int | None = None
    indicators: Mapping[int, IndicatorText] = field(default_factory=dict)
    mark: YearMark | None = None
    comment: str = ""


# What a project consists of before anybody has worked with it.
_PLANNED = frozenset({"project_year", "project_cost", "indicator", "round_part"})


def check_strike(referring: Collection[str]) -> None:
    """Whether a project may be struck: nobody has reported on it, and nothing rests on it.

    `referring` are the tables whose rows refer to it (`struck.models.referring`).
    """
    if "progress_report" in referring:
        raise Refusal(
            _(
                "報告のある事業は取り消せません。終わる事業は、その年度の扱いを「見送り」にするか、"
                "次の年度に写した後で外してください。"
            )
        )
    if set(referring) - _PLANNED:
        raise Refusal(_("この事業の費用負担の案件などがあるため、取り消せません。"))


def check_plan(
    plan: Plan,
    names: Mapping[str, str],
    *,
    is_name_taken: bool,
    is_post_of_lead: bool,
    uncovered: Collection[str],
    reporting: Collection[str],
    measured: Collection[int] = (),
) -> None:
    """Whether a project may be so in that year (product.md 4).

    `names` are the municipalities' names by slug; `uncovered` have no agreement for the measure,
    `reporting` have begun to report; `measured` are the indicators of which something was
    reported. Raises the first Refusal with the field of the form.
    """
    outside = next(iter(uncovered), "")
    gone = next((slug for slug in reporting if slug not in plan.parts), "")
    lost = next((number for number in measured if number not in plan.indicators), 0)
    wanted = {number for part in plan.parts.values() for number in part.targets}
    texts = {number: IndicatorText("", "", "") for number in wanted} | dict(plan.indicators)
    nameless = min((number for number, one in texts.items() if not one.name), default=0)
    names_told = [one.name for one in texts.values()]
    again = max(
        (number for number, one in texts.items() if names_told.count(one.name) > 1), default=0
    )
    unitless = min((number for number, one in texts.items() if not one.unit), default=0)
    for refused, sentence, place in (
        (is_name_taken, _("同じ名前の事業があります。別の名前にしてください。"), "name"),
        (
            not is_post_of_lead,
            _("お知らせの宛先は、主担当の市町村の役職から選んでください。"),
            "lead_post",
        ),
        (
            plan.since_year > plan.year.year,
            _("始まりは%(year)sまでの年度にしてください。", year=plan.year.label),
            "since_year",
        ),
        (not plan.parts, _("参加する市町村を1つ以上選んでください。"), None),
        (
            bool(outside),
            _(
                "%(names)sの協約には、この連携施策がありません。参加から外してください。",
                names=names.get(outside),
            ),
            f"part_{outside}",
        ),
        (
            bool(gone),
            _(
                "%(names)sは%(year)sの報告を始めています。参加から外せません。",
                names=names.get(gone),
                year=plan.year.label,
            ),
            f"part_{gone}",
        ),
        (
            bool(lost),
            _("報告のある成果指標は消せません。名前と単位を入れてください。"),
            field_of("indicator_name", lost),
        ),
        (
            bool(nameless),
            _("成果指標の名前を入力してください（例 研修・講座の参加者数）。"),
            field_of("indicator_name", nameless),
        ),
        (
            bool(again),
            _("同じ名前の成果指標があります。別の名前にしてください。"),
            field_of("indicator_name", again),
        ),
        (
            bool(unitless),
            _("成果指標の単位を入力してください（例 人）。"),
            field_of("indicator_unit", unitless),
        ),
    ):
        if refused:
            raise Refusal(sentence, field=place)
