from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal

THAT_MONDAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(1868, 10, 23), "明治元年10月23日"),
        (date(1912, 7, 29), "明治45年7月29日"),
        (date(1912, 7, 30), "大正元年7月30日"),
        (date(1926, 12, 24), "大正15年12月24日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2019, 12, 25), "令和元年12月25日"),
        (date(2020, 1, 1), "令和2年1月1日"),
        (date(2026, 11, 30), "令和8年11月30日"),
        (date(2060, 2, 29), "令和42年2月29日"),
    ],
)
def test_an_era_begins_and_ends_on_its_own_day(day: date, words: str) -> None:
    assert wareki.long(day) == words
    assert wareki.read_day(words) == day


def test_each_form_of_a_day_reads_as_the_design_says() -> None:
    assert wareki.full(THAT_MONDAY) == "令和8年11月30日（月）"
    assert wareki.short(THAT_MONDAY) == "11月30日（月）"
    assert wareki.near(THAT_MONDAY, date(2027, 3, 31)) == "11月30日（月）"
    assert wareki.near(date(2027, 3, 31), THAT_MONDAY) == "3月31日（水）"
    for elsewhere in (date(2026, 3, 31), date(2027, 4, 1)):
        assert wareki.near(THAT_MONDAY, elsewhere) == wareki.full(THAT_MONDAY)
    assert wareki.month_day(THAT_MONDAY) == "11月30日"
    assert wareki.weekday(THAT_MONDAY) == "月曜日"
    assert wareki.dotted(THAT_MONDAY) == "8.11.30"
    assert wareki.year_name(2026) == "令和8年"
    assert wareki.year_name(2019) == "令和元年"


@pytest.mark.parametrize(
    "text",
    [
        "令和8年11月30日",
        "令和8年11月30日（月）",
        "令和８年１１月３０日 (月)",
        "令和 8 年 11 月 30 日",
        "令和8年11月30日(月曜日)",
        "㋿8年11月30日",
        "R8.11.30",
        "r8.11.30",
        "Ｒ８．１１．３０",
        "R8/11/30",
        "8.11.30",
        "令和8年11月30日（月・祝）",
        "8/11/30",
        "08-11-30",
        "８ー１１ー３０",
        "8・11・30",
        "8年11月30日",
        "2026ー11ー30",
        "2026–11–30",
        "2026―11―30",
        "2026−11−30",
        "2026━11━30",
        "R8ー11ー30",
        "20261130",
        "２０２６１１３０",
        "令和八年十一月三十日",
        "令和八年一一月三〇日（月）",
        "㋿八年十一月三十日",
        "二〇二六年十一月三十日",
        "二○二六年十一月三十日",
        "八・一一・三〇",
        "2026/11/30",
        "２０２６／１１／３０",
        "2026-11-30",
        "2026年11月30日",
        "2026.11.30",
        " 2026/11/30\n",
    ],
)
def test_a_day_is_read_in_every_usual_spelling(text: str) -> None:
    assert wareki.read_day(text) == THAT_MONDAY


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("11/30", date(2026, 11, 30)),
        ("１１月３０日（月）", date(2026, 11, 30)),
        ("4/1", date(2026, 4, 1)),
        ("3/31", date(2027, 3, 31)),
        ("1月4日", date(2027, 1, 4)),
    ],
)
def test_a_day_without_a_year_falls_in_the_fiscal_year_shown(text: str, day: date) -> None:
    assert wareki.read_day(text, within=FiscalYear(2026)) == day
    with pytest.raises(Refusal):
        wareki.read_day(text)


