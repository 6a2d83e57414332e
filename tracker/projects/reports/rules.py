"""What a progress report must be, step by step (product.md 4, contracts.md States)."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from tracker.accounts.rules import StaffMember
from tracker.amounts.exact import Exact
from tracker.amounts.yen import ask_for_count
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import Half, Period
from tracker.kernel.permissions import Role
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.municipalities.rules import Town
from tracker.projects.rules import LONGEST_TEXT, Rating, ReportState

# A value this many times last year's, or this small a part of it, is worth a second look.
CONSPICUOUS = 3
_HALVES: Mapping[Half, str] = {Half.H1: "上", Half.FY: "末"}
ROUND_CLOSED = N_(
    "この期間の報告は締め切りました。直したいときは、連携推進担当へお知らせください。"
)
QUESTION_MISSING = N_("どこを、どう直していただきたいかを書いてください。")
NOT_THE_CHECKER = N_(
    "この報告を確認するのは、事業の主担当の方です。報告を書いた方は、ご自分では確認できません。"
)
TAKE_BACK_FIRST = N_("すでに提出されています。直すときは「取り戻して直す」を選んでください。")


@dataclass(frozen=True)
class Content:
    """What a report says; `values` by the indicator's number, none until somebody has counted."""

    values: Mapping[int, Exact] = field(default_factory=dict)
    rating: Rating | None = None
    done: str = ""
    trouble: str = ""
    for_meeting: bool = False
    plan: str = ""


def checkers(
    lead: Town, lead_post_id: int | None, writers: Collection[int], staff: Iterable[StaffMember]
) -> tuple[StaffMember, ...]:
    """Who checks a report (contracts.md, Trust); `writers` are persons' ids and never among them.

    The post named for the project; none named: the sections of the municipality that leads it,
    else its officers.  Where only the writer is left: the office where the hub leads, else the
    confirmer, who comes last in the hub, too.
    """
    own = [one for one in staff if one.municipality == lead.slug]

    def of(role: Role) -> list[StaffMember]:
        return [one for one in own if one.role is role]

    named = [one for one in own if one.post_id == lead_post_id]
    asked = named if lead_post_id else of(Role.LEAD) or of(Role.OFFICER)
    for tier in (asked, of(Role.OFFICE) if lead.is_hub else [], of(Role.CONFIRMER)):
        if left := tuple(one for one in tier if one.person_id not in writers):
            return left
    return ()


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
            raise Refusal(_(TAKE_BACK_FIRST))
        case state.CONFIRMED, state.CONFIRMED:
            raise Refusal(_("この報告はすでに確認済みです。"))
        case state.CONFIRMED, _:
            raise Refusal(
                _("確認済みの報告は直せません。直したいときは、主担当課へお知らせください。")
            )
        case state.RETURNED, state.CONFIRMED:
            raise Refusal(_("差し戻した報告です。もう一度提出されてから確認してください。"))
        case _, state.RETURNED | state.CONFIRMED:
            raise Refusal(_("まだ提出されていない報告です。提出されてから確認してください。"))
        case _:
            raise Refusal(_("始めた報告を未提出には戻せません。内容を直して提出してください。"))


def saved(now: ReportState) -> ReportState:
    """The state after the writer saves: a returned report stays returned until it is submitted.

    Raises Refusal for a submitted report (saving must not take it back) and a confirmed one.
    """
    if now is ReportState.SUBMITTED:
        raise Refusal(_(TAKE_BACK_FIRST))
    wanted = ReportState.RETURNED if now is ReportState.RETURNED else ReportState.DRAFT
    check_step(now, ReportState.DRAFT if now is ReportState.CONFIRMED else wanted)
    return wanted


