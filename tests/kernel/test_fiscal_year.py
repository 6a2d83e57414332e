from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.kernel.refusal import Refusal

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))
PERIODS = st.builds(Period, st.integers(1990, 2100), st.sampled_from(Half))


def test_the_thirty_first_of_march_belongs_to_the_old_year_and_the_next_day_to_the_new() -> None:
    assert FiscalYear.containing(date(2027, 3, 31)) == FiscalYear(2026)
    assert FiscalYear.containing(date(2027, 4, 1)) == FiscalYear(2027)


@pytest.mark.parametrize(
    ("year", "label", "long_label"),
    [
        (2026, "令和8年度", "令和8年度（2026年度）"),
        (2020, "令和2年度", "令和2年度（2020年度）"),
        (2019, "令和元年度", "令和元年度（2019年度）"),
        (2018, "平成30年度", "平成30年度（2018年度）"),
        (1989, "平成元年度", "平成元年度（1989年度）"),
        (1988, "昭和63年度", "昭和63年度（1988年度）"),
    ],
)
def test_a_fiscal_year_is_called_by_its_era(year: int, label: str, long_label: str) -> None:
    assert FiscalYear(year).label == label
    assert FiscalYear(year).long_label == long_label


@given(DAYS)
def test_every_day_lies_in_exactly_one_fiscal_year(day: date) -> None:
    year = FiscalYear.containing(day)
    assert day in year
    assert day not in year.previous
    assert day not in year.next
    assert year.ends + timedelta(days=1) == year.next.begins
    assert year.previous.next == year
    assert year.previous < year < year.next


def test_the_months_run_from_april_to_march() -> None:
    months = FiscalYear(2026).months
    assert len(months) == 12
    assert months[0] == date(2026, 4, 1)
    assert months[8] == date(2026, 12, 1)
    assert months[9] == date(2027, 1, 1)
    assert months[-1] == date(2027, 3, 1)


@pytest.mark.parametrize("year", [0, -1, 1867, 3000, 99999])
def test_a_year_nobody_can_name_is_refused_in_words(year: int) -> None:
    with pytest.raises(Refusal, match="その年度は扱えません"):
        FiscalYear(year)


def test_the_first_half_ends_in_september_and_the_year_end_covers_the_whole_year() -> None:
    first, whole = Period(2026, Half.H1), Period(2026, Half.FY)
    assert (first.begins, first.ends) == (date(2026, 4, 1), date(2026, 9, 30))
    assert (whole.begins, whole.ends) == (date(2026, 4, 1), date(2027, 3, 31))
    assert (first.label, first.span_label) == ("令和8年度上期", "4月〜9月")
    assert (whole.label, whole.span_label) == ("令和8年度末", "4月〜3月")


def test_the_period_before_the_first_half_is_last_years_year_end() -> None:
    assert Period(2026, Half.H1).previous == Period(2025, Half.FY)
    assert Period(2026, Half.FY).previous == Period(2026, Half.H1)
    assert Period(2026, Half.H1).same_half_last_year == Period(2025, Half.H1)
    assert Period(2026, Half.FY).same_half_last_year == Period(2025, Half.FY)


@given(PERIODS)
def test_a_period_is_read_back_from_its_address_and_comes_after_the_previous_one(
    period: Period,
) -> None:
    assert Period.parse(str(period)) == period
    assert period.previous < period
    assert period > period.same_half_last_year
    assert period.fiscal_year.year == period.year


def test_periods_sort_in_the_order_they_end() -> None:
    mixed = [Period(2026, Half.FY), Period(2025, Half.FY), Period(2026, Half.H1)]
    assert [str(period) for period in sorted(mixed)] == ["2025-fy", "2026-h1", "2026-fy"]


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-h2", "26-h1", "2026-H1", "2026-h1 ", "２０２６-h1", "0000-h1"]
)
def test_an_address_that_names_no_period_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        Period.parse(text)
