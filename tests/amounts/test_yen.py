import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.amounts import yen
from tracker.kernel.refusal import Refusal

AMOUNTS = st.integers(0, yen.LARGEST)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("115000", 115_000),
        ("115,000", 115_000),
        ("115,000円", 115_000),
        ("１１５，０００", 115_000),
        ("１１５，０００円", 115_000),
        ("￥115,000", 115_000),
        ("¥115,000", 115_000),
        ("金 115,000円", 115_000),
        ("115千円", 115_000),
        ("1,200千円", 1_200_000),
        ("3万円", 30_000),
        ("３万", 30_000),
        ("2百万円", 2_000_000),
        ("4億円", 400_000_000),
        ("0", 0),
        (" 0 円 ", 0),
        ("007", 7),
        ("1億2,345万円", 123_450_000),
        ("１億２，３４５万円", 123_450_000),
        ("1億 2,345万 円", 123_450_000),
        ("1万2千円", 12_000),
        ("3千5百万円", 35_000_000),
        ("百二十万円", 1_200_000),
        ("一二〇万円", 1_200_000),
        ("十万円", 100_000),
        ("二百五", 205),
        ("115,000円也", 115_000),
        ("金115,000円也", 115_000),
        ("金壱百弐拾万円也", 1_200_000),
        ("金壹百貳拾萬圓也", 1_200_000),
        ("¥115,000-", 115_000),
        ("金120万円整", 1_200_000),
        ("壱百貳拾萬圓整", 1_200_000),
        ("2.25億円", 225_000_000),
        ("4百50", 450),
        ("3千500", 3_500),
        ("3千50円", 3_050),
        ("￥１１５，０００－", 115_000),
        ("115,000円（税込）", 115_000),
        ("115,000円(消費税込み)", 115_000),
        ("1.5百万円", 1_500_000),
        ("5000.5千円", 5_000_500),
        ("1,200.5千円", 1_200_500),
        ("１．５万", 15_000),
        ("¥0.001億円也", 100_000),
        ("12万3円", 120_003),
        ("12万300", 120_300),
        ("12万3千", 123_000),
        ("12万0", 120_000),
    ],
)
def test_an_amount_is_read_in_every_usual_spelling(text: str, amount: int) -> None:
    assert yen.read_yen(text) == amount


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "金額を入力してください。ないときは「0」を入れてください。"),
        ("1.5", "金額は小数を使わず、1円単位の整数で入力してください。"),
        ("1.0005千円", "小数を使わず"),
        ("0.00015万円", "小数を使わず"),
        ("1,20.5千円", "小数を使わず"),
        ("9" * 5_000 + ".5千円", "小数を使わず"),
        ("999999999.5千万円", "大きすぎます"),
        ("-1", "金額は0円以上で入力してください。"),
        ("−１，０００円", "0円以上"),
        ("△1,000", "0円以上"),
        ("▲1,000円", "0円以上"),
        ("約20万円", "数字で入力してください"),
        ("1,20", "数字で入力してください"),
        ("115000ドル", "数字で入力してください"),
        ("千円", "数字で入力してください"),
        ("百万円", "数字で入力してください"),
        ("万", "数字で入力してください"),
        ("1万1億", "数字で入力してください"),
        ("1億23,456万", "数字で入力してください"),
        ("百百円", "数字で入力してください"),
        ("1二3円", "数字で入力してください"),
        ("115,000円（税抜）", "数字で入力してください"),
        ("1億2.5万円", "小数を使わず"),
        ("12万3", "「12万3」は、120,003円とも123,000円とも読めます"),
        ("１２万３", "「120,003円」か「123,000円」のように、最後まで"),
        ("十二万三", "120,003円とも123,000円とも"),
        ("3千5", "3,005円とも3,500円とも"),
        ("1億5", "100,000,005円とも150,000,000円とも"),
        ("1e5", "数字で入力してください"),
        ("NaN", "数字で入力してください"),
        ("10²", "数字で入力してください"),
        ("①②", "数字で入力してください"),
        ("٣٤٥", "数字で入力してください"),
        ("5\n6", "数字で入力してください"),
        ("1000000000000001", "大きすぎます"),
        ("9" * 10_000, "大きすぎます"),
    ],
)
def test_what_is_no_amount_is_refused_with_a_plain_sentence(text: str, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        yen.read_yen(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("−12,345", -12_345),
        ("-12,345円", -12_345),
        ("▲１２，３４５", -12_345),
        ("△1千円", -1_000),
        ("¥-12,345-", -12_345),
        ("マイナス1万2千円", -12_000),
        ("-0", 0),
        ("12,345", 12_345),
        ("金壱万円也", 10_000),
    ],
)
def test_an_amount_that_may_be_given_back_is_read_with_its_sign(text: str, amount: int) -> None:
    assert yen.read_signed_yen(text) == amount
    assert yen.read_signed_yen(yen.grouped(amount)) == amount


