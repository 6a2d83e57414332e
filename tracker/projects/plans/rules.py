"""What a project and one of its fiscal years must be (product.md 4)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.projects.rules import YearMark


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
