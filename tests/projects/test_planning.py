from datetime import date

import pytest

from tests.projects.makers import make_report
from tracker.amounts.exact import Exact
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.kernel.refusal import Refusal
from tracker.projects.plans.rules import IndicatorText, Part, Plan, check_plan, check_strike
from tracker.projects.report import Measured
from tracker.projects.reports.rules import (
    brief,
    guide,
    half_name,
    receipt,
    share_of_guide,
)
from tracker.projects.rounds.rules import (
    Telling,
    check_round,
    check_round_due,
    round_due,
    unopened,
)
from tracker.projects.rules import Rating

H1, FY = Period(2026, Half.H1), Period(2026, Half.FY)
PEOPLE = IndicatorText("参加者数", "人", "")
NAMES = {"aomori": "青森市", "imabetsu": "今別町", "sotogahama": "外ヶ浜町"}


def check(
    *,
    parts: dict[str, Part] | None = None,
    since_year: int = 2020,
    indicators: dict[int, IndicatorText] | None = None,
    measured: tuple[int, ...] = (),
    is_name_taken: bool = False,
    is_post_of_lead: bool = True,
    uncovered: tuple[str, ...] = (),
    reporting: tuple[str, ...] = (),
) -> None:
    plan = Plan(
        name="農業研修事業",
        summary="研修を行います。",
        measure_id=1,
        lead="aomori",
        lead_section="農業振興センター",
        since_year=since_year,
        year=FiscalYear(2026),
        parts={"imabetsu": Part()} if parts is None else parts,
        indicators=indicators or {},
    )
    check_plan(
        plan,
        NAMES,
        is_name_taken=is_name_taken,
        is_post_of_lead=is_post_of_lead,
        uncovered=uncovered,
        reporting=reporting,
        measured=measured,
    )


def test_a_project_needs_a_participant_and_may_do_without_an_indicator() -> None:
    check()
    check(parts={"imabetsu": Part(budget_yen=0)}, reporting=("imabetsu",))
    with pytest.raises(Refusal, match="参加する市町村を1つ以上選んでください。"):
        check(parts={})


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"is_name_taken": True}, "name", "同じ名前の事業があります。"),
        ({"is_post_of_lead": False}, "lead_post", "主担当の市町村の役職から"),
        ({"since_year": 2027}, "since_year", "令和8年度までの年度"),
        (
            {"uncovered": ("sotogahama",)},
            "part_sotogahama",
            "外ヶ浜町の協約には、この連携施策がありません。",
        ),
        (
            {"reporting": ("aomori",)},
            "part_aomori",
            "青森市は令和8年度の報告を始めています。参加から外せません。",
        ),
        (
            {"parts": {"imabetsu": Part(targets={1: Exact(20)})}},
            "indicator_name",
            "成果指標の名前を入力してください",
        ),
        (
            {"indicators": {1: IndicatorText("参加者数", "", "実人数")}},
            "indicator_unit",
            "成果指標の単位を入力してください",
        ),
        (
            {"indicators": {1: PEOPLE, 2: IndicatorText("", "点", "")}},
            "indicator_name_2",
            "成果指標の名前を入力してください",
        ),
        (
            {"indicators": {1: PEOPLE, 2: PEOPLE}},
            "indicator_name_2",
            "同じ名前の成果指標があります。",
        ),
        (
            {"indicators": {1: PEOPLE}, "measured": (1, 2)},
            "indicator_name_2",
            "報告のある成果指標は消せません。",
        ),
    ],
)
def test_what_is_wrong_with_a_project_is_said_at_its_field(
    changes: dict[str, object], field: str, said: str
) -> None:
    with pytest.raises(Refusal, match=said) as refusal:
        check(**changes)  # type: ignore[arg-type]  # each case changes one argument by name
    assert refusal.value.field == field


def ask(
    due_on: date = date(2026, 11, 30),
    *,
    closures: frozenset[date] = frozenset(),
    is_open_already: bool = False,
    asked: int = 25,
) -> None:
    check_round(
        H1,
        due_on,
        today=date(2026, 9, 1),
        closures=closures,
        is_open_already=is_open_already,
        asked=asked,
    )


def test_a_round_is_due_on_an_open_day_after_its_period() -> None:
    ask()
    for due_on, said in (
        (date(2026, 9, 1), "明日以降の日"),
        (date(2026, 9, 30), "期間の終わり（令和8年9月30日）より後"),
        (date(2026, 11, 23), "11月23日は祝日（勤労感謝の日）です。別の日を選んでください。"),
        (date(2026, 11, 29), "11月29日は日曜日です。"),
    ):
        with pytest.raises(Refusal, match=said) as refusal:
            ask(due_on)
        assert refusal.value.field == "due_on"
    with pytest.raises(Refusal, match="11月30日は閉庁日です。"):
        ask(closures=frozenset({date(2026, 11, 30)}))


def test_a_due_day_moves_to_another_open_day_after_its_period() -> None:
    was, closures = date(2026, 11, 30), frozenset({date(2026, 12, 4)})
    today = date(2026, 11, 24)
    for due_on in (date(2026, 11, 25), date(2026, 12, 1)):
        check_round_due(H1, due_on, today=today, closures=closures, was=was)
    for due_on, said in (
        (was, "今の期限と同じ日です。"),
        (today, "明日以降の日"),
        (date(2026, 12, 4), "12月4日は閉庁日です。"),
    ):
        with pytest.raises(Refusal, match=said) as refusal:
            check_round_due(H1, due_on, today=today, closures=closures, was=was)
        assert refusal.value.field == "due_on"


