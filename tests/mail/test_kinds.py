"""A letter's file: what its header says, and that a wrong one is named."""

import pytest

from tracker.mail.kinds import COMMON, DUTY, TextUse, WrongHeader, read
from tracker.mail.texts import LETTER_KINDS, read_folder
from tracker.mail.wording import Wording

GOOD = """\
label: 日程照会
code: M6b
waits_for: 会議
subject: 【お願い】〔年度〕の日程
〔年度〕 令和8年度
〔候補日〕 1　1月19日
  2　1月21日
  　予備
〔内容〕

〔冒頭〕

〔候補日〕
〔リンク〕
"""


def test_a_file_says_all_of_its_kind():
    kind = read("x.txt", GOOD)
    assert (kind.label, kind.code, kind.waits_for) == ("日程照会", "M6b", "会議")
    assert kind.use is TextUse.LETTER
    assert kind.fields == {
        "年度": "令和8年度",
        "候補日": "1　1月19日\n2　1月21日\n　予備",
        "内容": "",
    }
    assert kind.original == Wording(
        "【お願い】〔年度〕の日程", "〔冒頭〕\n\n〔候補日〕\n〔リンク〕\n"
    )
    assert [*kind.allowed] == [*kind.fields, *COMMON]


def test_a_text_about_a_duty_has_the_fields_of_duties_with_samples_of_its_own():
    kind = read("x.txt", "label: x\nuse: matter\nsubject: x\nfields: duty\n〔残り〕 9\n\n〔担当〕")
    assert kind.fields == {**DUTY, "残り": "9"}


def test_what_stands_inside_others_has_no_link_and_no_opening():
    part = read("closing.txt", "label: 結び\nuse: part\n\n〔電話〕\n")
    assert part.original == Wording("", "〔電話〕\n")
    assert set(COMMON) - set(part.allowed) == {"リンク", "冒頭", "結び"}
    with pytest.raises(WrongHeader, match="nothing fills in 〔リンク〕"):
        read("closing.txt", "label: 結び\nuse: part\n\n〔リンク〕\n")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("label: 日程照会\n", "", "there is no label"),
        ("label: 日程照会", "lable: 日程照会", "no header line: 'lable: 日程照会'"),
        ("code: M6b", "code: 6", "6 is no number of the specification"),
        ("code: M6b", "use: mater", "'mater' is not a valid TextUse"),
        ("code: M6b", "fields: duties", "nobody knows the fields of duties"),
        ("code: M6b", "fields: duty", "no field of a duty: 候補日、年度"),
        ("code: M6b", "label: 二つ目", "it says label twice"),
        ("〔内容〕\n", "〔年度〕 令和9年度\n", "it says 〔年度〕 twice"),
        ("〔内容〕\n", "〔内容\n", "no header line: '〔内容'"),
        ("〔内容〕\n", "〔宛先〕 町長\n", "every letter has it already: 宛先"),
        ("waits_for: 会議\n", "  会議\n", "no header line: '  会議'"),
        ("subject: 【お願い】〔年度〕の日程\n", "", "a letter needs its subject"),
        ("〔内容〕\n\n", "〔内容〕\n", "every letter has it already: 冒頭"),
        ("〔リンク〕", "〔会場〕", "nothing fills in 〔会場〕"),
    ],
)
def test_a_wrong_file_is_refused_by_name(before, after, words):
    assert before in GOOD
    with pytest.raises(WrongHeader) as refused:
        read("poll_added.txt", GOOD.replace(before, after))
    assert str(refused.value).startswith("poll_added.txt: ")
    assert words in str(refused.value)


def test_a_file_without_a_body_is_refused():
    with pytest.raises(WrongHeader, match="no body"):
        read("x.txt", "label: x\nsubject: x\n")


def test_the_kinds_stand_in_the_order_of_the_specification():
    codes = [kind.code for kind in LETTER_KINDS.values() if kind.code]
    assert codes[:2] == ["M1", "M1b"] and "M4b" in codes
    assert codes == sorted(codes, key=lambda code: (int(code[1:].rstrip("abcdefgh")), code))
    assert codes[-1] == "M29"
    assert [*LETTER_KINDS][-len(LETTER_KINDS) + len(codes) :] == [
        name for name, kind in LETTER_KINDS.items() if not kind.code
    ]


def test_a_new_kind_is_one_file_and_a_wrong_one_stops_the_start(tmp_path):
    (tmp_path / "poll_closed.txt").write_text(GOOD, encoding="utf-8")
    assert read_folder(tmp_path) == {"poll_closed": read("poll_closed.txt", GOOD)}
    (tmp_path / "poll_moved.txt").write_text("label: x\n", encoding="utf-8")
    with pytest.raises(WrongHeader, match=r"^poll_moved\.txt: "):
        read_folder(tmp_path)
