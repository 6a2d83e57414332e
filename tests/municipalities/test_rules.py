"""団体コード as people and spreadsheets write them."""

from datetime import date

import pytest

from tests import cast
from tests.duties.makers import MEMBERS
from tracker.demo import area, large
from tracker.duty.duty import Owner
from tracker.kernel.refusal import Refusal
from tracker.municipalities.rules import (
    check_digit,
    check_entry,
    code_readings,
    read_avoided,
    read_code,
)
from tracker.sign_in.password.forms import read_towns

WITH_IMABETSU = "青森市・今別町"


@pytest.mark.parametrize(
    ("owner", "wanted"),
    [
        (MEMBERS.office, Owner("aomori", True)),
        (MEMBERS.owner("imabetsu"), Owner("imabetsu", False)),
        (MEMBERS.owner("imabetsu", 0), Owner("imabetsu", False)),
        (MEMBERS.owner("aomori", 5, (7, 8)), Owner("aomori", True, 5, frozenset({7, 8}))),
        (MEMBERS.party("imabetsu"), Owner("imabetsu", False, agreement=WITH_IMABETSU)),
        (MEMBERS.party("aomori"), Owner("aomori", True)),
        (MEMBERS.party("aomori", "imabetsu", 5), Owner("aomori", True, 5, agreement=WITH_IMABETSU)),
    ],
)
def test_a_duty_is_owed_by_a_municipality_a_post_or_a_party(owner: Owner, wanted: Owner) -> None:
    assert owner == wanted


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("02201", "02201"),
        ("022012", "02201"),
        ("０２２０１２", "02201"),
        (" 022012 ", "02201"),
        ("2201", "02201"),
        ("22012", "02201"),
        ("23019", "02301"),
        ("023035", "02303"),
        ("341002", "34100"),
        ("131041", "13104"),
        ("99201", "99201"),
    ],
)
def test_a_code_is_kept_in_five_digits(typed: str, code: str) -> None:
    assert read_code(typed) == code


@pytest.mark.parametrize(
    "typed", ["022011", "922012", "220", "0220123", "", "02-201", "二二〇一", "00201", "020001"]
)
def test_what_is_no_code_is_refused_with_what_to_type(typed: str) -> None:
    with pytest.raises(Refusal, match="検査数字の付いた6けたで入力してください"):
        read_code(typed)


def test_five_digits_that_may_be_two_codes_are_told_by_those_beside_them() -> None:
    assert code_readings("22101") == ("22101", "02210")
    with pytest.raises(Refusal, match="2通りに読めます。6けたの"):
        read_code("22101")
    assert read_code("22101", {"02"}) == "02210"
    assert read_code("22101", {"22"}) == "22101"
    towns = read_towns("22012 青森市\n22101 平川市 ひらかわし hirakawa")
    assert [(town.code, town.slug) for town in towns] == [("02201", "02201"), ("02210", "hirakawa")]
    with pytest.raises(Refusal, match="^1行目のコード「22101」は2通りに") as refused:
        read_towns("22101 平川市")
    assert refused.value.field == "towns"


def test_every_code_of_the_examples_and_of_the_tests_is_one() -> None:
    towns = [*area.TOWNS, *large.TOWNS]
    for code in [*(town.code for town in towns), *(row[0] for row in cast.TOWNS)]:
        assert read_code(code) == read_code(code + check_digit(code)) == code


@pytest.mark.parametrize("five", [f"{p:02}{n}" for p in (1, 2, 9) for n in range(100, 800, 7)])
def test_no_lost_zero_is_ever_read_as_another_code_unasked(five: str) -> None:
    assert read_code(five) == five
    assert five in code_readings(five[1:])
    assert five in code_readings((five + check_digit(five))[1:])


@pytest.mark.parametrize(
    ("begins", "ends", "is_shown"),
    [
        (date(2020, 1, 1), date(2020, 1, 2), False),
        (date(2026, 3, 30), date(2026, 3, 31), False),
        (date(2026, 3, 31), date(2026, 4, 1), True),
        (date(2028, 3, 31), date(2028, 4, 1), True),
        (date(2028, 4, 1), date(2028, 4, 1), False),
        (date(2048, 5, 1), date(2048, 5, 1), False),
    ],
)
def test_an_entry_lies_in_the_years_that_the_calendar_shows(
    begins: date, ends: date, is_shown: bool
) -> None:
    if is_shown:
        check_entry(begins, ends, cast.TODAY)
        return
    with pytest.raises(Refusal, match="令和8年4月1日から令和10年3月31日まで") as refused:
        check_entry(begins, ends, cast.TODAY)
    assert refused.value.field == "begins_on"


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ("12/28、1/4", {(12, 28), (1, 4)}),
        ("１２／２８　1月4日, 2/29", {(12, 28), (1, 4), (2, 29)}),
        ("", set()),
    ],
)
def test_days_to_avoid_are_read_as_people_write_them(
    typed: str, days: set[tuple[int, int]]
) -> None:
    assert read_avoided(typed) == days


@pytest.mark.parametrize("typed", ["2/30", "13/1", "0/1", "年末", "12-28", "12/28/1"])
def test_what_is_no_day_of_the_year_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_avoided(typed)
    assert refusal.value.field == "avoided_days"