def check_report(
    *,
    opened: bool,
    closed: bool,
    participates: bool,
    municipality: str,
    values: Mapping[str, Exact | None],
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
            _("この期間はまだ始まっていません。報告のお願いが届いてから入力してください。"),
            None,
        ),
        (
            closed,
            _(ROUND_CLOSED),
            None,
        ),
        (
            not participates,
            _(
                "%(municipality)sはこの事業に参加していないため、報告はいりません。",
                municipality=municipality,
            ),
            None,
        ),
        (
            missing is not None,
            ask_for_count(
                _("%(municipality)sの%(missing)s", municipality=municipality, missing=missing)
            ),
            "values",
        ),
        (rating is None, _("事業の状況を1つ選んでください。"), "rating"),
        (
            not done.strip(),
            _(
                "この半年に行ったことを入力してください。行っていないときは、その理由を入れてください。"
            ),
            "done",
        ),
        (
            too_long is not None,
            _(
                "%(longest_text)s字までで入力してください（今 %(long)s字）。",
                longest_text=LONGEST_TEXT,
                long=long[too_long or "done"],
            ),
            too_long,
        ),
    )
    for refused, message, place in refusals:
        if refused:
            raise Refusal(message, field=place)


def check_unlocked(is_closed: bool) -> None:
    """A closed round is locked: nothing is written, taken back or returned any more."""
    if is_closed:
        raise Refusal(_(ROUND_CLOSED))


def half_year_guide(target: Exact) -> Exact:
    """上期の目安: half of the year's target, rounded up to its decimals."""
    scale = 10**target.decimals
    return Exact(math.ceil(target.fraction * scale / 2), scale, target.decimals)


def guide(period: Period, target: Exact | None) -> Exact | None:
    """What a value is held against now: 上期の目安, or the year's target at 年度末."""
    return target if target is None or period.half is Half.FY else half_year_guide(target)


def soft_checks(
    value: Exact | None,
    last_year_value: Exact | None,
    guide: Exact | None,
    rating: Rating | None,
    target: Exact | None,
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
    if (
        hoped is not None
        and value.fraction < hoped.fraction
        and rating in (Rating.ON_TRACK, Rating.DONE)
    ):
        said.append(
            _("目標に届いていませんが『%(rating)s』が選ばれています。", rating=rating.label)
        )
    if guide is not None and value.fraction < guide.fraction:
        name = _("年間の目標") if guide == target else _("上期の目安")
        said.append(
            _(
                "%(name)s%(guide)s%(unit)sに対し%(value)s%(unit)sです。",
                name=name,
                guide=guide,
                unit=unit,
                value=value,
            )
        )
    return tuple(sentence for sentence in said if sentence)


def _against_last_year(value: Exact, last_year: Exact | None, unit: str) -> str | None:
    now, before = value.fraction, last_year.fraction if last_year else Fraction()
    if not before or (before < now * CONSPICUOUS and now < before * CONSPICUOUS):
        return None
    if now == 0:
        return _(
            "前年同期は%(last_year)s%(unit)sでした。「0」でよいか確かめてください。",
            last_year=last_year,
            unit=unit,
        )
    if now < before:
        share = int(now / before * 10 + Fraction(1, 2))
        return (
            _("前年同期の1割に届きません。桁を確かめてください。")
            if now * 10 < before
            else _("前年同期の約%(share)s割です。桁を確かめてください。", share=share)
        )
    return _("前年同期の%(now)s倍です。桁を確かめてください。", now=_tenths(now / before))


def _tenths(ratio: Fraction) -> str:
    tenths = int(ratio * 10 + Fraction(1, 2))
    return f"{tenths // 10:,}" if tenths % 10 == 0 else f"{tenths // 10:,}.{tenths % 10}"


def share_of_guide(value: Exact | None, guide: Exact | None) -> str | None:
    """「7割」 of the guide, None when there is nothing to compare or the guide is reached."""
    if value is None or not guide or not guide.numerator:
        return None
    share = value.fraction / guide.fraction
    return _("%(share)s割", share=int(share * 10)) if share < 1 else None


def half_name(period: Period) -> str:
    """「上期」「年度末」: the period once its year is named."""
    return period.half_label


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
