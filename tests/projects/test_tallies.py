import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.projects.rules import (
    CELL_ORDER,
    CellState,
    Rating,
    ReportState,
    YearMark,
    cell,
    part_state,
    total,
)

LATE, SLIGHTLY_LATE, UNREPORTED, NOT_STARTED, ON_TRACK, DONE, SKIPPED, NO_PROJECT = CellState


def test_the_order_of_the_cell_is_the_order_of_the_contract() -> None:
    assert [state.label for state in CELL_ORDER] == [
        *("遅れ", "やや遅れ", "未報告", "未着手", "順調", "完了", "見送り")
    ]


@pytest.mark.parametrize(
    ("states", "shown", "figure", "spoken"),
    [
        ([ON_TRACK, LATE, SLIGHTLY_LATE], "遅れ", "1/3", "遅れ1件、参加3事業"),
        ([UNREPORTED, UNREPORTED, DONE], "未報告", "2/3", "未報告2件、参加3事業"),
        ([NOT_STARTED, ON_TRACK], "未着手", "1/2", "未着手1件、参加2事業"),
        ([UNREPORTED], "未報告", "1/1", "未報告1件、参加1事業"),
        ([ON_TRACK, DONE, SKIPPED], "順調", "3", "順調、参加3事業"),
        ([DONE, SKIPPED], "完了", "2", "完了、参加2事業"),
        ([SKIPPED], "見送り", "1", "見送り、参加1事業"),
        ([], "事業なし", "", "事業なし"),
    ],
)
def test_a_cell_shows_its_most_worrying_part_and_how_many(
    states: list[CellState], shown: str, figure: str, spoken: str
) -> None:
    found = cell(states)
    assert (found.state.label, found.figure, found.spoken) == (shown, figure, spoken)


@given(st.lists(st.sampled_from(CELL_ORDER), min_size=1))
def test_a_cell_is_never_better_than_any_of_its_parts(states: list[CellState]) -> None:
    found = cell(states)
    assert all(CELL_ORDER.index(found.state) <= CELL_ORDER.index(state) for state in states)
    assert 1 <= found.count <= found.participating == len(states)
    assert cell(reversed(states)) == found


@pytest.mark.parametrize(
    ("report", "rating", "mark", "state"),
    [
        (ReportState.CONFIRMED, Rating.LATE, None, LATE),
        (ReportState.SUBMITTED, Rating.ON_TRACK, None, ON_TRACK),
        (ReportState.SUBMITTED, Rating.ON_TRACK, YearMark.NOT_STARTED, ON_TRACK),
        (ReportState.CONFIRMED, Rating.LATE, YearMark.SKIPPED, SKIPPED),
        (ReportState.DRAFT, Rating.ON_TRACK, None, UNREPORTED),
        (ReportState.RETURNED, Rating.ON_TRACK, None, UNREPORTED),
        (ReportState.NONE, None, None, UNREPORTED),
        (ReportState.NONE, None, YearMark.NOT_STARTED, NOT_STARTED),
        (ReportState.NONE, None, YearMark.SKIPPED, SKIPPED),
    ],
)
def test_only_a_submitted_rating_counts_and_the_lead_may_call_a_year_off(
    report: ReportState, rating: Rating | None, mark: YearMark | None, state: CellState
) -> None:
    assert part_state(report, rating, mark) is state


def test_not_reported_is_never_zero() -> None:
    assert total([None, None]) == (None, 0, 2)
    assert total([0, None]) == (0, 1, 2)
    assert total([]) == (None, 0, 0)


def test_a_partial_total_says_of_how_many_it_is() -> None:
    partial = total([53, 10, None, 22, 378])
    assert (partial.sum, partial.reported, partial.expected) == (463, 4, 5)
    assert partial.note("上期") == "上期は4市町村分"
    assert total([1, 2]).note("上期") is None
