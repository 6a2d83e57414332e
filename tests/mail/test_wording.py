"""Fields filled in, lines broken: what letters are made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.mail import wording
from tracker.mail.wording import LINE, Wording, column, fields_of, fill, fill_line, width


def test_fields_are_named_once_in_order():
    assert fields_of("〔期限〕まで〔件名〕、〔期限〕") == ("期限", "件名")
    assert Wording("〔件名〕", "〔期限〕\n〔件名〕").fields == ("件名", "期限")


def test_a_value_takes_the_place_of_its_field():
    assert fill("〔町〕の〔数〕事業", {"町": "今別町", "数": "4"}) == "今別町の4事業\n"


def test_a_value_that_looks_like_a_field_stays_as_it_is():
    assert fill("〔件名〕", {"件名": "〔期限〕", "期限": "x"}) == "〔期限〕\n"


def test_a_line_whose_fields_are_all_empty_goes():
    text = "前\n　番号　〔番号〕\n後"
    assert fill(text, {"番号": ""}) == "前\n後\n"
    assert fill("〔甲〕と〔乙〕", {"甲": "", "乙": "町"}) == "と町\n"


def test_what_a_vanished_line_leaves_is_one_empty_line():
    assert fill("前\n\n〔番号〕\n\n後", {"番号": ""}) == "前\n\n後\n"


def test_several_lines_stand_under_each_other_behind_their_label():
    filled = fill("　候補　〔候補日〕\n以上", {"候補日": "1月19日\n1月21日"})
    assert filled == "　候補　1月19日\n　　　　1月21日\n以上\n"


def test_a_long_value_is_broken_and_stays_behind_its_label():
    filled = fill("　理由　〔理由〕", {"理由": "あ" * 40})
    assert filled == f"　理由　{'あ' * 31}\n　　　　{'あ' * 9}\n"


def test_a_long_line_breaks_after_a_stop_in_its_second_half():
    line = "あ" * 25 + "、" + "い" * 20
    assert fill(line, {}) == f"{'あ' * 25}、\n{'い' * 20}\n"


def test_no_line_begins_with_a_stop_and_no_amount_is_torn():
    assert fill("あ" * 35 + "）い", {}) == f"{'あ' * 34}\nあ）い\n"
    assert fill("あ" * 33 + "1,964,000円", {}) == f"{'あ' * 33}\n1,964,000円\n"


def test_an_address_stays_whole_however_long():
    address = "　https://renkei.example.lg.jp/" + "p" * 90
    assert fill(address, {}) == address + "\n"


def test_a_subject_is_one_line():
    assert fill_line("【〔何〕】", {"何": "一\n二"}) == "【一 二】"


def test_a_field_without_a_value_is_an_error():
    with pytest.raises(KeyError):
        fill("〔何〕", {})


def test_a_column_lines_its_values_up():
    assert column([("青森市", "1円"), ("外ヶ浜町", "2円")]) == "青森市　　1円\n外ヶ浜町　2円"


@given(st.text(alphabet="あ、。（）a1 　-円", max_size=300))
def test_no_line_is_too_wide_and_no_sign_is_lost(text):
    filled = fill(text, {})
    assert all(width(line) <= LINE for line in filled.splitlines())
    plain = str.maketrans("", "", " 　\n")
    assert filled.translate(plain) == text.translate(plain)


@given(st.text(alphabet="あ1、〔〕{}%\n　", max_size=120), st.text(max_size=60))
def test_any_text_and_any_value_can_be_filled(text, value):
    values = dict.fromkeys(fields_of(text), value)
    wording.fill(text, values)
    wording.fill_line(text, values)


@pytest.mark.parametrize(
    "text", ["　" + "あ" * 60 + "〔値〕", "あ" * 60 + "〔値〕", "　" * 60 + "〔値〕い"]
)
def test_behind_a_label_wider_than_a_line_the_value_still_finds_room(text):
    filled = fill(text, {"値": f"{'か' * 90}\n{'き' * 90}"})
    assert all(width(line) <= LINE for line in filled.splitlines())
    assert filled.count("か") == filled.count("き") == 90