def test_a_day_with_its_own_year_is_not_pulled_into_the_year_shown() -> None:
    assert wareki.read_day("2024/2/29", within=FiscalYear(2026)) == date(2024, 2, 29)
    assert wareki.read_day("2/29", within=FiscalYear(2027)) == date(2028, 2, 29)
    with pytest.raises(Refusal, match="という日はありません"):
        wareki.read_day("2/29", within=FiscalYear(2026))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和1年12月25日", date(2019, 12, 25)),
        ("R元.12.25", date(2019, 12, 25)),
        ("元.12.25", date(2019, 12, 25)),
        ("元/12/25", date(2019, 12, 25)),
        ("令和元年十二月二十五日", date(2019, 12, 25)),
        ("平成二十八年十月三日", date(2016, 10, 3)),
        ("18/3/31", date(2036, 3, 31)),
        ("H30.4.1", date(2018, 4, 1)),
        ("平成32年3月31日", date(2020, 3, 31)),
        ("昭和64年1月7日", date(1989, 1, 7)),
    ],
)
def test_the_first_year_and_ended_eras_are_read(text: str, day: date) -> None:
    assert wareki.read_day(text) == day


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", wareki.HOW_TO_WRITE_A_DAY),
        ("来週の月曜日", wareki.HOW_TO_WRITE_A_DAY),
        ("261130", wareki.HOW_TO_WRITE_A_DAY),
        ("081130", wareki.HOW_TO_WRITE_A_DAY),
        ("2026一11一30", wareki.HOW_TO_WRITE_A_DAY),
        ("8一1一13", wareki.HOW_TO_WRITE_A_DAY),
        ("2026ー11/30", wareki.HOW_TO_WRITE_A_DAY),
        ("令和十十年十月一日", wareki.HOW_TO_WRITE_A_DAY),
        ("一" * 5000, wareki.HOW_TO_WRITE_A_DAY),
        ("令和㋿", wareki.HOW_TO_WRITE_A_DAY),
        ("令和⑧年11月30日", wareki.HOW_TO_WRITE_A_DAY),
        ("2026/1 1/30", wareki.HOW_TO_WRITE_A_DAY),
        ("٢٠٢٦/11/30", wareki.HOW_TO_WRITE_A_DAY),
        ("2026/11-30", wareki.HOW_TO_WRITE_A_DAY),
        ("26/11/30", "「26年」は、令和26年とも2026年とも読めます。"),
        ("26年11月30日", "「26年」は、令和26年とも2026年とも読めます。"),
        ("28.10.3", "「28年」は、令和28年とも2028年とも読めます。"),
        ("19ー3ー31", "「19年」は、令和19年とも2019年とも読めます。"),
        ("20261301", "「20261301」という日はありません。"),
        ("令和八年二月三十日", "「令和八年二月三十日」という日はありません。"),
        ("元/4/30", "令和は元年5月1日（2019年）からです。"),
        ("慶応3年1月1日", wareki.HOW_TO_WRITE_A_DAY),
        ("令和8年11月30日（月）まで", wareki.HOW_TO_WRITE_A_DAY),
        ("令和8年2月30日", "「令和8年2月30日」という日はありません。"),
        ("2026/13/1", "「2026/13/1」という日はありません。"),
        ("令和0年1月1日", "「令和0年1月1日」という日はありません。"),
        ("1867/1/1", "明治より前"),
        ("1600-09-15", "明治より前"),
        ("令和元年4月1日", "令和は元年5月1日（2019年）からです。"),
        ("令和8年11月30日（火）", "令和8年11月30日は月曜日です。"),
    ],
)
def test_what_is_no_day_is_refused_with_a_plain_sentence(text: str, said: str) -> None:
    with pytest.raises(Refusal) as refusal:
        wareki.read_day(text)
    assert said in refusal.value.message
    assert refusal.value.message.endswith("。")


@given(st.dates(date(1873, 1, 1), date(2110, 12, 31)))
def test_what_a_page_shows_can_be_typed_back(day: date) -> None:
    for shown in (wareki.long(day), wareki.full(day), day.isoformat(), f"{day:%Y/%m/%d}"):
        assert wareki.read_day(shown) == day
    assert wareki.read_day(wareki.short(day), within=FiscalYear.containing(day)) == day


@given(st.text("0123456789８./-ー・年月日元令和RH(月) 〇一八十百", max_size=12))
def test_any_text_is_either_a_day_or_refused(text: str) -> None:
    try:
        assert isinstance(wareki.read_day(text, within=FiscalYear(2026)), date)
    except Refusal as refusal:
        assert refusal.message.endswith("。")


@pytest.mark.parametrize(
    ("text", "moment", "shown"),
    [
        ("14:00", time(14), "14時"),
        ("14時30分", time(14, 30), "14時30分"),
        ("１４：３０", time(14, 30), "14時30分"),
        ("14時半", time(14, 30), "14時30分"),
        ("9時", time(9), "9時"),
        ("9:05", time(9, 5), "9時5分"),
        ("０時", time(0), "0時"),
    ],
)
def test_a_time_is_read_and_shown_in_the_24_hour_way(text: str, moment: time, shown: str) -> None:
    assert wareki.read_time(text) == moment
    assert wareki.clock_time(moment) == shown


@pytest.mark.parametrize("text", ["", "14", "25:00", "14:60", "14:3", "昼すぎ", "14時30", "²:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="時刻は「14時30分」または「14:30」のように"):
        wareki.read_time(text)