@pytest.mark.parametrize(
    ("telling", "nearer", "later"),
    [
        (Telling.NEARER, True, False),
        (Telling.ALWAYS, True, True),
        (Telling.NEVER, False, False),
    ],
)
def test_a_letter_tells_of_a_moved_day_as_the_office_wishes(
    telling: Telling, nearer: bool, later: bool
) -> None:
    was = date(2026, 11, 30)
    assert telling.is_wanted(was, date(2026, 11, 27)) is nearer
    assert telling.is_wanted(was, date(2026, 12, 1)) is later


def test_a_round_is_opened_once_and_only_where_projects_are() -> None:
    with pytest.raises(Refusal, match="令和8年度上期の報告は、すでにお願いしています。"):
        ask(is_open_already=True)
    with pytest.raises(Refusal, match="令和8年度の事業がまだ登録されていません。"):
        ask(asked=0)


def test_a_receipt_names_year_half_municipality_and_project() -> None:
    assert receipt(H1, "今別町", 14) == "R8上-今別-014"
    assert receipt(Period(2019, Half.FY), "外ヶ浜町", 1234) == "R1末-外ヶ浜-1234"


def test_a_period_has_a_short_name_and_one_for_under_a_bar() -> None:
    assert [half_name(H1), half_name(Period(2026, Half.FY))] == ["上期", "年度末"]
    assert [brief(Period(2025, Half.H1)), brief(Period(2018, Half.FY))] == ["令7上", "平30末"]


def test_the_guide_is_half_the_target_until_the_year_ends() -> None:
    ten, twenty = Exact(10), Exact(20)
    assert [guide(H1, twenty), guide(FY, twenty), guide(H1, None)] == [ten, twenty, None]
    assert share_of_guide(Exact(7), ten) == "7割"
    reached = ((ten, ten), (None, ten), (ten, None), (ten, Exact(0)))
    assert {share_of_guide(*pair) for pair in reached} == {None}


def test_the_remarks_of_a_report_follow_its_period() -> None:
    people = Measured(1, 1, "参加者数", "人", 0, target=Exact(20), value=Exact(12))
    report = make_report(rating=Rating.ON_TRACK, measured=(people,))
    last = {1: Exact(12)}
    assert report.remarks(last) == ()
    assert "年間の目標20人に対し12人です。" in report._replace(half=Half.FY).remarks(last)
    liked = Measured(2, 2, "満足度", "点", 1, target=Exact(85, 10, 1), value=Exact(41, 10, 1))
    both = report._replace(measured=(people, liked))
    assert both.remarks(last) == (
        "満足度：目標に届いていませんが『順調』が選ばれています。",
        "満足度：上期の目安4.3点に対し4.1点です。",
    )


# --- rounds nobody has opened ----------------------------------------------------------------------

H1_2026, FY_2026, FY_2025 = Period(2026, Half.H1), Period(2026, Half.FY), Period(2025, Half.FY)


@pytest.mark.parametrize(
    ("day", "planned", "opened", "wanted"),
    [
        ("2026-09-30", {2026}, set(), ()),
        ("2026-10-01", {2026}, set(), (H1_2026,)),
        ("2026-10-01", set(), set(), ()),
        ("2026-10-01", {2025}, set(), (FY_2025,)),
        ("2026-11-24", {2026}, {H1_2026}, ()),
        ("2027-03-31", {2026}, set(), (H1_2026,)),
        # 年度末 may be asked for in March already: 上期 is past asking then.
        ("2027-03-31", {2026}, {FY_2026}, ()),
        ("2027-04-01", {2026, 2027}, {H1_2026}, (FY_2026,)),
        ("2027-04-01", {2026, 2027}, {FY_2026}, ()),
        ("2028-04-01", {2026, 2027}, set(), (Period(2027, Half.FY),)),
    ],
)
def test_a_round_is_to_be_opened_once_its_half_year_is_over(
    day: str, planned: set[int], opened: set[Period], wanted: tuple[Period, ...]
) -> None:
    assert unopened(planned, opened, date.fromisoformat(day)) == wanted


def test_rounds_are_due_on_the_15th_or_the_open_day_before() -> None:
    assert round_due(H1_2026) == date(2026, 10, 15)
    assert round_due(FY_2026) == date(2027, 4, 15)
    # 15 October 2028 is a Sunday.
    assert round_due(Period(2028, Half.H1)) == date(2028, 10, 13)


PLANNED = frozenset({"project_year", "project_cost", "indicator", "round_part"})


@pytest.mark.parametrize(
    ("referring", "said"),
    [
        (frozenset(), None),
        (PLANNED, None),
        (PLANNED | {"progress_report"}, "報告のある事業は取り消せません。"),
        (PLANNED | {"progress_report", "cost_case"}, "報告のある事業は取り消せません。"),
        (PLANNED | {"cost_case"}, "費用負担の案件などがあるため、取り消せません。"),
        # Whatever a room to come lets rest on a project keeps it, too.
        (PLANNED | {"of_a_room_to_come"}, "取り消せません。"),
    ],
)
def test_a_project_is_struck_only_while_nothing_but_its_plan_refers_to_it(
    referring: frozenset[str], said: str | None
) -> None:
    if said is None:
        check_strike(referring)
    else:
        with pytest.raises(Refusal, match=said):
            check_strike(referring)
