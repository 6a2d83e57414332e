"""The reader of agreement texts, on the real text."""

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tests.agreements.conservation import REAL, STAMP
from tracker.agreements.json import as_json
from tracker.agreements.reading.rules import read
from tracker.agreements.text.agreement import Reading

GOLDEN = Path(__file__).with_name("agreement-aomori-imabetsu.expected.json")


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read(REAL)


def test_the_real_text_reads_as_expected(reading: Reading) -> None:
    expected = json.loads(GOLDEN.read_text("utf-8"))
    found = as_json(reading)
    assert found == expected
    assert json.dumps(found) == json.dumps(expected), "the order of the keys is part of it"


def test_both_parties_are_read_with_office_and_head(reading: Reading) -> None:
    a, b = reading.agreement.parties
    assert (a.key, a.name, a.title, a.head) == ("a", "青森市", "青森市長", "小野寺晃彦")
    assert (b.key, b.name, b.title, b.head) == ("b", "今別町", "今別町長", "中嶋久")
    assert (a.lines, b.lines) == ((49, 51), (55, 57))


def test_the_day_and_the_legal_basis_are_read_as_printed(reading: Reading) -> None:
    agreement = reading.agreement
    assert agreement.title == "青森市及び今別町における連携中枢都市圏の形成に係る連携協約"
    assert agreement.concluded_on == date(2019, 12, 25)
    assert agreement.legal_basis == "地方自治法（昭和22年法律第67号）第252条の2第1項"
    assert not agreement.amends
    assert agreement.sources["title"] == (13,)
    assert agreement.sources["concluded_on"] == (7, 47)
    assert agreement.sources["preamble"] == (15,)


def test_six_articles_stand_with_captions_and_paragraphs(reading: Reading) -> None:
    articles = reading.agreement.articles
    assert [article.number for article in articles] == [1, 2, 3, 4, 5, 6]
    assert [article.caption for article in articles][::5] == ["目的", "疑義の解決"]
    assert [len(article.paragraphs) for article in articles] == [1, 1, 1, 2, 1, 1]
    assert articles[0].paragraphs[0].startswith("この連携協約は、甲及び乙が")
    assert articles[3].paragraphs[1].startswith("前項の規定により")
    assert articles[3].lines == (29, 31, 33)


def test_the_policy_fields_form_a_tree(reading: Reading) -> None:
    fields = {field.number: field for field in reading.agreement.policy_fields}
    assert list(fields) == ["1", "2", "3", "3(1)", "3(2)", "3(3)"]
    assert [field.parent for field in fields.values()] == [None, None, None, "3", "3", "3"]
    assert fields["3(1)"].title == "生活機能の強化に係る政策分野"


def test_fifteen_measures_stand_in_five_tables(reading: Reading) -> None:
    measures = reading.agreement.measures
    counted = Counter(measure.field for measure in measures)
    assert counted == {"1": 4, "2": 1, "3(1)": 7, "3(2)": 2, "3(3)": 1}
    assert [measure.number for measure in measures[:5]] == ["1-1", "1-2", "1-3", "1-4", "2-1"]
    assert measures[-1].title == "人材の育成"


def test_a_split_row_is_one_row(reading: Reading) -> None:
    measure = reading.agreement.measures[8]
    assert (measure.number, measure.title) == ("3(1)-4", "教育・文化・スポーツ")
    assert measure.lines == (84, 86)
    assert measure.content.endswith("各種連携事業に取り組む。")
    assert measure.role_a.endswith("圏域の中心的な役割を担うとともに関係町村との連携を推進する。")


def test_a_repeated_tail_is_kept_once(reading: Reading) -> None:
    measure = reading.agreement.measures[8]
    assert measure.role_b == "甲と連携して実施する事業について、協力して取り組む。"
    split = next(remark for remark in reading.remarks if remark.kind == "split_row")
    assert split.about == "3(1)-4"
    assert "乙の役割は、末尾の「む。」が重なっていたため、1つにしました。" in split.text


def test_the_duties_come_from_articles_4_5_and_6(reading: Reading) -> None:
    duties = [(duty.article, duty.paragraph, duty.kind) for duty in reading.agreement.duties]
    assert duties == [(4, 2, "cost_sharing"), (5, 1, "annual_meeting"), (6, 1, "question")]


def test_there_are_exactly_four_doubts(reading: Reading) -> None:
    assert {remark.kind: list(remark.lines) for remark in reading.remarks} == {
        "joined_line": [43, 45],
        "name_maybe_cut": [57],
        "split_row": [84, 86],
        "stray_text": STAMP,
    }
    assert len(reading.remarks) == 4


def test_a_broken_word_is_joined_and_asked_about(reading: Reading) -> None:
    assert reading.agreement.closing == (
        "この連携協約の締結を証するため、本連携協約書2通を作成し、"
        "甲及び乙が記名押印の上、各自1通を保有する。"
    )
    assert reading.remarks[0].text == "改行で分かれた語をつなげました（記名／押印の上）。"


def test_a_name_is_asked_about_and_never_changed(reading: Reading) -> None:
    remark = reading.remarks[1]
    assert (remark.kind, remark.about) == ("name_maybe_cut", "b")
    assert "乙 今別町長「中嶋久」" in remark.text


def test_the_stamps_of_the_library_are_set_aside_and_still_listed(reading: Reading) -> None:
    assert [(each.line, each.text) for each in reading.unplaced] == list(
        zip(STAMP, ["清華大學", "圖書館", "清華大學", "圖書館", "藏書"], strict=True)
    )
    assert "102行目から5行「清華大學 圖書館" in reading.remarks[3].text


def test_cover_and_repeated_headers_count_as_placed(reading: Reading) -> None:
    assert {5, 7, 9, 65, 73, 80, 93, 99} <= reading.placed