@pytest.mark.parametrize("text", ["-", "--5", "▲", "-12万3", "-1.5", "−abc", "5-3", "-1,23", ""])
def test_what_is_no_signed_amount_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        yen.read_signed_yen(text)


def test_a_refused_amount_is_called_by_its_own_name() -> None:
    with pytest.raises(Refusal, match="^補助の額は0円以上で入力してください。$"):
        yen.read_yen("-5", "補助の額")


@given(AMOUNTS)
def test_an_amount_shown_can_be_typed_back(amount: int) -> None:
    for shown in (yen.yen(amount), yen.grouped(amount), f"￥{yen.grouped(amount)}"):
        assert yen.read_yen(shown) == amount


@given(st.integers(0, yen.LARGEST - 1_000))
def test_thousands_are_never_more_than_500_yen_off(amount: int) -> None:
    assert -500 <= amount - yen.read_yen(yen.thousands(amount)) < 500


@given(st.text("0123456789１.,，-−△￥金千万億円也一二十百(税込) ", max_size=12))
def test_any_text_is_either_an_amount_or_refused(text: str) -> None:
    try:
        assert 0 <= yen.read_yen(text) <= yen.LARGEST
    except Refusal as refusal:
        assert refusal.message.endswith("。")


def test_yen_are_shown_as_the_design_says() -> None:
    assert yen.yen(115_000) == "115,000円"
    assert yen.yen(-792) == "−792円"
    assert yen.grouped(115_000) == "115,000"
    assert [yen.signed(n) for n in (2_034, -792, 0)] == ["+2,034", "−792", "0"]


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (415_530_000, "415,530千円"),
        (499, "0千円"),
        (500, "1千円"),
        (1_499, "1千円"),
        (2_500, "3千円"),
        (-500, "−1千円"),
        (-499, "0千円"),
    ],
)
def test_thousands_are_rounded_half_up(amount: int, shown: str) -> None:
    assert yen.thousands(amount) == shown


@pytest.mark.parametrize(("text", "count"), [("12", 12), ("１２", 12), ("1,234", 1234), ("0", 0)])
def test_a_count_is_read_also_in_full_width(text: str, count: int) -> None:
    assert yen.read_count(text, "参加者数") == count


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "参加者数を入力してください。いなかったときは「0」を入れてください。"),
        ("約20", "参加者数は数字で入力してください（例 12）。全角でも入力できます。"),
        ("12人", "参加者数は数字で入力してください（例 12）。全角でも入力できます。"),
        ("なし", "参加者数は数字で入力してください（例 12）。全角でも入力できます。"),
        ("-3", "参加者数は0以上の整数で入力してください。"),
        ("−３", "参加者数は0以上の整数で入力してください。"),
        ("1.5", "参加者数は0以上の整数で入力してください。"),
        ("9" * 5_000, "参加者数が大きすぎます。桁を確かめてください。"),
    ],
)
def test_what_is_no_count_is_refused_with_the_sentences_of_the_design(text: str, said: str) -> None:
    with pytest.raises(Refusal) as refusal:
        yen.read_count(text, "参加者数")
    assert refusal.value.message == said


@pytest.mark.parametrize("text", ["-1", "−１", "0", "61", "1.5", "9" * 5_000])
def test_a_count_with_two_limits_is_refused_with_both_at_once(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        yen.read_count(text, "日数", 1, 60)
    assert refusal.value.message == "日数は1から60までの整数で入力してください。"


def test_a_count_of_things_asks_for_zero_in_words_for_things() -> None:
    with pytest.raises(Refusal, match="開催回数を入力してください。なかったときは「0」を"):
        yen.read_count("", "開催回数")
