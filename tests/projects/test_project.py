"""The project page put together from reports, without a database."""

from datetime import UTC, datetime, timedelta

from tests.projects.makers import make_report
from tracker.amounts.exact import Exact
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.municipalities.rules import Town
from tracker.projects.project import LOG_ENTRIES, Sheet, sheet
from tracker.projects.report import Measured, Report
from tracker.projects.rules import CellState, Rating, ReportState, YearMark

TOWNS = [
    Town(1, "02201", "aomori", "青森市", True, None),
    Town(2, "02303", "imabetsu", "今別町", False, None),
    Town(3, "02304", "yomogita", "蓬田村", False, None),
]
PEOPLE = Measured(1, 1, "参加者数", "人", 0)
AT = datetime(2026, 11, 10, 1, 0, tzinfo=UTC)
NONE, DRAFT, SUBMITTED, RETURNED, CONFIRMED = ReportState


def part(year: int, town: int, mark: YearMark | None = None) -> Report:
    """A part that no round asks about."""
    return make_report(
        **by_number(town),
        year=year,
        mark=mark,
        measured=measured(town),
        round_id=None,
        half=None,
        is_asked=False,
    )


def measured(town: int, value: int | None = None) -> tuple[Measured, ...]:
    told = None if value is None else Exact(value)
    return (PEOPLE._replace(target=Exact(10 * town), value=told),)


def plain(value: Exact | None) -> int | None:
    return None if value is None else int(value.fraction)


def values(found: Sheet) -> list[tuple[int | None, ...]]:
    """Line by line what was reported of the one indicator."""
    [series] = found.series
    return [tuple(map(plain, series.values[row.town.id])) for row in found.rows]


def by_number(town: int) -> dict[str, object]:
    return {"slug": TOWNS[town - 1].slug, "town": TOWNS[town - 1], "budget_yen": 1_000 * town}


def report(
    year: int,
    half: Half,
    town: int,
    state: ReportState = SUBMITTED,
    value: int | None = 5,
    rating: Rating | None = Rating.ON_TRACK,
    at: datetime = AT,
    mark: YearMark | None = None,
) -> Report:
    return make_report(
        **by_number(town),
        year=year,
        half=half,
        mark=mark,
        measured=measured(town, value),
        state=state,
        rating=rating,
        done="行ったこと",
        submitted_at=None if state in (NONE, DRAFT) else at,
        question="なぜですか。" if state is RETURNED else None,
        asked_by="主担当" if state is RETURNED else None,
        asked_at=at + timedelta(days=1) if state is RETURNED else None,
        confirmed_by="主担当" if state is CONFIRMED else None,
        confirmed_at=at + timedelta(days=9) if state is CONFIRMED else None,
    )


def shown(*reports: Report) -> Sheet:
    return sheet(FiscalYear(2026), TOWNS, reports, [PEOPLE])


THIS_YEAR = [part(2026, town) for town in (1, 2, 3)]


def test_a_draft_and_a_returned_report_have_no_value_yet() -> None:
    found = shown(
        report(2026, Half.H1, 1),
        report(2026, Half.H1, 2, DRAFT),
        report(2026, Half.H1, 3, RETURNED),
    )
    assert values(found) == [(5,), (None,), (None,)]
    assert [row.state for row in found.rows] == [
        CellState.ON_TRACK,
        CellState.UNREPORTED,
        CellState.UNREPORTED,
    ]
    assert found.series[0].totals[0].note("上期") == "上期は1市町村分"
    assert [town.name for town in found.worst_towns] == ["今別町", "蓬田村"]


def test_a_year_end_value_replaces_the_half_year_in_the_plot() -> None:
    found = shown(
        *(report(2024, Half.FY, town, CONFIRMED, 20) for town in (1, 2)),
        report(2025, Half.H1, 1, CONFIRMED, 4),
        report(2025, Half.H1, 2, NONE),
        report(2025, Half.FY, 1, CONFIRMED, 9),
        report(2025, Half.FY, 2, NONE),
        report(2026, Half.H1, 1, SUBMITTED, 3),
        report(2026, Half.H1, 2, NONE),
    )
    points = found.series[0].points
    assert [(plain(one.value), one.partial, one.current, one.note) for one in points] == [
        (40, False, True, None),
        (9, True, False, "1市町村分"),
        (3, True, False, "上期のみ"),
    ]
    assert [str(column) for column in found.columns] == ["2024-fy", "2025-fy", "2026-h1"]


def test_a_municipality_that_left_keeps_its_earlier_values() -> None:
    found = shown(report(2025, Half.FY, 2, CONFIRMED, 12), report(2026, Half.H1, 1, NONE))
    assert values(found) == [(None, None), (12, None)]
    assert [(row.town.name, row.state) for row in found.rows] == [
        ("青森市", CellState.UNREPORTED),
        ("今別町", None),
    ]
    assert [row.town.name for row in found.participants] == ["青森市"]


def test_without_a_round_nothing_is_to_do() -> None:
    found = shown(*THIS_YEAR)
    assert (found.period, found.columns, found.series[0].points[0].value) == (None, (), None)
    assert found.todo("青森市 農業振興センター") == []
    assert (found.budget.sum, found.last_actual.sum) == (6_000, None)


def test_what_is_to_do_names_who_does_it() -> None:
    states = ((1, SUBMITTED), (2, RETURNED), (3, NONE))
    reports = [report(2026, Half.H1, town, state) for town, state in states]
    assert shown(*reports).todo("主担当") == [
        "蓬田村：上期の報告を出す",
        "今別町：上期の報告を直して出す",
        "主担当：青森市の上期の報告を確認する",
    ]
    ended = [one._replace(is_asked=False) for one in reports]
    assert shown(*ended).todo("主担当") == []


def test_the_log_says_once_what_was_confirmed_at_one_go() -> None:
    found = shown(
        *(report(2026, Half.H1, town, CONFIRMED) for town in (1, 2)),
        report(2026, Half.H1, 3, RETURNED),
    )
    log = [
        ("・".join(town.name for town in event.towns), event.verb, event.text)
        for event in found.events
    ]
    assert log[0] == ("青森市・今別町", "確認済み", None)
    assert log[1] == ("蓬田村", "差戻し", "なぜですか。")
    assert ("蓬田村", "令和8年度上期の報告", None) in log
    assert ("青森市", "令和8年度上期の報告", "行ったこと") in log
    many = [report(year, Half.FY, 1, CONFIRMED) for year in range(2010, 2026)]
    assert len(shown(*many).events) == LOG_ENTRIES
    assert found.events[0].period == Period(2026, Half.H1)
