"""The same agreement by other hands, other agreements, and what is none."""

from datetime import date

import pytest

from tests.agreements.conservation import HEADER, REAL, STAMP, assert_conserved
from tracker.agreements.reading.rules import read
from tracker.agreements.text.agreement import Reading
from tracker.kernel.refusal import Refusal

SENTENCES = "\t甲は、調べる。\t乙は、手伝う。"


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read(REAL)


def kinds(reading: Reading) -> list[str]:
    return [remark.kind for remark in reading.remarks]


def changed(*changes: tuple[str, str]) -> Reading:
    """The real text with some words exchanged, each of which must be there."""
    text = REAL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    assert_conserved(text)
    return read(text)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([("（", "("), ("）", ")")], id="half-width brackets"),
        pytest.param([("第1条 ", "第一条　"), ("第6条 ", "第六条　")], id="kanji numbers"),
        pytest.param([("第1条 ", "第 １ 条 "), ("\n2 前項", "\n２　前項")], id="spaced full width"),
        pytest.param([("（目的）\n\n第1条 ", "第1条（目的） ")], id="caption behind the number"),
        pytest.param([("\n", "\r\n")], id="CRLF"),
        pytest.param([("令和元年12月25日", "令和元年１２月２５日")], id="full-width day"),
        pytest.param([("令和元年12月25日", "令和元年十二月二十五日")], id="kanji day"),
        pytest.param([("令和元年12月25日", "2019年12月25日")], id="Western day"),
        pytest.param([("甲 青森市長\n\n", "甲　青森市長　")], id="office and name on one line"),
        pytest.param([("甲 青森市長", "甲 青森市\n青森市長")], id="municipality above the office"),
        pytest.param([("甲 青森市長", "青森市長"), ("乙 今別町長", "今別町長")], id="no letters"),
        pytest.param([("2 高次", "2高次"), ("3 圏域", "３．圏域")], id="other field numbers"),
        pytest.param([("別表（第3条関係）", "別　表\n（第3条関係）")], id="spaced annex"),
    ],
)
def test_another_hand_writes_the_same_agreement(
    reading: Reading, changes: list[tuple[str, str]]
) -> None:
    expected, agreement = reading.agreement, changed(*changes).agreement
    captions = [(each.number, each.caption) for each in expected.articles]
    assert [(each.number, each.caption) for each in agreement.articles] == captions
    assert [len(each.paragraphs) for each in agreement.articles] == [1, 1, 1, 2, 1, 1]
    assert agreement.concluded_on == date(2019, 12, 25)
    assert [(each.name, each.title, each.head) for each in agreement.parties] == [
        ("青森市", "青森市長", "小野寺晃彦"),
        ("今別町", "今別町長", "中嶋久"),
    ]
    assert agreement.legal_basis
    assert [each.number for each in agreement.policy_fields] == [
        each.number for each in expected.policy_fields
    ]
    assert len(agreement.measures) == 15
    assert agreement.duties == expected.duties


def test_the_town_may_be_party_a() -> None:
    preamble = "青森市（以下「甲」という。）及び今別町（以下「乙」という。）"
    swapped = "今別町（以下「甲」という。）と青森市（以下「乙」という。）"
    reading = changed((preamble, swapped), ("甲 青森市長", "乙 青森市長"), ("乙 今別", "甲 今別"))
    assert [(each.key, each.name, each.head) for each in reading.agreement.parties] == [
        ("a", "今別町", "中嶋久"),
        ("b", "青森市", "小野寺晃彦"),
    ]


def test_third_and_fourth_parties_are_c_and_d() -> None:
    reading = changed(
        ("（以下「乙」という。）は", "（以下「乙」という。）及び平内町（以下「丙」という。）は"),
        ("中嶋久\n", "中嶋久\n丙 平内町長\n"),
    )
    third = reading.agreement.parties[2]
    assert (third.key, third.name, third.title, third.head) == ("c", "平内町", "平内町長", None)
    assert any(each.kind == "part_missing" and each.about == "c" for each in reading.remarks)


def test_a_text_without_annex_is_read_and_asked_about() -> None:
    text = REAL.partition("別表（")[0]
    reading = read(text)
    assert len(reading.agreement.articles) == 6
    assert not reading.agreement.measures and not reading.unplaced
    assert [each.about for each in reading.remarks if each.kind == "part_missing"] == ["measures"]


def test_a_blank_signing_day_is_no_day() -> None:
    reading = changed(("\n令和元年12月25日\n", "\n令和　　年　　月　　日\n"))
    assert reading.agreement.concluded_on is None
    assert [each.about for each in reading.remarks if each.kind == "part_missing"] == [
        "concluded_on"
    ]


def test_a_day_that_does_not_exist_is_asked_about() -> None:
    reading = changed(("\n令和元年12月25日\n", "\n令和元年13月45日\n"))
    assert reading.agreement.concluded_on is None
    assert (reading.unplaced[0].line, reading.unplaced[0].text) == (47, "令和元年13月45日")


def test_a_party_that_signs_for_another_is_asked_about() -> None:
    reading = changed(("乙 今別町長", "乙 今別村\n平内町長"))
    assert reading.agreement.parties[1].name == "今別町"
    assert [each.about for each in reading.remarks if each.kind == "party_differs"] == ["b"]
    assert reading.unplaced[0].text == "今別村"


def test_two_different_days_are_asked_about() -> None:
    reading = changed(("令和元年 12 月 25 日", "令和元年 12 月 24 日"))
    assert reading.agreement.concluded_on == date(2019, 12, 25)
    assert "days_differ" in kinds(reading)


def test_whole_sentences_under_a_blank_title_are_another_measure() -> None:
    row = "介護\t高齢者等"
    reading = changed((f"\n{row}", f"\n\t救急を整える。{SENTENCES}\n{row}"))
    measure = reading.agreement.measures[6]
    assert (measure.number, measure.title) == ("3(1)-2", "地域医療")
    assert measure.content == "救急を整える。"
    assert len(reading.agreement.measures) == 16
    assert any(each.kind == "title_from_above" for each in reading.remarks)


def test_a_row_over_three_pages_with_headers_between_is_one_row() -> None:
    header = "\t".join(HEADER)
    broken = f"観光\t港を\t市が決\t町は\n{header}\n\t直し、\tめ、\t手\n\t広める。\t配る。\t伝う。\n介護\t"
    reading = changed(("介護\t", broken))
    measure = reading.agreement.measures[6]
    assert (measure.content, measure.role_a) == ("港を直し、広める。", "市が決め、配る。")
    assert measure.role_b == "町は手伝う。"
    assert len(measure.lines) == 3


def test_a_row_that_lost_its_last_tabs_still_finishes_the_row_above() -> None:
    reading = changed(("\t中心的な役割を担うとともに関係町村との連携を推進する。\tむ。", ""))
    measure = reading.agreement.measures[8]
    assert measure.content.endswith("各種連携事業に取り組む。")
    assert measure.role_a.endswith("圏域の")
    assert "row_maybe_cut" in kinds(reading)


def test_columns_are_read_by_their_headers() -> None:
    moved = "\t".join(["連携施策", "取組内容", "乙の役割", "甲の役割"])
    reading = changed(("\t".join(HEADER), moved))
    assert reading.agreement.measures[0].role_a.startswith("甲と連携して")


def test_a_row_with_a_cell_too_many_is_listed_whole() -> None:
    reading = changed(("協力して取り組む。\n介護\t", "協力して取り組む。介護\t"))
    assert len(reading.agreement.measures) == 13
    assert [each.line for each in reading.unplaced] == [81, *(line - 1 for line in STAMP)]
    assert "not_read" in kinds(reading)


def test_an_amending_agreement_gives_its_rows_and_no_duties() -> None:
    text = (
        "青森市及び今別町における連携中枢都市圏の形成に係る連携協約の一部を変更する連携協約\n"
        "青森市（以下「甲」という。）及び今別町（以下「乙」という。）は、連携協約の一部を次のとおり変更する。\n"
        "別表3(1)の表に次のように加える。\n"
        "3 圏域全体の生活関連機能サービスの向上\n(1) 生活機能の強化に係る政策分野\n"
        f"{chr(9).join(HEADER)}\n消防\t消防を整える。{SENTENCES}\n"
        "別表3(2)の表に次のように加える。\n(2) 結びつきに係る政策分野\n交通\t結ぶ。"
        f"{SENTENCES}\n令和5年4月1日\n甲 青森市長\n乙 今別町長\n"
    )
    assert_conserved(text)
    agreement = read(text).agreement
    assert agreement.amends and agreement.duties == ()
    assert [(each.number, each.title) for each in agreement.measures] == [
        ("3(1)-1", "消防"),
        ("3(2)-1", "交通"),
    ]
    assert agreement.concluded_on == date(2023, 4, 1)
    assert agreement.preamble.count("\n") == 2


def test_lines_are_counted_by_line_feeds_alone() -> None:
    reading = changed(
        ("青森市（以下「甲」", "\x0c青森市（以下「甲」"),
        ("活力にあふれ", "活力に\u2028あふ\x85れ\x1c"),
    )
    assert reading.agreement.measures[8].lines == (84, 86)
    assert [each.line for each in reading.unplaced] == STAMP


def test_noise_among_the_articles_is_no_paragraph() -> None:
    reading = changed(
        ("（基本方針）", "- 3 -\n清華大學\n（基本方針）"), ("\n2 前項", "\n藏書\n2 前項")
    )
    assert [len(each.paragraphs) for each in reading.agreement.articles] == [1, 1, 1, 2, 1, 1]
    assert [each.text for each in reading.unplaced][:3] == ["- 3 -", "清華大學", "藏書"]


def test_an_unexpected_paragraph_number_is_not_dropped() -> None:
    reading = changed(("\n2 前項", "\n3 前項"))
    assert reading.agreement.articles[3].paragraphs[1].startswith("3 前項")


def test_a_seal_beside_a_name_is_no_part_of_it() -> None:
    reading = changed(("小野寺晃彦", "小野寺 晃彦　印"))
    assert reading.agreement.parties[0].head == "小野寺 晃彦"
    assert (reading.unplaced[0].line, reading.unplaced[0].text) == (51, "印")
    beside_the_office = changed(("甲 青森市長", "甲 青森市長　㊞"))
    assert beside_the_office.agreement.parties[0].head == "小野寺晃彦"
    assert beside_the_office.unplaced[0].text == "㊞"


def test_a_missing_article_is_asked_about() -> None:
    start, end = REAL.index("（基本方針）"), REAL.index("（連携する取組")
    reading = read(REAL[:start] + REAL[end:])
    assert [each.about for each in reading.remarks if each.kind == "part_missing"] == ["articles"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "中身が空です"),
        (" \r\n\u3000\ufeff\n", "中身が空です"),
        (REAL.replace("目的", "目\0的"), "文字として読めない"),
        (REAL + "\udc80", "文字として読めない"),
        ("PK\x03\x04 agreement", "連携協約の文ではない"),
        ("お知らせ\n第1条 甲は乙と話す。", "連携協約の文ではない"),
        ("連携協約\n" * 3, "連携協約の文ではない"),
        (REAL.partition("（目的）")[0], "連携協約の文ではない"),
        ("x" * 5_000_000, "連携協約の文ではない"),
    ],
)
def test_what_is_no_agreement_is_refused_in_plain_words(text: str, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        read(text)
